/* Candidates of which there is less to say: each dimension at its default, or nearer to it. */
#include "minimize.h"

#include <stddef.h>

static struct program candidate;

static bool try_it(struct minimize *m)
{
    for (unsigned o = 0; o < candidate.operation_count; o++)
        program_normalize_operation(&candidate.operations[o]);
    return minimize_is_smaller(&candidate, &m->best) &&
           minimize_try(m, &candidate, MINIMIZE_SEARCH);
}

/* Set a byte to the least that will do. */
static bool lower(struct minimize *m, uint8_t *field)
{
    unsigned value = *field;
    ptrdiff_t at = field - (uint8_t *)&m->best;
    for (unsigned to = 0; to < value; to++) {
        candidate = m->best;
        ((uint8_t *)&candidate)[at] = (uint8_t)to;
        if (try_it(m))
            return true;
    }
    return false;
}

static bool clear(struct minimize *m, bool *field)
{
    bool *there = (bool *)((uint8_t *)&candidate + ((uint8_t *)field - (uint8_t *)&m->best));
    if (!*field)
        return false;
    candidate = m->best;
    *there = false;
    return try_it(m);
}

/* ---- Operations ---------------------------------------------------------------------------- */

static bool simplify_kind(struct minimize *m, unsigned o)
{
    candidate = m->best;
    struct operation *operation = &candidate.operations[o];
    if (operation->kind == OP_INSERT_EX)
        operation->kind = OP_INSERT;
    else if (operation->kind == OP_DRAIN)
        operation->kind = OP_REMOVE_NEXT;
    else
        return false;
    return try_it(m);
}

static bool simplify_operation(struct minimize *m, unsigned o)
{
    struct operation *operation = &m->best.operations[o];
    uint8_t *const fields[] = {&operation->place, &operation->irql, &operation->answer,
                               &operation->match, &operation->fate, &operation->context,
                               &operation->irp,   &operation->queue};
    bool smaller = simplify_kind(m, o);
    for (unsigned f = 0; f < sizeof fields / sizeof fields[0]; f++)
        smaller |= lower(m, fields[f]);
    return clear(m, &operation->keep) || smaller;
}

/* ---- Slots --------------------------------------------------------------------------------- */

/* A slot counts modulo those in play. */
static void wrap_slots(void)
{
    for (unsigned o = 0; o < candidate.operation_count; o++) {
        struct operation *operation = &candidate.operations[o];
        operation->irp %= candidate.scenario.irps;
        operation->queue %= candidate.scenario.queues;
        if (operation->context)
            operation->context =
                (uint8_t)((operation->context - 1) % candidate.scenario.contexts + 1);
    }
}

enum slot { SLOT_IRP, SLOT_CONTEXT, SLOT_QUEUE };

/* Everything that operations do with one slot they do with another. */
static bool rename_slot(struct minimize *m, enum slot kind, unsigned from, unsigned to)
{
    candidate = m->best;
    for (unsigned o = 0; o < candidate.operation_count; o++) {
        struct operation *operation = &candidate.operations[o];
        uint8_t *slot = kind == SLOT_IRP       ? &operation->irp
                        : kind == SLOT_CONTEXT ? &operation->context
                                               : &operation->queue;
        if (*slot == from)
            *slot = (uint8_t)to;
    }
    if (kind == SLOT_QUEUE)
        candidate.scenario.queue[to] = candidate.scenario.queue[from];
    return try_it(m);
}

static bool rename_slots(struct minimize *m, enum slot kind, unsigned first, unsigned end)
{
    bool smaller = false;
    for (unsigned from = first + 1; from < end; from++)
        for (unsigned to = first; to < from; to++)
            smaller |= rename_slot(m, kind, from, to);
    return smaller;
}

/* Fewer slots in play. */
static bool reduce(struct minimize *m, uint8_t *count)
{
    ptrdiff_t at = count - (uint8_t *)&m->best;
    unsigned now = *count;
    for (unsigned to = 1; to < now; to++) {
        candidate = m->best;
        ((uint8_t *)&candidate)[at] = (uint8_t)to;
        if (candidate.scenario.queues == 1)
            candidate.scenario.queue[1] = (struct queue_shape){0};
        wrap_slots();
        if (try_it(m))
            return true;
    }
    return false;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static bool simplify_scenario(struct minimize *m)
{
    struct scenario *s = &m->best.scenario;
    bool smaller = rename_slots(m, SLOT_IRP, 0, SCENARIO_IRPS);
    smaller |= rename_slots(m, SLOT_CONTEXT, 1, SCENARIO_CONTEXTS + 1);
    smaller |= rename_slots(m, SLOT_QUEUE, 0, s->queues);
    smaller |= reduce(m, &s->irps);
    smaller |= reduce(m, &s->contexts);
    smaller |= reduce(m, &s->queues);
    for (unsigned q = 0; q < s->queues; q++) {
        smaller |= lower(m, &s->queue[q].store);
        smaller |= lower(m, &s->queue[q].lock);
        smaller |= clear(m, &s->queue[q].eager);
        smaller |= clear(m, &s->queue[q].ex);
    }
    return clear(m, &s->diagram) || smaller;
}

bool minimize_simplify(struct minimize *m)
{
    bool smaller = simplify_scenario(m);
    for (unsigned o = 0; o < m->best.operation_count; o++)
        smaller |= simplify_operation(m, o);
    return smaller;
}
