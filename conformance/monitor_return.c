/* What a routine returned, and the state that it left. */
#include "monitor_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

/* Every routine: back at its caller's IRQL, locks free. */
static void check_return(struct monitor_call *call, enum clause lock_clause)
{
    call->in_routine = false;
    if (!call->outer)
        sched_stand_down();
    if (call->lock_held)
        finding_raise(lock_clause, call->slot, "it returned with the queue's lock held");
    if (io_cancel_lock_held_by(sched_self()))
        finding_raise(CLAUSE_CSL_5, call->slot, "it returned with the cancel spin lock held");
    if (KeGetCurrentIrql() != call->irql)
        finding_raise(CLAUSE_CSQ_IRQL_5, call->slot, "it returned at IRQL %u, was called at %u",
                      KeGetCurrentIrql(), call->irql);
}

/* ---- Insert -------------------------------------------------------------------------------- */

/* The insert callback declined: the IRP is the caller's, as if nothing had happened. */
static void check_failed_insert(const struct monitor_call *call)
{
    PIRP irp = ledger.irps[call->slot].irp;
    if (call->removes || call->completes)
        finding_raise(CLAUSE_CSQ_INX_7, call->slot, "a callback followed the failed insert");
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_INX_7, call->slot, "a Cancel routine is set after it failed");
    if (is_pending(irp) != call->pending)
        finding_raise(CLAUSE_CSQ_INX_7, call->slot, "the IRP is marked pending after it failed");
}

static void check_insert_status(const struct monitor_call *call, NTSTATUS status)
{
    bool ex = ledger.scenario.queue[call->queue].ex;
    NTSTATUS expected = ex && call->inserts ? call->status : STATUS_SUCCESS;
    if (status == expected)
        return;
    enum clause clause = !ex ? CLAUSE_CSQ_INX_1 : CLAUSE_CSQ_INX_2;
    if (ex && call->completes)
        clause = CLAUSE_CSQ_INX_12;
    finding_raise(clause, call->slot, "it returned 0x%08X instead of 0x%08X", (unsigned)status,
                  (unsigned)expected);
}

void monitor_return_insert(struct monitor_call *call, bool has_status, NTSTATUS status)
{
    if (!monitor_on)
        return;
    check_return(call, CLAUSE_CSQ_INS_11);
    if (call->acquires != 1 || call->releases != 1)
        finding_raise(CLAUSE_CSQ_INS_11, call->slot, "the lock was taken %u, released %u times",
                      call->acquires, call->releases);
    if (call->inserts == 0 && call->completes == 0)
        finding_raise(CLAUSE_CSQ_INS_4, call->slot, "the insert callback was not called");
    if (call->inserts && !call->inserted)
        check_failed_insert(call);
    if (call->removes && !call->completes)
        finding_raise(CLAUSE_CSQ_INS_9, call->slot, "a canceled IRP was removed, not completed");
    if (has_status)
        check_insert_status(call, status);
}

/* ---- Removal ------------------------------------------------------------------------------- */

/* A removal gave an IRP to its caller. */
static void check_returned_irp(const struct monitor_call *call, PIRP irp)
{
    int slot = ledger_find_irp(irp);
    if (irp->CancelRoutine != NULL)
        finding_raise(CLAUSE_CSQ_REM_9, slot, "%s was returned with a Cancel routine",
                      monitor_irp_name(irp));
    if (!is_pending(irp))
        finding_raise(CLAUSE_CSQ_REM_13, slot, "%s was returned without its pending mark",
                      monitor_irp_name(irp));
    if (ledger.irps[slot].linked || ledger.irps[slot].place != IRP_QUEUED)
        finding_raise(CLAUSE_CSQ_GEN_14, slot, "%s has left by another door already",
                      monitor_irp_name(irp));
    (void)call;
}

static void check_lock_pair(const struct monitor_call *call, enum clause clause)
{
    if (call->acquires != 1 || call->releases != 1)
        finding_raise(clause, call->slot, "the lock was taken %u and released %u times",
                      call->acquires, call->releases);
}

