/* CsqCompleteCanceledIrp, and where callbacks run (CSQ-CB-CCI, CSQ-CB-GEN). */
#include "stage.h"

#include "ke/ke.h"
#include "race.h"

/* ---- The two ways to CsqCompleteCanceledIrp ------------------------------------------------ */

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

/* Queued, then canceled. */
static PIRP canceled_in_queue(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_clear();
    IoCancelIrp(irp);
    return irp;
}

/* Canceled inside the insert callback: the insert completes it. */
static PIRP canceled_by_insert(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT, cancel_it);
    IoCsqInsertIrp(&queue->csq, irp, context);
    stage_inside(EVENT_INSERT, NULL);
    return irp;
}

/* Canceled before its insert, which completes it. */
static PIRP canceled_before(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, context);
    return irp;
}

/* ---- What it gets -------------------------------------------------------------------------- */

static void expect_out_of_the_queue(void)
{
    expect(!stage_event(EVENT_COMPLETE, 0)->queued, "at C the IRP is in no queue");
}

CASE(csq_cb_cci_1_out_of_the_queue, "a canceled IRP is out of the queue before it is completed",
     CLAUSE_CSQ_CB_CCI_1)
{
    canceled_in_queue(stage_queue(PLAIN), NULL);
    expect_out_of_the_queue();
}

CASE(csq_cb_cci_1_out_in_an_insert, "so it is if the insert finds it canceled", CLAUSE_CSQ_CB_CCI_1)
{
    canceled_by_insert(stage_queue(PLAIN), NULL);
    expect_out_of_the_queue();
}

CASE(csq_cb_cci_1_out_if_canceled_before, "so it is if it was canceled before", CLAUSE_CSQ_CB_CCI_1)
{
    canceled_before(stage_queue(PLAIN), NULL);
    expect_out_of_the_queue();
}

static void expect_canceled_reply(PIRP irp)
{
    expect_equal(stage_reply(irp)->count, 1, "the completions");
    expect_equal((ULONG)stage_reply(irp)->status, (ULONG)STATUS_CANCELLED, "IoStatus.Status");
    expect_equal(stage_reply(irp)->information, 0, "IoStatus.Information");
}

CASE(csq_cb_cci_2_status, "the sender of a canceled IRP gets STATUS_CANCELLED and 0",
     CLAUSE_CSQ_CB_CCI_2)
{
    expect_canceled_reply(canceled_in_queue(stage_queue(PLAIN), NULL));
}

CASE(csq_cb_cci_2_status_of_an_insert, "it gets that from an insert, too", CLAUSE_CSQ_CB_CCI_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    expect_canceled_reply(canceled_by_insert(queue, NULL));
    expect_canceled_reply(canceled_before(queue, NULL));
}

/* Its neighbours stay: it is this IRP that the callback gets, not a copy and not another. */
CASE(csq_cb_cci_3_valid, "CsqCompleteCanceledIrp gets the IRP itself, fit to be completed",
     CLAUSE_CSQ_CB_CCI_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    IoCsqInsertIrp(&queue->csq, stage_irp(), NULL);
    PIRP irp = canceled_in_queue(queue, NULL);
    expect_same(stage_event(EVENT_COMPLETE, 0)->irp, irp, "the IRP that it got");
    expect_equal(stage_reply(irp)->count, 1, "the completions");
    irp = canceled_by_insert(queue, NULL);
    expect_same(stage_event(EVENT_COMPLETE, 1)->irp, irp, "the IRP that it got");
    expect_equal(stage_reply(irp)->count, 1, "the completions");
}

/* ---- Where it runs ------------------------------------------------------------------------- */

static void expect_no_lock(void)
{
    expect(!stage_event(EVENT_COMPLETE, 0)->locked, "the queue's lock is free at C");
    expect(!stage_event(EVENT_COMPLETE, 0)->cancel_locked, "the cancel spin lock is free at C");
}

