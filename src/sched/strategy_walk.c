#include "strategy.h"

static int pick(struct sched_random *random, unsigned set)
{
    unsigned skip = sched_random_below(random, (unsigned)__builtin_popcount(set));
    while (skip--)
        set &= set - 1;
    return __builtin_ctz(set);
}

static int walk_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_walk *walk = (struct sched_walk *)strategy;
    unsigned others = view->runnable & ~(1u << view->current);
    bool forced = view->default_next != view->current;
    if (!others || (!forced && sched_random_next(&walk->random) >> (64 - walk->shift)))
        return view->default_next;
    return pick(&walk->random, others);
}

static int walk_first(struct sched_strategy *strategy, unsigned runnable)
{
    return pick(&((struct sched_walk *)strategy)->random, runnable);
}

void sched_walk_init(struct sched_walk *walk, uint64_t seed, unsigned shift)
{
    walk->base = (struct sched_strategy){.choose = walk_choose, .first = walk_first};
    walk->random.state = seed;
    walk->shift = shift ? shift : 1; /* 1/1 would never let a thread take two steps */
}
