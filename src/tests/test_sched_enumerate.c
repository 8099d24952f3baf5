/* Enumeration: all schedules, each once, counted against an independent recursion. */
#include "tap.h"

#include "../sched/sched.h"
#include "../sched/strategy.h"

#include <stdlib.h>
#include <string.h>

#define MOST 20000

static struct sched_enumerate all;
static unsigned points_of[SCHED_PROGRAM_THREADS];
static unsigned thread_count;

static void steps(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < points_of[thread]; i++)
        sched_point(SCHED_BEGIN, 0, i);
}

/*
 * How many orders the rest of the threads' steps has, if `running` was the last to go, `done` were
 * made by each, and `budget` preemptions are left. The step after a thread's last point is its
 * exit, after which any other may go on.
 */
static unsigned count_orders(const unsigned done[], int running, unsigned budget)
{
    unsigned total = 0;
    bool ended = running < 0 || done[running] > points_of[running];
    bool anyone = false;
    for (int t = 0; t < (int)thread_count; t++) {
        unsigned next[SCHED_PROGRAM_THREADS];
        if (done[t] > points_of[t])
            continue;
        anyone = true;
        bool costs = !ended && t != running;
        if (costs && budget == 0)
            continue;
        memcpy(next, done, sizeof next);
        next[t]++;
        total += count_orders(next, t, budget - costs);
    }
    return anyone ? total : 1;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Run all schedules; how many, and were no two the same? */
static unsigned run_all(const struct sched_preemption *forced, unsigned count, unsigned budget,
                        bool *distinct)
{
    static uint64_t hashes[MOST];
    unsigned executions = 0;
    struct sched_setup setup = {.threads = (1u << thread_count) - 1u,
                                .body = steps,
                                .strategy = &all.base,
                                .step_limit = 1000};
    sched_enumerate_init(&all, forced, count, budget);
    do {
        sched_enumerate_begin(&all);
        sched_execute(&setup);
        hashes[executions++] = sched_trace()->hash;
    } while (sched_enumerate_next(&all) && executions < MOST);
    qsort(hashes, executions, sizeof hashes[0], compare);
    *distinct = true;
    for (unsigned i = 1; i < executions; i++)
        *distinct &= hashes[i] != hashes[i - 1];
    return executions;
}

static void test_counts(unsigned threads, unsigned a, unsigned b, unsigned c, unsigned budget)
{
    static const unsigned none[SCHED_PROGRAM_THREADS];
    char name[96];
    bool distinct;
    thread_count = threads;
    points_of[0] = a, points_of[1] = b, points_of[2] = c;
    unsigned executions = run_all(NULL, 0, budget, &distinct);
    snprintf(name, sizeof name, "%u threads of %u, %u, %u points, %u preemptions: all orders",
             threads, a, b, c, budget);
    tap_is(executions, count_orders(none, -1, budget), name);
    snprintf(name, sizeof name, "%u threads of %u, %u, %u points, %u preemptions: each once",
             threads, a, b, c, budget);
    tap_ok(distinct, name);
}

static void test_forced(void)
{
    static const struct sched_preemption forced = {
        .operation = 0, .kind = SCHED_BEGIN, .visit = 1, .to = 1};
    struct sched_setup setup = {
        .threads = 3, .body = steps, .strategy = &all.base, .step_limit = 1000};
    bool distinct;
    thread_count = 2;
    points_of[0] = points_of[1] = 3;
    sched_enumerate_init(&all, &forced, 1, 0);
    sched_enumerate_begin(&all);
    sched_execute(&setup);
    tap_ok(sched_enumerate_forced(&all), "a forced preemption is made");
    tap_ok(sched_trace()->events[1].thread == 0 && sched_trace()->events[2].thread == 1,
           "after the event it names");
    tap_ok(run_all(&forced, 1, 2, &distinct) > run_all(&forced, 1, 0, &distinct),
           "others are made besides it");
    points_of[0] = 1;
    sched_enumerate_init(&all, &forced, 1, 0);
    sched_enumerate_begin(&all);
    sched_execute(&setup);
    tap_ok(!sched_enumerate_forced(&all), "one whose place never comes is not made");
}

int main(void)
{
    test_counts(1, 5, 0, 0, 3);
    for (unsigned budget = 0; budget < 4; budget++)
        test_counts(2, 3, 4, 0, budget);
    test_counts(2, 4, 4, 0, 100);
    for (unsigned budget = 0; budget < 3; budget++)
        test_counts(3, 2, 3, 1, budget);
    test_counts(3, 1, 2, 2, 100);
    test_forced();
    return tap_end();
}
