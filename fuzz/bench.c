/*
 * Raw measurements for ./build.sh bench, one a run; scripts/bench.sh puts them beside their goals.
 *
 *   bench loop OPERATIONS ORACLE COUNT   3 threads of so many operations: executions/s, ns a point
 *   bench long OPERATIONS COUNT          ns an operation, in programs of so many
 *   bench switch COUNT                   ns a bare context switch
 *   bench memory COUNT COUNT             resident KiB after the first and after the second count
 *   bench search SEED SECONDS            random programs until a sanitizer speaks; then executions
 *
 * Linked with the fiber body as bench, with the host body as bench_host (ORACLE must be 0 then: the
 * events of threads that really run at once have no order to judge).
 */
#define _GNU_SOURCE /* clock_gettime */
#include "conformance/finding.h"
#include "conformance/monitor.h"
#include "execute.h"
#include "mutate.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROGRAMS 64
#define THREADS  3u

static struct program programs[PROGRAMS];

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* Mostly what drivers do: insert, cancel, remove; each thread as many operations as the others. */
static void generate(struct program *program, unsigned operations, struct sched_random *random)
{
    static const uint8_t kinds[] = {OP_INSERT, OP_INSERT,      OP_INSERT_EX, OP_CANCEL,
                                    OP_CANCEL, OP_REMOVE_NEXT, OP_REMOVE,    OP_INSERT};
    memset(program, 0, sizeof *program);
    program->schedule = (struct program_schedule){
        .strategy = STRATEGY_WALK, .parameter = 3, .seed = (uint32_t)sched_random_next(random)};
    program->scenario.irps = 3;
    program->scenario.contexts = 2;
    program->scenario.queues = 1;
    for (unsigned i = 0; i < operations; i++) {
        struct operation *operation = &program->operations[program->operation_count++];
        operation->kind = kinds[sched_random_below(random, sizeof kinds)];
        operation->thread = (uint8_t)(i * THREADS / operations);
        operation->irp = (uint8_t)sched_random_below(random, 3);
        operation->context = (uint8_t)sched_random_below(random, 3);
        program_normalize_operation(operation);
    }
}

static void generate_all(unsigned operations, uint64_t seed)
{
    struct sched_random random = {.state = seed};
    for (unsigned i = 0; i < PROGRAMS; i++)
        generate(&programs[i], operations, &random);
}

/* Run the programs in turn; the number of points met. */
static uint64_t run(uint64_t count)
{
    uint64_t points = 0;
    for (uint64_t i = 0; i < count; i++) {
        target_set_program(&programs[i % PROGRAMS]);
        target_count();
        execute(&programs[i % PROGRAMS]);
        points += sched_trace()->event_count;
        if (finding.present) {
            target_report(stderr);
            exit(1);
        }
    }
    return points;
}

/* ---- Measurements -------------------------------------------------------------------------- */

static void loop(unsigned operations, uint64_t count)
{
    generate_all(THREADS * operations, 1);
    run(PROGRAMS);
    double start = now(CLOCK_MONOTONIC);
    uint64_t points = run(count);
    double seconds = now(CLOCK_MONOTONIC) - start;
    printf("%.0f %.2f\n", (double)count / seconds, points ? seconds * 1e9 / (double)points : 0.0);
}

static void measure_long(unsigned operations, uint64_t count)
{
    generate_all(operations, 1);
    run(PROGRAMS);
    double start = now(CLOCK_MONOTONIC);
    run(count);
    double seconds = now(CLOCK_MONOTONIC) - start;
    printf("%.2f\n", seconds * 1e9 / ((double)count * operations));
}

struct transfer {
    void *context, *data;
};
struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *stack_top, size_t size, void (*entry)(struct transfer));

static void bounce(struct transfer transfer)
{
    for (;;)
        transfer = jump_fcontext(transfer.context, NULL);
}

static void measure_switch(uint64_t count)
{
    static char stack[64 * 1024];
    struct transfer there = {.context = make_fcontext(stack + sizeof stack, sizeof stack, bounce)};
    double start = now(CLOCK_MONOTONIC);
    for (uint64_t i = 0; i < count / 2; i++)
        there = jump_fcontext(there.context, NULL);
    printf("%.2f\n", (now(CLOCK_MONOTONIC) - start) * 1e9 / (double)count);
}

static unsigned long resident(void)
{
    char line[200];
    unsigned long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmRSS: %lu", &kilobytes) == 1)
            break;
    if (status)
        fclose(status);
    return kilobytes;
}

static void memory(uint64_t first, uint64_t second)
{
    generate_all(THREADS * 2, 1);
    run(first);
    unsigned long before = resident();
    run(second - first);
    printf("%lu %lu\n", before, resident());
}

/* What every search draws from; with the host's threads the schedule means nothing. */
static void draw_all(struct sched_random *random)
{
    for (unsigned i = 0; i < PROGRAMS; i++) {
        struct program_schedule schedule = {.strategy = STRATEGY_WALK, .parameter = 3};
        schedule.seed = (uint32_t)sched_random_next(random);
        mutate_fresh_under(&programs[i], &schedule, random);
    }
}

static void search(uint64_t seed, double seconds)
{
    double start = now(CLOCK_PROCESS_CPUTIME_ID);
    struct sched_random random = {.state = seed};
    uint64_t executions = 0;
    while (now(CLOCK_PROCESS_CPUTIME_ID) - start < seconds) {
        draw_all(&random);
        run(PROGRAMS);
        executions += PROGRAMS;
    }
    printf("%llu\n", (unsigned long long)executions);
}

static uint64_t argument(char **argv, int index)
{
    char *end;
    uint64_t value = argv[index] ? strtoull(argv[index], &end, 10) : 0;
    if (!argv[index] || *end || end == argv[index]) {
        fprintf(stderr, "bench: a number is missing or wrong; see the head of fuzz/bench.c\n");
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    target_initialize();
    monitor_enable(!sched_is_concurrent);
    if (strcmp(what, "loop") == 0) {
        monitor_enable(argument(argv, 3) != 0);
        loop((unsigned)argument(argv, 2), argument(argv, 4));
    } else if (strcmp(what, "long") == 0) {
        measure_long((unsigned)argument(argv, 2), argument(argv, 3));
    } else if (strcmp(what, "switch") == 0) {
        measure_switch(argument(argv, 2));
    } else if (strcmp(what, "memory") == 0) {
        memory(argument(argv, 2), argument(argv, 3));
    } else if (strcmp(what, "search") == 0) {
        search(argument(argv, 2), (double)argument(argv, 3));
    } else {
        fprintf(stderr, "bench: \"%s\" is no measurement; see the head of fuzz/bench.c\n", what);
        return 2;
    }
    return 0;
}
