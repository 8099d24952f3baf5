/* IO_CSQ_IRP_CONTEXT: what it is for and how long it lasts (CSQ-CTX). */
#include "race.h"
#include "stage.h"

#include "sched/annotate.h"

#include <string.h>

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

static PIRP canceled_irp(void)
{
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    return irp;
}

/* ---- A key, in the driver's storage -------------------------------------------------------- */

CASE(csq_ctx_1_opaque_key, "each context leads to the IRP that was inserted with it",
     CLAUSE_CSQ_CTX_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT contexts[3];
    PIRP irps[3];
    for (unsigned i = 0; i < 3; i++) {
        contexts[i] = stage_context();
        irps[i] = stage_queued(queue, contexts[i]);
    }
    for (unsigned i = 3; i-- > 0;)
        expect_same(IoCsqRemoveIrp(&queue->csq, contexts[i]), irps[i], "the IRP returned");
}

#define FENCE 0x5a

static void expect_fence(const unsigned char *fence, size_t size)
{
    for (size_t i = 0; i < size; i++)
        expect_equal(fence[i], FENCE, "a byte beside the context");
}

CASE(csq_ctx_2_in_drivers_storage,
     "a context lies where the driver wants it, and ends where it ends", CLAUSE_CSQ_CTX_2)
{
    struct {
        unsigned char before[16];
        IO_CSQ_IRP_CONTEXT context;
        unsigned char after[16];
    } timer; /* a local variable, as in the documentation's example */
    struct stage_queue *queue = stage_queue(PLAIN);
    memset(&timer, FENCE, sizeof timer);
    PIRP irp = stage_queued(queue, &timer.context);
    expect_same(IoCsqRemoveIrp(&queue->csq, &timer.context), irp, "the IRP returned");
    IoCsqInsertIrp(&queue->csq, irp, &timer.context);
    IoCancelIrp(irp);
    expect(IoCsqRemoveIrp(&queue->csq, &timer.context) == NULL, "a canceled IRP is not returned");
    expect_fence(timer.before, sizeof timer.before);
    expect_fence(timer.after, sizeof timer.after);
}

/* ---- Freed at the earliest moment ---------------------------------------------------------- */

/* The IRP has left the queue, its context is free: let it pass through the queue without one, once
 * to be removed and once to be canceled. */
static void use_without_context(struct stage_queue *queue, PIRP irp)
{
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returns");
    expect_equal(stage_reply(irp)->count, 1, "the number of its completions");
}

CASE(csq_ctx_3_after_removal, "once IoCsqRemoveIrp has returned the IRP, the context may be freed",
     CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    stage_retire_context(context);
    use_without_context(queue, irp);
}

CASE(csq_ctx_3_after_remove_next, "so it may once IoCsqRemoveNextIrp has returned it",
     CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    stage_retire_context(context);
    use_without_context(queue, irp);
}

static PIO_CSQ_IRP_CONTEXT freed_inside;

static void free_context(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    (void)irp;
    stage_retire_context(freed_inside);
}

CASE(csq_ctx_3_in_complete, "so it may in CsqCompleteCanceledIrp, after a cancel", CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    stage_inside(EVENT_COMPLETE, free_context);
    IoCancelIrp(stage_queued(queue, freed_inside));
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the number of calls of CsqCompleteCanceledIrp");
}

CASE(csq_ctx_3_in_complete_of_insert, "so it may there if the insert found the IRP canceled",
     CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_COMPLETE, free_context);
    stage_queued(queue, freed_inside);
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the number of calls of CsqCompleteCanceledIrp");
}

CASE(csq_ctx_3_in_complete_of_canceled, "so it may there if the IRP was canceled before its insert",
     CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    stage_inside(EVENT_COMPLETE, free_context);
    IoCsqInsertIrp(&queue->csq, canceled_irp(), freed_inside);
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the number of calls of CsqCompleteCanceledIrp");
}

CASE(csq_ctx_3_after_failed_insert, "so it may once the insert has failed", CLAUSE_CSQ_CTX_3)
{
    struct stage_queue *queue = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_irp();
    queue->answer = STATUS_UNSUCCESSFUL;
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    stage_retire_context(context);
    queue->answer = STATUS_SUCCESS;
    use_without_context(queue, irp);
}

/* ---- After NULL ---------------------------------------------------------------------------- */

CASE(csq_ctx_4_null_breaks_nothing, "a removal that found a canceller leaves the context to it",
     CLAUSE_CSQ_CTX_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    PIRP irp = stage_queued(queue, freed_inside);
    PDRIVER_CANCEL routine = stage_claim(irp);
    expect(IoCsqRemoveIrp(&queue->csq, freed_inside) == NULL, "IoCsqRemoveIrp returns NULL");
    expect(IoCsqRemoveIrp(&queue->csq, freed_inside) == NULL, "so it does once more");
    stage_inside(EVENT_COMPLETE, free_context);
    stage_clear();
    stage_finish_cancel(irp, routine);
    expect_callbacks("A Rm(i0) L C(i0)");
}

static void expect_none(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    for (unsigned i = 0; i < 3; i++)
        expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
}

