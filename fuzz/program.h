/*
 * A program: what one input means. Bytes and text are two spellings of it (fuzz/README.md has the
 * format); neither is ever executed to be converted.
 */
#ifndef CSQFUZZ_PROGRAM_H
#define CSQFUZZ_PROGRAM_H

#include "conformance/harness.h"
#include "conformance/operation.h"
#include "sched/strategy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_OPERATIONS  HARNESS_OPERATIONS
#define PROGRAM_PREEMPTIONS SCHED_LIST_CAPACITY
#define PROGRAM_MAX_VISIT   8

#define PROGRAM_HEADER_SIZE 8
#define PROGRAM_RECORD_SIZE 4
/* Enough bytes for any program. */
#define PROGRAM_MAX_SIZE                                                                           \
    (PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE * (PROGRAM_OPERATIONS + PROGRAM_PREEMPTIONS))

enum program_strategy {
    STRATEGY_LIST, /* the preemptions that the program names, and no others */
    STRATEGY_WALK,
    STRATEGY_PCT,
    STRATEGY_POS,
    STRATEGY_SWEEP,
    PROGRAM_STRATEGIES
};

struct program_schedule {
    uint8_t strategy;  /* enum program_strategy */
    uint8_t parameter; /* list: the first thread; walk: 1/2^n, n = 1..8; pct: depth 2..5; else 0 */
    uint32_t seed;     /* sweep: its number; list: 0 */
};

struct program {
    struct program_schedule schedule;
    struct scenario scenario;
    unsigned operation_count;
    struct operation operations[PROGRAM_OPERATIONS];
    unsigned preemption_count; /* 0 unless the strategy is STRATEGY_LIST */
    struct sched_preemption preemptions[PROGRAM_PREEMPTIONS]; /* sorted by operation */
    uint16_t first_of[PROGRAM_OPERATIONS + 1]; /* operation o's: [first_of[o], first_of[o + 1]) */
};

/* Decode any bytes; never fails. What does not fit a program's limits is left out. */
void program_decode(struct program *program, const uint8_t *data, size_t size);

/* The canonical bytes of a program, at most PROGRAM_MAX_SIZE; returns how many. Decoding them
 * gives the same program. */
size_t program_encode(const struct program *program, uint8_t *data);

/* Set what an operation's kind and place have no use for to zero, as decoding and parsing do. */
void program_normalize_operation(struct operation *operation);

/* Add a preemption to the last operation; false if there is no operation or no room. */
bool program_add_preemption(struct program *program, unsigned kind, unsigned visit, unsigned to);

/* ---- Text ---------------------------------------------------------------------------------- */

struct program_error {
    unsigned line, column; /* from 1 */
    char expected[160];
};

/* Parse text (need not end in NUL); false and *error if it is not a program. */
bool program_parse(struct program *program, const char *text, size_t size,
                   struct program_error *error);

/* Does this look like the text form: no control characters, and "csq" as the first word that is no
 * comment? Fuzz targets never ask: to them everything is bytes. */
bool program_is_text(const uint8_t *data, size_t size);

/* Hand the text form, line by line (without the newline), to `line`. */
typedef void program_line(void *context, const char *text);
void program_print(const struct program *program, program_line *line, void *context);

/* One operation as text, without its thread: "insert irp0 ctx1 keep". */
void program_print_operation(const struct operation *operation, char *buffer, size_t size);

/* ---- Words shared by parser and printer ---------------------------------------------------- */

/* Arrays end in NULL; index = value. */
extern const char *const program_words_irql[],
    *const program_words_answer[], *const program_words_match[],
                                       *const program_words_fate[],
                                           *const program_words_lock[],
                                               *const program_words_store[],
                                                   *const program_words_place[],
                                                       *const program_words_strategy[];

/* ---- Places of preemptions ----------------------------------------------------------------- */

/* The points at which an operation of this kind may stand: a preemption's label byte counts in
 * this list. Ends in SCHED_KINDS. */
const uint8_t *program_labels(unsigned operation_kind);

#endif
