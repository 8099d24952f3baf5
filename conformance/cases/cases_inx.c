/* IoCsqInsertIrpEx (CSQ-INX) where the insert callback takes the IRP. */
#include "race.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

#define NOWHERE ((PVOID)(ULONG_PTR)0x1badbeef)

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect(!IoCancelIrp(irp), "IoCancelIrp inside the insert callback returns FALSE");
}

static NTSTATUS insert(struct stage_queue *queue, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    return IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
}

static NTSTATUS insert_canceled_inside(struct stage_queue *queue)
{
    PIRP irp = stage_irp();
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_INSERT_EX, cancel_it);
    NTSTATUS status = insert(queue, irp, NULL);
    stage_inside(EVENT_INSERT, NULL);
    stage_inside(EVENT_INSERT_EX, NULL);
    return status;
}

static NTSTATUS insert_canceled_before(struct stage_queue *queue)
{
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    return insert(queue, irp, NULL);
}

/* ---- What it returns ----------------------------------------------------------------------- */

CASE(csq_inx_1_success, "a queue of IoCsqInitialize answers STATUS_SUCCESS", CLAUSE_CSQ_INX_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    expect_equal(insert(queue, stage_irp(), NULL), STATUS_SUCCESS, "the status");
    expect_equal(insert(queue, stage_irp(), stage_context()), STATUS_SUCCESS, "the status");
}

CASE(csq_inx_1_canceled, "it does so if the IRP was canceled before or meanwhile", CLAUSE_CSQ_INX_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    expect_equal(insert_canceled_inside(queue), STATUS_SUCCESS, "the status");
    expect_equal(insert_canceled_before(queue), STATUS_SUCCESS, "the status");
}

CASE(csq_inx_2_success, "STATUS_SUCCESS of CsqInsertIrpEx is returned", CLAUSE_CSQ_INX_2)
{
    expect_equal(insert(stage_queue(EX), stage_irp(), NULL), STATUS_SUCCESS, "the status");
}

CASE(csq_inx_2_other_successes, "so are success codes with a meaning", CLAUSE_CSQ_INX_2)
{
    static const NTSTATUS answers[] = {STATUS_PENDING, STATUS_OBJECT_NAME_EXISTS};
    if (case_profile.success == SUCCESS_EXACT)
        differs("takes success codes other than STATUS_SUCCESS for a failure");
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct stage_queue *queue = stage_queue(EX);
        queue->answer = answers[i];
        expect_equal(insert(queue, stage_irp(), NULL), answers[i], "the status");
    }
}

/* ---- The insert callback ------------------------------------------------------------------- */

CASE(csq_inx_3_plain, "a queue of IoCsqInitialize has CsqInsertIrp called, once, under the lock",
     CLAUSE_CSQ_INX_3)
{
    insert(stage_queue(PLAIN), stage_irp(), NULL);
    expect_callbacks("A I(i0) L");
    expect(stage_event(EVENT_INSERT, 0)->locked, "the lock is held in CsqInsertIrp");
}

CASE(csq_inx_3_ex, "a queue of IoCsqInitializeEx has CsqInsertIrpEx called, once, under the lock",
     CLAUSE_CSQ_INX_3)
{
    insert(stage_queue(EX), stage_irp(), NULL);
    expect_callbacks("A Ix(i0) L");
    expect(stage_event(EVENT_INSERT_EX, 0)->locked, "the lock is held in CsqInsertIrpEx");
}

CASE(csq_inx_4_insert_context, "CsqInsertIrpEx gets InsertContext, whatever it is",
     CLAUSE_CSQ_INX_4)
{
    static const ULONG_PTR values[] = {0, 1, (ULONG_PTR)~0ull, (ULONG_PTR)0x8000000080000000ull};
    struct stage_queue *queue = stage_queue(EX);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        IoCsqInsertIrpEx(&queue->csq, stage_irp(), stage_context(), (PVOID)values[i]);
        expect_same(stage_event(EVENT_INSERT_EX, i)->argument, (PVOID)values[i],
                    "the InsertContext that CsqInsertIrpEx gets");
    }
}

CASE(csq_inx_5_ignored, "a queue of IoCsqInitialize does the same with any InsertContext",
     CLAUSE_CSQ_INX_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    char without[256];
    PIRP irp = stage_irp();
    insert(queue, irp, NULL);
    snprintf(without, sizeof without, "%s", stage_story());
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    stage_clear();
    irp = stage_irp();
    stage_watch(irp);
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NOWHERE), STATUS_SUCCESS, "the status");
    expect_text(stage_story(), without, "what happens");
    expect(stage_holds(queue, irp), "the IRP is in the queue");
}

