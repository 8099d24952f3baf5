/* The callbacks that lock, insert, remove and peek (CSQ-CB-ACQ, -REL, -INS, -REM, -PEEK). */
#include "stage.h"

#include "ke/ke.h"
#include "race.h"

/* ---- A day in the life of a queue ---------------------------------------------------------- */

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    IoCancelIrp(irp);
}

/* Every routine, on every path that one thread can bring about. */
static struct stage_queue *everything(enum stage_kind kind)
{
    struct stage_queue *queue = stage_queue(kind);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    IoCsqInsertIrp(&queue->csq, stage_irp(), context);
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL);
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveIrp(&queue->csq, context);  /* identifies none */
    IoCsqRemoveNextIrp(&queue->csq, NULL); /* the second IRP */
    IoCsqRemoveNextIrp(&queue->csq, NULL); /* none */
    PIRP queued = stage_irp();
    IoCsqInsertIrp(&queue->csq, queued, NULL);
    IoCancelIrp(queued);
    PIRP canceled = stage_irp();
    IoCancelIrp(canceled);
    IoCsqInsertIrp(&queue->csq, canceled, NULL);
    stage_inside(kind == PLAIN ? EVENT_INSERT : EVENT_INSERT_EX, cancel_it);
    IoCsqInsertIrp(&queue->csq, stage_irp(), NULL); /* canceled meanwhile */
    if (kind == EX) {
        queue->answer = STATUS_UNSUCCESSFUL;
        IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL);
    }
    return queue;
}

static void expect_locked(enum stage_event_kind kind)
{
    for (unsigned i = 0; i < stage_events(kind); i++)
        expect(stage_event(kind, i)->locked, "the lock is held");
}

/* ---- CsqAcquireLock ------------------------------------------------------------------------ */

CASE(csq_cb_acq_1_before_insertion, "every insertion happens under the lock", CLAUSE_CSQ_CB_ACQ_1)
{
    everything(PLAIN);
    expect(stage_events(EVENT_INSERT) > 0, "CsqInsertIrp is called");
    expect_locked(EVENT_INSERT);
}

CASE(csq_cb_acq_1_before_ex_insertion, "so does every insertion that may fail", CLAUSE_CSQ_CB_ACQ_1)
{
    everything(EX);
    expect(stage_events(EVENT_INSERT_EX) > 0, "CsqInsertIrpEx is called");
    expect_locked(EVENT_INSERT_EX);
}

CASE(csq_cb_acq_1_before_removal, "every removal happens under the lock", CLAUSE_CSQ_CB_ACQ_1)
{
    everything(PLAIN);
    expect(stage_events(EVENT_REMOVE) > 0, "CsqRemoveIrp is called");
    expect_locked(EVENT_REMOVE);
}

CASE(csq_cb_acq_2_gets_a_place, "CsqAcquireLock gets a place to write to", CLAUSE_CSQ_CB_ACQ_2)
{
    everything(PLAIN);
    for (unsigned i = 0; i < stage_events(EVENT_ACQUIRE); i++)
        expect(stage_event(EVENT_ACQUIRE, i)->place != NULL, "there is a place for the IRQL");
}

static struct stage_queue *shared;
static PIRP irp_of[2];
static PIO_CSQ_IRP_CONTEXT context_of[2];

static void two_irps(void)
{
    shared = stage_queue(PLAIN);
    for (unsigned i = 0; i < 2; i++)
        irp_of[i] = stage_irp();
}

static void two_queued_irps(void)
{
    two_irps();
    for (unsigned i = 0; i < 2; i++) {
        context_of[i] = stage_context();
        IoCsqInsertIrp(&shared->csq, irp_of[i], context_of[i]);
    }
}

static void insert_own(void *argument, unsigned thread)
{
    (void)argument;
    IoCsqInsertIrp(&shared->csq, irp_of[thread], NULL);
}

static void remove_own(void *argument, unsigned thread)
{
    (void)argument;
    IoCsqRemoveIrp(&shared->csq, context_of[thread]);
}

static void remove_any(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    IoCsqRemoveNextIrp(&shared->csq, NULL);
}

static void cancel_own(void *argument, unsigned thread)
{
    (void)argument;
    IoCancelIrp(irp_of[thread]);
}

/* The first has the lock, its IRQL is in its place; the second enters A and waits. */
static void own_places(void)
{
    if (race_undisturbed())
        expect(stage_event(EVENT_ACQUIRE, 0)->place != stage_event(EVENT_ACQUIRE, 1)->place,
               "each has a place of its own");
    expect_equal(stage_events(EVENT_ACQUIRE), 2, "the calls of CsqAcquireLock");
}

