/* Canceling a queued IRP (CSQ-CAN). */
#include "stage.h"

#include "io/io.h"
#include "ke/ke.h"

/* An IRP in the queue; the events so far are forgotten. */
static PIRP queued(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_clear();
    return irp;
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned inside the insert callback");
}

/* Inserted and canceled inside the insert callback: the other way to CsqCompleteCanceledIrp. */
static PIRP canceled_by_insert(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT, cancel_it);
    IoCsqInsertIrp(&queue->csq, irp, context);
    return irp;
}

static void expect_one_lock(void)
{
    for (enum stage_event_kind kind = EVENT_ACQUIRE; kind <= EVENT_COMPLETE; kind++)
        for (unsigned i = 0; i < stage_events(kind); i++)
            expect(!stage_event(kind, i)->cancel_locked,
                   "the cancel spin lock is free at each callback");
}

/* ---- The path ------------------------------------------------------------------------------ */

CASE(csq_can_1_calls_the_routine,
     "the routine that the insert has set runs, and IoCancelIrp says so", CLAUSE_CSQ_CAN_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = queued(queue, NULL);
    expect(irp->CancelRoutine != NULL, "a queued IRP has a Cancel routine");
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the calls of CsqCompleteCanceledIrp");
    expect(!stage_holds(queue, irp), "the IRP has left the queue");
}

CASE(csq_can_2_cancel_lock_first, "no callback of a cancel runs under the cancel spin lock",
     CLAUSE_CSQ_CAN_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, NULL));
    expect(stage_events(EVENT_ACQUIRE) > 0, "CsqAcquireLock is called");
    expect_one_lock();
}

CASE(csq_can_3_back_at_the_callers_irql, "CsqAcquireLock runs at the IRQL of IoCancelIrp's caller",
     CLAUSE_CSQ_CAN_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KIRQL before;
        PIRP irp = queued(queue, NULL);
        KeRaiseIrql(level, &before);
        IoCancelIrp(irp);
        KeLowerIrql(before);
        expect_equal(stage_event(EVENT_ACQUIRE, 0)->irql, level, "the IRQL at A");
    }
}

/* An insert at DISPATCH_LEVEL must not leave its level behind for a cancel at PASSIVE_LEVEL. */
CASE(csq_can_3_not_the_inserters_irql, "the level of the insert does not matter to the cancel",
     CLAUSE_CSQ_CAN_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    KIRQL before;
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    PIRP irp = queued(queue, NULL);
    KeLowerIrql(before);
    IoCancelIrp(irp);
    expect_equal(stage_event(EVENT_ACQUIRE, 0)->irql, PASSIVE_LEVEL, "the IRQL at A");
}

CASE(csq_can_4_order, "a cancel is A, Rm, L, C, each once", CLAUSE_CSQ_CAN_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, NULL));
    expect_callbacks("A Rm(i0) L C(i0)");
}

CASE(csq_can_4_order_with_context, "it is the same for an IRP with a context", CLAUSE_CSQ_CAN_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, stage_context()));
    expect_callbacks("A Rm(i0) L C(i0)");
}

static PIO_CSQ_IRP_CONTEXT context_of_it;

/* The IRP is gone: whoever still believes the context writes to it. */
static void remove_by_context(struct stage_queue *queue, PIRP irp)
{
    stage_retire_irp(irp);
    expect_same(IoCsqRemoveIrp(&queue->csq, context_of_it), NULL, "what IoCsqRemoveIrp returned");
    stage_check_retired();
}

CASE(csq_can_4_breaks_the_association, "inside C the context identifies no IRP any more",
     CLAUSE_CSQ_CAN_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    context_of_it = stage_context();
    PIRP irp = queued(queue, context_of_it);
    stage_leave_completion();
    stage_inside(EVENT_COMPLETE, remove_by_context);
    IoCancelIrp(irp);
    expect_callbacks("A Rm(i0) L C(i0) A L");
}

/* ---- The state at each step ---------------------------------------------------------------- */

