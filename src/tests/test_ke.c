/* IRQL and spin locks (IRQ, SPN), outside of executions and in them. */
#include "stops.h"
#include "threads.h"

static KSPIN_LOCK lock, second;
static KLOCK_QUEUE_HANDLE handle;
static KIRQL old, older;

/* Nothing held, PASSIVE_LEVEL, new locks: also after a bug check in the middle. */
static void fresh(void)
{
    ke_reset();
    sched_lock_retire(&lock);
    sched_lock_retire(&second);
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&second);
    old = older = 0xEE;
}

/* ---- IRQL ---------------------------------------------------------------------------------- */

static void raising_and_lowering(void)
{
    fresh();
    tap_is(KeGetCurrentIrql(), PASSIVE_LEVEL, "IRQ-1: starts at PASSIVE_LEVEL");
    KeRaiseIrql(APC_LEVEL, &older);
    tap_is(older, PASSIVE_LEVEL, "IRQ-2: KeRaiseIrql stores the level left");
    KeRaiseIrql(APC_LEVEL, &old);
    tap_is(old, APC_LEVEL, "IRQ-2: raising to the same level is allowed");
    KeLowerIrql(old);
    old = KeRaiseIrqlToDpcLevel();
    tap_is(old, APC_LEVEL, "IRQ-4: KeRaiseIrqlToDpcLevel returns the level left");
    tap_is(KeGetCurrentIrql(), DISPATCH_LEVEL, "IRQ-4: and goes to DISPATCH_LEVEL");
    KeLowerIrql(old);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "IRQ-3: KeLowerIrql undoes the last raise");
    KeLowerIrql(older);
    tap_is(KeGetCurrentIrql(), PASSIVE_LEVEL, "IRQ-3: and the one before");
}

static void irql_misuse(void)
{
    fresh();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    STOPS("IRQ-2, DV-14: raising downward", VIOLATION, 0x30, KeRaiseIrql(APC_LEVEL, &older));
    tap_ok(stopped.parameter[1] == DISPATCH_LEVEL, "DV-14: parameter 2 is the IRQL");
    STOPS("IRQ-2: raising beyond HIGH_LEVEL", VIOLATION, 0x30, KeRaiseIrql(HIGH_LEVEL + 1, &older));
    STOPS("IRQ-3, DV-14: lowering upward", VIOLATION, 0x31, KeLowerIrql(HIGH_LEVEL));
    STOPS("IRQ-3: lowering to another level than the one left", VIOLATION, 0x31,
          KeLowerIrql(APC_LEVEL));
    fresh();
    STOPS("IRQ-3: lowering without a raise", VIOLATION, 0x31, KeLowerIrql(PASSIVE_LEVEL));
    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    STOPS("IRQ-3: lowering past the immediately preceding raise", VIOLATION, 0x31,
          KeLowerIrql(older));
    fresh();
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("IRQ-4: KeRaiseIrqlToDpcLevel above DISPATCH_LEVEL", IRQL_NOT_LESS_OR_EQUAL, 0,
          old = KeRaiseIrqlToDpcLevel());
}

/* ---- Ordinary spin locks ------------------------------------------------------------------- */

static void taking_and_releasing(void)
{
    fresh();
    KeRaiseIrql(APC_LEVEL, &older);
    KeAcquireSpinLock(&lock, &old);
    tap_is(old, APC_LEVEL, "SPN-2: KeAcquireSpinLock stores the level left");
    tap_is(KeGetCurrentIrql(), DISPATCH_LEVEL, "SPN-2: and raises to DISPATCH_LEVEL");
    tap_is(ke_spin_locks_held(SCHED_OUTSIDE), 1, "COMP-4: one spin lock counted");
    tap_ok(!KeTestSpinLock(&lock), "SPN-7: KeTestSpinLock is FALSE while it is held");
    KeReleaseSpinLock(&lock, old);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "SPN-4: KeReleaseSpinLock restores the level");
    tap_is(ke_spin_locks_held(SCHED_OUTSIDE), 0, "COMP-4: none counted any more");
    tap_ok(KeTestSpinLock(&lock), "SPN-7: KeTestSpinLock is TRUE when it is free");
    KeLowerIrql(older);
    old = KeAcquireSpinLockRaiseToDpc(&lock);
    tap_is(old, PASSIVE_LEVEL, "SPN-2: KeAcquireSpinLockRaiseToDpc returns the level left");
    KeReleaseSpinLock(&lock, old);
}

static void at_dpc_level(void)
{
    fresh();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    tap_ok(KeGetCurrentIrql() == DISPATCH_LEVEL && ke_holds(SCHED_OUTSIDE, &lock),
           "SPN-6: AtDpcLevel takes the lock and leaves the IRQL alone");
    tap_ok(!KeTryToAcquireSpinLockAtDpcLevel(&lock), "SPN-7: a try is FALSE while it is held");
    KeReleaseSpinLockFromDpcLevel(&lock);
    tap_ok(!ke_holds(SCHED_OUTSIDE, &lock), "SPN-6: FromDpcLevel gives it back");
    tap_ok(KeTryToAcquireSpinLockAtDpcLevel(&lock) && ke_holds(SCHED_OUTSIDE, &lock),
           "SPN-7: a try takes a free lock");
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeRaiseIrql(HIGH_LEVEL, &older);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    tap_is(KeGetCurrentIrql(), HIGH_LEVEL, "SPN-6: also above DISPATCH_LEVEL");
}

