/*
 * Names every word of the core surface, valid as C and as C++. It is only compiled: a missing name,
 * a changed prototype, layout or constant does not pass the compiler.
 */
#include "surroundings.h"

#ifdef __cplusplus
static_assert(std::is_standard_layout<IRP>::value, "CONTAINING_RECORD needs it");
extern "C" {
#endif

/* ---- Types --------------------------------------------------------------------------------- */

C_ASSERT(sizeof(CHAR) == 1 && sizeof(CCHAR) == 1 && sizeof(UCHAR) == 1 && sizeof(BOOLEAN) == 1);
C_ASSERT(sizeof(SHORT) == 2 && sizeof(USHORT) == 2 && sizeof(CSHORT) == 2);
C_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG) == 4 && sizeof(UINT32) == 4 && sizeof(BOOL) == 4);
C_ASSERT(sizeof(NTSTATUS) == 4 && (NTSTATUS)-1 < 0 && sizeof(ACCESS_MASK) == 4);
C_ASSERT(sizeof(LONGLONG) == 8 && sizeof(ULONGLONG) == 8 && sizeof(UINT64) == 8);
C_ASSERT(sizeof(INT64) == 8 && sizeof(LARGE_INTEGER) == 8 && (INT64)-1 < 0);
C_ASSERT(sizeof(ULONG_PTR) == sizeof(PVOID) && sizeof(UINT_PTR) == sizeof(PVOID));
C_ASSERT(sizeof(SIZE_T) == sizeof(PVOID) && sizeof(HANDLE) == sizeof(PVOID));
C_ASSERT((CCHAR)-1 < 0 && (UCHAR)-1 > 0 && (ULONG)-1 > 0);
C_ASSERT(sizeof(KIRQL) == 1 && (KIRQL)-1 > 0); /* TYP-14 */
C_ASSERT(sizeof(KSPIN_LOCK) == sizeof(PVOID) && sizeof(KPROCESSOR_MODE) == 1);
C_ASSERT(sizeof(WCHAR) == sizeof(L'x'));
C_ASSERT(TRUE == 1 && FALSE == 0);
C_ASSERT(DBG == 0 || DBG == 1);
#if __SIZEOF_POINTER__ == 8 && !defined(_WIN64)
#error "_WIN64 is promised on 64-bit hosts"
#endif

/* Every type of the core list with its pointer form: `X x; PX p = &x;`. */
#define BOTH_FORMS(type)                                                                           \
    type Object_##type;                                                                            \
    P##type Pointer_##type = &Object_##type
BOTH_FORMS(BOOLEAN);
BOTH_FORMS(BOOL);
BOTH_FORMS(UCHAR);
BOTH_FORMS(CCHAR);
BOTH_FORMS(CHAR);
BOTH_FORMS(SHORT);
BOTH_FORMS(USHORT);
BOTH_FORMS(LONG);
BOTH_FORMS(ULONG);
BOTH_FORMS(LONGLONG);
BOTH_FORMS(ULONGLONG);
BOTH_FORMS(UINT32);
BOTH_FORMS(UINT64);
BOTH_FORMS(INT64);
BOTH_FORMS(UINT_PTR);
BOTH_FORMS(ULONG_PTR);
BOTH_FORMS(SIZE_T);
BOTH_FORMS(LARGE_INTEGER);
BOTH_FORMS(HANDLE);
BOTH_FORMS(ACCESS_MASK);
BOTH_FORMS(UNICODE_STRING);
BOTH_FORMS(NTSTATUS);
BOTH_FORMS(KIRQL);
BOTH_FORMS(KSPIN_LOCK);
BOTH_FORMS(LIST_ENTRY);
BOTH_FORMS(SINGLE_LIST_ENTRY);
BOTH_FORMS(IO_STATUS_BLOCK);
BOTH_FORMS(IRP);
BOTH_FORMS(IO_STACK_LOCATION);
BOTH_FORMS(DEVICE_OBJECT);
BOTH_FORMS(DRIVER_OBJECT);
BOTH_FORMS(FILE_OBJECT);
BOTH_FORMS(MDL);
BOTH_FORMS(KLOCK_QUEUE_HANDLE);
BOTH_FORMS(FAST_MUTEX);
BOTH_FORMS(KEVENT);
BOTH_FORMS(IO_CSQ);
BOTH_FORMS(IO_CSQ_IRP_CONTEXT);

