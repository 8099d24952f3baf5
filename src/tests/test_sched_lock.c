/* The scheduler: lock words, waiting and waking, and a toy queue made of them. */
#include "tap.h"
#include "threads.h"

#include "../sched/sched.h"
#include "../sched/strategy.h"

#include <string.h>

static const struct sched_lock_kinds kinds = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP,
                                              SCHED_LOCK_FREE};
static uintptr_t lock, second_lock;

static void acquire(void)
{
    sched_lock_acquire(&lock, &kinds);
}

static void release(void)
{
    sched_lock_release(&lock, &kinds);
}

static void hand_over(void)
{
    sched_lock_hand_over(&lock, &kinds);
}

static void just_end(void) {}

/* Who did something, in order: each digit a thread. */
static char story[64];

static void tell(void)
{
    size_t length = strlen(story);
    if (length + 1 < sizeof story) {
        story[length] = (char)('0' + sched_self());
        story[length + 1] = '\0';
    }
}

static void check_story(const char *expected, const char *name)
{
    if (!tap_ok(strcmp(story, expected) == 0, name))
        printf("#      order \"%s\"\n# expected \"%s\"\n", story, expected);
    story[0] = '\0';
}

/* ---- Words --------------------------------------------------------------------------------- */

static int owners[4];
static uint32_t numbers[5];

static void look_at_words(void)
{
    numbers[0] = sched_lock_number(&second_lock);
    owners[0] = sched_lock_owner(&second_lock);
    sched_lock_acquire(&second_lock, &kinds);
    owners[1] = sched_lock_owner(&second_lock);
    numbers[1] = sched_lock_number(&second_lock);
    acquire();
    numbers[2] = sched_lock_number(&lock);
    release();
    owners[2] = sched_lock_owner(&lock);
    sched_lock_release(&second_lock, &kinds);
    sched_lock_retire(&lock);
    numbers[3] = sched_lock_number(&lock);
    owners[3] = sched_lock_owner(&lock);
    acquire();
    numbers[4] = sched_lock_number(&lock);
    release();
}

static void words(void)
{
    for (int round = 0; round < 2; round++) {
        RUN(NO_SCRIPT, just_end, look_at_words);
        tap_ok(owners[0] == SCHED_NOBODY && owners[1] == 1 && owners[2] == SCHED_NOBODY,
               "a lock's owner is the thread that has it");
        tap_ok(numbers[0] == 0 && numbers[1] == 1 && numbers[2] == 2,
               round ? "and anew in the next execution" : "locks are numbered by first use");
        tap_ok(numbers[3] == 0 && owners[3] == SCHED_NOBODY && numbers[4] == 3,
               "a retired lock is a new one");
    }
}

static void outside(void)
{
    acquire();
    tap_is(sched_lock_owner(&lock), SCHED_OUTSIDE, "set-up code may take a lock");
    tap_ok(!sched_lock_try(&lock, &kinds), "which is then not free");
    release();
    tap_ok(sched_lock_try(&lock, &kinds), "and give it back");
    release();
}

static bool event_is(unsigned index, unsigned kind, uint32_t object, uint64_t value)
{
    const struct sched_event *event = &sched_trace()->events[index];
    return event->kind == kind && event->object == object && event->value == value;
}

static void acquire_and_release(void)
{
    acquire();
    release();
}

static void points_of_a_lock(void)
{
    RUN(NO_SCRIPT, acquire_and_release);
    tap_ok(sched_trace()->event_count == 5 && event_is(0, SCHED_LOCK_WANT, 1, 0) &&
               event_is(1, SCHED_LOCK_GOT, 1, 0) && event_is(2, SCHED_LOCK_DROP, 1, 0) &&
               event_is(3, SCHED_LOCK_FREE, 1, 0) && event_is(4, SCHED_EXIT, 0, 0),
           "want, got, drop, free: with the lock's number");
}

/* ---- Try ----------------------------------------------------------------------------------- */

static bool tried[2];

static void try_twice(void)
{
    tried[0] = sched_lock_try(&lock, &kinds);
    tried[1] = sched_lock_try(&lock, &kinds);
    if (tried[0])
        release();
}

static void hold_for_a_while(void)
{
    acquire();
    sched_point(SCHED_BEGIN, 0, 0);
    release();
}

static void spin_for_lock(void)
{
    while (!sched_lock_try(&lock, &kinds))
        tried[0] = true;
    release();
}

static void trying(void)
{
    RUN(NO_SCRIPT, try_twice);
    tap_ok(tried[0] && !tried[1], "a try gets a free lock, not one that is held");
    tap_ok(event_is(0, SCHED_LOCK_WANT, 1, 1) && event_is(1, SCHED_LOCK_GOT, 1, 0) &&
               event_is(2, SCHED_LOCK_WANT, 1, 1) && event_is(3, SCHED_LOCK_WANT, 1, 2),
           "a try that fails is a point of its own");
    tried[0] = false;
    enum sched_end end = RUN(SCRIPT({0, SCHED_BEGIN, 1}), hold_for_a_while, spin_for_lock);
    tap_ok(end == SCHED_DONE && tried[0], "a loop around a try ends when the lock is free");
}

