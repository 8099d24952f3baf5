/* The canonical traces with a canceller in the middle (TR-8, TR-10, TR-14, TR-15). */
#include "race.h"
#include "stage.h"

static struct {
    struct stage_queue *queue;
    PIO_CSQ_IRP_CONTEXT context;
    PIRP irp;
    PIRP removed;
    BOOLEAN canceled; /* what IoCancelIrp returned */
} pair;

/* ---- Insert -------------------------------------------------------------------------------- */

static void prepare_insert(void)
{
    pair.queue = stage_queue(PLAIN);
    pair.irp = stage_irp();
}

static void insert_and_cancel(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        IoCsqInsertIrp(&pair.queue->csq, pair.irp, NULL);
    else
        pair.canceled = IoCancelIrp(pair.irp);
}

/* Has the canceller claimed the IRP while its insert held the lock? */
static bool claimed_meanwhile(void)
{
    const struct sched_trace *trace = sched_trace();
    bool locked = false;
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++) {
        const struct sched_event *event = &trace->events[i];
        if (event->thread == 0 && event->kind == SCHED_ACQUIRE_OUT)
            locked = true;
        if (event->thread == 0 && event->kind == SCHED_RELEASE_OUT)
            locked = false;
        if (event->thread == 1 && event->kind == SCHED_CLAIM_AFTER && event->value)
            return locked;
    }
    return false;
}

static bool met; /* the situation, in one of the schedules at least */

static void left_to_the_canceller(void)
{
    if (!claimed_meanwhile())
        return;
    met = true;
    expect_letters(0, "A I L");
    expect_letters(1, "cs+ cs- A Rm L C");
    expect_equal(pair.canceled, TRUE, "what IoCancelIrp returns");
}

/* Not forced: how often a library exchanges the Cancel routine is its own affair. */
RACE(tr_8_claimed_during_insert, "a canceller claims an IRP whose insert still holds the lock",
     CLAUSE_TR_8)
{
    race_bodies(insert_and_cancel, 2, prepare_insert);
    race_run(left_to_the_canceller);
    expect(met, "a queued IRP can be canceled before the lock is released");
}

/* ---- IoCsqRemoveIrp ------------------------------------------------------------------------ */

static void prepare_removal(void)
{
    pair.queue = stage_queue(PLAIN);
    pair.context = stage_context();
    pair.irp = stage_queued(pair.queue, pair.context);
}

static void cancel_and_remove(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        pair.canceled = IoCancelIrp(pair.irp);
    else
        pair.removed = IoCsqRemoveIrp(&pair.queue->csq, pair.context);
}

static void found_claimed(void)
{
    if (!race_undisturbed())
        return;
    expect_letters(1, "A L");
    expect(pair.removed == NULL, "IoCsqRemoveIrp returns NULL");
    expect_letters(0, "cs+ cs- A Rm L C");
    expect_equal(pair.canceled, TRUE, "what IoCancelIrp returns");
}

/* The canceller has called CsqAcquireLock and waits there. */
RACE(tr_10_remove_during_cancel, "IoCsqRemoveIrp while a canceller waits for the lock",
     CLAUSE_TR_10)
{
    race_bodies(cancel_and_remove, 2, prepare_removal);
    race_force(0, SCHED_ACQUIRE_IN, 0, 1);
    race_run(found_claimed);
}

/* ---- IoCsqRemoveNextIrp -------------------------------------------------------------------- */

#define CANCELLERS 2

static struct {
    struct stage_queue *queue;
    PIRP irps[CANCELLERS];
    unsigned canceled, removed;
} line;

static void prepare_line(void)
{
    line.queue = stage_queue(PLAIN);
    line.canceled = line.removed = 0;
    for (unsigned i = 0; i < CANCELLERS; i++)
        line.irps[i] = stage_queued(line.queue, NULL);
}

static void prepare_longer_line(void)
{
    prepare_line();
    stage_queued(line.queue, NULL);
}

static void cancel_each_and_remove_next(void *argument, unsigned thread)
{
    (void)argument;
    if (thread < CANCELLERS)
        line.canceled += IoCancelIrp(line.irps[thread]);
    else
        line.removed += IoCsqRemoveNextIrp(&line.queue->csq, NULL) != NULL;
}

/* One after the other the cancellers arrive at the lock, and wait there. Of three threads there are
 * schedules enough with one preemption more. */
static void hold_cancellers(void)
{
    if (race_preemptions > 1)
        race_preemptions = 1;
    race_force(0, SCHED_ACQUIRE_IN, 0, 1);
    race_force(1, SCHED_ACQUIRE_IN, 0, 2);
}

static void skips_to_the_last(void)
{
    if (race_undisturbed())
        expect_letters(2, "A Pk Pk Pk Rm L");
    expect_equal(line.removed, 1, "the number of IRPs returned");
    expect_equal(stage_count(line.queue) + line.canceled, CANCELLERS,
                 "the number of IRPs canceled or left");
}

RACE(tr_14_behind_cancellers,
     "IoCsqRemoveNextIrp while cancellers of the first IRPs wait for the lock", CLAUSE_TR_14)
{
    race_bodies(cancel_each_and_remove_next, CANCELLERS + 1, prepare_longer_line);
    hold_cancellers();
    race_run(skips_to_the_last);
}

static void finds_none(void)
{
    if (race_undisturbed()) {
        expect_letters(2, "A Pk Pk Pk L");
        expect_equal(line.removed, 0, "the number of IRPs returned");
        expect_letters(0, "cs+ cs- A Rm L C");
        expect_letters(1, "cs+ cs- A Rm L C");
    }
    expect_equal(line.removed + line.canceled, CANCELLERS,
                 "the number of IRPs removed or canceled");
    expect_equal(stage_count(line.queue), 0, "the number of IRPs left");
}

RACE(tr_15_only_cancellers, "IoCsqRemoveNextIrp while the cancellers of all IRPs wait for the lock",
     CLAUSE_TR_15)
{
    race_bodies(cancel_each_and_remove_next, CANCELLERS + 1, prepare_line);
    hold_cancellers();
    race_run(finds_none);
}
