/*
 * Minimizing: the smallest program that still shows what a program shows. Fewest operations, then
 * fewest threads, then fewest preemptions, then the simplest dimensions.
 *
 *   minimize.c           the search: what to try in which order, what to keep
 *   minimize_shrink.c    candidates with fewer operations or threads
 *   minimize_schedule.c  other schedules of a candidate; fewer preemptions; the depth
 *   minimize_simplify.c  candidates with simpler operations and queues
 *   minimize_judge.c     does a candidate show the same finding? Asked of a process of its own
 *   minimize_command.c   `csq minimize`
 *
 * Deterministic: effort is counted in executions, never in time.
 */
#ifndef CSQFUZZ_MINIMIZE_H
#define CSQFUZZ_MINIMIZE_H

#include "program.h"

#include "conformance/finding.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- Judging a candidate ------------------------------------------------------------------- */

/* Every schedule that makes the forced preemptions and at most `budget` others. */
struct minimize_schedules {
    struct sched_preemption forced[SCHED_ENUMERATE_FORCED];
    unsigned forced_count, budget;
    unsigned effort; /* executions at the most; one that ends a process is worth many */
};

enum minimize_answer {
    MINIMIZE_NONE,  /* all were run: none shows it */
    MINIMIZE_SHOWN, /* one does */
    MINIMIZE_CUT,   /* the effort did not suffice, or somebody interrupted */
};

/* Who says whether a candidate still shows it. *shown is then that execution: the candidate as a
 * STRATEGY_LIST program with each switch named. */
struct minimize_judge {
    void *context;
    /* With the schedule that it names? */
    bool (*runs)(void *context, const struct program *candidate, struct program *shown);
    /* With one of these, its own left aside? Adds the executions it took to *executions, and takes
     * from schedules->effort what they were worth. */
    enum minimize_answer (*search)(void *context, const struct program *candidate,
                                   struct minimize_schedules *schedules, struct program *shown,
                                   uint64_t *executions);
};

/* ---- The search ---------------------------------------------------------------------------- */

struct minimize {
    const struct minimize_judge *judge;
    struct program best;                        /* the smallest so far, which shows it */
    uint64_t steps, limit;                      /* candidates tried; at most (0: any number) */
    const volatile sig_atomic_t *signal;        /* not 0: give up. NULL: nobody interrupts */
    void (*progress)(const struct minimize *m); /* after each candidate; may be NULL */

    /* What is known of the depth of `best`: no schedule with fewer than `fewest` preemptions shows
     * it, as that many executions have shown. */
    unsigned fewest;
    uint64_t executions;
};

/* Minimize `best`, which must be a program that judge->runs() has shown. False if it was
 * interrupted or came to its limit: `best` is then the smallest so far, its depth not settled. */
bool minimize(struct minimize *m);

/* Switches that take the processor from a thread which could have gone on. */
unsigned minimize_preemptions(const struct program *program);

/* How many threads have operations. */
unsigned minimize_threads(const struct program *program);

/* Is `a` the smaller program? */
bool minimize_is_smaller(const struct program *a, const struct program *b);

/* ---- For minimize_*.c ---------------------------------------------------------------------- */

/* How much to do for a candidate that does not show it as it is. */
enum minimize_care {
    MINIMIZE_AS_IS,
    MINIMIZE_SEARCH, /* look for another schedule that does */
};

/* Try a candidate: if it, perhaps under another schedule, shows it and is smaller, it is the best
 * from now on. */
bool minimize_try(struct minimize *m, const struct program *candidate, enum minimize_care care);
bool minimize_is_over(const struct minimize *m);

/* Does one of these schedules show it, of a candidate that is smaller so? It is then the best. What
 * it took is taken off schedules->effort. */
bool minimize_search(struct minimize *m, const struct program *candidate,
                     struct minimize_schedules *schedules);

/* The same for those worth looking at when a candidate's own does not show it. */
bool minimize_reschedule(struct minimize *m, const struct program *candidate);

/* Not a switch that comes because a thread blocks or ends. */
bool minimize_takes_processor(const struct sched_preemption *preemption);

/* Find out about the depth of `best`, with the schedule of that depth. */
void minimize_measure_depth(struct minimize *m);

/* One pass each; true if the best has become smaller. */
bool minimize_shrink_operations(struct minimize *m);
bool minimize_shrink_threads(struct minimize *m);
bool minimize_shrink_preemptions(struct minimize *m);
bool minimize_simplify(struct minimize *m);

/* ---- The judge ----------------------------------------------------------------------------- */

/* What the execution of a program ended in. */
struct minimize_seen {
    char signature[FINDING_SIGNATURE]; /* "" if there was no finding */
    uint64_t hash;                     /* of its trace */
    enum clause clause;                /* CLAUSES if it died before anybody could say */
    char message[256];                 /* finding.message; "" likewise */
    bool named;                        /* `list` is the same execution with each switch named */
    struct program list;
};

/* Run programs in a process of their own, which may die of them; a finding is what has this
 * signature. NULL, and a sentence on stderr, if that cannot be set up. There is one judge at a
 * time. `signal` as above. */
const struct minimize_judge *minimize_judge_open(const volatile sig_atomic_t *signal);

/* Run a program as it is. False if somebody interrupted. */
bool minimize_judge_run(const struct program *program, struct minimize_seen *seen);

/* From now on this signature is looked for. */
void minimize_judge_want(const char *signature);

/* From now on programs are held against the sequential specification, too: they have to be
 * sequential (program_make_sequential()). */
void minimize_judge_sequential(void);

/* What is run next is the first in its process. */
void minimize_judge_renew(void);

/* From now on each execution has a process of its own, which takes longer: for an implementation
 * that carries something over from one execution to the next. */
void minimize_judge_alone(void);
void minimize_judge_close(void);

/* ---- The command --------------------------------------------------------------------------- */

/* `csq minimize ARGUMENTS`; argv[0] is "minimize". */
int minimize_command(int argc, char **argv);

#endif
