/* The scheduler: how executions end, and that nothing of one shows in the next. */
#include "tap.h"
#include "threads.h"

#include "../sched/sched.h"

#include <string.h>

#define LIMIT 400u

static const struct sched_lock_kinds kinds = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP,
                                              SCHED_LOCK_FREE};
static uintptr_t lock_a, lock_b, lock_c;

/* What the bodies of a test leave for it, in order. */
static char story[4096];

static void tell(char letter)
{
    size_t length = strlen(story);
    if (length + 1 < sizeof story) {
        story[length] = letter;
        story[length + 1] = '\0';
    }
}

static bool told(const char *expected)
{
    if (strcmp(story, expected) == 0)
        return true;
    printf("#      told \"%s\"\n# expected \"%s\"\n", story, expected);
    return false;
}

static enum sched_end run_setup(unsigned threads, sched_body *body_of_all, sched_body *epilogue)
{
    struct sched_setup setup = {.threads = threads,
                                .body = body_of_all,
                                .epilogue = epilogue,
                                .argument = story,
                                .step_limit = LIMIT};
    story[0] = '\0';
    return sched_execute(&setup);
}

static void two_points(void *argument, unsigned thread)
{
    (void)argument;
    tell((char)('0' + thread));
    sched_point(SCHED_BEGIN, 0, 0);
    tell((char)('0' + thread));
    sched_point(SCHED_END, 0, 0);
}

static void end_of_all(void *argument, unsigned thread)
{
    (void)argument;
    tell(thread == SCHED_EPILOGUE && sched_self() == SCHED_EPILOGUE ? 'e' : '?');
    sched_point(SCHED_BEGIN, 0, 0);
    tell('E');
}

/* Away at every point. */
static int always_away(struct sched_strategy *self, const struct sched_view *view)
{
    unsigned others = view->runnable & ~(1u << view->current);
    (void)self;
    return others ? __builtin_ctz(others) : view->current;
}

/* ---- Deadlock ------------------------------------------------------------------------------ */

static void take_two(uintptr_t *first, uintptr_t *second)
{
    sched_lock_acquire(first, &kinds);
    sched_lock_acquire(second, &kinds);
    tell('+');
    sched_lock_release(second, &kinds);
    sched_lock_release(first, &kinds);
}

static void take_ab(void)
{
    take_two(&lock_a, &lock_b);
}

static void take_ba(void)
{
    take_two(&lock_b, &lock_a);
}

static void take_bc(void)
{
    take_two(&lock_b, &lock_c);
}

static void take_ca(void)
{
    take_two(&lock_c, &lock_a);
}

static void just_end(void) {}

static enum sched_end run_abba(void)
{
    story[0] = '\0';
    return RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}), take_ab, take_ba);
}

static void deadlock_of_two(void)
{
    tap_is(run_abba(), SCHED_DEADLOCK, "ABBA: a deadlock");
    tap_ok(sched_waits_for(0) == 1 && sched_waits_for(1) == 0, "ABBA: each waits for the other");
    tap_ok(sched_is_blocked(0) && sched_is_blocked(1) && !sched_is_blocked(2),
           "ABBA: both are blocked and nobody else is");
}

static void deadlock_of_three(void)
{
    enum sched_end end = RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}, {1, SCHED_LOCK_GOT, 2}), take_ab,
                             take_bc, take_ca, just_end);
    tap_ok(end == SCHED_DEADLOCK && sched_waits_for(0) == 1 && sched_waits_for(1) == 2 &&
               sched_waits_for(2) == 0,
           "three threads in a ring: the cycle in the right order");
    tap_ok(sched_waits_for(3) == SCHED_NOBODY && !sched_is_blocked(3),
           "a thread that ended is in no cycle");
}

static void take_a_twice(void)
{
    take_two(&lock_a, &lock_a);
}

static void wait_for_ever(void)
{
    sched_block(&story);
}

/* A wait for anything but a lock has no owner, even if the address is that of a lock that is held.
 */
static void hold_and_end(void)
{
    sched_lock_acquire(&lock_a, &kinds);
}

static void wait_at_lock(void)
{
    sched_block(&lock_a);
}

