/*
 * What the kernel layer remembers of each logical thread: private to src/ke.
 *
 * Indexed by sched_self() and never kept in thread-local storage: with fibers many logical threads
 * share one OS thread, and an IRQL must follow its logical thread.
 */
#ifndef CSQFUZZ_KE_THREAD_H
#define CSQFUZZ_KE_THREAD_H

#include "ke.h"

#define KE_NESTING 64 /* raises and locks a thread may nest; programs nest a handful */

struct ke_hold {
    const void *lock;
    const struct ke_lock_style *style;
    KIRQL irql; /* of the holder, once it had the lock */
};

struct ke_thread {
    KIRQL irql;
    uint8_t raises; /* entries in raised_from[] */
    uint8_t holds;  /* entries in hold[] */
    uint8_t spin_locks;
    KIRQL raised_from[KE_NESTING]; /* the levels left by raises not yet undone, oldest first */
    struct ke_hold hold[KE_NESTING];
};

extern struct ke_thread ke_threads[SCHED_THREADS];

static inline struct ke_thread *ke_this_thread(void)
{
    return &ke_threads[sched_self()];
}

/* ---- Levels: no checks, those are the callers' --------------------------------------------- */

/* Raise (or stay), remembering the level left. */
void ke_push_level(struct ke_thread *self, KIRQL level);

/* Undo the immediately preceding raise. */
void ke_pop_level(struct ke_thread *self);

/* Is this the level that the immediately preceding raise left (IRQ-3)? */
bool ke_is_level_below(const struct ke_thread *self, KIRQL level);

/* ---- Locks --------------------------------------------------------------------------------- */

/* NULL if it does not hold it. */
struct ke_hold *ke_find_hold(struct ke_thread *thread, const void *lock);

void ke_add_hold(struct ke_thread *self, const void *lock, const struct ke_lock_style *style);
void ke_drop_hold(struct ke_thread *self, struct ke_hold *hold);

/*
 * About to lower the IRQL to `level` and to give back `released` (NULL: nothing): a spin lock held
 * besides that, while going below DISPATCH_LEVEL, is SPIN_LOCK_ALREADY_OWNED with that lock
 * (BUG-4).
 */
void ke_require_no_spin_lock_at(const struct ke_thread *self, KIRQL level, const void *released);

/* ---- DRIVER_VERIFIER_DETECTED_VIOLATION ---------------------------------------------------- */

/* Its first parameter: the rules of DV-14 and, from 0x34 and 0x1000 on, numbers for misused fast
 * mutexes for which the clauses name none. */
enum ke_rule {
    KE_RULE_RAISE_IRQL = 0x30,
    KE_RULE_LOWER_IRQL = 0x31,
    KE_RULE_RELEASE_SPIN_LOCK = 0x32,
    KE_RULE_RELEASE_FAST_MUTEX = 0x34, /* not at APC_LEVEL */
    KE_RULE_WAIT = 0x3B,
    KE_RULE_ACQUIRE_AT_DPC = 0x40,
    KE_RULE_RELEASE_FROM_DPC = 0x41,
    KE_RULE_ACQUIRE_SPIN_LOCK = 0x42,
    KE_RULE_ACQUIRED_TWICE = 0x1000, /* deadlock detection: by the thread that has it */
    KE_RULE_WRONG_THREAD = 0x1004,   /* deadlock detection: another thread has it */
    KE_RULE_NOT_ACQUIRED = 0x1007    /* deadlock detection: nobody has it */
};

/* Parameter 2 is the thread's IRQL, 3 and 4 are given. */
_Noreturn void ke_violation(enum ke_rule rule, const void *object, ULONG_PTR detail);

#endif
