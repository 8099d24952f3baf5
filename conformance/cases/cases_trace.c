/* The canonical traces of inserts and removals (TR-1 to TR-6, TR-9, TR-11 to TR-20). */
#include "stage.h"

#define NO_POINTER ((PVOID)(ULONG_PTR)0x51f7) /* to be passed on, never followed */

static BOOLEAN canceled_inside;

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    canceled_inside = IoCancelIrp(irp);
}

/* ---- Insert -------------------------------------------------------------------------------- */

CASE(tr_1_insert, "an insert", CLAUSE_TR_1)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_trace("A I(i0) L");
    expect(!stage_event(EVENT_INSERT, 0)->armed, "no Cancel routine yet in CsqInsertIrp");
    advise(!stage_event(EVENT_INSERT, 0)->pending, "nor a pending mark");
    expect(stage_event(EVENT_RELEASE, 0)->pending, "a pending mark when the lock is released");
    expect(stage_event(EVENT_RELEASE, 0)->armed, "and a Cancel routine");
    expect(irp->CancelRoutine != NULL, "it is there afterwards");
}

CASE(tr_2_insert_ex_on_plain, "IoCsqInsertIrpEx on a queue of IoCsqInitialize", CLAUSE_TR_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NO_POINTER), STATUS_SUCCESS,
                 "the status returned");
    expect_trace("A I(i0) L");
    expect(stage_holds(queue, irp), "the IRP is queued");
}

CASE(tr_3_insert_ex, "IoCsqInsertIrpEx whose callback takes the IRP", CLAUSE_TR_3)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NO_POINTER), STATUS_SUCCESS,
                 "the status returned");
    expect_trace("A Ix(i0) L");
    expect_same(stage_event(EVENT_INSERT_EX, 0)->argument, NO_POINTER, "InsertContext");
    expect(stage_pending(irp) && irp->CancelRoutine != NULL, "the IRP is pending and cancelable");
}

CASE(tr_4_insert_ex_fails, "IoCsqInsertIrpEx whose callback fails", CLAUSE_TR_4)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    queue->answer = STATUS_UNSUCCESSFUL;
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL), STATUS_UNSUCCESSFUL,
                 "the status returned");
    expect_trace("A Ix(i0) L");
    expect(!stage_pending(irp), "there is no pending mark");
    expect(irp->CancelRoutine == NULL, "there is no Cancel routine");
    stage_clear();
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returns");
    expect_callbacks("");
}

/* ---- Insert of an IRP that is canceled ----------------------------------------------------- */

static void expect_canceled_reply(PIRP irp)
{
    const struct stage_reply *reply = stage_reply(irp);
    expect_equal(reply->count, 1, "the number of completions");
    expect_equal(reply->status, STATUS_CANCELLED, "the status that the sender sees");
    expect_equal(reply->information, 0, "the Information that the sender sees");
    expect(reply->pending_returned, "the sender sees PendingReturned");
}

CASE(tr_5_canceled_before, "an insert of a canceled IRP", CLAUSE_TR_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_trace(case_profile.reading == READING_TEXT ? "A L C(i0) D(i0)"
                                                      : "A I(i0) Rm(i0) L C(i0) D(i0)");
    expect_canceled_reply(irp);
}

CASE(tr_6_canceled_inside, "a cancel inside CsqInsertIrp", CLAUSE_TR_6)
{
    stage_inside(EVENT_INSERT, cancel_it);
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_equal(canceled_inside, FALSE, "what IoCancelIrp returns");
    expect_trace("A I(i0) cs+ cs- Rm(i0) L C(i0) D(i0)");
    expect_canceled_reply(irp);
}

CASE(tr_6_canceled_inside_ex, "a cancel inside CsqInsertIrpEx", CLAUSE_TR_6)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT_EX, cancel_it);
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL), STATUS_SUCCESS,
                 "the status returned");
    expect_equal(canceled_inside, FALSE, "what IoCancelIrp returns");
    expect_trace("A Ix(i0) cs+ cs- Rm(i0) L C(i0) D(i0)");
    expect_canceled_reply(irp);
}

CASE(tr_18_removed_canceled_inserted, "an IRP removed, canceled and inserted again", CLAUSE_TR_18)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_trace(case_profile.reading == READING_TEXT ? "A L C(i0) D(i0)"
                                                      : "A I(i0) Rm(i0) L C(i0) D(i0)");
    expect_canceled_reply(irp);
}

/* ---- Cancel -------------------------------------------------------------------------------- */

CASE(tr_7_cancel, "a cancel of a queued IRP", CLAUSE_TR_7)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    stage_clear();
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returns");
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
    expect_canceled_reply(irp);
}

CASE(tr_7_cancel_with_context, "a cancel of an IRP queued with a context", CLAUSE_TR_7)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), stage_context());
    stage_clear();
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returns");
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
}

CASE(tr_7_cancel_on_ex_queue, "a cancel on a queue of IoCsqInitializeEx", CLAUSE_TR_7)
{
    PIRP irp = stage_queued(stage_queue(EX), NULL);
    stage_clear();
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returns");
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
}

static void expect_cancel_ignored(PIRP irp)
{
    stage_clear();
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returns");
    expect(irp->Cancel, "Irp->Cancel is TRUE");
    expect_callbacks("");
    expect_equal(stage_reply(irp)->count, 0, "the number of completions");
}

CASE(tr_17_cancel_after_removal, "a cancel after IoCsqRemoveIrp", CLAUSE_TR_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    expect_cancel_ignored(irp);
}

