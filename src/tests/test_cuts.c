/*
 * The search through single preemptions: it comes to all that one preemption can bring about, in
 * fewer executions than the plain search, and it ends.
 */
#include "tap.h"

#include "../sched/cuts.h"
#include "../sched/strategy.h"

#include <string.h>

#define THREADS  2
#define CELLS    3
#define MOST_OPS 6
#define MOST     512

/* ---- Programs of reads and writes ------------------------------------------------------------ */

struct op {
    bool write;
    unsigned cell;
};

static struct op ops[THREADS][MOST_OPS];
static unsigned counts[THREADS];
static unsigned cells[CELLS];
static uint64_t seen[THREADS]; /* a hash of what each thread has read */

static void make_program(uint64_t seed)
{
    struct sched_random dice = {.state = seed};
    for (unsigned t = 0; t < THREADS; t++) {
        counts[t] = 1 + sched_random_below(&dice, MOST_OPS);
        for (unsigned i = 0; i < counts[t]; i++) {
            ops[t][i].write = sched_random_below(&dice, 2);
            ops[t][i].cell = sched_random_below(&dice, CELLS);
        }
    }
}

/* Which cell a thread goes to depends on what it has read: what it does has to be learned. */
static void perform(unsigned thread, const struct op *op)
{
    unsigned cell = (unsigned)(op->cell + seen[thread]) % CELLS;
    if (op->write) {
        sched_writes(SCHED_OBJECT_IRP, cell);
        cells[cell] = thread + 1;
    } else {
        sched_reads(SCHED_OBJECT_IRP, cell);
        seen[thread] = seen[thread] * 31 + cells[cell];
    }
}

static void body(void *argument, unsigned thread)
{
    (void)argument;
    for (unsigned i = 0; i < counts[thread]; i++) {
        sched_point(SCHED_INTERLOCKED_BEFORE, 0, 0);
        perform(thread, &ops[thread][i]);
    }
}

/* One execution; its outcome, as a number. */
static uint64_t run(struct sched_strategy *strategy)
{
    struct sched_setup setup = {
        .threads = (1u << THREADS) - 1u, .body = body, .strategy = strategy, .step_limit = 1000};
    uint64_t outcome = 0;
    memset(cells, 0, sizeof cells);
    memset(seen, 0, sizeof seen);
    sched_execute(&setup);
    for (unsigned i = 0; i < CELLS; i++)
        outcome = outcome * 1000003 + cells[i];
    for (unsigned t = 0; t < THREADS; t++)
        outcome = outcome * 1000003 + seen[t];
    return outcome;
}

/* ---- Both searches --------------------------------------------------------------------------- */

struct outcomes {
    unsigned count, executions;
    uint64_t hashes[MOST];
};

static bool has(const struct outcomes *outcomes, uint64_t hash)
{
    for (unsigned i = 0; i < outcomes->count; i++)
        if (outcomes->hashes[i] == hash)
            return true;
    return false;
}

static void add(struct outcomes *outcomes, uint64_t hash)
{
    outcomes->executions++;
    if (!has(outcomes, hash) && outcomes->count < MOST)
        outcomes->hashes[outcomes->count++] = hash;
}

static void enumerate(struct outcomes *outcomes)
{
    static struct sched_enumerate all;
    *outcomes = (struct outcomes){0};
    sched_enumerate_init(&all, NULL, 0, 1);
    do {
        sched_enumerate_begin(&all);
        add(outcomes, run(&all.base));
    } while (sched_enumerate_next(&all));
}

static struct sched_cuts cuts;

static void cut(struct outcomes *outcomes, uint64_t seed)
{
    *outcomes = (struct outcomes){0};
    sched_cuts_init(&cuts, seed, (1u << THREADS) - 1u);
    do {
        sched_cuts_begin(&cuts);
        add(outcomes, run(&cuts.base));
    } while (sched_cuts_next(&cuts) && outcomes->executions < MOST);
}

static bool same(const struct outcomes *a, const struct outcomes *b)
{
    for (unsigned i = 0; i < a->count; i++)
        if (!has(b, a->hashes[i]))
            return false;
    return a->count == b->count;
}

static void random_programs(void)
{
    static struct outcomes plain, reduced;
    unsigned different = 0, several = 0, executions[2] = {0, 0};
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        make_program(seed);
        enumerate(&plain);
        cut(&reduced, seed);
        different += !same(&plain, &reduced);
        several += plain.count > 2;
        executions[0] += plain.executions;
        executions[1] += reduced.executions;
    }
    printf("# %u executions, plain %u\n", executions[1], executions[0]);
    tap_is(different, 0, "cuts: the outcomes of all schedules with one preemption");
    tap_ok(several > 500, "cuts: many of these programs have more than two");
    tap_ok(executions[1] < executions[0], "cuts: in fewer executions");
}

/* ---- What a seed draws ------------------------------------------------------------------------
 */

static void small_programs(void)
{
    static struct outcomes outcomes;
    unsigned first[THREADS] = {0, 0};
    bool three = true;
    for (unsigned t = 0; t < THREADS; t++)
        counts[t] = 3;
    for (unsigned i = 0; i < 3; i++) {
        ops[0][i] = (struct op){.write = true, .cell = 0};
        ops[1][i] = (struct op){.write = true, .cell = 1};
    }
    for (uint64_t seed = 0; seed < 200; seed++) {
        cut(&outcomes, seed);
        three = three && outcomes.executions == 3 && outcomes.count == 1;
        first[cuts.start]++;
    }
    tap_ok(three, "cuts: threads that share nothing run in their orders, and no more");
    tap_ok(first[0] > 60 && first[1] > 60, "cuts: the seed draws who starts");
    sched_cuts_init(&cuts, 1, 1u << 3);
    sched_cuts_begin(&cuts);
    tap_ok(!sched_cuts_next(&cuts), "cuts: a thread alone runs once");
}

static void all_pairs(void)
{
    unsigned found = 0;
    sched_cuts_init(&cuts, 7, 0xf);
    for (unsigned i = 0; i < cuts.pair_count; i++)
        if (cuts.pairs[i].from != cuts.pairs[i].to)
            found |= 1u << (4 * cuts.pairs[i].from + cuts.pairs[i].to);
    tap_is(__builtin_popcount(found), CUTS_PAIRS, "cuts: every pair of four threads has its turn");
}

int main(void)
{
    random_programs();
    small_programs();
    all_pairs();
    return tap_end();
}