/* Prototypes spell the tags. */
VOID Tags(struct _IO_CSQ *, struct _IO_CSQ_IRP_CONTEXT *, struct _IRP *, struct _DEVICE_OBJECT *,
          struct _DRIVER_OBJECT *, struct _FILE_OBJECT *, struct _IO_STACK_LOCATION *,
          struct _LIST_ENTRY *, struct _KEVENT *, struct _FAST_MUTEX *, struct _MDL *);

/* ---- Layout (TYP-3, TYP-4, TYP-13) --------------------------------------------------------- */

#ifdef _WIN64
C_ASSERT(sizeof(IO_CSQ) == 64 && sizeof(IO_CSQ_IRP_CONTEXT) == 24);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqInsertIrp) == 8 && FIELD_OFFSET(IO_CSQ, CsqRemoveIrp) == 16);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqPeekNextIrp) == 24 && FIELD_OFFSET(IO_CSQ, CsqAcquireLock) == 32);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqReleaseLock) == 40);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqCompleteCanceledIrp) == 48);
C_ASSERT(FIELD_OFFSET(IO_CSQ, ReservePointer) == 56);
C_ASSERT(FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Irp) == 8 && FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Csq) == 16);
#endif
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.DriverContext) ==
         FIELD_OFFSET(IRP, Tail.Overlay.DeviceQueueEntry));
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.ListEntry) >=
         FIELD_OFFSET(IRP, Tail.Overlay.DriverContext[3]) + (LONG)sizeof(PVOID));
C_ASSERT(sizeof(((PIRP)0)->Cancel) == sizeof(BOOLEAN));
C_ASSERT(sizeof(((PIRP)0)->CancelRoutine) == sizeof(PDRIVER_CANCEL));

/* ---- Constants ----------------------------------------------------------------------------- */

C_ASSERT(IO_TYPE_CSQ_IRP_CONTEXT == 1 && IO_TYPE_CSQ == 2 && IO_TYPE_CSQ_EX == 3); /* TYP-5 */
C_ASSERT(PASSIVE_LEVEL == 0 && APC_LEVEL == 1 && DISPATCH_LEVEL == 2);             /* TYP-14 */
#ifdef _WIN64
C_ASSERT(HIGH_LEVEL == 15);
#else
C_ASSERT(HIGH_LEVEL == 31);
#endif
C_ASSERT(IO_NO_INCREMENT == 0 && SL_PENDING_RETURNED == 0x01); /* TYP-15 */
C_ASSERT(SL_INVOKE_ON_CANCEL == 0x20 && SL_INVOKE_ON_SUCCESS == 0x40 && SL_INVOKE_ON_ERROR == 0x80);
C_ASSERT(IRP_MJ_CREATE == 0 && IRP_MJ_CLOSE == 2 && IRP_MJ_READ == 3 && IRP_MJ_WRITE == 4);
C_ASSERT(IRP_MJ_DEVICE_CONTROL == 0x0e && IRP_MJ_INTERNAL_DEVICE_CONTROL == 0x0f);
C_ASSERT(IRP_MJ_CLEANUP == 0x12 && IRP_MJ_POWER == 0x16 && IRP_MJ_SYSTEM_CONTROL == 0x17);
C_ASSERT(IRP_MJ_SHUTDOWN == 0x10 && IRP_MJ_PNP == 0x1b && IRP_MJ_MAXIMUM_FUNCTION == 0x1b);
C_ASSERT(DO_BUFFERED_IO == 0x04 && DO_DIRECT_IO == 0x10 && PAGE_SIZE == 4096);
C_ASSERT(MAXLONG == 0x7fffffff && IO_TYPE_IRP == 6);