static void deadlocks_of_one(void)
{
    tap_ok(RUN(NO_SCRIPT, take_a_twice) == SCHED_DEADLOCK && sched_waits_for(0) == 0,
           "taking a lock twice: a cycle of one");
    tap_ok(RUN(NO_SCRIPT, wait_for_ever) == SCHED_DEADLOCK && sched_waits_for(0) == SCHED_NOBODY &&
               sched_is_blocked(0),
           "a wait without a wake: blocked, but for no thread");
    tap_ok(RUN(NO_SCRIPT, wait_for_ever, just_end, just_end) == SCHED_DEADLOCK &&
               sched_is_blocked(0) && !sched_is_blocked(1),
           "also if everybody else ends");
    tap_ok(RUN(NO_SCRIPT, hold_and_end, wait_at_lock) == SCHED_DEADLOCK &&
               sched_waits_for(1) == SCHED_NOBODY,
           "a wait at a lock's address is none for the lock");
}

static void block_in_epilogue(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    sched_block(story);
}

static void block_body(void *argument, unsigned thread)
{
    (void)thread;
    sched_block(argument);
}

static void epilogue_and_deadlock(void)
{
    tap_ok(run_setup(1, block_body, end_of_all) == SCHED_DEADLOCK && told(""),
           "after a deadlock the epilogue does not run");
    tap_ok(run_setup(1, two_points, block_in_epilogue) == SCHED_DEADLOCK &&
               sched_is_blocked(SCHED_EPILOGUE),
           "an epilogue that blocks is a deadlock");
}

/* ---- Livelock ------------------------------------------------------------------------------ */

static bool flag;

static void spin_on_flag(void)
{
    while (!flag)
        sched_point(SCHED_INTERLOCKED_BEFORE, 0, 0);
}

static void set_flag(void)
{
    flag = true;
}

static void spin_body(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    flag = false;
    spin_on_flag();
}

static unsigned points_of(unsigned thread, uint64_t from)
{
    unsigned count = 0;
    for (uint64_t i = from; i < sched_trace()->event_count; i++)
        count += sched_trace()->events[i].thread == thread;
    return count;
}

static void livelock(void)
{
    tap_is(run_setup(0x3, spin_body, end_of_all), SCHED_LIVELOCK, "a spin loop: a livelock");
    tap_is((long long)sched_trace()->event_count, LIMIT + 1, "after exactly the points allowed");
    tap_ok(told(""), "after a livelock the epilogue does not run");
    unsigned first = points_of(0, LIMIT / 2 + 1), second = points_of(1, LIMIT / 2 + 1);
    tap_ok(first + second >= LIMIT / 2 - 1 && first - second + 1 <= 2,
           "for the last half the threads take turns");
    tap_is(points_of(1, 0), second, "and for the first half they do not");
}

static void fair_spinning(void)
{
    flag = false;
    tap_is(RUN(NO_SCRIPT, spin_on_flag, set_flag), SCHED_DONE,
           "spinning for what another thread will do is no livelock");
}

/* ---- Stop ---------------------------------------------------------------------------------- */

/* Deep, with something on the stack for the sanitizers to mind. */
static unsigned dive(unsigned depth, void (*at_the_bottom)(void))
{
    volatile char frame[200];
    frame[depth % sizeof frame] = (char)depth;
    if (depth == 0)
        at_the_bottom();
    else
        frame[0] = (char)dive(depth - 1, at_the_bottom);
    return (unsigned char)frame[depth % sizeof frame];
}

static void stop_here(void)
{
    tell('s');
    sched_stop();
}

static void stop_deep(void *argument, unsigned thread)
{
    (void)argument;
    tell((char)('0' + thread));
    sched_point(SCHED_BEGIN, 0, 0);
    if (thread == 1)
        dive(60, stop_here);
    sched_point(SCHED_END, 0, 0);
    tell('x');
}

static void stop_in_epilogue(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    dive(60, stop_here);
    tell('x');
}

static void stop_soon(void *argument, unsigned thread)
{
    (void)argument;
    sched_point(SCHED_BEGIN, 0, 0);
    tell((char)('0' + thread));
    if (thread == 1)
        sched_stop_soon();
    tell('y');
    sched_point(SCHED_END, 0, 0);
    tell('x');
}

static void stop_soon_at_last(void *argument, unsigned thread)
{
    (void)argument;
    sched_point(SCHED_BEGIN, 0, thread);
    sched_stop_soon();
}

static void stopping_soon(void)
{
    tap_ok(run_setup(0x7, stop_soon, end_of_all) == SCHED_STOPPED && told("0yx1y"),
           "sched_stop_soon lets its caller go on to its next point, and nobody further");
    tap_ok(run_setup(0x1, stop_soon_at_last, NULL) == SCHED_DONE,
           "an execution without a next point ends of itself");
    tap_ok(run_setup(0x3, stop_soon_at_last, NULL) == SCHED_STOPPED,
           "the end of a thread is a point if others are left");
    sched_stop_soon();
    tap_ok(run_setup(0x1, two_points, NULL) == SCHED_DONE,
           "outside of an execution it does nothing");
}

