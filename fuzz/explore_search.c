/* One execution after the other. Three searches, one loop. */
#include "execute.h"
#include "explore.h"
#include "target.h"

#include "conformance/finding.h"

#include "sched/explore_state.h"
#include "sched/strategy.h"

#include <string.h>

/* Saving costs a fiftieth of the time, but once in a tenth of a second is often enough. */
#define SECONDS_BETWEEN_CHECKPOINTS 0.1
#define SHARE_OF_CHECKPOINTS        50
#define EXECUTIONS_BETWEEN_LOOKS    64u /* at the clock */

volatile sig_atomic_t explore_signal;

void explore_interrupt(int signal_number)
{
    explore_signal = signal_number;
}

/* What a search does: `begin` an execution, go on to the `next` (false: there is none). */
struct search {
    void (*start)(const struct exploration *x);
    struct sched_strategy *(*begin)(const struct exploration *x);
    bool (*next)(struct exploration *x, enum sched_end end);
    bool (*counts)(void); /* has the last execution an outcome of its own? */
    struct explore_state state;
};

/* ---- All ----------------------------------------------------------------------------------- */

static struct sched_explore explorer;
static uint64_t expected_path; /* of the first execution after a checkpoint was loaded */
static unsigned expected_steps;

static void all_start(const struct exploration *x)
{
    (void)x;
    sched_explore_init(&explorer);
}

static struct sched_strategy *all_begin(const struct exploration *x)
{
    (void)x;
    sched_explore_begin(&explorer);
    return &explorer.base;
}

static bool all_next(struct exploration *x, enum sched_end end)
{
    bool more = sched_explore_next(&explorer, end);
    x->pruned = explorer.pruned;
    return more;
}

static bool all_counts(void)
{
    return !sched_explore_was_pruned(&explorer);
}

static size_t all_save(uint8_t *bytes, size_t size)
{
    return sched_explore_save(&explorer, bytes, size);
}

static bool all_load(const uint8_t *bytes, size_t size)
{
    if (!sched_explore_load(&explorer, bytes, size))
        return false;
    expected_steps = explorer.replay;
    expected_path = sched_explore_path(&explorer, expected_steps);
    return true;
}

/* Did the first execution after a checkpoint take the way that it remembers? */
static bool keeps_to_path(void)
{
    return expected_steps == 0 || sched_explore_path(&explorer, expected_steps) == expected_path;
}

/* ---- Bounded ------------------------------------------------------------------------------- */

static struct sched_enumerate all;

static void bounded_start(const struct exploration *x)
{
    sched_enumerate_init(&all, NULL, 0, x->options->preemptions);
}

static struct sched_strategy *bounded_begin(const struct exploration *x)
{
    (void)x;
    sched_enumerate_begin(&all);
    return &all.base;
}

/* Each decision splits what is left evenly: an estimate. */
static double bounded_done(void)
{
    double done = 0, width = 1;
    for (unsigned i = 0; i < all.depth; i++) {
        width /= all.options[i];
        done += width * all.taken[i];
    }
    return done;
}

static bool bounded_next(struct exploration *x, enum sched_end end)
{
    (void)end;
    bool more = sched_enumerate_next(&all);
    x->done = more ? bounded_done() : 1;
    return more;
}

static bool always_counts(void)
{
    return true;
}

static size_t bounded_save(uint8_t *bytes, size_t size)
{
    size_t needed = 2 * (size_t)all.depth;
    if (bytes && size >= needed) {
        memcpy(bytes, all.taken, all.depth);
        memcpy(bytes + all.depth, all.options, all.depth);
    }
    return needed;
}

static bool bounded_load(const uint8_t *bytes, size_t size)
{
    if (size % 2 || size / 2 > SCHED_ENUMERATE_DECISIONS)
        return false;
    all.depth = (unsigned)(size / 2);
    memcpy(all.taken, bytes, all.depth);
    memcpy(all.options, bytes + all.depth, all.depth);
    for (unsigned i = 0; i < all.depth; i++)
        if (all.taken[i] >= all.options[i] || all.options[i] > SCHED_THREADS)
            return false;
    return true;
}

/* ---- Sampled ------------------------------------------------------------------------------- */

#define POINTS_PER_OPERATION 28u /* about: what PCT spreads its change points over */

static union {
    struct sched_walk walk;
    struct sched_pct pct;
    struct sched_pos pos;
} sampled;
static uint64_t seed;

static void sampled_start(const struct exploration *x)
{
    (void)x;
    seed = 1;
}

