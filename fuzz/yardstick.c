/*
 * How many schedules each way of searching takes to the bug of bluetooth.h, over many seeds.
 *
 *   yardstick [--seeds N] [--most N] [--search NAME] [--steps]
 *
 * --seeds: searches each, 200 at first. --most: schedules after which a search gives up, 100000 at
 * first. --search: this one only. --steps: show the steps of the first schedule that breaks, and no
 * more. Add is thread 0 or thread 1 from one seed to the next, so that nobody gains by numbering.
 * Exit status: 0 if all found the bug (linked with the fixed body: if none found anything), else 1.
 */
#include "bluetooth.h"
#include "execute.h"

#include "sched/cuts.h"
#include "sched/explore.h"
#include "sched/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash; /* over the traces of all schedules */
static uint64_t most = 100000;
static bool show_steps;

/* How a search ended: `found` at that many schedules, or exhausted, or it gave up. */
struct search {
    uint64_t schedules;
    enum sched_end end; /* of the last one */
    bool found, exhausted;
};

/* One more schedule; true if the search is over. */
static bool try(struct search *search, struct sched_strategy *strategy, unsigned adder)
{
    struct bluetooth_result result = bluetooth_run(strategy, adder);
    hash = (hash ^ sched_trace()->hash) * 0x9e3779b97f4a7c15u + 1;
    search->schedules++;
    search->end = result.end;
    search->found = result.broken || result.end == SCHED_DEADLOCK || result.end == SCHED_LIVELOCK;
    if (search->found && show_steps) {
        bluetooth_print(stdout);
        exit(0);
    }
    return search->found || search->schedules == most;
}

/* ---- The searches ---------------------------------------------------------------------------- */

/* What a strategy of the input format needs to know: two operations, since the zoo's settings
 * spread by their number; and the schedule. */
static struct sched_strategy *strategy_of(enum program_strategy strategy, unsigned parameter,
                                          uint32_t seed)
{
    static struct program program;
    program.operation_count = BLUETOOTH_THREADS;
    program.schedule = (struct program_schedule){
        .strategy = (uint8_t)strategy, .parameter = (uint8_t)parameter, .seed = seed};
    return execute_strategy(&program);
}

static struct search drawn(enum program_strategy strategy, unsigned parameter, uint64_t seed)
{
    struct sched_random random = {.state = seed};
    struct search search = {0};
    uint32_t draw;
    do
        draw = (uint32_t)sched_random_next(&random);
    while (!try(&search, strategy_of(strategy, parameter, draw), seed & 1));
    return search;
}

static struct search walk_1(uint64_t seed)
{
    return drawn(STRATEGY_WALK, 1, seed);
}
static struct search walk_2(uint64_t seed)
{
    return drawn(STRATEGY_WALK, 2, seed);
}
static struct search walk_3(uint64_t seed)
{
    return drawn(STRATEGY_WALK, 3, seed);
}
static struct search pct_2(uint64_t seed)
{
    return drawn(STRATEGY_PCT, 2, seed);
}
static struct search pct_3(uint64_t seed)
{
    return drawn(STRATEGY_PCT, 3, seed);
}
static struct search pos(uint64_t seed)
{
    return drawn(STRATEGY_POS, 0, seed);
}

/* From a number drawn at random, one after the other; they come round. */
static struct search sweep(uint64_t seed)
{
    struct sched_random random = {.state = seed};
    uint32_t number = (uint32_t)sched_random_next(&random);
    struct search search = {0};
    while (!try(&search, strategy_of(STRATEGY_SWEEP, 0, number++), seed & 1))
        continue;
    return search;
}

static struct search sweep_from_0(uint64_t seed)
{
    struct search search = {0};
    uint32_t number = 0;
    while (!try(&search, strategy_of(STRATEGY_SWEEP, 0, number++), seed & 1))
        continue;
    return search;
}

/* What the input format makes of random headers: the mix of strategies that a fuzzer begins with.
 */
static struct search random_headers(uint64_t seed)
{
    static struct program program;
    struct sched_random random = {.state = seed};
    struct search search = {0};
    do {
        uint8_t header[PROGRAM_HEADER_SIZE];
        uint64_t bytes = sched_random_next(&random);
        for (unsigned i = 0; i < sizeof header; i++)
            header[i] = (uint8_t)(bytes >> 8 * i);
        program_decode(&program, header, sizeof header);
        program.operation_count = BLUETOOTH_THREADS;
    } while (!try(&search, execute_strategy(&program), seed & 1));
    return search;
}

static struct search enumerate(unsigned budget, uint64_t seed)
{
    static struct sched_enumerate all;
    struct search search = {0};
    sched_enumerate_init(&all, NULL, 0, budget);
    do {
        sched_enumerate_begin(&all);
        if (try(&search, &all.base, seed & 1))
            return search;
    } while (sched_enumerate_next(&all));
    search.exhausted = true;
    return search;
}

static struct search enumerate_1(uint64_t seed)
{
    return enumerate(1, seed);
}

