/* An insert against a cancel (RACE-1 to -5, -14, -17). */
#include "race.h"
#include "stage.h"

#include <limits.h>
#include <string.h>

/* ---- All that can come of one insert and one cancel ---------------------------------------- */

/* This reading does not offer an IRP to the queue that it finds canceled before it would. */
static bool may_be_refused(void)
{
    return case_profile.reading == READING_TEXT &&
           race_first(SCHED_FLAG_AFTER, 1) < race_first(SCHED_RELEASE_IN, 0);
}

/*
 * Thread 0 inserts, thread 1 cancels. Either the canceller has taken the routine: then it does all
 * that a cancel does and the insert nothing more. Or it has left its flag and nothing else: then
 * the insert has seen that. No cancel is lost, no IRP is completed twice.
 */
static void one_of_them_completes(bool canceled)
{
    if (canceled) {
        expect_letters(0, "A I L");
        expect_letters(1, "cs+ cs- A Rm L C");
    } else {
        expect_letters(1, "cs+ cs-");
        if (!may_be_refused() || strcmp(race_letters(0), "A L C"))
            expect_letters(0, "A I Rm L C");
    }
}

static void check(void)
{
    one_of_them_completes(race_returned(1));
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
}

static const struct operation insert_and_cancel[] = {
    {.thread = 0, .kind = OP_INSERT},
    {.thread = 1, .kind = OP_CANCEL},
};

static const struct operation insert_ex_and_cancel[] = {
    {.thread = 0, .kind = OP_INSERT_EX, .context = 1},
    {.thread = 1, .kind = OP_CANCEL},
};

/* The same on an Ex queue and with a context. */
static void with_ex_queue(void)
{
    race_operations(insert_ex_and_cancel, 2);
    race_scenario()->queue[0].ex = true;
}

/* ---- Before the insert --------------------------------------------------------------------- */

CASE(race_1_canceled_before, "canceled before its insert: the insert completes it, marked pending",
     CLAUSE_RACE_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned");
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    if (case_profile.reading == READING_TEXT)
        expect_callbacks("A L C(i0)");
    else
        expect_callbacks("A I(i0) Rm(i0) L C(i0)");
    expect(stage_event(EVENT_COMPLETE, 0)->pending, "the IRP is marked pending at C");
    expect(stage_reply(irp)->pending_returned, "its sender sees PendingReturned");
    expect(irp->Cancel, "Cancel is TRUE");
}

/* Whatever the second canceller finds, the first one's flag is not forgotten. */
static void canceled_before(void)
{
    expect_equal(race_returned(0), FALSE, "what the IoCancelIrp before the insert returned");
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
    if (race_done(2))
        expect(race_returned(2) == (race_first(SCHED_COMPLETE_IN, 1) < UINT_MAX),
               "the second IoCancelIrp returns TRUE if it completed the IRP");
}

RACE(race_1_and_canceled_again, "it does, although the IRP is canceled once more meanwhile",
     CLAUSE_RACE_1)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_CANCEL},
        {.thread = 0, .kind = OP_INSERT},
        {.thread = 1, .kind = OP_CANCEL},
    };
    race_operations(operations, 3);
    race_run(canceled_before);
}

/* ---- Inside the insert callback ------------------------------------------------------------ */

static void canceled_inside(void)
{
    expect_letters(0, "A I cs+ cs- Rm L C");
    expect_equal(race_returned(1), FALSE, "what IoCancelIrp returned");
}

RACE(race_2_canceled_by_the_callback, "the insert callback itself cancels: A I Rm L C",
     CLAUSE_RACE_2)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT},
        {.thread = 0, .kind = OP_CANCEL, .place = PLACE_IN_INSERT},
    };
    race_operations(operations, 2);
    race_run(canceled_inside);
}

static void canceled_meanwhile(void)
{
    if (race_undisturbed()) {
        expect_letters(0, "A I Rm L C");
        expect_equal(race_returned(1), FALSE, "what IoCancelIrp returned");
    }
    check();
}

RACE(race_2_canceled_by_another_thread, "another thread cancels inside the insert callback",
     CLAUSE_RACE_2)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_INSERT_IN, 0, 1);
    race_run(canceled_meanwhile);
}

RACE(race_2_on_an_ex_queue, "it does so inside CsqInsertIrpEx", CLAUSE_RACE_2)
{
    with_ex_queue();
    race_force(0, SCHED_INSERT_OUT, 0, 1);
    race_run(canceled_meanwhile);
}

/* ---- Between setting the routine and the test ---------------------------------------------- */

/* An implementation that exchanges the routine for other reasons first is stopped too early; the
 * schedules with more preemptions stop it here, too, and the check holds in all of them. */
static void claimed_by_canceler(void)
{
    if (race_undisturbed() && race_count(SCHED_SWAP_BEFORE, 0) == 1)
        expect_equal(race_returned(1), TRUE, "what IoCancelIrp returned");
    check();
}

RACE(race_3_canceler_wins, "a cancel between set and test that takes the routine", CLAUSE_RACE_3)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_run(claimed_by_canceler);
}

/* The insert goes on while the canceller, which owns the IRP, waits for the lock. */
RACE(race_3_canceler_waits, "the same with the canceller on its way to the lock", CLAUSE_RACE_3)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_force(1, SCHED_CLAIM_AFTER, 0, 0);
    race_run(claimed_by_canceler);
}

