/* CsqInsertIrp(Ex), CsqRemoveIrp, CsqPeekNextIrp, CsqCompleteCanceledIrp. */
#include "leeway.h"
#include "monitor_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

/* The reading our own library has been told to follow; absent in somebody else's. */
extern BOOLEAN csq_diagram_reading __attribute__((weak));

/* Is an IRP canceled before its insert not to be offered to the queue? */
static bool follows_text(void)
{
    return &csq_diagram_reading ? !csq_diagram_reading : leeway.text;
}

/* A callback that touches the queue needs the queue's lock. */
static void check_locked(const struct monitor_call *call, enum clause clause, const char *callback)
{
    if (!call->lock_held)
        finding_raise(clause, call->slot, "%s was called without the lock", callback);
}

/* ---- Insert -------------------------------------------------------------------------------- */

static void check_may_insert(const struct monitor_call *call)
{
    static const enum clause clauses[OPERATION_KINDS] = {
        [OP_REMOVE] = CLAUSE_CSQ_REM_10,
        [OP_REMOVE_NEXT] = CLAUSE_CSQ_RNX_11,
        [OP_CANCEL] = CLAUSE_CSQ_CAN_4,
    };
    if (!is_insert(call))
        finding_raise(clauses[call->kind], call->slot, "an insert callback was called");
    if (call->acquires == 0)
        finding_raise(CLAUSE_CSQ_INS_3, call->slot, "the insert callback came before the lock");
    check_locked(call, CLAUSE_CSQ_INS_4, "the insert callback");
    if (call->inserts > 0)
        finding_raise(CLAUSE_CSQ_INS_4, call->slot, "the insert callback was called again");
}

void monitor_insert(PIO_CSQ csq, PIRP irp, bool ex, PVOID insert_context)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    check_may_insert(call);
    monitor_check_queue(call, csq);
    if (irp != ledger.irps[call->slot].irp)
        finding_raise(CLAUSE_CSQ_INS_4, call->slot, "the insert callback got %s, not irp%d",
                      monitor_irp_name(irp), call->slot);
    if (ex != ledger.scenario.queue[call->queue].ex)
        finding_raise(CLAUSE_CSQ_INX_3, call->slot, "the other kind of insert callback was called");
    if (ex && insert_context != call->argument)
        finding_raise(CLAUSE_CSQ_INX_4, call->slot, "another InsertContext than the caller's");
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_INS_6, call->slot,
                      "the Cancel routine was set before the insert callback");
    if (call->canceled && follows_text())
        finding_raise(CLAUSE_CSQ_INS_14, call->slot,
                      "an IRP canceled before the call was offered to the queue");
    call->inserts++;
}

void monitor_inserted(NTSTATUS status)
{
    struct monitor_call *call = monitor_on ? monitor_call(sched_self()) : NULL;
    if (!call)
        return;
    call->inserted = NT_SUCCESS(status);
    call->status = status;
}

/* ---- Remove -------------------------------------------------------------------------------- */

/* An insert takes an IRP out again only if it is canceled and no canceller has claimed it. */
static void check_remove_in_insert(const struct monitor_call *call, PIRP irp, bool claimed)
{
    if (call->inserts && !call->inserted)
        finding_raise(CLAUSE_CSQ_CB_INS_2, call->slot, "the insert callback had failed");
    if (irp != ledger.irps[call->slot].irp)
        finding_raise(CLAUSE_CSQ_CB_REM_1, call->slot, "an insert removed %s",
                      monitor_irp_name(irp));
    if (claimed)
        finding_raise(CLAUSE_CSQ_INS_10, call->slot,
                      "a canceller has claimed the IRP, the insert must leave it alone");
    if (!irp->Cancel || irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_INS_9, call->slot, "it was removed with Cancel %s, a routine %s",
                      irp->Cancel ? "TRUE" : "FALSE", irp->CancelRoutine ? "set" : "not set");
}

static void check_remove_by_context(const struct monitor_call *call, int slot, PIRP irp,
                                    bool claimed)
{
    if (slot != call->identified)
        finding_raise(call->identified < 0 ? CLAUSE_CSQ_REM_3 : CLAUSE_CSQ_REM_4, slot,
                      "%s was removed, the context identifies %s", monitor_irp_name(irp),
                      call->identified < 0 ? "no IRP"
                                           : monitor_irp_name(ledger.irps[call->identified].irp));
    if (claimed || call->claimed)
        finding_raise(CLAUSE_CSQ_REM_5, slot, "the cancellation of %s is in progress",
                      monitor_irp_name(irp));
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_REM_9, slot, "%s is removed with its Cancel routine set",
                      monitor_irp_name(irp));
}

