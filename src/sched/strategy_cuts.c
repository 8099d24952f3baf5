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

/* Add up a mask; what is new in it. */
static uint64_t collect(uint64_t *all, uint64_t mask)
{
    uint64_t news = mask & ~*all;
    *all |= mask;
    return news;
}

/* Add up what a thread shares. If that is news, whoever preempts for it may have more to try. */
static void learn(struct sched_cuts *cuts, int thread, const struct cuts_share *step)
{
    struct cuts_share *seen = &cuts->seen[thread];
    uint64_t news = collect(&seen->touched.reads, step->touched.reads);
    news |= collect(&seen->touched.writes, step->touched.writes);
    news |= collect(&seen->touched.loads, step->touched.loads);
    news |= collect(&seen->touched.stores, step->touched.stores);
    news |= collect(&seen->took, step->took);
    for (unsigned i = 0; i < cuts->pair_count && news; i++)
        if (cuts->pairs[i].to == thread)
            cuts->pairs[i].exhausted = false;
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

/* The pair's thread has come to its next point: is it to be preempted here, for the first time? */
static bool cuts_here(struct sched_cuts *cuts, struct cuts_pair *pair,
                      const struct cuts_share *step)
{
    unsigned point = cuts->points++;
    if (cuts->cut || point >= CUTS_STEPS || !depend(step, &cuts->seen[pair->to]))
        return false;
    uint64_t bit = 1ull << point % 64;
    if (pair->tried[point / 64] & bit)
        return false;
    pair->tried[point / 64] |= bit;
    return cuts->cut = true;
}

static int cuts_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_cuts *cuts = (struct sched_cuts *)strategy;
    if (view->current >= SCHED_PROGRAM_THREADS)
        return view->default_next;
    struct cuts_share step = shared_until(view->event);
    learn(cuts, view->current, &step);
    if (cuts->pair == cuts->pair_count || view->current != cuts->pairs[cuts->pair].from)
        return view->default_next;
    struct cuts_pair *pair = &cuts->pairs[cuts->pair];
    return cuts_here(cuts, pair, &step) ? pair->to : view->default_next;
}

static int cuts_first(struct sched_strategy *strategy, unsigned runnable)
{
    const struct sched_cuts *cuts = (const struct sched_cuts *)strategy;
    (void)runnable;
    return cuts->pair == cuts->pair_count ? cuts->start : cuts->pairs[cuts->pair].from;
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
        cuts->pairs[place] = (struct cuts_pair){.from = (uint8_t)from, .to = (uint8_t)to};
    }
    cuts->pair = cuts->pair_count;
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
    cuts->points = 0;
    cuts->cut = false;
    sched_reset_footprints();
}

bool sched_cuts_next(struct sched_cuts *cuts)
{
    unsigned count = cuts->pair_count;
    unsigned last = cuts->pair;
    if (last < count && !cuts->cut)
        cuts->pairs[last].exhausted = true;
    for (unsigned i = 1; i <= count; i++) {
        cuts->pair = last < count ? (last + i) % count : i - 1;
        if (!cuts->pairs[cuts->pair].exhausted)
            return true;
    }
    return false;
}
