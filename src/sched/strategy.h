/*
 * The strategies: who runs next, each in a file of its own. A strategy object belongs to its
 * caller, is set up by its _init before each execution, and is passed as &object.base.
 *
 * To add one: a struct that begins with struct sched_strategy, an _init, a choose; then a name for
 * it in the input format (fuzz/).
 */
#ifndef CSQFUZZ_STRATEGY_H
#define CSQFUZZ_STRATEGY_H

#include "random.h"
#include "sched.h"

/* ---- list: exactly the named preemptions --------------------------------------------------- */

/* "While `operation` is at its visit-th point of `kind` (from 0), run `to`." */
struct sched_preemption {
    uint16_t operation;
    uint8_t kind;
    uint8_t visit;
    uint8_t to; /* if that one cannot run: the next above it that can, going round */
};

#define SCHED_LIST_CAPACITY 512

struct sched_list {
    struct sched_strategy base;
    const struct sched_preemption *preemptions; /* sorted by operation */
    const uint16_t *first_of;                   /* operation o's are [first_of[o], first_of[o+1]) */
    unsigned count, operations;
    int first_thread;                         /* SCHED_NOBODY: the lowest */
    uint8_t visits_left[SCHED_LIST_CAPACITY]; /* 0xff: met, 0xfe: met, but `to` could not run */
};

/* All arrays stay the caller's and must outlive the execution; count <= SCHED_LIST_CAPACITY. */
void sched_list_init(struct sched_list *list, const struct sched_preemption *preemptions,
                     unsigned count, const uint16_t *first_of, unsigned operations,
                     int first_thread);

/* Was preemption i met in the execution? And if so, did it have to run another thread than the one
 * it names? A replay has drifted if one was not met or not followed. */
bool sched_list_met(const struct sched_list *list, unsigned i);
bool sched_list_substituted(const struct sched_list *list, unsigned i);

/* ---- random walk: at each point, with probability 1/2^shift, somebody else ----------------- */

struct sched_walk {
    struct sched_strategy base;
    struct sched_random random;
    uint64_t bits; /* drawn and not used yet */
    unsigned bits_left;
    unsigned shift;
};
void sched_walk_init(struct sched_walk *walk, uint64_t seed, unsigned shift);

/* ---- PCT: random priorities, lowered at depth-1 random steps ------------------------------- */
/* Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs". */

#define SCHED_PCT_MAX_DEPTH 8

struct sched_pct {
    struct sched_strategy base;
    struct sched_random random;
    int priority[SCHED_THREADS];
    unsigned changes;
    uint32_t change_at[SCHED_PCT_MAX_DEPTH];
};
/* `length`: how many points the execution is expected to have, at least 1. */
void sched_pct_init(struct sched_pct *pct, uint64_t seed, unsigned depth, uint32_t length);

/* ---- POS: random priorities for events, drawn anew for those that race --------------------- */
/* After Yuan, Yang, Gu: "Partial order aware concurrency sampling"; here a pending point is drawn
 * anew when another thread arrives at one of the same object. */

struct sched_pos {
    struct sched_strategy base;
    struct sched_random random;
    uint32_t priority[SCHED_THREADS];
    uint32_t object[SCHED_THREADS]; /* what each thread's pending point concerns */
};
void sched_pos_init(struct sched_pos *pos, uint64_t seed);

/* ---- sweep: a single preemption, the n-th of all ------------------------------------------- */

struct sched_sweep {
    struct sched_strategy base;
    uint32_t at; /* the step (from 1) of the preemption */
    int to;
    int start;
};
/* `number` enumerates starting thread x thread to run x step, steps slowest. */
void sched_sweep_init(struct sched_sweep *sweep, uint32_t number);

/* ---- enumerate: one after the other, all with a few preemptions ---------------------------- */

#define SCHED_ENUMERATE_DECISIONS 8192 /* what comes after is not varied */
#define SCHED_ENUMERATE_FORCED    32

/*
 * Depth first through every schedule with at most `budget` preemptions, besides those forced,
 * which are made in each. Whom to start, and whom to run when a thread has blocked or ended, is
 * varied too and costs nothing. The first schedule has no preemptions but the forced ones.
 *
 *     sched_enumerate_init(&all, forced, count, budget);
 *     do {
 *         sched_enumerate_begin(&all);
 *         sched_execute(... &all.base ...);
 *     } while (sched_enumerate_next(&all));
 *
 * Only for executions that do the same whenever they are scheduled the same.
 */
struct sched_enumerate {
    struct sched_strategy base;
    struct sched_preemption forced[SCHED_ENUMERATE_FORCED];
    uint8_t
        visits_left[SCHED_ENUMERATE_FORCED]; /* 0xff: made, 0xfe: made, but `to` could not run */
    unsigned forced_count, budget;
    unsigned spent;           /* preemptions of this execution, besides the forced */
    unsigned depth, position; /* decisions known; made so far in this execution */
    uint8_t taken[SCHED_ENUMERATE_DECISIONS], options[SCHED_ENUMERATE_DECISIONS];
};
/* At most SCHED_ENUMERATE_FORCED; they are copied. */
void sched_enumerate_init(struct sched_enumerate *all, const struct sched_preemption *forced,
                          unsigned count, unsigned budget);
void sched_enumerate_begin(struct sched_enumerate *all);

/* Go on to the next schedule; false if that was the last. */
bool sched_enumerate_next(struct sched_enumerate *all);

/* In this execution: were all forced preemptions made, to the threads they name? */
bool sched_enumerate_forced(const struct sched_enumerate *all);

#endif