static void stopping(void)
{
    tap_ok(run_setup(0x6, stop_deep, end_of_all) == SCHED_STOPPED && told("1s"),
           "sched_stop from a nested call ends everything at once");
    tap_ok(run_setup(0x7, stop_deep, end_of_all) == SCHED_STOPPED && told("0x1s"),
           "threads that ended before are none the worse");
    tap_ok(run_setup(0x1, two_points, stop_in_epilogue) == SCHED_STOPPED && told("00s"),
           "also from the epilogue");
    tap_is(sched_self(), SCHED_OUTSIDE, "afterwards it is outside again");
}

/* ---- After a cut-off ----------------------------------------------------------------------- */

static unsigned total;

static void add_up(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < 3; i++) {
        sched_lock_acquire(&lock_a, &kinds);
        unsigned seen = total;
        sched_point(SCHED_BEGIN, 0, seen);
        total = seen + 1;
        sched_lock_release(&lock_a, &kinds);
    }
}

static uint64_t normal(void)
{
    struct sched_strategy strategy = {.choose = always_away};
    struct sched_setup setup = {
        .threads = 0xf, .body = add_up, .strategy = &strategy, .step_limit = 10000};
    total = 0;
    return sched_execute(&setup) == SCHED_DONE && total == 12 ? sched_trace()->hash : 0;
}

static void hold_a(void)
{
    sched_lock_acquire(&lock_a, &kinds);
    sched_point(SCHED_BEGIN, 0, 0);
    sched_block(&story);
}

static void deep_deadlock(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    dive(30, hold_a);
}

static void spin_with_lock(void)
{
    sched_lock_acquire(&lock_a, &kinds);
    spin_on_flag();
}

static void deep_livelock(void *argument, unsigned thread)
{
    (void)argument;
    flag = false;
    dive(10 + thread, spin_with_lock);
}

static void stop_with_locks(void)
{
    sched_lock_acquire(&lock_a, &kinds);
    sched_lock_acquire(&lock_b, &kinds);
    sched_stop();
}

static void deep_stop(void *argument, unsigned thread)
{
    (void)argument;
    sched_point(SCHED_BEGIN, 0, 0);
    if (thread == 2)
        dive(50, stop_with_locks);
    sched_point(SCHED_END, 0, 0);
}

static bool cut_off(unsigned way)
{
    switch (way) {
    case 0:
        return run_setup(0xf, deep_deadlock, NULL) == SCHED_DEADLOCK;
    case 1:
        return run_setup(0x7, deep_livelock, NULL) == SCHED_LIVELOCK;
    case 2:
        return run_setup(0xf, deep_stop, NULL) == SCHED_STOPPED;
    default:
        return run_abba() == SCHED_DEADLOCK;
    }
}

static void clean_after_cut_off(void)
{
    uint64_t hash = normal();
    unsigned wrong_ends = 0, wrong_runs = 0;
    for (unsigned i = 0; i < 200; i++) {
        wrong_ends += !cut_off(i % 4);
        wrong_ends += i % 3 == 0 && !cut_off((i + 1) % 4); /* two in a row, too */
        wrong_runs += normal() != hash;
    }
    tap_ok(hash != 0, "threads that add up under a lock");
    tap_is(wrong_ends, 0, "200 cut-offs: each ends as it should");
    tap_is(wrong_runs, 0, "after each the next execution is as if nothing had been");
}

static uint64_t hash_after(unsigned way)
{
    cut_off(way);
    return sched_trace()->hash;
}

static void cut_off_is_repeatable(void)
{
    bool same = true;
    for (unsigned way = 0; way < 4; way++) {
        uint64_t hash = hash_after(way);
        for (unsigned i = 0; i < 10; i++) {
            normal();
            same = same && hash_after(way) == hash;
        }
    }
    tap_ok(same, "the trace of a cut-off execution repeats");
}

int main(void)
{
    deadlock_of_two();
    deadlock_of_three();
    deadlocks_of_one();
    epilogue_and_deadlock();
    livelock();
    fair_spinning();
    stopping();
    stopping_soon();
    clean_after_cut_off();
    cut_off_is_repeatable();
    return tap_end();
}