static void ex_claimed_by_canceler(void)
{
    if (race_returned(1))
        expect_equal(race_returned(0), STATUS_SUCCESS, "what IoCsqInsertIrpEx returned");
    claimed_by_canceler();
}

RACE(race_3_on_an_ex_queue, "the insert then returns what CsqInsertIrpEx did", CLAUSE_RACE_3)
{
    with_ex_queue();
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_run(ex_claimed_by_canceler);
}

RACE(race_4_insert_wins, "a cancel between set and test that comes too late for the routine",
     CLAUSE_RACE_4)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_force(1, SCHED_CLAIM_BEFORE, 0, 0);
    race_run(canceled_meanwhile);
}

RACE(race_4_on_an_ex_queue, "the same on an Ex queue", CLAUSE_RACE_4)
{
    with_ex_queue();
    race_force(0, SCHED_SWAP_AFTER, 0, 1);
    race_force(1, SCHED_CLAIM_BEFORE, 0, 0);
    race_run(canceled_meanwhile);
}

/* ---- After the insert ---------------------------------------------------------------------- */

CASE(race_5_canceled_in_the_queue, "canceled while queued: cs+ cs- A Rm L C, and TRUE",
     CLAUSE_RACE_5)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_queued(queue, NULL);
    stage_clear();
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_trace("cs+ cs- A Rm(i0) L C(i0) D(i0)");
}

static void canceled_afterwards(void)
{
    if (race_undisturbed())
        expect_equal(race_returned(1), TRUE, "what IoCancelIrp returned");
    check();
}

RACE(race_5_insert_has_not_returned, "the insert has released the lock and not yet returned",
     CLAUSE_RACE_5)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(canceled_afterwards);
}

/* The flag comes after the test, the routine stays for the canceller to find (AMB-37). */
RACE(race_5_before_the_release, "the test is over and the lock still held", CLAUSE_RACE_5)
{
    race_operations(insert_and_cancel, 2);
    race_force(0, SCHED_RELEASE_IN, 0, 1);
    race_run(canceled_afterwards);
}

/* ---- An insert that fails ------------------------------------------------------------------ */

static void cancel_it(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned");
}

CASE(race_14_canceled_by_the_callback, "canceled inside a CsqInsertIrpEx that fails",
     CLAUSE_RACE_14)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    queue->answer = STATUS_UNSUCCESSFUL;
    stage_inside(EVENT_INSERT_EX, cancel_it);
    expect_equal((ULONG)IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL), (ULONG)STATUS_UNSUCCESSFUL,
                 "what IoCsqInsertIrpEx returned");
    expect_callbacks("A Ix(i0) L");
    expect(irp->Cancel, "Cancel stays TRUE");
}

static void canceled_and_failed(void)
{
    bool refused = may_be_refused() && race_returned(0) == STATUS_SUCCESS;
    if (race_undisturbed())
        expect(!refused, "the IRP was offered to CsqInsertIrpEx");
    expect_letters(0, refused ? "A L C" : "A I L");
    if (!refused)
        expect_equal(race_returned(0), (ULONG)STATUS_UNSUCCESSFUL,
                     "what IoCsqInsertIrpEx returned");
    expect_letters(1, "cs+ cs-");
    expect_equal(race_returned(1), FALSE, "what IoCancelIrp returned");
}

static void fail_against_cancel(enum sched_kind kind)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT_EX, .context = 1, .answer = ANSWER_ERROR},
        {.thread = 1, .kind = OP_CANCEL},
    };
    race_operations(operations, 2);
    race_scenario()->queue[0].ex = true;
    race_force(0, kind, 0, 1);
    race_run(canceled_and_failed);
}

RACE(race_14_canceled_meanwhile, "another thread cancels inside a CsqInsertIrpEx that fails",
     CLAUSE_RACE_14)
{
    fail_against_cancel(SCHED_INSERT_IN);
}

RACE(race_14_canceled_afterwards, "it cancels after the failure, before the lock is released",
     CLAUSE_RACE_14)
{
    fail_against_cancel(SCHED_RELEASE_IN);
}

/* ---- Set and read against store and take --------------------------------------------------- */

/*
 * What can be shown of RACE-17 here is that the four steps are in the right order on either side:
 * then, whichever way they interleave, one side sees the other, and no cancel is lost. That the
 * processor keeps them in that order, logical threads that take turns cannot show; it takes threads
 * that run at the same time.
 */
RACE(race_17_no_cancel_is_lost, "one side sees the other, under every schedule", CLAUSE_RACE_17)
{
    race_operations(insert_and_cancel, 2);
    race_run(check);
}

static void two_cancels(void)
{
    expect_equal(race_count(SCHED_COMPLETE_IN, 0), 1, "the calls of CsqCompleteCanceledIrp");
    expect(race_returned(1) + race_returned(2) <= 1, "at most one IoCancelIrp returns TRUE");
}

RACE(race_17_with_two_cancelers, "so it is with two cancellers", CLAUSE_RACE_17)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT},
        {.thread = 1, .kind = OP_CANCEL},
        {.thread = 2, .kind = OP_CANCEL},
    };
    race_operations(operations, 3);
    race_run(two_cancels);
}
