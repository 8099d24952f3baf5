/* The life of an IRP and of its queue (CSQ-GEN-3, -14..-17), and of what both share (TYP-16). */
#include "race.h"
#include "stage.h"

/* ---- One door ------------------------------------------------------------------------------ */

CASE(csq_gen_14_removed_by_context, "removed by its context, it is not found or canceled again",
     CLAUSE_CSQ_GEN_14)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_clear();
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP that the context finds");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp finds no IRP");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context finds no IRP again");
    expect(!IoCancelIrp(irp), "IoCancelIrp returns FALSE");
    expect_callbacks("A Rm(i0) L A Pk(NULL)=NULL L A L");
}

CASE(csq_gen_14_removed_as_next, "removed as the next, it is not found or canceled again",
     CLAUSE_CSQ_GEN_14)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context finds no IRP");
    expect(!IoCancelIrp(irp), "IoCancelIrp returns FALSE");
    expect_callbacks("A Pk(NULL)=i0 Rm(i0) L A L");
}

CASE(csq_gen_14_canceled, "canceled, it is not found again", CLAUSE_CSQ_GEN_14)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_clear();
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    stage_retire_irp(irp);
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "IoCsqRemoveNextIrp finds no IRP");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the context finds no IRP");
    expect_callbacks("A Rm(i0) L C(i0) A Pk(NULL)=NULL L A L");
}

static const struct operation all_doors[] = {
    {.thread = 0, .kind = OP_INSERT, .context = 1, .keep = true},
    {.thread = 0, .kind = OP_REMOVE, .context = 1},
    {.thread = 1, .kind = OP_REMOVE_NEXT},
    {.thread = 2, .kind = OP_CANCEL},
};

/* The removal by context follows the insert, so the IRP has left in any case. */
static void one_door(void)
{
    unsigned doors = (race_returned(1) != 0) + (race_returned(2) != 0);
    doors += race_count(SCHED_COMPLETE_IN, 0);
    expect_equal(doors, 1, "the number of doors that it left by");
}

RACE(csq_gen_14_all_at_once, "two removals and a cancel at once: one of them gets it",
     CLAUSE_CSQ_GEN_14)
{
    race_operations(all_doors, 4);
    race_force(1, SCHED_SWAP_BEFORE, 0, 2);
    race_run(one_door);
}

/* ---- Atomic -------------------------------------------------------------------------------- */

static void waits_for_the_insert(void)
{
    if (race_undisturbed())
        expect_equal(race_returned(1), 1, "the slot of the IRP returned, and one,");
}

RACE(csq_gen_3_insert_and_remove, "a removal in the middle of an insert waits, and finds the IRP",
     CLAUSE_CSQ_GEN_3)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT},
        {.thread = 1, .kind = OP_REMOVE_NEXT},
    };
    race_operations(operations, 2);
    race_force(0, SCHED_INSERT_OUT, 0, 1);
    race_run(waits_for_the_insert);
}

static void different_irps(void)
{
    expect(race_returned(2) != 0, "the removal after both inserts finds an IRP");
    expect(race_returned(2) != race_returned(3), "two removals find different IRPs");
}

RACE(csq_gen_3_two_removals, "two removals at once find different IRPs", CLAUSE_CSQ_GEN_3)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0},
        {.thread = 0, .kind = OP_INSERT, .irp = 1},
        {.thread = 0, .kind = OP_REMOVE_NEXT},
        {.thread = 1, .kind = OP_REMOVE_NEXT},
    };
    race_operations(operations, 4);
    race_force(2, SCHED_PEEK_OUT, 0, 1);
    race_run(different_irps);
}

static void removed_or_canceled(void)
{
    unsigned canceled = race_count(SCHED_COMPLETE_IN, 0);
    expect_equal((race_returned(1) != 0) + canceled, 1, "the number of ways that it left by");
}

static const struct operation remove_and_cancel[] = {
    {.thread = 0, .kind = OP_INSERT},
    {.thread = 0, .kind = OP_REMOVE_NEXT},
    {.thread = 1, .kind = OP_CANCEL},
};

RACE(csq_gen_3_remove_and_cancel, "a removal and a cancel at once: one of them gets the IRP",
     CLAUSE_CSQ_GEN_3)
{
    race_operations(remove_and_cancel, 3);
    race_force(1, SCHED_PEEK_OUT, 0, 1);
    race_run(removed_or_canceled);
}

/* ThreadSanitizer, where it is linked, sees any access here that is not atomic. */
RACE(typ_16_shared_fields, "an insert, a removal and a cancel share Cancel and CancelRoutine",
     CLAUSE_TYP_16)
{
    race_operations(remove_and_cancel, 3);
    race_run(removed_or_canceled);
}

/* ---- Nothing stays parked ------------------------------------------------------------------ */

CASE(csq_gen_15_all_canceled, "once all IRPs are canceled the queue is empty", CLAUSE_CSQ_GEN_15)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irps[3];
    for (unsigned i = 0; i < 3; i++)
        irps[i] = stage_queued(queue, i == 1 ? stage_context() : NULL);
    for (unsigned i = 3; i-- > 0;)
        IoCancelIrp(irps[i]);
    expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
    expect_equal(stage_events(EVENT_COMPLETE), 3, "the calls of CsqCompleteCanceledIrp");
}

static void handed_over(void)
{
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
}

static void insert_against_cancel(bool ex, uint8_t context)
{
    static struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT_EX},
        {.thread = 1, .kind = OP_CANCEL},
    };
    operations[0].context = context;
    race_operations(operations, 2);
    race_scenario()->queue[0].ex = ex;
    race_run(handed_over);
}

