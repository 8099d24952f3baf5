/*
 * Fast mutexes: owned at APC_LEVEL, not recursive. Waiting for one is a wait, hence forbidden at
 * DISPATCH_LEVEL (IRQ-5, DV-14).
 *
 * Only Lock and OldIrql of the structure are used; who owns it is remembered with the thread.
 */
#include "thread.h"

static const struct ke_lock_style fast_mutex = {
    .points = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP, SCHED_LOCK_FREE},
    .give_back = sched_lock_release,
    .spins = false,
};

VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    *FastMutex = (FAST_MUTEX){.Count = 1};
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

/* On Windows the second acquisition hangs for good; Driver Verifier calls it a self-deadlock. */
VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    struct ke_thread *self = ke_this_thread();
    KIRQL old = self->irql;
    if (old > APC_LEVEL)
        ke_violation(KE_RULE_WAIT, FastMutex, 0);
    if (ke_find_hold(self, FastMutex))
        ke_violation(KE_RULE_ACQUIRED_TWICE, FastMutex, 0);
    ke_push_level(self, APC_LEVEL);
    sched_lock_acquire(&FastMutex->Lock, &fast_mutex.points);
    ke_add_hold(self, FastMutex, &fast_mutex);
    FastMutex->OldIrql = old;
}

/*
 * Not at APC_LEVEL, or not to the level of the immediately preceding raise: two mutexes given back
 * in the order they were taken would leave the second one's owner below APC_LEVEL.
 */
VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    struct ke_thread *self = ke_this_thread();
    struct ke_hold *hold = ke_find_hold(self, FastMutex);
    if (!hold)
        ke_violation(sched_lock_owner(&FastMutex->Lock) == SCHED_NOBODY ? KE_RULE_NOT_ACQUIRED
                                                                        : KE_RULE_WRONG_THREAD,
                     FastMutex, 0);
    if (self->irql != APC_LEVEL || !ke_is_level_below(self, (KIRQL)FastMutex->OldIrql))
        ke_violation(KE_RULE_RELEASE_FAST_MUTEX, FastMutex, FastMutex->OldIrql);
    ke_drop_hold(self, hold);
    fast_mutex.give_back(&FastMutex->Lock, &fast_mutex.points);
    ke_pop_level(self);
}
