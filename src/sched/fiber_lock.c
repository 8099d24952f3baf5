/*
 * The fiber body's lock words, waiting and waking.
 *
 * A word, 64 bits: epoch 32 | number 24 | owner + 1, 8. A word of another epoch (zero, or left over
 * from an earlier execution, even if that was cut off with the lock held) is a free lock that this
 * execution has not met yet. One OS thread: plain loads and stores are exclusive.
 */
#include "fiber_body.h"

#include "trace.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(uintptr_t) == 8, "a lock word needs 64 bits");

#define OWNER_MASK 0xffu

/* Words met in this execution, for body_destroy_locks(); beyond the end they are just not told. */
static uintptr_t *met[64];

uint32_t sched_lock_number(const uintptr_t *word)
{
    return *word >> 32 == body.epoch ? (uint32_t)(*word >> 8 & 0xffffffu) : 0;
}

int sched_lock_owner(const uintptr_t *word)
{
    return *word >> 32 == body.epoch ? (int)(*word & OWNER_MASK) - 1 : SCHED_NOBODY;
}

static void set_owner(uintptr_t *word, int owner)
{
    *word = (*word & ~(uintptr_t)OWNER_MASK) | (uintptr_t)(owner + 1);
}

static uint32_t meet(uintptr_t *word)
{
    uint32_t number = sched_lock_number(word);
    if (number)
        return number;
    number = ++body.lock_count;
    *word = (uintptr_t)body.epoch << 32 | (uintptr_t)number << 8;
    annotate_lock_create(word);
    if (number <= sizeof met / sizeof met[0])
        met[number - 1] = word;
    return number;
}

void sched_lock_retire(uintptr_t *word)
{
    uint32_t number = sched_lock_number(word);
    if (!number)
        return;
    annotate_lock_destroy(word);
    if (number <= sizeof met / sizeof met[0])
        met[number - 1] = NULL;
    *word = 0;
}

void body_destroy_locks(void)
{
    uint32_t count = body.lock_count;
    if (count > sizeof met / sizeof met[0])
        count = sizeof met / sizeof met[0];
    for (uint32_t i = 0; i < count; i++) {
        int owner = met[i] ? sched_lock_owner(met[i]) : SCHED_NOBODY;
        if (owner != SCHED_NOBODY && body.threads[owner].handed != met[i])
            annotate_lock_abandon(met[i], &body.threads[owner].fiber.stack,
                                  &body.threads[SCHED_OUTSIDE].fiber.stack);
        if (met[i])
            annotate_lock_destroy(met[i]);
    }
}

static void wait_on(const void *object, bool is_lock)
{
    struct logical_thread *self = &body.threads[sched_running];
    if (sched_running == SCHED_OUTSIDE) {
        fprintf(stderr, "csqfuzz: waiting outside of an execution would never end\n");
        abort();
    }
    self->waiting_on = object;
    self->waits_for_lock = is_lock;
    self->waiting_since = trace_now.event_count;
    body_yield_blocked();
}

static void take(uintptr_t *word, uint32_t number, const struct sched_lock_kinds *kinds)
{
    set_owner(word, sched_running);
    body.threads[sched_running].handed = NULL;
    annotate_lock_before_acquire(word);
    annotate_lock_after_acquire(word);
    sched_point(kinds->got, number, 0);
}

void sched_lock_acquire(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    uint32_t number = meet(word);
    sched_point(kinds->want, number, 0);
    while (sched_lock_owner(word) != SCHED_NOBODY) {
        wait_on(word, true);
        if (sched_lock_owner(word) == sched_running)
            break; /* handed over */
    }
    take(word, number, kinds);
}

bool sched_lock_try(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    uint32_t number = meet(word);
    sched_point(kinds->want, number, 1);
    bool free = sched_lock_owner(word) == SCHED_NOBODY;
    if (free)
        take(word, number, kinds);
    else
        sched_point(kinds->want, number, 2); /* a failed try yields */
    return free;
}

static void wake(struct logical_thread *thread)
{
    thread->state = THREAD_READY;
    thread->waiting_on = NULL;
    body.runnable |= 1u << (thread - body.threads);
}

void sched_wake(const void *object)
{
    for (int t = 0; t < SCHED_THREADS; t++)
        if (body.threads[t].state == THREAD_BLOCKED && body.threads[t].waiting_on == object)
            wake(&body.threads[t]);
}

/* Drop the lock ; with hand_over, whoever has waited longest owns it before anybody else can ask.
 */
static void drop(uintptr_t *word, const struct sched_lock_kinds *kinds, bool hand_over)
{
    uint32_t number = sched_lock_number(word);
    sched_point(kinds->drop, number, 0);
    annotate_lock_before_release(word);
    set_owner(word, SCHED_NOBODY);
    annotate_lock_after_release(word);
    struct logical_thread *longest = NULL;
    for (int t = 0; hand_over && t < SCHED_THREADS; t++) {
        struct logical_thread *thread = &body.threads[t];
        if (thread->state == THREAD_BLOCKED && thread->waiting_on == word &&
            (!longest || thread->waiting_since < longest->waiting_since))
            longest = thread;
    }
    if (longest) {
        set_owner(word, (int)(longest - body.threads));
        longest->handed = word;
        wake(longest);
    } else
        sched_wake(word);
    sched_point(kinds->free, number, 0);
}

void sched_lock_release(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    drop(word, kinds, false);
}

void sched_lock_hand_over(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    drop(word, kinds, true);
}

void sched_block(const void *object)
{
    wait_on(object, false);
}

int sched_waits_for(int thread)
{
    const struct logical_thread *waiter = &body.threads[thread];
    if (waiter->state != THREAD_BLOCKED || !waiter->waits_for_lock)
        return SCHED_NOBODY;
    return sched_lock_owner((const uintptr_t *)waiter->waiting_on);
}

bool sched_is_blocked(int thread)
{
    return body.threads[thread].state == THREAD_BLOCKED;
}
