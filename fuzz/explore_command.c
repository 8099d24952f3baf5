/* csq explore: options, one process a program, the exit status. */
#define _GNU_SOURCE
#include "argument.h"
#include "conformance/granularity.h"
#include "explore.h"
#include "file.h"
#include "target.h"

#include <argp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_JOBS 64

struct arguments {
    struct explore_options options;
    char **files;
    unsigned count, jobs;
};

/* ---- Options ------------------------------------------------------------------------------- */

enum {
    KEY_GRANULARITY = 0x100,
    KEY_LIMIT,
    KEY_SEEDS,
    KEY_CHECKPOINT,
    KEY_RESUME,
    KEY_JSON,
    KEY_FIRST,
    KEY_PROGRESS
};

static const char documentation[] =
    "Run small programs under every schedule, count what they end in, and hold that against the "
    "conditions in their text (never, sometimes, always; see fuzz/README.md)."
    "\v"
    "Executions that differ only in the order of independent steps are run once. Each outcome is "
    "shown with a schedule that leads to it, if possible the one with the fewest preemptions. A "
    "violation or a broken condition leaves a reproducer for \"csq run\".\n\n"
    "Exit status: 0 everything explored and as demanded, 1 not so, 2 bad input or usage. An "
    "interrupted run leaves its checkpoint and ends by the signal.";

