/*
 * Ordinary spin locks (SPN-1..SPN-7).
 *
 * Who may run while a lock is taken is the scheduling port's business; here is what Windows says
 * about using one. All checks come before the lock changes hands. Bug checks: SPIN_LOCK_* have the
 * lock as parameter 1 and the IRQL as 2; 0xC4 rules the IRQL as parameter 2 and the lock as 3.
 */
#include "thread.h"

static const struct ke_lock_style raising = {
    .points = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP, SCHED_LOCK_FREE},
    .give_back = sched_lock_release,
    .spins = true,
};

/* The same to the scheduler; a style of its own, since the two pairs must not be mixed (SPN-6). */
static const struct ke_lock_style at_dpc_level = {
    .points = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP, SCHED_LOCK_FREE},
    .give_back = sched_lock_release,
    .spins = true,
};

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

/* SPN-5: a thread that waits for itself. */
static void require_not_held(struct ke_thread *self, const KSPIN_LOCK *lock)
{
    if (ke_find_hold(self, lock))
        KeBugCheckEx(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)lock, self->irql, 0, 0);
}

static struct ke_hold *require_held(struct ke_thread *self, const KSPIN_LOCK *lock)
{
    struct ke_hold *hold = ke_find_hold(self, lock);
    if (!hold)
        KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)lock, self->irql, 0, 0);
    return hold;
}

/* ---- With a change of IRQL ----------------------------------------------------------------- */

KIRQL ke_acquire_spin_lock(PKSPIN_LOCK lock, const struct ke_lock_style *style)
{
    struct ke_thread *self = ke_this_thread();
    KIRQL old = self->irql;
    if (old > DISPATCH_LEVEL)
        ke_violation(KE_RULE_ACQUIRE_SPIN_LOCK, lock, 0);
    require_not_held(self, lock);
    ke_push_level(self, DISPATCH_LEVEL);
    sched_lock_acquire(lock, &style->points);
    ke_add_hold(self, lock, style);
    return old;
}

/*
 * The level is restored after the lock is free: until then this thread must not be preempted by
 * whatever runs below DISPATCH_LEVEL. Nothing of the lock is touched once it is free, as its next
 * holder may free the memory.
 */
void ke_release_spin_lock(PKSPIN_LOCK lock, const struct ke_lock_style *style, KIRQL irql)
{
    struct ke_thread *self = ke_this_thread();
    struct ke_hold *hold = require_held(self, lock);
    if (hold->style != style || self->irql != DISPATCH_LEVEL)
        ke_violation(KE_RULE_RELEASE_SPIN_LOCK, lock, irql);
    ke_require_no_spin_lock_at(self, irql, lock);
    if (!ke_is_level_below(self, irql))
        ke_violation(KE_RULE_RELEASE_SPIN_LOCK, lock, irql);
    ke_drop_hold(self, hold);
    style->give_back(lock, &style->points);
    ke_pop_level(self);
}

/* SPN-2: *OldIrql may lie beside what the lock protects, so it is written only once it is owned. */
VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    *OldIrql = ke_acquire_spin_lock(SpinLock, &raising);
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    ke_release_spin_lock(SpinLock, &raising, NewIrql);
}

/* ---- At DISPATCH_LEVEL already -------------------------------------------------------------- */

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct ke_thread *self = ke_this_thread();
    if (self->irql < DISPATCH_LEVEL)
        ke_violation(KE_RULE_ACQUIRE_AT_DPC, SpinLock, 0);
    require_not_held(self, SpinLock);
    sched_lock_acquire(SpinLock, &at_dpc_level.points);
    ke_add_hold(self, SpinLock, &at_dpc_level);
}

/* The level must be that of the acquisition: DISPATCH_LEVEL, or above if it was taken there. */
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct ke_thread *self = ke_this_thread();
    struct ke_hold *hold = require_held(self, SpinLock);
    if (hold->style != &at_dpc_level || self->irql != hold->irql)
        ke_violation(KE_RULE_RELEASE_FROM_DPC, SpinLock, 0);
    ke_drop_hold(self, hold);
    at_dpc_level.give_back(SpinLock, &at_dpc_level.points);
}

/* A lock that the caller itself holds is just not free (SPN-7). */
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct ke_thread *self = ke_this_thread();
    if (self->irql < DISPATCH_LEVEL)
        KeBugCheckEx(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)SpinLock, self->irql, 0, 0);
    if (!sched_lock_try(SpinLock, &at_dpc_level.points))
        return FALSE;
    ke_add_hold(self, SpinLock, &at_dpc_level);
    return TRUE;
}

/* The point lets others run, so that a loop around this ends. Its value tells it from the points
 * of the port's own acquisitions, which have 0 to 2. */
BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    sched_point(SCHED_LOCK_WANT, sched_lock_number(SpinLock), 3);
    return sched_lock_owner(SpinLock) == SCHED_NOBODY;
}
