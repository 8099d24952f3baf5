/*
 * The scheduler: what ends the process, or might hang it, and what ThreadSanitizer is told. Each
 * test runs in a process of its own.
 */
#define _GNU_SOURCE /* alarm */
#include "tap.h"
#include "threads.h"

#include "../sched/sched.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 10 /* seconds, after which a child counts as hung */

static const struct sched_lock_kinds kinds = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP,
                                              SCHED_LOCK_FREE};

/* By default ThreadSanitizer sleeps for a second at the end of each process. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}

/* ---- Children ------------------------------------------------------------------------------ */

enum fate { SUCCEEDED, FAILED, HUNG };

/* Reports of a sanitizer are what a test may be after: they are not to be read by people. */
static _Noreturn void be_child(bool (*routine)(void))
{
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    alarm(PATIENCE);
    exit(routine() ? 0 : 1);
}

static enum fate fate_of(bool (*routine)(void))
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        be_child(routine);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return FAILED;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return HUNG;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SUCCEEDED : FAILED;
}

static void check_fate(bool (*routine)(void), enum fate expected, const char *name)
{
    static const char *const words[] = {"succeeded", "failed", "hung"};
    enum fate fate = fate_of(routine);
    if (!tap_ok(fate == expected, name))
        printf("#      the process %s\n# expected: it %s\n", words[fate], words[expected]);
}

static void just_end(void) {}

/* ---- Ends of the process ------------------------------------------------------------------- */

static bool child_works(void)
{
    return RUN(NO_SCRIPT, just_end, just_end) == SCHED_DONE;
}

static bool child_fails(void)
{
    return RUN(NO_SCRIPT, just_end, just_end) != SCHED_DONE;
}

static bool wait_outside(void)
{
    sched_block(&kinds);
    return true;
}

static uintptr_t lock, second_lock;

static bool lock_twice_outside(void)
{
    sched_lock_acquire(&lock, &kinds);
    sched_lock_acquire(&lock, &kinds);
    return true;
}

#define STACK (264u * 1024u) /* a little more than a logical thread has */

/* Go down until so much of the stack is used, and come back. */
static unsigned go_down(const char *top)
{
    volatile char frame[1000];
    unsigned used = (unsigned)(top - (const char *)__builtin_frame_address(0));
    frame[used % sizeof frame] = (char)used;
    return used > STACK ? 0 : go_down(top) + (unsigned char)frame[used % sizeof frame];
}

static volatile unsigned result;

static void overflow(void)
{
    result = go_down(__builtin_frame_address(0));
}

static bool overflow_a_stack(void)
{
    return RUN(NO_SCRIPT, just_end, overflow) == SCHED_DONE;
}

static void ends_of_process(void)
{
    check_fate(child_works, SUCCEEDED, "an execution in a child process");
    check_fate(child_fails, FAILED, "and one that fails");
    check_fate(wait_outside, FAILED, "waiting outside of an execution ends the process");
    check_fate(lock_twice_outside, FAILED, "so does taking a lock twice there");
    check_fate(overflow_a_stack, FAILED, "a stack that overflows ends the process");
}

/* ---- Hangs --------------------------------------------------------------------------------- */

static int turn[2];

static void ping(void)
{
    for (;;) {
        sched_wake(&turn[1]);
        sched_block(&turn[0]);
    }
}

static void pong(void)
{
    for (;;) {
        sched_wake(&turn[0]);
        sched_block(&turn[1]);
    }
}

static bool play_for_ever(void)
{
    return RUN(NO_SCRIPT, ping, pong) == SCHED_LIVELOCK;
}

static void hangs(void)
{
    check_fate(play_for_ever, SUCCEEDED,
               "two threads that only wake each other and wait: a livelock");
}

/* ---- What ThreadSanitizer is told ---------------------------------------------------------- */

void __tsan_acquire(void *address) __attribute__((weak));

