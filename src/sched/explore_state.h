/*
 * The explorer's state as bytes, so that a long search can be interrupted and resumed, in another
 * process of the same machine.
 */
#ifndef CSQFUZZ_EXPLORE_STATE_H
#define CSQFUZZ_EXPLORE_STATE_H

#include "explore.h"

/* Save the state after sched_explore_next() has said that there is more (or before the first
 * sched_explore_begin()). Returns the number of bytes; with NULL only counts them. */
size_t sched_explore_save(const struct sched_explore *explorer, uint8_t *bytes, size_t size);

/* Restore it: the next sched_explore_begin() goes on from there. False, and an explorer as good as
 * new, if these bytes are no such state. That it belongs to the same program is the caller's to
 * know. */
bool sched_explore_load(struct sched_explore *explorer, const uint8_t *bytes, size_t size);

/*
 * The points at which the steps begin that the next execution has to repeat, as a hash over those
 * of the first `replay` steps. Equal before and after that execution, or it did not go the way that
 * the state remembers: another build of the code under test.
 */
uint64_t sched_explore_path(const struct sched_explore *explorer, unsigned replay);

#endif
