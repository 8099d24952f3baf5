#include "mutate.h"
#include "mutate_draft.h"

/* Append an operation of `from` with its preemptions. */
static void take(struct draft *into, const struct draft *from, unsigned operation)
{
    unsigned at = draft_operation(from, operation);
    draft_insert(into, into->count, &from->records[at], draft_group(from, at));
}

/* Some threads of one, the others of the other, in step: what stood in the middle of one program
 * stands beside the middle of the other. */
static void splice_threads(struct draft *into, const struct draft *a, const struct draft *b,
                           struct sched_random *random)
{
    unsigned from_a = 1 + chance(random, (1u << SCHED_PROGRAM_THREADS) - 2);
    unsigned i = 0, j = 0;
    while (i < a->operations || j < b->operations) {
        bool first =
            j == b->operations || (i < a->operations && i * b->operations <= j * a->operations);
        const struct draft *source = first ? a : b;
        unsigned n = first ? i++ : j++;
        unsigned thread = source->records[draft_operation(source, n)].operation.thread;
        if ((from_a >> thread & 1u) == first)
            take(into, source, n);
    }
}

/* The beginning of one, the end of the other. */
static void splice_ends(struct draft *into, const struct draft *a, const struct draft *b,
                        struct sched_random *random)
{
    unsigned until = 1 + chance(random, a->operations);
    unsigned from = chance(random, b->operations);
    for (unsigned i = 0; i < until; i++)
        take(into, a, i);
    for (unsigned j = from; j < b->operations; j++)
        take(into, b, j);
}

/* All operations of one, then all of the other. */
static void join(struct draft *into, const struct draft *a, const struct draft *b)
{
    for (unsigned i = 0; i < a->operations; i++)
        take(into, a, i);
    for (unsigned j = 0; j < b->operations; j++)
        take(into, b, j);
}

void mutate_cross(struct program *program, const struct program *other, struct sched_random *random,
                  unsigned room)
{
    static struct draft into, a, b;
    const struct program *schedule = chance(random, 2) ? program : other;
    const struct program *scenario = chance(random, 2) ? program : other;
    unsigned how = chance(random, 4);
    draft_open(&a, program, DRAFT_CAPACITY);
    draft_open(&b, other, DRAFT_CAPACITY);
    draft_open(&into, program, room);
    into.schedule = schedule->schedule;
    into.scenario = scenario->scenario;
    draft_remove(&into, 0, into.count);
    if (a.operations == 0 || b.operations == 0 || how == 0)
        join(&into, &a, &b);
    else if (how == 1)
        splice_ends(&into, &a, &b, random);
    else
        splice_threads(&into, &a, &b, random);
    draft_close(&into, program);
}