/* Rates and depths go round with the seeds. */
static struct sched_strategy *sampled_begin(const struct exploration *x)
{
    switch (x->options->strategy) {
    case STRATEGY_PCT:
        sched_pct_init(&sampled.pct, seed, 2 + (unsigned)(seed % 4),
                       POINTS_PER_OPERATION * (x->program.operation_count + 1));
        return &sampled.pct.base;
    case STRATEGY_POS:
        sched_pos_init(&sampled.pos, seed);
        return &sampled.pos.base;
    default:
        sched_walk_init(&sampled.walk, seed, 1 + (unsigned)(seed % 4));
        return &sampled.walk.base;
    }
}

static bool sampled_next(struct exploration *x, enum sched_end end)
{
    (void)end;
    x->done = (double)seed / (double)x->options->seeds;
    return seed++ < x->options->seeds;
}

static size_t sampled_save(uint8_t *bytes, size_t size)
{
    if (bytes && size >= sizeof seed)
        memcpy(bytes, &seed, sizeof seed);
    return sizeof seed;
}

static bool sampled_load(const uint8_t *bytes, size_t size)
{
    if (size == sizeof seed)
        memcpy(&seed, bytes, size);
    return size == sizeof seed;
}

static const struct search searches[] = {
    [SEARCH_ALL] = {all_start, all_begin, all_next, all_counts, {all_save, all_load}},
    [SEARCH_BOUNDED] =
        {bounded_start, bounded_begin, bounded_next, always_counts, {bounded_save, bounded_load}},
    [SEARCH_SAMPLED] =
        {sampled_start, sampled_begin, sampled_next, always_counts, {sampled_save, sampled_load}},
};

/* ---- The loop ------------------------------------------------------------------------------ */

/* The execution that just ended counts; false if the search is to stop because of it. */
static bool count(struct exploration *x)
{
    static struct outcome outcome;
    outcome_read(&x->program, &outcome);
    struct explore_outcome *entry = histogram_get(&x->histogram, x, &outcome);
    unsigned preemptions = explore_preemptions();
    if (entry->count++ == 0 || preemptions < entry->schedule.preemptions || !entry->schedule.named)
        explore_keep_schedule(x, entry, preemptions);
    return !x->options->first || entry->count > 1 || !explore_is_bad(x, &outcome);
}

/* One execution; false if the search is over, and x->end says why. */
static bool step(struct exploration *x, const struct search *search)
{
    struct harness_result result = execute_with(&x->program, search->begin(x));
    bool go_on = !search->counts() || count(x);
    x->executions++;
    if (x->options->search == SEARCH_ALL)
        x->done = sched_explore_done(&explorer);
    if (!search->next(x, result.end)) {
        x->end =
            x->options->search == SEARCH_ALL && explorer.truncated ? EXPLORE_CUT : EXPLORE_COMPLETE;
        return false;
    }
    x->end = go_on ? EXPLORE_AT_LIMIT : EXPLORE_AT_FIRST;
    return go_on && (x->options->limit == 0 || x->executions < x->options->limit);
}

static bool start(struct exploration *x, const struct search *search)
{
    search->start(x);
    x->end = EXPLORE_AT_LIMIT;
    if (!x->options->resume)
        return !x->options->checkpoint || explore_save(x, &search->state);
    if (!explore_load(x, &search->state))
        return false;
    x->resumed_at = x->executions;
    return true;
}

/* Save what there is, if it is time. */
static bool save_now_and_then(const struct exploration *x, const struct search *search)
{
    static double next;
    double now = explore_clock();
    if (!x->options->checkpoint || now < next)
        return true;
    bool saved = explore_save(x, &search->state);
    double took = explore_clock() - now;
    next = now + SECONDS_BETWEEN_CHECKPOINTS + SHARE_OF_CHECKPOINTS * took;
    return saved;
}

/* Run until the search is over or somebody interrupts. */
static bool loop(struct exploration *x, const struct search *search)
{
    while (step(x, search)) {
        if (x->executions == x->resumed_at + 1 && !keeps_to_path()) {
            fprintf(stderr, "%s: the checkpoint is of another build of the code under test\n",
                    x->options->checkpoint);
            return false;
        }
        if (explore_signal) {
            x->end = EXPLORE_SIGNAL;
            return true;
        }
        if (x->executions % EXECUTIONS_BETWEEN_LOOKS)
            continue;
        explore_progress(x, false);
        if (!save_now_and_then(x, search))
            return false;
    }
    return true;
}

/* As the checkpoint says. */
static bool is_over(const struct exploration *x)
{
    bool at_limit = x->options->limit && x->executions >= x->options->limit;
    return x->end == EXPLORE_COMPLETE || x->end == EXPLORE_CUT || at_limit;
}

bool explore_search(struct exploration *x)
{
    const struct search *search = &searches[x->options->search];
    expected_steps = 0;
    target_set_program(&x->program);
    if (!start(x, search))
        return false;
    if (is_over(x))
        return true;
    if (!loop(x, search))
        return false;
    explore_progress(x, true);
    return !x->options->checkpoint || explore_save(x, &search->state);
}