CASE(tr_17_cancel_after_remove_next, "a cancel after IoCsqRemoveNextIrp", CLAUSE_TR_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect_cancel_ignored(irp);
}

/* ---- IoCsqRemoveIrp ------------------------------------------------------------------------ */

static void expect_none(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    stage_clear();
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect_trace("A L");
}

CASE(tr_9_remove, "IoCsqRemoveIrp, twice", CLAUSE_TR_9)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_clear();
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    expect_trace("A Rm(i0) L");
    expect(irp->CancelRoutine == NULL, "the IRP has no Cancel routine");
    expect_none(queue, context);
}

static void free_irp(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

CASE(tr_11_remove_after_cancel, "IoCsqRemoveIrp after a cancel", CLAUSE_TR_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_inside(EVENT_DONE, free_irp);
    IoCancelIrp(stage_queued(queue, context));
    expect_none(queue, context);
}

CASE(tr_16_remove_after_remove_next, "IoCsqRemoveNextIrp, then IoCsqRemoveIrp for the same IRP",
     CLAUSE_TR_16)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    stage_complete(irp, STATUS_SUCCESS);
    stage_retire_irp(irp);
    expect_none(queue, context);
}

/* ---- IoCsqRemoveNextIrp -------------------------------------------------------------------- */

CASE(tr_12_remove_next_empty, "IoCsqRemoveNextIrp on an empty queue", CLAUSE_TR_12)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp returns NULL");
    expect_trace("A Pk(NULL)=NULL L");
}

CASE(tr_13_remove_next, "IoCsqRemoveNextIrp with a first match to be had", CLAUSE_TR_13)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    stage_queued(queue, NULL);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Rm(i0) L");
}

#define CLAIMED 3

/* A queue of IRPs that cancellers have claimed, who have yet to get at its lock. */
static struct stage_queue *claimed_queue(PIRP irps[CLAIMED], PDRIVER_CANCEL routines[CLAIMED])
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 0; i < CLAIMED; i++) {
        irps[i] = stage_queued(queue, NULL);
        routines[i] = stage_claim(irps[i]);
    }
    return queue;
}

static void finish_all(PIRP irps[CLAIMED], PDRIVER_CANCEL routines[CLAIMED])
{
    stage_clear();
    for (unsigned i = 0; i < CLAIMED; i++)
        stage_finish_cancel(irps[i], routines[i]);
    expect_callbacks("A Rm(i0) L C(i0) A Rm(i1) L C(i1) A Rm(i2) L C(i2)");
}

CASE(tr_14_first_matches_claimed, "IoCsqRemoveNextIrp behind IRPs that are being canceled",
     CLAUSE_TR_14)
{
    PIRP irps[CLAIMED];
    PDRIVER_CANCEL routines[CLAIMED];
    struct stage_queue *queue = claimed_queue(irps, routines);
    PIRP last = stage_queued(queue, NULL);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), last, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Pk(i0)=i1 Pk(i1)=i2 Pk(i2)=i3 Rm(i3) L");
    finish_all(irps, routines);
}

CASE(tr_15_all_matches_claimed, "IoCsqRemoveNextIrp where all IRPs are being canceled",
     CLAUSE_TR_15)
{
    PIRP irps[CLAIMED];
    PDRIVER_CANCEL routines[CLAIMED];
    struct stage_queue *queue = claimed_queue(irps, routines);
    stage_clear();
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp returns NULL");
    expect_trace("A Pk(NULL)=i0 Pk(i0)=i1 Pk(i1)=i2 Pk(i2)=NULL L");
    finish_all(irps, routines);
}

/* ---- IoCsqRemoveNextIrp inside CsqCompleteCanceledIrp -------------------------------------- */

static PIRP next_inside;

static void start_next(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    next_inside = IoCsqRemoveNextIrp(&queue->csq, NULL);
}

CASE(tr_19_remove_next_in_complete, "a canceled IRP makes room for the next", CLAUSE_TR_19)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    PIRP next = stage_queued(queue, NULL);
    stage_inside(EVENT_COMPLETE, start_next);
    stage_clear();
    IoCancelIrp(irp);
    expect_callbacks("A Rm(i0) L C(i0) A Pk(NULL)=i1 Rm(i1) L");
    expect_same(next_inside, next, "the IRP returned");
}

CASE(tr_19_in_complete_of_insert, "so does one that the insert found canceled", CLAUSE_TR_19)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP next = stage_queued(queue, NULL);
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_COMPLETE, start_next);
    stage_clear();
    stage_queued(queue, NULL);
    expect_callbacks("A I(i1) Rm(i1) L C(i1) A Pk(NULL)=i0 Rm(i0) L");
    expect_same(next_inside, next, "the IRP returned");
}

/* ---- A drain ------------------------------------------------------------------------------- */

CASE(tr_20_drain, "IoCsqRemoveNextIrp for one handle until NULL", CLAUSE_TR_20)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irps[4];
    for (unsigned i = 0; i < 4; i++)
        irps[i] = stage_queued(queue, NULL);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN), irps[0], "the first IRP returned");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN), irps[2], "the second IRP returned");
    expect(IoCsqRemoveNextIrp(&queue->csq, STAGE_EVEN) == NULL, "then it returns NULL");
    expect_trace("A Pk(NULL)=i0 Rm(i0) L A Pk(NULL)=i2 Rm(i2) L A Pk(NULL)=NULL L");
    for (unsigned i = 1; i < 4; i += 2) {
        expect(stage_holds(queue, irps[i]), "the other IRPs are still queued");
        expect(irps[i]->CancelRoutine != NULL, "and cancelable");
        expect(stage_untouched(irps[i]), "and untouched");
    }
}
