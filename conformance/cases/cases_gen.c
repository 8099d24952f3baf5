/* The framework as a whole (CSQ-GEN): what it does for every driver. */
#include "stage.h"

#include <stdio.h>

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

/* ---- All cancellation is the library's ----------------------------------------------------- */

CASE(csq_gen_1_cancels_queued, "a queued IRP is canceled without any help of the callbacks",
     CLAUSE_CSQ_GEN_1)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    expect_equal(stage_reply(irp)->status, STATUS_CANCELLED, "the status that its sender sees");
}

CASE(csq_gen_1_cancels_inserted, "so is one that is canceled while it is inserted",
     CLAUSE_CSQ_GEN_1)
{
    stage_inside(EVENT_INSERT, cancel_it);
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_equal(stage_reply(irp)->status, STATUS_CANCELLED, "the status that its sender sees");
}

CASE(csq_gen_1_synchronizes, "a removal takes the lock around its search and its change",
     CLAUSE_CSQ_GEN_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Rm(i0) L");
}

static void expect_cancelable_while_queued(enum stage_kind kind, PIO_CSQ_IRP_CONTEXT context)
{
    struct stage_queue *queue = stage_queue(kind);
    PIRP irp = stage_irp();
    expect(irp->CancelRoutine == NULL, "an IRP that comes to the driver has no Cancel routine");
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    expect(irp->CancelRoutine != NULL, "a queued IRP has a Cancel routine");
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(irp->CancelRoutine == NULL, "an IRP that was removed has no Cancel routine");
}

CASE(csq_gen_2_plain, "an IRP in a queue of IoCsqInitialize has a Cancel routine, for that long",
     CLAUSE_CSQ_GEN_2)
{
    expect_cancelable_while_queued(PLAIN, NULL);
    expect_cancelable_while_queued(PLAIN, stage_context());
}

CASE(csq_gen_2_ex, "an IRP in a queue of IoCsqInitializeEx has a Cancel routine, for that long",
     CLAUSE_CSQ_GEN_2)
{
    expect_cancelable_while_queued(EX, NULL);
    expect_cancelable_while_queued(EX, stage_context());
}

/* ---- Under the lock ------------------------------------------------------------------------ */

static void expect_locked(enum stage_event_kind kind)
{
    for (unsigned i = 0; i < stage_events(kind); i++)
        expect(stage_event(kind, i)->locked, "the lock is held");
    expect(stage_events(kind) > 0, "the callback is called");
}

CASE(csq_gen_4_inserting, "an insert changes the queue under the lock", CLAUSE_CSQ_GEN_4)
{
    struct stage_queue *plain = stage_queue(PLAIN), *ex = stage_queue(EX);
    stage_inside(EVENT_INSERT_EX, cancel_it);
    stage_queued(plain, NULL);
    IoCsqInsertIrpEx(&ex->csq, stage_irp(), NULL, NULL); /* canceled meanwhile */
    expect_locked(EVENT_INSERT);
    expect_locked(EVENT_INSERT_EX);
    expect_locked(EVENT_REMOVE);
}

CASE(csq_gen_4_removing, "a removal searches and changes the queue under the lock",
     CLAUSE_CSQ_GEN_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    stage_queued(queue, NULL);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_locked(EVENT_PEEK);
    expect_locked(EVENT_REMOVE);
}

CASE(csq_gen_4_canceling, "a cancel changes the queue under the lock", CLAUSE_CSQ_GEN_4)
{
    IoCancelIrp(stage_queued(stage_queue(PLAIN), NULL));
    expect_locked(EVENT_REMOVE);
}

/* ---- Any storage, any lock ----------------------------------------------------------------- */

/* Of five IRPs one is removed by its context and one canceled; the rest come in this order. */
static void expect_order(enum stage_store store, const unsigned order[3])
{
    struct stage_queue *queue = stage_queue_with(PLAIN, store, SPIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irps[5];
    for (unsigned i = 0; i < 5; i++)
        irps[i] = stage_queued(queue, i == 1 ? context : NULL);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irps[1], "the IRP that the context finds");
    expect(IoCancelIrp(irps[3]), "IoCancelIrp returns TRUE");
    for (unsigned i = 0; i < 3; i++)
        expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[order[i]], "the next IRP");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "no further IRP is found");
}