/* This file is not instrumented: memcpy, called through a pointer the compiler cannot see through,
 * is what ThreadSanitizer watches. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static long shared, private_to[6];

static void touch(void)
{
    copy(&private_to[sched_self()], &shared, sizeof shared);
    copy(&shared, &private_to[sched_self()], sizeof shared);
}

static void touch_locked(void)
{
    sched_lock_acquire(&lock, &kinds);
    touch();
    sched_lock_release(&lock, &kinds);
}

static void touch_handed_over(void)
{
    sched_lock_acquire(&lock, &kinds);
    touch();
    sched_point(SCHED_BEGIN, 0, 0);
    sched_lock_hand_over(&lock, &kinds);
}

static void touch_tried(void)
{
    while (!sched_lock_try(&lock, &kinds))
        ;
    touch();
    sched_point(SCHED_BEGIN, 0, 0);
    sched_lock_release(&lock, &kinds);
}

static bool race_free_run(void)
{
    return RUN(NO_SCRIPT, touch, touch) == SCHED_DONE;
}

static bool race_with_switch(void)
{
    return RUN(SCRIPT({0, SCHED_LOCK_FREE, 1}, {1, SCHED_EXIT, 0}), touch_locked, touch) ==
           SCHED_DONE;
}

static bool locked_run(void)
{
    return RUN(NO_SCRIPT, touch_locked, touch_locked, touch_locked) == SCHED_DONE;
}

static bool handed_over_run(void)
{
    return RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BLOCK, 0}), touch_handed_over,
               touch_handed_over) == SCHED_DONE;
}

static bool tried_run(void)
{
    return RUN(SCRIPT({0, SCHED_BEGIN, 1}), touch_tried, touch_tried) == SCHED_DONE;
}

static void touch_body(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    touch();
}

static bool touch_around(unsigned threads)
{
    struct sched_setup setup = {
        .threads = threads, .body = touch_body, .epilogue = touch_body, .step_limit = 100};
    bool done = true;
    for (unsigned i = 0; i < 3; i++) {
        touch();
        done = done && sched_execute(&setup) == SCHED_DONE;
        touch();
    }
    return done;
}

static bool start_and_end_run(void)
{
    return touch_around(0x1) && touch_around(0x4) && touch_around(0);
}

static void take_both(uintptr_t *first, uintptr_t *second)
{
    sched_lock_acquire(first, &kinds);
    sched_lock_acquire(second, &kinds);
    sched_lock_release(second, &kinds);
    sched_lock_release(first, &kinds);
}

static void take_in_order(void)
{
    take_both(&lock, &second_lock);
}

static void take_in_disorder(void)
{
    take_both(&second_lock, &lock);
}

static bool inversion_run(void)
{
    return RUN(NO_SCRIPT, take_in_order, take_in_disorder) == SCHED_DONE;
}

static bool separate_runs(void)
{
    return RUN(NO_SCRIPT, take_in_order, just_end) == SCHED_DONE &&
           RUN(NO_SCRIPT, just_end, take_in_disorder) == SCHED_DONE;
}

static void take_and_retire(void)
{
    take_in_order();
    sched_lock_retire(&lock);
}

static bool inversion_after_retiring(void)
{
    return RUN(NO_SCRIPT, take_and_retire, take_in_disorder) == SCHED_DONE;
}

/* ---- Cut off with locks held: ThreadSanitizer must have nothing to say --------------------- */

static void stop_with_lock(void)
{
    sched_lock_acquire(&lock, &kinds);
    sched_lock_acquire(&second_lock, &kinds);
    sched_stop();
}

static bool cut_off_with_locks(void)
{
    return RUN(NO_SCRIPT, just_end, stop_with_lock) == SCHED_STOPPED && locked_run();
}

static void end_with_lock(void)
{
    sched_lock_acquire(&lock, &kinds);
}

static bool end_with_lock_held(void)
{
    return RUN(NO_SCRIPT, end_with_lock) == SCHED_DONE && locked_run();
}

static bool deadlock_with_locks(void)
{
    return RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}), take_in_order, take_in_disorder) == SCHED_DEADLOCK &&
           locked_run();
}

static void hold_hand_over_stop(void)
{
    sched_lock_acquire(&lock, &kinds);
    sched_point(SCHED_BEGIN, 0, 0);
    sched_lock_hand_over(&lock, &kinds);
    sched_stop();
}

static bool stop_after_hand_over(void)
{
    return RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BLOCK, 0}), hold_hand_over_stop,
               touch_handed_over) == SCHED_STOPPED &&
           locked_run();
}

static void hold_and_hand_over(void)
{
    sched_lock_acquire(&lock, &kinds);
    sched_point(SCHED_BEGIN, 0, 0);
    sched_lock_hand_over(&lock, &kinds);
}

static bool stop_with_lock_handed_over(void)
{
    return RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BLOCK, 0}), hold_and_hand_over,
               stop_with_lock) == SCHED_STOPPED &&
           locked_run();
}

static void nothing_to_report(void)
{
    check_fate(locked_run, SUCCEEDED, "a lock orders its holders");
    check_fate(handed_over_run, SUCCEEDED, "also when handed over");
    check_fate(tried_run, SUCCEEDED, "also when tried for");
    check_fate(start_and_end_run, SUCCEEDED, "start and end of an execution order what they part");
    check_fate(separate_runs, SUCCEEDED, "lock orders of two executions are no inversion");
    check_fate(inversion_after_retiring, SUCCEEDED, "nor those before and after a lock's end");
    check_fate(cut_off_with_locks, SUCCEEDED, "a stop with locks held");
    check_fate(end_with_lock_held, SUCCEEDED, "a thread that ends with its lock");
    check_fate(deadlock_with_locks, SUCCEEDED, "a deadlock");
    check_fate(stop_after_hand_over, SUCCEEDED,
               "a stop between a hand-over and the new owner's first step");
    check_fate(stop_with_lock_handed_over, SUCCEEDED, "and one after that step");
}

static void races_are_reported(void)
{
    enum fate expected = __tsan_acquire ? FAILED : SUCCEEDED;
    check_fate(race_free_run, expected, "TSan: running one after the other orders nothing");
    check_fate(race_with_switch, expected, "TSan: nor does a switch");
    check_fate(inversion_run, expected, "TSan: an inversion of lock order within an execution");
}

int main(void)
{
    ends_of_process();
    hangs();
    nothing_to_report();
    races_are_reported();
    return tap_end();
}
