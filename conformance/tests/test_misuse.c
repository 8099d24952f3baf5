/*
 * Drivers that break the contract: what springs then. The rows of the catalogue that no variant of
 * the reference driver can hold, since its callers keep to the contract (mutants/CATALOGUE.md).
 *
 * A driver of the documentation's kind, and the library as it is: a bug check, a crash, or the
 * harness that refuses or objects. Each test begins with the row's name.
 */
#include "conformance/driver.h"
#include "conformance/finding.h"
#include "conformance/harness.h"
#include "conformance/ledger.h"
#include "conformance/observer.h"
#include "io/io.h"
#include "tests/stops.h"
#include "tests/threads.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SEES_DEAD_STACKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEES_DEAD_STACKS 1
#endif
#endif

/* ---- The driver ---------------------------------------------------------------------------- */

struct extension {
    IO_CSQ csq;
    LIST_ENTRY irps;
    KSPIN_LOCK lock;
    PKSPIN_LOCK given_back; /* the lock that CsqReleaseLock releases: its own, if it is sound */
};

static struct extension ours, another;
static PIRP irp, second;
static KIRQL old;
static void (*while_waiting)(void); /* what somebody else does before CsqAcquireLock is granted */

static struct extension *extension_of(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct extension, csq);
}

static VOID insert(PIO_CSQ csq, PIRP inserted)
{
    InsertTailList(&extension_of(csq)->irps, &inserted->Tail.Overlay.ListEntry);
}

static VOID remove_irp(PIO_CSQ csq, PIRP removed)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&removed->Tail.Overlay.ListEntry);
}

static PIRP peek(PIO_CSQ csq, PIRP after, PVOID context)
{
    PLIST_ENTRY head = &extension_of(csq)->irps;
    PLIST_ENTRY link = after ? after->Tail.Overlay.ListEntry.Flink : head->Flink;
    UNREFERENCED_PARAMETER(context);
    return link == head ? NULL : CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
}

static VOID acquire(PIO_CSQ csq, PKIRQL irql)
{
    if (while_waiting)
        while_waiting();
    KeAcquireSpinLock(&extension_of(csq)->lock, irql);
}

static VOID release(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(extension_of(csq)->given_back, irql);
}

static VOID complete_canceled(PIO_CSQ csq, PIRP canceled)
{
    UNREFERENCED_PARAMETER(csq);
    canceled->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(canceled, IO_NO_INCREMENT);
}

static void start(struct extension *extension)
{
    sched_lock_retire(&extension->lock);
    KeInitializeSpinLock(&extension->lock);
    InitializeListHead(&extension->irps);
    extension->given_back = &extension->lock;
    IoCsqInitialize(&extension->csq, insert, remove_irp, peek, acquire, release, complete_canceled);
}

static PIRP new_irp(void)
{
    PIRP made = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(made);
    return made;
}

/* Two empty queues and two IRPs, of which the first is put into ours. */
static void fresh(void)
{
    ke_reset();
    io_reset();
    while_waiting = NULL;
    start(&ours);
    start(&another);
    irp = new_irp();
    second = new_irp();
    IoCsqInsertIrp(&ours.csq, irp, NULL);
}

/* ---- What ends in a bug check -------------------------------------------------------------- */

static VOID own_routine(PDEVICE_OBJECT device, PIRP canceled)
{
    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(canceled->CancelIrql);
}

static void set_own_routine(void)
{
    IoSetCancelRoutine(irp, own_routine);
}

static void routines(void)
{
    fresh();
    while_waiting = set_own_routine;
    STOPS("B41: a routine of the driver's own, set on an IRP in a queue", 0xC9, 0x07,
          IoCancelIrp(irp));
    fresh();
    STOPS("B42: an IRP completed that is still in a queue", 0xC9, 0x07,
          IoCompleteRequest(irp, IO_NO_INCREMENT));
}

static void locks(void)
{
    fresh();
    ours.given_back = &another.lock;
    STOPS("B29: a removal gives back another queue's lock", SPIN_LOCK_NOT_OWNED, &another.lock,
          (void)IoCsqRemoveNextIrp(&ours.csq, NULL));
    fresh();
    IoCancelIrp(second);
    KeAcquireSpinLock(&another.lock, &old);
    STOPS("B49: a canceled IRP is inserted under another spin lock", VIOLATION, 0x43535101,
          IoCsqInsertIrp(&ours.csq, second, NULL));
}

/* RemoveEntryList finds that the links do not lead back. */
static void lists(void)
{
    fresh();
    InitializeListHead(&ours.irps);
    STOPS("B36: the list is made anew with an IRP in it", KERNEL_SECURITY_CHECK_FAILURE, 3,
          IoCancelIrp(irp));
    fresh();
    IoCsqInsertIrp(&ours.csq, second, NULL);
    IoCsqInsertIrp(&ours.csq, irp, NULL);
    (void)IoCsqRemoveNextIrp(&ours.csq, NULL);
    STOPS("B47: an IRP is queued that is in the queue", KERNEL_SECURITY_CHECK_FAILURE, 3,
          IoCancelIrp(second));
}

/* ---- What ends in a crash ------------------------------------------------------------------ */

static void on_other_end(const struct ke_bugcheck *bugcheck)
{
    UNREFERENCED_PARAMETER(bugcheck);
    _exit(0);
}

/* In a process of its own: ended by a signal or a sanitizer, rather than by a bug check or not at
 * all. What it says about that is nobody's concern. */