RACE(csq_cb_acq_2_own_place, "two inserts at once have two places", CLAUSE_CSQ_CB_ACQ_2)
{
    race_bodies(insert_own, 2, two_irps);
    race_force(0, SCHED_INSERT_IN, 0, 1);
    race_run(own_places);
}

RACE(csq_cb_acq_2_own_place_to_remove, "two IoCsqRemoveIrp at once have two places",
     CLAUSE_CSQ_CB_ACQ_2)
{
    race_bodies(remove_own, 2, two_queued_irps);
    race_force(0, SCHED_REMOVE_IN, 0, 1);
    race_run(own_places);
}

RACE(csq_cb_acq_2_own_place_to_remove_next, "two IoCsqRemoveNextIrp at once have two places",
     CLAUSE_CSQ_CB_ACQ_2)
{
    race_bodies(remove_any, 2, two_queued_irps);
    race_force(0, SCHED_REMOVE_IN, 0, 1);
    race_run(own_places);
}

RACE(csq_cb_acq_2_own_place_to_cancel, "two cancels at once have two places", CLAUSE_CSQ_CB_ACQ_2)
{
    race_bodies(cancel_own, 2, two_queued_irps);
    race_force(0, SCHED_REMOVE_IN, 0, 1);
    race_run(own_places);
}

/* What comes back then, nobody may ask; MemorySanitizer does if it never was initialized. */
CASE(csq_cb_acq_2_may_be_ignored, "a lock without an IRQL stores nothing there",
     CLAUSE_CSQ_CB_ACQ_2)
{
    struct stage_queue *queue = stage_queue_with(PLAIN, FIFO, MUTEX);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    queue->ignore_irql = true;
    for (unsigned i = 0; i < 3; i++)
        IoCsqInsertIrp(&queue->csq, stage_irp(), i ? NULL : context);
    expect(IoCsqRemoveIrp(&queue->csq, context) != NULL, "IoCsqRemoveIrp finds the first IRP");
    PIRP next = IoCsqRemoveNextIrp(&queue->csq, NULL);
    expect(next != NULL, "IoCsqRemoveNextIrp finds the second");
    IoCsqInsertIrp(&queue->csq, next, NULL);
    expect_equal(IoCancelIrp(next), TRUE, "what IoCancelIrp returned");
}

CASE(csq_cb_acq_3_not_twice, "no operation takes the lock that it holds", CLAUSE_CSQ_CB_ACQ_3)
{
    everything(EX);
    for (unsigned i = 0; i < stage_events(EVENT_ACQUIRE); i++)
        expect(!stage_event(EVENT_ACQUIRE, i)->locked, "the lock is free at A");
}

/* ---- CsqReleaseLock ------------------------------------------------------------------------ */

static void expect_values_returned(void)
{
    expect_equal(stage_events(EVENT_RELEASE), stage_events(EVENT_ACQUIRE), "the releases");
    for (unsigned i = 0; i < stage_events(EVENT_ACQUIRE); i++)
        expect_equal(stage_event(EVENT_RELEASE, i)->value, stage_event(EVENT_ACQUIRE, i)->value,
                     "the value that CsqReleaseLock got");
}

CASE(csq_cb_rel_1_gets_the_value_back, "what CsqAcquireLock has stored comes back",
     CLAUSE_CSQ_CB_REL_1)
{
    everything(PLAIN);
    expect_values_returned();
}

CASE(csq_cb_rel_1_gets_it_on_an_ex_queue, "it does on an Ex queue, an insert that fails included",
     CLAUSE_CSQ_CB_REL_1)
{
    everything(EX);
    expect_values_returned();
}

static void expect_own_lock(struct stage_queue *queue, PIRP irp)
{
    (void)irp;
    expect(ke_holds(sched_self(), &queue->spin), "the thread that releases the lock holds it");
}

CASE(csq_cb_rel_2_by_the_holder, "whoever releases the lock holds it, and has done with it",
     CLAUSE_CSQ_CB_REL_2)
{
    stage_inside(EVENT_RELEASE, expect_own_lock);
    struct stage_queue *queue = everything(EX);
    expect_equal(stage_events(EVENT_RELEASE), stage_events(EVENT_ACQUIRE), "the releases");
    expect(!queue->held, "the lock is free in the end");
}

/* ---- CsqInsertIrp, CsqInsertIrpEx ---------------------------------------------------------- */

