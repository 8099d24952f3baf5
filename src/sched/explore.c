#include "explore.h"

#include <string.h>

#define BIT(thread) ((uint8_t)(1u << (thread)))

/* ---- Effects ------------------------------------------------------------------------------- */

static bool dependent(const struct explore_effect *a, const struct explore_effect *b)
{
    const struct sched_footprint *x = &a->touched;
    const struct sched_footprint *y = &b->touched;
    uint64_t conflict = (x->writes & (y->reads | y->writes)) | (x->reads & y->writes) |
                        (x->stores & (y->loads | y->stores)) | (x->loads & y->stores);
    return conflict != 0 || (a->took != 0 && a->took == b->took);
}

static bool has_effect(const struct explore_effect *effect)
{
    const struct sched_footprint *touched = &effect->touched;
    return effect->took || effect->gave ||
           (touched->reads | touched->writes | touched->loads | touched->stores) != 0;
}

static uint8_t lock_of(const struct sched_event *event)
{
    return (uint8_t)(event->object % EXPLORE_LOCKS + 1);
}

static void want(struct sched_explore *explorer, int thread, uint8_t lock)
{
    explorer->wants[thread] = lock;
    if (lock)
        explorer->wanting |= BIT(thread);
    else
        explorer->wanting &= (uint8_t)~BIT(thread);
}

/* What the step that ends at this event did to locks; what its thread wants next. */
static void note_locks(struct sched_explore *explorer, struct explore_effect *effect,
                       const struct sched_event *event)
{
    switch (event->kind) {
    case SCHED_LOCK_WANT:
    case SCHED_CANCEL_LOCK_WANT: /* a value: a try, which does not wait */
        want(explorer, event->thread, event->value == 0 ? lock_of(event) : 0);
        break;
    case SCHED_LOCK_GOT:
    case SCHED_CANCEL_LOCK_GOT:
        want(explorer, event->thread, 0);
        effect->took = lock_of(event);
        explorer->holder[effect->took - 1] = (uint8_t)(event->thread + 1);
        break;
    case SCHED_LOCK_FREE:
    case SCHED_CANCEL_LOCK_FREE:
        effect->gave = lock_of(event);
        explorer->holder[effect->gave - 1] = 0;
        break;
    case SCHED_BLOCK:
        effect->touched.writes |= sched_object_bit(SCHED_OBJECT_WAIT, 0);
        break;
    default:;
    }
}

/* Does the code under test run after this point, rather than the driver's or the kernel's? */
static bool library_follows(unsigned kind)
{
    switch (kind) {
    case SCHED_BEGIN:
    case SCHED_ACQUIRE_OUT:
    case SCHED_RELEASE_OUT:
    case SCHED_INSERT_OUT:
    case SCHED_REMOVE_OUT:
    case SCHED_PEEK_OUT:
    case SCHED_COMPLETE_OUT:
    case SCHED_SWAP_AFTER:
    case SCHED_CALL_BEFORE:
    case SCHED_CANCEL_LOCK_FREE:
    case SCHED_INTERLOCKED_AFTER:
        return true;
    default:
        return false;
    }
}

/* The last step is over: what its thread has touched is its effect. The next one begins with what
 * the code under test may look at without a point of its own. */
static void end_step(struct sched_explore *explorer, const struct sched_event *event)
{
    if (explorer->length == 0)
        return;
    struct explore_step *step = &explorer->steps[explorer->length - 1];
    bool looks = event && library_follows(event->kind);
    step->effect.took = step->effect.gave = 0;
    sched_take_footprint(step->thread, looks, &step->effect.touched);
    if (event)
        note_locks(explorer, &step->effect, event);
}

/* ---- Choosing ------------------------------------------------------------------------------ */

/* Of those who can run: who would not just find its lock held. */
static uint8_t enabled_of(const struct sched_explore *explorer, unsigned runnable)
{
    uint8_t enabled = (uint8_t)runnable;
    for (unsigned waiting = runnable & explorer->wanting; waiting; waiting &= waiting - 1) {
        int thread = __builtin_ctz(waiting);
        if (explorer->holder[explorer->wants[thread] - 1] != 0)
            enabled &= (uint8_t)~BIT(thread);
    }
    return enabled;
}

/* Who sleeps after `step`: those who slept or were tried before it and do not depend on it. */
static void fall_asleep(struct explore_step *next, const struct explore_step *step)
{
    uint8_t candidates = (uint8_t)((step->asleep | step->done) & ~BIT(step->thread));
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if ((candidates & BIT(t)) && !dependent(&step->known[t], &step->effect)) {
            next->asleep |= BIT(t);
            next->known[t] = step->known[t];
        }
}

/* The new state's first thread to try: the one that was running, if it may, else the lowest. */
static int pick(uint8_t may, int current)
{
    if (may & BIT(current))
        return current;
    return may ? __builtin_ctz(may) : SCHED_NOBODY;
}

