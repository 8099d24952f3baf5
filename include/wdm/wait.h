/*
 * Waiting: events and fast mutexes. Blocking is real: a thread that waits is not runnable.
 *
 * Below DISPATCH_LEVEL only, unless the wait is a poll (a timeout of zero); a wait at
 * DISPATCH_LEVEL is DRIVER_VERIFIER_DETECTED_VIOLATION/0x3B (IRQ-5, DV-14).
 */
#ifndef CSQFUZZ_WDM_WAIT_H
#define CSQFUZZ_WDM_WAIT_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types --------------------------------------------------------------------------------- */

/* The start of everything that can be waited for. Opaque to drivers. */
typedef struct _DISPATCHER_HEADER {
    UCHAR Type; /* of an event: its EVENT_TYPE */
    UCHAR Absolute;
    UCHAR Size;
    UCHAR Inserted;
    LONG SignalState; /* nonzero: signaled */
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER, *PDISPATCHER_HEADER;

typedef struct _KEVENT {
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef enum _EVENT_TYPE {
    NotificationEvent,   /* stays signaled until reset; releases all who wait */
    SynchronizationEvent /* resets itself as it releases one */
} EVENT_TYPE;

/* Why a thread waits: for the debugger only. Drivers pass Executive, or UserRequest. */
typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest
} KWAIT_REASON;

/* Opaque. As documented, and one word more for the simulator. */
typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
    ULONG_PTR Lock; /* the simulator's; zero when new and not held */
} FAST_MUTEX, *PFAST_MUTEX;

/* ---- Events -------------------------------------------------------------------------------- */

/*
 * Make it an event of this type, signaled if State is TRUE. The storage is the caller's; nobody may
 * wait for it. Any IRQL. (wdm.h, KeInitializeEvent)
 */
VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State);

/*
 * Signal it and release who waits; return the state before, nonzero if it was signaled. Increment
 * is ignored. At or below DISPATCH_LEVEL; with Wait TRUE (a wait follows at once) at or below
 * APC_LEVEL. (wdm.h, KeSetEvent)
 */
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);

/* Not signaled from now on; return the state before. <= DISPATCH_LEVEL. (wdm.h, KeResetEvent) */
LONG KeResetEvent(PRKEVENT Event);

/* KeResetEvent without the answer. <= DISPATCH_LEVEL. (wdm.h, KeClearEvent) */
VOID KeClearEvent(PRKEVENT Event);

/* Nonzero if it is signaled; may be outdated at once. <= DISPATCH_LEVEL. (wdm.h,
 * KeReadStateEvent) */
LONG KeReadStateEvent(PRKEVENT Event);

/*
 * Wait until the object, an event, is signaled: STATUS_SUCCESS. Timeout NULL: as long as it takes.
 * Zero: poll, allowed at DISPATCH_LEVEL. Else in virtual time, in units of 100 ns, negative if
 * relative to now; past it STATUS_TIMEOUT. WaitReason, WaitMode and Alertable change nothing:
 * there are no APCs. The object is the caller's and outlives the wait. At or below APC_LEVEL;
 * else DRIVER_VERIFIER_DETECTED_VIOLATION/0x3B. (wdm.h, KeWaitForSingleObject; IRQ-5)
 */
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout);

/* ---- Fast mutexes -------------------------------------------------------------------------- */

/* Make it a free mutex, before its first use. The storage is the caller's. At or below
 * DISPATCH_LEVEL. (wdm.h, ExInitializeFastMutex) */
VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex);

/*
 * Take it, waiting if need be; its owner runs at APC_LEVEL. Not recursive: the second acquisition
 * is a deadlock. At or below APC_LEVEL; else DRIVER_VERIFIER_DETECTED_VIOLATION/0x3B. (wdm.h,
 * ExAcquireFastMutex; CSQ-IRQL-7)
 */
VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex);

/* Give it back and return to the IRQL of its acquisition. By its owner, at APC_LEVEL. (wdm.h,
 * ExReleaseFastMutex) */
VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex);

#ifdef __cplusplus
}
#endif

#endif
