/* CsqAcquireLock and CsqReleaseLock. */
#include "monitor_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

/* The clause that speaks of a routine's lock and unlock. */
static enum clause lock_clause(const struct monitor_call *call)
{
    switch (call->kind) {
    case OP_REMOVE:
        return CLAUSE_CSQ_REM_2;
    case OP_REMOVE_NEXT:
        return CLAUSE_CSQ_RNX_1;
    case OP_CANCEL:
        return CLAUSE_CSQ_CAN_4;
    default:
        return CLAUSE_CSQ_INS_11;
    }
}

/* Does another operation in progress use the same place for its IRQL? */
static bool place_is_shared(const KIRQL *place)
{
    for (int t = 0; t < SCHED_THREADS; t++) {
        struct monitor_call *other = t == sched_self() ? NULL : monitor_call(t);
        if (other && other->in_routine && other->acquires > other->releases &&
            other->irql_place == place)
            return true;
    }
    return false;
}

void monitor_acquire(PIO_CSQ csq, PKIRQL irql)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    monitor_check_queue(call, csq);
    bool cancel = call->kind == OP_CANCEL;
    if (io_cancel_lock_held_by(sched_self()))
        finding_raise(cancel ? CLAUSE_CSQ_CAN_2 : CLAUSE_CSQ_CAN_13, call->slot,
                      "CsqAcquireLock was called with the cancel spin lock held");
    if (call->lock_held)
        finding_raise(CLAUSE_CSQ_CB_ACQ_3, call->slot, "the lock is held already");
    if (call->acquires > 0)
        finding_raise(lock_clause(call), call->slot, "CsqAcquireLock was called a second time");
    if (irql == NULL || place_is_shared(irql))
        finding_raise(CLAUSE_CSQ_CB_ACQ_2, call->slot, "the place for the IRQL is %s",
                      irql ? "shared with another operation" : "NULL");
    if (KeGetCurrentIrql() != call->irql)
        finding_raise(cancel ? CLAUSE_CSQ_CAN_3 : CLAUSE_CSQ_IRQL_5, call->slot,
                      "CsqAcquireLock ran at IRQL %u, the caller's is %u", KeGetCurrentIrql(),
                      call->irql);
    call->acquires++;
    call->irql_place = irql;
}

void monitor_acquired(KIRQL token)
{
    struct monitor_call *call = monitor_on ? monitor_call(sched_self()) : NULL;
    if (!call)
        return;
    call->lock_held = true;
    call->token = token;
    if (call->kind != OP_REMOVE || call->context < 0)
        return;
    /* With the lock held, what the context stands for cannot change any more. */
    int slot = ledger.contexts[call->context].irp;
    const struct ledger_irp *entry = &ledger.irps[slot];
    sched_reads(SCHED_OBJECT_CONTEXT, (unsigned)call->context);
    if (entry->linked && entry->context == call->context) {
        call->identified = call->slot = slot;
        sched_stand_by(entry->irp->AllocationFlags);
        call->claimed = entry->irp->CancelRoutine == NULL;
        ledger_touch(slot, call->index, call->operation->kind);
    }
}

/* An insert is about to let go of the IRP: it must be ready to be canceled and to be completed. */
static void check_queued(const struct monitor_call *call)
{
    const struct ledger_irp *entry = &ledger.irps[call->slot];
    PIRP irp = entry->irp;
    sched_reads(SCHED_OBJECT_IRP, (unsigned)call->slot);
    bool has_routine = irp->CancelRoutine != NULL;
    bool claimed = io_irp_claimed(irp);
    if (!is_pending(irp))
        finding_raise(CLAUSE_CSQ_INS_5, call->slot, "%s is queued and not marked pending",
                      monitor_irp_name(irp));
    if (!has_routine && !claimed)
        finding_raise(CLAUSE_CSQ_INS_6, call->slot, "%s is queued without a Cancel routine",
                      monitor_irp_name(irp));
    if (irp->Tail.Overlay.DriverContext[3] == NULL && !claimed)
        finding_raise(CLAUSE_CSQ_DC_1, call->slot, "DriverContext[3] of %s is NULL",
                      monitor_irp_name(irp));
    /* A canceller that found no routine has gone, its flag is all it left. */
    if (has_routine && irp->Cancel && entry->cancels == 0)
        finding_raise(call->canceled ? CLAUSE_CSQ_INS_14 : CLAUSE_CSQ_INS_7, call->slot,
                      "%s stays queued although it was canceled before its Cancel routine was set",
                      monitor_irp_name(irp));
}

/* A removal by context ends: an IRP that was there to be taken must have been taken. */
static void check_not_missed(const struct monitor_call *call)
{
    if (call->identified < 0 || call->claimed || call->removes)
        return;
    PIRP irp = ledger.irps[call->identified].irp;
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_REM_4, call->identified,
                      "%s is queued, its Cancel routine is set, and it was not removed",
                      monitor_irp_name(irp));
}

void monitor_release(PIO_CSQ csq, KIRQL irql)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    if (!call->lock_held)
        finding_raise(CLAUSE_CSQ_CB_REL_2, call->slot, "the operation does not hold the lock");
    monitor_check_queue(call, csq);
    if (call->releases > 0)
        finding_raise(lock_clause(call), call->slot, "CsqReleaseLock was called a second time");
    if (irql != call->token)
        finding_raise(CLAUSE_CSQ_CB_REL_1, call->slot,
                      "CsqReleaseLock got another value than CsqAcquireLock stored");
    if (is_insert(call) && call->inserted && ledger.irps[call->slot].linked)
        check_queued(call);
    if (call->kind == OP_REMOVE)
        check_not_missed(call);
    call->releases++;
    call->lock_held = false;
    if (is_insert(call) && call->inserted && ledger.irps[call->slot].linked) {
        sched_writes(SCHED_OBJECT_IRP, (unsigned)call->slot);
        ledger.irps[call->slot].settled = true;
    }
}
