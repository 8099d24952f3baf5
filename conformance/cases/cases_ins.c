/* IoCsqInsertIrp (CSQ-INS) with an IRP that nobody cancels. */
#include "stage.h"

#include <string.h>

CASE(csq_ins_1_returns_nothing, "IoCsqInsertIrp returns nothing", CLAUSE_CSQ_INS_1)
{
    typedef VOID insert_routine(PIO_CSQ, PIRP, PIO_CSQ_IRP_CONTEXT);
    expect(_Generic(&IoCsqInsertIrp, insert_routine *: true, default: false),
           "IoCsqInsertIrp is a VOID routine of a queue, an IRP and a context");
}

/* ---- In which order ------------------------------------------------------------------------ */

CASE(csq_ins_2_context_first, "the context is associated before the lock is taken",
     CLAUSE_CSQ_INS_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    stage_queued(queue, stage_context());
    advise(stage_event(EVENT_ACQUIRE, 0)->driver_context[3] != NULL,
           "the flow chart associates the context with the IRP before CsqAcquireLock");
}

CASE(csq_ins_3_lock_first, "CsqAcquireLock comes first", CLAUSE_CSQ_INS_3)
{
    stage_queued(stage_queue(PLAIN), NULL);
    expect(stage_callbacks()[0] == 'A', "the first callback is CsqAcquireLock");
}

CASE(csq_ins_4_inserts_once, "CsqInsertIrp is called once, under the lock", CLAUSE_CSQ_INS_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    expect_equal(stage_events(EVENT_INSERT), 1, "the number of calls of CsqInsertIrp");
    const struct stage_event *insert = stage_event(EVENT_INSERT, 0);
    expect(insert->locked, "the lock is held in CsqInsertIrp");
    expect_same(insert->csq, &queue->csq, "the queue that CsqInsertIrp gets");
    expect_same(insert->irp, irp, "the IRP that CsqInsertIrp gets");
}

CASE(csq_ins_5_marks_pending, "the IRP is marked pending before the lock is released",
     CLAUSE_CSQ_INS_5)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect(stage_event(EVENT_RELEASE, 0)->pending, "it is marked at CsqReleaseLock");
    expect(stage_pending(irp), "it is marked after the call");
    advise(!stage_event(EVENT_INSERT, 0)->pending,
           "the flow chart marks the IRP after the insert callback");
}

CASE(csq_ins_6_arms_under_lock, "the Cancel routine is set after CsqInsertIrp, under the lock",
     CLAUSE_CSQ_INS_6)
{
    stage_queued(stage_queue(PLAIN), stage_context());
    expect(!stage_event(EVENT_ACQUIRE, 0)->armed, "there is none at CsqAcquireLock");
    expect(!stage_event(EVENT_INSERT, 0)->armed, "there is none in CsqInsertIrp");
    expect(stage_event(EVENT_RELEASE, 0)->armed, "there is one at CsqReleaseLock");
}

CASE(csq_ins_8_stays_queued, "an IRP that is not canceled stays queued", CLAUSE_CSQ_INS_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    expect_trace("A I(i0) L");
    expect(stage_holds(queue, irp), "the IRP is in the queue");
    expect(!queue->held, "the lock is free");
}

CASE(csq_ins_11_one_hold, "the lock is taken and released once", CLAUSE_CSQ_INS_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 1; i <= 2; i++) {
        stage_queued(queue, i == 1 ? NULL : stage_context());
        expect_equal(stage_events(EVENT_ACQUIRE), i, "the number of calls of CsqAcquireLock");
        expect_equal(stage_events(EVENT_RELEASE), i, "the number of calls of CsqReleaseLock");
    }
}

/* ---- The context --------------------------------------------------------------------------- */

CASE(csq_ins_12_without_context, "without a context the IRP is queued, cancelable and removable",
     CLAUSE_CSQ_INS_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP first = stage_queued(queue, NULL);
    PIRP second = stage_queued(queue, NULL);
    expect(stage_holds(queue, first) && stage_holds(queue, second), "both IRPs are in the queue");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), first, "the IRP returned");
    expect(IoCancelIrp(second), "IoCancelIrp returns TRUE");
    expect_equal(stage_reply(second)->count, 1, "the number of its completions");
}

/* Whatever the context held, it now is the key to this IRP, and the Cancel routine copes. */
static void insert_over(PIO_CSQ_IRP_CONTEXT context)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IO_CSQ_IRP_CONTEXT before = *context;
    PIRP removed = stage_queued(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), removed, "the IRP that the context finds");
    *context = before;
    PIRP canceled = stage_queued(queue, context);
    expect(IoCancelIrp(canceled), "IoCancelIrp returns TRUE");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context identifies no IRP any more");
}

