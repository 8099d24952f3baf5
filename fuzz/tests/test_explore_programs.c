/*
 * The explorer against the plain search, on real programs: small random ones, whose every outcome
 * that the plain search comes upon with a few preemptions is among the explorer's, and where the
 * plain search goes to the end, the other way round too.
 *
 *     test_explore_programs [PROGRAMS [SEED]]
 */
#include "tests/tap.h"

#include "conformance/granularity.h"
#include "conformance/harness.h"
#include "fuzz/execute.h"
#include "fuzz/outcome.h"
#include "fuzz/program.h"
#include "sched/explore.h"
#include "sched/random.h"

#include <stdlib.h>
#include <string.h>

#define MOST_OUTCOMES 512
#define MOST_EXPLORED 20000 /* executions; programs that need more are left out */
#define MOST_PLAIN    6000  /* ... of the plain search, for each bound */
#define MOST_BOUND    3     /* preemptions */
#define EVERYTHING    10000 /* more preemptions than any execution has */

static struct sched_random dice;

static unsigned throw(unsigned sides)
{
    return sched_random_below(&dice, sides);
}

/* ---- Programs ------------------------------------------------------------------------------ */

static struct program program;

static void make_scenario(struct scenario *scenario)
{
    *scenario = (struct scenario){.diagram = throw(2),
                                  .irps = (uint8_t)(1 + throw(2)),
                                  .contexts = (uint8_t)(1 + throw(2)),
                                  .queues = (uint8_t)(1 + (throw(4) == 0))};
    for (unsigned i = 0; i < SCENARIO_QUEUES; i++)
        scenario->queue[i] = (struct queue_shape){.ex = throw(2),
                                                  .lock = (uint8_t) throw(QUEUE_LOCKS),
                                                  .store = (uint8_t) throw(QUEUE_STORES),
                                                  .eager = throw(2)};
}

static void add_operation(unsigned thread, unsigned kind, unsigned place)
{
    struct operation *operation = &program.operations[program.operation_count++];
    *operation = (struct operation){.kind = (uint8_t)kind,
                                    .thread = (uint8_t)thread,
                                    .place = (uint8_t)place,
                                    .queue = (uint8_t) throw(2),
                                    .irp = (uint8_t) throw(2),
                                    .context = (uint8_t) throw(3),
                                    .irql = (uint8_t) throw(3),
                                    .answer = (uint8_t)(throw(3) ? 0 : throw(OPERATION_ANSWERS)),
                                    .match = (uint8_t)(throw(2) ? 0 : throw(3)),
                                    .fate = (uint8_t) throw(OPERATION_FATES),
                                    .keep = throw(2)};
    program_normalize_operation(operation);
}

static unsigned any_kind(void)
{
    static const uint8_t kinds[] = {OP_INSERT, OP_INSERT_EX,   OP_REMOVE,    OP_REMOVE_NEXT,
                                    OP_CANCEL, OP_CANCEL,      OP_DRAIN,     OP_COMPLETE,
                                    OP_REMOVE, OP_REMOVE_NEXT, OP_INSERT_EX, OP_CANCEL_LOCK};
    return kinds[throw(sizeof kinds)];
}

/* Two or three threads with an operation each; often something is queued first, and now and then
 * an operation stands inside a callback. */
static void make_program(uint64_t seed)
{
    dice.state = seed;
    memset(&program, 0, sizeof program);
    make_scenario(&program.scenario);
    unsigned threads = 2 + throw(2);
    if (throw(3))
        add_operation(0, throw(2) ? OP_INSERT : OP_INSERT_EX, PLACE_TOP);
    for (unsigned t = 0; t < threads; t++) {
        add_operation(t, any_kind(), PLACE_TOP);
        if (throw(8) == 0)
            add_operation(t, throw(2) ? OP_INSERT : OP_CANCEL, PLACE_IN_COMPLETE);
    }
}

static void print_line(void *context, const char *line)
{
    (void)context;
    printf("#     %s\n", line);
}

/* ---- Outcomes ------------------------------------------------------------------------------ */

struct outcomes {
    unsigned count;
    uint64_t executions;
    bool complete;
    struct outcome all[MOST_OUTCOMES];
};

