#include "strategy.h"

static int highest(const struct sched_pct *pct, unsigned runnable)
{
    int best = SCHED_NOBODY;
    for (int t = 0; t < SCHED_THREADS; t++)
        if (runnable >> t & 1u && (best == SCHED_NOBODY || pct->priority[t] > pct->priority[best]))
            best = t;
    return best;
}

/* At the i-th change point the running thread falls below everybody, and below earlier falls of
 * smaller i: its new priority is -1-i. */
static int pct_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_pct *pct = (struct sched_pct *)strategy;
    for (unsigned i = 0; i < pct->changes; i++)
        if (pct->change_at[i] == view->step)
            pct->priority[view->current] = -1 - (int)i;
    return highest(pct, view->runnable);
}

static int pct_first(struct sched_strategy *strategy, unsigned runnable)
{
    return highest((struct sched_pct *)strategy, runnable);
}

void sched_pct_init(struct sched_pct *pct, uint64_t seed, unsigned depth, uint32_t length)
{
    pct->base = (struct sched_strategy){.choose = pct_choose, .first = pct_first};
    pct->random.state = seed;
    for (int t = 0; t < SCHED_THREADS; t++)
        pct->priority[t] = t;
    for (int t = SCHED_PROGRAM_THREADS - 1; t > 0; t--) {
        int other = (int)sched_random_below(&pct->random, (uint32_t)t + 1);
        int kept = pct->priority[t];
        pct->priority[t] = pct->priority[other];
        pct->priority[other] = kept;
    }
    if (depth > SCHED_PCT_MAX_DEPTH)
        depth = SCHED_PCT_MAX_DEPTH;
    pct->changes = depth ? depth - 1 : 0;
    for (unsigned i = 0; i < pct->changes; i++)
        pct->change_at[i] = 1 + sched_random_below(&pct->random, length);
}
