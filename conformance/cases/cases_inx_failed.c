/* IoCsqInsertIrpEx (CSQ-INX) where CsqInsertIrpEx fails. */
#include "race.h"
#include "stage.h"

static struct stage_queue *refusing_queue(NTSTATUS answer)
{
    struct stage_queue *queue = stage_queue(EX);
    queue->answer = answer;
    return queue;
}

static NTSTATUS insert(struct stage_queue *queue, PIRP irp)
{
    return IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL);
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect(!IoCancelIrp(irp), "IoCancelIrp inside the insert callback returns FALSE");
}

CASE(csq_inx_2_failures, "errors and warnings of CsqInsertIrpEx are returned", CLAUSE_CSQ_INX_2)
{
    static const NTSTATUS answers[] = {STATUS_UNSUCCESSFUL, STATUS_INSUFFICIENT_RESOURCES,
                                       STATUS_CANCELLED, STATUS_BUFFER_OVERFLOW};
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++)
        expect_equal(insert(refusing_queue(answers[i]), stage_irp()), answers[i], "the status");
}

CASE(csq_inx_4_in_vain, "CsqInsertIrpEx gets InsertContext also if it fails", CLAUSE_CSQ_INX_4)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, &queue->answer);
    expect_same(stage_event(EVENT_INSERT_EX, 0)->argument, &queue->answer,
                "the InsertContext that CsqInsertIrpEx gets");
}

/* ---- Nothing else is done ------------------------------------------------------------------ */

/* A status that is no success leaves the IRP as it came. */
static void refuse(NTSTATUS answer, PIO_CSQ_IRP_CONTEXT context)
{
    struct stage_queue *queue = refusing_queue(answer);
    PIRP irp = stage_irp();
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    expect(stage_untouched(irp), "DriverContext[0..2] and IoStatus are as they were");
    expect(irp->CancelRoutine == NULL, "the IRP has no Cancel routine");
    expect(!stage_pending(irp), "the IRP is not marked pending");
}

CASE(csq_inx_7_nothing_else, "a failed insert: no mark, no Cancel routine, no further callback",
     CLAUSE_CSQ_INX_7)
{
    refuse(STATUS_UNSUCCESSFUL, NULL);
    expect_trace("A Ix(i0) L");
}

CASE(csq_inx_7_with_context, "the same with a context", CLAUSE_CSQ_INX_7)
{
    refuse(STATUS_INSUFFICIENT_RESOURCES, stage_context());
    expect_trace("A Ix(i0) L");
}

CASE(csq_inx_7_warning, "a warning is a failure as well", CLAUSE_CSQ_INX_7)
{
    refuse(STATUS_BUFFER_OVERFLOW, NULL);
    expect_trace("A Ix(i0) L");
}

CASE(csq_inx_17_one_hold_failed, "the lock is released, once, if the insert callback fails",
     CLAUSE_CSQ_INX_17)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    insert(queue, stage_irp());
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
    expect(!queue->held, "the lock is free");
}

CASE(csq_inx_15_failed_anywhere, "a failed insert returns at the caller's IRQL", CLAUSE_CSQ_INX_15)
{
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
        KIRQL before;
        KeRaiseIrql(level, &before);
        insert(queue, stage_irp());
        expect_equal(KeGetCurrentIrql(), level, "the IRQL after the call");
        KeLowerIrql(before);
        stage_retire_queue(queue);
    }
}

/* ---- The IRP is its caller's --------------------------------------------------------------- */

CASE(csq_inx_8_callers_again, "its caller may complete and free it, and the queue knows none",
     CLAUSE_CSQ_INX_8)
{
    struct stage_queue *queue = refusing_queue(STATUS_DEVICE_NOT_READY);
    PIRP irp = stage_irp();
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    stage_complete(irp, STATUS_DEVICE_NOT_READY);
    stage_retire_irp(irp);
    stage_retire_context(context);
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp finds no IRP");
    expect_callbacks("A Ix(i0) L A Pk(NULL)=NULL L");
}

