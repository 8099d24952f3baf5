/* IoCsqInsertIrp (CSQ-INS) with an IRP that is canceled before or meanwhile. */
#include "race.h"
#include "stage.h"

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect(!IoCancelIrp(irp), "IoCancelIrp inside the insert callback returns FALSE");
}

/* Canceled inside of CsqInsertIrp: too early for a Cancel routine, too late for a test before. */
static PIRP canceled_inside(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT, cancel_it);
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_inside(EVENT_INSERT, NULL);
    return irp;
}

static PIRP canceled_before(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    expect(!IoCancelIrp(irp), "IoCancelIrp before the insert returns FALSE");
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, context);
    return irp;
}

/* ---- Order and outcome --------------------------------------------------------------------- */

CASE(csq_ins_3_lock_first_canceled, "CsqAcquireLock comes first for a canceled IRP, too",
     CLAUSE_CSQ_INS_3)
{
    canceled_before(stage_queue(PLAIN), NULL);
    expect(stage_callbacks()[0] == 'A', "the first callback is CsqAcquireLock");
}

CASE(csq_ins_4_not_twice, "an IRP canceled inside of CsqInsertIrp is inserted once",
     CLAUSE_CSQ_INS_4)
{
    canceled_inside(stage_queue(PLAIN), NULL);
    expect_equal(stage_events(EVENT_INSERT), 1, "the number of calls of CsqInsertIrp");
}

CASE(csq_ins_5_marks_canceled, "an IRP canceled meanwhile is marked pending as well",
     CLAUSE_CSQ_INS_5)
{
    PIRP irp = canceled_inside(stage_queue(PLAIN), NULL);
    expect(stage_event(EVENT_RELEASE, 0)->pending, "it is marked at CsqReleaseLock");
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

CASE(csq_ins_7_tests_after, "a cancel that came before the Cancel routine is noticed",
     CLAUSE_CSQ_INS_7)
{
    PIRP irp = canceled_inside(stage_queue(PLAIN), NULL);
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the number of calls of CsqCompleteCanceledIrp");
    expect_equal(stage_reply(irp)->count, 1, "the number of its completions");
}

CASE(csq_ins_9_inside, "canceled inside of CsqInsertIrp: removed under the lock, then completed",
     CLAUSE_CSQ_INS_9)
{
    canceled_inside(stage_queue(PLAIN), NULL);
    expect_callbacks("A I(i0) Rm(i0) L C(i0)");
    expect(stage_event(EVENT_REMOVE, 0)->locked, "the lock is held in CsqRemoveIrp");
    expect(stage_event(EVENT_REMOVE, 0)->queued, "the IRP is in the queue until CsqRemoveIrp");
    expect(!stage_event(EVENT_COMPLETE, 0)->locked, "the lock is free in CsqCompleteCanceledIrp");
    expect(!stage_event(EVENT_COMPLETE, 0)->armed, "the Cancel routine is cleared by then");
}

CASE(csq_ins_9_before, "canceled before: handed to CsqCompleteCanceledIrp after the lock",
     CLAUSE_CSQ_INS_9)
{
    canceled_before(stage_queue(PLAIN), NULL);
    expect_callbacks(by_reading("A L C(i0)", "A I(i0) Rm(i0) L C(i0)"));
    expect(!stage_event(EVENT_COMPLETE, 0)->locked, "the lock is free in CsqCompleteCanceledIrp");
    expect(!stage_event(EVENT_COMPLETE, 0)->armed, "the IRP has no Cancel routine by then");
}

CASE(csq_ins_9_with_context, "the same with a context", CLAUSE_CSQ_INS_9)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    canceled_inside(queue, stage_context());
    expect_callbacks("A I(i0) Rm(i0) L C(i0)");
    canceled_before(queue, stage_context());
    expect_callbacks(by_reading("A L C(i1)", "A I(i1) Rm(i1) L C(i1)"));
}

CASE(csq_ins_11_one_hold_canceled, "the lock is taken and released once for a canceled IRP",
     CLAUSE_CSQ_INS_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    canceled_inside(queue, NULL);
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
    canceled_before(queue, NULL);
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
    expect(!queue->held, "the lock is free");
}

static void free_irp(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

CASE(csq_ins_14_not_in_queue, "an IRP canceled before is not in the queue afterwards",
     CLAUSE_CSQ_INS_14)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_inside(EVENT_DONE, free_irp);
    canceled_before(queue, context);
    expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp finds no IRP");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp finds no IRP");
}

CASE(csq_ins_15_completed_once, "canceled before or inside: CsqCompleteCanceledIrp once",
     CLAUSE_CSQ_INS_15)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP before = canceled_before(queue, NULL);
    PIRP inside = canceled_inside(queue, NULL);
    expect_equal(stage_events(EVENT_COMPLETE), 2, "the number of calls of CsqCompleteCanceledIrp");
    expect_equal(stage_reply(before)->count, 1, "the number of completions of the first");
    expect_equal(stage_reply(inside)->count, 1, "the number of completions of the second");
}

/* ---- What it leaves alone ------------------------------------------------------------------ */

static PIO_CSQ_IRP_CONTEXT freed_context;

static void free_context(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    (void)irp;
    stage_retire_context(freed_context);
}

static void expect_untouched(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect(stage_untouched(irp), "IoStatus is as it was");
}

CASE(csq_ins_17_after_completion, "once the IRP is completed the insert does not touch it",
     CLAUSE_CSQ_INS_17)
{
    stage_inside(EVENT_DONE, free_irp);
    canceled_inside(stage_queue(PLAIN), NULL);
    expect_callbacks("A I(i0) Rm(i0) L C(i0)");
}

