/*
 * Exploring: every execution that differs from all others in more than the order of independent
 * steps. Depth-first search with dynamic partial-order reduction, without storing states: source
 * sets and sleep sets, after Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order
 * reduction" (POPL 2014), their algorithm 1.
 *
 * A step is what a thread does from one schedule point to the next. Two steps of different threads
 * depend on each other if one writes what the other touches (footprints, sched.h) or both take the
 * same lock. For each pair of dependent steps that nothing else orders, the search also tries the
 * second one first. A thread that stands before a lock somebody holds is not run: the attempt would
 * do nothing, and later it succeeds.
 *
 *     sched_explore_init(&explorer);
 *     do {
 *         sched_explore_begin(&explorer);
 *         end = sched_execute(... &explorer.base ...);
 *     } while (sched_explore_next(&explorer, end));
 *
 * At sync granularity the search takes for granted that plain memory is accessed under locks, or
 * by one thread at a time; ThreadSanitizer, underneath, checks that.
 */
#ifndef CSQFUZZ_EXPLORE_H
#define CSQFUZZ_EXPLORE_H

#include "sched.h"

#define EXPLORE_STEPS 4096 /* of one execution; beyond that the search is cut, and says so */
#define EXPLORE_LOCKS 64   /* locks with higher numbers share a number */

/* What a step did. */
struct explore_effect {
    struct sched_footprint touched;
    uint8_t took, gave; /* a lock's number modulo EXPLORE_LOCKS, plus 1; 0: none */
};

/* One step, and the state before it. Threads are bits in a mask. */
struct explore_step {
    uint8_t thread;    /* whose step */
    uint8_t enabled;   /* who could have gone on */
    uint8_t backtrack; /* who has to be tried here */
    uint8_t done;      /* who has been */
    uint8_t asleep;    /* whose step here leads to nothing new: it was tried before */
    uint8_t started;   /* enum sched_kind: the point where the step began */
    uint16_t previous; /* the latest step before it that has an effect, plus 1; 0: none */
    struct explore_effect effect;
    /* of threads in `done` and `asleep`: what their step here would do */
    struct explore_effect known[SCHED_PROGRAM_THREADS];
    /* how many steps of each thread happen before the end of this one, itself included */
    uint16_t clock[SCHED_PROGRAM_THREADS];
};

struct sched_explore {
    struct sched_strategy base;
    struct explore_step steps[EXPLORE_STEPS];
    unsigned length;                      /* steps of this execution so far */
    unsigned replay;                      /* how many of them are given */
    unsigned threads;                     /* that take part */
    uint8_t wanting;                      /* who stands before a lock */
    uint8_t wants[SCHED_PROGRAM_THREADS]; /* the lock a thread stands before, plus 1 */
    uint8_t holder[EXPLORE_LOCKS];        /* thread plus 1 */
    bool stuck;                           /* nobody is enabled: a deadlock is about to show */
    bool redundant;                       /* all who are enabled are asleep: seen before */
    bool truncated;                       /* some execution was longer than EXPLORE_STEPS */
    uint64_t executions, pruned;          /* so far; pruned: of those, cut off as redundant */
};

void sched_explore_init(struct sched_explore *explorer);
void sched_explore_begin(struct sched_explore *explorer);

/* An execution has ended, this way: learn from it. False if there is nothing left to explore. */
bool sched_explore_next(struct sched_explore *explorer, enum sched_end end);

/* Was the last execution cut off because an equivalent one has been run? Its outcome is void. */
bool sched_explore_was_pruned(const struct sched_explore *explorer);

/* How much of the search is behind us, 0 to 1: an estimate that takes the subtrees of a state for
 * equally large. */
double sched_explore_done(const struct sched_explore *explorer);

#endif
