/*
 * `csq explore`: every execution of a small program, or as many as one asks for, and what they end
 * in.
 *
 *   explore_command.c     options, the sum, the exit status
 *   explore_jobs.c        several programs, each in a process of its own
 *   explore_file.c        one program
 *   explore_search.c      one execution after the other, by the search that was asked for
 *   explore_histogram.c   outcomes, counted
 *   explore_shortest.c    for each outcome the fewest preemptions that lead to it
 *   explore_verdict.c     conditions, reproducers
 *   explore_report.c, explore_json.c, explore_progress.c    what is printed
 *   explore_checkpoint.c  interrupted and resumed
 */
#ifndef CSQFUZZ_EXPLORE_COMMAND_H
#define CSQFUZZ_EXPLORE_COMMAND_H

#include "litmus.h"
#include "outcome.h"
#include "program.h"

#include "sched/explore.h"
#include "sched/strategy.h"

#include <signal.h>
#include <stdio.h>

/* Exit statuses. */
enum { EXPLORE_AS_DEMANDED = 0, EXPLORE_NOT_SO = 1, EXPLORE_BAD_INPUT = 2 };

enum explore_search {
    SEARCH_ALL,     /* every execution, up to the order of independent steps */
    SEARCH_BOUNDED, /* every schedule with a few preemptions */
    SEARCH_SAMPLED, /* a strategy with one seed after the other */
};

struct explore_options {
    enum explore_search search;
    unsigned preemptions; /* SEARCH_BOUNDED */
    uint8_t strategy;     /* SEARCH_SAMPLED: enum program_strategy */
    uint64_t seeds;
    uint64_t limit; /* executions; 0: none */
    bool memory;    /* granularity */
    bool first;     /* stop at the first violation or broken condition */
    bool json, verbose, progress;
    bool resume;
    const char *checkpoint; /* NULL: none */
    const char *folder;     /* where reproducers go */
};

/* The way to an outcome. */
struct explore_schedule {
    bool named;  /* the preemptions can be named in a program */
    bool fewest; /* no schedule with fewer preemptions leads there */
    unsigned preemptions;
    uint64_t hash; /* of its trace */
    uint8_t first; /* the thread to start */
    unsigned count;
    struct sched_preemption *list; /* as in struct program; switches at a block or exit included */
};

struct explore_outcome {
    struct outcome outcome;
    uint64_t hash;  /* of the outcome */
    uint64_t count; /* executions that ended so */
    struct explore_schedule schedule;
};

struct explore_histogram {
    unsigned count, room;
    struct explore_outcome *entries; /* in order of first appearance */
    uint32_t *slots;                 /* hash table: place in entries plus 1; 2 * room of them */
};

enum explore_end {
    EXPLORE_COMPLETE, /* nothing is left to explore */
    EXPLORE_AT_LIMIT,
    EXPLORE_AT_FIRST, /* a violation, and --first */
    EXPLORE_CUT,      /* an execution too long for the explorer */
    EXPLORE_SIGNAL,   /* interrupted */
};

struct exploration {
    const char *path;
    const struct explore_options *options;
    struct program program; /* without a schedule */
    struct litmus litmus;
    struct explore_histogram histogram;
    uint64_t executions, pruned; /* pruned: cut off as equivalent to one before */
    uint64_t resumed_at;         /* executions that the checkpoint already had */
    double done;                 /* an estimate, 0 to 1 */
    enum explore_end end;
    unsigned failures;    /* violations and broken conditions */
    unsigned reproducers; /* files written */
    bool lost;            /* the plain search came upon an outcome that the explorer has missed */
};

/* ---- explore_search.c ---------------------------------------------------------------------- */

/* Run the search to its end or as far as it is to go. False, and a sentence on stderr, if it cannot
 * start (a checkpoint that is of no use) or not save its checkpoint. */
bool explore_search(struct exploration *x);

/* The signal that asked to give up, 0 if there was none; and its handler. */
extern volatile sig_atomic_t explore_signal;
void explore_interrupt(int signal_number);

/* ---- explore_histogram.c ------------------------------------------------------------------- */

/* The entry of an outcome, or NULL. */
struct explore_outcome *histogram_find(const struct explore_histogram *histogram,
                                       const struct exploration *x, const struct outcome *outcome);
/* The same, with a new entry if there is none. */
struct explore_outcome *histogram_get(struct explore_histogram *histogram,
                                      const struct exploration *x, const struct outcome *outcome);