static void check_remove_next(const struct monitor_call *call, int slot, PIRP irp, bool claimed)
{
    if (irp != call->peeked)
        finding_raise(CLAUSE_CSQ_RNX_5, slot, "%s was removed, the last peek found %s",
                      monitor_irp_name(irp), monitor_irp_name(call->peeked));
    if (claimed)
        finding_raise(CLAUSE_CSQ_RNX_6, slot, "the cancellation of %s is in progress",
                      monitor_irp_name(irp));
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_RNX_5, slot, "%s is removed with its Cancel routine set",
                      monitor_irp_name(irp));
    if (call->removes > 0)
        finding_raise(CLAUSE_CSQ_RNX_10, slot, "a second IRP is removed");
}

static void check_remove_in_cancel(const struct monitor_call *call, int slot, PIRP irp)
{
    if (slot != call->slot)
        finding_raise(CLAUSE_CSQ_CAN_4, slot, "the cancel of irp%d removed %s", call->slot,
                      monitor_irp_name(irp));
    if (!irp->Cancel || irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_CAN_6, slot, "it was removed with Cancel %s, a routine %s",
                      irp->Cancel ? "TRUE" : "FALSE", irp->CancelRoutine ? "set" : "not set");
}

void monitor_remove(PIO_CSQ csq, PIRP irp)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    int slot = ledger_find_irp(irp);
    check_locked(call, CLAUSE_CSQ_GEN_4, "CsqRemoveIrp");
    monitor_check_queue(call, csq);
    if (slot < 0 || !ledger.irps[slot].linked ||
        ledger.irps[slot].queue != ledger_find_queue(csq)) {
        finding_raise(call->inserts && !call->inserted ? CLAUSE_CSQ_CB_INS_2 : CLAUSE_CSQ_CB_REM_1,
                      slot < 0 ? call->slot : slot,
                      "CsqRemoveIrp got %s, which is not in the queue", monitor_irp_name(irp));
        return;
    }
    bool claimed = io_irp_claimed(irp);
    if (is_insert(call))
        check_remove_in_insert(call, irp, claimed);
    else if (call->kind == OP_REMOVE)
        check_remove_by_context(call, slot, irp, claimed);
    else if (call->kind == OP_REMOVE_NEXT)
        check_remove_next(call, slot, irp, claimed);
    else if (call->kind == OP_CANCEL)
        check_remove_in_cancel(call, slot, irp);
    if (call->removes > 0)
        finding_raise(CLAUSE_CSQ_CB_REM_2, slot, "CsqRemoveIrp was called again");
    monitor_check_canaries(slot, irp);
    call->removes++;
    call->removed = irp;
}

/* ---- Peek ---------------------------------------------------------------------------------- */

/* The second and later peeks go on after the result before, which must be one to skip. */
static void check_next_peek(const struct monitor_call *call, PIRP irp)
{
    if (irp == NULL)
        finding_raise(CLAUSE_CSQ_RNX_6, call->slot,
                      "the search started again at the beginning instead of after %s",
                      monitor_irp_name(call->peeked));
    else if (irp != call->peeked)
        finding_raise(CLAUSE_CSQ_CB_PEEK_3, call->slot, "it goes on from %s instead of %s",
                      monitor_irp_name(irp), monitor_irp_name(call->peeked));
    else if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_RNX_6, call->slot, "%s is skipped with its Cancel routine set",
                      monitor_irp_name(irp));
}

void monitor_peek(PIO_CSQ csq, PIRP irp, PVOID peek_context)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    if (call->kind != OP_REMOVE_NEXT)
        finding_raise(call->kind == OP_REMOVE ? CLAUSE_CSQ_REM_10 : CLAUSE_CSQ_GEN_13, call->slot,
                      "CsqPeekNextIrp was called");
    check_locked(call, CLAUSE_CSQ_GEN_4, "CsqPeekNextIrp");
    monitor_check_queue(call, csq);
    if (peek_context != call->argument)
        finding_raise(CLAUSE_CSQ_RNX_3, call->slot, "another PeekContext than the caller's");
    if (call->removes > 0)
        finding_raise(CLAUSE_CSQ_RNX_13, call->slot, "CsqPeekNextIrp was called after the removal");
    if (call->peeks == 0 && irp != NULL)
        finding_raise(CLAUSE_CSQ_RNX_2, call->slot, "the first peek starts after %s",
                      monitor_irp_name(irp));
    else if (call->peeks > 0)
        check_next_peek(call, irp);
}