static void nesting(void)
{
    fresh();
    KeAcquireSpinLock(&lock, &older);
    KeAcquireSpinLock(&second, &old);
    tap_ok(older == PASSIVE_LEVEL && old == DISPATCH_LEVEL, "SPN-9: two different locks may nest");
    tap_is(ke_spin_locks_held(SCHED_OUTSIDE), 2, "COMP-4: both are counted");
    KeReleaseSpinLock(&lock, old);
    tap_is(KeGetCurrentIrql(), DISPATCH_LEVEL, "SPN-4: the outer lock first, IRQLs exchanged");
    KeReleaseSpinLock(&second, older);
    tap_is(KeGetCurrentIrql(), PASSIVE_LEVEL, "SPN-4: then the inner one with the outer's IRQL");
}

static void ownership_misuse(void)
{
    fresh();
    KeAcquireSpinLock(&lock, &old);
    STOPS("SPN-5, BUG-4: recursive KeAcquireSpinLock", SPIN_LOCK_ALREADY_OWNED, &lock,
          KeAcquireSpinLock(&lock, &older));
    tap_is(older, 0xEE, "SPN-2: nothing is stored for a lock that was not taken");
    STOPS("SPN-5: recursive AtDpcLevel", SPIN_LOCK_ALREADY_OWNED, &lock,
          KeAcquireSpinLockAtDpcLevel(&lock));
    STOPS("SPN-5: recursive in-stack queued", SPIN_LOCK_ALREADY_OWNED, &lock,
          KeAcquireInStackQueuedSpinLock(&lock, &handle));
    STOPS("BUG-5: KeReleaseSpinLock of a lock nobody holds", SPIN_LOCK_NOT_OWNED, &second,
          KeReleaseSpinLock(&second, old));
    STOPS("BUG-5: FromDpcLevel of a lock nobody holds", SPIN_LOCK_NOT_OWNED, &second,
          KeReleaseSpinLockFromDpcLevel(&second));
    KeReleaseSpinLock(&lock, old);
    STOPS("BUG-5: releasing twice", SPIN_LOCK_NOT_OWNED, &lock, KeReleaseSpinLock(&lock, old));
}

static void level_misuse(void)
{
    fresh();
    STOPS("SPN-6, DV-14: AtDpcLevel below DISPATCH_LEVEL", VIOLATION, 0x40,
          KeAcquireSpinLockAtDpcLevel(&lock));
    tap_ok(stopped.parameter[2] == (ULONG_PTR)&lock, "DV-14: parameter 3 is the lock");
    STOPS("SPN-7: a try below DISPATCH_LEVEL", IRQL_NOT_DISPATCH_LEVEL, &lock,
          (void)KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("SPN-2, DV-14: KeAcquireSpinLock above DISPATCH_LEVEL", VIOLATION, 0x42,
          KeAcquireSpinLock(&lock, &old));
    STOPS("SPN-2: in-stack queued above DISPATCH_LEVEL", VIOLATION, 0x42,
          KeAcquireInStackQueuedSpinLock(&lock, &handle));
    fresh();
    KeAcquireSpinLock(&lock, &old);
    STOPS("SPN-4, DV-14: released to another level", VIOLATION, 0x32,
          KeReleaseSpinLock(&lock, APC_LEVEL));
    KeRaiseIrql(HIGH_LEVEL, &older);
    STOPS("SPN-4, DV-14: released above DISPATCH_LEVEL", VIOLATION, 0x32,
          KeReleaseSpinLock(&lock, older));
    fresh();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&second);
    KeRaiseIrql(HIGH_LEVEL, &older);
    STOPS("SPN-6: FromDpcLevel at another level than the acquisition", VIOLATION, 0x41,
          KeReleaseSpinLockFromDpcLevel(&second));
}

static void lowering_below_a_held_lock(void)
{
    fresh();
    KeAcquireSpinLock(&lock, &old);
    STOPS("BUG-4: KeLowerIrql below a held lock", SPIN_LOCK_ALREADY_OWNED, &lock, KeLowerIrql(old));
    KeAcquireSpinLockAtDpcLevel(&second);
    STOPS("BUG-4: KeReleaseSpinLock below another held lock", SPIN_LOCK_ALREADY_OWNED, &second,
          KeReleaseSpinLock(&lock, old));
}

static void mixing(void)
{
    fresh();
    KeAcquireSpinLock(&lock, &old);
    STOPS("SPN-6, DV-14: KeAcquireSpinLock, FromDpcLevel", VIOLATION, 0x41,
          KeReleaseSpinLockFromDpcLevel(&lock));
    KeAcquireSpinLockAtDpcLevel(&second);
    STOPS("SPN-6, DV-14: AtDpcLevel, KeReleaseSpinLock", VIOLATION, 0x32,
          KeReleaseSpinLock(&second, DISPATCH_LEVEL));
    fresh();
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    STOPS("SPN-6: in-stack queued, KeReleaseSpinLock", VIOLATION, 0x32,
          KeReleaseSpinLock(&lock, handle.OldIrql));
}

