/*
 * The explorer against the plain search: on each of a family of small random programs both reach
 * the same outcomes, deadlocks and violations among them. With an argument: that many programs.
 */
#include "tap.h"

#include "../sched/explore.h"
#include "../sched/random.h"
#include "../sched/sched.h"
#include "../sched/strategy.h"

#include <stdlib.h>
#include <string.h>

#define THREADS  3
#define MOST_OPS 5
#define CELLS    2
#define LOCKS    2
#define MOST     4096
#define PATIENCE 20000 /* executions of the plain search before a program counts as too large */

/* The programs take their locks in either order, deadlocks being among the outcomes:
 * ThreadSanitizer is not to report that. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "detect_deadlocks=0";
}

/* ---- Programs ------------------------------------------------------------------------------ */

enum kind { READ, WRITE, ADD, TAKE, GIVE, LOCAL, STOP, KINDS };

struct op {
    enum kind kind;
    unsigned object; /* a cell's or a lock's number */
};

static struct {
    unsigned threads;
    unsigned counts[THREADS];
    struct op ops[THREADS][MOST_OPS];
} program;

static struct sched_random dice;

static unsigned throw(unsigned sides)
{
    return sched_random_below(&dice, sides);
}

/* Locks nest properly and are all given back; STOP, a violation if cell 0 is 1, is rare. */
static void make_thread(unsigned t)
{
    unsigned held[LOCKS];
    unsigned depth = 0;
    unsigned length = 1 + throw(MOST_OPS);
    for (unsigned i = 0; i < length; i++) {
        struct op *op = &program.ops[t][i];
        unsigned left = length - i;
        static const enum kind kinds_of[16] = {READ, READ, READ, READ, WRITE, WRITE, WRITE, WRITE,
                                               ADD,  ADD,  ADD,  ADD,  LOCAL, WRITE, READ,  STOP};
        *op = (struct op){kinds_of[throw(16)], throw(CELLS)};
        if (left > depth + 1 && depth < LOCKS && throw(3) == 0) {
            op->kind = TAKE;
            op->object = depth ? 1 - held[0] : throw(LOCKS);
            held[depth++] = op->object;
        } else if (depth && (left <= depth || throw(3) == 0)) {
            op->kind = GIVE;
            op->object = held[--depth];
        }
    }
    program.counts[t] = length;
}

static void make_program(uint64_t seed)
{
    dice.state = seed;
    program.threads = 2 + throw(THREADS - 1);
    for (unsigned t = 0; t < program.threads; t++)
        make_thread(t);
}

/* ---- Running one --------------------------------------------------------------------------- */

static const struct sched_lock_kinds kinds = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP,
                                              SCHED_LOCK_FREE};
static uintptr_t locks[LOCKS];
static unsigned cells[CELLS];
static uint64_t seen[THREADS]; /* a hash of what each thread has read */
static bool stopped;

static void read_cell(unsigned thread, unsigned cell)
{
    sched_reads(SCHED_OBJECT_IRP, cell);
    seen[thread] = seen[thread] * 31 + cells[cell] + 1;
}

static void perform(unsigned thread, const struct op *op)
{
    switch (op->kind) {
    case READ:
        read_cell(thread, op->object);
        break;
    case WRITE:
        sched_writes(SCHED_OBJECT_IRP, op->object);
        cells[op->object] = thread + 1;
        break;
    case ADD:
        sched_writes(SCHED_OBJECT_IRP, op->object);
        read_cell(thread, op->object);
        cells[op->object]++;
        break;
    case STOP:
        read_cell(thread, 0);
        stopped = cells[0] == 1;
        if (stopped)
            sched_stop();
        break;
    case TAKE:
        sched_lock_acquire(&locks[op->object], &kinds);
        break;
    case GIVE:
        sched_lock_release(&locks[op->object], &kinds);
        break;
    default:
        seen[thread]++;
    }
}

static void body(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < program.counts[thread]; i++) {
        if (program.ops[thread][i].kind < TAKE)
            sched_point(SCHED_INTERLOCKED_BEFORE, program.ops[thread][i].object, 0);
        else if (program.ops[thread][i].kind > GIVE)
            sched_point(SCHED_BEGIN, 0, 0);
        perform(thread, &program.ops[thread][i]);
    }
}