static bool crashes(void (*misuse)(void))
{
    int status = 0;
    fflush(stdout);
    fresh();
    pid_t child = fork();
    if (child == 0) {
        ke_set_bugcheck_handler(on_other_end);
        if (freopen("/dev/null", "w", stderr))
            misuse();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

static void nothing_wrong(void)
{
    IoCancelIrp(irp);
}

static void remove_without_context(void)
{
    (void)IoCsqRemoveIrp(&ours.csq, NULL);
}

static void zero_in_use(void)
{
    RtlZeroMemory(&ours, sizeof ours);
    IoCancelIrp(irp);
}

static void use_uninitialized(void)
{
    RtlZeroMemory(&another.csq, sizeof another.csq);
    IoCsqInsertIrp(&another.csq, second, NULL);
}

static void use_the_librarys_word(void)
{
    irp->Tail.Overlay.DriverContext[3] = NULL;
    IoCancelIrp(irp);
}

static void crashing(void)
{
    tap_ok(!crashes(nothing_wrong), "a sound driver does not crash");
    tap_ok(crashes(remove_without_context), "B30: IoCsqRemoveIrp without a context");
    tap_ok(crashes(zero_in_use), "B36: a device extension zeroed with an IRP queued");
    tap_ok(crashes(use_uninitialized), "B38: a queue that was never initialized");
    tap_ok(crashes(use_the_librarys_word), "B40: DriverContext[3] written while queued");
}

#ifdef SEES_DEAD_STACKS
static __attribute__((noinline)) void insert_with_a_local(void)
{
    IO_CSQ_IRP_CONTEXT context;
    IoCsqInsertIrp(&ours.csq, second, &context);
}

static void outlive_a_context(void)
{
    insert_with_a_local();
    IoCancelIrp(second);
}

static void dead_stacks(void)
{
    tap_ok(crashes(outlive_a_context), "B32: a context on a stack frame that is gone");
}
#else
static void dead_stacks(void)
{
    tap_ok(true, "B32: a context on a stack frame that is gone # skip AddressSanitizer sees it");
}
#endif

/* ---- What never ends ----------------------------------------------------------------------- */

static void retry(void)
{
    PIRP taken;
    while ((taken = IoCsqRemoveNextIrp(&ours.csq, NULL)) != NULL)
        IoCsqInsertIrp(&ours.csq, taken, NULL);
}

static void endless(void)
{
    fresh();
    tap_is(RUN(NO_SCRIPT, retry), SCHED_LIVELOCK, "B48: a loop that queues what it takes");
}

/* ---- What the harness refuses, or objects to ----------------------------------------------- */

static const struct scenario two_queues = {.irps = 1, .contexts = 1, .queues = 2};

static void contexts(void)
{
    ledger_begin(&two_queues);
    tap_is(ledger_bind_context(0, 0, 0, true), 0, "a context that is free may be used");
    tap_is(ledger_bind_context(0, 1, 0, true), LEDGER_NONE,
           "B34: one whose IRP is still queued is refused");
    ledger_clear();
}

/* The driver takes the context to be the second queue's, as soon as it has used it with the first.
 */
static void mistake_the_queue(NTSTATUS status, PIRP returned)
{
    UNREFERENCED_PARAMETER(status);
    UNREFERENCED_PARAMETER(returned);
    ledger.contexts[0].queue = 1;
}

static void ignore_begin(void) {}

static void ignore_call(const struct monitor_call *call)
{
    UNREFERENCED_PARAMETER(call);
}

static void ignore_callback(enum observed_callback which, PIO_CSQ csq, PIRP of, PVOID argument)
{
    UNREFERENCED_PARAMETER(which);
    UNREFERENCED_PARAMETER(csq);
    UNREFERENCED_PARAMETER(of);
    UNREFERENCED_PARAMETER(argument);
}

static void ignore_answer(NTSTATUS status, PIRP found)
{
    UNREFERENCED_PARAMETER(status);
    UNREFERENCED_PARAMETER(found);
}

static void ignore_change(enum observed_change change, int slot)
{
    UNREFERENCED_PARAMETER(change);
    UNREFERENCED_PARAMETER(slot);
}

static void ignore_return(NTSTATUS status, PIRP returned)
{
    UNREFERENCED_PARAMETER(status);
    UNREFERENCED_PARAMETER(returned);
}

static enum sched_end insert_and_remove(void (*returned)(NTSTATUS, PIRP))
{
    static const struct operation operations[] = {{.kind = OP_INSERT, .context = 1},
                                                  {.kind = OP_REMOVE, .context = 1}};
    const struct observer observer = {.begin = ignore_begin,
                                      .entered = ignore_call,
                                      .returned = returned,
                                      .callback = ignore_callback,
                                      .answered = ignore_answer,
                                      .changed = ignore_change};
    const struct harness_plan plan = {.scenario = two_queues,
                                      .count = RTL_NUMBER_OF(operations),
                                      .operations = operations,
                                      .observer = &observer};
    return harness_run(&plan).end;
}

static void wrong_queue(void)
{
    tap_ok(insert_and_remove(ignore_return) == SCHED_DONE && !finding.present,
           "a context used with its own queue");
    tap_ok(insert_and_remove(mistake_the_queue) == SCHED_STOPPED && finding.present &&
               finding.clause == CLAUSE_CSQ_CB_REM_1,
           "A45, B29: with another one, whose CsqRemoveIrp gets an IRP that is not in it");
}

int main(void)
{
    routines();
    locks();
    lists();
    crashing();
    dead_stacks();
    endless();
    contexts();
    wrong_queue();
    io_discard_irps();
    return tap_end();
}