RACE(csq_gen_15_at_any_moment, "whenever a cancel comes, the IRP goes to CsqCompleteCanceledIrp",
     CLAUSE_CSQ_GEN_15)
{
    insert_against_cancel(false, 0);
}

RACE(csq_gen_15_at_any_moment_ex, "likewise with a context, on a queue of IoCsqInitializeEx",
     CLAUSE_CSQ_GEN_15)
{
    insert_against_cancel(true, 1);
}

/* ---- Queued again -------------------------------------------------------------------------- */

/* Three times through the queue, the same each time; at last canceled. */
static void go_around(enum stage_kind kind, PIO_CSQ_IRP_CONTEXT context)
{
    struct stage_queue *queue = stage_queue(kind);
    PIRP irp = stage_irp();
    stage_watch(irp);
    for (unsigned i = 0; i < 3; i++) {
        stage_clear();
        IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
        expect(stage_holds(queue, irp), "the IRP is in the queue");
        expect(stage_event(EVENT_RELEASE, 0)->armed, "it is cancelable at CsqReleaseLock");
        expect_same(context && i % 2 == 0 ? IoCsqRemoveIrp(&queue->csq, context)
                                          : IoCsqRemoveNextIrp(&queue->csq, NULL),
                    irp, "the IRP returned");
        expect_equal(stage_count(queue), 0, "the number of IRPs in the queue");
    }
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    expect_equal(stage_reply(irp)->count, 1, "the number of its completions");
}

CASE(csq_gen_16_again, "an IRP that was removed is queued again", CLAUSE_CSQ_GEN_16)
{
    go_around(PLAIN, NULL);
    go_around(EX, NULL);
}

CASE(csq_gen_16_again_with_context, "and again with the same context", CLAUSE_CSQ_GEN_16)
{
    go_around(PLAIN, stage_context());
    go_around(EX, stage_context());
}

CASE(csq_gen_16_another_queue, "and in another queue", CLAUSE_CSQ_GEN_16)
{
    struct stage_queue *a = stage_queue(PLAIN), *b = stage_queue(PLAIN);
    PIRP irp = stage_queued(a, stage_context());
    IoCsqRemoveNextIrp(&a->csq, NULL);
    IoCsqInsertIrp(&b->csq, irp, NULL);
    stage_clear();
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
    expect_callbacks("A' Rm(i0)' L' C(i0)'");
}

/* ---- The queue's end ----------------------------------------------------------------------- */

static void free_queue(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    stage_retire_queue(queue);
}

static void take_and_free_queue(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    PIRP taken = IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(taken != NULL, "an IRP is in the queue once the lock is free");
    stage_complete(taken, STATUS_SUCCESS);
    stage_retire_queue(queue);
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

CASE(csq_gen_17_cancel, "CsqCompleteCanceledIrp of a cancel may free the queue", CLAUSE_CSQ_GEN_17)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    stage_inside(EVENT_COMPLETE, free_queue);
    expect(IoCancelIrp(irp), "IoCancelIrp returns TRUE");
}

CASE(csq_gen_17_canceled_inside, "that of an insert may free the queue", CLAUSE_CSQ_GEN_17)
{
    stage_inside(EVENT_INSERT, cancel_it);
    stage_inside(EVENT_COMPLETE, free_queue);
    PIRP irp = stage_queued(stage_queue(PLAIN), stage_context());
    expect_equal(stage_reply(irp)->count, 1, "the number of its completions");
}

CASE(csq_gen_17_canceled_before, "so may that for an IRP canceled before", CLAUSE_CSQ_GEN_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_inside(EVENT_COMPLETE, free_queue);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_equal(stage_reply(irp)->count, 1, "the number of its completions");
}

CASE(csq_gen_17_insert, "once its lock is free an insert does not touch the queue",
     CLAUSE_CSQ_GEN_17)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    stage_after_release(take_and_free_queue);
    stage_queued(queue, NULL);
    expect_callbacks("A I(i0) L A Pk(NULL)=i0 Rm(i0) L");
}

CASE(csq_gen_17_refused, "nor does an insert whose callback failed", CLAUSE_CSQ_GEN_17)
{
    struct stage_queue *queue = stage_queue(EX);
    queue->answer = STATUS_UNSUCCESSFUL;
    stage_after_release(free_queue);
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), stage_context(), NULL);
    expect_callbacks("A Ix(i0) L");
}

CASE(csq_gen_17_remove, "nor does a removal by context, whether it finds the IRP or not",
     CLAUSE_CSQ_GEN_17)
{
    for (unsigned found = 0; found < 2; found++) {
        struct stage_queue *queue = stage_queue(PLAIN);
        PIO_CSQ_IRP_CONTEXT key = stage_context();
        PIRP irp = stage_queued(queue, key);
        if (!found)
            IoCsqRemoveNextIrp(&queue->csq, NULL);
        stage_after_release(free_queue);
        expect_same(IoCsqRemoveIrp(&queue->csq, key), found ? irp : NULL, "the IRP returned");
    }
}

CASE(csq_gen_17_remove_next, "nor does a removal of the next, whether there is one or not",
     CLAUSE_CSQ_GEN_17)
{
    for (unsigned found = 0; found < 2; found++) {
        struct stage_queue *queue = stage_queue(PLAIN);
        PIRP irp = found ? stage_queued(queue, stage_context()) : NULL;
        stage_after_release(free_queue);
        expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    }
}
