/* The strategies: repeatable, fair to what they promise, and each run under a lock is safe. */
#include "tap.h"

#include "../sched/sched.h"
#include "../sched/strategy.h"

#include <string.h>

#define MANY 20000u

static const struct sched_lock_kinds kinds = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP,
                                              SCHED_LOCK_FREE};

enum which { WALK, PCT, POS, SWEEP, WHICH };
static const char *const names[WHICH] = {"walk", "pct", "pos", "sweep"};

static union {
    struct sched_walk walk;
    struct sched_pct pct;
    struct sched_pos pos;
    struct sched_sweep sweep;
} chosen;

/* `parameter`: walk: its shift, pct: its depth; pct expects `length` points. */
static struct sched_strategy *choose(enum which which, uint32_t seed, unsigned parameter,
                                     uint32_t length)
{
    switch (which) {
    case WALK:
        sched_walk_init(&chosen.walk, seed, parameter);
        return &chosen.walk.base;
    case PCT:
        sched_pct_init(&chosen.pct, seed, parameter, length);
        return &chosen.pct.base;
    case POS:
        sched_pos_init(&chosen.pos, seed);
        return &chosen.pos.base;
    default:
        sched_sweep_init(&chosen.sweep, seed);
        return &chosen.sweep.base;
    }
}

static bool named_ok(bool passed, const char *name, const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%s: %s", name, what);
    return tap_ok(passed, text);
}

static enum sched_end run_as(unsigned threads, sched_body *body, struct sched_strategy *strategy)
{
    struct sched_setup setup = {
        .threads = threads, .body = body, .strategy = strategy, .step_limit = 10000};
    return sched_execute(&setup);
}

/* A thread that does `points` steps, each its own visit of the same point of "operation thread". */
static unsigned points = 3;

static void steps(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < points; i++)
        sched_point(SCHED_BEGIN, 0, i);
}

/* The threads of the trace's events in order, two bits an event. */
static uint64_t order_of_threads(void)
{
    uint64_t order = 1;
    for (uint64_t i = 0; i < sched_trace()->event_count; i++)
        order = order << 2 | sched_trace()->events[i].thread;
    return order;
}

/* Switches away from a thread that could have gone on. */
static unsigned preemptions(void)
{
    const struct sched_event *events = sched_trace()->events;
    unsigned count = 0;
    for (uint64_t i = 0; i + 1 < sched_trace()->event_count; i++)
        count += events[i].thread != events[i + 1].thread && events[i].kind != SCHED_EXIT &&
                 events[i].kind != SCHED_BLOCK;
    return count;
}

/* A small set. */
static struct {
    uint64_t member[4096];
    unsigned count;
} set;

static void set_add(uint64_t value)
{
    for (unsigned i = 0; i < set.count; i++)
        if (set.member[i] == value)
            return;
    if (set.count < sizeof set.member / sizeof set.member[0])
        set.member[set.count++] = value;
}

/* ---- Chance -------------------------------------------------------------------------------- */

static void chance(void)
{
    struct sched_random random = {.state = 0};
    uint64_t first = sched_random_next(&random), second = sched_random_next(&random);
    tap_ok(first == 0xe220a8397b1dcdafu && second == 0x6e789e6aa1b965f4u,
           "the numbers are splitmix64's");
    unsigned seen[7] = {0};
    bool below = true;
    for (unsigned i = 0; i < 7000; i++) {
        uint32_t value = sched_random_below(&random, 7);
        below = below && value < 7;
        seen[value % 7]++;
    }
    for (unsigned i = 0; i < 7; i++)
        below = below && seen[i] > 800 && seen[i] < 1200;
    tap_ok(below && sched_random_below(&random, 1) == 0, "a bounded number is even and in bounds");
}

/* ---- A counter under a lock ---------------------------------------------------------------- */

static uintptr_t lock;
static unsigned counter, inside;
static bool locked, queued, crowded;

static void count_once(void)
{
    unsigned seen = counter;
    crowded |= inside++ != 0;
    sched_point(SCHED_INTERLOCKED_BEFORE, 9, seen);
    counter = seen + 1;
    inside--;
}

static void count_body(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < 3; i++) {
        if (locked)
            sched_lock_acquire(&lock, &kinds);
        count_once();
        if (locked && queued)
            sched_lock_hand_over(&lock, &kinds);
        else if (locked)
            sched_lock_release(&lock, &kinds);
    }
}

static enum sched_end run_counter(enum which which, uint32_t seed, bool with_lock)
{
    counter = inside = 0;
    crowded = false;
    locked = with_lock;
    queued = seed & 1u;
    return run_as(0xf, count_body, choose(which, seed, 2 + seed % 4, 60));
}

