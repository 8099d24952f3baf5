/*
 * Litmus tests: a program in its text form, and what must be true of its final states.
 *
 *     never COND        no execution ends so
 *     sometimes COND    some execution does: what is meant to be tested, is
 *     always COND       every execution does
 *
 * conformance/litmus/README.md has the grammar of COND. Conditions belong to the text form only:
 * program_parse() passes over them.
 */
#ifndef CSQFUZZ_LITMUS_H
#define CSQFUZZ_LITMUS_H

#include "outcome.h"
#include "program.h"

#define LITMUS_CONDITIONS 32
#define LITMUS_TERMS      48 /* of one condition, operators included */

enum litmus_demand { LITMUS_NEVER, LITMUS_SOMETIMES, LITMUS_ALWAYS };

enum litmus_code {
    LITMUS_NOT, /* operators: of the topmost values of a stack */
    LITMUS_AND,
    LITMUS_OR,
    LITMUS_RETURNED, /* terms about an operation, `subject` */
    LITMUS_WAS_SKIPPED,
    LITMUS_REMOVED, /* terms about an IRP, `subject`; value: by which operations */
    LITMUS_CANCELED,
    LITMUS_QUEUED,
    LITMUS_HELD,
    LITMUS_FLAGGED,
    LITMUS_INSERTS, /* counts, compared with `value` */
    LITMUS_REMOVES,
    LITMUS_COMPLETES,
    LITMUS_RETURNS,
};

enum litmus_comparison { LITMUS_EQ, LITMUS_NE, LITMUS_LE, LITMUS_GE, LITMUS_LT, LITMUS_GT };

struct litmus_term {
    uint8_t code;       /* enum litmus_code */
    uint8_t subject;    /* an operation's place in the program, or an IRP's slot */
    uint8_t comparison; /* enum litmus_comparison */
    uint64_t value;
};

struct litmus_condition {
    uint8_t demand; /* enum litmus_demand */
    unsigned line;
    char text[160]; /* as it stands in the file, its demand included */
    unsigned count;
    struct litmus_term terms[LITMUS_TERMS]; /* operands before their operator */
};

struct litmus {
    unsigned count;
    struct litmus_condition conditions[LITMUS_CONDITIONS];
};

/* The first words, by enum litmus_demand. */
extern const char *const litmus_demands[];

/* Does a statement with this first word state a condition? */
bool litmus_begins(const char *word, size_t length);

/* Parse the conditions in the text of `program`; false and *error if there is a mistake. */
bool litmus_parse(struct litmus *litmus, const struct program *program, const char *text,
                  size_t size, struct program_error *error);

/* Is the expression, without its demand, true of a final state that is no violation? */
bool litmus_is_true(const struct litmus_condition *condition, const struct outcome *outcome);

#endif
