/*
 * What to try, and what to keep. A pass tries everything that could make the program smaller; the
 * passes end when one has changed nothing, so that minimizing the result once more changes nothing.
 */
#include "minimize.h"

#include "mutate.h"

#include <string.h>

bool minimize_is_over(const struct minimize *m)
{
    return (m->signal && *m->signal) || (m->limit && m->steps >= m->limit);
}

/* ---- Smaller ------------------------------------------------------------------------------- */

bool minimize_takes_processor(const struct sched_preemption *p)
{
    return p->kind != SCHED_BLOCK && p->kind != SCHED_EXIT;
}

unsigned minimize_preemptions(const struct program *program)
{
    unsigned count = 0;
    for (unsigned p = 0; p < program->preemption_count; p++)
        count += minimize_takes_processor(&program->preemptions[p]);
    return count;
}

unsigned minimize_threads(const struct program *program)
{
    unsigned threads = 0;
    for (unsigned o = 0; o < program->operation_count; o++)
        threads |= 1u << program->operations[o].thread;
    return (unsigned)__builtin_popcount(threads);
}

/* What there is to say beyond the plainest operation of its kind; the kinds with more to them
 * count, too. */
static unsigned operation_details(const struct operation *o)
{
    unsigned kind = o->kind == OP_INSERT_EX || o->kind == OP_DRAIN;
    return kind + o->place + o->queue + o->irp + o->context + o->irql + o->answer + o->match +
           o->fate + o->keep;
}

static unsigned details(const struct program *program)
{
    const struct scenario *s = &program->scenario;
    unsigned sum = 8 * (s->diagram + s->irps + s->contexts + s->queues);
    for (unsigned q = 0; q < s->queues; q++)
        sum += 8 * (s->queue[q].ex + s->queue[q].lock + s->queue[q].store + s->queue[q].eager);
    for (unsigned o = 0; o < program->operation_count; o++)
        sum += operation_details(&program->operations[o]);
    return sum;
}

/* Negative: a comes first. Sorted by threads, which are numbered as they appear, is least. */
static int compare_order(const struct program *a, const struct program *b)
{
    int difference = 0;
    for (unsigned o = 0; o < a->operation_count && difference == 0; o++)
        difference = a->operations[o].thread - b->operations[o].thread;
    return difference;
}

bool minimize_is_smaller(const struct program *a, const struct program *b)
{
    const unsigned sizes[][2] = {
        {a->operation_count, b->operation_count},
        {minimize_threads(a), minimize_threads(b)},
        {minimize_preemptions(a), minimize_preemptions(b)},
        {details(a), details(b)},
    };
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i][0] != sizes[i][1])
            return sizes[i][0] < sizes[i][1];
    return compare_order(a, b) < 0;
}

/* ---- A candidate --------------------------------------------------------------------------- */

static struct program shown; /* by the judge, last */

static bool take(struct minimize *m)
{
    if (!minimize_is_smaller(&shown, &m->best))
        return false;
    m->best = shown;
    return true;
}

bool minimize_search(struct minimize *m, const struct program *candidate,
                     struct minimize_schedules *schedules)
{
    uint64_t executions = 0;
    if (minimize_is_over(m))
        return false;
    enum minimize_answer answer =
        m->judge->search(m->judge->context, candidate, schedules, &shown, &executions);
    return answer == MINIMIZE_SHOWN && take(m);
}

bool minimize_try(struct minimize *m, const struct program *candidate, enum minimize_care care)
{
    if (minimize_is_over(m))
        return false;
    m->steps++;
    bool taken = (m->judge->runs(m->judge->context, candidate, &shown) && take(m)) ||
                 (care == MINIMIZE_SEARCH && minimize_reschedule(m, candidate));
    if (m->progress)
        m->progress(m);
    return taken;
}

/* ---- The whole ----------------------------------------------------------------------------- */

/* Halves first, by the same steps that trim inputs for AFL++, and no schedule but its own. */
static void trim(struct minimize *m)
{
    static struct mutate_trim steps;
    static uint8_t bytes[PROGRAM_MAX_SIZE];
    unsigned count = mutate_trim_begin(&steps, bytes, program_encode(&m->best, bytes));
    for (unsigned step = 0; step < count && !minimize_is_over(m);) {
        mutate_trim_next(&steps, bytes);
        step = mutate_trim_judge(&steps, minimize_try(m, &steps.candidate, MINIMIZE_AS_IS));
    }
}

static bool same(const struct program *a, const struct program *b)
{
    static uint8_t left[PROGRAM_MAX_SIZE], right[PROGRAM_MAX_SIZE];
    size_t size = program_encode(a, left);
    return program_encode(b, right) == size && memcmp(left, right, size) == 0;
}

/* Each kind of step until it does no more: what comes first in the order of sizes is worth most. */
static void shrink(struct minimize *m)
{
    do {
        while (minimize_shrink_operations(m))
            ;
    } while (minimize_shrink_threads(m) || minimize_shrink_preemptions(m) || minimize_simplify(m));
}

bool minimize(struct minimize *m)
{
    static struct program before;
    trim(m);
    do {
        before = m->best;
        shrink(m);
        minimize_measure_depth(m);
    } while (!minimize_is_over(m) && !same(&before, &m->best));
    return !minimize_is_over(m);
}