/* The state has not been reached before: enter it in the path. */
static int extend(struct sched_explore *explorer, uint8_t enabled, int current)
{
    struct explore_step *step = &explorer->steps[explorer->length];
    step->enabled = enabled; /* `known` and `clock` are filled before they are read */
    step->done = step->asleep = 0;
    if (explorer->length > 0)
        fall_asleep(step, step - 1);
    int thread = pick((uint8_t)(enabled & ~step->asleep), current);
    if (thread == SCHED_NOBODY) {
        explorer->redundant = true;
        return SCHED_NOBODY;
    }
    step->thread = (uint8_t)thread;
    step->backtrack = BIT(thread);
    return thread;
}

/* Who goes on from here; `kind`: the point where we are. */
static int decide(struct sched_explore *explorer, unsigned runnable, int current, uint8_t kind)
{
    if (explorer->stuck || explorer->length == EXPLORE_STEPS) {
        explorer->truncated |= explorer->length == EXPLORE_STEPS;
        return SCHED_NOBODY;
    }
    uint8_t enabled = enabled_of(explorer, runnable);
    if (enabled == 0) {
        explorer->stuck = true;
        return SCHED_NOBODY;
    }
    int thread = explorer->length < explorer->replay ? explorer->steps[explorer->length].thread
                                                     : extend(explorer, enabled, current);
    if (thread != SCHED_NOBODY)
        explorer->steps[explorer->length++].started = kind;
    return thread;
}

static int explore_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct sched_explore *explorer = (struct sched_explore *)strategy;
    if (view->current >= SCHED_PROGRAM_THREADS)
        return view->default_next; /* the epilogue, alone */
    if (!explorer->stuck && explorer->length < EXPLORE_STEPS)
        end_step(explorer, view->event);
    int thread = decide(explorer, view->runnable, view->current, view->event->kind);
    if (explorer->redundant)
        sched_stop();
    return thread == SCHED_NOBODY ? view->default_next : thread;
}

static int explore_first(struct sched_strategy *strategy, unsigned runnable)
{
    struct sched_explore *explorer = (struct sched_explore *)strategy;
    explorer->threads = runnable;
    return decide(explorer, runnable, __builtin_ctz(runnable), SCHED_KINDS);
}

/* ---- Learning ------------------------------------------------------------------------------ */

/* Does step j happen before whatever has this clock? */
static bool is_before(const struct explore_step *j, const uint16_t clock[])
{
    return j->clock[j->thread] <= clock[j->thread];
}

static void join(uint16_t clock[], const uint16_t other[])
{
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if (clock[t] < other[t])
            clock[t] = other[t];
}

/*
 * The first threads of what follows step j in this execution and is not after it, up to and with
 * step i of `thread`: by whom a sequence can begin that brings i before j. clock: i's own.
 */
static uint8_t initials(const struct sched_explore *explorer, unsigned j, unsigned i, int thread,
                        const uint16_t clock[])
{
    const struct explore_step *steps = explorer->steps;
    uint8_t seen = 0;
    uint8_t first = 0;
    for (unsigned k = j + 1; k <= i; k++) {
        int t = k == i ? thread : steps[k].thread;
        const uint16_t *own = k == i ? clock : steps[k].clock;
        if (k < i && is_before(&steps[j], own))
            continue;
        bool free = !(seen & BIT(t));
        for (unsigned m = j + 1; free && m < k; m++)
            free = is_before(&steps[j], steps[m].clock) || !is_before(&steps[m], own);
        seen |= BIT(t);
        if (free)
            first |= BIT(t);
    }
    return first;
}

/* Steps j and i race: see to it that, from the state before j, i is tried before j. */
static void reverse(struct sched_explore *explorer, unsigned j, unsigned i, int thread,
                    const uint16_t clock[])
{
    struct explore_step *at = &explorer->steps[j];
    if (!(at->enabled & ~(at->backtrack | at->asleep)))
        return; /* everybody is tried there */
    uint8_t first = initials(explorer, j, i, thread, clock);
    if (first & (at->backtrack | at->asleep))
        return;
    uint8_t can = first & at->enabled;
    if (can == 0)
        at->backtrack |= at->enabled;
    else
        at->backtrack |= can & BIT(thread) ? BIT(thread) : (uint8_t)(can & -can);
}

/* The latest of the first `length` steps that has an effect, plus 1; 0: none. */
static unsigned last_effect(const struct sched_explore *explorer, unsigned length)
{
    if (length == 0 || has_effect(&explorer->steps[length - 1].effect))
        return length;
    return explorer->steps[length - 1].previous;
}

/*
 * Find all races of step i (of `thread`, with that effect); `clock`, at first its thread's before
 * it, becomes its own.
 *
 * A lock's release is before the next time it is taken, but these two are no race: as long as the
 * lock is held nobody can take it. What can be turned round is who takes it first, so the release
 * is left out of the search for races and joined afterwards.
 */
