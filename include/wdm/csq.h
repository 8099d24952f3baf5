/*
 * Cancel-safe IRP queues: the driver supplies storage and a lock as callbacks, the library does
 * all of the cancellation (CSQ-GEN-1).
 *
 * An IRP that was queued leaves by exactly one of three doors: returned by IoCsqRemoveIrp,
 * returned by IoCsqRemoveNextIrp, or handed to CsqCompleteCanceledIrp (CSQ-GEN-14).
 */
#ifndef CSQFUZZ_WDM_CSQ_H
#define CSQFUZZ_WDM_CSQ_H

#include "irp.h"
#include "types.h"
#include "util.h"

#ifdef __cplusplus
extern "C" {
#endif

struct _IO_CSQ;
typedef struct _IO_CSQ IO_CSQ, *PIO_CSQ;

/* ---- The driver's callbacks (TYP-8, TYP-9) ------------------------------------------------- */

/*
 * All run at the IRQL of the operation that calls them, as raised by the lock; on a cancellation in
 * an arbitrary thread. Insert, remove and peek run with the lock held, do no locking of their own
 * and call no IoCsq routine on the same queue. (CSQ-GEN-4, CSQ-CB-GEN-1, CSQ-CB-GEN-2)
 */

/* Put the IRP into the queue; cannot fail. (CSQ-CB-INS-1, CSQ-CB-INS-3) */
typedef VOID IO_CSQ_INSERT_IRP(struct _IO_CSQ *Csq, PIRP Irp);
typedef IO_CSQ_INSERT_IRP *PIO_CSQ_INSERT_IRP;

/* Put it into the queue, or return an error: it was not queued. InsertContext is that of
 * IoCsqInsertIrpEx, may be NULL. (CSQ-CB-INS-2, CSQ-INX-4, CSQ-INX-8) */
typedef NTSTATUS IO_CSQ_INSERT_IRP_EX(struct _IO_CSQ *Csq, PIRP Irp, PVOID InsertContext);
typedef IO_CSQ_INSERT_IRP_EX *PIO_CSQ_INSERT_IRP_EX;

/* Take this IRP, which is in the queue, out of it. (CSQ-CB-REM-1, CSQ-CB-REM-2) */
typedef VOID IO_CSQ_REMOVE_IRP(PIO_CSQ Csq, PIRP Irp);
typedef IO_CSQ_REMOVE_IRP *PIO_CSQ_REMOVE_IRP;

/* The first IRP that matches PeekContext: from the start if Irp is NULL, else after Irp. NULL if
 * there is none. Removes nothing. (CSQ-CB-PEEK-1..CSQ-CB-PEEK-6) */
typedef PIRP IO_CSQ_PEEK_NEXT_IRP(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext);
typedef IO_CSQ_PEEK_NEXT_IRP *PIO_CSQ_PEEK_NEXT_IRP;

/* Take the queue's lock; *Irql is this operation's own, for a spin lock's old IRQL, and may be left
 * alone. (CSQ-CB-ACQ-1..CSQ-CB-ACQ-3) */
typedef VOID IO_CSQ_ACQUIRE_LOCK(PIO_CSQ Csq, PKIRQL Irql);
typedef IO_CSQ_ACQUIRE_LOCK *PIO_CSQ_ACQUIRE_LOCK;

/* Give it back; Irql is what the acquisition stored. (CSQ-CB-REL-1, CSQ-CB-REL-2) */
typedef VOID IO_CSQ_RELEASE_LOCK(PIO_CSQ Csq, KIRQL Irql);
typedef IO_CSQ_RELEASE_LOCK *PIO_CSQ_RELEASE_LOCK;

/* Complete an IRP that was canceled and is out of the queue already. No lock is held; IoCsq
 * routines may be called. (CSQ-CB-CCI-1..CSQ-CB-CCI-8) */
typedef VOID IO_CSQ_COMPLETE_CANCELED_IRP(PIO_CSQ Csq, PIRP Irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP *PIO_CSQ_COMPLETE_CANCELED_IRP;

/* ---- Structures ---------------------------------------------------------------------------- */

/* The Type member of both structures (TYP-5, TYP-6). */
#define IO_TYPE_CSQ_IRP_CONTEXT 1
#define IO_TYPE_CSQ             2
#define IO_TYPE_CSQ_EX          3

/*
 * The key to one queued IRP, for IoCsqRemoveIrp. Opaque; storage of the driver, valid until the IRP
 * has left the queue and no IoCsqRemoveIrp on it is running. (TYP-4, CSQ-CTX-1..CSQ-CTX-11)
 */
typedef struct _IO_CSQ_IRP_CONTEXT {
    ULONG Type;
    PIRP Irp;
    PIO_CSQ Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;

/*
 * A queue. Storage of the driver, usually inside of its device extension; members are set by the
 * two IoCsqInitialize routines only. An Ex insert callback stands in CsqInsertIrp, by a cast.
 * (TYP-1, TYP-2, TYP-3, TYP-7)
 */
struct _IO_CSQ {
    ULONG Type; /* IO_TYPE_CSQ or IO_TYPE_CSQ_EX */
    PIO_CSQ_INSERT_IRP CsqInsertIrp;
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
    PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
    PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
    PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
    PVOID ReservePointer;
};

C_ASSERT(FIELD_OFFSET(IO_CSQ, Type) == 0);
C_ASSERT(FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Type) == 0);
#ifdef _WIN64
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqInsertIrp) == 8);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqRemoveIrp) == 16);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqPeekNextIrp) == 24);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqAcquireLock) == 32);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqReleaseLock) == 40);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqCompleteCanceledIrp) == 48);
C_ASSERT(FIELD_OFFSET(IO_CSQ, ReservePointer) == 56);
C_ASSERT(sizeof(IO_CSQ) == 64);
C_ASSERT(FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Irp) == 8);
C_ASSERT(FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Csq) == 16);
C_ASSERT(sizeof(IO_CSQ_IRP_CONTEXT) == 24);
#endif