void monitor_return_remove(struct monitor_call *call, PIRP irp)
{
    if (!monitor_on)
        return;
    check_return(call, CLAUSE_CSQ_REM_2);
    check_lock_pair(call, CLAUSE_CSQ_REM_2);
    if (irp == call->removed) {
        if (irp)
            check_returned_irp(call, irp);
        return;
    }
    enum clause clause = CLAUSE_CSQ_REM_4;
    if (call->identified < 0)
        clause = ledger.contexts[call->context].by_cancel ? CLAUSE_CSQ_REM_8 : CLAUSE_CSQ_REM_7;
    finding_raise(clause, call->slot, "it returned %s and had removed %s", monitor_irp_name(irp),
                  monitor_irp_name(call->removed));
}

void monitor_return_remove_next(struct monitor_call *call, PIRP irp)
{
    if (!monitor_on)
        return;
    check_return(call, CLAUSE_CSQ_RNX_1);
    check_lock_pair(call, CLAUSE_CSQ_RNX_1);
    if (call->peeks == 0)
        finding_raise(CLAUSE_CSQ_RNX_2, call->slot, "CsqPeekNextIrp was not called");
    if (irp != call->peeked)
        finding_raise(irp ? CLAUSE_CSQ_RNX_13 : CLAUSE_CSQ_RNX_9, call->slot,
                      "it returned %s, the last peek found %s", monitor_irp_name(irp),
                      monitor_irp_name(call->peeked));
    if (irp != call->removed)
        finding_raise(irp ? CLAUSE_CSQ_RNX_5 : CLAUSE_CSQ_RNX_4, call->slot,
                      "it returned %s and had removed %s", monitor_irp_name(irp),
                      monitor_irp_name(call->removed));
    if (irp)
        check_returned_irp(call, irp);
}

/* ---- Cancellation -------------------------------------------------------------------------- */

/* IoCancelIrp said that it called the library's Cancel routine. */
static void check_cancel_done(const struct monitor_call *call)
{
    if (call->acquires == 1 && call->releases == 1 && call->removes == 1 && call->completes == 1)
        return;
    finding_raise(call->completes ? CLAUSE_CSQ_CAN_4 : CLAUSE_CSQ_CAN_9, call->slot,
                  "A %u, Rm %u, L %u, C %u times by the time IoCancelIrp returned TRUE",
                  call->acquires, call->removes, call->releases, call->completes);
}

/* The flag is all that a cancel without a routine leaves: the insert must have seen it. */
static void check_not_parked(const struct monitor_call *call)
{
    const struct ledger_irp *entry = &ledger.irps[call->slot];
    PIRP irp = entry->irp;
    sched_reads(SCHED_OBJECT_IRP, (unsigned)call->slot);
    sched_reads(SCHED_OBJECT_ROUTINE, irp->AllocationFlags);
    if (!irp->Cancel && entry->place != IRP_IDLE)
        finding_raise(CLAUSE_CAN_1, call->slot, "Cancel is FALSE after IoCancelIrp");
    if (entry->linked && entry->settled && irp->CancelRoutine != NULL && entry->cancels == 1)
        finding_raise(CLAUSE_CSQ_GEN_15, call->slot,
                      "%s stays queued: IoCancelIrp found no routine, the insert saw no flag",
                      monitor_irp_name(irp));
}

void monitor_return_cancel(struct monitor_call *call, BOOLEAN result)
{
    if (!monitor_on)
        return;
    check_return(call, CLAUSE_CSQ_CAN_4);
    if (result)
        check_cancel_done(call);
    else if (call->acquires)
        finding_raise(CLAUSE_CAN_3, call->slot, "IoCancelIrp ran a Cancel routine, said FALSE");
    else
        check_not_parked(call);
}

/* ---- The sender ---------------------------------------------------------------------------- */

void monitor_completion(int slot, PIRP irp, NTSTATUS expected)
{
    if (!monitor_on)
        return;
    if (irp->IoStatus.Status != expected || irp->IoStatus.Information != 0)
        finding_raise(CLAUSE_CSQ_CB_CCI_2, slot, "%s came back with status 0x%08X, not 0x%08X",
                      monitor_irp_name(irp), (unsigned)irp->IoStatus.Status, (unsigned)expected);
    if (ledger.irps[slot].pended && !irp->PendingReturned)
        finding_raise(CLAUSE_CSQ_INS_5, slot, "%s was queued and came back not marked pending",
                      monitor_irp_name(irp));
}