static struct search enumerate_all(uint64_t seed)
{
    return enumerate(1000, seed);
}

static struct search explore(uint64_t seed)
{
    static struct sched_explore explorer;
    struct search search = {0};
    sched_explore_init(&explorer);
    do {
        sched_explore_begin(&explorer);
        if (try(&search, &explorer.base, seed & 1))
            return search;
    } while (sched_explore_next(&explorer, search.end));
    search.exhausted = !explorer.truncated;
    return search;
}

static struct search cuts(uint64_t seed)
{
    static struct sched_cuts all;
    struct search search = {0};
    sched_cuts_init(&all, seed, (1u << BLUETOOTH_THREADS) - 1u);
    do {
        sched_cuts_begin(&all);
        if (try(&search, &all.base, seed & 1))
            return search;
    } while (sched_cuts_next(&all));
    search.exhausted = true;
    return search;
}

static const struct contender {
    const char *name;
    struct search (*run)(uint64_t seed);
} contenders[] = {
    {"cuts", cuts},
    {"explore", explore},
    {"enumerate-1", enumerate_1},
    {"enumerate-all", enumerate_all},
    {"walk-1", walk_1},
    {"walk-2", walk_2},
    {"walk-3", walk_3},
    {"pct-2", pct_2},
    {"pct-3", pct_3},
    {"pos", pos},
    {"sweep", sweep},
    {"sweep-from-0", sweep_from_0},
    {"random-headers", random_headers},
};

/* ---- The table ------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* One line; how many of the searches found the bug. */
static unsigned measure(const struct contender *contender, uint64_t *counts, unsigned seeds)
{
    unsigned found = 0;
    unsigned exhausted = 0;
    double sum = 0;
    for (unsigned seed = 0; seed < seeds; seed++) {
        struct search search = contender->run(seed);
        counts[seed] = search.schedules;
        sum += (double)search.schedules;
        found += search.found;
        exhausted += search.exhausted;
    }
    qsort(counts, seeds, sizeof counts[0], by_size);
    printf("%-15s %4u/%-4u %9.2f %8.1f %8" PRIu64 "%s\n", contender->name, found, seeds,
           sum / seeds, (double)(counts[(seeds - 1) / 2] + counts[seeds / 2]) / 2,
           counts[seeds - 1], exhausted == seeds ? "  all its schedules" : "");
    return found;
}

static void print_published(void)
{
    printf("\npublished means, on programs of the same name:\n");
    printf("PERIOD 9, GenMC 10, RFF 45, POS 72, PCT-3 161\n");
}

/* only: a search's name, or NULL for all. */
static int run_all(unsigned seeds, const char *only)
{
    bool fixed = strcmp(bluetooth_body, "fixed") == 0;
    uint64_t *counts = calloc(seeds, sizeof *counts);
    int status = 0;
    if (!counts) {
        fprintf(stderr, "yardstick: no memory for %u seeds\n", seeds);
        return 2;
    }
    printf("bluetooth_driver, %s: schedules of a search\n", bluetooth_body);
    printf("%-15s %9s %9s %8s %8s\n", "search", "found", "mean", "median", "worst");
    for (unsigned i = 0; i < sizeof contenders / sizeof contenders[0]; i++)
        if ((!only || strcmp(only, contenders[i].name) == 0) &&
            measure(&contenders[i], counts, seeds) != (fixed ? 0 : seeds))
            status = 1;
    print_published();
    printf("hash over all traces: %016" PRIx64 "\n", hash);
    free(counts);
    return status;
}

/* ---- Usage ----------------------------------------------------------------------------------- */

static uint64_t number(const char *option, const char *text)
{
    char *end = NULL;
    uint64_t value = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (value > 0 && value <= 1000000000 && *end == '\0')
        return value;
    fprintf(stderr, "yardstick: %s takes a number from 1 to 1000000000\n", option);
    exit(2);
}

static const char *search_name(const char *text)
{
    for (unsigned i = 0; i < sizeof contenders / sizeof contenders[0]; i++)
        if (text && strcmp(text, contenders[i].name) == 0)
            return text;
    fprintf(stderr, "yardstick: --search takes a name from the table, not \"%s\"\n",
            text ? text : "");
    exit(2);
}

int main(int argc, char **argv)
{
    unsigned seeds = 200;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--steps") == 0) {
            show_steps = true;
            continue;
        }
        const char *option = argv[i++];
        const char *value = i < argc ? argv[i] : NULL;
        if (strcmp(option, "--seeds") == 0) {
            seeds = (unsigned)number(option, value);
        } else if (strcmp(option, "--most") == 0) {
            most = number(option, value);
        } else if (strcmp(option, "--search") == 0) {
            only = search_name(value);
        } else {
            fprintf(stderr, "yardstick: there is no option %s; see ./build.sh help\n", option);
            return 2;
        }
    }
    int status = run_all(seeds, only);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "yardstick: standard output: %s\n", strerror(errno));
        return 2;
    }
    return status;
}