/* ---- Routines ------------------------------------------------------------------------------ */

/*
 * Make *Csq a queue of these callbacks, none of which is NULL, and call none of them. Before any
 * other use; there is no counterpart. STATUS_SUCCESS. Any IRQL. (CSQ-INIT-1..CSQ-INIT-10)
 */
NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                         PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                         PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                         PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

/*
 * The same for an insert callback that may fail. STATUS_SUCCESS. Any IRQL. (CSQ-INIT-1,
 * CSQ-INIT-7, CSQ-INIT-8)
 */
NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                           PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                           PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

/*
 * Queue the IRP and mark it pending; if it is canceled already, or meanwhile, complete it as such.
 * Either way the caller returns STATUS_PENDING and does not touch the IRP again. The IRP has a
 * current stack location, no Cancel routine, and is on no other queue; DriverContext[3] is the
 * library's. Context may be NULL: then IoCsqRemoveIrp cannot find this IRP. The caller holds no
 * spin lock. At or below DISPATCH_LEVEL. (CSQ-INS-1..CSQ-INS-23, IRP-11, CSQ-DC-1)
 */
VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context);

/*
 * The same with InsertContext for an Ex callback and with an answer: that callback's value, or
 * STATUS_SUCCESS from a plain queue. An error: not queued, not marked, the IRP is still the
 * caller's. Success does not say that it is still queued. At or below DISPATCH_LEVEL.
 * (CSQ-INX-1..CSQ-INX-17)
 */
NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext);

/*
 * Take the IRP that was inserted with Context out of the queue: it is the caller's, not cancelable,
 * still marked pending. NULL if it left the queue already, or is being canceled; that alone is no
 * licence to free the context. At or below DISPATCH_LEVEL. (CSQ-REM-1..CSQ-REM-14, CSQ-CTX-4)
 */
PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context);

/*
 * Take the first IRP that the peek callback finds for PeekContext, which may be NULL, out of the
 * queue, passing over those that are being canceled. Like IoCsqRemoveIrp otherwise. NULL if there
 * is none. At or below DISPATCH_LEVEL. (CSQ-RNX-1..CSQ-RNX-18)
 */
PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext);

#ifdef __cplusplus
}
#endif

#endif
