/* Removals against a cancel, and against each other (RACE-6 to -11). */
#include "race.h"
#include "stage.h"

/* What is played with: made anew for each schedule. */
static struct {
    struct stage_queue *queue;
    PIRP irp[2];
    PIO_CSQ_IRP_CONTEXT context; /* of the first IRP */
    PIRP removed[2];             /* by each thread */
    BOOLEAN canceled;            /* what IoCancelIrp returned */
    bool linked;                 /* was the first IRP in the queue when thread 1 had finished? */
} play;

/* A sender without any canceller frees its IRP as soon as it is back. */
static void free_at_once(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    stage_retire_irp(irp);
}

/* A sender frees its IRP as soon as the IRP is back and nobody else is inside IoCancelIrp (CAN-17):
 * here, if its one canceller, thread 0, completes it. */
static void free_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    if (sched_self() == 0)
        stage_retire_irp(irp);
}

static void one_irp(void)
{
    play.queue = stage_queue(PLAIN);
    play.context = stage_context();
    play.irp[0] = stage_queued(play.queue, play.context);
    play.irp[1] = play.removed[0] = play.removed[1] = NULL;
}

static void two_irps(void)
{
    one_irp();
    play.irp[1] = stage_queued(play.queue, NULL);
}

static void complete(PIRP irp)
{
    if (irp)
        stage_complete(irp, STATUS_SUCCESS);
}

static void remove_by_context(unsigned thread)
{
    play.removed[thread] = IoCsqRemoveIrp(&play.queue->csq, play.context);
    complete(play.removed[thread]);
}

static void remove_next(unsigned thread)
{
    play.removed[thread] = IoCsqRemoveNextIrp(&play.queue->csq, NULL);
    complete(play.removed[thread]);
}

/* ---- A cancel against IoCsqRemoveIrp ------------------------------------------------------- */

static void cancel(void)
{
    stage_inside(EVENT_DONE, free_it);
    play.canceled = IoCancelIrp(play.irp[0]);
}

static void cancel_or_remove(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        cancel();
    else
        remove_by_context(thread);
}

/* It leaves by one door: the remover's, with Cancel TRUE if the canceller came too late, or the
 * canceller's. */
static void one_door(void)
{
    stage_check_retired();
    expect_equal(play.removed[1] != NULL, !play.canceled, "whether the remover has got it");
    expect_equal(stage_events(EVENT_COMPLETE), play.canceled,
                 "the calls of CsqCompleteCanceledIrp");
    expect_equal(stage_events(EVENT_REMOVE), 1, "the calls of CsqRemoveIrp");
    expect_equal(stage_events(EVENT_DONE), 1, "the completions");
    expect_letters(0, play.canceled ? "cs+ cs- A Rm L C" : "cs+ cs-");
    if (!play.canceled) {
        expect_same(play.removed[1], play.irp[0], "the IRP removed");
        expect(play.irp[0]->Cancel, "Cancel is TRUE");
        expect(play.irp[0]->CancelRoutine == NULL, "CancelRoutine is NULL");
    }
}

static void remover_claims(void)
{
    if (race_undisturbed())
        expect_equal(play.canceled, FALSE, "what IoCancelIrp returned");
    one_door();
    expect_letters(1, play.canceled ? "A L" : "A Rm L");
}

static void canceler_claims(void)
{
    if (race_undisturbed())
        expect_equal(play.canceled, TRUE, "what IoCancelIrp returned");
    one_door();
    expect_letters(1, play.canceled ? "A L" : "A Rm L");
}

RACE(race_6_remover_claims, "IoCsqRemoveIrp between the canceller's flag and its exchange",
     CLAUSE_RACE_6)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_CLAIM_BEFORE, 0, 1);
    race_run(remover_claims);
}

RACE(race_6_before_the_flag, "IoCsqRemoveIrp before the canceller has stored its flag",
     CLAUSE_RACE_6)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_FLAG_BEFORE, 0, 1);
    race_run(remover_claims);
}

RACE(race_7_canceler_claims, "IoCsqRemoveIrp right after the canceller's exchange", CLAUSE_RACE_7)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_CLAIM_AFTER, 0, 1);
    race_run(canceler_claims);
}

