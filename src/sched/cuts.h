/*
 * Cuts: a search through single preemptions, only where one can matter, in an order that a seed
 * draws.
 *
 * Preempting a thread makes a difference only between two of its steps that depend on the other
 * threads' (footprints and locks, as in explore.h): anywhere else the same happens as at the last
 * such place. So a schedule is: start one thread, take it off right behind its n-th step that
 * depends on what a second thread does, and run that second one. What each thread does is learned
 * from the executions so far. The first is an undisturbed one, from a thread drawn at random. Then
 * come all pairs of threads, in an order drawn at random, with n = 1; those that had an n-th such
 * step come again with n = 2, and so on.
 *
 *     sched_cuts_init(&cuts, seed, threads);
 *     do {
 *         sched_cuts_begin(&cuts);
 *         sched_execute(... &cuts.base ...);
 *     } while (sched_cuts_next(&cuts));
 *
 * It proves nothing: a bug that needs two preemptions is not found, nor one whose thread to be
 * preempted is not the one to start.
 */
#ifndef CSQFUZZ_CUTS_H
#define CSQFUZZ_CUTS_H

#include "random.h"
#include "sched.h"

#define CUTS_PAIRS (SCHED_PROGRAM_THREADS * (SCHED_PROGRAM_THREADS - 1))

/* What a thread has been seen to share. */
struct cuts_share {
    struct sched_footprint touched;
    uint64_t took; /* locks, by number modulo 64 */
};

struct sched_cuts {
    struct sched_strategy base;
    struct cuts_share seen[SCHED_PROGRAM_THREADS]; /* in all executions so far */
    struct {
        uint8_t from, to;
    } pairs[CUTS_PAIRS];
    unsigned pair_count, pair; /* those not exhausted; whose turn it is */
    unsigned depth;            /* cut behind which dependent step, from 1; 0: nowhere */
    unsigned met;              /* such steps in this execution */
    uint8_t start;             /* the thread to run first while depth is 0 */
};

/* `threads`: a bit for each that takes part, at least one. */
void sched_cuts_init(struct sched_cuts *cuts, uint64_t seed, unsigned threads);
void sched_cuts_begin(struct sched_cuts *cuts);

/* Go on to the next schedule; false if that was the last. */
bool sched_cuts_next(struct sched_cuts *cuts);

#endif