void monitor_peeked(PIRP irp)
{
    struct monitor_call *call = monitor_on ? monitor_call(sched_self()) : NULL;
    if (!call)
        return;
    if (call->peeks < UINT8_MAX) /* of a search that goes round for ever */
        call->peeks++;
    call->peeked = irp;
    int slot = ledger_find_irp(irp);
    if (slot >= 0) {
        call->slot = slot;
        sched_stand_by(irp->AllocationFlags);
        ledger_touch(slot, call->index, call->operation->kind);
    }
}

/* ---- Complete ------------------------------------------------------------------------------ */

static void check_may_complete(const struct monitor_call *call, PIRP irp, int slot)
{
    if (call->kind == OP_REMOVE || call->kind == OP_REMOVE_NEXT)
        finding_raise(call->kind == OP_REMOVE ? CLAUSE_CSQ_REM_10 : CLAUSE_CSQ_RNX_11, call->slot,
                      "CsqCompleteCanceledIrp was called");
    if (slot < 0 || slot != call->slot)
        finding_raise(CLAUSE_CSQ_CB_CCI_5, call->slot, "CsqCompleteCanceledIrp got %s",
                      monitor_irp_name(irp));
    if (call->lock_held || io_cancel_lock_held_by(sched_self()))
        finding_raise(CLAUSE_CSQ_CB_CCI_4, call->slot, "%s is held",
                      call->lock_held ? "the queue's lock" : "the cancel spin lock");
    if (call->completes > 0)
        finding_raise(CLAUSE_CSQ_CB_CCI_5, call->slot, "CsqCompleteCanceledIrp was called again");
    if (call->inserts && !call->inserted)
        finding_raise(CLAUSE_CSQ_INX_7, call->slot, "the insert callback had failed");
    if (call->acquires != 1 || call->releases != 1)
        finding_raise(is_insert(call) ? CLAUSE_CSQ_INS_11 : CLAUSE_CSQ_CAN_4, call->slot,
                      "the lock was taken %u and released %u times before", call->acquires,
                      call->releases);
    if (call->inserts + (call->kind == OP_CANCEL) > 0 && call->removes == 0)
        finding_raise(CLAUSE_CSQ_CAN_7, call->slot, "CsqRemoveIrp has not been called");
}

/* The IRP is still the library's to give, and in the state that a canceled one has. */
static void check_canceled(const struct monitor_call *call, PIRP irp)
{
    const struct ledger_irp *entry = &ledger.irps[call->slot];
    if (entry->linked)
        finding_raise(CLAUSE_CSQ_CAN_7, call->slot, "the IRP is still in the queue");
    if (entry->place != IRP_INSERTING && entry->place != IRP_QUEUED) {
        finding_raise(CLAUSE_CSQ_GEN_14, call->slot, "the IRP has left by another door already");
        return;
    }
    if (!irp->Cancel || irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_CAN_6, call->slot, "it is completed with Cancel %s, a routine %s",
                      irp->Cancel ? "TRUE" : "FALSE", irp->CancelRoutine ? "set" : "not set");
    if (!is_pending(irp))
        finding_raise(CLAUSE_CSQ_INS_5, call->slot, "a canceled IRP is not marked pending");
    monitor_check_canaries(call->slot, irp);
}

void monitor_complete(PIO_CSQ csq, PIRP irp)
{
    struct monitor_call *call = monitor_callback();
    if (!call)
        return;
    monitor_check_queue(call, csq);
    check_may_complete(call, irp, ledger_find_irp(irp));
    if (KeGetCurrentIrql() != call->irql)
        finding_raise(CLAUSE_CSQ_CB_CCI_6, call->slot, "it runs at IRQL %u, the caller's is %u",
                      KeGetCurrentIrql(), call->irql);
    check_canceled(call, irp);
    call->completes++;
}