CASE(csq_cb_cci_4_no_lock_in_a_cancel, "in a cancel it runs without any lock", CLAUSE_CSQ_CB_CCI_4)
{
    canceled_in_queue(stage_queue(PLAIN), NULL);
    expect_no_lock();
}

CASE(csq_cb_cci_4_no_lock_in_an_insert, "in an insert it runs without any lock",
     CLAUSE_CSQ_CB_CCI_4)
{
    canceled_by_insert(stage_queue(PLAIN), NULL);
    expect_no_lock();
}

CASE(csq_cb_cci_4_no_lock_if_canceled_before, "in an insert of a canceled IRP, too",
     CLAUSE_CSQ_CB_CCI_4)
{
    canceled_before(stage_queue(PLAIN), NULL);
    expect_no_lock();
}

CASE(csq_cb_cci_5_once, "each canceled IRP once, whichever way it was canceled",
     CLAUSE_CSQ_CB_CCI_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (unsigned i = 0; i < 3; i++) {
        PIRP irp = i == 0   ? canceled_in_queue(queue, NULL)
                   : i == 1 ? canceled_by_insert(queue, NULL)
                            : canceled_before(queue, NULL);
        stage_clear();
        IoCancelIrp(irp);
        expect_equal(stage_events(EVENT_COMPLETE), 0, "the calls for a second cancel");
        expect_equal(stage_reply(irp)->count, 1, "the completions");
    }
}

CASE(csq_cb_cci_5_no_other, "no IRP that was removed, declined, or left alone", CLAUSE_CSQ_CB_CCI_5)
{
    struct stage_queue *queue = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp[4] = {stage_irp(), stage_irp(), stage_irp(), stage_irp()};
    IoCsqInsertIrp(&queue->csq, irp[0], context);
    for (unsigned i = 1; i < 3; i++)
        IoCsqInsertIrp(&queue->csq, irp[i], NULL);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    queue->answer = STATUS_UNSUCCESSFUL;
    IoCsqInsertIrpEx(&queue->csq, irp[3], NULL, NULL);
    IoCancelIrp(irp[0]);
    IoCancelIrp(irp[1]);
    IoCancelIrp(irp[3]);
    expect_equal(stage_events(EVENT_COMPLETE), 0, "the calls of CsqCompleteCanceledIrp");
}

static void expect_callers_irql(PIRP (*cancel)(struct stage_queue *, PIO_CSQ_IRP_CONTEXT))
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KIRQL before;
        KeRaiseIrql(level, &before);
        stage_clear();
        cancel(queue, NULL);
        KeLowerIrql(before);
        expect_equal(stage_event(EVENT_COMPLETE, 0)->irql, level, "the IRQL at C");
    }
}

CASE(csq_cb_cci_6_irql_of_a_cancel, "in a cancel it runs at the level of IoCancelIrp's caller",
     CLAUSE_CSQ_CB_CCI_6)
{
    expect_callers_irql(canceled_in_queue);
}

CASE(csq_cb_cci_6_irql_of_an_insert, "in an insert it runs at the level of the insert's caller",
     CLAUSE_CSQ_CB_CCI_6)
{
    expect_callers_irql(canceled_by_insert);
}

CASE(csq_cb_cci_6_irql_if_canceled_before, "in an insert of a canceled IRP, too",
     CLAUSE_CSQ_CB_CCI_6)
{
    expect_callers_irql(canceled_before);
}

/* ---- What it may do ------------------------------------------------------------------------ */

static PIRP next_one, another_one;
static PIO_CSQ_IRP_CONTEXT own_context;

/* A driver that starts the next IRP, queues one more, and forgets about this one's time-out. */
static void use_the_queue(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    stage_inside(EVENT_INSERT, NULL);
    next_one = IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCsqInsertIrp(&queue->csq, another_one, NULL);
    expect_same(IoCsqRemoveIrp(&queue->csq, own_context), NULL,
                "what the canceled IRP's context gave");
}