/* The word is looked at as a driver would, with its type and its severity. */
#define STATUS_IS(name, value)                                                                     \
    C_ASSERT((ULONG)STATUS_##name == 0x##value && sizeof(STATUS_##name) == sizeof(NTSTATUS))
STATUS_IS(SUCCESS, 00000000);
STATUS_IS(PENDING, 00000103);
STATUS_IS(TIMEOUT, 00000102);
STATUS_IS(ALERTED, 00000101);
STATUS_IS(CONTINUE_COMPLETION, 00000000);
STATUS_IS(OBJECT_NAME_EXISTS, 40000000);
STATUS_IS(BUFFER_OVERFLOW, 80000005);
STATUS_IS(NO_MORE_FILES, 80000006);
STATUS_IS(CANCELLED, C0000120);
STATUS_IS(UNSUCCESSFUL, C0000001);
STATUS_IS(INVALID_PARAMETER, C000000D);
STATUS_IS(INSUFFICIENT_RESOURCES, C000009A);
STATUS_IS(NO_MEMORY, C0000017);
STATUS_IS(BUFFER_TOO_SMALL, C0000023);
STATUS_IS(NOT_IMPLEMENTED, C0000002);
STATUS_IS(INVALID_DEVICE_REQUEST, C0000010);
STATUS_IS(INVALID_DEVICE_STATE, C0000184);
STATUS_IS(DEVICE_NOT_READY, C00000A3);
STATUS_IS(DELETE_PENDING, C0000056);
STATUS_IS(QUOTA_EXCEEDED, C0000044);
STATUS_IS(THREAD_IS_TERMINATING, C000004B);
STATUS_IS(MORE_PROCESSING_REQUIRED, C0000016);
STATUS_IS(OBJECT_NAME_COLLISION, C0000035);
STATUS_IS(NOT_FOUND, C0000225);
STATUS_IS(DEVICE_REMOVED, C00002B6);
C_ASSERT(NT_SUCCESS(STATUS_PENDING) && NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS));
C_ASSERT(!NT_SUCCESS(STATUS_NO_MORE_FILES) && !NT_SUCCESS(STATUS_CANCELLED));
C_ASSERT(NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS) && !NT_INFORMATION(STATUS_SUCCESS));
C_ASSERT(NT_WARNING(STATUS_BUFFER_OVERFLOW) && !NT_WARNING(STATUS_CANCELLED));
C_ASSERT(NT_ERROR(STATUS_CANCELLED) && !NT_ERROR(STATUS_BUFFER_OVERFLOW));

C_ASSERT(IRQL_NOT_DISPATCH_LEVEL == 0x08 && IRQL_NOT_GREATER_OR_EQUAL == 0x09);
C_ASSERT(IRQL_NOT_LESS_OR_EQUAL == 0x0a && SPIN_LOCK_ALREADY_OWNED == 0x0f);
C_ASSERT(SPIN_LOCK_NOT_OWNED == 0x10 && NO_MORE_IRP_STACK_LOCATIONS == 0x35);
C_ASSERT(MULTIPLE_IRP_COMPLETE_REQUESTS == 0x44 && CANCEL_STATE_IN_COMPLETED_IRP == 0x48);
C_ASSERT(DRIVER_VERIFIER_DETECTED_VIOLATION == 0xc4 && IRQL_UNEXPECTED_VALUE == 0xc8);
C_ASSERT(DRIVER_VERIFIER_IOMANAGER_VIOLATION == 0xc9 && MANUALLY_INITIATED_CRASH == 0xe2);
C_ASSERT(DRIVER_RETURNED_HOLDING_CANCEL_LOCK == 0x11b && KERNEL_SECURITY_CHECK_FAILURE == 0x139);