static const struct argp_option options[] = {
    {"preemptions", 'p', "N", 0, "only schedules with at most N preemptions", 0},
    {"strategy", 's', "NAME", 0, "sample instead: random, pct or pos", 0},
    {"seeds", KEY_SEEDS, "N", 0, "... with seeds 1 to N (default 10000)", 0},
    {"limit", KEY_LIMIT, "N", 0, "stop after N executions", 0},
    {"first", KEY_FIRST, NULL, 0, "stop at the first violation or broken condition", 0},
    {"granularity", KEY_GRANULARITY, "G", 0,
     "sync (default), or memory: switch at each load and store of the code under test, too", 0},
    {"jobs", 'j', "N", 0, "that many programs at a time", 0},
    {"out", 'o', "FOLDER", 0, "write reproducers there (default: here)", 0},
    {"checkpoint", KEY_CHECKPOINT, "FILE", 0, "save there now and then (one program)", 0},
    {"resume", KEY_RESUME, NULL, 0, "go on from the checkpoint", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON", 0},
    {"progress", KEY_PROGRESS, NULL, 0, "say on stderr how it goes, though it is no terminal", 0},
    {"verbose", 'v', NULL, 0, "print schedules as programs", 0},
    {0}};

static void parse_strategy(struct argp_state *state, struct explore_options *to, const char *value)
{
    static const char *const names[] = {
        [STRATEGY_WALK] = "random", [STRATEGY_PCT] = "pct", [STRATEGY_POS] = "pos"};
    to->search = SEARCH_SAMPLED;
    for (unsigned i = STRATEGY_WALK; i <= STRATEGY_POS; i++)
        if (strcmp(value, names[i]) == 0)
            to->strategy = (uint8_t)i;
    if (to->strategy == STRATEGY_LIST)
        argp_error(state, "--strategy takes one of: random, pct, pos");
}

static error_t parse_search(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct explore_options *to = &arguments->options;
    switch (key) {
    case 'p':
        to->search = SEARCH_BOUNDED;
        to->preemptions = (unsigned)argument_number(state, "--preemptions", value, 0, 1000);
        return 0;
    case 's':
        parse_strategy(state, to, value);
        return 0;
    case KEY_SEEDS:
        to->seeds = argument_number(state, "--seeds", value, 1, UINT32_MAX);
        return 0;
    case KEY_LIMIT:
        to->limit = argument_number(state, "--limit", value, 1, UINT64_MAX - 1);
        return 0;
    case KEY_FIRST:
        to->first = true;
        return 0;
    case KEY_GRANULARITY:
        if (!granularity_parse(value, &to->memory))
            argp_error(state, "--granularity takes one of: sync, memory");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check(const struct arguments *arguments, struct argp_state *state)
{
    const struct explore_options *given = &arguments->options;
    if (given->strategy && given->search != SEARCH_SAMPLED)
        argp_error(state, "--strategy and --preemptions exclude each other");
    if (given->resume && !given->checkpoint)
        argp_error(state, "--resume needs --checkpoint FILE");
    if (given->checkpoint && arguments->count != 1)
        argp_error(state, "--checkpoint takes one program at a time");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct explore_options *to = &arguments->options;
    switch (key) {
    case 'j':
        arguments->jobs = (unsigned)argument_number(state, "--jobs", value, 1, MOST_JOBS);
        return 0;
    case 'o':
        to->folder = value;
        return 0;
    case KEY_CHECKPOINT:
        to->checkpoint = value;
        return 0;
    case KEY_RESUME:
        to->resume = true;
        return 0;
    case KEY_JSON:
        to->json = true;
        return 0;
    case KEY_PROGRESS:
        to->progress = true;
        return 0;
    case 'v':
        to->verbose = true;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->files = state->argv + state->next;
        arguments->count = (unsigned)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a program is needed");
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return parse_search(key, value, state);
    }
}

/* ---- Signals ------------------------------------------------------------------------------- */

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = explore_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* End as whoever sent the signal expects. */
static void die_of_signal(void)
{
    signal(explore_signal, SIG_DFL);
    raise(explore_signal);
}

/* ---- The whole ----------------------------------------------------------------------------- */

static struct explore_tally add_up(const struct explore_tally *tallies, unsigned count,
                                   unsigned *as_demanded)
{
    struct explore_tally sum = {0};
    *as_demanded = 0;
    for (unsigned i = 0; i < count; i++) {
        *as_demanded += tallies[i].status == EXPLORE_AS_DEMANDED;
        if (tallies[i].status > sum.status)
            sum.status = tallies[i].status;
        sum.executions += tallies[i].executions;
        sum.pruned += tallies[i].pruned;
        sum.outcomes += tallies[i].outcomes;
    }
    return sum;
}

static void print_sum(const struct explore_tally *sum, unsigned count, unsigned as_demanded,
                      bool json)
{
    if (json)
        printf("\n], \"programs_as_demanded\": %u, \"executions\": %" PRIu64
               ", \"interleavings\": %" PRIu64 ", \"outcomes\": %" PRIu64 "}\n",
               as_demanded, sum->executions, sum->executions - sum->pruned, sum->outcomes);
    else if (count > 1)
        printf("%u programs, %u as demanded: %" PRIu64 " executions, %" PRIu64
               " distinct interleavings, %" PRIu64 " outcomes\n",
               count, as_demanded, sum->executions, sum->executions - sum->pruned, sum->outcomes);
}

static int explore_all(const struct arguments *arguments, struct explore_tally *tallies)
{
    unsigned as_demanded;
    bool json = arguments->options.json;
    if (json)
        printf("{\"programs\": [\n");
    if (arguments->count == 1)
        tallies[0] = explore_file(arguments->files[0], &arguments->options, stdout);
    else
        explore_jobs(arguments->files, arguments->count, arguments->jobs, &arguments->options,
                     tallies);
    if (explore_signal)
        die_of_signal();
    struct explore_tally sum = add_up(tallies, arguments->count, &as_demanded);
    print_sum(&sum, arguments->count, as_demanded, json);
    return file_flush_output() ? sum.status : EXPLORE_BAD_INPUT;
}

int explore_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "FILE...", documentation,
                                     NULL,    NULL,         NULL};
    static char name[] = "csq explore";
    struct arguments arguments = {.jobs = 1, .options = {.seeds = 10000, .folder = "."}};
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return EXPLORE_BAD_INPUT;
    target_initialize();
    if (arguments.options.memory && !granularity_set_memory()) {
        fprintf(stderr, "csq: %s\n", GRANULARITY_MISSING);
        return EXPLORE_BAD_INPUT;
    }
    catch_signals();
    size_t size = arguments.count * sizeof(struct explore_tally);
    struct explore_tally *tallies =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED) {
        perror("csq");
        return EXPLORE_BAD_INPUT;
    }
    for (unsigned i = 0; i < arguments.count; i++)
        tallies[i].status = EXPLORE_NOT_SO;
    return explore_all(&arguments, tallies);
}
