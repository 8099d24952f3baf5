/* Candidates with fewer operations or fewer threads. */
#include "minimize.h"

/* Two operations that need each other (an insert and the removal of what it inserted) go together
 * or not at all; there are too many pairs to try all of a large program's. */
#define PAIRS_UP_TO 12u

static struct program candidate;

/* Which operations of the best the candidate has, in which order. */
static uint16_t order[PROGRAM_OPERATIONS];
static unsigned ordered;

/* The candidate: those, with their preemptions. */
static void select_operations(const struct program *from)
{
    candidate = *from;
    candidate.operation_count = candidate.preemption_count = 0;
    candidate.first_of[0] = 0;
    for (unsigned k = 0; k < ordered; k++) {
        unsigned o = order[k];
        candidate.operations[candidate.operation_count++] = from->operations[o];
        candidate.first_of[candidate.operation_count] = (uint16_t)candidate.preemption_count;
        for (unsigned p = from->first_of[o]; p < from->first_of[o + 1]; p++)
            program_add_preemption(&candidate, from->preemptions[p].kind,
                                   from->preemptions[p].visit, from->preemptions[p].to);
    }
}

/* ---- Operations ---------------------------------------------------------------------------- */

/* Without the operations a and b, which may be the same. */
static bool leave_out(struct minimize *m, unsigned a, unsigned b)
{
    ordered = 0;
    for (unsigned o = 0; o < m->best.operation_count; o++)
        if (o != a && o != b)
            order[ordered++] = (uint16_t)o;
    select_operations(&m->best);
    return minimize_try(m, &candidate, MINIMIZE_SEARCH);
}

bool minimize_shrink_operations(struct minimize *m)
{
    bool smaller = false;
    for (unsigned o = m->best.operation_count; o-- > 0;)
        smaller |= o < m->best.operation_count && leave_out(m, o, o);
    if (smaller || m->best.operation_count > PAIRS_UP_TO)
        return smaller;
    for (unsigned a = 0; a < m->best.operation_count; a++)
        for (unsigned b = a + 1; b < m->best.operation_count; b++)
            if (leave_out(m, a, b))
                return true;
    return false;
}

/* ---- Threads ------------------------------------------------------------------------------- */

enum order { IN_PROGRAM_ORDER, MOVED_FIRST, MOVED_LAST, ORDERS };

/* Give operations and preemptions of one thread to another. */
static void rename_thread(struct program *program, unsigned from, unsigned to)
{
    for (unsigned o = 0; o < program->operation_count; o++)
        if (program->operations[o].thread == from)
            program->operations[o].thread = (uint8_t)to;
    for (unsigned p = 0; p < program->preemption_count; p++)
        if (program->preemptions[p].to == from)
            program->preemptions[p].to = (uint8_t)to;
    if (program->schedule.parameter == from)
        program->schedule.parameter = (uint8_t)to;
}

/* Thread `moved` performs its operations on thread `to`, in between, before or after those there.
 */
static bool merge(struct minimize *m, unsigned moved, unsigned to, enum order how)
{
    unsigned passes = how == IN_PROGRAM_ORDER ? 1 : 2;
    ordered = 0;
    for (unsigned pass = 0; pass < passes; pass++)
        for (unsigned o = 0; o < m->best.operation_count; o++) {
            bool is_moved = m->best.operations[o].thread == moved;
            if (passes == 1 || is_moved == ((how == MOVED_FIRST) == (pass == 0)))
                order[ordered++] = (uint16_t)o;
        }
    select_operations(&m->best);
    rename_thread(&candidate, moved, to);
    return minimize_try(m, &candidate, MINIMIZE_SEARCH);
}

static bool is_used(const struct program *program, unsigned thread)
{
    for (unsigned o = 0; o < program->operation_count; o++)
        if (program->operations[o].thread == thread)
            return true;
    return false;
}

static bool merge_some(struct minimize *m)
{
    for (unsigned moved = SCHED_PROGRAM_THREADS; moved-- > 0;)
        for (unsigned to = 0; to < SCHED_PROGRAM_THREADS; to++)
            for (unsigned how = 0; how < ORDERS; how++)
                if (moved != to && is_used(&m->best, moved) && is_used(&m->best, to) &&
                    merge(m, moved, to, (enum order)how))
                    return true;
    return false;
}

/* Append the operations of one thread. */
static void append_thread(const struct program *program, unsigned thread)
{
    for (unsigned o = 0; o < program->operation_count; o++)
        if (program->operations[o].thread == thread)
            order[ordered++] = (uint16_t)o;
}

/* The operations sorted by thread, and the threads numbered from 0 on as they come. */
static bool put_in_order(struct minimize *m)
{
    const unsigned aside = SCHED_PROGRAM_THREADS; /* old numbers are new ones of others */
    unsigned seen = 0, threads = 0;
    ordered = 0;
    for (unsigned o = 0; o < m->best.operation_count; o++)
        if (!(seen & 1u << m->best.operations[o].thread)) {
            seen |= 1u << m->best.operations[o].thread;
            append_thread(&m->best, m->best.operations[o].thread);
        }
    select_operations(&m->best);
    for (unsigned k = 0; k < ordered; k++)
        if (m->best.operations[order[k]].thread == candidate.operations[k].thread)
            rename_thread(&candidate, candidate.operations[k].thread, aside + threads++);
    for (unsigned t = 0; t < threads; t++)
        rename_thread(&candidate, aside + t, t);
    return minimize_is_smaller(&candidate, &m->best) &&
           minimize_try(m, &candidate, MINIMIZE_SEARCH);
}

bool minimize_shrink_threads(struct minimize *m)
{
    bool smaller = false;
    while (minimize_threads(&m->best) > 1 && merge_some(m))
        smaller = true;
    return put_in_order(m) || smaller;
}
