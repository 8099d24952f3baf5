/*
 * Raw measurements of the explorer for ./build.sh bench.
 *
 *   bench_explore rate FILE COUNT   executions/s of the explorer, then of a random walk as the fuzz
 *                                   target runs it, on the same program (COUNT of each)
 *   bench_explore count FILE CAP    executions of the explorer, and of the plain search with up to
 *                                   2, up to 3 and any number of preemptions; each CAP at the most
 */
#define _GNU_SOURCE /* clock_gettime */
#include "conformance/finding.h"
#include "execute.h"
#include "file.h"
#include "sched/explore.h"
#include "sched/strategy.h"
#include "target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct program program;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void stop_at_finding(void)
{
    if (!finding.present)
        return;
    target_report(stderr);
    exit(1);
}

static struct harness_result run_with(struct sched_strategy *strategy)
{
    struct harness_result result = execute_with(&program, strategy);
    stop_at_finding();
    return result;
}

/* That many executions, starting anew when all is explored; how many one exploration takes. */
static uint64_t explore(uint64_t count, bool repeat)
{
    static struct sched_explore explorer;
    uint64_t done = 0, whole = 0;
    while (done < count) {
        bool more = true;
        sched_explore_init(&explorer);
        while (more && done < count) {
            sched_explore_begin(&explorer);
            more = sched_explore_next(&explorer, run_with(&explorer.base).end);
            done++;
        }
        whole = explorer.executions;
        if (!repeat)
            break;
    }
    return whole;
}

static uint64_t search(unsigned budget, uint64_t cap)
{
    static struct sched_enumerate all;
    uint64_t done = 0;
    sched_enumerate_init(&all, NULL, 0, budget);
    do {
        sched_enumerate_begin(&all);
        run_with(&all.base);
        done++;
    } while (sched_enumerate_next(&all) && done < cap);
    return done;
}

static void walk(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        program.schedule = (struct program_schedule){
            .strategy = STRATEGY_WALK, .parameter = 2, .seed = (uint32_t)i};
        execute(&program);
        stop_at_finding();
    }
}

static void measure_rate(uint64_t count)
{
    double start = now();
    explore(count, true);
    double explored = now() - start;
    start = now();
    walk(count);
    double walked = now() - start;
    printf("%.0f %.0f\n", (double)count / explored, (double)count / walked);
}

int main(int argc, char **argv)
{
    uint64_t number = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    if (number == 0) {
        fprintf(stderr, "bench_explore: see the head of fuzz/bench_explore.c\n");
        return 2;
    }
    if (!file_read_program(argv[2], &program, NULL))
        return 2;
    target_initialize();
    target_set_program(&program);
    if (strcmp(argv[1], "rate") == 0)
        measure_rate(number);
    else
        printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", explore(number, false),
               search(2, number), search(3, number), search(1000, number));
    return 0;
}
