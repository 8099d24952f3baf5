/*
 * Spin locks: ordinary ones and in-stack queued ones, which are granted in order of arrival.
 *
 * The storage is the caller's and must outlive every use. No lock is recursive: taking one that
 * this thread holds raises SPIN_LOCK_ALREADY_OWNED, giving back one it does not hold raises
 * SPIN_LOCK_NOT_OWNED (SPN-5, BUG-4, BUG-5). While one is held: no waiting, no completing of IRPs,
 * no call out of the driver (SPN-8, COMP-4). A lock is taken and given back in the same way:
 * KeAcquire with KeRelease, AtDpcLevel with FromDpcLevel (SPN-6).
 */
#ifndef CSQFUZZ_WDM_SPINLOCK_H
#define CSQFUZZ_WDM_SPINLOCK_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque; one word, zero when new and not held. */
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

typedef struct _KSPIN_LOCK_QUEUE {
    struct _KSPIN_LOCK_QUEUE *Next;
    PKSPIN_LOCK Lock;
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;

/* Opaque; one acquisition's place in the line. The caller's, on its stack, one a thread. */
typedef struct _KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

/* ---- Ordinary spin locks ------------------------------------------------------------------- */

/* Make it a free lock, before its first use. Any IRQL. (SPN-1) */
VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock);

/*
 * Raise to DISPATCH_LEVEL, take the lock, then store the level left into *OldIrql, which nobody
 * else may use meanwhile. At or below DISPATCH_LEVEL; else DRIVER_VERIFIER_DETECTED_VIOLATION/0x42.
 * (SPN-2, SPN-3, SPN-5)
 */
VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql);

/*
 * Give the lock back and return to NewIrql, the level KeAcquireSpinLock stored. At DISPATCH_LEVEL;
 * else DRIVER_VERIFIER_DETECTED_VIOLATION/0x32. (SPN-4, DV-14)
 */
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);

/* KeAcquireSpinLock which returns the level left. (wdm.h, KeAcquireSpinLockRaiseToDpc) */
static inline KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(SpinLock, &OldIrql);
    return OldIrql;
}

/*
 * Take the lock and leave the IRQL alone. At or above DISPATCH_LEVEL; else
 * DRIVER_VERIFIER_DETECTED_VIOLATION/0x40. (SPN-6, DV-14)
 */
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);

/*
 * Give it back and leave the IRQL alone. At DISPATCH_LEVEL, or above if it was taken there; else
 * DRIVER_VERIFIER_DETECTED_VIOLATION/0x41. (SPN-6, DV-14)
 */
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);

/*
 * Take the lock if it is free: TRUE, or FALSE at once. Give it back with
 * KeReleaseSpinLockFromDpcLevel. At or above DISPATCH_LEVEL; else IRQL_NOT_DISPATCH_LEVEL. (SPN-7)
 */
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);

/* FALSE if somebody holds the lock, TRUE if it is free; takes nothing. Any IRQL. (SPN-7) */
BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock);

/* ---- In-stack queued spin locks ------------------------------------------------------------ */

/*
 * KeAcquireSpinLock, in order of arrival. The handle remembers lock and level; it is the caller's
 * and stays untouched until the release. At or below DISPATCH_LEVEL; else
 * DRIVER_VERIFIER_DETECTED_VIOLATION/0x42. (wdm.h, KeAcquireInStackQueuedSpinLock; SPN-2, SPN-5)
 */
VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle);

/*
 * Give back the lock to whom it was handed next, return to the level the handle remembers. At
 * DISPATCH_LEVEL; else DRIVER_VERIFIER_DETECTED_VIOLATION/0x32. (wdm.h,
 * KeReleaseInStackQueuedSpinLock; SPN-4)
 */
VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle);

#ifdef __cplusplus
}
#endif

#endif