void histogram_free(struct explore_histogram *histogram);

/* The execution that just ended led to this outcome: keep its schedule if it is better. */
void explore_keep_schedule(const struct exploration *x, struct explore_outcome *entry,
                           unsigned preemptions);

/* How many preemptions the execution that just ended had. */
unsigned explore_preemptions(void);

/* ---- explore_shortest.c -------------------------------------------------------------------- */

/* Run the schedules that `all` enumerates, from where it stands, and say after each to `seen` how
 * many preemptions it had; false: stop. Each takes one of *effort. */
typedef bool explore_seen(void *context, unsigned preemptions);
enum explore_bounded { EXPLORE_BOUNDED_ALL, EXPLORE_BOUNDED_STOPPED, EXPLORE_BOUNDED_CUT };
enum explore_bounded explore_bounded(const struct program *program, struct sched_enumerate *all,
                                     unsigned *effort, explore_seen *seen, void *context);

/* Find schedules with fewer preemptions, and prove that there are none with still fewer, as far as
 * a bounded effort goes. */
void explore_shorten(struct exploration *x);

/* ---- explore_verdict.c --------------------------------------------------------------------- */

/* The program with the schedule that leads to an outcome. */
void explore_program(const struct exploration *x, const struct explore_schedule *schedule,
                     struct program *program);

/* Does this outcome break a condition (or is it a violation)? */
bool explore_is_bad(const struct exploration *x, const struct outcome *outcome);

/* How many executions ended in a state of which the condition's expression is true. */
uint64_t explore_count_true(const struct exploration *x, const struct litmus_condition *condition);

/* Is the condition met, as far as the search went? */
bool explore_is_met(const struct exploration *x, const struct litmus_condition *condition);

/* Judge: count failures, write reproducers, and tell `found` of each failure (reproducer: its
 * file's name, NULL if there is none). False if a file could not be written. */
typedef void explore_found(void *context, const char *what, const char *reproducer);
bool explore_judge(struct exploration *x, explore_found *found, void *context);

/* From now on a fault leaves a reproducer, too. */
void explore_expect_faults(struct exploration *x);

/* Was everything asked for explored, and everything demanded so? */
bool explore_as_demanded(const struct exploration *x);

/* ---- What is printed ----------------------------------------------------------------------- */

/* Judges, too. False if a file could not be written. */
bool explore_report(FILE *out, struct exploration *x);
bool explore_json(FILE *out, struct exploration *x);
/* The same for a program whose process ended in a fault. */
void explore_json_fault(FILE *out, const char *path);

/* "12 executions (3 pruned), 4 outcomes", and how far the search went. */
void explore_describe_search(const struct exploration *x, char *buffer, size_t size);
const char *explore_end_text(const struct exploration *x);

/* The entries by how often they were met, most often first. */
unsigned *explore_sort(const struct explore_histogram *histogram);

/* Say on stderr how it goes, every few seconds; `last`: this is the end. */
void explore_progress(const struct exploration *x, bool last);

/* Seconds on a clock that only goes forward. */
double explore_clock(void);

/* ---- explore_checkpoint.c ------------------------------------------------------------------ */

/* The search's own state, as bytes. */
struct explore_state {
    size_t (*save)(uint8_t *bytes, size_t size); /* bytes NULL: only count */
    bool (*load)(const uint8_t *bytes, size_t size);
};

/* Write the checkpoint, all or nothing. */
bool explore_save(const struct exploration *x, const struct explore_state *state);
/* Read it. False, and a sentence on stderr, if it is none, damaged, or of something else. */
bool explore_load(struct exploration *x, const struct explore_state *state);

/* ---- explore_file.c, explore_jobs.c, explore_command.c ------------------------------------- */

/* What remains of a program for the sum. */
struct explore_tally {
    int status;
    uint64_t executions, pruned, outcomes;
};

/* Explore one program and print what came of it. */
struct explore_tally explore_file(const char *path, const struct explore_options *how, FILE *out);

/* The same for several, some at a time, printed in order. The tallies are shared memory, and say
 * EXPLORE_NOT_SO at first. */
void explore_jobs(char **files, unsigned count, unsigned at_a_time,
                  const struct explore_options *how, struct explore_tally *tallies);

/* `csq explore ARGUMENTS`; argv[0] is "explore". */
int explore_command(int argc, char **argv);

#endif
