/*
 * Events, and waiting for them.
 *
 * An event's state is shared by logical threads without a lock of the model's, so it is touched
 * between sched_guard_enter() and _leave() only. A signal happens before the return of each wait
 * that it satisfies; reading, resetting and a wait that timed out order nothing. For the explorer
 * all events are one object.
 */
#include "../sched/annotate.h"
#include "thread.h"

/* Outside of the limits: IRQL_NOT_LESS_OR_EQUAL with the event and the IRQL (BUG-7). */
static void require_at_most(KIRQL limit, const KEVENT *event)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql > limit)
        KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)event, irql, 0, 0);
}

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    *Event = (KEVENT){.Header = {.Type = (UCHAR)Type, .Size = sizeof *Event / sizeof(ULONG)}};
    Event->Header.SignalState = State != FALSE;
    InitializeListHead(&Event->Header.WaitListHead);
}

/* ---- Signaling ----------------------------------------------------------------------------- */

/*
 * A waiter may free the event as soon as it sees the signal, so after the guard only the event's
 * address is used.
 */
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    UNREFERENCED_PARAMETER(Increment);
    require_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, Event);
    sched_point(SCHED_SIGNAL_BEFORE, 0, 0);
    sched_writes(SCHED_OBJECT_WAIT, 0);
    sched_guard_enter();
    LONG before = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    annotate_release(Event);
    sched_guard_leave();
    sched_wake(Event);
    sched_point(SCHED_SIGNAL_AFTER, 0, (uint64_t)before);
    return before;
}

LONG KeResetEvent(PRKEVENT Event)
{
    require_at_most(DISPATCH_LEVEL, Event);
    sched_point(SCHED_SIGNAL_BEFORE, 0, 1);
    sched_writes(SCHED_OBJECT_WAIT, 0);
    sched_guard_enter();
    LONG before = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    sched_guard_leave();
    sched_point(SCHED_SIGNAL_AFTER, 0, (uint64_t)before);
    return before;
}

VOID KeClearEvent(PRKEVENT Event)
{
    (VOID) KeResetEvent(Event);
}

/* One point, so that a loop around this ends. */
LONG KeReadStateEvent(PRKEVENT Event)
{
    require_at_most(DISPATCH_LEVEL, Event);
    sched_point(SCHED_SIGNAL_BEFORE, 0, 2);
    sched_reads(SCHED_OBJECT_WAIT, 0);
    sched_guard_enter();
    LONG state = Event->Header.SignalState;
    sched_guard_leave();
    return state;
}

/* ---- Waiting ------------------------------------------------------------------------------- */

/* Is it signaled? Then this wait is satisfied, which resets a synchronization event. */
static bool consume(PRKEVENT event)
{
    sched_writes(SCHED_OBJECT_WAIT, 0);
    sched_guard_enter();
    bool signaled = event->Header.SignalState != 0;
    if (signaled && event->Header.Type == SynchronizationEvent)
        event->Header.SignalState = 0;
    if (signaled)
        annotate_acquire(event);
    sched_guard_leave();
    return signaled;
}

/* A wait may be a poll at DISPATCH_LEVEL; 0xC4/0x3B has the IRQL, the object, the timeout. */
static void require_may_wait(const void *object, const LARGE_INTEGER *timeout)
{
    bool poll = timeout && timeout->QuadPart == 0;
    if (KeGetCurrentIrql() >= DISPATCH_LEVEL + (poll ? 1 : 0))
        ke_violation(KE_RULE_WAIT, object, (ULONG_PTR)timeout);
}

/*
 * There is no virtual time yet. A finite timeout therefore passes at once: whether the event is
 * signaled before is decided at the point just ahead, where any other thread may run for as long
 * as it likes. So each outcome a real timeout has can be reached, and waiting for a thread that
 * never signals is not taken for a deadlock.
 */
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    require_may_wait(Object, Timeout);
    sched_point(SCHED_WAIT_BEFORE, 0, Timeout != NULL);
    NTSTATUS status = STATUS_SUCCESS;
    while (status == STATUS_SUCCESS && !consume(Object)) {
        if (Timeout)
            status = STATUS_TIMEOUT;
        else
            sched_block(Object);
    }
    sched_point(SCHED_WAIT_AFTER, 0, (uint64_t)status);
    return status;
}
