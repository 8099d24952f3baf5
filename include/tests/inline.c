/*
 * Runs what the headers implement themselves: the checked list helpers, the routines that only
 * touch an IRP's fields, the concurrent fields. Valid as C and as C++; prints TAP.
 */
#include <setjmp.h>
#include <stdio.h>

#include <wdm.h>

static jmp_buf BugChecked;
static ULONG BugCheckCode;
static ULONG_PTR BugCheckParameters[4];

#ifdef __cplusplus
extern "C" {
#endif

VOID KeBugCheckEx(ULONG Code, ULONG_PTR First, ULONG_PTR Second, ULONG_PTR Third, ULONG_PTR Fourth)
{
    BugCheckCode = Code;
    BugCheckParameters[0] = First;
    BugCheckParameters[1] = Second;
    BugCheckParameters[2] = Third;
    BugCheckParameters[3] = Fourth;
    longjmp(BugChecked, 1);
}

/* Only a build with DBG 1 refers to it. */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PCHAR Message)
{
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, (ULONG_PTR)FailedAssertion, (ULONG_PTR)FileName,
                 LineNumber, (ULONG_PTR)Message);
}

static DRIVER_CANCEL Cancel;
static IO_COMPLETION_ROUTINE Completion;

#ifdef __cplusplus
}
#endif

static VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->CancelIrql = DISPATCH_LEVEL;
}

static NTSTATUS Completion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    return Context == NULL ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_CONTINUE_COMPLETION;
}

/* ---- TAP ----------------------------------------------------------------------------------- */

static int Tests, Failures;

static VOID Ok(BOOLEAN Passed, const char *Name)
{
    printf("%s %d - %s\n", Passed ? "ok" : "not ok", ++Tests, Name);
    Failures += !Passed;
}

/* Runs the statement; TRUE if it raised KERNEL_SECURITY_CHECK_FAILURE for this entry. */
#define CORRUPT(statement, entry)                                                                  \
    (BugCheckCode = 0, setjmp(BugChecked) == 0                                                     \
                           ? ((void)(statement), 0)                                                \
                           : (BugCheckCode == KERNEL_SECURITY_CHECK_FAILURE &&                     \
                              BugCheckParameters[0] == FAST_FAIL_CORRUPT_LIST_ENTRY &&             \
                              BugCheckParameters[1] == (ULONG_PTR)(entry)))

/* ---- Lists --------------------------------------------------------------------------------- */

/* TRUE if the list holds exactly these, forwards and backwards. */
static BOOLEAN Holds(PLIST_ENTRY Head, const PLIST_ENTRY *Entries, int Count)
{
    PLIST_ENTRY Forward = Head, Backward = Head;

    for (int i = 0; i < Count; i++) {
        Forward = Forward->Flink;
        Backward = Backward->Blink;
        if (Forward != Entries[i] || Backward != Entries[Count - 1 - i]) {
            return FALSE;
        }
    }
    return Forward->Flink == Head && Backward->Blink == Head;
}

static VOID TestLists(VOID)
{
    LIST_ENTRY Head, Other, a, b, c, d;
    const PLIST_ENTRY abc[] = {&a, &b, &c}, ac[] = {&a, &c}, acdb[] = {&a, &c, &d, &b};

    InitializeListHead(&Head);
    Ok(IsListEmpty(&Head) && Holds(&Head, NULL, 0), "LST-1: an initialized head is empty");
    Ok(RemoveHeadList(&Head) == &Head && RemoveTailList(&Head) == &Head && IsListEmpty(&Head),
       "LST-3: removing from an empty list yields the head");
    Ok(RemoveEntryList(&Head), "LST-4: removing a self-linked entry does nothing");

    InsertTailList(&Head, &b);
    InsertTailList(&Head, &c);
    InsertHeadList(&Head, &a);
    Ok(Holds(&Head, abc, 3) && !IsListEmpty(&Head), "LST-2: insertion at head and tail");
    Ok(!RemoveEntryList(&b) && Holds(&Head, ac, 2), "LST-4: removal from the middle");

    InitializeListHead(&Other);
    InsertTailList(&Other, &d);
    InsertTailList(&Other, &b);
    RemoveEntryList(&Other);
    AppendTailList(&Head, &d);
    Ok(Holds(&Head, acdb, 4), "LST-6: a list without a head is appended");
    Ok(RemoveHeadList(&Head) == &a && RemoveTailList(&Head) == &b && !RemoveEntryList(&c) &&
           RemoveEntryList(&d) && IsListEmpty(&Head),
       "LST-3, LST-4: removal until empty");
}

