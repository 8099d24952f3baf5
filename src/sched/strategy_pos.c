#include "strategy.h"

static uint32_t draw(struct sched_pos *pos)
{
    return (uint32_t)(sched_random_next(&pos->random) >> 32);
}

/*
 * The current thread has arrived at a point and gets a fresh priority for it; so does every other
 * thread whose pending point concerns the same object, as the two may race.
 */
static int pos_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_pos *pos = (struct sched_pos *)strategy;
    uint32_t object = view->event->object;
    int best = SCHED_NOBODY;
    pos->object[view->current] = object;
    pos->priority[view->current] = draw(pos);
    for (int t = 0; t < SCHED_THREADS; t++) {
        if (t != view->current && object && pos->object[t] == object)
            pos->priority[t] = draw(pos);
        if (view->runnable >> t & 1u &&
            (best == SCHED_NOBODY || pos->priority[t] > pos->priority[best]))
            best = t;
    }
    return best;
}

static int pos_first(struct sched_strategy *strategy, unsigned runnable)
{
    struct sched_pos *pos = (struct sched_pos *)strategy;
    int best = SCHED_NOBODY;
    for (int t = 0; t < SCHED_THREADS; t++)
        if (runnable >> t & 1u && (best == SCHED_NOBODY || pos->priority[t] > pos->priority[best]))
            best = t;
    return best;
}

void sched_pos_init(struct sched_pos *pos, uint64_t seed)
{
    pos->base = (struct sched_strategy){.choose = pos_choose, .first = pos_first};
    pos->random.state = seed;
    for (int t = 0; t < SCHED_THREADS; t++) {
        pos->priority[t] = draw(pos);
        pos->object[t] = 0;
    }
}