RACE(race_7_canceler_at_the_lock,
     "IoCsqRemoveIrp while the Cancel routine is about to take the lock", CLAUSE_RACE_7)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_ACQUIRE_IN, 0, 1);
    race_run(canceler_claims);
}

RACE(race_7_canceler_has_removed, "IoCsqRemoveIrp when the Cancel routine has released the lock",
     CLAUSE_RACE_7)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(canceler_claims);
}

RACE(race_7_canceler_has_completed, "IoCsqRemoveIrp when the IRP has been completed and freed",
     CLAUSE_RACE_7)
{
    race_bodies(cancel_or_remove, 2, one_irp);
    race_force(0, SCHED_COMPLETE_OUT, 0, 1);
    race_run(canceler_claims);
}

/* ---- A cancel against IoCsqRemoveNextIrp --------------------------------------------------- */

static void cancel_or_remove_next(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        cancel();
    } else {
        remove_next(thread);
        play.linked = stage_holds(play.queue, play.irp[0]);
    }
}

/* With a second IRP behind it, IoCsqRemoveNextIrp never comes back with empty hands. */
static void next_or_other(void)
{
    stage_check_retired();
    expect_same(play.removed[1], play.irp[play.canceled],
                "the IRP that IoCsqRemoveNextIrp returned");
    expect_letters(0, play.canceled ? "cs+ cs- A Rm L C" : "cs+ cs-");
    expect_equal(stage_events(EVENT_COMPLETE), play.canceled,
                 "the calls of CsqCompleteCanceledIrp");
    expect_equal(stage_events(EVENT_REMOVE), 1u + play.canceled, "the calls of CsqRemoveIrp");
}

static void skipped(void)
{
    if (race_undisturbed()) {
        expect_callbacks("A Pk(NULL)=i0 Pk(i0)=i1 Rm(i1) L A Rm(i0) L C(i0)");
        expect(play.linked, "the IRP that is being canceled stays in the queue");
    }
    next_or_other();
}

RACE(race_8_skipped, "IoCsqRemoveNextIrp passes over the IRP that a canceller has claimed",
     CLAUSE_RACE_8)
{
    race_bodies(cancel_or_remove_next, 2, two_irps);
    race_force(0, SCHED_CLAIM_AFTER, 0, 1);
    race_run(skipped);
}

/* The canceller's A is recorded before it waits: the trace has two of them in a row. */
static void skipped_at_the_lock(void)
{
    if (race_undisturbed()) {
        expect_letters(1, "A Pk Pk Rm L");
        expect(play.linked, "the IRP that is being canceled stays in the queue");
    }
    next_or_other();
}

RACE(race_8_skipped_at_the_lock, "it does while the Cancel routine is about to take the lock",
     CLAUSE_RACE_8)
{
    race_bodies(cancel_or_remove_next, 2, two_irps);
    race_force(0, SCHED_ACQUIRE_IN, 0, 1);
    race_run(skipped_at_the_lock);
}

static void nothing_else_there(void)
{
    if (race_undisturbed()) {
        expect_callbacks("A Pk(NULL)=i0 Pk(i0)=NULL L A Rm(i0) L C(i0)");
        expect(play.linked, "the IRP that is being canceled stays in the queue");
    }
    one_door();
}

RACE(race_8_nothing_else_there, "it returns NULL if that is the only one", CLAUSE_RACE_8)
{
    race_bodies(cancel_or_remove_next, 2, one_irp);
    race_force(0, SCHED_CLAIM_AFTER, 0, 1);
    race_run(nothing_else_there);
}

static void next_claims(void)
{
    if (race_undisturbed()) {
        expect_equal(play.canceled, FALSE, "what IoCancelIrp returned");
        expect_callbacks("A Pk(NULL)=i0 Rm(i0) L");
    }
    one_door();
}

RACE(race_9_remover_claims, "IoCsqRemoveNextIrp between the canceller's flag and its exchange",
     CLAUSE_RACE_9)
{
    race_bodies(cancel_or_remove_next, 2, one_irp);
    race_force(0, SCHED_CLAIM_BEFORE, 0, 1);
    race_run(next_claims);
}

