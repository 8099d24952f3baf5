#include "strategy.h"

#define MADE        0xffu /* 0 counted down once more */
#define SUBSTITUTED 0xfeu /* made, but the thread named could not run */

/* The n-th (from 0) of the threads in `set`. */
static int nth_of(unsigned set, unsigned n)
{
    while (n-- > 0)
        set &= set - 1;
    return __builtin_ctz(set);
}

/* The thread that a forced preemption at this point names; SCHED_NOBODY if there is none. */
static int forced_here(struct sched_enumerate *all, const struct sched_view *view)
{
    int to = SCHED_NOBODY;
    for (unsigned i = 0; i < all->forced_count; i++) {
        const struct sched_preemption *forced = &all->forced[i];
        if (forced->operation != view->event->operation || forced->kind != view->event->kind ||
            all->visits_left[i] >= SUBSTITUTED || all->visits_left[i]-- > 0)
            continue;
        if (view->runnable & 1u << forced->to)
            to = forced->to;
        else
            all->visits_left[i] = SUBSTITUTED;
    }
    return to;
}

/* Which of that many options: the one the search is at, the first where it has not been. */
static unsigned decide(struct sched_enumerate *all, unsigned options)
{
    if (options < 2 || all->position == SCHED_ENUMERATE_DECISIONS)
        return 0;
    if (all->position == all->depth) {
        all->taken[all->depth] = 0;
        all->options[all->depth++] = (uint8_t)options;
    }
    return all->taken[all->position++];
}

/* The first option is whom the schedule so far runs by default; the others in order. */
static int enumerate_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_enumerate *all = (struct sched_enumerate *)strategy;
    bool stopped = !(view->runnable & 1u << view->current);
    int forced = forced_here(all, view);
    int first = forced == SCHED_NOBODY ? view->default_next : forced;
    unsigned others = view->runnable & ~(1u << first);
    bool costs = !stopped && forced == SCHED_NOBODY;
    unsigned options = 1;
    if (!costs || all->spent < all->budget)
        options += (unsigned)__builtin_popcount(others);
    unsigned taken = decide(all, options);
    if (taken == 0)
        return first;
    all->spent += costs;
    return nth_of(others, taken - 1);
}

/* Whom to start costs nothing. */
static int enumerate_first(struct sched_strategy *strategy, unsigned runnable)
{
    struct sched_enumerate *all = (struct sched_enumerate *)strategy;
    return nth_of(runnable, decide(all, (unsigned)__builtin_popcount(runnable)));
}

void sched_enumerate_init(struct sched_enumerate *all, const struct sched_preemption *forced,
                          unsigned count, unsigned budget)
{
    all->base = (struct sched_strategy){.choose = enumerate_choose, .first = enumerate_first};
    all->forced_count = count;
    all->budget = budget;
    all->depth = 0;
    for (unsigned i = 0; i < count; i++)
        all->forced[i] = forced[i];
}

void sched_enumerate_begin(struct sched_enumerate *all)
{
    all->position = all->spent = 0;
    for (unsigned i = 0; i < all->forced_count; i++)
        all->visits_left[i] = all->forced[i].visit;
}

bool sched_enumerate_next(struct sched_enumerate *all)
{
    while (all->depth > 0 && all->taken[all->depth - 1] + 1u == all->options[all->depth - 1])
        all->depth--;
    if (all->depth == 0)
        return false;
    all->taken[all->depth - 1]++;
    return true;
}

bool sched_enumerate_forced(const struct sched_enumerate *all)
{
    for (unsigned i = 0; i < all->forced_count; i++)
        if (all->visits_left[i] != MADE)
            return false;
    return true;
}