static void in_stack_queued(void)
{
    fresh();
    KeRaiseIrql(APC_LEVEL, &old);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    tap_ok(handle.OldIrql == APC_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL,
           "SPN-2: in-stack queued: level left in the handle, DISPATCH_LEVEL now");
    KeReleaseInStackQueuedSpinLock(&handle);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "SPN-4: in-stack queued: the level is restored");
    STOPS("BUG-5: in-stack queued, released twice", SPIN_LOCK_NOT_OWNED, &lock,
          KeReleaseInStackQueuedSpinLock(&handle));
}

/* ---- With threads -------------------------------------------------------------------------- */

static char history[9];
static unsigned events;

static void note(char what)
{
    history[events++ % (sizeof history - 1)] = what;
}

static void spin(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    note((char)('0' + sched_self()));
    KeReleaseSpinLock(&lock, irql);
}

static void queue(void)
{
    KLOCK_QUEUE_HANDLE mine;
    KeAcquireInStackQueuedSpinLock(&lock, &mine);
    note((char)('0' + sched_self()));
    KeReleaseInStackQueuedSpinLock(&mine);
}

static bool history_is(const char *expected)
{
    history[events] = 0;
    for (unsigned i = 0; i <= events; i++)
        if (history[i] != expected[i])
            return false;
    return true;
}

static void begin(void)
{
    fresh();
    events = 0;
    has_stopped = false;
}

static KIRQL irql_of_0, irql_of_1, stored_early;

static void watch_owner(const struct sched_view *view)
{
    if (view->current == 0 && view->event->kind == SCHED_LOCK_WANT)
        stored_early = old;
}

static void take_and_note_levels(void)
{
    KeAcquireSpinLock(&lock, &old);
    irql_of_0 = KeGetCurrentIrql();
    KeReleaseSpinLock(&lock, old);
}

static void note_level(void)
{
    irql_of_1 = KeGetCurrentIrql();
}

static void levels_in_threads(void)
{
    begin();
    struct script script = SCRIPT({0, SCHED_LOCK_GOT, 1});
    script.watch = watch_owner;
    tap_is(RUN(script, take_and_note_levels, note_level), SCHED_DONE,
           "IRQ-1: two threads, one with a lock");
    tap_ok(irql_of_0 == DISPATCH_LEVEL && irql_of_1 == PASSIVE_LEVEL,
           "IRQ-1: each thread has its own IRQL");
    tap_is(stored_early, 0xEE, "SPN-2: *OldIrql is not written before the lock is owned");
}

static bool other_tested, other_tried;

static void test_and_try(void)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    other_tested = KeTestSpinLock(&lock);
    other_tried = KeTryToAcquireSpinLockAtDpcLevel(&lock);
    KeLowerIrql(irql);
}

static void release_unowned(void)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLock(&lock, irql);
}

static void locks_in_threads(void)
{
    begin();
    tap_is(RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}), spin, spin), SCHED_DONE, "SPN-5: two take turns");
    tap_ok(history_is("01"), "SPN-5: the second waits until the first has released");
    begin();
    other_tested = other_tried = true;
    RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}), spin, test_and_try);
    tap_ok(!other_tested, "SPN-7: KeTestSpinLock sees another thread's lock");
    tap_ok(!other_tried, "SPN-7: a try fails at once on another thread's lock");
    begin();
    ke_set_bugcheck_handler(on_bugcheck);
    tap_is(RUN(SCRIPT({0, SCHED_LOCK_GOT, 1}), spin, release_unowned), SCHED_STOPPED,
           "BUG-5: releasing another thread's lock stops");
    check_stop("BUG-5: by SPIN_LOCK_NOT_OWNED", SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock);
    begin();
    tap_is(RUN(NO_SCRIPT, spin, spin), SCHED_DONE, "ke_reset: nothing is left of an execution");
}

/* Thread 0 has the lock while 2 asks before 1, which would be the scheduler's choice. */
#define TWO_BEFORE_ONE SCRIPT({0, SCHED_LOCK_GOT, 2}, {2, SCHED_BLOCK, 1}, {0, SCHED_LOCK_FREE, 1})

static void order_of_arrival(void)
{
    begin();
    RUN(TWO_BEFORE_ONE, queue, queue, queue);
    tap_ok(history_is("021"), "in-stack queued spin locks are granted in order of arrival");
    begin();
    RUN(TWO_BEFORE_ONE, spin, spin, spin);
    tap_ok(history_is("012"), "ordinary ones to whoever comes first then");
}

int main(void)
{
    raising_and_lowering();
    irql_misuse();
    taking_and_releasing();
    at_dpc_level();
    nesting();
    ownership_misuse();
    level_misuse();
    lowering_below_a_held_lock();
    mixing();
    in_stack_queued();
    levels_in_threads();
    locks_in_threads();
    order_of_arrival();
    return tap_end();
}
