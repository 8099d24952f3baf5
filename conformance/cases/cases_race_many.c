/* Several cancels, drains, and an IRP that is gone before its insert has returned (RACE-12, -13,
 * -15, -16). */
#include "race.h"
#include "stage.h"

#include <limits.h>
#include <string.h>

/* What is played with on a stage: made anew for each schedule. */
static struct {
    struct stage_queue *queue;
    PIRP irp, removed;
    PIO_CSQ_IRP_CONTEXT context;
    bool usable; /* the insert has the lock: the context may be used */
    BOOLEAN canceled[2];
    unsigned canceling; /* threads inside IoCancelIrp */
} play;

static void make_irp(void)
{
    memset(&play, 0, sizeof play);
    play.queue = stage_queue(PLAIN);
    play.context = stage_context();
    play.irp = stage_irp();
}

/* ---- Two cancels --------------------------------------------------------------------------- */

static void make_queued_irp(void)
{
    make_irp();
    IoCsqInsertIrp(&play.queue->csq, play.irp, play.context);
}

static void cancel_it(void *argument, unsigned thread)
{
    (void)argument;
    play.canceled[thread] = IoCancelIrp(play.irp);
}

static void one_cancels(void)
{
    expect_equal(play.canceled[0] + play.canceled[1], 1, "how many IoCancelIrp returned TRUE");
    expect_letters(0, play.canceled[0] ? "cs+ cs- A Rm L C" : "cs+ cs-");
    expect_letters(1, play.canceled[1] ? "cs+ cs- A Rm L C" : "cs+ cs-");
    expect_equal(stage_reply(play.irp)->count, 1, "the completions");
}

RACE(race_12_two_cancels, "two IoCancelIrp on a queued IRP: one returns TRUE, the other FALSE",
     CLAUSE_RACE_12)
{
    race_bodies(cancel_it, 2, make_queued_irp);
    race_run(one_cancels);
}

static void second_comes_late(void)
{
    if (race_undisturbed())
        expect_equal(play.canceled[1], FALSE, "what the second IoCancelIrp returned");
    one_cancels();
}

RACE(race_12_second_while_the_first_runs, "a second one while the Cancel routine runs",
     CLAUSE_RACE_12)
{
    race_bodies(cancel_it, 2, make_queued_irp);
    race_force(0, SCHED_CANCEL_LOCK_FREE, 0, 1);
    race_run(second_comes_late);
}

RACE(race_12_second_at_the_release, "a second one when the Cancel routine has released the lock",
     CLAUSE_RACE_12)
{
    race_bodies(cancel_it, 2, make_queued_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(second_comes_late);
}

/* ---- A drain, a cancel and an insert ------------------------------------------------------- */

/* How often an IRP has left: as canceled, or returned to somebody (the epilogue removes what was
 * inserted after the drain). */
static void expect_one_door(int slot)
{
    expect_equal(race_count(SCHED_COMPLETION_IN, slot), 1, "the completions of an IRP");
    expect_equal(race_count(SCHED_INSERT_IN, slot), race_count(SCHED_REMOVE_IN, slot),
                 "the removals of an IRP");
}

static void each_leaves_once(void)
{
    for (int slot = 0; slot < 2; slot++)
        expect_one_door(slot);
}

RACE(race_13_every_irp_once, "a drain, a cancel, an insert: every IRP leaves by one door",
     CLAUSE_RACE_13)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0},
        {.thread = 0, .kind = OP_DRAIN},
        {.thread = 1, .kind = OP_INSERT, .irp = 1},
        {.thread = 1, .kind = OP_CANCEL, .irp = 0},
    };
    race_operations(operations, 4);
    race_force(0, SCHED_END, 0, 1);
    race_force(2, SCHED_RELEASE_IN, 0, 0);
    race_run(each_leaves_once);
}

static void drain_has_gone_by(void)
{
    if (race_undisturbed()) {
        expect_equal(race_returned(2), TRUE, "what IoCancelIrp returned");
        expect_letters(0, "A I L A Pk Pk L");
    }
    expect_one_door(0);
}

RACE(race_13_drain_leaves_the_canceled, "the drain ends although a canceled IRP is still queued",
     CLAUSE_RACE_13)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT},
        {.thread = 0, .kind = OP_DRAIN},
        {.thread = 1, .kind = OP_CANCEL},
    };
    race_operations(operations, 3);
    race_force(0, SCHED_END, 0, 1);
    race_force(2, SCHED_CLAIM_AFTER, 0, 0);
    race_run(drain_has_gone_by);
}

