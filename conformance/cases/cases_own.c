/* What no page demands and every driver relies on (DEADLOCK, LIVELOCK, LEAK, BUGCHECK). */
#include "race.h"
#include "stage.h"

#include "ke/ke.h"

/* ---- Nobody waits for ever ----------------------------------------------------------------- */

/*
 * Thread 0 holds the queue's lock and, inside the insert callback, cancels the IRP being inserted:
 * it wants the cancel spin lock. Thread 1 cancels a queued IRP: it wants first that and then the
 * queue's, and must not want both.
 */
static const struct operation cancel_under_the_lock[] = {
    {.thread = 0, .kind = OP_INSERT, .irp = 0},
    {.thread = 0, .kind = OP_INSERT, .irp = 1},
    {.thread = 0, .kind = OP_CANCEL, .place = PLACE_IN_INSERT},
    {.thread = 1, .kind = OP_CANCEL, .irp = 0},
};

RACE(deadlock_two_locks, "a cancel under the queue's lock, and one that is about to take it",
     CLAUSE_DEADLOCK)
{
    race_operations(cancel_under_the_lock, 4);
    race_force(1, SCHED_INSERT_IN, 0, 1);
    race_run(NULL);
}

/* Each operation is followed by one of another thread, which finds the lock free. */
RACE(deadlock_lock_is_given_back, "whatever one thread has done, the other goes on",
     CLAUSE_DEADLOCK)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0, .context = 1, .keep = true},
        {.thread = 1, .kind = OP_INSERT, .irp = 1},
        {.thread = 0, .kind = OP_REMOVE, .context = 1},
        {.thread = 1, .kind = OP_CANCEL, .irp = 1},
        {.thread = 0, .kind = OP_REMOVE, .context = 1},
        {.thread = 1, .kind = OP_REMOVE_NEXT},
    };
    race_operations(operations, 6);
    race_run(NULL);
}

static void drain_it(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    PIRP next = IoCsqRemoveNextIrp(&queue->csq, NULL);
    if (next)
        stage_complete(next, STATUS_SUCCESS);
}

CASE(deadlock_sender_uses_the_queue, "the sender of a canceled IRP may use the queue",
     CLAUSE_DEADLOCK)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    stage_queued(queue, NULL);
    stage_inside(EVENT_COMPLETE, drain_it);
    IoCancelIrp(irp);
    expect_equal(stage_count(queue), 0, "the IRPs in the queue");
}

/* ---- Every operation ends ------------------------------------------------------------------ */

CASE(livelock_all_being_canceled, "a search ends although all that it finds is being canceled",
     CLAUSE_LIVELOCK)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PDRIVER_CANCEL routine[3];
    PIRP irp[3];
    for (unsigned i = 0; i < 3; i++)
        irp[i] = stage_queued(queue, NULL);
    for (unsigned i = 0; i < 3; i++)
        routine[i] = stage_claim(irp[i]);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), NULL, "the IRP returned");
    for (unsigned i = 0; i < 3; i++)
        stage_finish_cancel(irp[i], routine[i]);
    expect_equal(stage_count(queue), 0, "the IRPs in the queue");
}

RACE(livelock_drain_against_cancel, "a drain ends while what it finds first is being canceled",
     CLAUSE_LIVELOCK)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0},
        {.thread = 0, .kind = OP_INSERT, .irp = 1},
        {.thread = 0, .kind = OP_DRAIN},
        {.thread = 1, .kind = OP_CANCEL, .irp = 0},
    };
    race_operations(operations, 4);
    race_force(1, SCHED_END, 0, 1);
    race_force(3, SCHED_CANCEL_LOCK_FREE, 0, 0);
    race_run(NULL);
}

/* ---- Every IRP comes back ------------------------------------------------------------------ */

/* The harness counts what the senders have got back, in each schedule. */
RACE(leak_every_irp_comes_back, "by whichever way IRPs leave, their senders get them back",
     CLAUSE_LEAK)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0, .context = 1},
        {.thread = 0, .kind = OP_INSERT, .irp = 1},
        {.thread = 0, .kind = OP_REMOVE, .context = 1},
        {.thread = 1, .kind = OP_CANCEL, .irp = 1},
        {.thread = 1, .kind = OP_REMOVE_NEXT},
    };
    race_operations(operations, 5);
    race_run(NULL);
}

CASE(leak_no_irp_is_forgotten, "inserted, and drained: as many come out as went in", CLAUSE_LEAK)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    unsigned canceled = 0;
    for (unsigned i = 0; i < 8; i++) {
        PIRP irp = stage_queued(queue, NULL);
        if (i % 3 == 1)
            canceled += IoCancelIrp(irp);
    }
    unsigned removed = 0;
    while (IoCsqRemoveNextIrp(&queue->csq, NULL))
        removed++;
    expect_equal(removed + canceled, 8, "the IRPs that came out");
}

/* ---- Windows goes on ----------------------------------------------------------------------- */

/* 0x11B and 0xC8: the cancel spin lock or the IRQL left behind. 0x0F: the lock taken twice. */
CASE(bugcheck_cancels_one_after_the_other, "a cancel leaves neither lock nor level behind",
     CLAUSE_BUGCHECK)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KIRQL before;
        KeRaiseIrql(level, &before);
        for (unsigned i = 0; i < 2; i++)
            IoCancelIrp(stage_queued(queue, NULL));
        KeLowerIrql(before);
    }
}

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

/* 0xC9: completed with a Cancel routine set, or with a spin lock held. */
CASE(bugcheck_completed_at_once, "whatever the library hands over may be completed on the spot",
     CLAUSE_BUGCHECK)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    stage_queued(queue, NULL);
    stage_complete(IoCsqRemoveIrp(&queue->csq, context), STATUS_SUCCESS);
    stage_complete(IoCsqRemoveNextIrp(&queue->csq, NULL), STATUS_SUCCESS);
    stage_inside(EVENT_INSERT, cancel_it);
    stage_queued(queue, NULL);
    expect_equal(stage_events(EVENT_DONE), 3, "the completions");
}

/* 0x44 and 0x139: completed or unlinked twice, since both took the IRP for theirs. */
RACE(bugcheck_two_owners, "insert, cancel and removal: nobody completes what another has completed",
     CLAUSE_BUGCHECK)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .context = 1},
        {.thread = 0, .kind = OP_REMOVE, .context = 1},
        {.thread = 1, .kind = OP_CANCEL},
    };
    race_operations(operations, 3);
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_force(2, SCHED_CLAIM_AFTER, 0, 0);
    race_run(NULL);
}
