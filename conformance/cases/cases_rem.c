/* IoCsqRemoveIrp (CSQ-REM). */
#include "race.h"
#include "stage.h"

#include <string.h>

/* ---- The lock ------------------------------------------------------------------------------ */

/* Of the callbacks since the last stage_clear. */
static void expect_one_hold(void)
{
    expect(strncmp(stage_callbacks(), "A ", 2) == 0, "the call begins with CsqAcquireLock");
    expect_equal(stage_events(EVENT_ACQUIRE), 1, "the number of calls of CsqAcquireLock");
    expect_equal(stage_events(EVENT_RELEASE), 1, "the number of calls of CsqReleaseLock");
}

CASE(csq_rem_2_once_for_an_irp, "one acquire and one release to remove an IRP", CLAUSE_CSQ_REM_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    stage_clear();
    IoCsqRemoveIrp(&queue->csq, context);
    expect_one_hold();
}

CASE(csq_rem_2_once_for_none, "one acquire and one release to find no IRP", CLAUSE_CSQ_REM_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_clear();
    IoCsqRemoveIrp(&queue->csq, context);
    expect_one_hold();
}

CASE(csq_rem_2_once_for_a_claimed_irp, "one acquire and one release to leave an IRP alone",
     CLAUSE_CSQ_REM_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_claim(stage_queued(queue, context));
    stage_clear();
    IoCsqRemoveIrp(&queue->csq, context);
    expect_one_hold();
}

/* ---- What the context identifies ----------------------------------------------------------- */

CASE(csq_rem_3_no_irp, "a context that identifies no IRP: nothing but the lock", CLAUSE_CSQ_REM_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_clear();
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect_trace("A L");
}

CASE(csq_rem_3_leaves_the_others, "a context that identifies no IRP takes no other's",
     CLAUSE_CSQ_REM_3)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    PIRP other = stage_queued(queue, stage_context());
    IoCsqRemoveIrp(&queue->csq, context);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect(stage_holds(queue, other), "the other IRP is still queued");
}

CASE(csq_rem_4_removes_and_returns, "a queued IRP is claimed, removed and returned",
     CLAUSE_CSQ_REM_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_clear();
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    expect_trace("A Rm(i0) L");
    expect(stage_event(EVENT_REMOVE, 0)->locked, "CsqRemoveIrp runs under the lock");
    expect(!stage_event(EVENT_REMOVE, 0)->armed, "the Cancel routine is taken before that");
}

CASE(csq_rem_4_on_an_ex_queue, "a queue of IoCsqInitializeEx does the same", CLAUSE_CSQ_REM_4)
{
    struct stage_queue *queue = stage_queue(EX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_irp();
    IoCsqInsertIrpEx(&queue->csq, irp, context, NULL);
    stage_clear();
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    expect_trace("A Rm(i0) L");
}

CASE(csq_rem_5_left_to_its_cancel_routine, "an IRP claimed by a canceller is left to it",
     CLAUSE_CSQ_REM_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    PDRIVER_CANCEL routine = stage_claim(irp);
    stage_clear();
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect_trace("A L");
    expect(stage_holds(queue, irp), "the IRP is linked until its Cancel routine removes it");
    stage_clear();
    stage_finish_cancel(irp, routine);
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
}

/* ---- Once the IRP is gone ------------------------------------------------------------------ */

CASE(csq_rem_7_after_a_removal, "a second removal does not touch the IRP, which may be freed",
     CLAUSE_CSQ_REM_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    stage_complete(irp, STATUS_SUCCESS);
    stage_retire_irp(irp);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
}

CASE(csq_rem_7_after_remove_next, "nor does a removal after IoCsqRemoveNextIrp", CLAUSE_CSQ_REM_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    stage_complete(irp, STATUS_SUCCESS);
    stage_retire_irp(irp);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
}

CASE(csq_rem_7_queued_again, "the context of its first insert does not find an IRP queued again",
     CLAUSE_CSQ_REM_7)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
    expect(stage_holds(queue, irp), "the IRP is still queued");
}

static void free_irp(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

CASE(csq_rem_8_after_a_cancel, "the context of a canceled IRP, which its sender has freed",
     CLAUSE_CSQ_REM_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    stage_inside(EVENT_DONE, free_irp);
    IoCancelIrp(irp);
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "IoCsqRemoveIrp returns NULL");
}

static PIO_CSQ_IRP_CONTEXT tried_inside;

static void try_to_remove(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    expect(IoCsqRemoveIrp(&queue->csq, tried_inside) == NULL, "IoCsqRemoveIrp returns NULL");
}

CASE(csq_rem_8_inside_complete, "the context identifies no IRP inside CsqCompleteCanceledIrp",
     CLAUSE_CSQ_REM_8)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    tried_inside = stage_context();
    PIRP irp = stage_queued(queue, tried_inside);
    stage_inside(EVENT_COMPLETE, try_to_remove);
    IoCancelIrp(irp);
    expect_equal(stage_events(EVENT_COMPLETE), 1, "the number of calls of CsqCompleteCanceledIrp");
}

/* ---- The IRP returned ---------------------------------------------------------------------- */

CASE(csq_rem_9_out_of_the_queue, "a returned IRP is its caller's alone", CLAUSE_CSQ_REM_9)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    expect(!stage_holds(queue, irp), "the IRP is out of the queue");
    expect(irp->CancelRoutine == NULL, "it has no Cancel routine");
    stage_clear();
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returns");
    expect_callbacks("");
}

