/* IoCsqRemoveNextIrp (CSQ-RNX): the IRP it returns, where it works, draining, cancellers. */
#include "race.h"
#include "stage.h"

/* ---- The IRP returned ---------------------------------------------------------------------- */

CASE(csq_rnx_15_out_of_the_queue, "a returned IRP is its caller's alone", CLAUSE_CSQ_RNX_15)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, stage_context());
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect(!stage_holds(queue, irp), "the IRP is out of the queue");
    expect(irp->CancelRoutine == NULL, "it has no Cancel routine");
    stage_clear();
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returns");
    expect_callbacks("");
}

CASE(csq_rnx_15_still_pending, "a returned IRP stays marked pending", CLAUSE_CSQ_RNX_15)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(stage_pending(irp), "the IRP is marked pending");
    stage_complete(irp, STATUS_SUCCESS);
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
}

/* ---- Where it works ------------------------------------------------------------------------ */

CASE(csq_rnx_16_on_an_ex_queue, "IoCsqRemoveNextIrp works on a queue of IoCsqInitializeEx",
     CLAUSE_CSQ_RNX_16)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL);
    stage_clear();
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect_trace("A Pk(NULL)=i0 Rm(i0) L");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "the second call returns NULL");
}

static void remove_next_at(KIRQL irql, enum stage_lock lock)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, lock);
    PIRP irp = stage_queued(queue, NULL);
    KIRQL before;
    KeRaiseIrql(irql, &before);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irp, "the IRP returned");
    expect_equal(KeGetCurrentIrql(), irql, "the IRQL after the call");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "the second call returns NULL");
    expect_equal(KeGetCurrentIrql(), irql, "the IRQL after the second call");
    KeLowerIrql(before);
}

CASE(csq_rnx_17_up_to_dispatch, "at every IRQL, from a queue under a spin lock", CLAUSE_CSQ_RNX_17)
{
    remove_next_at(PASSIVE_LEVEL, SPIN);
    remove_next_at(APC_LEVEL, SPIN);
    remove_next_at(DISPATCH_LEVEL, SPIN);
}

CASE(csq_rnx_17_up_to_apc, "at each that a mutex permits, from a queue under a mutex",
     CLAUSE_CSQ_RNX_17)
{
    remove_next_at(PASSIVE_LEVEL, MUTEX);
    remove_next_at(APC_LEVEL, MUTEX);
}

/* ---- Draining ------------------------------------------------------------------------------ */

CASE(csq_rnx_18_drains,
     "repeated until NULL it leaves only those being canceled, and those for them",
     CLAUSE_CSQ_RNX_18)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irps[4];
    for (unsigned i = 0; i < 4; i++)
        irps[i] = stage_queued(queue, NULL);
    PDRIVER_CANCEL routine = stage_claim(irps[1]);
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[0], "the first IRP");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[2], "the second IRP");
    expect_same(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[3], "the third IRP");
    expect(IoCsqRemoveNextIrp(&queue->csq, NULL) == NULL, "then there is none");
    expect(stage_holds(queue, irps[1]), "the one being canceled is still linked");
    stage_clear();
    stage_finish_cancel(irps[1], routine);
    expect_trace("cs+ cs- A Rm(i1) L C(i1) D(i1)");
}

#define DRAINED 3

static struct {
    struct stage_queue *queue;
    PIRP irps[DRAINED];
    unsigned taken; /* by the drain */
    BOOLEAN canceled;
} drain;

static void prepare_drain(void)
{
    drain.queue = stage_queue(PLAIN);
    drain.taken = 0;
    for (unsigned i = 0; i < DRAINED; i++)
        drain.irps[i] = stage_queued(drain.queue, NULL);
}

static void cancel_and_drain(void *argument, unsigned thread)
{
    PIRP irp;
    (void)argument;
    if (thread == 0) {
        drain.canceled = IoCancelIrp(drain.irps[1]);
        return;
    }
    while ((irp = IoCsqRemoveNextIrp(&drain.queue->csq, NULL)) != NULL) {
        drain.taken++;
        stage_complete(irp, STATUS_SUCCESS);
    }
}

static void each_left_once(void)
{
    expect_equal(drain.taken, DRAINED - drain.canceled, "the number of IRPs drained");
    expect_equal(stage_count(drain.queue), 0, "the number of IRPs left");
    for (unsigned i = 0; i < DRAINED; i++)
        expect_equal(stage_reply(drain.irps[i])->count, 1, "the number of its completions");
}

RACE(csq_rnx_18_against_a_cancel, "a drain and a cancel: every IRP is completed once",
     CLAUSE_CSQ_RNX_18)
{
    race_bodies(cancel_and_drain, 2, prepare_drain);
    race_run(each_left_once);
}

/* ---- Against a canceller ------------------------------------------------------------------- */

static struct {
    struct stage_queue *queue;
    PIRP irp;
    PIRP removed;     /* what IoCsqRemoveNextIrp returned */
    BOOLEAN canceled; /* what IoCancelIrp returned */
} meeting;

static void prepare_meeting(void)
{
    meeting.queue = stage_queue(PLAIN);
    meeting.irp = stage_queued(meeting.queue, NULL);
}

static void cancel_and_remove_next(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        meeting.canceled = IoCancelIrp(meeting.irp);
    else
        meeting.removed = IoCsqRemoveNextIrp(&meeting.queue->csq, NULL);
}

static void expect_one_owner(void)
{
    expect_equal(meeting.removed != NULL, !meeting.canceled, "whether the IRP is returned");
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), meeting.canceled,
                 "the number of calls of CsqCompleteCanceledIrp");
}

static void canceller_owns(void)
{
    if (race_undisturbed())
        expect(meeting.removed == NULL, "IoCsqRemoveNextIrp returns NULL");
    expect_one_owner();
}

RACE(csq_rnx_8_claimed,
     "an IRP is not returned whose canceller is about to call its Cancel routine", CLAUSE_CSQ_RNX_8)
{
    race_bodies(cancel_and_remove_next, 2, prepare_meeting);
    race_force(0, SCHED_CALL_BEFORE, 0, 1);
    race_run(canceller_owns);
}

static void remover_owns(void)
{
    if (race_undisturbed())
        expect_same(meeting.removed, meeting.irp, "the IRP returned");
    expect_one_owner();
}

RACE(csq_rnx_5_flag_without_claim,
     "an IRP is returned whose canceller has set Cancel, but not claimed it", CLAUSE_CSQ_RNX_5)
{
    race_bodies(cancel_and_remove_next, 2, prepare_meeting);
    race_force(0, SCHED_CLAIM_BEFORE, 0, 1);
    race_run(remover_owns);
}