/* ---- Going on as IoCsqInsertIrp does ------------------------------------------------------- */

CASE(csq_inx_6_queued, "not canceled: pending, cancelable and queued once the lock is released",
     CLAUSE_CSQ_INX_6)
{
    struct stage_queue *queue = stage_queue(EX);
    insert(queue, stage_irp(), NULL);
    expect_trace("A Ix(i0) L");
    expect(!stage_event(EVENT_INSERT_EX, 0)->armed, "it is not cancelable in CsqInsertIrpEx");
    const struct stage_event *release = stage_event(EVENT_RELEASE, 0);
    expect(release->pending, "it is marked pending at CsqReleaseLock");
    expect(release->armed, "it is cancelable at CsqReleaseLock");
    expect(release->queued, "it is in the queue at CsqReleaseLock");
}

CASE(csq_inx_6_canceled_inside, "canceled meanwhile: removed under the lock, completed after it",
     CLAUSE_CSQ_INX_6)
{
    insert_canceled_inside(stage_queue(EX));
    expect_callbacks("A Ix(i0) Rm(i0) L C(i0)");
    expect(stage_event(EVENT_REMOVE, 0)->locked, "the lock is held in CsqRemoveIrp");
    expect(!stage_event(EVENT_COMPLETE, 0)->locked, "the lock is free in CsqCompleteCanceledIrp");
}

CASE(csq_inx_6_cancelable, "a queued IRP can be canceled", CLAUSE_CSQ_INX_6)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    insert(queue, irp, stage_context());
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    expect_callbacks("A Ix(i0) L A Rm(i0) L C(i0)");
}

CASE(csq_inx_12_canceled_inside, "canceled meanwhile: the callback's success code",
     CLAUSE_CSQ_INX_12)
{
    struct stage_queue *queue = stage_queue(EX);
    expect_equal(insert_canceled_inside(queue), STATUS_SUCCESS, "the status");
    if (case_profile.success == SUCCESS_NT) {
        queue->answer = STATUS_PENDING;
        expect_equal(insert_canceled_inside(queue), STATUS_PENDING, "the status");
    }
    expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
}

CASE(csq_inx_12_canceled_before, "canceled before: STATUS_SUCCESS, or what the callback said",
     CLAUSE_CSQ_INX_12)
{
    struct stage_queue *queue = stage_queue(EX);
    expect_equal(insert_canceled_before(queue), STATUS_SUCCESS, "the status");
    expect_callbacks(by_reading("A L C(i0)", "A Ix(i0) Rm(i0) L C(i0)"));
    if (case_profile.success == SUCCESS_NT) {
        queue->answer = STATUS_PENDING;
        expect_equal(insert_canceled_before(queue), by_reading(STATUS_SUCCESS, STATUS_PENDING),
                     "the status");
    }
}

CASE(csq_inx_14_not_in_queue, "an IRP canceled before is not in the queue afterwards",
     CLAUSE_CSQ_INX_14)
{
    for (int ex = 0; ex < 2; ex++) {
        struct stage_queue *queue = stage_queue(ex ? EX : PLAIN);
        insert_canceled_before(queue);
        expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
        expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp finds no IRP");
    }
}

CASE(csq_inx_16_marks_pending, "the IRP is marked pending on queues of either kind",
     CLAUSE_CSQ_INX_16)
{
    insert(stage_queue(PLAIN), stage_irp(), NULL);
    expect(stage_event(EVENT_RELEASE, 0)->pending, "it is marked at CsqReleaseLock");
    stage_clear();
    PIRP irp = stage_irp();
    stage_watch(irp);
    insert(stage_queue(EX), irp, NULL);
    expect(stage_event(EVENT_RELEASE, 0)->pending, "it is marked at CsqReleaseLock");
}

CASE(csq_inx_16_marks_canceled, "so is an IRP that was canceled before or meanwhile",
     CLAUSE_CSQ_INX_16)
{
    struct stage_queue *queue = stage_queue(EX);
    insert_canceled_inside(queue);
    expect(stage_event(EVENT_COMPLETE, 0)->pending, "it is marked at CsqCompleteCanceledIrp");
    insert_canceled_before(queue);
    expect(stage_event(EVENT_COMPLETE, 0)->pending, "it is marked at CsqCompleteCanceledIrp");
}

