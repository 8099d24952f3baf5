/*
 * A program as a list of records, as its bytes have it: preemptions stand behind their operation,
 * so that moving records about keeps everything's meaning. For mutate_*.c only.
 */
#ifndef CSQFUZZ_MUTATE_DRAFT_H
#define CSQFUZZ_MUTATE_DRAFT_H

#include "program.h"

#include "sched/random.h"

#define DRAFT_CAPACITY (PROGRAM_OPERATIONS + PROGRAM_PREEMPTIONS)

struct draft_record {
    bool is_preemption;
    struct operation operation;
    struct sched_preemption preemption; /* its `operation` means nothing here */
};

struct draft {
    struct program_schedule schedule;
    struct scenario scenario;
    unsigned room; /* records it may have: at most DRAFT_CAPACITY */
    unsigned count, operations;
    struct draft_record records[DRAFT_CAPACITY];
};

/* A draft of the program, cut off where it has more records than `room`. */
void draft_open(struct draft *draft, const struct program *program, unsigned room);

/* The program that the draft is of now, within a program's limits. Whoever changes an operation in
 * a draft normalizes it. */
void draft_close(const struct draft *draft, struct program *program);

/* Insert `count` records before the record `at`; false if there is no room. */
bool draft_insert(struct draft *draft, unsigned at, const struct draft_record *records,
                  unsigned count);
void draft_remove(struct draft *draft, unsigned at, unsigned count);

/* The record of the n-th operation; draft->count if there are not so many. */
unsigned draft_operation(const struct draft *draft, unsigned n);

/* How many records belong to the operation at `at`: itself and its preemptions. */
unsigned draft_group(const struct draft *draft, unsigned at);

/* The record of the n-th preemption; there must be so many. */
unsigned draft_preemption(const struct draft *draft, unsigned n);

/* Make the operation `from`, with its preemptions, the operation `to`. */
void draft_move(struct draft *draft, unsigned from, unsigned to);

/* ---- Chance (mutate_random.c) -------------------------------------------------------------- */

/* A random operation that fits the scenario. */
struct draft_record random_operation(const struct draft *draft, struct sched_random *random);

/* A random preemption of this operation. */
struct draft_record random_preemption(const struct operation *operation,
                                      struct sched_random *random);
void random_schedule(struct program_schedule *schedule, struct sched_random *random);
void random_parameter(struct program_schedule *schedule, struct sched_random *random);

/* Change one dimension. */
void random_dimension(struct scenario *scenario, struct sched_random *random);

/* 0..bound-1. */
static inline unsigned chance(struct sched_random *random, unsigned bound)
{
    return sched_random_below(random, bound);
}

/* Another value below `bound` than this one, if there is one. */
static inline unsigned another(struct sched_random *random, unsigned value, unsigned bound)
{
    return bound < 2 ? value : (value + 1 + sched_random_below(random, bound - 1)) % bound;
}

#endif
