/*
 * The IRP and its stack locations, and the routines that only touch their fields. Those are inline
 * here, work at any IRQL, and may be called by whoever owns the IRP at that moment.
 *
 * In memory an IRP is followed by its stack locations, StackCount of them, lowest driver first.
 * The creator starts above the last one (CurrentLocation == StackCount + 1); each driver the IRP
 * is passed to uses the one below (IRP-9).
 */
#ifndef CSQFUZZ_WDM_IRP_H
#define CSQFUZZ_WDM_IRP_H

#include "atomic.h"
#include "bugcheck.h"
#include "device.h"
#include "rtl.h"
#include "status.h"
#include "types.h"
#include "util.h"
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types --------------------------------------------------------------------------------- */

/* How a request ended; set before the IRP is completed (COMP-2). */
typedef struct _IO_STATUS_BLOCK {
    __extension__ union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information; /* bytes transferred, usually; 0 if canceled */
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

/* One driver's part of the request. */
typedef struct _IO_STACK_LOCATION {
    UCHAR MajorFunction; /* IRP_MJ_* */
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control; /* SL_*, below */
    union {
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine; /* of the driver above; set by it */
    PVOID Context;                            /* handed to CompletionRoutine */
} IO_STACK_LOCATION, *PIO_STACK_LOCATION;

/* An I/O request. Concurrently accessed: Cancel and CancelRoutine, and nothing else. */
typedef struct _IRP {
    CSHORT Type; /* IO_TYPE_IRP */
    USHORT Size; /* stack locations included */
    PMDL MdlAddress;
    ULONG Flags;
    union {
        struct _IRP *MasterIrp;
        LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned; /* to a completion routine: the one below marked pending (COMP-10) */
    CCHAR StackCount;
    CCHAR CurrentLocation;          /* 1 = lowest; StackCount + 1 = nobody's */
    WDM_CONCURRENT(BOOLEAN) Cancel; /* it is, or should be, canceled (IRP-7) */
    KIRQL CancelIrql;               /* for a Cancel routine: release the lock to this (CAN-6) */
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags; /* the substrate's */
    PIO_STATUS_BLOCK UserIosb;
    PKEVENT UserEvent;
    union {
        struct {
            PVOID UserApcRoutine;
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    WDM_CONCURRENT(PDRIVER_CANCEL) CancelRoutine; /* NULL: not cancelable now (IRP-7) */
    PVOID UserBuffer;
    union {
        struct {
            __extension__ union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                __extension__ struct {
                    /* The owner's; [3] is the library's while the IRP is queued (CSQ-DC-1). */
                    PVOID DriverContext[4];
                };
            };
            PETHREAD Thread;
            PCHAR AuxiliaryBuffer;
            __extension__ struct {
                LIST_ENTRY ListEntry; /* the owner's, for its queue (IRP-8) */
                __extension__ union {
                    struct _IO_STACK_LOCATION *CurrentStackLocation;
                    ULONG PacketType;
                };
            };
            PFILE_OBJECT OriginalFileObject;
        } Overlay;
        PVOID CompletionKey;
        PVOID Reserved[11]; /* an APC on Windows; keeps the size the same */
    } Tail;
} IRP, *PIRP;

#define IO_TYPE_IRP 6

/* Where an IRP is on 64-bit Windows, it is here. */
#ifdef _WIN64
C_ASSERT(sizeof(IRP) == 208);
C_ASSERT(FIELD_OFFSET(IRP, IoStatus) == 48);
C_ASSERT(FIELD_OFFSET(IRP, Cancel) == 68);
C_ASSERT(FIELD_OFFSET(IRP, CancelRoutine) == 104);
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.DriverContext) == 120);
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.DeviceQueueEntry) == 120);
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.ListEntry) == 168);
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.CurrentStackLocation) == 184);
C_ASSERT(sizeof(IO_STACK_LOCATION) == 72);
#endif

/* IO_STACK_LOCATION.Control (TYP-15). */
#define SL_PENDING_RETURNED  0x01
#define SL_ERROR_RETURNED    0x02
#define SL_INVOKE_ON_CANCEL  0x20
#define SL_INVOKE_ON_SUCCESS 0x40
#define SL_INVOKE_ON_ERROR   0x80

/* A completion routine's two answers, by name. */
typedef enum _IO_COMPLETION_ROUTINE_RESULT {
    ContinueCompletion = STATUS_CONTINUE_COMPLETION,
    StopCompletion = STATUS_MORE_PROCESSING_REQUIRED
} IO_COMPLETION_ROUTINE_RESULT;

/* ---- Stack locations ----------------------------------------------------------------------- */

/* Bytes an IRP of so many stack locations takes; constant if that is. (wdm.h, IoSizeOfIrp) */
#define IoSizeOfIrp(StackSize)                                                                     \
    ((USHORT)(sizeof(IRP) + (SIZE_T)(StackSize) * sizeof(IO_STACK_LOCATION)))

/* The caller's own. There is none before the creator called IoSetNextIrpStackLocation. (IRP-9) */
static inline PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP Irp)
{
    ASSERT(Irp->CurrentLocation <= Irp->StackCount + 1);
    return Irp->Tail.Overlay.CurrentStackLocation;
}

/* That of the next-lower driver, to be filled in before IoCallDriver. There is none below location
 * 1: reaching for it is an error that only ASSERT catches. (IRP-9) */
static inline PIO_STACK_LOCATION IoGetNextIrpStackLocation(PIRP Irp)
{
    ASSERT(Irp->CurrentLocation > 1);
    return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

/* Make the next-lower one the current one: a creator's way to a location of its own, for which it
 * allocated one more. (IRP-10, IRP-11) */
static inline VOID IoSetNextIrpStackLocation(PIRP Irp)
{
    ASSERT(Irp->CurrentLocation > 1);
    Irp->CurrentLocation--;
    Irp->Tail.Overlay.CurrentStackLocation--;
}

/* Let the next-lower driver reuse the caller's own. Not after IoMarkIrpPending. (IRP-12, PEND-8) */
static inline VOID IoSkipCurrentIrpStackLocation(PIRP Irp)
{
    ASSERT(Irp->CurrentLocation <= Irp->StackCount);
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
}

/* Copy the request to the next-lower driver's, without completion routine, Control cleared.
 * (IRP-12) */
static inline VOID IoCopyCurrentIrpStackLocationToNext(PIRP Irp)
{
    PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Irp);

    RtlCopyMemory(Next, IoGetCurrentIrpStackLocation(Irp),
                  offsetof(IO_STACK_LOCATION, CompletionRoutine));
    Next->Control = 0;
}

/*
 * Have the routine called with Context as the IRP completes: on success, on error, if canceled, as
 * the flags say. Stored in the next-lower driver's location, hence after copying and before
 * IoCallDriver. The routine is NULL only if no flag is TRUE. (CR-1, CR-2)
 */
static inline VOID IoSetCompletionRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                          PVOID Context, BOOLEAN InvokeOnSuccess,
                                          BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Irp);

    ASSERT(CompletionRoutine != NULL || !(InvokeOnSuccess || InvokeOnError || InvokeOnCancel));
    Next->CompletionRoutine = CompletionRoutine;
    Next->Context = Context;
    Next->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
                            (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                            (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
}

/*
 * The caller will return STATUS_PENDING, whatever becomes of the IRP meanwhile. Before the IRP is
 * queued or while the queue's lock is held. Twice is harmless. (PEND-1..PEND-5, PEND-9)
 */
static inline VOID IoMarkIrpPending(PIRP Irp)
{
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

#ifdef __cplusplus
}
#endif

#endif
