/*
 * In-stack queued spin locks: granted in order of arrival.
 *
 * The line itself is kept by the scheduling port, which hands the lock to whoever has waited
 * longest. The handle is what the caller knows of its acquisition, and is written only once the
 * lock is owned. Checks and bug checks are those of KeAcquireSpinLock and KeReleaseSpinLock.
 */
#include "thread.h"

static const struct ke_lock_style queued = {
    .points = {SCHED_LOCK_WANT, SCHED_LOCK_GOT, SCHED_LOCK_DROP, SCHED_LOCK_FREE},
    .give_back = sched_lock_hand_over,
    .spins = true,
};

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KIRQL old = ke_acquire_spin_lock(SpinLock, &queued);
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = old;
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    ke_release_spin_lock(LockHandle->LockQueue.Lock, &queued, LockHandle->OldIrql);
}