static VOID TestCorruptLists(VOID)
{
    static LIST_ENTRY Head, Other, a, b, c;

    InitializeListHead(&Head);
    InsertTailList(&Head, &a);
    InsertTailList(&Head, &b);
    RemoveEntryList(&a);
    Ok(CORRUPT(RemoveEntryList(&a), &a), "LST-7: removed twice");
    InsertTailList(&Head, &b);
    Ok(CORRUPT(RemoveHeadList(&Head), &b), "LST-7: inserted twice");

    InitializeListHead(&Head);
    InitializeListHead(&Other);
    InsertTailList(&Head, &a);
    InsertTailList(&Other, &a);
    Ok(CORRUPT(RemoveHeadList(&Head), &a), "LST-7: moved to another list, removed as the first");
    Ok(CORRUPT(RemoveTailList(&Head), &a), "LST-7: moved to another list, removed as the last");
    Ok(CORRUPT(InsertHeadList(&Head, &c), &c), "LST-7: inserted before a foreign entry");
    Ok(CORRUPT(InsertTailList(&Head, &c), &c), "LST-7: inserted after a foreign entry");
    Ok(CORRUPT(AppendTailList(&Head, &Other), &Head), "LST-7: appended to contradicting links");
    InitializeListHead(&Head);
    Other.Blink = &c;
    c.Flink = &c;
    Ok(CORRUPT(AppendTailList(&Head, &Other), &Other), "LST-7: contradicting links appended");
    Ok(BugCheckParameters[2] == 0 && BugCheckParameters[3] == 0, "LST-7: two parameters are used");
}

static VOID TestSingleLists(VOID)
{
    SINGLE_LIST_ENTRY Head = {NULL}, a, b;

    PushEntryList(&Head, &a);
    PushEntryList(&Head, &b);
    Ok(PopEntryList(&Head) == &b && PopEntryList(&Head) == &a && PopEntryList(&Head) == NULL,
       "PushEntryList, PopEntryList");
}

/* ---- IRPs ---------------------------------------------------------------------------------- */

static VOID TestStackLocations(VOID)
{
    static struct {
        IRP Irp;
        IO_STACK_LOCATION Locations[3];
    } Raw;
    PIRP Irp = &Raw.Irp;
    PIO_STACK_LOCATION Stack;

    Irp->StackCount = 3;
    Irp->CurrentLocation = 4;
    Irp->Tail.Overlay.CurrentStackLocation = &Raw.Locations[3];
    Ok(IoGetNextIrpStackLocation(Irp) == &Raw.Locations[2], "IRP-9: next of a new IRP");
    IoSetNextIrpStackLocation(Irp);
    Ok(IoGetCurrentIrpStackLocation(Irp) == &Raw.Locations[2] && Irp->CurrentLocation == 3,
       "IRP-10: a location of the creator's own");

    Stack = IoGetCurrentIrpStackLocation(Irp);
    Stack->MajorFunction = IRP_MJ_WRITE;
    Stack->Parameters.Others.Argument4 = Irp;
    Stack->CompletionRoutine = Completion;
    IoMarkIrpPending(Irp);
    IoMarkIrpPending(Irp);
    Ok(Stack->Control == SL_PENDING_RETURNED, "PEND-1, PEND-9: marking, twice");

    IoCopyCurrentIrpStackLocationToNext(Irp);
    Stack = IoGetNextIrpStackLocation(Irp);
    Ok(Stack == &Raw.Locations[1] && Stack->MajorFunction == IRP_MJ_WRITE &&
           Stack->Parameters.Others.Argument4 == Irp,
       "IRP-12: the request is copied");
    Ok(Stack->CompletionRoutine == NULL && Stack->Control == 0,
       "IRP-12: completion routine and Control are not");

    IoSetCompletionRoutine(Irp, Completion, &Raw, TRUE, FALSE, TRUE);
    Ok(Stack->CompletionRoutine == Completion && Stack->Context == &Raw &&
           Stack->Control == (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL),
       "CR-1, CR-2: completion routine in the next location");
    IoSetCompletionRoutine(Irp, Completion, NULL, FALSE, TRUE, FALSE);
    Ok(Stack->Control == SL_INVOKE_ON_ERROR, "CR-2: flags are replaced");

    IoSkipCurrentIrpStackLocation(Irp);
    Ok(Irp->CurrentLocation == 4 && IoGetNextIrpStackLocation(Irp) == &Raw.Locations[2],
       "IRP-12: the next driver gets the same location");
    Ok(IoSizeOfIrp(3) == sizeof(Raw), "locations follow the IRP in memory");
}

static VOID TestConcurrentFields(VOID)
{
    static IRP Irp;
    IRP Copy;

    Irp.Cancel = TRUE;
    Irp.CancelRoutine = Cancel;
    Copy = Irp;
    Ok(Copy.Cancel == TRUE && Copy.CancelRoutine == Cancel, "an IRP copied by value");
    Copy.CancelRoutine(NULL, &Copy);
    Ok(Copy.CancelIrql == DISPATCH_LEVEL, "CancelRoutine called like a plain pointer");
    Copy.CancelRoutine = NULL;
    Copy.Cancel = FALSE;
    Irp.Cancel = Copy.Cancel;
    Irp.CancelRoutine = Copy.CancelRoutine;
    Ok(!Irp.Cancel && !Irp.CancelRoutine, "TYP-16: assigned one to the other");
}

static VOID TestAssertions(VOID)
{
    static volatile int Evaluated = 0;

    if (setjmp(BugChecked) == 0) {
        ASSERT(Evaluated++ > 0);
    }
    Ok(Evaluated == DBG && (DBG == 0 || BugCheckCode == MANUALLY_INITIATED_CRASH),
       "ASSERT acts exactly when DBG is 1");
}

int main(VOID)
{
    TestLists();
    TestCorruptLists();
    TestSingleLists();
    TestStackLocations();
    TestConcurrentFields();
    TestAssertions();
    printf("1..%d\n", Tests);
    return Failures != 0;
}