CASE(csq_inx_8_another_queue, "its caller may put it into another queue", CLAUSE_CSQ_INX_8)
{
    struct stage_queue *full = refusing_queue(STATUS_INSUFFICIENT_RESOURCES);
    struct stage_queue *spare = stage_queue(EX);
    PIRP irp = stage_irp();
    insert(full, irp);
    expect_equal(insert(spare, irp), STATUS_SUCCESS, "the status");
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    expect_callbacks("A Ix(i0) L A' Ix(i0)' L' A' Rm(i0)' L' C(i0)'");
}

/* A device that is idle has the IRP started instead of queued, as the cancel sample does. */
static PIRP current;

static void start_if_idle(struct stage_queue *queue, PIRP irp)
{
    queue->answer = current ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    if (!current)
        current = irp;
}

CASE(csq_inx_9_start_instead, "an idle device starts its first IRP and queues the next",
     CLAUSE_CSQ_INX_9)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP first = stage_irp(), second = stage_irp();
    current = NULL;
    stage_inside(EVENT_INSERT_EX, start_if_idle);
    expect_equal(insert(queue, first), STATUS_UNSUCCESSFUL, "the first status");
    expect_equal(insert(queue, second), STATUS_SUCCESS, "the second status");
    expect_same(current, first, "the IRP that was started");
    stage_complete(first, STATUS_SUCCESS);
    stage_retire_irp(first);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), second, "the IRP to start next");
    stage_complete(second, STATUS_SUCCESS);
    expect_trace("A Ix(i0) L A Ix(i1) L D(i0) A Pk(NULL)=i1 Rm(i1) L D(i1)");
}

CASE(csq_inx_10_no_cancellation, "canceling it afterwards finds no Cancel routine",
     CLAUSE_CSQ_INX_10)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    PIRP irp = stage_irp();
    insert(queue, irp);
    expect(!IoCancelIrp(irp), "IoCancelIrp returns FALSE");
    expect_callbacks("A Ix(i0) L");
}

CASE(csq_inx_10_marks_it_itself, "a caller that keeps it marks it pending and completes it",
     CLAUSE_CSQ_INX_10)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    PIRP irp = stage_irp();
    insert(queue, irp);
    expect(!stage_pending(irp), "the mark is left to the caller");
    IoMarkIrpPending(irp);
    stage_complete(irp, STATUS_SUCCESS);
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

/* ---- Canceled as well ---------------------------------------------------------------------- */

CASE(csq_inx_11_canceled_inside, "canceled meanwhile: the failing status, and no completion",
     CLAUSE_CSQ_INX_11)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT_EX, cancel_it);
    expect_equal(insert(queue, irp), STATUS_UNSUCCESSFUL, "the status");
    expect_callbacks("A Ix(i0) L");
    expect(irp->Cancel, "Cancel stays TRUE");
}

CASE(csq_inx_11_canceled_before, "canceled before: the same, if the callback is asked at all",
     CLAUSE_CSQ_INX_11)
{
    struct stage_queue *queue = refusing_queue(STATUS_UNSUCCESSFUL);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    expect_equal(insert(queue, irp), by_reading(STATUS_SUCCESS, STATUS_UNSUCCESSFUL), "the status");
    expect_callbacks(by_reading("A L C(i0)", "A Ix(i0) L"));
    expect(irp->Cancel, "Cancel stays TRUE");
}

static const struct operation refused_and_canceled[] = {
    {.thread = 0, .kind = OP_INSERT_EX, .answer = ANSWER_ERROR},
    {.thread = 1, .kind = OP_CANCEL},
};

/* Nothing ever made it cancelable. That it was canceled before the insert is another matter. */
static void never_cancelable(void)
{
    expect_equal(race_returned(1), false, "what IoCancelIrp returned");
    if (race_count(SCHED_INSERT_IN, 0))
        expect_equal(race_count(SCHED_COMPLETE_IN, 0), 0, "the calls of CsqCompleteCanceledIrp");
}

RACE(csq_inx_11_at_any_moment, "canceled at any moment: no completion", CLAUSE_CSQ_INX_11)
{
    race_operations(refused_and_canceled, 2);
    race_scenario()->queue[0].ex = true;
    race_force(0, SCHED_INSERT_OUT, 0, 1);
    race_run(never_cancelable);
}
