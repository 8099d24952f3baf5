#include "strategy.h"

static int sweep_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    const struct sched_sweep *sweep = (const struct sched_sweep *)strategy;
    return view->step == sweep->at ? sweep->to : view->default_next;
}

static int sweep_first(struct sched_strategy *strategy, unsigned runnable)
{
    (void)runnable;
    return ((const struct sched_sweep *)strategy)->start;
}

void sched_sweep_init(struct sched_sweep *sweep, uint32_t number)
{
    sweep->base = (struct sched_strategy){.choose = sweep_choose, .first = sweep_first};
    sweep->start = (int)(number % SCHED_PROGRAM_THREADS);
    number /= SCHED_PROGRAM_THREADS;
    sweep->to = (int)(number % SCHED_PROGRAM_THREADS);
    sweep->at = 1 + number / SCHED_PROGRAM_THREADS;
}