static void find_races(struct sched_explore *explorer, unsigned i, int thread,
                       const struct explore_effect *effect, uint16_t clock[])
{
    static unsigned racing[EXPLORE_STEPS];
    const struct explore_step *release = NULL;
    unsigned races = 0;
    uint8_t open = (uint8_t)(explorer->threads & ~(unsigned)BIT(thread)); /* not all before i yet */
    for (unsigned next = last_effect(explorer, i); next > 0 && open;) {
        unsigned j = next - 1;
        const struct explore_step *earlier = &explorer->steps[j];
        next = earlier->previous;
        if (!(open & BIT(earlier->thread)))
            continue;
        if (is_before(earlier, clock)) {
            open &= (uint8_t)~BIT(earlier->thread);
            continue;
        }
        if (effect->took && earlier->effect.gave == effect->took) {
            release = release ? release : earlier;
        } else if (dependent(&earlier->effect, effect)) {
            racing[races++] = j;
            join(clock, earlier->clock);
        }
    }
    if (release)
        join(clock, release->clock);
    while (races > 0)
        reverse(explorer, racing[--races], i, thread, clock);
}

/* The clock of a thread before its next step, which follows `length` others. */
static void clock_before(const struct sched_explore *explorer, unsigned length, int thread,
                         uint16_t clock[])
{
    memset(clock, 0, SCHED_PROGRAM_THREADS * sizeof clock[0]);
    for (unsigned k = length; k-- > 0;)
        if (explorer->steps[k].thread == thread) {
            join(clock, explorer->steps[k].clock);
            return;
        }
}

/* The races of the steps that are new in this execution. */
static void analyze(struct sched_explore *explorer)
{
    uint16_t clocks[SCHED_PROGRAM_THREADS][SCHED_PROGRAM_THREADS];
    unsigned i = explorer->replay ? explorer->replay - 1 : 0;
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++)
        clock_before(explorer, i, t, clocks[t]);
    for (; i < explorer->length; i++) {
        struct explore_step *step = &explorer->steps[i];
        uint16_t *clock = clocks[step->thread];
        step->previous = (uint16_t)last_effect(explorer, i);
        if (has_effect(&step->effect))
            find_races(explorer, i, step->thread, &step->effect, clock);
        clock[step->thread]++;
        memcpy(step->clock, clock, sizeof step->clock);
    }
}

/* The execution ended while somebody waits for a lock, in a deadlock or cut off: had that one taken
 * the lock before its holder did ... */
static void analyze_waiting(struct sched_explore *explorer)
{
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++) {
        struct explore_effect effect = {.took = explorer->wants[t]};
        uint16_t clock[SCHED_PROGRAM_THREADS];
        if (!effect.took || !explorer->holder[effect.took - 1])
            continue;
        clock_before(explorer, explorer->length, t, clock);
        find_races(explorer, explorer->length, t, &effect, clock);
    }
}

/* The last step ended the execution for everybody: as if it touched all there is, and whoever else
 * could have gone on must be tried there. */
static void spread_end(struct sched_explore *explorer)
{
    struct explore_step *last = &explorer->steps[explorer->length - 1];
    last->effect.touched.reads = last->effect.touched.writes = ~0ull;
    last->effect.touched.loads = last->effect.touched.stores = ~0ull;
    last->backtrack |= last->enabled;
}

/* Go on to the deepest state where somebody is left to try. */
static bool backtrack(struct sched_explore *explorer)
{
    for (unsigned k = explorer->length; k-- > 0;) {
        struct explore_step *step = &explorer->steps[k];
        step->done |= BIT(step->thread);
        step->known[step->thread] = step->effect;
        uint8_t left = (uint8_t)(step->backtrack & ~step->done & ~step->asleep);
        if (left) {
            step->thread = (uint8_t)__builtin_ctz(left);
            explorer->replay = k + 1;
            return true;
        }
    }
    return false;
}

bool sched_explore_next(struct sched_explore *explorer, enum sched_end end)
{
    bool open = !explorer->stuck && !explorer->redundant && explorer->length < EXPLORE_STEPS;
    if (open)
        end_step(explorer, NULL);
    explorer->pruned += explorer->redundant;
    if (open && end != SCHED_DONE && explorer->length > 0)
        spread_end(explorer);
    analyze(explorer);
    if (end != SCHED_DONE && !explorer->redundant)
        analyze_waiting(explorer);
    return backtrack(explorer);
}

bool sched_explore_was_pruned(const struct sched_explore *explorer)
{
    return explorer->redundant;
}

double sched_explore_done(const struct sched_explore *explorer)
{
    double done = 0;
    double width = 1;
    for (unsigned k = 0; k < explorer->length; k++) {
        const struct explore_step *step = &explorer->steps[k];
        int all = __builtin_popcount(step->backtrack | step->done);
        width /= all;
        done += width * __builtin_popcount(step->done);
    }
    return done;
}

/* ---- Set-up -------------------------------------------------------------------------------- */

void sched_explore_init(struct sched_explore *explorer)
{
    explorer->base = (struct sched_strategy){.choose = explore_choose, .first = explore_first};
    explorer->length = explorer->replay = 0;
    explorer->truncated = false;
    explorer->executions = explorer->pruned = 0;
}

void sched_explore_begin(struct sched_explore *explorer)
{
    explorer->length = 0;
    explorer->stuck = explorer->redundant = false;
    explorer->executions++;
    explorer->wanting = 0;
    memset(explorer->wants, 0, sizeof explorer->wants);
    memset(explorer->holder, 0, sizeof explorer->holder);
    sched_reset_footprints();
}