static void mutual_exclusion(enum which which)
{
    unsigned wrong = 0, lost = 0;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        enum sched_end end = run_counter(which, seed, true);
        wrong += end != SCHED_DONE || counter != 12 || crowded;
        run_counter(which, seed, false);
        lost += counter < 12;
    }
    named_ok(wrong == 0, names[which], "a counter under a lock adds up");
    named_ok(lost > 20, names[which], "and without the lock it often does not");
}

/* ---- Repeatable ---------------------------------------------------------------------------- */

static bool same_switches(const struct sched_trace *a, const struct sched_trace *b)
{
    bool same = a->switch_count == b->switch_count;
    for (uint32_t i = 0; same && i < a->switch_count; i++)
        same =
            a->switches[i].event == b->switches[i].event && a->switches[i].to == b->switches[i].to;
    return same;
}

static void determinism(enum which which)
{
    static struct sched_trace before;
    unsigned differing = 0;
    set.count = 0;
    for (uint32_t seed = 0; seed < 200; seed++) {
        run_counter(which, seed, true);
        before = *sched_trace();
        set_add(before.hash);
        run_counter(which, seed + 77, true);
        run_counter(which, seed, true);
        differing += before.hash != sched_trace()->hash || !same_switches(&before, sched_trace());
    }
    named_ok(differing == 0, names[which], "one seed, one trace");
    named_ok(set.count > 100, names[which], "different seeds, mostly different traces");
}

/* ---- What is reached ----------------------------------------------------------------------- */

/* Two threads of 2 points and an exit: 6! / (3! 3!) orders. */
static void all_interleavings(enum which which)
{
    points = 2;
    set.count = 0;
    for (uint32_t seed = 0; seed < MANY; seed++) {
        run_as(0x3, steps, choose(which, seed, 1, 6));
        set_add(order_of_threads());
    }
    named_ok(set.count == 20, names[which], "reaches every order of two short threads");
}

/* Where somebody else could have gone on, while the running thread could, too. */
static unsigned chances(void)
{
    unsigned left = 4, count = 0;
    for (uint64_t i = 0; i < sched_trace()->event_count; i++) {
        left -= sched_trace()->events[i].kind == SCHED_EXIT;
        count += sched_trace()->events[i].kind != SCHED_EXIT && left > 1;
    }
    return count;
}

static void walk_rate(void)
{
    bool right = true;
    points = 100;
    for (unsigned shift = 0; shift <= 8; shift++) {
        double count = 0, expected = 0;
        for (uint32_t seed = 0; seed < 500; seed++) {
            run_as(0xf, steps, choose(WALK, seed, shift, 0));
            count += preemptions();
            expected += chances() / (double)(1u << (shift ? shift : 1));
        }
        right = right && count > expected * 0.8 && count < expected * 1.2;
    }
    tap_ok(right, "walk: switches once in 2^n points");
}

/* Threads without a point: only who comes first and who comes after an exit is chosen. */
static void all_orders(enum which which)
{
    points = 0;
    set.count = 0;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        run_as(0xf, steps, choose(which, seed, 1, 4));
        set_add(order_of_threads());
    }
    named_ok(set.count == 24, names[which], "reaches every order of four threads");
}

/* ---- PCT ----------------------------------------------------------------------------------- */

static void pct_orders(void)
{
    unsigned most = 0;
    points = 3;
    set.count = 0;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        run_as(0xf, steps, choose(PCT, seed, 1, 20));
        set_add(order_of_threads());
        if (preemptions() > most)
            most = preemptions();
    }
    tap_is(most, 0, "pct: of depth 1 preempts nobody");
    tap_is(set.count, 24, "pct: every order of four threads");
}

static void pct_depth(void)
{
    bool within = true, reached = true;
    points = 6;
    for (unsigned depth = 0; depth <= SCHED_PCT_MAX_DEPTH + 4; depth++) {
        unsigned capped = depth > SCHED_PCT_MAX_DEPTH ? SCHED_PCT_MAX_DEPTH : depth;
        unsigned bound = capped ? capped - 1 : 0, most = 0;
        for (uint32_t seed = 0; seed < 5000; seed++) {
            run_as(0xf, steps, choose(PCT, seed, depth, 28));
            if (preemptions() > most)
                most = preemptions();
        }
        within = within && most <= bound;
        reached = reached && most >= (bound < 3 ? bound : 3);
    }
    tap_ok(within, "pct: of depth d preempts d - 1 times at most");
    tap_ok(reached, "pct: and that often, too");
}

/* The guarantee: a bug of depth d in n threads and k steps shows once in n k^(d-1) runs. Here: all
 * of thread 1 between two given steps of thread 0. */