static enum sched_end run(struct sched_strategy *strategy)
{
    struct sched_setup setup = {.threads = (1u << program.threads) - 1u,
                                .body = body,
                                .strategy = strategy,
                                .step_limit = 1000};
    memset(cells, 0, sizeof cells);
    memset(seen, 0, sizeof seen);
    memset(locks, 0, sizeof locks);
    stopped = false;
    return sched_execute(&setup);
}

static uint64_t outcome(enum sched_end end)
{
    uint64_t hash = end;
    if (end == SCHED_STOPPED)
        return hash;
    for (unsigned i = 0; i < CELLS && end == SCHED_DONE; i++)
        hash = hash * 1000003 + cells[i];
    for (unsigned t = 0; t < THREADS && end == SCHED_DONE; t++)
        hash = hash * 1000003 + seen[t];
    return hash;
}

/* ---- Both searches ------------------------------------------------------------------------- */

struct outcomes {
    unsigned count;
    uint64_t hashes[MOST];
    unsigned executions;
};

static void add(struct outcomes *outcomes, uint64_t hash)
{
    for (unsigned i = 0; i < outcomes->count; i++)
        if (outcomes->hashes[i] == hash)
            return;
    if (outcomes->count < MOST)
        outcomes->hashes[outcomes->count++] = hash;
}

/* False if the program is too large. */
static bool search_all(struct outcomes *outcomes)
{
    static struct sched_enumerate all;
    *outcomes = (struct outcomes){0};
    sched_enumerate_init(&all, NULL, 0, 1000);
    do {
        sched_enumerate_begin(&all);
        add(outcomes, outcome(run(&all.base)));
        if (++outcomes->executions == PATIENCE)
            return false;
    } while (sched_enumerate_next(&all));
    return true;
}

static void explore(struct outcomes *outcomes)
{
    static struct sched_explore explorer;
    enum sched_end end;
    *outcomes = (struct outcomes){0};
    sched_explore_init(&explorer);
    do {
        sched_explore_begin(&explorer);
        end = run(&explorer.base);
        if (!sched_explore_was_pruned(&explorer))
            add(outcomes, outcome(end));
        outcomes->executions++;
    } while (sched_explore_next(&explorer, end) && outcomes->executions < PATIENCE);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool same(struct outcomes *a, struct outcomes *b)
{
    qsort(a->hashes, a->count, sizeof a->hashes[0], compare);
    qsort(b->hashes, b->count, sizeof b->hashes[0], compare);
    return a->count == b->count &&
           memcmp(a->hashes, b->hashes, a->count * sizeof a->hashes[0]) == 0;
}

static void print_program(void)
{
    static const char *const names[KINDS] = {"read", "write", "add", "take", "give", "-", "stop"};
    for (unsigned t = 0; t < program.threads; t++) {
        printf("# t%u:", t);
        for (unsigned i = 0; i < program.counts[t]; i++)
            printf(" %s%u", names[program.ops[t][i].kind], program.ops[t][i].object);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static struct outcomes plain, explored;
    unsigned wanted = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
    unsigned compared = 0, different = 0, several = 0;
    uint64_t executions[2] = {0, 0};
    for (uint64_t seed = 1; compared < wanted; seed++) {
        make_program(seed);
        if (!search_all(&plain))
            continue;
        explore(&explored);
        compared++;
        several += plain.count > 1;
        executions[0] += plain.executions;
        executions[1] += explored.executions;
        if (same(&plain, &explored))
            continue;
        different++;
        printf("# seed %u: %u outcomes in %u executions, explored: %u in %u\n", (unsigned)seed,
               plain.count, plain.executions, explored.count, explored.executions);
        print_program();
    }
    printf("# %u programs, %u with several outcomes: %llu executions, explored %llu\n", compared,
           several, (unsigned long long)executions[0], (unsigned long long)executions[1]);
    tap_is(different, 0, "the explorer reaches the outcomes that the plain search reaches");
    tap_ok(several * 2 > compared, "most programs have several outcomes");
    tap_ok(executions[1] * 4 < executions[0], "with less than a quarter of the executions");
    return tap_end();
}
