/* IoCsqRemoveNextIrp (CSQ-RNX): which IRP, and how it is found. */
#include "stage.h"

#include <string.h>

/* That many IRPs: i0, i1, ... */
static struct stage_queue *queue_of(unsigned count)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 0; i < count; i++)
        stage_queued(queue, NULL);
    return queue;
}

static PIRP first_of(const struct stage_queue *queue)
{
    return CONTAINING_RECORD(queue->irps.Flink, IRP, Tail.Overlay.ListEntry);
}

/* ---- The lock ------------------------------------------------------------------------------ */

static void expect_one_hold(struct stage_queue *queue, PVOID match)
{
    stage_clear();
    IoCsqRemoveNextIrp(&queue->csq, match);
    expect(strncmp(stage_callbacks(), "A ", 2) == 0, "the call begins with CsqAcquireLock");
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
}

CASE(csq_rnx_1_once_for_an_irp, "one acquire and one release to remove an IRP", CLAUSE_CSQ_RNX_1)
{
    expect_one_hold(queue_of(2), NULL);
}

CASE(csq_rnx_1_once_for_none, "one acquire and one release to find no IRP", CLAUSE_CSQ_RNX_1)
{
    expect_one_hold(queue_of(0), NULL);
}

CASE(csq_rnx_1_once_for_no_match, "one acquire and one release to find no match", CLAUSE_CSQ_RNX_1)
{
    expect_one_hold(queue_of(1), STAGE_NOBODY);
}

CASE(csq_rnx_1_once_for_a_claimed_irp, "one acquire and one release to skip an IRP",
     CLAUSE_CSQ_RNX_1)
{
    struct stage_queue *queue = queue_of(2);
    stage_claim(first_of(queue));
    expect_one_hold(queue, NULL); /* and go on to another */
    expect_one_hold(queue, NULL); /* and find none */
}

/* ---- Peeking ------------------------------------------------------------------------------- */

CASE(csq_rnx_2_from_the_beginning, "every call starts at the beginning of the queue",
     CLAUSE_CSQ_RNX_2)
{
    struct stage_queue *queue = queue_of(3);
    for (unsigned i = 0; i < 3; i++) {
        stage_clear();
        IoCsqRemoveNextIrp(&queue->csq, NULL);
        expect(stage_event(EVENT_PEEK, 0)->irp == NULL, "the first CsqPeekNextIrp gets no IRP");
    }
}

static void expect_peek_context(PVOID wanted)
{
    expect(stage_events(EVENT_PEEK) > 0, "CsqPeekNextIrp is called");
    for (unsigned i = 0; i < stage_events(EVENT_PEEK); i++)
        expect_same(stage_event(EVENT_PEEK, i)->argument, wanted, "PeekContext");
}

CASE(csq_rnx_3_peek_context, "each CsqPeekNextIrp of a call gets its PeekContext", CLAUSE_CSQ_RNX_3)
{
    struct stage_queue *queue = queue_of(4);
    stage_claim(first_of(queue));
    IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN);
    expect_peek_context(STAGE_EVEN);
}

CASE(csq_rnx_3_no_peek_context, "NULL is passed on like any other PeekContext", CLAUSE_CSQ_RNX_3)
{
    struct stage_queue *queue = queue_of(2);
    stage_claim(first_of(queue));
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_peek_context(NULL);
}

CASE(csq_rnx_4_empty, "an empty queue: NULL, and no CsqRemoveIrp", CLAUSE_CSQ_RNX_4)
{
    struct stage_queue *queue = queue_of(0);
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp returns NULL");
    expect_trace("A Pk(NULL)=NULL L");
}

CASE(csq_rnx_4_no_match, "a queue without a match: NULL, and no CsqRemoveIrp", CLAUSE_CSQ_RNX_4)
{
    struct stage_queue *queue = queue_of(1);
    stage_clear();
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_ODD) == NULL, "IoCsqRemoveNextIrp returns NULL");
    expect_trace("A Pk(NULL)=NULL L");
}

CASE(csq_rnx_5_removes_and_returns, "the first match is claimed, removed and returned",
     CLAUSE_CSQ_RNX_5)
{
    struct stage_queue *queue = queue_of(2);
    PIRP first = first_of(queue);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), first, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Rm(i0) L");
    expect(stage_event(EVENT_REMOVE, 0)->locked, "CsqRemoveIrp runs under the lock");
    expect(!stage_event(EVENT_REMOVE, 0)->armed, "the Cancel routine is taken before that");
    expect(first->CancelRoutine == NULL, "the IRP has no Cancel routine");
}

CASE(csq_rnx_6_skips_claimed, "the search goes on after each IRP that a canceller has claimed",
     CLAUSE_CSQ_RNX_6)
{
    struct stage_queue *queue = queue_of(1);
    PIRP first = first_of(queue);
    PIRP second = stage_queued(queue, NULL);
    PIRP third = stage_queued(queue, NULL);
    stage_claim(first);
    stage_claim(second);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), third, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Pk(i0)=i1 Pk(i1)=i2 Rm(i2) L");
}

