/*
 * Another cancel-safe IRP queue: the same contract as src/csq, built differently on purpose, so
 * that the conformance suite is seen to test the contract and not the shape of our own code.
 *
 * Different here: Cancel is looked at before the lock is taken; the context is made ready outside
 * of the lock; an insert is a small state machine that both routines drive; one search serves both
 * removals; DriverContext[3] tells a context from a queue by its lowest bit, not by Type. There is
 * no setting for the reading: an IRP canceled before its insert is never offered to the driver.
 */
#include <ntifs.h>

/* ---- DriverContext[3] ----------------------------------------------------------------------- */

#define WITH_CONTEXT ((ULONG_PTR)1) /* both structures are aligned: the bit is free */

static VOID leave_track(PIRP irp, PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    ULONG_PTR track = context ? (ULONG_PTR)context | WITH_CONTEXT : (ULONG_PTR)csq;
    irp->Tail.Overlay.DriverContext[3] = (PVOID)track;
}

static PIO_CSQ_IRP_CONTEXT context_of(PIRP irp)
{
    ULONG_PTR track = (ULONG_PTR)irp->Tail.Overlay.DriverContext[3];
    return track & WITH_CONTEXT ? (PIO_CSQ_IRP_CONTEXT)(track & ~WITH_CONTEXT) : NULL;
}

static PIO_CSQ csq_of(PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = context_of(irp);
    return context ? context->Csq : (PIO_CSQ)irp->Tail.Overlay.DriverContext[3];
}

/* Under the lock, the IRP being ours: out of the storage, and unknown to its context. */
static VOID take_out(PIO_CSQ csq, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = context_of(irp);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
    csq->CsqRemoveIrp(csq, irp);
}

/* ---- Cancellation --------------------------------------------------------------------------- */

static DRIVER_CANCEL on_cancel;

static VOID on_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ csq = csq_of(irp); /* stays: whoever took the Cancel routine owns the IRP, we do */
    KIRQL irql = 0;
    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq->CsqAcquireLock(csq, &irql);
    take_out(csq, irp);
    csq->CsqReleaseLock(csq, irql);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

/* ---- Insertion ------------------------------------------------------------------------------ */

enum state {
    FRESH,    /* to be offered to the driver */
    OFFERED,  /* the driver has it in its storage */
    ARMED,    /* it has a Cancel routine; is it canceled? */
    OURS,     /* canceled, and taken back from its cancellation */
    CANCELED, /* to be completed once the lock is free */
    SETTLED,  /* queued, declined, or a canceller's to finish */
};

struct insertion {
    PIO_CSQ csq;
    PIRP irp;
    PIO_CSQ_IRP_CONTEXT context;
    PVOID argument;
    NTSTATUS status;
};

static enum state offer(struct insertion *in)
{
    PIO_CSQ csq = in->csq;
    if (csq->Type == IO_TYPE_CSQ_EX) {
        PIO_CSQ_INSERT_IRP_EX insert = (PIO_CSQ_INSERT_IRP_EX)(PVOID)csq->CsqInsertIrp;
        in->status = insert(csq, in->irp, in->argument);
    } else {
        csq->CsqInsertIrp(csq, in->irp);
    }
    return NT_SUCCESS(in->status) ? OFFERED : SETTLED;
}

/* Everything that a canceller or a remover needs is in place before there is a Cancel routine. */
static enum state arm(struct insertion *in)
{
    leave_track(in->irp, in->csq, in->context);
    if (in->context)
        in->context->Irp = in->irp;
    IoMarkIrpPending(in->irp);
    IoSetCancelRoutine(in->irp, on_cancel);
    return ARMED;
}

static enum state step(struct insertion *in, enum state state)
{
    switch (state) {
    case FRESH:
        return offer(in);
    case OFFERED:
        return arm(in);
    case ARMED:
        return in->irp->Cancel && IoSetCancelRoutine(in->irp, NULL) ? OURS : SETTLED;
    case OURS:
        take_out(in->csq, in->irp);
        return CANCELED;
    default:
        return SETTLED;
    }
}

static NTSTATUS insert(struct insertion *in)
{
    enum state state = in->irp->Cancel ? CANCELED : FRESH;
    KIRQL irql = 0;
    if (in->context) {
        in->context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        in->context->Csq = in->csq;
        in->context->Irp = NULL;
    }
    in->csq->CsqAcquireLock(in->csq, &irql);
    if (state == CANCELED)
        IoMarkIrpPending(in->irp);
    while (state != SETTLED && state != CANCELED)
        state = step(in, state);
    in->csq->CsqReleaseLock(in->csq, irql);
    if (state == CANCELED)
        in->csq->CsqCompleteCanceledIrp(in->csq, in->irp);
    return in->status;
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    struct insertion in = {Csq, Irp, Context, InsertContext, STATUS_SUCCESS};
    return insert(&in);
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    struct insertion in = {Csq, Irp, Context, NULL, STATUS_SUCCESS};
    insert(&in);
}

/* ---- Removal -------------------------------------------------------------------------------- */

/* Who is next after `irp`, which is being canceled? By context there is one candidate only. */
static PIRP candidate(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context, PIRP irp, PVOID argument)
{
    if (!context)
        return csq->CsqPeekNextIrp(csq, irp, argument);
    return irp ? NULL : context->Irp;
}

static PIRP take(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context, PVOID argument)
{
    PIRP irp = NULL;
    KIRQL irql = 0;
    csq->CsqAcquireLock(csq, &irql);
    do {
        irp = candidate(csq, context, irp, argument);
    } while (irp && !IoSetCancelRoutine(irp, NULL));
    if (irp)
        take_out(csq, irp);
    csq->CsqReleaseLock(csq, irql);
    return irp;
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    return take(Csq, Context, NULL);
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    return take(Csq, NULL, PeekContext);
}

/* ---- Initialization ------------------------------------------------------------------------- */

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                         PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                         PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                         PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    RtlZeroMemory(Csq, sizeof *Csq);
    Csq->Type = IO_TYPE_CSQ;
    Csq->CsqInsertIrp = CsqInsertIrp;
    Csq->CsqRemoveIrp = CsqRemoveIrp;
    Csq->CsqPeekNextIrp = CsqPeekNextIrp;
    Csq->CsqAcquireLock = CsqAcquireLock;
    Csq->CsqReleaseLock = CsqReleaseLock;
    Csq->CsqCompleteCanceledIrp = CsqCompleteCanceledIrp;
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                           PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                           PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    NTSTATUS status =
        IoCsqInitialize(Csq, (PIO_CSQ_INSERT_IRP)(PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp,
                        CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    Csq->Type = IO_TYPE_CSQ_EX;
    return status;
}