CASE(csq_rem_13_still_pending, "a removed IRP stays marked pending", CLAUSE_CSQ_REM_13)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    IoCsqRemoveIrp(&queue->csq, context);
    expect(stage_pending(irp), "the IRP is marked pending");
    stage_complete(irp, STATUS_SUCCESS);
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

CASE(csq_rem_10_calls_no_other_callback, "a removal neither inserts, peeks nor completes",
     CLAUSE_CSQ_REM_10)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIO_CSQ_IRP_CONTEXT context_of_claimed = stage_context();
    stage_queued(queue, context);
    stage_claim(stage_queued(queue, context_of_claimed));
    stage_clear();
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveIrp(&queue->csq, context); /* identifies none */
    IoCsqRemoveIrp(&queue->csq, context_of_claimed);
    expect_equal(stage_events(EVENT_INSERT), 0, "the number of calls of CsqInsertIrp");
    expect_equal(stage_events(EVENT_PEEK), 0, "the number of calls of CsqPeekNextIrp");
    expect_equal(stage_events(EVENT_COMPLETE), 0, "the number of calls of CsqCompleteCanceledIrp");
}

/* ---- Position and IRQL --------------------------------------------------------------------- */

CASE(csq_rem_11_any_position, "from the middle, the end and the beginning", CLAUSE_CSQ_REM_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT contexts[3];
    PIRP irps[3];
    static const unsigned order[] = {1, 2, 0};
    for (unsigned i = 0; i < 3; i++) {
        contexts[i] = stage_context();
        irps[i] = stage_queued(queue, contexts[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        PIRP removed = IoCsqRemoveIrp(&queue->csq, contexts[order[i]]);
        expect_same(removed, irps[order[i]], "the IRP returned");
        expect(!stage_holds(queue, removed), "it is out of the queue");
        expect_equal(stage_count(queue), 2 - i, "the number of IRPs left");
    }
}

static void remove_at(KIRQL irql, enum stage_lock lock)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, lock);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_queued(queue, context);
    KIRQL before;
    KeRaiseIrql(irql, &before);
    expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP returned");
    expect_equal(KeGetCurrentIrql(), irql, "the IRQL after the call");
    expect(IoCsqRemoveIrp(&queue->csq, context) == NULL, "the second call returns NULL");
    expect_equal(KeGetCurrentIrql(), irql, "the IRQL after the second call");
    KeLowerIrql(before);
}

CASE(csq_rem_12_up_to_dispatch, "at every IRQL, from a queue under a spin lock", CLAUSE_CSQ_REM_12)
{
    remove_at(PASSIVE_LEVEL, SPIN);
    remove_at(APC_LEVEL, SPIN);
    remove_at(DISPATCH_LEVEL, SPIN);
}

CASE(csq_rem_12_up_to_apc, "at each that a mutex permits, from a queue under a mutex",
     CLAUSE_CSQ_REM_12)
{
    remove_at(PASSIVE_LEVEL, MUTEX);
    remove_at(APC_LEVEL, MUTEX);
}

/* ---- Against a canceller ------------------------------------------------------------------- */

static struct {
    struct stage_queue *queue;
    PIO_CSQ_IRP_CONTEXT context;
    PIRP irp;
    PIRP removed;     /* what IoCsqRemoveIrp returned */
    BOOLEAN canceled; /* what IoCancelIrp returned */
} meeting;

static void prepare(void)
{
    meeting.queue = stage_queue(PLAIN);
    meeting.context = stage_context();
    meeting.irp = stage_queued(meeting.queue, meeting.context);
    stage_inside(EVENT_DONE, free_irp);
}

static void cancel_and_remove(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        meeting.canceled = IoCancelIrp(meeting.irp);
    else
        meeting.removed = IoCsqRemoveIrp(&meeting.queue->csq, meeting.context);
}

/* Whatever the schedule: one of the two has the IRP. */
static void expect_one_owner(void)
{
    expect(meeting.removed == NULL || meeting.removed == meeting.irp, "it returns its IRP or NULL");
    expect_equal(meeting.removed != NULL, !meeting.canceled, "whether the IRP is returned");
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), meeting.canceled,
                 "the number of calls of CsqCompleteCanceledIrp");
    stage_check_retired();
}

static void canceller_owns(void)
{
    if (race_undisturbed())
        expect(meeting.removed == NULL, "IoCsqRemoveIrp returns NULL");
    expect_one_owner();
}

RACE(csq_rem_6_claimed, "no IRP is returned whose canceller is about to call its Cancel routine",
     CLAUSE_CSQ_REM_6)
{
    race_bodies(cancel_and_remove, 2, prepare);
    race_force(0, SCHED_CALL_BEFORE, 0, 1);
    race_run(canceller_owns);
}

static void remover_owns(void)
{
    if (race_undisturbed()) {
        expect_same(meeting.removed, meeting.irp, "the IRP returned");
        expect(meeting.irp->Cancel, "Irp->Cancel is TRUE");
    }
    expect_one_owner();
}

RACE(csq_rem_14_flag_without_claim,
     "an IRP is returned whose canceller has set Cancel, but not claimed it", CLAUSE_CSQ_REM_14)
{
    race_bodies(cancel_and_remove, 2, prepare);
    race_force(0, SCHED_CLAIM_BEFORE, 0, 1);
    race_run(remover_owns);
}