static void first_of_two(void)
{
    if (race_undisturbed())
        expect_same(play.removed[1], play.irp[0], "the IRP that IoCsqRemoveNextIrp returned");
    next_or_other();
}

RACE(race_9_cancel_flag_is_no_claim, "the flag alone does not make it pass over the IRP",
     CLAUSE_RACE_9)
{
    race_bodies(cancel_or_remove_next, 2, two_irps);
    race_force(0, SCHED_CLAIM_BEFORE, 0, 1);
    race_run(first_of_two);
}

/* ---- Removals against each other ----------------------------------------------------------- */

static void remove_both_ways(void *argument, unsigned thread)
{
    (void)argument;
    stage_inside(EVENT_DONE, free_at_once);
    if (thread == 0)
        remove_by_context(thread);
    else
        remove_next(thread);
}

static void one_gets_it(void)
{
    stage_check_retired();
    expect_equal((play.removed[0] != NULL) + (play.removed[1] != NULL), 1, "the IRPs returned");
    expect_same(play.removed[0] ? play.removed[0] : play.removed[1], play.irp[0],
                "the IRP returned");
    expect_equal(stage_events(EVENT_REMOVE), 1, "the calls of CsqRemoveIrp");
}

RACE(race_10_one_irp, "IoCsqRemoveIrp and IoCsqRemoveNextIrp: one gets the IRP, the other NULL",
     CLAUSE_RACE_10)
{
    race_bodies(remove_both_ways, 2, one_irp);
    race_run(one_gets_it);
}

static void next_comes_first(void)
{
    if (race_undisturbed()) {
        expect_same(play.removed[1], play.irp[0], "the IRP that IoCsqRemoveNextIrp returned");
        expect_letters(0, "A L");
    }
    one_gets_it();
}

RACE(race_10_next_comes_first, "IoCsqRemoveNextIrp while IoCsqRemoveIrp is about to take the lock",
     CLAUSE_RACE_10)
{
    race_bodies(remove_both_ways, 2, one_irp);
    race_force(0, SCHED_ACQUIRE_IN, 0, 1);
    race_run(next_comes_first);
}

static void other_gets_the_next(void)
{
    stage_check_retired();
    expect_same(play.removed[1], play.irp[play.removed[0] != NULL],
                "the IRP that IoCsqRemoveNextIrp returned");
    if (play.removed[0])
        expect_same(play.removed[0], play.irp[0], "the IRP that IoCsqRemoveIrp returned");
}

RACE(race_10_other_gets_the_next,
     "with a second IRP there, IoCsqRemoveNextIrp gets one or the other", CLAUSE_RACE_10)
{
    race_bodies(remove_both_ways, 2, two_irps);
    race_run(other_gets_the_next);
}

static void remove_next_twice(void *argument, unsigned thread)
{
    (void)argument;
    remove_next(thread);
}

RACE(race_11_one_irp, "two IoCsqRemoveNextIrp and one IRP: the other gets NULL", CLAUSE_RACE_11)
{
    race_bodies(remove_next_twice, 2, one_irp);
    race_run(one_gets_it);
}

static void different_ones(void)
{
    expect(play.removed[0] && play.removed[1], "each gets an IRP");
    expect(play.removed[0] != play.removed[1], "they are different");
    expect_equal(stage_events(EVENT_REMOVE), 2, "the calls of CsqRemoveIrp");
}

RACE(race_11_two_irps, "two IoCsqRemoveNextIrp and two IRPs: each gets one of its own",
     CLAUSE_RACE_11)
{
    race_bodies(remove_next_twice, 2, two_irps);
    race_run(different_ones);
}

/* One of them is in the middle of its search. */
RACE(race_11_in_the_middle, "one of them has found the IRP and not yet removed it", CLAUSE_RACE_11)
{
    race_bodies(remove_next_twice, 2, two_irps);
    race_force(0, SCHED_PEEK_OUT, 0, 1);
    race_run(different_ones);
}
