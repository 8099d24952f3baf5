/* DriverContext[3] (CSQ-DC). */
#include "stage.h"

#include <string.h>

/* ---- DriverContext[3] ---------------------------------------------------------------------- */

static void expect_in_use(PIRP irp)
{
    expect(irp->Tail.Overlay.DriverContext[3] != NULL, "DriverContext[3] is not NULL");
    expect(stage_event(EVENT_RELEASE, 0)->driver_context[3] != NULL,
           "nor is it when the lock is released");
}

CASE(csq_dc_1_without_context, "DriverContext[3] of an IRP queued without a context is in use",
     CLAUSE_CSQ_DC_1)
{
    expect_in_use(stage_queued(stage_queue(PLAIN), NULL));
}

CASE(csq_dc_1_with_context, "DriverContext[3] of an IRP queued with a context is in use",
     CLAUSE_CSQ_DC_1)
{
    expect_in_use(stage_queued(stage_queue(PLAIN), stage_context()));
}

/* Nothing says that it is NULL when an IRP arrives: a driver may have used it until then. */
static PIRP queued_with_garbage(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    irp->Tail.Overlay.DriverContext[3] = (PVOID)(ULONG_PTR)0xbad;
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_clear();
    return irp;
}

CASE(csq_dc_1_garbage_then_cancel,
     "what was in DriverContext[3] before does not matter to a cancel", CLAUSE_CSQ_DC_1)
{
    PIRP irp = queued_with_garbage(stage_queue(PLAIN), NULL);
    IoCancelIrp(irp);
    expect_callbacks("A Rm(i0) L C(i0)");
}

CASE(csq_dc_1_garbage_then_removal, "nor to a removal", CLAUSE_CSQ_DC_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = queued_with_garbage(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
}

/* ---- DriverContext[0..2] ------------------------------------------------------------------- */

/* Have this done to a queued IRP; are the driver's three words as they were, at every event? */
static void expect_kept(enum stage_kind kind, void (*act)(struct stage_queue *queue, PIRP irp))
{
    PVOID before[3];
    static const enum stage_event_kind kinds[] = {EVENT_INSERT, EVENT_INSERT_EX, EVENT_REMOVE,
                                                  EVENT_RELEASE, EVENT_COMPLETE};
    struct stage_queue *queue = stage_queue(kind);
    PIRP irp = stage_irp();
    memcpy(before, irp->Tail.Overlay.DriverContext, sizeof before);
    act(queue, irp);
    expect(memcmp(irp->Tail.Overlay.DriverContext, before, sizeof before) == 0,
           "DriverContext[0..2] are as they were");
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (unsigned i = 0; i < stage_events(kinds[k]); i++)
            expect(memcmp(stage_event(kinds[k], i)->driver_context, before, sizeof before) == 0,
                   "and were so in every callback");
}

static void remove_by_context(struct stage_queue *queue, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    IoCsqInsertIrp(&queue->csq, irp, context);
    IoCsqRemoveIrp(&queue->csq, context);
}

CASE(csq_dc_2_removal, "DriverContext[0..2] after an insert and a removal", CLAUSE_CSQ_DC_2)
{
    expect_kept(PLAIN, remove_by_context);
}

static void remove_next(struct stage_queue *queue, PIRP irp)
{
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
}

CASE(csq_dc_2_remove_next, "DriverContext[0..2] after IoCsqRemoveNextIrp", CLAUSE_CSQ_DC_2)
{
    expect_kept(PLAIN, remove_next);
}

static void cancel_queued(struct stage_queue *queue, PIRP irp)
{
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    IoCancelIrp(irp);
}

CASE(csq_dc_2_cancel, "DriverContext[0..2] after a cancel", CLAUSE_CSQ_DC_2)
{
    expect_kept(PLAIN, cancel_queued);
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

static void cancel_inside(struct stage_queue *queue, PIRP irp)
{
    stage_inside(EVENT_INSERT, cancel_it);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
}

CASE(csq_dc_2_canceled_insert, "DriverContext[0..2] after an insert that found a cancel",
     CLAUSE_CSQ_DC_2)
{
    expect_kept(PLAIN, cancel_inside);
}

static void fail(struct stage_queue *queue, PIRP irp)
{
    queue->answer = STATUS_UNSUCCESSFUL;
    IoCsqInsertIrpEx(&queue->csq, irp, stage_context(), NULL);
}

CASE(csq_dc_2_failed_insert, "DriverContext[0..2] after an insert that failed", CLAUSE_CSQ_DC_2)
{
    expect_kept(EX, fail);
}

/* ---- Afterwards (advisory) ----------------------------------------------------------------- */

static void advise_null(const void *value)
{
    advise(value == NULL, "DriverContext[3] is NULL once the IRP has left the queue");
}

CASE(csq_dc_5_after_removal, "DriverContext[3] is best NULL after a removal", CLAUSE_CSQ_DC_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    advise_null(irp->Tail.Overlay.DriverContext[3]);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    advise_null(irp->Tail.Overlay.DriverContext[3]);
}

CASE(csq_dc_5_in_complete, "and in CsqCompleteCanceledIrp", CLAUSE_CSQ_DC_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCancelIrp(stage_queued(queue, NULL));
    stage_inside(EVENT_INSERT, cancel_it);
    stage_queued(queue, NULL);
    advise_null(stage_event(EVENT_COMPLETE, 0)->driver_context[3]);
    advise_null(stage_event(EVENT_COMPLETE, 1)->driver_context[3]);
}