CASE(csq_cb_ins_1_by_inserts_alone, "only the inserts call CsqInsertIrp, each once",
     CLAUSE_CSQ_CB_INS_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp[3] = {stage_irp(), stage_irp(), stage_irp()};
    IoCsqInsertIrp(&queue->csq, irp[0], context);
    IoCsqInsertIrpEx(&queue->csq, irp[1], NULL, NULL);
    IoCsqInsertIrp(&queue->csq, irp[2], NULL);
    for (unsigned i = 0; i < 3; i++)
        expect_same(stage_event(EVENT_INSERT, i)->irp, irp[i], "the IRP that CsqInsertIrp got");
    IoCsqRemoveIrp(&queue->csq, context);
    IoCsqRemoveNextIrp(&queue->csq, NULL);
    IoCancelIrp(irp[2]);
    expect_equal(stage_events(EVENT_INSERT), 3, "the calls of CsqInsertIrp");
}

CASE(csq_cb_ins_2_no_removal_after_failure, "what CsqInsertIrpEx declined is not removed",
     CLAUSE_CSQ_CB_INS_2)
{
    struct stage_queue *queue = stage_queue(EX);
    queue->answer = STATUS_UNSUCCESSFUL;
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), NULL, NULL);
    expect_equal(stage_events(EVENT_INSERT_EX), 1, "the calls of CsqInsertIrpEx");
    expect_equal(stage_events(EVENT_REMOVE), 0, "the calls of CsqRemoveIrp");
}

CASE(csq_cb_ins_2_not_if_canceled_either, "it is not, although it was canceled meanwhile",
     CLAUSE_CSQ_CB_INS_2)
{
    struct stage_queue *queue = stage_queue(EX);
    queue->answer = STATUS_UNSUCCESSFUL;
    stage_inside(EVENT_INSERT_EX, cancel_it);
    IoCsqInsertIrpEx(&queue->csq, stage_irp(), stage_context(), NULL);
    expect_equal(stage_events(EVENT_REMOVE), 0, "the calls of CsqRemoveIrp");
}

/* ---- CsqRemoveIrp -------------------------------------------------------------------------- */

CASE(csq_cb_rem_1_is_in_the_queue, "CsqRemoveIrp only gets what is in the queue",
     CLAUSE_CSQ_CB_REM_1)
{
    everything(PLAIN);
    expect(stage_events(EVENT_REMOVE) > 0, "CsqRemoveIrp is called");
    for (unsigned i = 0; i < stage_events(EVENT_REMOVE); i++)
        expect(stage_event(EVENT_REMOVE, i)->queued, "the IRP is in the queue");
}

/* The IRP is gone: whoever still believes the context touches it. */
static void free_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

CASE(csq_cb_rem_1_not_again, "a context whose IRP was removed by it removes nothing",
     CLAUSE_CSQ_CB_REM_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    stage_inside(EVENT_DONE, free_it);
    stage_complete(IoCsqRemoveIrp(&queue->csq, context), STATUS_SUCCESS);
    IoCsqRemoveIrp(&queue->csq, context);
    expect_callbacks("A I(i0) L A Rm(i0) L A L");
}

CASE(csq_cb_rem_1_after_other_doors, "a context whose IRP has left otherwise removes nothing",
     CLAUSE_CSQ_CB_REM_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    stage_queued(queue, context);
    stage_inside(EVENT_DONE, free_it);
    stage_complete(IoCsqRemoveNextIrp(&queue->csq, NULL), STATUS_SUCCESS);
    IoCsqRemoveIrp(&queue->csq, context);
    expect_callbacks("A I(i0) L A Pk(NULL)=i0 Rm(i0) L A L");
}

CASE(csq_cb_rem_2_once_an_insertion, "each IRP inserted is removed once, whichever way it leaves",
     CLAUSE_CSQ_CB_REM_2)
{
    struct stage_queue *queue = everything(PLAIN);
    expect_equal(stage_count(queue), 0, "the IRPs in the queue");
    expect_equal(stage_events(EVENT_REMOVE), stage_events(EVENT_INSERT),
                 "the calls of CsqRemoveIrp");
}

CASE(csq_cb_rem_2_again_when_inserted_again, "an IRP inserted again is removed again",
     CLAUSE_CSQ_CB_REM_2)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    PIRP irp = stage_irp();
    for (unsigned i = 1; i <= 3; i++) {
        IoCsqInsertIrp(&queue->csq, irp, context);
        expect_same(IoCsqRemoveIrp(&queue->csq, context), irp, "the IRP removed");
        expect_equal(stage_events(EVENT_REMOVE), i, "the calls of CsqRemoveIrp");
    }
}