static void expect_usable(PIRP (*cancel)(struct stage_queue *, PIO_CSQ_IRP_CONTEXT))
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP waiting = stage_irp();
    another_one = stage_irp();
    own_context = stage_context();
    IoCsqInsertIrp(&queue->csq, waiting, NULL);
    stage_inside(EVENT_COMPLETE, use_the_queue);
    PIRP irp = cancel(queue, own_context);
    expect_same(next_one, waiting, "the IRP that IoCsqRemoveNextIrp returned");
    expect(stage_holds(queue, another_one), "the new IRP is in the queue");
    expect_equal(stage_reply(irp)->count, 1, "the completions");
}

CASE(csq_cb_cci_7_uses_the_queue_in_a_cancel, "the queue may be used inside C of a cancel",
     CLAUSE_CSQ_CB_CCI_7)
{
    expect_usable(canceled_in_queue);
}

CASE(csq_cb_cci_7_uses_the_queue_in_an_insert, "the queue may be used inside C of an insert",
     CLAUSE_CSQ_CB_CCI_7)
{
    expect_usable(canceled_by_insert);
}

CASE(csq_cb_cci_7_uses_the_queue_if_canceled_before, "inside C of a canceled IRP's insert, too",
     CLAUSE_CSQ_CB_CCI_7)
{
    expect_usable(canceled_before);
}

static void free_both(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
    if (own_context)
        stage_retire_context(own_context);
}

/* Retired memory is checked at the end of the case; AddressSanitizer sees reads of it, too. */
static void expect_untouched(PIRP (*cancel)(struct stage_queue *, PIO_CSQ_IRP_CONTEXT))
{
    struct stage_queue *queue = stage_queue(PLAIN);
    stage_leave_completion();
    stage_inside(EVENT_COMPLETE, free_both);
    own_context = NULL;
    cancel(queue, NULL);
    own_context = stage_context();
    cancel(queue, own_context);
}

CASE(csq_cb_cci_8_frees_in_a_cancel, "IRP and context may be freed inside C of a cancel",
     CLAUSE_CSQ_CB_CCI_8)
{
    expect_untouched(canceled_in_queue);
}

CASE(csq_cb_cci_8_frees_in_an_insert, "IRP and context may be freed inside C of an insert",
     CLAUSE_CSQ_CB_CCI_8)
{
    expect_untouched(canceled_by_insert);
}

CASE(csq_cb_cci_8_frees_if_canceled_before, "inside C of a canceled IRP's insert, too",
     CLAUSE_CSQ_CB_CCI_8)
{
    expect_untouched(canceled_before);
}

/* ---- Which thread, which level ------------------------------------------------------------- */

CASE(csq_cb_gen_2_at_every_irql,
     "all callbacks work at every level that the routines may be called at", CLAUSE_CSQ_CB_GEN_2)
{
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        struct stage_queue *queue = stage_queue(PLAIN);
        KIRQL before;
        KeRaiseIrql(level, &before);
        IoCsqInsertIrp(&queue->csq, stage_irp(), NULL);
        expect(IoCsqRemoveNextIrp(&queue->csq, NULL) != NULL, "the IRP is found");
        expect_equal(stage_reply(canceled_in_queue(queue, NULL))->irql, level,
                     "the IRQL of the completion");
        KeLowerIrql(before);
    }
}

static struct stage_queue *shared;
static PIRP shared_irp;

static void one_irp(void)
{
    shared = stage_queue(PLAIN);
    shared_irp = stage_irp();
}

static void insert_or_cancel(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        IoCsqInsertIrp(&shared->csq, shared_irp, NULL);
    else
        IoCancelIrp(shared_irp);
}

static void in_the_cancelers_thread(void)
{
    if (race_undisturbed()) {
        expect_letters(0, "A I L");
        expect_letters(1, "cs+ cs- A Rm L C");
    }
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the calls of CsqCompleteCanceledIrp");
}

RACE(csq_cb_gen_2_in_any_thread, "a cancel's callbacks run in the thread that cancels",
     CLAUSE_CSQ_CB_GEN_2)
{
    race_bodies(insert_or_cancel, 2, one_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(in_the_cancelers_thread);
}