CASE(csq_can_5_lock_is_free, "the queue's lock is free while a canceled IRP is completed",
     CLAUSE_CSQ_CAN_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, NULL));
    expect(!stage_event(EVENT_COMPLETE, 0)->locked, "the lock is free at C");
}

static void expect_canceled_state(void)
{
    const struct stage_event *removed = stage_event(EVENT_REMOVE, 0);
    const struct stage_event *completed = stage_event(EVENT_COMPLETE, 0);
    expect(removed->canceled, "Cancel is TRUE at Rm");
    expect(!removed->armed, "CancelRoutine is NULL at Rm");
    expect(completed->canceled, "Cancel is TRUE at C");
    expect(!completed->armed, "CancelRoutine is NULL at C");
}

CASE(csq_can_6_state, "Cancel TRUE and CancelRoutine NULL at Rm and C of a cancel",
     CLAUSE_CSQ_CAN_6)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, NULL));
    expect_canceled_state();
}

CASE(csq_can_6_state_in_insert, "Cancel TRUE and CancelRoutine NULL at Rm and C of an insert",
     CLAUSE_CSQ_CAN_6)
{
    canceled_by_insert(stage_queue(PLAIN), NULL);
    expect_canceled_state();
}

CASE(csq_can_7_removed_first, "a canceled IRP is taken out of the queue, then completed",
     CLAUSE_CSQ_CAN_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(queued(queue, NULL));
    expect_equal(stage_events(EVENT_REMOVE), 1, "the calls of CsqRemoveIrp");
    expect(stage_event(EVENT_REMOVE, 0) < stage_event(EVENT_COMPLETE, 0), "Rm comes before C");
}

CASE(csq_can_7_removed_first_in_insert, "an insert takes it out, too, before it completes it",
     CLAUSE_CSQ_CAN_7)
{
    canceled_by_insert(stage_queue(PLAIN), NULL);
    expect_equal(stage_events(EVENT_REMOVE), 1, "the calls of CsqRemoveIrp");
    expect(stage_event(EVENT_REMOVE, 0) < stage_event(EVENT_COMPLETE, 0), "Rm comes before C");
}

CASE(csq_can_8_leaves_completion_to_the_driver, "a canceled IRP is the driver's to complete",
     CLAUSE_CSQ_CAN_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = queued(queue, NULL);
    stage_leave_completion();
    IoCancelIrp(irp);
    expect_equal(stage_reply(irp)->count, 0, "the completions");
    expect(stage_untouched(irp), "IoStatus and the driver's DriverContext are as they were");
    stage_complete(irp, STATUS_CANCELLED);
}

CASE(csq_can_8_leaves_it_after_an_insert, "so it is if the insert finds it canceled",
     CLAUSE_CSQ_CAN_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    stage_leave_completion();
    PIRP irp = canceled_by_insert(queue, NULL);
    expect_equal(stage_reply(irp)->count, 0, "the completions");
    expect(stage_untouched(irp), "IoStatus and the driver's DriverContext are as they were");
    stage_complete(irp, STATUS_CANCELLED);
}

CASE(csq_can_9_done_on_return, "by the time IoCancelIrp returns TRUE the IRP is completed",
     CLAUSE_CSQ_CAN_9)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = queued(queue, NULL);
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_equal(stage_reply(irp)->count, 1, "the completions");
}

CASE(csq_can_10_returns_at_cancel_irql, "back at the caller's IRQL, no lock held",
     CLAUSE_CSQ_CAN_10)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KIRQL before;
        PIRP irp = queued(queue, NULL);
        KeRaiseIrql(level, &before);
        IoCancelIrp(irp);
        expect_equal(KeGetCurrentIrql(), level, "the IRQL afterwards");
        expect_equal(ke_spin_locks_held(sched_self()), 0, "the spin locks held afterwards");
        KeLowerIrql(before);
    }
}

static void free_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

