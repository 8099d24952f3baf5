/*
 * Cuts: a search through single preemptions, only where one can matter, in an order that a seed
 * draws.
 *
 * Preempting a thread makes a difference only right behind a step of its own that depends on what
 * the thread to run instead does (footprints and locks, as in explore.h): anywhere else the same
 * happens as behind the last such step. So a schedule is: start one thread, take it off behind one
 * of these steps, and run a second one. What each thread does is learned from the executions so
 * far. The first is an undisturbed one, from a thread drawn at random. Then all pairs of threads
 * take turns, in an order drawn at random, each with the first such step that it has not had.
 *
 *     sched_cuts_init(&cuts, seed, threads);
 *     do {
 *         sched_cuts_begin(&cuts);
 *         sched_execute(... &cuts.base ...);
 *     } while (sched_cuts_next(&cuts));
 *
 * Two threads that never block are given every outcome that one preemption can reach. Otherwise it
 * proves nothing: no schedule preempts twice, or another thread than the one it starts.
 */
#ifndef CSQFUZZ_CUTS_H
#define CSQFUZZ_CUTS_H

#include "random.h"
#include "sched.h"

#define CUTS_PAIRS (SCHED_PROGRAM_THREADS * (SCHED_PROGRAM_THREADS - 1))
#define CUTS_STEPS 1024 /* of a thread; behind later ones it is not preempted */

/* What a thread has been seen to share. */
struct cuts_share {
    struct sched_footprint touched;
    uint64_t took; /* locks, by number modulo 64 */
};

struct cuts_pair {
    uint8_t from, to;
    bool exhausted;                  /* has had all its steps, as far as is known */
    uint64_t tried[CUTS_STEPS / 64]; /* bit n: has been preempted behind its n-th point */
};

struct sched_cuts {
    struct sched_strategy base;
    struct cuts_share seen[SCHED_PROGRAM_THREADS]; /* in all executions so far */
    struct cuts_pair pairs[CUTS_PAIRS];
    unsigned pair_count, pair; /* whose turn it is; pair_count: nobody's, nothing is cut */
    unsigned points;           /* of the thread to preempt, in this execution */
    bool cut;                  /* in this execution */
    uint8_t start;             /* the thread to run first while nothing is cut */
};

/* `threads`: a bit for each that takes part, at least one. */
void sched_cuts_init(struct sched_cuts *cuts, uint64_t seed, unsigned threads);
void sched_cuts_begin(struct sched_cuts *cuts);

/* Go on to the next schedule; false if that was the last. */
bool sched_cuts_next(struct sched_cuts *cuts);

#endif