/* ---- Who comes next ------------------------------------------------------------------------ */

static void hold_then_release(void)
{
    acquire();
    sched_point(SCHED_BEGIN, 0, 0);
    release();
    tell();
}

static void wait_for_lock(void)
{
    acquire();
    tell();
    release();
}

static void hold_then_hand_over(void)
{
    acquire();
    sched_point(SCHED_BEGIN, 0, 0);
    hand_over();
    acquire();
    tell();
    hand_over();
}

static void wait_then_hand_over(void)
{
    acquire();
    tell();
    hand_over();
}

#define ARRIVE(first, second, third)                                                               \
    SCRIPT({0, SCHED_BEGIN, first}, {first, SCHED_BLOCK, second}, {second, SCHED_BLOCK, third},    \
           {third, SCHED_BLOCK, 0})

static void handing_over(void)
{
    enum sched_end end = RUN(ARRIVE(2, 3, 1), hold_then_hand_over, wait_then_hand_over,
                             wait_then_hand_over, wait_then_hand_over);
    tap_is(end, SCHED_DONE, "handing a lock over to three who wait");
    check_story("2310", "first come, first served; who gave it up goes to the end");
    RUN(ARRIVE(3, 1, 2), hold_then_hand_over, wait_then_hand_over, wait_then_hand_over,
        wait_then_hand_over);
    check_story("3120", "also in another order");
    RUN(NO_SCRIPT, wait_then_hand_over, wait_then_hand_over);
    check_story("01", "a hand-over to nobody is a release");
}

/* The lock is thread 1's before it has run again: a try in between must not get it. */
static int owner_seen;
static bool stolen;

static void hand_over_and_try(void)
{
    acquire();
    sched_point(SCHED_BEGIN, 0, 0);
    hand_over();
    owner_seen = sched_lock_owner(&lock);
    stolen = sched_lock_try(&lock, &kinds);
}

static void no_stealing(void)
{
    RUN(SCRIPT({0, SCHED_BEGIN, 1}), hand_over_and_try, wait_then_hand_over);
    tap_ok(owner_seen == 1 && !stolen, "a lock handed over cannot be taken in between");
    story[0] = '\0';
}

static void releasing(void)
{
    enum sched_end end =
        RUN(ARRIVE(2, 3, 1), hold_then_release, wait_for_lock, wait_for_lock, wait_for_lock);
    tap_is(end, SCHED_DONE, "releasing a lock for three who wait");
    check_story("0123", "all are woken: without preemption the lowest comes first");
    RUN(SCRIPT({0, SCHED_BEGIN, 2}, {2, SCHED_BLOCK, 1}, {1, SCHED_BLOCK, 0},
               {0, SCHED_LOCK_FREE, 2}),
        hold_then_release, wait_for_lock, wait_for_lock);
    check_story("201", "with one, whoever the strategy names");
}

/* ---- Left held ----------------------------------------------------------------------------- */

static void leave_held(void)
{
    acquire();
    tell();
}

static void left_held(void)
{
    tap_is(RUN(NO_SCRIPT, leave_held), SCHED_DONE, "a thread may end and keep its lock");
    check_story("0", "it has had it");
    tap_is(RUN(NO_SCRIPT, leave_held, just_end), SCHED_DONE, "it is free in the next execution");
    check_story("0", "and taken there");
    tap_ok(RUN(NO_SCRIPT, leave_held, wait_for_lock) == SCHED_DEADLOCK && sched_waits_for(1) == 0 &&
               sched_waits_for(0) == SCHED_NOBODY && sched_is_blocked(1) && !sched_is_blocked(0),
           "but who waits for it waits for ever, for the thread that ended");
    check_story("0", "and never gets it");
    tap_is(RUN(NO_SCRIPT, wait_for_lock), SCHED_DONE, "a deadlock, too, leaves it free");
    check_story("0", "for the next execution");
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static int here, there;

static void wait_here(void)
{
    sched_block(&here);
    tell();
}

static void wait_there(void)
{
    sched_block(&there);
    tell();
}

static void wake_here(void)
{
    sched_wake(&here);
    tell();
}

static void wake_both(void)
{
    sched_wake(&there);
    sched_wake(&here);
    tell();
}

static void waiting(void)
{
    tap_ok(RUN(NO_SCRIPT, wait_here, wait_here, wake_here) == SCHED_DONE,
           "a wake wakes all who wait");
    check_story("201", "and does not itself give way");
    tap_ok(RUN(NO_SCRIPT, wait_here, wait_there, wake_here) == SCHED_DEADLOCK &&
               sched_is_blocked(1) && !sched_is_blocked(0),
           "but nobody who waits for something else");
    check_story("20", "who stays blocked");
    tap_is(RUN(NO_SCRIPT, wake_here, wait_here), SCHED_DEADLOCK,
           "a wake before the wait is not remembered");
    check_story("0", "so a waiter tests its condition first");
    tap_is(RUN(NO_SCRIPT, wait_here, wait_there, wake_both), SCHED_DONE, "two objects, two wakes");
    check_story("201", "each has its own");
}

/* A wait for a lock's word is the lock's: waking the word by hand gives no lock away. */
static void wake_word(void)
{
    sched_wake(&lock);
    sched_point(SCHED_BEGIN, 0, 0);
}

static void spurious_wake(void)
{
    RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BLOCK, 2}, {2, SCHED_BEGIN, 1}, {1, SCHED_BLOCK, 2}),
        hold_then_release, wait_for_lock, wake_word);
    check_story("01", "a thread woken too early goes on waiting for its lock");
}