CASE(csq_ins_13_garbage, "a context full of garbage is initialized", CLAUSE_CSQ_INS_13)
{
    insert_over(stage_context());
}

CASE(csq_ins_13_zeroes, "a context of zeroes is initialized", CLAUSE_CSQ_INS_13)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    memset(context, 0, sizeof *context);
    insert_over(context);
}

CASE(csq_ins_13_another_queue, "a context that served on another queue is initialized",
     CLAUSE_CSQ_INS_13)
{
    struct stage_queue *other = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(other, context);
    IoCsqRemoveNextIrp(&other->csq, NULL);
    insert_over(context);
}

/* ---- What it leaves alone ------------------------------------------------------------------ */

/* Once the lock is free another thread may do all of this before the insert has returned. */
static void take_and_free(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    PIRP taken = IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(taken != NULL, "an IRP is in the queue once the lock is free");
    stage_complete(taken, STATUS_SUCCESS);
    stage_retire_irp(taken);
}

static PIO_CSQ_IRP_CONTEXT freed_context;

static void take_by_context_and_free(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    expect(IoCsqRemoveIrp(&queue->csq, freed_context) != NULL,
           "the context finds an IRP once the lock is free");
    stage_retire_context(freed_context);
}

CASE(csq_ins_17_after_release, "once the lock is free the insert does not touch the IRP",
     CLAUSE_CSQ_INS_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    stage_after_release(take_and_free);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_callbacks("A I(i0) L A Pk(NULL)=i0 Rm(i0) L");
}

CASE(csq_ins_17_after_release_with_context, "nor if it was given a context", CLAUSE_CSQ_INS_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_after_release(take_and_free);
    IoCsqInsertIrp(&queue->csq, irp, context);
    expect_callbacks("A I(i0) L A Pk(NULL)=i0 Rm(i0) L");
}

CASE(csq_ins_18_after_release, "once the lock is free the insert does not touch the context",
     CLAUSE_CSQ_INS_18)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    freed_context = stage_context();
    stage_after_release(take_by_context_and_free);
    IoCsqInsertIrp(&queue->csq, irp, freed_context);
    expect_callbacks("A I(i0) L A Rm(i0) L");
}

CASE(csq_ins_22_nothing_left, "an IRP that was removed is fit for another insert",
     CLAUSE_CSQ_INS_22)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    for (unsigned i = 0; i < 3; i++) {
        expect(!stage_event(EVENT_INSERT, i)->armed, "it has no Cancel routine in CsqInsertIrp");
        expect(!stage_event(EVENT_INSERT, i)->queued, "it is in no queue in CsqInsertIrp");
    }
}

CASE(csq_ins_23_io_status, "IoStatus stays as it was", CLAUSE_CSQ_INS_23)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    expect(stage_untouched(irp), "IoStatus of the queued IRP is as it was");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect(stage_untouched(irp), "IoStatus of the removed IRP is as it was");
}

/* ---- IRQL ---------------------------------------------------------------------------------- */

static void insert_at(KIRQL level)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    KIRQL before;
    KeRaiseIrql(level, &before);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_equal(KeGetCurrentIrql(), level, "the IRQL after the call");
    KeLowerIrql(before);
    expect_equal(stage_event(EVENT_ACQUIRE, 0)->irql, level, "the IRQL at CsqAcquireLock");
    expect(stage_holds(queue, irp), "the IRP is in the queue");
}

CASE(csq_ins_20_passive_level, "it works at PASSIVE_LEVEL", CLAUSE_CSQ_INS_20)
{
    insert_at(PASSIVE_LEVEL);
}

CASE(csq_ins_20_apc_level, "it works at APC_LEVEL", CLAUSE_CSQ_INS_20)
{
    insert_at(APC_LEVEL);
}

CASE(csq_ins_20_dispatch_level, "it works at DISPATCH_LEVEL", CLAUSE_CSQ_INS_20)
{
    insert_at(DISPATCH_LEVEL);
}

CASE(csq_ins_20_mutex, "it works at APC_LEVEL with a mutex", CLAUSE_CSQ_INS_20)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, MUTEX);
    KIRQL before;
    KeRaiseIrql(APC_LEVEL, &before);
    PIRP irp = stage_queued(queue, NULL);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL after the call");
    KeLowerIrql(before);
    expect_equal(stage_event(EVENT_INSERT, 0)->irql, APC_LEVEL, "the IRQL in CsqInsertIrp");
    expect(stage_holds(queue, irp), "the IRP is in the queue");
}
