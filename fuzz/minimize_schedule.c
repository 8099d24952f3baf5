/*
 * Schedules. A candidate rarely shows the finding under the schedule that it was made with: that
 * names places in operations which are gone, or comes too early or too late. So others are run, few
 * of them: those with the fewest preemptions, and those that differ from its own in one preemption.
 */
#include "minimize.h"

/* Executions. A candidate is worth a few thousand; proving that fewer preemptions do not suffice,
 * many more. */
#define QUICK_EFFORT 3000u
#define PROOF_EFFORT 200000u

#define NONE UINT32_MAX

/* Up to so many preemptions, two of them are replaced by one at a time. */
#define REPLACE_UP_TO 12u

/* The preemptions of the candidate but for the a-th and the b-th. False if there are more than can
 * be forced. */
static bool force_all_but(const struct program *candidate, unsigned a, unsigned b,
                          struct minimize_schedules *schedules)
{
    unsigned n = 0;
    schedules->forced_count = 0;
    for (unsigned p = 0; p < candidate->preemption_count; p++) {
        if (!minimize_takes_processor(&candidate->preemptions[p]) || n++ == a || n - 1 == b)
            continue;
        if (schedules->forced_count == SCHED_ENUMERATE_FORCED)
            return false;
        schedules->forced[schedules->forced_count++] = candidate->preemptions[p];
    }
    return true;
}

/* Its own schedule but for these preemptions, with `budget` others in their place, as far as the
 * best has as many. */
static bool replace(struct minimize *m, const struct program *candidate, unsigned a, unsigned b,
                    unsigned budget)
{
    struct minimize_schedules near = {.budget = budget, .effort = QUICK_EFFORT};
    unsigned most = minimize_preemptions(&m->best);
    if (!force_all_but(candidate, a, b, &near) || near.forced_count == 0)
        return false;
    if (near.forced_count + near.budget > most)
        near.budget = near.forced_count < most ? most - near.forced_count : 0;
    return minimize_search(m, candidate, &near);
}

bool minimize_reschedule(struct minimize *m, const struct program *candidate)
{
    struct minimize_schedules few = {.effort = QUICK_EFFORT};
    unsigned most = minimize_preemptions(&m->best), count = minimize_preemptions(candidate);
    for (; few.budget <= most && few.effort > 0 && !minimize_is_over(m); few.budget++)
        if (minimize_search(m, candidate, &few))
            return true;
    if (count > 0 && replace(m, candidate, NONE, NONE, 1))
        return true;
    for (unsigned n = count; n-- > 0;)
        if (replace(m, candidate, n, NONE, 1))
            return true;
    return false;
}

/* ---- Fewer preemptions ---------------------------------------------------------------------- */

/* The list without two of its switches, which may be the same. */
static bool leave_out(struct minimize *m, unsigned a, unsigned b)
{
    static struct program candidate;
    candidate = m->best;
    candidate.preemption_count = 0;
    for (unsigned o = 0; o < m->best.operation_count; o++) {
        candidate.first_of[o] = (uint16_t)candidate.preemption_count;
        for (unsigned p = m->best.first_of[o]; p < m->best.first_of[o + 1]; p++)
            if (p != a && p != b)
                candidate.preemptions[candidate.preemption_count++] = m->best.preemptions[p];
    }
    candidate.first_of[m->best.operation_count] = (uint16_t)candidate.preemption_count;
    return minimize_try(m, &candidate, MINIMIZE_AS_IS);
}

/* A preemption and the one that undoes it often go only together. */
static bool leave_out_some(struct minimize *m)
{
    for (unsigned a = 0; a < m->best.preemption_count; a++)
        for (unsigned b = a; b < m->best.preemption_count; b++)
            if (leave_out(m, a, b))
                return true;
    return false;
}

static bool replace_some(struct minimize *m)
{
    unsigned count = minimize_preemptions(&m->best);
    for (unsigned n = 0; n < count && !minimize_is_over(m); n++)
        if (replace(m, &m->best, n, NONE, 0))
            return true;
    for (unsigned a = 0; count <= REPLACE_UP_TO && a < count; a++)
        for (unsigned b = a + 1; b < count && !minimize_is_over(m); b++)
            if (replace(m, &m->best, a, b, 1))
                return true;
    return false;
}

bool minimize_shrink_preemptions(struct minimize *m)
{
    bool smaller = false;
    while (leave_out_some(m) || replace_some(m))
        smaller = true;
    return smaller;
}

/* All schedules with no preemption, all with one, and so on, until it shows. That is then the
 * schedule, also if there were no fewer before: the same whichever way the search has come. */
void minimize_measure_depth(struct minimize *m)
{
    static struct program shown;
    unsigned effort = PROOF_EFFORT, most = minimize_preemptions(&m->best);
    m->fewest = 0;
    m->executions = 0;
    for (unsigned budget = 0; budget <= most && !minimize_is_over(m); budget++) {
        struct minimize_schedules schedules = {.budget = budget, .effort = effort};
        uint64_t executions = 0;
        enum minimize_answer answer =
            m->judge->search(m->judge->context, &m->best, &schedules, &shown, &executions);
        effort = schedules.effort;
        if (answer == MINIMIZE_SHOWN)
            m->best = shown;
        if (answer != MINIMIZE_NONE)
            return;
        m->fewest = budget + 1;
        m->executions += executions;
    }
}