CASE(csq_inx_17_one_hold, "the lock is taken and released once, canceled or not", CLAUSE_CSQ_INX_17)
{
    struct stage_queue *queue = stage_queue(EX);
    insert(queue, stage_irp(), NULL);
    insert_canceled_inside(queue);
    expect_equal(stage_events(EVENT_ACQUIRE), 2, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 2, "the number of calls of CsqReleaseLock");
    insert_canceled_before(queue);
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
}

/* ---- The context --------------------------------------------------------------------------- */

/* Whatever it held. */
static void insert_over(enum stage_kind kind, int garbage)
{
    struct stage_queue *queue = stage_queue(kind);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP removed = stage_irp(), canceled = stage_irp();
    memset(context, garbage, sizeof *context);
    insert(queue, removed, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), removed, "the IRP that the context finds");
    memset(context, garbage, sizeof *context);
    insert(queue, canceled, context);
    expect(IoCancelIrp(canceled), "IoCancelIrp returns TRUE");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context identifies no IRP any more");
}

CASE(csq_inx_13_plain, "a context of anything is initialized for a queue of IoCsqInitialize",
     CLAUSE_CSQ_INX_13)
{
    insert_over(PLAIN, 0xdd);
    insert_over(PLAIN, 0);
}

CASE(csq_inx_13_ex, "a context of anything is initialized for a queue of IoCsqInitializeEx",
     CLAUSE_CSQ_INX_13)
{
    insert_over(EX, 0xdd);
    insert_over(EX, 0);
}

CASE(csq_inx_13_without_context, "without a context the IRP is cancelable and removable",
     CLAUSE_CSQ_INX_13)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP first = stage_irp(), second = stage_irp();
    insert(queue, first, NULL);
    insert(queue, second, NULL);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), first, "the IRP returned");
    expect(IoCancelIrp(second), "IoCancelIrp returns TRUE");
    expect_equal(stage_reply(second)->count, 1, "the number of its completions");
}

/* ---- IRQL ---------------------------------------------------------------------------------- */

static void insert_at(enum stage_kind kind, KIRQL level)
{
    struct stage_queue *queue = stage_queue(kind);
    KIRQL before;
    KeRaiseIrql(level, &before);
    stage_clear();
    insert(queue, stage_irp(), NULL);
    expect_equal(stage_event(EVENT_ACQUIRE, 0)->irql, level, "the IRQL at CsqAcquireLock");
    expect_equal(stage_count(queue), 1, "the number of IRPs in the queue");
    insert_canceled_before(queue);
    expect_equal(stage_event(EVENT_COMPLETE, 0)->irql, level, "the IRQL of the completion");
    expect_equal(KeGetCurrentIrql(), level, "the IRQL after the call");
    KeLowerIrql(before);
}

CASE(csq_inx_15_passive_level, "it works at PASSIVE_LEVEL", CLAUSE_CSQ_INX_15)
{
    insert_at(PLAIN, PASSIVE_LEVEL);
    insert_at(EX, PASSIVE_LEVEL);
}

CASE(csq_inx_15_apc_level, "it works at APC_LEVEL", CLAUSE_CSQ_INX_15)
{
    insert_at(PLAIN, APC_LEVEL);
    insert_at(EX, APC_LEVEL);
}

CASE(csq_inx_15_dispatch_level, "it works at DISPATCH_LEVEL", CLAUSE_CSQ_INX_15)
{
    insert_at(PLAIN, DISPATCH_LEVEL);
    insert_at(EX, DISPATCH_LEVEL);
}

/* ---- At the same time as a cancel ---------------------------------------------------------- */

static void left_to_the_canceler(void)
{
    if (race_returned(1)) {
        expect_letters(0, "A I L");
        expect_letters(1, "cs+ cs- A Rm L C");
    }
    expect_equal(race_returned(0), STATUS_SUCCESS, "what IoCsqInsertIrpEx returned");
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
}

RACE(csq_inx_6_canceler_first, "an IRP whose Cancel routine was taken is left to the canceller",
     CLAUSE_CSQ_INX_6)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT_EX},
        {.thread = 1, .kind = OP_CANCEL},
    };
    race_operations(operations, 2);
    race_scenario()->queue[0].ex = true;
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_run(left_to_the_canceler);
}