CASE(csq_ins_17_after_completion_before, "nor does it one that was canceled before",
     CLAUSE_CSQ_INS_17)
{
    stage_inside(EVENT_DONE, free_irp);
    canceled_before(stage_queue(PLAIN), stage_context());
    expect_callbacks(by_reading("A L C(i0)", "A I(i0) Rm(i0) L C(i0)"));
}

CASE(csq_ins_18_in_completion, "CsqCompleteCanceledIrp may free the context", CLAUSE_CSQ_INS_18)
{
    freed_context = stage_context();
    stage_inside(EVENT_COMPLETE, free_context);
    canceled_inside(stage_queue(PLAIN), freed_context);
    expect_callbacks("A I(i0) Rm(i0) L C(i0)");
}

CASE(csq_ins_18_in_completion_before, "also that of an IRP canceled before", CLAUSE_CSQ_INS_18)
{
    freed_context = stage_context();
    stage_inside(EVENT_COMPLETE, free_context);
    canceled_before(stage_queue(PLAIN), freed_context);
    expect_callbacks(by_reading("A L C(i0)", "A I(i0) Rm(i0) L C(i0)"));
}

CASE(csq_ins_23_io_status_canceled, "CsqCompleteCanceledIrp gets IoStatus as it was",
     CLAUSE_CSQ_INS_23)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    stage_inside(EVENT_COMPLETE, expect_untouched);
    canceled_inside(queue, NULL);
    canceled_before(queue, NULL);
}

/* ---- IRQL ---------------------------------------------------------------------------------- */

CASE(csq_ins_20_canceled_anywhere, "canceled IRPs are completed at the caller's IRQL",
     CLAUSE_CSQ_INS_20)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KIRQL before;
        KeRaiseIrql(level, &before);
        stage_clear();
        canceled_inside(queue, NULL);
        expect_equal(stage_event(EVENT_COMPLETE, 0)->irql, level, "the IRQL of the completion");
        canceled_before(queue, NULL);
        expect_equal(stage_event(EVENT_COMPLETE, 0)->irql, level, "the IRQL of the completion");
        expect_equal(KeGetCurrentIrql(), level, "the IRQL after the call");
        KeLowerIrql(before);
    }
}

/* ---- Inside a dispatch routine ------------------------------------------------------------- */

static struct stage_queue *dispatch_queue;
static NTSTATUS dispatch_answer;

static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCsqInsertIrp(&dispatch_queue->csq, irp, NULL);
    return dispatch_answer;
}

/* Send an IRP to a driver that queues it and returns this. The stage's IRP is in its own location
 * already; forwarded from there it keeps its sender. */
static NTSTATUS send(PIRP irp, NTSTATUS answer)
{
    static DRIVER_OBJECT driver;
    static DEVICE_OBJECT device;
    device.Type = IO_TYPE_DEVICE;
    device.DriverObject = &driver;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver.MajorFunction[i] = dispatch;
    dispatch_answer = answer;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(&device, irp);
}

CASE(csq_ins_19_queued, "STATUS_PENDING is right for an IRP that was queued", CLAUSE_CSQ_INS_19)
{
    dispatch_queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    expect_equal(send(irp, STATUS_PENDING), STATUS_PENDING, "what IoCallDriver returned");
    expect_same(IoCsqRemoveNextIrp(&dispatch_queue->csq, NULL), irp, "the IRP returned");
    stage_complete(irp, STATUS_SUCCESS);
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

CASE(csq_ins_19_canceled_inside, "it is right for one that was canceled inside the insert",
     CLAUSE_CSQ_INS_19)
{
    dispatch_queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT, cancel_it);
    expect_equal(send(irp, STATUS_PENDING), STATUS_PENDING, "what IoCallDriver returned");
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

CASE(csq_ins_19_canceled_before, "it is right for one that was canceled before the insert",
     CLAUSE_CSQ_INS_19)
{
    dispatch_queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    expect_equal(send(irp, STATUS_PENDING), STATUS_PENDING, "what IoCallDriver returned");
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

/* ---- At the same time as a cancel ---------------------------------------------------------- */

static const struct operation insert_and_cancel[] = {
    {.thread = 0, .kind = OP_INSERT},
    {.thread = 1, .kind = OP_CANCEL},
};

static void completed_once(void)
{
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
    expect_equal(race_count(SCHED_REMOVE_IN, 0), race_count(SCHED_INSERT_IN, 0),
                 "the calls of CsqRemoveIrp");
}

RACE(csq_ins_7_tests_last, "a cancel just before the Cancel routine is set is noticed",
     CLAUSE_CSQ_INS_7)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_SWAP_BEFORE, 0, 1);
    race_run(completed_once);
}

/* IoCancelIrp's TRUE says that it took the routine, before or after the insert's own test. */
static void left_to_the_canceler(void)
{
    if (race_returned(1)) {
        expect_letters(0, "A I L");
        expect_letters(1, "cs+ cs- A Rm L C");
    }
    completed_once();
}

RACE(csq_ins_10_canceler_first, "an IRP whose Cancel routine was taken is left to the canceller",
     CLAUSE_CSQ_INS_10)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_run(left_to_the_canceler);
}

RACE(csq_ins_15_at_any_moment, "canceled at any moment: CsqCompleteCanceledIrp once",
     CLAUSE_CSQ_INS_15)
{
    race_operations(insert_and_cancel, 2);
    race_run(completed_once);
}