/* ---- Routines: each with its exact prototype ----------------------------------------------- */

#define PROTOTYPE(result, name, parameters) result(*Check##name) parameters = name

PROTOTYPE(NTSTATUS, IoCsqInitialize,
          (PIO_CSQ, PIO_CSQ_INSERT_IRP, PIO_CSQ_REMOVE_IRP, PIO_CSQ_PEEK_NEXT_IRP,
           PIO_CSQ_ACQUIRE_LOCK, PIO_CSQ_RELEASE_LOCK, PIO_CSQ_COMPLETE_CANCELED_IRP));
PROTOTYPE(NTSTATUS, IoCsqInitializeEx,
          (PIO_CSQ, PIO_CSQ_INSERT_IRP_EX, PIO_CSQ_REMOVE_IRP, PIO_CSQ_PEEK_NEXT_IRP,
           PIO_CSQ_ACQUIRE_LOCK, PIO_CSQ_RELEASE_LOCK, PIO_CSQ_COMPLETE_CANCELED_IRP));
PROTOTYPE(VOID, IoCsqInsertIrp, (PIO_CSQ, PIRP, PIO_CSQ_IRP_CONTEXT));
PROTOTYPE(NTSTATUS, IoCsqInsertIrpEx, (PIO_CSQ, PIRP, PIO_CSQ_IRP_CONTEXT, PVOID));
PROTOTYPE(PIRP, IoCsqRemoveIrp, (PIO_CSQ, PIO_CSQ_IRP_CONTEXT));
PROTOTYPE(PIRP, IoCsqRemoveNextIrp, (PIO_CSQ, PVOID));

PROTOTYPE(BOOLEAN, IoCancelIrp, (PIRP));
PROTOTYPE(PDRIVER_CANCEL, IoSetCancelRoutine, (PIRP, PDRIVER_CANCEL));
PROTOTYPE(VOID, IoAcquireCancelSpinLock, (PKIRQL));
PROTOTYPE(VOID, IoReleaseCancelSpinLock, (KIRQL));
PROTOTYPE(VOID, IoMarkIrpPending, (PIRP));
PROTOTYPE(VOID, IoCompleteRequest, (PIRP, CCHAR));
PROTOTYPE(VOID, IofCompleteRequest, (PIRP, CCHAR));
PROTOTYPE(PIRP, IoAllocateIrp, (CCHAR, BOOLEAN));
PROTOTYPE(VOID, IoFreeIrp, (PIRP));
PROTOTYPE(VOID, IoReuseIrp, (PIRP, NTSTATUS));
PROTOTYPE(VOID, IoInitializeIrp, (PIRP, USHORT, CCHAR));
PROTOTYPE(NTSTATUS, IoCallDriver, (PDEVICE_OBJECT, PIRP));
PROTOTYPE(NTSTATUS, IofCallDriver, (PDEVICE_OBJECT, PIRP));
PROTOTYPE(VOID, IoSetCompletionRoutine,
          (PIRP, PIO_COMPLETION_ROUTINE, PVOID, BOOLEAN, BOOLEAN, BOOLEAN));
PROTOTYPE(NTSTATUS, IoSetCompletionRoutineEx,
          (PDEVICE_OBJECT, PIRP, PIO_COMPLETION_ROUTINE, PVOID, BOOLEAN, BOOLEAN, BOOLEAN));
PROTOTYPE(VOID, IoCopyCurrentIrpStackLocationToNext, (PIRP));
PROTOTYPE(VOID, IoSkipCurrentIrpStackLocation, (PIRP));
PROTOTYPE(PIO_STACK_LOCATION, IoGetCurrentIrpStackLocation, (PIRP));
PROTOTYPE(PIO_STACK_LOCATION, IoGetNextIrpStackLocation, (PIRP));
PROTOTYPE(VOID, IoSetNextIrpStackLocation, (PIRP));

