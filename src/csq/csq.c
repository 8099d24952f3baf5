/*
 * The cancel-safe IRP queue: IoCsqInitialize, IoCsqInitializeEx, IoCsqInsertIrp, IoCsqInsertIrpEx,
 * IoCsqRemoveIrp, IoCsqRemoveNextIrp and the Cancel routine behind them.
 *
 * The whole design rests on one rule: whoever exchanges the library's Cancel routine out of
 * Irp->CancelRoutine owns the IRP. The Cancel flag decides nothing; it only tells the inserter that
 * it must try the exchange. The routine is set and, by this file, cleared under the queue's lock
 * only, so a remover that loses the exchange knows that a cancellation is on its way to the lock.
 *
 * Letters in comments name the queue's callbacks: A acquire, I insert, Rm remove, Pk peek,
 * L release, C complete-canceled. "Clause" numbers are those of conformance/clauses.def.
 */
#include <wdm.h>

/*
 * What to do with an IRP that is canceled already when it is inserted (clauses CSQ-INS-9, -14).
 * FALSE, the text of the documentation: it is never offered to I, trace "A L C".
 * TRUE, the documentation's flow charts: it is inserted and taken out again, "A I Rm L C".
 * One setting for the process; change it only while no call is in progress.
 */
BOOLEAN csq_diagram_reading = FALSE;

/* ---- The association between an IRP, its queue and its context ------------------------------ */

/*
 * DriverContext[3] of a queued IRP leads to its queue: it holds the context if there is one, else
 * the IO_CSQ itself. Both begin with a Type that tells them apart. Written under the queue's lock;
 * the Cancel routine alone reads it without, which is sound because it was written before the
 * routine was set (a full barrier), and stays until the routine's own thread breaks it.
 */
static VOID associate(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    if (context == NULL) {
        irp->Tail.Overlay.DriverContext[3] = csq;
        return;
    }
    context->Irp = irp;
    irp->Tail.Overlay.DriverContext[3] = context;
}

/* Is `key`, a DriverContext[3], a context? (Clause TYP-6.) */
static BOOLEAN is_context(PVOID key)
{
    return *(ULONG *)key == IO_TYPE_CSQ_IRP_CONTEXT;
}

static PIO_CSQ queue_of(PIRP irp)
{
    PVOID key = irp->Tail.Overlay.DriverContext[3];
    return is_context(key) ? ((PIO_CSQ_IRP_CONTEXT)key)->Csq : (PIO_CSQ)key;
}