CASE(csq_ctx_5_after_removal, "NULL any number of times, after a removal", CLAUSE_CSQ_CTX_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

CASE(csq_ctx_5_after_remove_next, "NULL any number of times, after IoCsqRemoveNextIrp",
     CLAUSE_CSQ_CTX_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

CASE(csq_ctx_5_after_cancel, "NULL any number of times, after a cancel", CLAUSE_CSQ_CTX_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCancelIrp(irp);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

/* ---- Used again ---------------------------------------------------------------------------- */

static void expect_usable(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
}

CASE(csq_ctx_6_after_removal, "a context serves again after IoCsqRemoveIrp", CLAUSE_CSQ_CTX_6)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_retire_irp(irp);
    expect_usable(queue, context);
}

CASE(csq_ctx_6_after_remove_next, "a context serves again after IoCsqRemoveNextIrp",
     CLAUSE_CSQ_CTX_6)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    stage_retire_irp(irp);
    expect_usable(queue, context);
}

CASE(csq_ctx_6_after_cancel, "a context serves again after a cancel", CLAUSE_CSQ_CTX_6)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCancelIrp(irp);
    stage_retire_irp(irp);
    expect_usable(queue, context);
}

CASE(csq_ctx_6_on_another_queue, "a context serves again on another queue", CLAUSE_CSQ_CTX_6)
{
    struct stage_queue *first = stage_queue(PLAIN);
    struct stage_queue *second = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(first, context);
    IoCsqRemoveIrp(&first->csq, context);
    PIRP irp = stage_queued(second, context);
    stage_clear();
    IoCancelIrp(irp);
    expect_callbacks("A' Rm(i1)' L' C(i1)'");
}

static PIRP queued_inside;

/* C frees nothing: it uses the context for the next IRP. */
static void use_again(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    stage_inside(EVENT_INSERT, NULL);
    queued_inside = stage_queued(queue, freed_inside);
}

CASE(csq_ctx_6_in_complete, "a context serves again as early as in CsqCompleteCanceledIrp",
     CLAUSE_CSQ_CTX_6)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    stage_inside(EVENT_COMPLETE, use_again);
    IoCancelIrp(stage_queued(queue, freed_inside));
    expect_same(IoCsqRemoveIrp(&queue->csq, freed_inside), queued_inside, "the IRP returned");
}

/* ---- After an insert that queued nothing --------------------------------------------------- */

CASE(csq_ctx_7_canceled_before, "the context of an IRP canceled before its insert identifies none",
     CLAUSE_CSQ_CTX_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = canceled_irp();
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

CASE(csq_ctx_7_canceled_meanwhile, "so does that of one canceled inside the insert callback",
     CLAUSE_CSQ_CTX_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_inside(EVENT_INSERT, cancel_it);
    PIRP irp = stage_queued(queue, context);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

CASE(csq_ctx_7_in_complete, "CsqCompleteCanceledIrp of the insert may use the context again",
     CLAUSE_CSQ_CTX_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    freed_inside = stage_context();
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_COMPLETE, use_again);
    stage_queued(queue, freed_inside);
    expect_same(IoCsqRemoveIrp(&queue->csq, freed_inside), queued_inside, "the IRP returned");
}

/* Advisory, so nobody may be made to crash: that one word is looked at instead. */
CASE(csq_ctx_8_failed_insert, "after a failed insert the context had better identify no IRP",
     CLAUSE_CSQ_CTX_8)
{
    struct stage_queue *queue = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    queue->answer = STATUS_UNSUCCESSFUL;
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), context, NULL);
    advise(context->Irp == NULL, "after a failed insert the context has no IRP");
}

/* ---- While others use it ------------------------------------------------------------------- */

#define USERS 3 /* a canceller and two removers */

static struct {
    struct stage_queue *queue;
    PIO_CSQ_IRP_CONTEXT context;
    PIRP irp;
    unsigned users; /* who may still touch the context: the last to go frees it */
    char edge;      /* a reference count orders those who drop it, as ThreadSanitizer must know */
    bool canceled;
    unsigned removed;
} common;

static void drop_context(void)
{
    annotate_release(&common.edge);
    if (--common.users > 0)
        return;
    annotate_acquire(&common.edge);
    stage_retire_context(common.context);
}

static void drop_in_complete(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    (void)irp;
    drop_context();
}

static void prepare(void)
{
    common.queue = stage_queue(PLAIN);
    common.context = stage_context();
    common.irp = stage_queued(common.queue, common.context);
    common.users = USERS;
    common.removed = 0;
    stage_inside(EVENT_COMPLETE, drop_in_complete);
}

static void cancel_or_remove(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        common.canceled = IoCancelIrp(common.irp);
        if (!common.canceled)
            drop_context();
        return;
    }
    common.removed += IoCsqRemoveIrp(&common.queue->csq, common.context) != NULL;
    drop_context();
}

static void freed_by_the_last(void)
{
    expect_equal(common.removed, !common.canceled, "the number of IRPs returned");
    stage_check_retired();
}

RACE(csq_ctx_11_freed_by_the_last, "nobody touches a context that its last user has freed",
     CLAUSE_CSQ_CTX_11)
{
    race_bodies(cancel_or_remove, USERS, prepare);
    race_run(freed_by_the_last);
}
