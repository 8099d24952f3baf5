/*
 * Interleaving feedback: what an execution showed of operations that met, for a fuzzing engine to
 * keep inputs by, beside the edges they cover. An edge tells what one thread did; in the midst of
 * what others were about it did so, no edge tells.
 *
 * A situation is a step that decides something (the exchange of a Cancel routine, the store of
 * Cancel, a removal from the queue, the end of a peek), of which kind of operation, with which
 * result (nothing, something), while which kinds of operations of other threads had begun and not
 * ended.
 */
#ifndef CSQFUZZ_FEEDBACK_H
#define CSQFUZZ_FEEDBACK_H

#include "program.h"

/*
 * A byte for each situation, as far as they do not share one: 1 if it came about, in every build
 * the same byte. libFuzzer finds the table by the name of its section, and clears it before each
 * execution; into AFL++'s map feedback_note() carries it over.
 */
#define FEEDBACK_SIZE 4096 /* all of it is read and cleared each time: 64 KiB cost 8 us */
extern uint8_t feedback_table[FEEDBACK_SIZE];

/* Mark the situations of the execution that has just ended, which was of this program. */
void feedback_note(const struct program *program);

#endif
