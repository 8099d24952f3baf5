#include "strategy.h"

static int pick(struct sched_random *random, unsigned set)
{
    unsigned skip = sched_random_below(random, (unsigned)__builtin_popcount(set));
    while (skip--)
        set &= set - 1;
    return __builtin_ctz(set);
}

/* True with probability 1/2^shift: that many random bits are all zero. */
static bool strikes(struct sched_walk *walk)
{
    if (walk->bits_left < walk->shift) {
        walk->bits = sched_random_next(&walk->random);
        walk->bits_left = 64;
    }
    bool zero = (walk->bits & ((1u << walk->shift) - 1u)) == 0;
    walk->bits >>= walk->shift;
    walk->bits_left -= walk->shift;
    return zero;
}

static int walk_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_walk *walk = (struct sched_walk *)strategy;
    unsigned others = view->runnable & ~(1u << view->current);
    bool forced = view->default_next != view->current;
    if (!others || (!forced && !strikes(walk)))
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
    walk->bits_left = 0;
    walk->shift = shift ? shift : 1; /* 1/1 would never let a thread take two steps */
}
