/* Cancellation between threads: order, exclusion, and no cancel lost (CAN, SCR, CSL). */
#include "../io/io.h"
#include "stops.h"
#include "threads.h"

static PIRP irp;
static unsigned calls, takers;

static VOID cancel(PDEVICE_OBJECT device, PIRP canceled)
{
    UNREFERENCED_PARAMETER(device);
    calls++;
    IoReleaseCancelSpinLock(canceled->CancelIrql);
}

static void fresh(void)
{
    ke_reset();
    io_reset();
    irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    calls = takers = 0;
}

static bool canceled;

static void cancel_it(void)
{
    canceled = IoCancelIrp(irp);
}

/* ---- The steps of one cancel --------------------------------------------------------------- */

/* The points of IoCancelIrp, in order, each with what must be true of the IRP there. */
static const struct {
    enum sched_kind kind;
    bool lock_held, cancel, routine;
} steps[] = {
    {SCHED_CANCEL_LOCK_WANT, false, false, true}, {SCHED_CANCEL_LOCK_GOT, false, false, true},
    {SCHED_FLAG_BEFORE, true, false, true},       {SCHED_FLAG_AFTER, true, true, true},
    {SCHED_CLAIM_BEFORE, true, true, true},       {SCHED_CLAIM_AFTER, true, true, false},
    {SCHED_CALL_BEFORE, true, true, false},       {SCHED_CANCEL_LOCK_DROP, false, true, false},
    {SCHED_CANCEL_LOCK_FREE, false, true, false}, {SCHED_CALL_AFTER, false, true, false},
};

static unsigned steps_seen, steps_right;
static bool claimed_when_taken, claimed_when_over;

static void watch_steps(const struct sched_view *view)
{
    unsigned i = steps_seen++;
    if (i >= RTL_NUMBER_OF(steps) || view->event->kind != steps[i].kind)
        return;
    steps_right += io_cancel_lock_held_by(0) == steps[i].lock_held &&
                   irp->Cancel == steps[i].cancel &&
                   (irp->CancelRoutine != NULL) == steps[i].routine;
    if (view->event->kind == SCHED_CLAIM_AFTER)
        claimed_when_taken = io_irp_claimed(irp);
}

static void cancel_step_by_step(void)
{
    fresh();
    IoSetCancelRoutine(irp, cancel);
    struct script script = {.watch = watch_steps};
    RUN(script, cancel_it);
    claimed_when_over = io_irp_claimed(irp);
    tap_ok(canceled && calls == 1, "CAN-2: the routine is called");
    tap_is(steps_right, RTL_NUMBER_OF(steps),
           "CAN-4, C01: lock, store Cancel, take the routine, call it");
    tap_ok(claimed_when_taken && !claimed_when_over, "io_irp_claimed: from the exchange on");
}

static void object_numbers(void)
{
    fresh();
    irp = IoAllocateIrp(1, FALSE);
    RUN(NO_SCRIPT, cancel_it);
    bool right = true;
    for (unsigned i = 0; i < sched_trace()->event_count; i++) {
        const struct sched_event *event = &sched_trace()->events[i];
        if (event->kind == SCHED_FLAG_BEFORE || event->kind == SCHED_CLAIM_AFTER)
            right = right && event->object == 2;
    }
    tap_ok(right, "points call an IRP by its number in the execution");
}

/* ---- Exclusion ----------------------------------------------------------------------------- */

static bool called_while_held;

static void hold_cancel_lock(void)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    sched_point(SCHED_BEGIN, 0, 0);
    called_while_held = calls != 0;
    IoReleaseCancelSpinLock(irql);
}

static void lock_keeps_cancel_out(void)
{
    fresh();
    IoSetCancelRoutine(irp, cancel);
    enum sched_end end = RUN(SCRIPT({0, SCHED_BEGIN, 1}), hold_cancel_lock, cancel_it);
    tap_ok(end == SCHED_DONE && !called_while_held && calls == 1,
           "CSL-1, CSL-6: no Cancel routine is called while another thread has the lock");
}

static void release_unowned(void)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoReleaseCancelSpinLock(irql);
}

static void lock_has_an_owner(void)
{
    fresh();
    has_stopped = false;
    ke_set_bugcheck_handler(on_bugcheck);
    RUN(SCRIPT({0, SCHED_BEGIN, 1}), hold_cancel_lock, release_unowned);
    check_stop("CSL-5: released by a thread that does not have it", SPIN_LOCK_NOT_OWNED,
               ANY_PARAMETER);
    fresh();
    RUN(NO_SCRIPT, cancel_it);
    tap_ok(!canceled, "io_reset: the lock is free after an execution that was cut off");
}

/* ---- The IRQL of two cancels --------------------------------------------------------------- */

static KIRQL after_first;

/* Gives back the lock early, then goes on with Irp->CancelIrql, as routines do that exchange it
 * for another lock. */
static VOID cancel_slowly(PDEVICE_OBJECT device, PIRP slowly)
{
    UNREFERENCED_PARAMETER(device);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoReleaseCancelSpinLock(irql);
    sched_point(SCHED_BEGIN, 0, 0);
    KeLowerIrql(slowly->CancelIrql);
}

