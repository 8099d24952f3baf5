/* CsqPeekNextIrp (CSQ-CB-PEEK). */
#include "stage.h"

/* That many IRPs in the queue; the events so far are forgotten. */
static void fill(struct stage_queue *queue, PIRP *irps, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        irps[i] = stage_irp();
        IoCsqInsertIrp(&queue->csq, irps[i], NULL);
    }
    stage_clear();
}

CASE(csq_cb_peek_1_first_match, "what CsqPeekNextIrp finds first is what is removed",
     CLAUSE_CSQ_CB_PEEK_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[3];
    fill(queue, irp, 3);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, irp[1]), irp[1], "the IRP returned");
    expect_callbacks("A Pk(NULL)=i1 Rm(i1) L");
}

CASE(csq_cb_peek_1_match_after_it, "with the first match being canceled: the first one after it",
     CLAUSE_CSQ_CB_PEEK_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[2];
    fill(queue, irp, 2);
    PDRIVER_CANCEL routine = stage_claim(irp[0]);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp[1], "the IRP returned");
    expect_callbacks("A Pk(NULL)=i0 Pk(i0)=i1 Rm(i1) L");
    stage_finish_cancel(irp[0], routine);
}

CASE(csq_cb_peek_1_none, "nothing is removed where CsqPeekNextIrp finds nothing",
     CLAUSE_CSQ_CB_PEEK_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[2];
    fill(queue, irp, 2);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, queue), NULL, "the IRP returned");
    expect_callbacks("A Pk(NULL)=NULL L");
}

CASE(csq_cb_peek_3_goes_on_from_there, "each peek goes on from what the peek before it found",
     CLAUSE_CSQ_CB_PEEK_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PDRIVER_CANCEL routine[3];
    PIRP irp[4];
    fill(queue, irp, 4);
    for (unsigned i = 0; i < 3; i++)
        routine[i] = stage_claim(irp[i]);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_callbacks("A Pk(NULL)=i0 Pk(i0)=i1 Pk(i1)=i2 Pk(i2)=i3 Rm(i3) L");
    for (unsigned i = 1; i < 4; i++)
        expect(stage_event(EVENT_PEEK, i)->queued, "the IRP that it goes on from is in the queue");
    for (unsigned i = 0; i < 3; i++)
        stage_finish_cancel(irp[i], routine[i]);
}

CASE(csq_cb_peek_4_null, "NULL is handed to CsqPeekNextIrp like any value", CLAUSE_CSQ_CB_PEEK_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[1];
    fill(queue, irp, 1);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp[0], "the IRP returned");
    expect_same(stage_event(EVENT_PEEK, 0)->argument, NULL, "PeekContext");
}

CASE(csq_cb_peek_4_any_value, "a PeekContext need not be a pointer", CLAUSE_CSQ_CB_PEEK_4)
{
    static const ULONG_PTR values[] = {1, 0x7fffffff, (ULONG_PTR)-1};
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 0; i < 3; i++) {
        IoCsqRemoveNextIrp(&queue->csq, (PVOID)values[i]);
        expect_same(stage_event(EVENT_PEEK, i)->argument, values[i], "PeekContext");
    }
}

CASE(csq_cb_peek_4_in_each_peek, "every peek of a search gets it", CLAUSE_CSQ_CB_PEEK_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[2];
    fill(queue, irp, 2);
    PDRIVER_CANCEL routine = stage_claim(irp[1]);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, irp[1]), NULL, "the IRP returned");
    expect_callbacks("A Pk(NULL)=i1 Pk(i1)=NULL L");
    for (unsigned i = 0; i < 2; i++)
        expect_same(stage_event(EVENT_PEEK, i)->argument, irp[1], "PeekContext");
    stage_finish_cancel(irp[1], routine);
}

CASE(csq_cb_peek_5_locked, "CsqPeekNextIrp finds the lock taken", CLAUSE_CSQ_CB_PEEK_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp[2];
    fill(queue, irp, 2);
    PDRIVER_CANCEL routine = stage_claim(irp[0]);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    for (unsigned i = 0; i < 2; i++)
        expect(stage_event(EVENT_PEEK, i)->locked, "the lock is held");
    stage_finish_cancel(irp[0], routine);
}

/* What lies before the place that the search has come to cannot matter: nothing is linked there
 * while it goes on. */
static void expect_one_hold(enum stage_store store)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, store, SPIN);
    PIRP irp[3];
    fill(queue, irp, 3);
    PDRIVER_CANCEL routine = stage_claim(irp[2]);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp[1], "the IRP returned");
    expect_callbacks("A Pk(NULL)=i2 Pk(i2)=i1 Rm(i1) L");
    stage_finish_cancel(irp[2], routine);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp[0], "the IRP returned");
}

CASE(csq_cb_peek_6_at_the_head, "new IRPs at the head: one search, one hold of the lock",
     CLAUSE_CSQ_CB_PEEK_6)
{
    expect_one_hold(LIFO);
}

CASE(csq_cb_peek_6_by_priority, "new IRPs by priority: one search, one hold of the lock",
     CLAUSE_CSQ_CB_PEEK_6)
{
    expect_one_hold(PRIORITY);
}
