/* The IRQL of the framework (CSQ-IRQL). */
#include "stage.h"

#include "ke/ke.h"

/* Have this done at each level from PASSIVE_LEVEL to `highest`, on a queue of its own each time. */
static void at_levels(enum stage_lock lock, KIRQL highest,
                      void (*action)(struct stage_queue *queue, KIRQL level))
{
    for (KIRQL level = PASSIVE_LEVEL; level <= highest; level++) {
        struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, lock);
        KIRQL before;
        KeRaiseIrql(level, &before);
        stage_clear();
        action(queue, level);
        KeLowerIrql(before);
    }
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

/* ---- At which level routines may be called ------------------------------------------------- */

CASE(csq_irql_1_initialize, "IoCsqInitialize works at every level up to HIGH_LEVEL",
     CLAUSE_CSQ_IRQL_1)
{
    static const KIRQL levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
    for (unsigned i = 0; i < 4; i++) {
        struct stage_queue *queue = stage_queue_raw();
        KIRQL before;
        KeRaiseIrql(levels[i], &before);
        expect_equal(stage_initialize(queue), STATUS_SUCCESS, "what IoCsqInitialize returned");
        expect_equal(KeGetCurrentIrql(), levels[i], "the IRQL afterwards");
        KeLowerIrql(before);
        stage_queued(queue, NULL);
        expect_equal(stage_count(queue), 1, "the IRPs in the queue");
    }
}

CASE(csq_irql_1_initialize_ex, "IoCsqInitializeEx works at every level up to HIGH_LEVEL",
     CLAUSE_CSQ_IRQL_1)
{
    static const KIRQL levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
    for (unsigned i = 0; i < 4; i++) {
        struct stage_queue *queue = stage_queue_raw();
        KIRQL before;
        KeRaiseIrql(levels[i], &before);
        expect_equal(stage_initialize_ex(queue), STATUS_SUCCESS, "what IoCsqInitializeEx returned");
        expect_equal(KeGetCurrentIrql(), levels[i], "the IRQL afterwards");
        KeLowerIrql(before);
        stage_queued(queue, NULL);
        expect_equal(stage_count(queue), 1, "the IRPs in the queue");
    }
}

static void insert_both_ways(struct stage_queue *queue, KIRQL level)
{
    (void)level;
    IoCsqInsertIrp(&queue->csq, stage_irp(), NULL);
    expect_equal(IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL), STATUS_SUCCESS,
                 "what IoCsqInsertIrpEx returned");
    expect_equal(stage_count(queue), 2, "the IRPs in the queue");
}

CASE(csq_irql_2_insert, "IRPs may be inserted up to DISPATCH_LEVEL", CLAUSE_CSQ_IRQL_2)
{
    at_levels(SPIN, DISPATCH_LEVEL, insert_both_ways);
}

static void remove_both_ways(struct stage_queue *queue, KIRQL level)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP first = stage_queued(queue, NULL);
    PIRP second = stage_queued(queue, context);
    (void)level;
    expect_same(IoCsqRemoveIrp(&queue->csq, context), second, "the IRP from IoCsqRemoveIrp");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), first, "the IRP from IoCsqRemoveNextIrp");
    expect_equal(stage_count(queue), 0, "the IRPs in the queue");
}

CASE(csq_irql_2_remove, "IRPs may be removed up to DISPATCH_LEVEL", CLAUSE_CSQ_IRQL_2)
{
    at_levels(SPIN, DISPATCH_LEVEL, remove_both_ways);
}

/* The library adds nothing to the level that the driver has chosen: a callback that is correct at
 * the level of the driver's call is correct. */
static void expect_callers_level(struct stage_queue *queue, KIRQL level)
{
    stage_queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCancelIrp(stage_queued(queue, NULL));
    for (unsigned i = 0; i < stage_events(EVENT_ACQUIRE); i++)
        expect_equal(stage_event(EVENT_ACQUIRE, i)->irql, level, "the IRQL at A");
    expect_equal(stage_event(EVENT_COMPLETE, 0)->irql, level, "the IRQL at C");
}

CASE(csq_irql_3_level_of_the_call, "callbacks outside of the lock run at the driver's own level",
     CLAUSE_CSQ_IRQL_3)
{
    at_levels(SPIN, DISPATCH_LEVEL, expect_callers_level);
}

/* ---- At which level they return ------------------------------------------------------------ */

#define expect_level(level) expect_equal(KeGetCurrentIrql(), level, "the IRQL afterwards")

static void insert_and_come_back(struct stage_queue *queue, KIRQL level)
{
    IoCsqInsertIrp(&queue->csq, stage_irp(), NULL);
    expect_level(level);
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL);
    expect_level(level);
}

CASE(csq_irql_5_insert, "an insert returns at the level it was called at", CLAUSE_CSQ_IRQL_5)
{
    at_levels(SPIN, DISPATCH_LEVEL, insert_and_come_back);
}

static void insert_canceled_and_come_back(struct stage_queue *queue, KIRQL level)
{
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_inside(EVENT_INSERT, NULL);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_level(level);
    stage_inside(EVENT_INSERT, cancel_it);
    stage_queued(queue, NULL);
    expect_level(level);
}

CASE(csq_irql_5_insert_of_a_canceled_irp, "so does one that completes a canceled IRP",
     CLAUSE_CSQ_IRQL_5)
{
    at_levels(SPIN, DISPATCH_LEVEL, insert_canceled_and_come_back);
}