CASE(csq_rnx_6_leaves_it_linked, "what was skipped is linked for its Cancel routine to remove",
     CLAUSE_CSQ_RNX_6)
{
    struct stage_queue *queue = queue_of(1);
    PIRP claimed = first_of(queue);
    PDRIVER_CANCEL routine = stage_claim(claimed);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(stage_holds(queue, claimed), "the IRP is still linked");
    stage_clear();
    stage_finish_cancel(claimed, routine);
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
}

CASE(csq_rnx_7_one_hold, "the lock is held from the first peek to the removal", CLAUSE_CSQ_RNX_7)
{
    struct stage_queue *queue = queue_of(3);
    stage_claim(first_of(queue));
    stage_clear();
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    for (unsigned i = 0; i < stage_events(EVENT_PEEK); i++)
        expect(stage_event(EVENT_PEEK, i)->locked, "CsqPeekNextIrp runs under the lock");
    expect(stage_event(EVENT_REMOVE, 0)->locked, "so does CsqRemoveIrp");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
}

/* ---- The result ---------------------------------------------------------------------------- */

CASE(csq_rnx_9_all_claimed, "NULL if all matches are being canceled", CLAUSE_CSQ_RNX_9)
{
    struct stage_queue *queue = queue_of(1);
    stage_claim(first_of(queue));
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp returns NULL");
}

CASE(csq_rnx_9_not_before_the_last, "not NULL while any match is available", CLAUSE_CSQ_RNX_9)
{
    struct stage_queue *queue = queue_of(4); /* i0 to i3 */
    stage_claim(first_of(queue));
    PIRP found = IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN);
    expect(found != NULL, "i2 is found");
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN) == NULL, "then there is none");
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_ODD) != NULL, "i1 is found");
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_ODD) != NULL, "i3 is found");
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_ODD) == NULL, "then there is none");
}

CASE(csq_rnx_10_one_per_call, "one IRP a call", CLAUSE_CSQ_RNX_10)
{
    struct stage_queue *queue = queue_of(3);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_equal(stage_events(EVENT_REMOVE), 1, "the number of calls of CsqRemoveIrp");
    expect_equal(stage_count(queue), 2, "the number of IRPs left");
}

/* The IRP found, the end of the queue and, in between, an IRP left to its canceller. */
CASE(csq_rnx_11_calls_no_other_callback, "it neither inserts nor completes", CLAUSE_CSQ_RNX_11)
{
    struct stage_queue *queue = queue_of(2);
    stage_claim(first_of(queue));
    stage_clear();
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_equal(stage_events(EVENT_INSERT), 0, "the number of calls of CsqInsertIrp");
    expect_equal(stage_events(EVENT_COMPLETE), 0, "the number of calls of CsqCompleteCanceledIrp");
}

CASE(csq_rnx_12_breaks_the_association, "the IRP's context identifies none afterwards",
     CLAUSE_CSQ_RNX_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect(stage_holds(queue, irp), "the IRP, queued again without it, stays where it is");
}

static void expect_result_of_last_peek(struct stage_queue *queue)
{
    stage_clear();
    PIRP result = IoCsqRemoveNextIrp(&queue->csq, NULL);
    const struct stage_event *last = stage_event(EVENT_PEEK, stage_events(EVENT_PEEK) - 1);
    expect_same(result, last->found, "the result of the last CsqPeekNextIrp");
}

CASE(csq_rnx_13_last_peek, "a driver may take the result of the last peek for that of the call",
     CLAUSE_CSQ_RNX_13)
{
    struct stage_queue *queue = queue_of(4);
    expect_result_of_last_peek(queue); /* i0 */
    stage_claim(first_of(queue));
    expect_result_of_last_peek(queue); /* i1 is skipped, i2 */
    expect_result_of_last_peek(queue); /* i3 */
    expect_result_of_last_peek(queue); /* none */
}

/* ---- The order ----------------------------------------------------------------------------- */

/* i0, i1, i2 are made in this order and inserted in another. */
static void expect_order(enum stage_store store, unsigned first, unsigned second, unsigned third)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, store, SPIN);
    PIRP irps[3] = {stage_irp(), stage_irp(), stage_irp()};
    IoCsqInsertIrp(&queue->csq, irps[1], NULL);
    IoCsqInsertIrp(&queue->csq, irps[2], NULL);
    IoCsqInsertIrp(&queue->csq, irps[0], NULL);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[first], "the first IRP");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[second], "the second IRP");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[third], "the third IRP");
}

CASE(csq_rnx_14_first_come, "a queue that is served in the order of arrival", CLAUSE_CSQ_RNX_14)
{
    expect_order(FIFO, 1, 2, 0);
}

CASE(csq_rnx_14_last_come, "one that is served in the reverse order", CLAUSE_CSQ_RNX_14)
{
    expect_order(LIFO, 0, 2, 1);
}

CASE(csq_rnx_14_priority, "one with priorities", CLAUSE_CSQ_RNX_14)
{
    expect_order(PRIORITY, 2, 1, 0);
}

CASE(csq_rnx_14_match, "one where PeekContext names the IRP", CLAUSE_CSQ_RNX_14)
{
    struct stage_queue *queue = queue_of(1);
    PIRP second = stage_queued(queue, NULL);
    stage_queued(queue, NULL);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, second), second, "the IRP returned");
    expect_equal(stage_count(queue), 2, "the number of IRPs left");
}
