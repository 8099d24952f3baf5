/* What holds at an event: locks, IRQL, the flags of every IRP. */
#include "sequential_internal.h"

#include "driver.h"
#include "finding.h"
#include "ledger.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

/* ---- What is there ------------------------------------------------------------------------- */

bool sequential_irp_fact(int slot, enum sequential_fact fact)
{
    PIRP irp = ledger.irps[slot].irp;
    switch (fact) {
    case FACT_CANCELED:
        return irp->Cancel;
    case FACT_ARMED:
        return irp->CancelRoutine != NULL;
    case FACT_PENDING:
        return IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED;
    default:
        return irp->Tail.Overlay.DriverContext[3] != NULL;
    }
}

static bool *modelled(struct sequential_irp *irp, enum sequential_fact fact)
{
    return fact == FACT_CANCELED ? &irp->canceled
           : fact == FACT_ARMED  ? &irp->armed
                                 : &irp->pending;
}

/* Only who has been sent has a location to be marked; while an insert decides either is right. */
static bool has_mark(const struct sequential_irp *irp)
{
    return irp->place >= SEQUENTIAL_DRIVER && !irp->deciding;
}

static bool holds_lock(int number)
{
    const struct driver_queue *queue = ledger.queues[number].queue;
    if (!ledger.queues[number].allocated)
        return false;
    if (queue->shape->lock == LOCK_MUTEX)
        return ke_holds(sched_self(), &queue->mutex);
    return ke_holds(sched_self(), &queue->spin);
}

/* ---- What should be there ------------------------------------------------------------------ */

static void check_irp(const struct sequential_frame *frame, const struct sequential_event *event,
                      int slot, enum sequential_fact fact)
{
    static const char *const names[] = {[FACT_CANCELED] = "Cancel flag",
                                        [FACT_ARMED] = "Cancel routine",
                                        [FACT_PENDING] = "pending mark"};
    bool own = slot == frame->call.irp;
    bool *expected = modelled(&sequential.state.irps[slot], fact);
    bool seen = sequential_irp_fact(slot, fact);
    char trace[SEQUENTIAL_TRACE];
    if (seen == *expected)
        return;
    sequential_print_trace(trace, frame, event);
    finding_raise(sequential_blame_fact(&frame->call, event, fact, *expected, own), slot,
                  "at the end of %s: the %s of irp%d is %s, expected %s", trace, names[fact], slot,
                  seen ? "set" : "clear", seen ? "clear" : "set");
    *expected = seen;
}

static void check_irps(const struct sequential_frame *frame, const struct sequential_event *event)
{
    for (int slot = 0; slot < SCENARIO_IRPS; slot++) {
        const struct sequential_irp *irp = &sequential.state.irps[slot];
        if (irp->place == SEQUENTIAL_ABSENT)
            continue;
        check_irp(frame, event, slot, FACT_CANCELED);
        check_irp(frame, event, slot, FACT_ARMED);
        if (has_mark(irp))
            check_irp(frame, event, slot, FACT_PENDING);
        if (irp->armed && !sequential_irp_fact(slot, FACT_KEY))
            finding_raise(sequential_blame_fact(&frame->call, event, FACT_KEY, true, true), slot,
                          "DriverContext[3] of irp%d is NULL while it is queued", slot);
    }
}

/* Some call of this thread holds the lock: this one, or one that this one is nested in. */
static bool expects_lock(int number)
{
    for (unsigned i = 0; i < sequential.depth; i++) {
        const struct sequential_call *call = &sequential.frames[i].call;
        if (call->queue == number && sequential_is_locked(call))
            return true;
    }
    return false;
}

static void check_held(const struct sequential_frame *frame, const struct sequential_event *event,
                       enum sequential_fact fact, bool seen, bool expected)
{
    char trace[SEQUENTIAL_TRACE];
    if (seen == expected)
        return;
    sequential_print_trace(trace, frame, event);
    finding_raise(sequential_blame_fact(&frame->call, event, fact, expected, true), frame->call.irp,
                  "at the end of %s: %s is %s", trace,
                  fact == FACT_LOCK ? "the queue's lock" : "the cancel spin lock",
                  seen ? "held" : "not held");
}

/* The caller's level, raised by the driver's lock and by nothing else. */
static KIRQL expected_irql(const struct sequential_frame *frame)
{
    bool mutex = ledger.scenario.queue[frame->call.queue].lock == LOCK_MUTEX;
    KIRQL raised = mutex ? APC_LEVEL : DISPATCH_LEVEL;
    return sequential_is_locked(&frame->call) && raised > frame->irql ? raised : frame->irql;
}

static void check_irql(const struct sequential_frame *frame, const struct sequential_event *event)
{
    char trace[SEQUENTIAL_TRACE];
    KIRQL seen = KeGetCurrentIrql(), expected = expected_irql(frame);
    if (seen == expected)
        return;
    sequential_print_trace(trace, frame, event);
    finding_raise(sequential_blame_fact(&frame->call, event, FACT_IRQL, true, true),
                  frame->call.irp, "at the end of %s: the IRQL is %u, expected %u", trace, seen,
                  expected);
}

void sequential_check_facts(const struct sequential_frame *frame,
                            const struct sequential_event *event)
{
    int queue = frame->call.queue;
    check_held(frame, event, FACT_LOCK, holds_lock(queue), expects_lock(queue));
    check_held(frame, event, FACT_CANCEL_LOCK, io_cancel_lock_held_by(sched_self()), false);
    check_irql(frame, event);
    check_irps(frame, event);
}