PROTOTYPE(VOID, KeInitializeSpinLock, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeAcquireSpinLock, (PKSPIN_LOCK, PKIRQL));
PROTOTYPE(KIRQL, KeAcquireSpinLockRaiseToDpc, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeReleaseSpinLock, (PKSPIN_LOCK, KIRQL));
PROTOTYPE(VOID, KeAcquireSpinLockAtDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeReleaseSpinLockFromDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(BOOLEAN, KeTryToAcquireSpinLockAtDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(BOOLEAN, KeTestSpinLock, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeAcquireInStackQueuedSpinLock, (PKSPIN_LOCK, PKLOCK_QUEUE_HANDLE));
PROTOTYPE(VOID, KeReleaseInStackQueuedSpinLock, (PKLOCK_QUEUE_HANDLE));
PROTOTYPE(VOID, ExInitializeFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, ExAcquireFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, ExReleaseFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, KeInitializeEvent, (PRKEVENT, EVENT_TYPE, BOOLEAN));
PROTOTYPE(LONG, KeSetEvent, (PRKEVENT, KPRIORITY, BOOLEAN));
PROTOTYPE(LONG, KeResetEvent, (PRKEVENT));
PROTOTYPE(VOID, KeClearEvent, (PRKEVENT));
PROTOTYPE(LONG, KeReadStateEvent, (PRKEVENT));
PROTOTYPE(NTSTATUS, KeWaitForSingleObject,
          (PVOID, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER));
PROTOTYPE(KIRQL, KeGetCurrentIrql, (VOID));
PROTOTYPE(VOID, KeRaiseIrql, (KIRQL, PKIRQL));
PROTOTYPE(VOID, KeLowerIrql, (KIRQL));
PROTOTYPE(KIRQL, KeRaiseIrqlToDpcLevel, (VOID));
PROTOTYPE(VOID, KeMemoryBarrier, (VOID));
PROTOTYPE(VOID, KeBugCheck, (ULONG));
PROTOTYPE(VOID, KeBugCheckEx, (ULONG, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR));
PROTOTYPE(VOID, RtlAssert, (PVOID, PVOID, ULONG, PCHAR));
PROTOTYPE(ULONG, DbgPrint, (PCSTR, ...));

PROTOTYPE(LONG, InterlockedExchange, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedCompareExchange, (LONG volatile *, LONG, LONG));
PROTOTYPE(LONG, InterlockedIncrement, (LONG volatile *));
PROTOTYPE(LONG, InterlockedDecrement, (LONG volatile *));
PROTOTYPE(LONG, InterlockedExchangeAdd, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedOr, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedAnd, (LONG volatile *, LONG));
PROTOTYPE(LONGLONG, InterlockedExchange64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedCompareExchange64, (LONGLONG volatile *, LONGLONG, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedIncrement64, (LONGLONG volatile *));
PROTOTYPE(LONGLONG, InterlockedDecrement64, (LONGLONG volatile *));
PROTOTYPE(LONGLONG, InterlockedExchangeAdd64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedOr64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedAnd64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(PVOID, InterlockedExchangePointer, (PVOID volatile *, PVOID));
PROTOTYPE(PVOID, InterlockedCompareExchangePointer, (PVOID volatile *, PVOID, PVOID));

PROTOTYPE(LONG, ReadAcquire, (LONG const volatile *));
PROTOTYPE(LONG, ReadNoFence, (LONG const volatile *));
PROTOTYPE(LONG, ReadRaw, (LONG const volatile *));
PROTOTYPE(VOID, WriteRelease, (LONG volatile *, LONG));
PROTOTYPE(VOID, WriteNoFence, (LONG volatile *, LONG));
PROTOTYPE(VOID, WriteRaw, (LONG volatile *, LONG));
PROTOTYPE(ULONG, ReadULongAcquire, (ULONG const volatile *));
PROTOTYPE(ULONG, ReadULongNoFence, (ULONG const volatile *));
PROTOTYPE(VOID, WriteULongRelease, (ULONG volatile *, ULONG));
PROTOTYPE(VOID, WriteULongNoFence, (ULONG volatile *, ULONG));
PROTOTYPE(LONG64, ReadAcquire64, (LONG64 const volatile *));
PROTOTYPE(VOID, WriteRelease64, (LONG64 volatile *, LONG64));
PROTOTYPE(ULONG64, ReadULong64Acquire, (ULONG64 const volatile *));
PROTOTYPE(VOID, WriteULong64Release, (ULONG64 volatile *, ULONG64));
PROTOTYPE(PVOID, ReadPointerAcquire, (PVOID const volatile *));
PROTOTYPE(PVOID, ReadPointerNoFence, (PVOID const volatile *));
PROTOTYPE(VOID, WritePointerRelease, (PVOID volatile *, PVOID));
PROTOTYPE(VOID, WritePointerNoFence, (PVOID volatile *, PVOID));
PROTOTYPE(BOOLEAN, ReadBooleanAcquire, (BOOLEAN const volatile *));
PROTOTYPE(VOID, WriteBooleanRelease, (BOOLEAN volatile *, BOOLEAN));

PROTOTYPE(VOID, RtlZeroMemory, (PVOID, SIZE_T));
PROTOTYPE(VOID, RtlCopyMemory, (PVOID, const VOID *, SIZE_T));
PROTOTYPE(VOID, RtlMoveMemory, (PVOID, const VOID *, SIZE_T));
PROTOTYPE(VOID, RtlFillMemory, (PVOID, SIZE_T, UCHAR));

/* List helpers are functions: sources keep them in variables. */
PROTOTYPE(VOID, InitializeListHead, (PLIST_ENTRY));
PROTOTYPE(BOOLEAN, IsListEmpty, (const LIST_ENTRY *));
PROTOTYPE(VOID, InsertHeadList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(VOID, InsertTailList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(PLIST_ENTRY, RemoveHeadList, (PLIST_ENTRY));
PROTOTYPE(PLIST_ENTRY, RemoveTailList, (PLIST_ENTRY));
PROTOTYPE(BOOLEAN, RemoveEntryList, (PLIST_ENTRY));
PROTOTYPE(VOID, AppendTailList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(VOID, PushEntryList, (PSINGLE_LIST_ENTRY, PSINGLE_LIST_ENTRY));
PROTOTYPE(PSINGLE_LIST_ENTRY, PopEntryList, (PSINGLE_LIST_ENTRY));

/* A macro, so that raw memory for an IRP can be an array. */
UCHAR RawIrp[IoSizeOfIrp(2)];
C_ASSERT(IoSizeOfIrp(2) == sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION));

/* ---- Annotations: all empty, wherever they may stand ---------------------------------------- */

/* clang-format off */
_Use_decl_annotations_ _Function_class_(DRIVER_DISPATCH) _Dispatch_type_(IRP_MJ_READ)
_IRQL_raises_(DISPATCH_LEVEL) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_requires_min_(PASSIVE_LEVEL) _IRQL_uses_cancel_
_IRQL_saves_global_(QueuedSpinLock, Handle) _IRQL_restores_global_(QueuedSpinLock, Handle)
_Acquires_lock_(Lock) _Releases_lock_(Lock) _Requires_lock_held_(Lock)
_Requires_lock_not_held_(Lock)
NTKERNELAPI VOID NTAPI Annotated(
    _In_ ULONG a, _Out_ PULONG b, _Inout_ PULONG c, _In_opt_ PVOID d, _Out_opt_ PVOID e,
    _At_(*f, _Post_) _IRQL_saves_ PKIRQL f, _Pre_ _Post_ _IRQL_restores_ KIRQL g);
#ifndef __cplusplus
VOID OldAnnotated(__in ULONG a, __out PULONG b, __inout PULONG c);
#endif
/* clang-format on */

#ifdef __cplusplus
} /* extern "C" */
#endif