static bool has(const struct outcomes *outcomes, const struct outcome *outcome)
{
    for (unsigned i = 0; i < outcomes->count; i++)
        if (memcmp(&outcomes->all[i], outcome, sizeof *outcome) == 0)
            return true;
    return false;
}

static void add_outcome(struct outcomes *outcomes)
{
    static struct outcome outcome;
    outcome_read(&program, &outcome);
    if (has(outcomes, &outcome))
        return;
    if (outcomes->count == MOST_OUTCOMES)
        abort();
    outcomes->all[outcomes->count++] = outcome;
}

static enum sched_end run(struct sched_strategy *strategy)
{
    return execute_with(&program, strategy).end;
}

static void explore(struct outcomes *outcomes)
{
    static struct sched_explore explorer;
    bool more = true;
    outcomes->count = 0;
    sched_explore_init(&explorer);
    while (more && explorer.executions < MOST_EXPLORED) {
        sched_explore_begin(&explorer);
        enum sched_end end = run(&explorer.base);
        if (!sched_explore_was_pruned(&explorer))
            add_outcome(outcomes);
        more = sched_explore_next(&explorer, end);
    }
    outcomes->executions = explorer.executions;
    outcomes->complete = !more && !explorer.truncated;
}

static void search(struct outcomes *outcomes, unsigned preemptions)
{
    static struct sched_enumerate all;
    bool more = true;
    sched_enumerate_init(&all, NULL, 0, preemptions);
    for (unsigned i = 0; more && i < MOST_PLAIN; i++) {
        sched_enumerate_begin(&all);
        run(&all.base);
        add_outcome(outcomes);
        outcomes->executions++;
        more = sched_enumerate_next(&all);
    }
    outcomes->complete = !more;
}

/* ---- The comparison ------------------------------------------------------------------------ */

static struct outcomes plain, explored;
static unsigned programs, several, equal, wrong;
static uint64_t executions[2];

/* Every outcome of `from` is in `in`? Says which is not. */
static bool covers(const struct outcomes *in, const struct outcomes *from, const char *who)
{
    char text[OUTCOME_TEXT];
    bool all = true;
    for (unsigned i = 0; i < from->count; i++) {
        if (has(in, &from->all[i]))
            continue;
        all = false;
        outcome_print(&program, &from->all[i], text, sizeof text);
        printf("# %s alone reaches: %s\n", who, text);
    }
    return all;
}

/* False if it was too large. */
static bool compare(uint64_t seed)
{
    make_program(seed);
    explore(&explored);
    if (!explored.complete)
        return false;
    plain.count = 0;
    plain.executions = 0;
    search(&plain, EVERYTHING);
    bool complete = plain.complete;
    for (unsigned bound = 0; !complete && bound <= MOST_BOUND; bound++)
        search(&plain, bound);
    bool same = covers(&explored, &plain, "the plain search");
    if (complete)
        same &= covers(&plain, &explored, "the explorer");
    if (!same) {
        wrong++;
        printf("# seed %llu:\n", (unsigned long long)seed);
        program_print(&program, print_line, NULL);
    }
    several += explored.count > 1;
    equal += plain.count == explored.count;
    executions[0] += plain.executions;
    executions[1] += explored.executions;
    return true;
}

static void compare_all(unsigned wanted, uint64_t seed, const char *granularity)
{
    unsigned large = 0;
    programs = several = equal = wrong = 0;
    executions[0] = executions[1] = 0;
    for (; programs < wanted; seed++)
        if (compare(seed))
            programs++;
        else
            large++;
    printf("# %s granularity: %u programs (%u too large), %u with several outcomes, %u with all of "
           "them met by both; explored %llu executions, the plain search %llu\n",
           granularity, programs, large, several, equal, (unsigned long long)executions[1],
           (unsigned long long)executions[0]);
    tap_is(wrong, 0, "the explorer reaches every outcome that the plain search comes upon");
    tap_ok(several * 3 > programs, "many of the programs have several outcomes");
}

int main(int argc, char **argv)
{
    unsigned wanted = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    compare_all(wanted, seed, "sync");
    if (granularity_set_memory())
        compare_all(wanted, seed, "memory");
    return tap_end();
}
