/*
 * The fewest preemptions that lead to an outcome. What the explorer runs is one of many equivalent
 * executions, rarely the one that is easiest to follow; so all schedules without a preemption are
 * run, then all with one, and so on, until each outcome has shown or the effort is spent.
 */
#include "execute.h"
#include "explore.h"

#include "sched/strategy.h"

#define EFFORT  30000u /* executions, over all bounds */
#define HIGHEST 4u

/* Those met with as few preemptions as `bound` are known to need them. True if none is left. */
static bool settle(struct exploration *x, unsigned bound)
{
    bool all = true;
    for (unsigned i = 0; i < x->histogram.count; i++) {
        struct explore_schedule *schedule = &x->histogram.entries[i].schedule;
        schedule->fewest |= schedule->named && schedule->preemptions <= bound;
        all = all && schedule->fewest;
    }
    return all;
}

static bool note(void *context, unsigned preemptions)
{
    struct exploration *x = context;
    static struct outcome outcome;
    outcome_read(&x->program, &outcome);
    struct explore_outcome *entry = histogram_find(&x->histogram, x, &outcome);
    if (!entry)
        x->lost |= x->end == EXPLORE_COMPLETE && x->options->search == SEARCH_ALL;
    else if (!entry->schedule.named || preemptions < entry->schedule.preemptions)
        explore_keep_schedule(x, entry, preemptions);
    return true;
}

enum explore_bounded explore_bounded(const struct program *program, struct sched_enumerate *all,
                                     unsigned *effort, explore_seen *seen, void *context)
{
    do {
        if (*effort == 0)
            return EXPLORE_BOUNDED_CUT;
        --*effort;
        sched_enumerate_begin(all);
        execute_with(program, &all->base);
        if (!seen(context, all->spent))
            return EXPLORE_BOUNDED_STOPPED;
    } while (sched_enumerate_next(all));
    return EXPLORE_BOUNDED_ALL;
}

void explore_shorten(struct exploration *x)
{
    static struct sched_enumerate all;
    unsigned effort = EFFORT;
    for (unsigned bound = 0; bound <= HIGHEST; bound++) {
        sched_enumerate_init(&all, NULL, 0, bound);
        if (explore_bounded(&x->program, &all, &effort, note, x) != EXPLORE_BOUNDED_ALL)
            return;
        if (settle(x, bound + 1)) /* with fewer it would have shown */
            return;
    }
}
