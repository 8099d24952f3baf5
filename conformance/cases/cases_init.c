/* Initialization (CSQ-INIT). */
#include "stage.h"

#include <stdio.h>
#include <string.h>

CASE(csq_init_2_success, "IoCsqInitialize returns STATUS_SUCCESS", CLAUSE_CSQ_INIT_2)
{
    expect_equal(stage_initialize(stage_queue_raw()), STATUS_SUCCESS, "the status");
}

CASE(csq_init_2_success_ex, "IoCsqInitializeEx returns STATUS_SUCCESS", CLAUSE_CSQ_INIT_2)
{
    expect_equal(stage_initialize_ex(stage_queue_raw()), STATUS_SUCCESS, "the status");
}

/* ---- What was there before ----------------------------------------------------------------- */

/* The queue works: what it does with two IRPs, of which one is canceled. */
static const char *use(struct stage_queue *queue)
{
    PIRP first = stage_irp(), second = stage_irp();
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_clear();
    stage_watch(first);
    IoCsqInsertIrp(&queue->csq, first, context);
    IoCsqInsertIrp(&queue->csq, second, NULL);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), first, "the IRP that the context finds");
    expect(IoCancelIrp(second), "IoCancelIrp returns TRUE");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "the queue is empty");
    return stage_story();
}

static void initialize_over(int garbage)
{
    struct stage_queue *plain = stage_queue_raw(), *ex = stage_queue_raw();
    memset(&plain->csq, garbage, sizeof plain->csq);
    memset(&ex->csq, garbage, sizeof ex->csq);
    stage_initialize(plain);
    stage_initialize_ex(ex);
    use(plain);
    use(ex);
}

CASE(csq_init_3_garbage, "garbage in the IO_CSQ does no harm", CLAUSE_CSQ_INIT_3)
{
    initialize_over(0xdd);
}

CASE(csq_init_3_zeroes, "nor do zeroes", CLAUSE_CSQ_INIT_3)
{
    initialize_over(0);
}

CASE(csq_init_3_other_kind, "nor does a queue of the other kind that was there before",
     CLAUSE_CSQ_INIT_3)
{
    struct stage_queue *queue = stage_queue(EX);
    stage_initialize(queue);
    stage_queued(queue, NULL);
    expect_trace("A I(i0) L");
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    stage_initialize_ex(queue);
    stage_clear();
    stage_queued(queue, NULL);
    expect_trace("A Ix(i1) L");
}

/* ---- What it does not do ------------------------------------------------------------------- */

static void initialize_at(KIRQL level)
{
    KIRQL before;
    struct stage_queue *plain = stage_queue_raw(), *ex = stage_queue_raw();
    KeRaiseIrql(level, &before);
    expect_equal(stage_initialize(plain), STATUS_SUCCESS, "the status of IoCsqInitialize");
    expect_equal(KeGetCurrentIrql(), level, "the IRQL after IoCsqInitialize");
    expect_equal(stage_initialize_ex(ex), STATUS_SUCCESS, "the status of IoCsqInitializeEx");
    expect_equal(KeGetCurrentIrql(), level, "the IRQL after IoCsqInitializeEx");
    KeLowerIrql(before);
}

CASE(csq_init_5_low_levels, "it works at PASSIVE_LEVEL and APC_LEVEL", CLAUSE_CSQ_INIT_5)
{
    initialize_at(PASSIVE_LEVEL);
    initialize_at(APC_LEVEL);
}

CASE(csq_init_5_high_levels, "it works at DISPATCH_LEVEL and HIGH_LEVEL", CLAUSE_CSQ_INIT_5)
{
    initialize_at(DISPATCH_LEVEL);
    initialize_at(HIGH_LEVEL);
}

CASE(csq_init_6_calls_nothing, "no callback is called", CLAUSE_CSQ_INIT_6)
{
    stage_initialize(stage_queue_raw());
    expect_trace("");
    stage_initialize_ex(stage_queue_raw());
    expect_trace("");
}

/* ---- The two kinds ------------------------------------------------------------------------- */

CASE(csq_init_7_plain, "a queue of IoCsqInitialize has its CsqInsertIrp called", CLAUSE_CSQ_INIT_7)
{
    struct stage_queue *queue = stage_queue_raw();
    stage_initialize(queue);
    stage_queued(queue, NULL);
    expect_equal(stage_events(EVENT_INSERT), 1, "the calls of CsqInsertIrp");
    expect_equal(stage_events(EVENT_INSERT_EX), 0, "the calls of CsqInsertIrpEx");
}

CASE(csq_init_7_ex, "a queue of IoCsqInitializeEx has its CsqInsertIrpEx called and heeded",
     CLAUSE_CSQ_INIT_7)
{
    struct stage_queue *queue = stage_queue_raw();
    stage_initialize_ex(queue);
    queue->answer = STATUS_UNSUCCESSFUL;
    expect_equal(IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, queue), STATUS_UNSUCCESSFUL,
                 "the status");
    expect_equal(stage_events(EVENT_INSERT), 0, "the calls of CsqInsertIrp");
    expect_equal(stage_events(EVENT_INSERT_EX), 1, "the calls of CsqInsertIrpEx");
    expect_same(stage_event(EVENT_INSERT_EX, 0)->argument, queue,
                "the InsertContext that CsqInsertIrpEx gets");
}

CASE(csq_init_8_same_effect, "queues of both kinds do the same from insert to cancel",
     CLAUSE_CSQ_INIT_8)
{
    char plain[1024];
    snprintf(plain, sizeof plain, "%s", use(stage_queue(PLAIN)));
    expect_text(use(stage_queue(EX)), plain, "what happens");
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

CASE(csq_init_8_same_cancellation, "queues of both kinds do the same with a canceled IRP",
     CLAUSE_CSQ_INIT_8)
{
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_INSERT_EX, cancel_it);
    stage_queued(stage_queue(PLAIN), stage_context());
    char plain[1024];
    snprintf(plain, sizeof plain, "%s", stage_story());
    PIRP irp = stage_irp();
    stage_watch(irp);
    stage_clear();
    IoCsqInsertIrp(&stage_queue(EX)->csq, irp, stage_context());
    expect_text(stage_story(), plain, "what happens");
}
