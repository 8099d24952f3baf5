/* IoCompleteRequest (COMP) and completion routines (CR). */
#include "drivers.h"
#include "race.h"
#include "stage.h"

#include "io/io.h"
#include "ke/ke.h"

#include <string.h>

#define IO_VIOLATION DRIVER_VERIFIER_IOMANAGER_VIOLATION

/* Go down one location with that completion routine (NULL: none), as if to a driver. */
static void descend(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context)
{
    if (routine)
        IoSetCompletionRoutine(irp, routine, context, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
}

/* An IRP with one location, current, whose creator has that completion routine. */
static PIRP owned(PIO_COMPLETION_ROUTINE routine)
{
    PIRP irp = drivers_irp(1);
    descend(irp, routine, NULL);
    return irp;
}

/* ---- The way up ---------------------------------------------------------------------------- */

static char order[8], stop;

/* Each has a letter for a context; the one whose letter is `stop` keeps the IRP. */
static NTSTATUS write_letter(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    const char *letter = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    strncat(order, letter, 1);
    return *letter == stop ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_SUCCESS;
}

static PIRP with_letters(void)
{
    PIRP irp = drivers_irp(3);
    for (const char *letter = "cba"; *letter; letter++)
        descend(irp, write_letter, (PVOID)(ULONG_PTR)letter);
    return irp;
}

CASE(comp_1_upwards, "all completion routines, the lowest first", CLAUSE_COMP_1)
{
    drivers_finish(with_letters(), STATUS_SUCCESS);
    expect_text(order, "abc", "the completion routines called");
}

CASE(comp_1_until_one_stops, "none above the one that keeps the IRP", CLAUSE_COMP_1)
{
    stop = 'b';
    drivers_finish(with_letters(), STATUS_SUCCESS);
    expect_text(order, "ab", "the completion routines called");
}

CASE(cr_4_goes_on, "completed again, the IRP goes on above the routine that stopped it",
     CLAUSE_CR_4)
{
    PIRP irp = with_letters();
    stop = 'a';
    drivers_finish(irp, STATUS_SUCCESS);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_text(order, "abc", "the completion routines called");
}

CASE(comp_2_status, "the sender sees the IoStatus that was set", CLAUSE_COMP_2)
{
    PIRP irp = owned(drivers_completion);
    irp->IoStatus.Status = STATUS_BUFFER_OVERFLOW;
    irp->IoStatus.Information = 1234;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    expect_equal(drivers_note.status.Status, STATUS_BUFFER_OVERFLOW, "the status");
    expect_equal(drivers_note.status.Information, 1234, "Information");
}

static void retire(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

CASE(comp_3_not_touched, "an IRP that its sender took back is touched no more", CLAUSE_COMP_3)
{
    stage_inside(EVENT_DONE, retire);
    stage_complete(stage_irp(), STATUS_SUCCESS);
    stage_check_retired();
}

static const UCHAR zeroes[sizeof(IO_STACK_LOCATION)];
static PIO_STACK_LOCATION left;

static NTSTATUS look_down(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    expect(memcmp(left, zeroes, sizeof zeroes) == 0, "the location below is zeroed");
    return drivers_completion(device, irp, context);
}

CASE(comp_10_location_below, "the location that was left is zeroed by then", CLAUSE_COMP_10)
{
    PIRP irp = owned(look_down);
    left = IoGetCurrentIrpStackLocation(irp);
    left->Parameters.Others.Argument1 = irp;
    IoMarkIrpPending(irp);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.calls, 1, "the calls of the completion routine");
}

CASE(comp_10_pending_returned, "PendingReturned: marked or not, each location for itself",
     CLAUSE_COMP_10)
{
    PIRP irp = drivers_irp(2);
    descend(irp, drivers_completion, NULL);
    IoMarkIrpPending(irp);
    descend(irp, drivers_completion, NULL);
    drivers_answer = STATUS_MORE_PROCESSING_REQUIRED;
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.pending_returned, FALSE,
                 "PendingReturned from a location not marked");
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.pending_returned, TRUE, "PendingReturned from one that was marked");
}

static NTSTATUS keep_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

CASE(comp_10_mark_left_below, "a mark below is none above if the routine between has kept the IRP",
     CLAUSE_COMP_10)
{
    PIRP irp = drivers_irp(2);
    descend(irp, drivers_completion, NULL);
    descend(irp, keep_it, NULL);
    IoMarkIrpPending(irp);
    drivers_finish(irp, STATUS_SUCCESS);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.calls, 1, "the calls of the completion routine at the top");
    expect_equal(drivers_note.pending_returned, FALSE, "PendingReturned at the top");
}

