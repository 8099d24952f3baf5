/*
 * The final state of an execution, as far as a person would ask for it: what each operation
 * returned, and how each IRP left. Two executions with the same outcome count as one in the
 * histogram of `csq explore`; the conditions of litmus tests are about outcomes.
 */
#ifndef CSQFUZZ_OUTCOME_H
#define CSQFUZZ_OUTCOME_H

#include "program.h"

#define OUTCOME_OPERATIONS 64 /* of a program that is explored, at the most */
#define OUTCOME_TEXT       1024

#define OUTCOME_SKIPPED UINT64_MAX /* the contract did not allow the operation then */

/* Sets of operations are masks: bit o is the program's o-th. */
struct outcome_irp {
    uint64_t removed_by;                 /* which removals it was returned by */
    uint64_t canceled_by;                /* in which operations CsqCompleteCanceledIrp ran for it */
    uint8_t inserts, removes, completes; /* callbacks that ran for it, the epilogue's left out */
    uint8_t returns;                     /* how often its sender had it back */
    uint8_t flagged;                     /* how often Cancel was set when it left, or in the end */
    bool queued;                         /* it is in a queue when all threads have ended */
    bool held;                           /* its driver holds it then */
};

struct outcome {
    char violation[96]; /* a finding's signature, and then nothing else counts; "" if none */
    uint64_t results[OUTCOME_OPERATIONS]; /* a status, a BOOLEAN, an IRP's slot + 1; or skipped */
    struct outcome_irp irps[SCENARIO_IRPS];
};

/* The outcome of the execution that just ended. Unused fields are zero: compare with memcmp. */
void outcome_read(const struct program *program, struct outcome *outcome);

/* One line: "t1.0=true; irp0 canceled by t1.0 (I Rm C)". */
void outcome_print(const struct program *program, const struct outcome *outcome, char *buffer,
                   size_t size);

/* "t1.0": thread 1's first operation. */
struct outcome_name {
    char text[16];
};
struct outcome_name outcome_operation(const struct program *program, unsigned operation);

/* The operation with that name; program->operation_count if there is none. */
unsigned outcome_find_operation(const struct program *program, unsigned thread, unsigned number);

/* What operations of a kind return, in the words of programs and conditions: the word for a
 * result, NULL if it has none. */
const char *outcome_word(unsigned operation_kind, uint64_t result);

/* The result that a word stands for; false if operations of that kind never return it. */
bool outcome_result(unsigned operation_kind, const char *word, size_t length, uint64_t *result);

/* All words for what that kind returns, with commas between; "" if it returns nothing. */
const char *outcome_words(unsigned operation_kind);

#endif