CASE(csq_gen_5_fifo, "the queue may be a list, first in first out", CLAUSE_CSQ_GEN_5)
{
    expect_order(FIFO, (unsigned[]){0, 2, 4});
}

CASE(csq_gen_5_lifo, "the queue may be a stack", CLAUSE_CSQ_GEN_5)
{
    expect_order(LIFO, (unsigned[]){4, 2, 0});
}

CASE(csq_gen_5_priority, "the queue may be sorted by priority", CLAUSE_CSQ_GEN_5)
{
    expect_order(PRIORITY, (unsigned[]){4, 2, 0});
}

/* Every routine once. */
static void play_all(struct stage_queue *queue)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP first = stage_queued(queue, context);
    PIRP second = stage_queued(queue, NULL);
    PIRP third = stage_queued(queue, NULL);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, second), second, "the IRP that matches");
    expect(IoCancelIrp(third), "IoCancelIrp returns TRUE");
    expect_same(IoCsqRemoveIrp(&queue->csq, context), first, "the IRP that the context finds");
    expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
    expect(!queue->held, "the lock is free");
}

CASE(csq_gen_6_spin_lock, "the lock may be a spin lock", CLAUSE_CSQ_GEN_6)
{
    play_all(stage_queue_with(PLAIN, FIFO, SPIN));
}

CASE(csq_gen_6_mutex, "the lock may be a mutex", CLAUSE_CSQ_GEN_6)
{
    play_all(stage_queue_with(PLAIN, FIFO, MUTEX));
    play_all(stage_queue_with(EX, FIFO, MUTEX));
}

CASE(csq_gen_6_no_irql, "the lock may have no use for an IRQL", CLAUSE_CSQ_GEN_6)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, MUTEX);
    queue->ignore_irql = true;
    play_all(queue);
}

/* ---- Both routines, both kinds of queue ---------------------------------------------------- */

/* What a routine does with an IRP that is not canceled, canceled meanwhile, canceled before. */
static void tell(struct stage_queue *queue, bool ex_routine, char story[3][256])
{
    for (unsigned i = 0; i < 3; i++) {
        PIRP irp = stage_irp();
        if (i == 2)
            IoCancelIrp(irp);
        stage_inside(EVENT_INSERT, i == 1 ? cancel_it : NULL);
        stage_inside(EVENT_INSERT_EX, i == 1 ? cancel_it : NULL);
        stage_watch(irp);
        stage_clear();
        if (ex_routine)
            IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL);
        else
            IoCsqInsertIrp(&queue->csq, irp, NULL);
        snprintf(story[i], 256, "%s", stage_story());
    }
}

static void expect_same_story(char seen[3][256], char wanted[3][256])
{
    expect_text(seen[0], wanted[0], "not canceled");
    expect_text(seen[1], wanted[1], "canceled meanwhile");
    expect_text(seen[2], wanted[2], "canceled before");
}

CASE(csq_gen_8_insert_on_ex, "IoCsqInsertIrp works on a queue of IoCsqInitializeEx",
     CLAUSE_CSQ_GEN_8)
{
    struct stage_queue *queue = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_trace("A Ix(i0) L");
    expect(stage_holds(queue, irp), "the IRP is in the queue");
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP that the context finds");
    expect(IoCancelIrp(stage_queued(queue, NULL)), "IoCancelIrp returns TRUE");
}

CASE(csq_gen_8_insert_ex_on_plain, "IoCsqInsertIrpEx works on a queue of IoCsqInitialize",
     CLAUSE_CSQ_GEN_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP first = stage_irp(), second = stage_irp();
    IoCsqInsertIrpEx(&queue->csq, first, context, NULL);
    expect_trace("A I(i0) L");
    expect(stage_holds(queue, first), "the IRP is in the queue");
    expect_same(IoCsqRemoveIrp(&queue->csq, context), first, "the IRP that the context finds");
    IoCsqInsertIrpEx(&queue->csq, second, NULL, NULL);
    expect(IoCancelIrp(second), "IoCancelIrp returns TRUE");
}

