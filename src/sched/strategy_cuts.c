#include "cuts.h"

#include <string.h>

static bool depend(const struct cuts_share *a, const struct cuts_share *b)
{
    const struct sched_footprint *x = &a->touched;
    const struct sched_footprint *y = &b->touched;
    uint64_t conflict = (x->writes & (y->reads | y->writes)) | (x->reads & y->writes) |
                        (x->stores & (y->loads | y->stores)) | (x->loads & y->stores);
    return (conflict | (a->took & b->took)) != 0;
}

static void join(struct cuts_share *all, const struct cuts_share *step)
{
    all->touched.reads |= step->touched.reads;
    all->touched.writes |= step->touched.writes;
    all->touched.loads |= step->touched.loads;
    all->touched.stores |= step->touched.stores;
    all->took |= step->took;
}

/* What the step that ends at this event has shared. */
static struct cuts_share shared_until(const struct sched_event *event)
{
    struct cuts_share step = {.took = 0};
    sched_take_footprint(event->thread, false, &step.touched);
    if (event->kind == SCHED_LOCK_GOT || event->kind == SCHED_CANCEL_LOCK_GOT)
        step.took = 1ull << event->object % 64;
    if (event->kind == SCHED_BLOCK)
        step.touched.writes |= sched_object_bit(SCHED_OBJECT_WAIT, 0);
    return step;
}

static int cuts_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_cuts *cuts = (struct sched_cuts *)strategy;
    if (view->current >= SCHED_PROGRAM_THREADS)
        return view->default_next;
    struct cuts_share step = shared_until(view->event);
    join(&cuts->seen[view->current], &step);
    if (cuts->depth == 0 || view->current != cuts->pairs[cuts->pair].from)
        return view->default_next;
    int to = cuts->pairs[cuts->pair].to;
    if (!depend(&step, &cuts->seen[to]) || ++cuts->met != cuts->depth)
        return view->default_next;
    return to; /* if it can run */
}

static int cuts_first(struct sched_strategy *strategy, unsigned runnable)
{
    const struct sched_cuts *cuts = (const struct sched_cuts *)strategy;
    (void)runnable;
    return cuts->depth == 0 ? cuts->start : cuts->pairs[cuts->pair].from;
}

/* Every ordered pair of threads, each at a random place among those before it. */
static void draw_pairs(struct sched_cuts *cuts, struct sched_random *random, unsigned threads)
{
    for (unsigned i = 0; i < SCHED_PROGRAM_THREADS * SCHED_PROGRAM_THREADS; i++) {
        unsigned from = i / SCHED_PROGRAM_THREADS;
        unsigned to = i % SCHED_PROGRAM_THREADS;
        if (from == to || !(threads >> from & threads >> to & 1u))
            continue;
        unsigned place = sched_random_below(random, cuts->pair_count + 1);
        cuts->pairs[cuts->pair_count++] = cuts->pairs[place];
        cuts->pairs[place].from = (uint8_t)from;
        cuts->pairs[place].to = (uint8_t)to;
    }
}

void sched_cuts_init(struct sched_cuts *cuts, uint64_t seed, unsigned threads)
{
    struct sched_random random = {.state = seed};
    memset(cuts, 0, sizeof *cuts);
    cuts->base = (struct sched_strategy){.choose = cuts_choose, .first = cuts_first};
    draw_pairs(cuts, &random, threads);
    unsigned skip = sched_random_below(&random, (unsigned)__builtin_popcount(threads));
    while (skip-- > 0)
        threads &= threads - 1;
    cuts->start = (uint8_t)__builtin_ctz(threads);
}

void sched_cuts_begin(struct sched_cuts *cuts)
{
    cuts->met = 0;
    sched_reset_footprints();
}

bool sched_cuts_next(struct sched_cuts *cuts)
{
    if (cuts->depth > 0 && cuts->met < cuts->depth) { /* it ran undisturbed: no deeper ones */
        cuts->pair_count--;
        memmove(&cuts->pairs[cuts->pair], &cuts->pairs[cuts->pair + 1],
                (cuts->pair_count - cuts->pair) * sizeof cuts->pairs[0]);
    } else if (cuts->depth > 0) {
        cuts->pair++;
    }
    if (cuts->depth == 0 || cuts->pair == cuts->pair_count) {
        cuts->depth++;
        cuts->pair = 0;
    }
    return cuts->pair_count > 0;
}