/* ---- A toy queue under every strategy ------------------------------------------------------ */

#define ITEMS 12
#define ROOM  3

static struct {
    unsigned items[ROOM];
    unsigned count, inside;
    bool crowded, overfull;
    unsigned taken[2 * ITEMS], taken_count;
    bool queued; /* locks are handed over */
} queue;

static void enter(void)
{
    acquire();
    queue.crowded |= queue.inside++ != 0;
    sched_point(SCHED_INSERT_IN, 1, 0);
}

static void leave(void)
{
    queue.inside--;
    if (queue.queued)
        hand_over();
    else
        release();
}

static void put(unsigned item)
{
    enter();
    queue.overfull |= queue.count == ROOM;
    queue.items[queue.count++ % ROOM] = item;
    leave();
}

static void take(void)
{
    enter();
    if (queue.count > 0) {
        queue.taken[queue.taken_count++ % (2 * ITEMS)] = queue.items[0];
        memmove(queue.items, queue.items + 1, sizeof queue.items - sizeof queue.items[0]);
        queue.count--;
    }
    leave();
}

static bool can_put(void)
{
    return queue.count < ROOM;
}

static bool can_take(void)
{
    return queue.count > 0;
}

/* No point separates the test of the condition from the wait, so no wake is lost. */
static void wait_until(bool (*condition)(void), const void *object)
{
    while (!condition())
        sched_block(object);
}

static void produce(void)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        wait_until(can_put, &queue.items);
        put(i);
        sched_wake(&queue.taken);
    }
}

static void consume(void)
{
    while (queue.taken_count < ITEMS) {
        wait_until(can_take, &queue.taken);
        take();
        sched_wake(&queue.items);
    }
}

static void bystander(void)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        enter();
        leave();
    }
}

static void queue_body(void *argument, unsigned thread)
{
    static void (*const bodies[])(void) = {produce, consume, bystander, bystander};
    (void)argument;
    bodies[thread]();
}

static union {
    struct sched_walk walk;
    struct sched_pct pct;
    struct sched_pos pos;
    struct sched_sweep sweep;
} chosen;

static struct sched_strategy *choose_strategy(unsigned which, unsigned seed)
{
    switch (which) {
    case 0:
        return NULL;
    case 1:
        sched_walk_init(&chosen.walk, seed, 1 + seed % 4);
        return &chosen.walk.base;
    case 2:
        sched_pct_init(&chosen.pct, seed, 2 + seed % 4, 300);
        return &chosen.pct.base;
    case 3:
        sched_pos_init(&chosen.pos, seed);
        return &chosen.pos.base;
    default:
        sched_sweep_init(&chosen.sweep, seed * 5);
        return &chosen.sweep.base;
    }
}

static bool queue_is_right(void)
{
    bool right = queue.taken_count == ITEMS && !queue.crowded && !queue.overfull;
    for (unsigned i = 0; i < ITEMS; i++)
        right = right && queue.taken[i] == i;
    return right;
}

static bool run_queue(unsigned which, unsigned seed, bool queued)
{
    struct sched_setup setup = {.threads = 0xf,
                                .body = queue_body,
                                .strategy = choose_strategy(which, seed),
                                .step_limit = 20000};
    memset(&queue, 0, sizeof queue);
    queue.queued = queued;
    return sched_execute(&setup) == SCHED_DONE && queue_is_right();
}

static void toy_queue(void)
{
    static const char *const names[] = {
        "without a strategy: all items arrive, in order, one thread inside at a time",
        "walk: all items arrive, in order, one thread inside at a time",
        "pct: all items arrive, in order, one thread inside at a time",
        "pos: all items arrive, in order, one thread inside at a time",
        "sweep: all items arrive, in order, one thread inside at a time"};
    for (unsigned which = 0; which < 5; which++) {
        unsigned wrong = 0;
        for (unsigned seed = 0; seed < 300; seed++)
            wrong += !run_queue(which, seed, seed % 2);
        tap_is(wrong, 0, names[which]);
    }
}

int main(void)
{
    words();
    outside();
    points_of_a_lock();
    trying();
    handing_over();
    no_stealing();
    releasing();
    left_held();
    waiting();
    spurious_wake();
    toy_queue();
    return tap_end();
}