CASE(csq_gen_9_same_on_plain, "on a queue of IoCsqInitialize both routines do the same",
     CLAUSE_CSQ_GEN_9)
{
    char insert[3][256], insert_ex[3][256];
    tell(stage_queue(PLAIN), false, insert);
    tell(stage_queue(PLAIN), true, insert_ex);
    expect_same_story(insert_ex, insert);
}

CASE(csq_gen_10_same_on_both, "IoCsqInsertIrp does the same on queues of either kind",
     CLAUSE_CSQ_GEN_10)
{
    char plain[3][256], ex[3][256];
    tell(stage_queue(PLAIN), false, plain);
    tell(stage_queue(EX), false, ex);
    expect_same_story(ex, plain);
}

/* ---- The two uses -------------------------------------------------------------------------- */

CASE(csq_gen_11_without_contexts, "queue without a context, dequeue the next and start it",
     CLAUSE_CSQ_GEN_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 0; i < 3; i++)
        stage_queued(queue, NULL);
    for (PIRP irp; (irp = IoCsqRemoveNextIrp(&queue->csq, NULL)) != NULL;) {
        stage_complete(irp, STATUS_SUCCESS);
        stage_retire_irp(irp);
    }
    expect_equal(stage_events(EVENT_DONE), 3, "the number of IRPs completed");
}

CASE(csq_gen_11_with_contexts, "queue with a context, dequeue by it when the work is done",
     CLAUSE_CSQ_GEN_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT contexts[3];
    for (unsigned i = 0; i < 3; i++)
        stage_queued(queue, contexts[i] = stage_context());
    for (unsigned i = 3; i-- > 0;) { /* the work on the last one is done first */
        PIRP irp = IoCsqRemoveIrp(&queue->csq, contexts[i]);
        expect(irp != NULL, "the context finds its IRP");
        stage_complete(irp, STATUS_SUCCESS);
        stage_retire_irp(irp);
        stage_retire_context(contexts[i]);
    }
    expect_equal(stage_events(EVENT_DONE), 3, "the number of IRPs completed");
}

CASE(csq_gen_12_not_by_a_context, "no context finds an IRP that was queued without one",
     CLAUSE_CSQ_GEN_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP without = stage_queued(queue, NULL);
    PIRP with = stage_queued(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), with, "the IRP that the context finds");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context finds no other IRP");
    expect(stage_holds(queue, without), "the other IRP is in the queue");
}

CASE(csq_gen_12_next_or_canceled, "it leaves by IoCsqRemoveNextIrp or by cancellation",
     CLAUSE_CSQ_GEN_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP first = stage_queued(queue, NULL);
    PIRP second = stage_queued(queue, NULL);
    expect(IoCancelIrp(first), "IoCancelIrp returns TRUE");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), second, "the IRP returned");
    expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
}

/* ---- The queue it was given ---------------------------------------------------------------- */

CASE(csq_gen_13_hands_over_the_queue, "every callback gets the queue of the call",
     CLAUSE_CSQ_GEN_13)
{
    for (unsigned n = 0; n < 2; n++) {
        struct stage_queue *queue = stage_queue(PLAIN);
        stage_clear();
        play_all(queue);
        for (unsigned kind = EVENT_ACQUIRE; kind <= EVENT_COMPLETE; kind++)
            for (unsigned i = 0; i < stage_events(kind); i++)
                expect_same(stage_event(kind, i)->csq, &queue->csq, "the queue");
    }
}

CASE(csq_gen_13_two_at_once, "two queues do not mix", CLAUSE_CSQ_GEN_13)
{
    struct stage_queue *a = stage_queue(PLAIN), *b = stage_queue(EX);
    PIRP first = stage_queued(a, NULL);
    PIRP second = stage_queued(b, stage_context());
    stage_queued(a, stage_context());
    IoCancelIrp(second);
    expect(IoCsqRemoveNextIrp(&b->csq, NULL) == NULL, "the second queue is empty");
    expect_same(IoCsqRemoveNextIrp(&a->csq, NULL), first, "the IRP returned");
    expect_callbacks("A I(i0) L A' Ix(i1)' L' A I(i2) L A' Rm(i1)' L' C(i1)' "
                     "A' Pk(NULL)=NULL' L' A Pk(NULL)=i0 Rm(i0) L");
}
