/*
 * The host body: logical threads are pthreads of a pool behind a start barrier.
 *
 * It exists to be compared against, so it is built to be fast: the threads are created once, and a
 * start and an end barrier are all that an execution costs. Who runs next is the kernel's choice:
 * no trace, no strategy, no deadlock detection, nothing repeats.
 */
#define _GNU_SOURCE /* pthread_barrier_t */
#include "annotate.h"
#include "sched.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local int sched_running = SCHED_OUTSIDE;
const bool sched_is_concurrent = true;

static struct sched_setup setup_now;
static pthread_barrier_t start_barrier, end_barrier;
static bool pool_started;
static __thread uint16_t operation_now = SCHED_NO_OPERATION;

/* ThreadSanitizer does not see this one, on purpose: see sched_guard_enter(). */
static atomic_flag guard = ATOMIC_FLAG_INIT;

static struct sched_trace no_trace;

const struct sched_trace *sched_trace(void)
{
    return &no_trace;
}

const char *sched_kind_label(unsigned kind)
{
    (void)kind;
    return "?";
}

unsigned sched_set_operation(unsigned operation)
{
    unsigned before = operation_now;
    operation_now = (uint16_t)operation;
    return before;
}

void sched_point(enum sched_kind kind, uint32_t object, uint64_t value)
{
    (void)kind;
    (void)object;
    (void)value;
}

void sched_guard_lock(void)
{
    while (atomic_flag_test_and_set_explicit(&guard, memory_order_acquire))
        sched_yield();
}

void sched_guard_unlock(void)
{
    atomic_flag_clear_explicit(&guard, memory_order_release);
}

static void *pool_thread(void *argument)
{
    sched_running = (int)(intptr_t)argument;
    for (;;) {
        pthread_barrier_wait(&start_barrier);
        if (setup_now.threads >> sched_running & 1u)
            setup_now.body(setup_now.argument, (unsigned)sched_running);
        pthread_barrier_wait(&end_barrier);
    }
    return NULL;
}

static void must(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "csqfuzz: cannot create the %s of the thread pool\n", what);
    abort();
}

static void start_pool(void)
{
    must(pthread_barrier_init(&start_barrier, NULL, SCHED_PROGRAM_THREADS + 1), "start barrier");
    must(pthread_barrier_init(&end_barrier, NULL, SCHED_PROGRAM_THREADS + 1), "end barrier");
    for (intptr_t t = 0; t < SCHED_PROGRAM_THREADS; t++) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, pool_thread, (void *)t), "threads");
        must(pthread_detach(thread), "threads");
    }
    pool_started = true;
}

enum sched_end sched_execute(const struct sched_setup *setup)
{
    if (!pool_started)
        start_pool();
    setup_now = *setup;
    pthread_barrier_wait(&start_barrier);
    pthread_barrier_wait(&end_barrier);
    sched_running = SCHED_EPILOGUE;
    if (setup->epilogue)
        setup->epilogue(setup->argument, SCHED_EPILOGUE);
    sched_running = SCHED_OUTSIDE;
    return SCHED_DONE;
}

void sched_stop(void)
{
    fprintf(stderr, "csqfuzz: an execution on host threads was stopped\n");
    abort();
}

void sched_stop_soon(void) {}

int sched_waits_for(int thread)
{
    (void)thread;
    return SCHED_NOBODY;
}

bool sched_is_blocked(int thread)
{
    (void)thread;
    return false;
}

/* ---- Locks: the word is 0 or owner + 1 ----------------------------------------------------- */

static bool take(uintptr_t *word)
{
    uintptr_t free = 0;
    return __atomic_compare_exchange_n(word, &free, (uintptr_t)sched_running + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void sched_lock_acquire(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    (void)kinds;
    annotate_lock_before_acquire(word);
    while (!take(word))
        sched_yield();
    annotate_lock_after_acquire(word);
}

bool sched_lock_try(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    (void)kinds;
    if (!take(word))
        return false;
    annotate_lock_before_acquire(word);
    annotate_lock_after_acquire(word);
    return true;
}

void sched_lock_release(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    (void)kinds;
    annotate_lock_before_release(word);
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    annotate_lock_after_release(word);
}

/* Fairness is not modelled here. */
void sched_lock_hand_over(uintptr_t *word, const struct sched_lock_kinds *kinds)
{
    sched_lock_release(word, kinds);
}

int sched_lock_owner(const uintptr_t *word)
{
    return (int)__atomic_load_n(word, __ATOMIC_RELAXED) - 1;
}

uint32_t sched_lock_number(const uintptr_t *word)
{
    (void)word;
    return 0;
}

void sched_lock_retire(uintptr_t *word)
{
    annotate_lock_destroy(word);
}

void sched_block(const void *object)
{
    (void)object;
    sched_yield();
}

void sched_wake(const void *object)
{
    (void)object;
}