static void remove_and_come_back(struct stage_queue *queue, KIRQL level)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    for (unsigned i = 0; i < 2; i++) {
        IoCsqRemoveIrp(&queue->csq, context);
        expect_level(level);
    }
}

CASE(csq_irql_5_remove, "so does IoCsqRemoveIrp, whatever it finds", CLAUSE_CSQ_IRQL_5)
{
    at_levels(SPIN, DISPATCH_LEVEL, remove_and_come_back);
}

static void remove_next_and_come_back(struct stage_queue *queue, KIRQL level)
{
    stage_queued(queue, NULL);
    for (unsigned i = 0; i < 2; i++) {
        IoCsqRemoveNextIrp(&queue->csq, NULL);
        expect_level(level);
    }
}

CASE(csq_irql_5_remove_next, "so does IoCsqRemoveNextIrp, whatever it finds", CLAUSE_CSQ_IRQL_5)
{
    at_levels(SPIN, DISPATCH_LEVEL, remove_next_and_come_back);
}

static void cancel_and_come_back(struct stage_queue *queue, KIRQL level)
{
    IoCancelIrp(stage_queued(queue, NULL));
    expect_level(level);
    IoCancelIrp(stage_queued(queue, stage_context()));
    expect_level(level);
}

CASE(csq_irql_5_cancel, "so does the cancel of a queued IRP", CLAUSE_CSQ_IRQL_5)
{
    at_levels(SPIN, DISPATCH_LEVEL, cancel_and_come_back);
}

CASE(csq_irql_5_failed_insert, "so does an insert that CsqInsertIrpEx declined", CLAUSE_CSQ_IRQL_5)
{
    struct stage_queue *queue = stage_queue(EX);
    KIRQL before;
    queue->answer = STATUS_UNSUCCESSFUL;
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KeRaiseIrql(level, &before);
        IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL);
        expect_level(level);
        KeLowerIrql(before);
    }
}

/* ---- At which level callbacks run ---------------------------------------------------------- */

static void expect_level_at(enum stage_event_kind kind, KIRQL level)
{
    expect(stage_events(kind) > 0, "the callback is called");
    for (unsigned i = 0; i < stage_events(kind); i++)
        expect_equal(stage_event(kind, i)->irql, level, "the IRQL of the callback");
}

static void use_the_queue(struct stage_queue *queue)
{
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCancelIrp(stage_queued(queue, NULL));
}

static void expect_dispatch_level(struct stage_queue *queue, KIRQL level)
{
    (void)level;
    use_the_queue(queue);
    expect_level_at(EVENT_INSERT, DISPATCH_LEVEL);
    expect_level_at(EVENT_REMOVE, DISPATCH_LEVEL);
    expect_level_at(EVENT_PEEK, DISPATCH_LEVEL);
}

CASE(csq_irql_6_under_a_spin_lock, "I, Rm and Pk run at DISPATCH_LEVEL under a spin lock",
     CLAUSE_CSQ_IRQL_6)
{
    at_levels(SPIN, DISPATCH_LEVEL, expect_dispatch_level);
}

CASE(csq_irql_6_insert_ex, "so does Ix", CLAUSE_CSQ_IRQL_6)
{
    IoCsqInsertIrpEx(&stage_queue(EX)->csq, stage_irp(), NULL, NULL);
    expect_level_at(EVENT_INSERT_EX, DISPATCH_LEVEL);
}

/* A fast mutex taken above APC_LEVEL is a bug check. */
static void expect_apc_level(struct stage_queue *queue, KIRQL level)
{
    use_the_queue(queue);
    expect_level_at(EVENT_ACQUIRE, level);
    expect_level_at(EVENT_INSERT, APC_LEVEL);
    expect_level_at(EVENT_REMOVE, APC_LEVEL);
    expect_level_at(EVENT_PEEK, APC_LEVEL);
    expect_equal(KeGetCurrentIrql(), level, "the IRQL afterwards");
}

CASE(csq_irql_7_under_a_mutex, "with a mutex, callers at APC_LEVEL or below are served there",
     CLAUSE_CSQ_IRQL_7)
{
    at_levels(MUTEX, APC_LEVEL, expect_apc_level);
}

/* The other half of it: the library takes the lock at the caller's level, whatever that is. */
CASE(csq_irql_7_not_above_apc_level, "with a mutex, a call at DISPATCH_LEVEL is a bug check",
     CLAUSE_CSQ_IRQL_7)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, MUTEX);
    KIRQL before;
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3b,
                    IoCsqInsertIrp(&queue->csq, stage_irp(), NULL));
}

static void cancel_at(struct stage_queue *queue, KIRQL level)
{
    PIRP irp = stage_queued(queue, NULL);
    stage_clear();
    IoCancelIrp(irp);
    expect_equal(stage_event(EVENT_ACQUIRE, 0)->irql, level, "the IRQL at A");
}

CASE(csq_irql_8_cancel_under_a_spin_lock, "a cancel takes the lock at IoCancelIrp's caller's level",
     CLAUSE_CSQ_IRQL_8)
{
    at_levels(SPIN, DISPATCH_LEVEL, cancel_at);
}

/* The cancel spin lock's DISPATCH_LEVEL must be gone by then. */
CASE(csq_irql_8_cancel_under_a_mutex, "which at APC_LEVEL or below may be a mutex",
     CLAUSE_CSQ_IRQL_8)
{
    at_levels(MUTEX, APC_LEVEL, cancel_at);
}
