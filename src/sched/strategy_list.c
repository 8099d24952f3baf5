#include "strategy.h"

#define MET         0xffu /* 0 counted down once more */
#define SUBSTITUTED 0xfeu /* met, but the thread named could not run */

/* `to`, or the next above it that is runnable and not `current`; `current` if there is none. */
static int resolve(int to, const struct sched_view *view)
{
    unsigned others = view->runnable & ~(1u << view->current);
    unsigned from = others & ~((1u << to) - 1u);
    if (!others)
        return view->default_next;
    return __builtin_ctz(from ? from : others);
}

static int list_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_list *list = (struct sched_list *)strategy;
    unsigned operation = view->event->operation;
    int next = view->default_next;
    if (operation >= list->operations)
        return next;
    for (unsigned i = list->first_of[operation]; i < list->first_of[operation + 1]; i++) {
        if (list->preemptions[i].kind != view->event->kind || list->visits_left[i] >= SUBSTITUTED)
            continue;
        if (list->visits_left[i]-- > 0)
            continue;
        next = resolve(list->preemptions[i].to, view);
        if (next != list->preemptions[i].to)
            list->visits_left[i] = SUBSTITUTED;
    }
    return next;
}

static int list_first(struct sched_strategy *strategy, unsigned runnable)
{
    (void)runnable;
    return ((struct sched_list *)strategy)->first_thread;
}

void sched_list_init(struct sched_list *list, const struct sched_preemption *preemptions,
                     unsigned count, const uint16_t *first_of, unsigned operations,
                     int first_thread)
{
    list->base = (struct sched_strategy){.choose = list_choose, .first = list_first};
    list->preemptions = preemptions;
    list->first_of = first_of;
    list->count = count;
    list->operations = operations;
    list->first_thread = first_thread;
    for (unsigned i = 0; i < count; i++)
        list->visits_left[i] = preemptions[i].visit;
}

bool sched_list_met(const struct sched_list *list, unsigned i)
{
    return list->visits_left[i] >= SUBSTITUTED;
}

bool sched_list_substituted(const struct sched_list *list, unsigned i)
{
    return list->visits_left[i] == SUBSTITUTED;
}