static void two_drains(void)
{
    each_leaves_once();
    expect_equal(race_returned(2) + race_returned(3), 0, "what the drains found in the end");
}

RACE(race_13_two_drains, "two drains at once share the IRPs", CLAUSE_RACE_13)
{
    static const struct operation operations[] = {
        {.thread = 0, .kind = OP_INSERT, .irp = 0},
        {.thread = 0, .kind = OP_INSERT, .irp = 1},
        {.thread = 0, .kind = OP_DRAIN},
        {.thread = 1, .kind = OP_DRAIN},
    };
    race_operations(operations, 4);
    race_run(two_drains);
}

/* ---- Gone before the insert has returned --------------------------------------------------- */

static void is_usable(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    (void)irp;
    play.usable = true;
}

/* Back with its sender: IRP and context are freed, but for a canceller that is inside IoCancelIrp
 * without having brought this about (CAN-17). */
static void free_both(struct stage_queue *queue, PIRP irp)
{
    (void)queue;
    if (play.canceling && sched_self() == 0)
        return;
    stage_retire_irp(irp);
    stage_retire_context(play.context);
    play.irp = NULL;
}

static void insert_it(void)
{
    stage_inside(EVENT_INSERT, is_usable);
    stage_inside(EVENT_DONE, free_both);
    IoCsqInsertIrp(&play.queue->csq, play.irp, play.context);
}

static void insert_or_remove_next(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        insert_it();
        return;
    }
    play.removed = IoCsqRemoveNextIrp(&play.queue->csq, NULL);
    if (play.removed)
        stage_complete(play.removed, STATUS_SUCCESS);
}

/* Not between I and L; and what was retired has stayed as it was. */
static void removed_after_release(void)
{
    stage_check_retired();
    expect(race_first(SCHED_REMOVE_IN, 1) == UINT_MAX ||
               race_first(SCHED_REMOVE_IN, 1) > race_first(SCHED_RELEASE_IN, 0),
           "Rm comes after the insert's L");
    expect_letters(0, "A I L");
}

RACE(race_15_not_before_release, "a removal from between I and L comes after L", CLAUSE_RACE_15)
{
    race_bodies(insert_or_remove_next, 2, make_irp);
    race_force(0, SCHED_INSERT_OUT, 0, 1);
    race_run(removed_after_release);
}

static void removed_at_once(void)
{
    if (race_undisturbed())
        expect(play.removed != NULL, "IoCsqRemoveNextIrp finds the IRP");
    removed_after_release();
}

RACE(race_15_touches_nothing_after_release, "after L the insert touches neither IRP nor context",
     CLAUSE_RACE_15)
{
    race_bodies(insert_or_remove_next, 2, make_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(removed_at_once);
}

static void insert_or_remove(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        insert_it();
        return;
    }
    if (play.usable)
        play.removed = IoCsqRemoveIrp(&play.queue->csq, play.context);
    if (play.removed)
        stage_complete(play.removed, STATUS_SUCCESS);
}

RACE(race_16_removed_and_freed, "IoCsqRemoveIrp, completed, freed: the insert then returns",
     CLAUSE_RACE_16)
{
    race_bodies(insert_or_remove, 2, make_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(removed_at_once);
}

RACE(race_16_removed_next_and_freed,
     "IoCsqRemoveNextIrp, completed, freed: the insert then returns", CLAUSE_RACE_16)
{
    race_bodies(insert_or_remove_next, 2, make_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(removed_at_once);
}

static void insert_or_cancel(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        insert_it();
    } else if (play.irp) {
        play.canceling++;
        play.canceled[1] = IoCancelIrp(play.irp);
        play.canceling--;
    }
}

static void canceled_at_once(void)
{
    stage_check_retired();
    if (race_undisturbed()) {
        expect_equal(play.canceled[1], TRUE, "what IoCancelIrp returned");
        expect_callbacks("A I(i0) L A Rm(i0) L C(i0)");
    }
    expect_equal(stage_events(EVENT_DONE), 1, "the completions");
}

RACE(race_16_canceled_and_freed, "canceled, completed, freed: the insert then returns",
     CLAUSE_RACE_16)
{
    race_bodies(insert_or_cancel, 2, make_irp);
    race_force(0, SCHED_RELEASE_OUT, 0, 1);
    race_run(canceled_at_once);
}