static void pct_guarantee(void)
{
    const unsigned k = 8;
    unsigned hits[4] = {0};
    points = 3;
    for (uint32_t seed = 0; seed < 4000; seed++) {
        run_as(0x3, steps, choose(PCT, seed, 2, k));
        const struct sched_event *events = sched_trace()->events;
        for (unsigned i = 1; i <= 3; i++)
            hits[i] += events[i - 1].thread == 0 && events[i].thread == 1 && preemptions() == 1;
    }
    unsigned expected = 4000 / (2 * k);
    bool right = true;
    for (unsigned i = 1; i <= 3; i++)
        right = right && hits[i] > expected * 3 / 4;
    tap_ok(right, "pct: finds a bug of depth 2 as often as the theorem says");
}

/* ---- POS ----------------------------------------------------------------------------------- */

/* Thread 0 arrives at `object` while others stand at 5, 6 and nothing; bit t: t was drawn anew. */
static unsigned redrawn(uint32_t object)
{
    struct sched_pos *pos = &chosen.pos;
    struct sched_event event = {.kind = SCHED_BEGIN, .object = object};
    struct sched_view view = {.runnable = 0xf, .event = &event};
    uint32_t before[4];
    sched_pos_init(pos, 3);
    pos->object[1] = 5;
    pos->object[2] = 6;
    unsigned changed = 0;
    memcpy(before, pos->priority, sizeof before);
    pos->base.choose(&pos->base, &view);
    for (unsigned t = 0; t < 4; t++)
        changed |= (unsigned)(before[t] != pos->priority[t]) << t;
    return changed;
}

static void pos_redraws(void)
{
    tap_ok(redrawn(5) == 0x3 && redrawn(6) == 0x5, "pos: whoever races is drawn anew");
    tap_ok(redrawn(7) == 0x1 && redrawn(0) == 0x1, "pos: and nobody else is");
}

static void pos_highest(void)
{
    bool right = true;
    for (uint32_t seed = 0; seed < 200; seed++) {
        struct sched_pos *pos = &chosen.pos;
        struct sched_event event = {.kind = SCHED_BEGIN};
        struct sched_view view = {.current = 1, .runnable = 0xd, .event = &event};
        sched_pos_init(pos, seed);
        int next = pos->base.choose(&pos->base, &view);
        for (int t = 0; t < 4; t++)
            right = right && (t == 1 || pos->priority[t] <= pos->priority[next]);
        right = right && next != 1 && pos->base.first(&pos->base, 0x4) == 2;
    }
    tap_ok(right, "pos: the highest that can run goes on");
}

/* ---- Sweep --------------------------------------------------------------------------------- */

/* Two threads of n points: preempt the one that starts at any of its n points, or not at all. */
static void sweep_is_complete(void)
{
    bool once = true;
    points = 5;
    set.count = 0;
    unsigned numbers = SCHED_PROGRAM_THREADS * SCHED_PROGRAM_THREADS * (points + 1);
    for (uint32_t number = 0; number < numbers; number++) {
        run_as(0x3, steps, choose(SWEEP, number, 0, 0));
        set_add(order_of_threads());
        once = once && sched_trace()->switch_count <= 1 && preemptions() <= 1;
    }
    unsigned reached = set.count;
    tap_ok(once, "sweep: each number preempts once at most");
    for (uint32_t number = 0; number < 2000; number++) {
        run_counter(SWEEP, number, true);
        once = once && sched_trace()->switch_count <= 1 && preemptions() <= 1;
    }
    tap_ok(once, "sweep: also among threads that block and wake");
    tap_is(reached, 2 * (points + 1), "sweep: consecutive numbers reach every single preemption");
}

/* Steps slowest: the first 16 numbers all preempt at the first step, the next at the second. */
static void sweep_order(void)
{
    bool right = true;
    points = 5;
    for (uint32_t number = 0; number < 80; number++) {
        run_as(0xf, steps, choose(SWEEP, number, 0, 0));
        const struct sched_trace *trace = sched_trace();
        unsigned start = number % 4, to = number / 4 % 4, step = number / 16;
        right = right && trace->events[0].thread == start;
        if (to == start)
            right = right && trace->switch_count == 0;
        else
            right = right && trace->switch_count == 1 && trace->switches[0].event == step &&
                    trace->switches[0].to == to;
    }
    tap_ok(right, "sweep: starting thread, thread to run, and, slowest, step");
}

int main(void)
{
    chance();
    for (enum which which = 0; which < WHICH; which++) {
        mutual_exclusion(which);
        determinism(which);
    }
    all_interleavings(WALK);
    all_interleavings(POS);
    for (enum which which = WALK; which <= POS; which++)
        all_orders(which);
    walk_rate();
    pct_orders();
    pct_depth();
    pct_guarantee();
    pos_redraws();
    pos_highest();
    sweep_is_complete();
    sweep_order();
    return tap_end();
}