/* Under the queue's lock: from now on the context identifies no IRP (clauses CSQ-CTX-3, -7). */
static VOID dissociate(PIRP irp)
{
    PVOID key = irp->Tail.Overlay.DriverContext[3];
    if (is_context(key))
        ((PIO_CSQ_IRP_CONTEXT)key)->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

/* ---- Cancellation --------------------------------------------------------------------------- */

/*
 * Entered by IoCancelIrp, which has exchanged the routine out and so made this thread the owner,
 * with the cancel spin lock held. That lock goes first: it is never held together with the queue's
 * (clauses CSQ-CAN-2, -12). Nothing of the IRP or the queue is touched after C, which frees both.
 */
static VOID cancel_queued_irp(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql = PASSIVE_LEVEL;
    PIO_CSQ csq;

    UNREFERENCED_PARAMETER(device); /* clause CSQ-CAN-11: the queue is found from the IRP */
    IoReleaseCancelSpinLock(irp->CancelIrql);

    csq = queue_of(irp);
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    dissociate(irp);
    csq->CsqReleaseLock(csq, irql);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

/* Under the queue's lock: try to make a queued IRP the caller's. FALSE: a cancellation owns it. */
static BOOLEAN claim(PIRP irp)
{
    return IoSetCancelRoutine(irp, NULL) != NULL;
}

/*
 * Under the queue's lock, for an IRP just queued: make it cancelable; TRUE if it turned out to be
 * canceled and is the caller's again.
 *
 * Set the routine first, test Cancel second. IoCancelIrp stores Cancel first and exchanges the
 * routine second; both pairs are sequentially consistent. In the single order of these four either
 * our set precedes the canceller's exchange, which then finds the routine and calls it, or the
 * exchange precedes our set, and with it the canceller's store precedes our test, which sees it.
 * No cancel is lost. If both see the other, the second exchange below decides who owns the IRP.
 * Testing first would leave a gap in which a canceller finds no routine and we see no flag.
 */
static BOOLEAN arm(PIRP irp)
{
    IoSetCancelRoutine(irp, cancel_queued_irp);
    return irp->Cancel && claim(irp);
}

/* ---- Insertion ------------------------------------------------------------------------------ */

static NTSTATUS call_insert(PIO_CSQ csq, PIRP irp, PVOID insert_context)
{
    if (csq->Type == IO_TYPE_CSQ_EX)
        return ((PIO_CSQ_INSERT_IRP_EX)(PVOID)csq->CsqInsertIrp)(csq, irp, insert_context);
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

/*
 * Under the queue's lock: queue the IRP unless the callback declines (clauses CSQ-INX-7, -8: then
 * it is left untouched). Sets *canceled if the caller must complete it as canceled.
 *
 * Pending mark and association come before the routine is set: from that moment a canceller may
 * be on its way, and once the lock is dropped the IRP may be completed and freed at any time.
 */
static NTSTATUS insert_locked(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context,
                              PVOID insert_context, PBOOLEAN canceled)
{
    NTSTATUS status = call_insert(csq, irp, insert_context);
    if (!NT_SUCCESS(status))
        return status;
    IoMarkIrpPending(irp);
    associate(csq, irp, context);
    *canceled = arm(irp);
    if (*canceled) {
        csq->CsqRemoveIrp(csq, irp);
        dissociate(irp);
    }
    return status;
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    KIRQL irql = PASSIVE_LEVEL; /* for a CsqAcquireLock that has no use for it */
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN canceled = FALSE;

    Csq->CsqAcquireLock(Csq, &irql);
    if (Context != NULL) { /* until associated it identifies no IRP, also if the insert fails */
        Context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        Context->Irp = NULL;
        Context->Csq = Csq;
    }
    if (Irp->Cancel && !csq_diagram_reading) {
        IoMarkIrpPending(Irp);
        canceled = TRUE;
    } else {
        status = insert_locked(Csq, Irp, Context, InsertContext, &canceled);
    }
    Csq->CsqReleaseLock(Csq, irql);
    if (canceled)
        Csq->CsqCompleteCanceledIrp(Csq, Irp);
    return status;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    (VOID) IoCsqInsertIrpEx(Csq, Irp, Context, NULL);
}

/* ---- Removal -------------------------------------------------------------------------------- */

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    KIRQL irql = PASSIVE_LEVEL;
    PIRP irp;

    Csq->CsqAcquireLock(Csq, &irql);
    irp = Context->Irp;
    if (irp != NULL && !claim(irp))
        irp = NULL;
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        dissociate(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}

/*
 * An IRP whose cancellation is in progress stays linked, as a place to go on from: its Cancel
 * routine waits for this lock and takes it out afterwards (clause CSQ-RNX-6).
 */
PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    KIRQL irql = PASSIVE_LEVEL;
    PIRP irp;

    Csq->CsqAcquireLock(Csq, &irql);
    irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    while (irp != NULL && !claim(irp))
        irp = Csq->CsqPeekNextIrp(Csq, irp, PeekContext);
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        dissociate(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}

/* ---- Initialization ------------------------------------------------------------------------- */

static NTSTATUS initialize(PIO_CSQ csq, ULONG type, PIO_CSQ_INSERT_IRP insert,
                           PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                           PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                           PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    csq->Type = type;
    csq->CsqInsertIrp = insert;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                         PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                         PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                         PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return initialize(Csq, IO_TYPE_CSQ, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock,
                      CsqReleaseLock, CsqCompleteCanceledIrp);
}

/* The one slot serves both kinds of insert callback (clause TYP-7); Type says which it holds. */
NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                           PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                           PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return initialize(Csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(PVOID)CsqInsertIrp, CsqRemoveIrp,
                      CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
}