static void cancel_at_apc_level(void)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    cancel_it();
    after_first = KeGetCurrentIrql();
    KeLowerIrql(irql);
}

static void second_cancel_leaves_irql(void)
{
    fresh();
    has_stopped = false;
    ke_set_bugcheck_handler(on_bugcheck);
    IoSetCancelRoutine(irp, cancel_slowly);
    RUN(SCRIPT({0, SCHED_BEGIN, 1}), cancel_at_apc_level, cancel_it);
    tap_ok(!has_stopped && after_first == APC_LEVEL,
           "CAN-6, CAN-8: a cancel that finds no routine leaves CancelIrql to the one that did");
}

/* ---- Two calls of one IRP ---------------------------------------------------------------------
 */

static DRIVER_OBJECT upper_driver, lower_driver;
static DEVICE_OBJECT upper = {.Type = IO_TYPE_DEVICE, .DriverObject = &upper_driver};
static DEVICE_OBJECT lower = {.Type = IO_TYPE_DEVICE, .DriverObject = &lower_driver};
static NTSTATUS upper_status, lower_status;
static KSPIN_LOCK queue_lock; /* what a queue that hands the IRP over would hold */

static void touch_queue(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&queue_lock, &irql);
    KeReleaseSpinLock(&queue_lock, irql);
}

static NTSTATUS pend_slowly(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    IoMarkIrpPending(sent);
    touch_queue();
    sched_point(SCHED_BEGIN, 0, 0);
    return STATUS_PENDING;
}

static void send_it(void)
{
    upper_status = IoCallDriver(&upper, irp);
}

static void pass_it_on(void)
{
    touch_queue();
    IoCopyCurrentIrpStackLocationToNext(irp);
    lower_status = IoCallDriver(&lower, irp);
}

static void first_call_ends_first(void)
{
    ke_reset();
    io_reset();
    irp = IoAllocateIrp(2, FALSE);
    has_stopped = false;
    ke_set_bugcheck_handler(on_bugcheck);
    upper_driver.MajorFunction[0] = lower_driver.MajorFunction[0] = pend_slowly;
    RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BEGIN, 0}), send_it, pass_it_on);
    tap_ok(!has_stopped && upper_status == STATUS_PENDING && lower_status == STATUS_PENDING,
           "PEND-4: a driver may pass on what it pended before its dispatch routine returns");
}

/* ---- Races --------------------------------------------------------------------------------- */

/* At the step-th point of the execution, and at the second-th, the other thread runs. */
struct two_switches {
    struct sched_strategy base;
    uint32_t first, second;
};

static int choose_two(struct sched_strategy *strategy, const struct sched_view *view)
{
    const struct two_switches *at = (const struct two_switches *)strategy;
    bool now = view->step == at->first || view->step == at->second;
    int other = view->current ^ 1;
    return now && view->runnable >> other & 1u ? other : view->default_next;
}

#define MOST_STEPS 26

/* All executions of two threads with at most two preemptions; the number that are right. */
static unsigned right_of_all(void (*a)(void), void (*b)(void), void (*prepare)(void),
                             bool (*is_right)(void), unsigned *all)
{
    unsigned right = 0;
    *all = 0;
    for (uint32_t first = 0; first < MOST_STEPS; first++)
        for (uint32_t second = first; second < MOST_STEPS; second++) {
            struct two_switches strategy = {{choose_two, NULL}, first, second};
            void (*bodies[])(void) = {a, b};
            run_bodies = bodies;
            prepare();
            sched_execute(&(struct sched_setup){
                .threads = 3, .body = run_body, .strategy = &strategy.base, .step_limit = 1000});
            right += is_right();
            ++*all;
        }
    return right;
}

static void arm_and_test(void)
{
    IoSetCancelRoutine(irp, cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL)
        takers++;
}

static void take(void)
{
    if (IoSetCancelRoutine(irp, NULL) != NULL)
        takers++;
}

static void fresh_and_armed(void)
{
    fresh();
    IoSetCancelRoutine(irp, cancel);
}

static bool one_owner(void)
{
    return calls + takers == 1;
}

static void races(void)
{
    unsigned all, right = right_of_all(arm_and_test, cancel_it, fresh, one_owner, &all);
    tap_is(right, all, "MQ-3, MQ-4, C01: arm and test against cancel: never lost, never twice");
    right = right_of_all(take, cancel_it, fresh_and_armed, one_owner, &all);
    tap_is(right, all, "MQ-5: take against cancel: exactly one gets the routine");
    right = right_of_all(take, take, fresh_and_armed, one_owner, &all);
    tap_is(right, all, "SCR-2, C09: of two who take it, exactly one gets it");
    right = right_of_all(cancel_it, cancel_it, fresh_and_armed, one_owner, &all);
    tap_is(right, all, "CAN-8: of two cancels, exactly one calls it");
}

int main(void)
{
    cancel_step_by_step();
    object_numbers();
    lock_keeps_cancel_out();
    lock_has_an_owner();
    second_cancel_leaves_irql();
    first_call_ends_first();
    races();
    io_discard_irps();
    return tap_end();
}
