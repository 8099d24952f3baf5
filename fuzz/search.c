/*
 * search: random programs under a named strategy until something is found. There is no feedback:
 * this is what a guided search has to be better than.
 *
 *   search [--strategy walk|pct2|pct3|pos|sweep|mix] [--seed N] [--runs N] [--seconds N]
 *          [--save FILE]
 *
 * Prints "executions N cpu S SIGNATURE", or "none" for the signature after that many runs or CPU
 * seconds. The program found is written to --save's file, in bytes, for `csq run`. Exit status: 0
 * nothing found, 1 a finding, 2 bad usage. Of a crash the sanitizer's or the signal's own.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "conformance/finding.h"
#include "execute.h"
#include "file.h"
#include "mutate.h"
#include "target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct mode {
    const char *name;
    uint8_t strategy, depth;
} modes[] = {{"walk", STRATEGY_WALK, 0},
             {"pct2", STRATEGY_PCT, 2},
             {"pct3", STRATEGY_PCT, 3},
             {"pos", STRATEGY_POS, 0},
             {"sweep", STRATEGY_SWEEP, 0}};
enum { MODES = sizeof modes / sizeof modes[0] };

static struct {
    const struct mode *mode;      /* NULL: any, drawn for each program */
    uint64_t seed, runs, seconds; /* 0 seconds: as many as the runs take */
    const char *save;
} options = {.mode = &modes[0], .seed = 1, .runs = 1000000};

static struct program program;
static uint64_t executions;

/* ---- The command line ---------------------------------------------------------------------- */

static void fail(const char *what, const char *value)
{
    fprintf(stderr, "search: %s \"%s\"\n", what, value);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno || *end || text[0] < '0' || text[0] > '9')
        fail("not a number:", text);
    return value;
}

static const struct mode *find_mode(const char *name)
{
    if (strcmp(name, "mix") == 0)
        return NULL;
    for (unsigned i = 0; i < MODES; i++)
        if (strcmp(name, modes[i].name) == 0)
            return &modes[i];
    fail("there is walk, pct2, pct3, pos, sweep and mix, but no strategy", name);
    return NULL;
}

static void read_options(char **argument)
{
    for (; *argument; argument += 2) {
        if (!argument[1])
            fail("a value is missing after", *argument);
        if (strcmp(*argument, "--strategy") == 0)
            options.mode = find_mode(argument[1]);
        else if (strcmp(*argument, "--seed") == 0)
            options.seed = number(argument[1]);
        else if (strcmp(*argument, "--runs") == 0)
            options.runs = number(argument[1]);
        else if (strcmp(*argument, "--seconds") == 0)
            options.seconds = number(argument[1]);
        else if (strcmp(*argument, "--save") == 0)
            options.save = argument[1];
        else
            fail("there is --strategy, --seed, --runs, --seconds and --save, but no", *argument);
    }
}

/* ---- The search ---------------------------------------------------------------------------- */

static void save_program(void)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    size_t size = program_encode(&program, bytes);
    if (options.save && !file_write(options.save, bytes, size))
        exit(2);
}

static double cpu_seconds(void)
{
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return (double)cpu.tv_sec + (double)cpu.tv_nsec * 1e-9;
}

/* Looks at the clock now and then only: it must not slow the search down. */
static bool exhausted(void)
{
    if (executions >= options.runs)
        return true;
    return options.seconds && executions % 64 == 0 && cpu_seconds() >= (double)options.seconds;
}

static void print_result(void)
{
    char signature[160] = "none";
    if (finding.present)
        finding_signature(&finding, signature, sizeof signature);
    printf("executions %" PRIu64 " cpu %.2f %s\n", executions, cpu_seconds(), signature);
    fflush(stdout);
}

/* Also called when a sanitizer or a signal has spoken, in the middle of an execution. */
static void conclude(void)
{
    print_result();
    save_program();
}

/* With a seed and, for STRATEGY_WALK, a rate of its own. */
static struct program_schedule draw_schedule(const struct mode *mode, struct sched_random *random)
{
    struct program_schedule schedule = {.strategy = mode->strategy, .parameter = mode->depth};
    if (mode->strategy == STRATEGY_WALK)
        schedule.parameter = (uint8_t)(1 + sched_random_below(random, 8));
    schedule.seed = (uint32_t)sched_random_next(random);
    return schedule;
}

static bool run_one(struct sched_random *random)
{
    const struct mode *mode =
        options.mode ? options.mode : &modes[sched_random_below(random, MODES)];
    struct program_schedule schedule = draw_schedule(mode, random);
    mutate_fresh_under(&program, &schedule, random);
    target_set_program(&program);
    target_count();
    executions++;
    execute(&program);
    return finding.present;
}

int main(int argc, char **argv)
{
    (void)argc;
    read_options(argv + 1);
    struct sched_random random = {.state = options.seed};
    target_initialize();
    target_set_last_words(conclude);
    while (!exhausted())
        if (run_one(&random)) {
            target_report(stderr);
            conclude();
            return 1;
        }
    print_result();
    return 0;
}