/* CancelIrql lies in the IRP, which is gone once it is completed. */
CASE(csq_can_10_irp_is_gone, "it does so although C has freed the IRP", CLAUSE_CSQ_CAN_10)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = queued(queue, NULL);
    KIRQL before;
    stage_leave_completion();
    stage_inside(EVENT_COMPLETE, free_it);
    KeRaiseIrql(APC_LEVEL, &before);
    IoCancelIrp(irp);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL afterwards");
    KeLowerIrql(before);
}

/* ---- The queue ----------------------------------------------------------------------------- */

/* Nothing but what the insert has left in the IRP says which queue it is in. */
static void expect_second_queue(enum stage_kind kind, PIO_CSQ_IRP_CONTEXT context)
{
    stage_queue(PLAIN);
    struct stage_queue *queue = stage_queue(kind);
    PIRP irp = queued(queue, context);
    DEVICE_OBJECT other = {.Type = IO_TYPE_DEVICE};
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = kind == PLAIN ? NULL : &other;
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_callbacks("A' Rm(i0)' L' C(i0)'");
    expect_same(stage_event(EVENT_ACQUIRE, 0)->csq, &queue->csq, "the IO_CSQ");
}

CASE(csq_can_11_finds_the_queue, "the Cancel routine finds the queue of an IRP without a context",
     CLAUSE_CSQ_CAN_11)
{
    expect_second_queue(PLAIN, NULL);
}

CASE(csq_can_11_finds_it_by_context, "it finds the queue of an IRP with a context",
     CLAUSE_CSQ_CAN_11)
{
    expect_second_queue(PLAIN, stage_context());
}

CASE(csq_can_11_finds_an_ex_queue, "it finds an Ex queue", CLAUSE_CSQ_CAN_11)
{
    expect_second_queue(EX, NULL);
}

CASE(csq_can_11_finds_an_ex_queue_by_context, "it finds an Ex queue of an IRP with a context",
     CLAUSE_CSQ_CAN_11)
{
    expect_second_queue(EX, stage_context());
}

/* ---- The two locks ------------------------------------------------------------------------- */

static void expect_no_cancel_lock(const char *wanted)
{
    expect_trace(wanted);
    expect_equal(stage_events(EVENT_CANCEL_LOCK), 0, "how often the cancel spin lock is taken");
}

CASE(csq_can_12_never_both, "no routine holds the cancel spin lock and the queue's lock together",
     CLAUSE_CSQ_CAN_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp[3] = {stage_irp(), stage_irp(), stage_irp()};
    IoCsqInsertIrp(&queue->csq, irp[0], context);
    IoCsqInsertIrp(&queue->csq, irp[1], NULL);
    IoCsqInsertIrp(&queue->csq, irp[2], NULL);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCancelIrp(irp[2]);
    expect_one_lock();
    expect_trace("A I(i0) L A I(i1) L A I(i2) L A Rm(i0) L A Pk(NULL)=i1 Rm(i1) L "
                 "cs+ cs- A Rm(i2) L C(i2) D(i2)");
}

CASE(csq_can_13_insert, "an insert does without the cancel spin lock", CLAUSE_CSQ_CAN_13)
{
    IoCsqInsertIrp(&stage_queue(PLAIN)->csq, stage_irp(), NULL);
    expect_no_cancel_lock("A I(i0) L");
}

CASE(csq_can_13_insert_of_a_canceled_irp, "so does the insert of a canceled IRP", CLAUSE_CSQ_CAN_13)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_equal(stage_events(EVENT_CANCEL_LOCK), 0, "how often the cancel spin lock is taken");
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the calls of CsqCompleteCanceledIrp");
}

CASE(csq_can_13_remove, "so does IoCsqRemoveIrp", CLAUSE_CSQ_CAN_13)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    expect_no_cancel_lock("A Rm(i0) L");
}

CASE(csq_can_13_remove_next, "so does IoCsqRemoveNextIrp", CLAUSE_CSQ_CAN_13)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_no_cancel_lock("A Pk(NULL)=i0 Rm(i0) L");
}