CASE(comp_10_without_a_routine, "a mark goes up past a location whose driver has no routine",
     CLAUSE_COMP_10)
{
    PIRP irp = drivers_irp(2);
    descend(irp, drivers_completion, NULL);
    descend(irp, NULL, NULL);
    IoMarkIrpPending(irp);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.pending_returned, TRUE, "PendingReturned at the top");
}

/* ---- Whose the IRP is in the end ----------------------------------------------------------- */

static NTSTATUS free_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

CASE(comp_12_creator_frees, "the creator's routine may free it and end the completion",
     CLAUSE_COMP_12)
{
    PIRP irp = owned(free_it);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(io_irps_live(), 0, "the IRPs there are");
}

CASE(comp_12_nobody_else, "completion itself frees nothing", CLAUSE_COMP_12)
{
    PIRP irp = owned(drivers_completion);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(io_irps_live(), 1, "the IRPs there are");
    IoFreeIrp(irp);
}

/* ---- What stops ---------------------------------------------------------------------------- */

CASE(comp_4_spin_lock, "completing while a spin lock is held stops", CLAUSE_COMP_4)
{
    static KSPIN_LOCK lock;
    PIRP irp = stage_irp();
    KIRQL before;
    KeAcquireSpinLock(&lock, &before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, ANY_PARAMETER,
                    stage_complete(irp, STATUS_SUCCESS));
}

static void complete_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, ANY_PARAMETER,
                    stage_complete(irp, STATUS_SUCCESS));
}

CASE(comp_4_queue_lock, "so does completing inside a callback that runs under the queue's lock",
     CLAUSE_COMP_4)
{
    stage_inside(EVENT_INSERT, complete_it);
    stage_queued(stage_queue(PLAIN), NULL);
    expect(stage_events(EVENT_INSERT), "CsqInsertIrp is called");
}

CASE(comp_5_at_dispatch_level, "at DISPATCH_LEVEL IRPs may be completed", CLAUSE_COMP_5)
{
    PIRP irp = stage_irp();
    KeRaiseIrqlToDpcLevel();
    stage_complete(irp, STATUS_SUCCESS);
    expect_equal(stage_reply(irp)->irql, DISPATCH_LEVEL, "the IRQL of the completion routine");
}

CASE(comp_5_not_above, "above it stops", CLAUSE_COMP_5)
{
    PIRP irp = stage_irp();
    KIRQL before;
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(IO_VIOLATION, 0x0E, stage_complete(irp, STATUS_SUCCESS));
}

CASE(comp_6_pending, "completing with STATUS_PENDING stops", CLAUSE_COMP_6)
{
    PIRP irp = stage_irp();
    expect_bugcheck(IO_VIOLATION, 0x06, stage_complete(irp, STATUS_PENDING));
}

CASE(comp_6_minus_one, "completing with -1 stops", CLAUSE_COMP_6)
{
    PIRP irp = stage_irp();
    expect_bugcheck(IO_VIOLATION, 0x06, stage_complete(irp, -1));
}

static VOID never_called(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    expect(false, "the Cancel routine is not called");
}

CASE(comp_7_cancelable, "completing an IRP with a Cancel routine stops", CLAUSE_COMP_7)
{
    PIRP irp = stage_irp();
    IoSetCancelRoutine(irp, never_called);
    expect_bugcheck(IO_VIOLATION, 0x07, stage_complete(irp, STATUS_SUCCESS));
}

CASE(comp_7_out_of_a_queue, "an IRP that left a queue, by whichever door, has none", CLAUSE_COMP_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(stage_queued(queue, NULL));
    stage_queued(queue, NULL);
    stage_complete(IoCsqRemoveNextIrp(&queue->csq, NULL), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++)
        expect(!stage_event(EVENT_DONE, i)->armed, "CancelRoutine is NULL when it is completed");
}

CASE(comp_8_twice, "completing an IRP again that went all the way up stops", CLAUSE_COMP_8)
{
    PIRP irp = owned(drivers_completion);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_bugcheck(MULTIPLE_IRP_COMPLETE_REQUESTS, irp, drivers_finish(irp, STATUS_SUCCESS));
}

CASE(comp_9_queued_below, "completing an IRP that is in a queue stops", CLAUSE_COMP_9)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_bugcheck(IO_VIOLATION, 0x07, stage_complete(irp, STATUS_SUCCESS));
}

/* ---- Completion routines ------------------------------------------------------------------- */

CASE(cr_1_next_location, "routine, context and conditions are in the next-lower location",
     CLAUSE_CR_1)
{
    PIRP irp = drivers_irp(2);
    descend(irp, NULL, NULL);
    IoSetCompletionRoutine(irp, drivers_completion, irp, TRUE, FALSE, TRUE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    expect(next->CompletionRoutine == drivers_completion, "the routine is there");
    expect_same(next->Context, irp, "the context");
    expect_equal(next->Control, SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL, "the conditions");
    expect(IoGetCurrentIrpStackLocation(irp)->CompletionRoutine == NULL, "not in the own one");
}

CASE(cr_1_called_with, "the routine gets its owner's device and its context", CLAUSE_CR_1)
{
    PIRP irp = drivers_irp(2);
    descend(irp, NULL, NULL);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = drivers_device(UPPER);
    descend(irp, drivers_completion, &order);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = drivers_device(LOWER);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_same(drivers_note.device, drivers_device(UPPER), "the routine's device");
    expect_same(drivers_note.context, &order, "the routine's context");
}

CASE(cr_1_extended, "IoSetCompletionRoutineEx does the same", CLAUSE_CR_1)
{
    PIRP irp = drivers_irp(1);
    expect_equal(IoSetCompletionRoutineEx(drivers_device(UPPER), irp, drivers_completion, &order,
                                          TRUE, TRUE, TRUE),
                 STATUS_SUCCESS, "what IoSetCompletionRoutineEx returned");
    descend(irp, NULL, NULL);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_same(drivers_note.context, &order, "the routine's context");
}

/* Is a routine with these conditions called? */
static bool is_called(unsigned conditions, NTSTATUS status, BOOLEAN canceled)
{
    PIRP irp = drivers_irp(1);
    drivers_note.calls = 0;
    IoSetCompletionRoutine(irp, drivers_completion, NULL, conditions & 1, conditions >> 1 & 1,
                           conditions >> 2 & 1);
    descend(irp, NULL, NULL);
    if (canceled)
        IoCancelIrp(irp);
    drivers_finish(irp, status);
    IoFreeIrp(irp);
    return drivers_note.calls == 1;
}

/* Every set of conditions (1 success, 2 error, 4 cancel), canceled or not. */
static void expect_conditions(NTSTATUS status, bool success)
{
    for (unsigned conditions = 0; conditions < 8; conditions++) {
        bool by_status = conditions & (success ? 1 : 2);
        expect_equal(is_called(conditions, status, FALSE), by_status,
                     "whether the routine is called");
        expect_equal(is_called(conditions, status, TRUE), by_status || conditions & 4,
                     "whether the routine is called for a canceled IRP");
    }
}

CASE(cr_2_success, "a success, also one with information: on success or, if canceled, on cancel",
     CLAUSE_CR_2)
{
    expect_conditions(STATUS_SUCCESS, true);
    expect_conditions(STATUS_ALERTED, true);
    expect_conditions(STATUS_OBJECT_NAME_EXISTS, true);
}

CASE(cr_2_error, "a warning or an error: on error or, if canceled, on cancel", CLAUSE_CR_2)
{
    expect_conditions(STATUS_BUFFER_OVERFLOW, false);
    expect_conditions(STATUS_NOT_FOUND, false);
    expect_conditions(STATUS_CANCELLED, false); /* a status does not make it canceled */
}

CASE(cr_3_other_answers, "any answer but STATUS_MORE_PROCESSING_REQUIRED goes on", CLAUSE_CR_3)
{
    static const NTSTATUS answers[] = {STATUS_SUCCESS, STATUS_UNSUCCESSFUL, STATUS_PENDING};
    for (unsigned i = 0; i < RTL_NUMBER_OF(answers); i++) {
        PIRP irp = drivers_irp(2);
        drivers_note.calls = 0;
        drivers_answer = answers[i];
        descend(irp, drivers_completion, NULL);
        descend(irp, drivers_completion, NULL);
        drivers_finish(irp, STATUS_SUCCESS);
        expect_equal(drivers_note.calls, 2, "the completion routines called");
    }
}

static PIRP sent;

static void make_sent(void)
{
    drivers_note.calls = 0;
    sent = owned(drivers_completion);
}

static void complete_as(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 1)
        drivers_finish(sent, STATUS_SUCCESS);
}

static void ran_there(void)
{
    expect_equal(drivers_note.calls, 1, "the calls of the completion routine");
    expect_equal(drivers_note.thread, 1, "its thread");
}

RACE(cr_3_any_thread, "it runs in the thread that completes the IRP", CLAUSE_CR_3)
{
    race_bodies(complete_as, 2, make_sent);
    race_run(ran_there);
}

CASE(cr_5_no_device, "a creator without a location of its own gets no device", CLAUSE_CR_5)
{
    PIRP irp = owned(drivers_completion);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = drivers_device(UPPER);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.calls, 1, "the calls of the completion routine");
    expect_same(drivers_note.device, NULL, "the routine's device");
}
