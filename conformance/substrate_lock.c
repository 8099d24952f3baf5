/* The model of IRQL and of locks: what was raised from where, and who holds what how. */
#include "substrate_internal.h"

#include "sched/sched.h"

#define LOCKS   3
#define RAISES  24
#define NO_LOCK 0xff

enum how { FREE, RAISING, AT_DPC, QUEUED, MUTEX, CANCEL };

static struct {
    KSPIN_LOCK word;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL saved;   /* where the routine stored the level before */
    enum how how;  /* it is held */
    KIRQL held_at; /* AT_DPC: the level of the acquisition */
} locks[LOCKS];

static struct {
    FAST_MUTEX mutex;
    bool held;
} mutexes[2];

static KIRQL cancel_saved;

/* Raises not undone yet, oldest first. */
static struct {
    KIRQL from;
    enum how how; /* FREE: by hand */
    uint8_t lock;
} raises[RAISES];

static unsigned depth, spin_locks;
static KIRQL level;

KIRQL substrate_irql(void)
{
    return level;
}

unsigned substrate_spin_locks(void)
{
    return spin_locks;
}

void substrate_begin_locks(void)
{
    depth = spin_locks = 0;
    level = PASSIVE_LEVEL;
    for (unsigned i = 0; i < LOCKS; i++) {
        sched_lock_retire((uintptr_t *)&locks[i].word);
        KeInitializeSpinLock(&locks[i].word);
        locks[i].how = FREE;
    }
    for (unsigned i = 0; i < RTL_NUMBER_OF(mutexes); i++) {
        sched_lock_retire((uintptr_t *)&mutexes[i].mutex.Lock);
        ExInitializeFastMutex(&mutexes[i].mutex);
        mutexes[i].held = false;
    }
}

void substrate_check_levels(void)
{
    DEMAND_VALUE(IRQ_1, "the IRQL", KeGetCurrentIrql(), level);
    DEMAND_VALUE(SPN_5, "spin locks held", ke_spin_locks_held(sched_self()), spin_locks);
}

/* ---- The levels ------------------------------------------------------------------------------ */

static void push(KIRQL to, enum how how, uint8_t lock)
{
    raises[depth].from = level;
    raises[depth].how = how;
    raises[depth++].lock = lock;
    level = to;
}

/* A lock that was taken at a level is given back there. */
static bool holds_above(KIRQL to)
{
    for (unsigned i = 0; i < LOCKS; i++)
        if (locks[i].how == AT_DPC && locks[i].held_at > to)
            return true;
    return false;
}

/* Is this the raise to undo next, and does nothing stand in the way? */
static bool may_pop(enum how how, uint8_t lock)
{
    if (depth == 0 || raises[depth - 1].how != how || raises[depth - 1].lock != lock ||
        holds_above(raises[depth - 1].from))
        return false;
    unsigned released = how != FREE && how != MUTEX;
    return raises[depth - 1].from >= DISPATCH_LEVEL || spin_locks == released;
}

static KIRQL pop(void)
{
    level = raises[--depth].from;
    return level;
}

bool substrate_raise(const uint8_t *operand)
{
    KIRQL to = operand[0] % (HIGH_LEVEL + 1), old = 0xff;
    if (depth == RAISES || to < level)
        return false;
    KeRaiseIrql(to, &old);
    DEMAND_VALUE(IRQ_2, "the IRQL before", old, level);
    push(to, FREE, NO_LOCK);
    return true;
}

bool substrate_lower(const uint8_t *operand)
{
    (void)operand;
    if (!may_pop(FREE, NO_LOCK))
        return false;
    KeLowerIrql(pop());
    DEMAND_VALUE(IRQ_3, "the IRQL", KeGetCurrentIrql(), level);
    return true;
}

bool substrate_raise_to_dpc(const uint8_t *operand)
{
    (void)operand;
    if (depth == RAISES || level > DISPATCH_LEVEL)
        return false;
    DEMAND_VALUE(IRQ_4, "the IRQL before", KeRaiseIrqlToDpcLevel(), level);
    push(DISPATCH_LEVEL, FREE, NO_LOCK);
    return true;
}

static bool holds_cancel_lock(void)
{
    for (unsigned i = 0; i < depth; i++)
        if (raises[i].how == CANCEL)
            return true;
    return false;
}

/* Who nests locks takes them in one order (SPN-8): mutexes, spin locks, the cancel spin lock. */
enum { MUTEX_RANK = 0, SPIN_RANK = RTL_NUMBER_OF(mutexes), CANCEL_RANK = SPIN_RANK + LOCKS };

static bool in_order(unsigned rank)
{
    for (unsigned i = 0; i < RTL_NUMBER_OF(mutexes); i++)
        if (mutexes[i].held && MUTEX_RANK + i >= rank)
            return false;
    for (unsigned i = 0; i < LOCKS; i++)
        if (locks[i].how != FREE && SPIN_RANK + i >= rank)
            return false;
    return !holds_cancel_lock();
}

/* ---- Spin locks ------------------------------------------------------------------------------ */

static bool may_raise_for_lock(void)
{
    return depth < RAISES && level <= DISPATCH_LEVEL;
}

bool substrate_acquire(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (!may_raise_for_lock() || !in_order(SPIN_RANK + lock))
        return false;
    KeAcquireSpinLock(&locks[lock].word, &locks[lock].saved);
    DEMAND_VALUE(SPN_2, "the IRQL before", locks[lock].saved, level);
    DEMAND_VALUE(SPN_2, "the IRQL", KeGetCurrentIrql(), DISPATCH_LEVEL);
    locks[lock].how = RAISING;
    push(DISPATCH_LEVEL, RAISING, lock);
    spin_locks++;
    return true;
}

bool substrate_release(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (!may_pop(RAISING, lock))
        return false;
    KeReleaseSpinLock(&locks[lock].word, pop());
    DEMAND_VALUE(SPN_4, "the IRQL", KeGetCurrentIrql(), level);
    locks[lock].how = FREE;
    spin_locks--;
    return true;
}

static void take_at_dpc(uint8_t lock)
{
    DEMAND_VALUE(SPN_6, "the IRQL", KeGetCurrentIrql(), level);
    locks[lock].how = AT_DPC;
    locks[lock].held_at = level;
    spin_locks++;
}

bool substrate_acquire_at_dpc(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (level < DISPATCH_LEVEL || !in_order(SPIN_RANK + lock))
        return false;
    KeAcquireSpinLockAtDpcLevel(&locks[lock].word);
    take_at_dpc(lock);
    return true;
}

bool substrate_release_from_dpc(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (locks[lock].how != AT_DPC || locks[lock].held_at != level)
        return false;
    KeReleaseSpinLockFromDpcLevel(&locks[lock].word);
    DEMAND_VALUE(SPN_6, "the IRQL", KeGetCurrentIrql(), level);
    locks[lock].how = FREE;
    spin_locks--;
    return true;
}

bool substrate_try_at_dpc(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (level < DISPATCH_LEVEL || (locks[lock].how == FREE && !in_order(SPIN_RANK + lock)))
        return false;
    BOOLEAN taken = KeTryToAcquireSpinLockAtDpcLevel(&locks[lock].word);
    DEMAND_VALUE(SPN_7, "was it taken", taken, locks[lock].how == FREE);
    if (taken)
        take_at_dpc(lock);
    return true;
}

bool substrate_test(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    DEMAND_VALUE(SPN_7, "is it free", KeTestSpinLock(&locks[lock].word), locks[lock].how == FREE);
    return true;
}

bool substrate_acquire_queued(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (!may_raise_for_lock() || !in_order(SPIN_RANK + lock))
        return false;
    KeAcquireInStackQueuedSpinLock(&locks[lock].word, &locks[lock].handle);
    DEMAND_VALUE(SPN_2, "the IRQL", KeGetCurrentIrql(), DISPATCH_LEVEL);
    locks[lock].how = QUEUED;
    push(DISPATCH_LEVEL, QUEUED, lock);
    spin_locks++;
    return true;
}

bool substrate_release_queued(const uint8_t *operand)
{
    uint8_t lock = operand[0] % LOCKS;
    if (!may_pop(QUEUED, lock))
        return false;
    KeReleaseInStackQueuedSpinLock(&locks[lock].handle);
    DEMAND_VALUE(SPN_4, "the IRQL", KeGetCurrentIrql(), pop());
    locks[lock].how = FREE;
    spin_locks--;
    return true;
}

/* ---- The cancel spin lock, fast mutexes ------------------------------------------------------ */

bool substrate_acquire_cancel(const uint8_t *operand)
{
    (void)operand;
    if (!may_raise_for_lock() || !in_order(CANCEL_RANK))
        return false;
    IoAcquireCancelSpinLock(&cancel_saved);
    DEMAND_VALUE(CSL_2, "the IRQL before", cancel_saved, level);
    DEMAND_VALUE(CSL_2, "the IRQL", KeGetCurrentIrql(), DISPATCH_LEVEL);
    push(DISPATCH_LEVEL, CANCEL, NO_LOCK);
    spin_locks++;
    return true;
}

bool substrate_release_cancel(const uint8_t *operand)
{
    (void)operand;
    if (!may_pop(CANCEL, NO_LOCK))
        return false;
    IoReleaseCancelSpinLock(pop());
    DEMAND_VALUE(CSL_3, "the IRQL", KeGetCurrentIrql(), level);
    spin_locks--;
    return true;
}

bool substrate_acquire_mutex(const uint8_t *operand)
{
    uint8_t mutex = operand[0] % RTL_NUMBER_OF(mutexes);
    if (depth == RAISES || level > APC_LEVEL || !in_order(MUTEX_RANK + mutex))
        return false;
    ExAcquireFastMutex(&mutexes[mutex].mutex);
    DEMAND_VALUE(IRQ_1, "the IRQL of a fast mutex's owner", KeGetCurrentIrql(), APC_LEVEL);
    DEMAND(SUBSTRATE, ke_holds(sched_self(), &mutexes[mutex].mutex), "the mutex is not held");
    push(APC_LEVEL, MUTEX, mutex);
    mutexes[mutex].held = true;
    return true;
}

bool substrate_release_mutex(const uint8_t *operand)
{
    uint8_t mutex = operand[0] % RTL_NUMBER_OF(mutexes);
    if (!may_pop(MUTEX, mutex))
        return false;
    ExReleaseFastMutex(&mutexes[mutex].mutex);
    DEMAND_VALUE(IRQ_1, "the IRQL after a fast mutex", KeGetCurrentIrql(), pop());
    mutexes[mutex].held = false;
    return true;
}

/* ---- The end --------------------------------------------------------------------------------- */

static void release_at_this_level(void)
{
    for (uint8_t i = 0; i < LOCKS; i++)
        substrate_release_from_dpc(&i);
}

static void undo_newest(void)
{
    static substrate_operation *const undo[] = {
        [FREE] = substrate_lower,
        [RAISING] = substrate_release,
        [QUEUED] = substrate_release_queued,
        [MUTEX] = substrate_release_mutex,
        [CANCEL] = substrate_release_cancel,
    };
    uint8_t lock = raises[depth - 1].lock;
    undo[raises[depth - 1].how](&lock);
}

void substrate_end_locks(void)
{
    release_at_this_level();
    while (depth > 0) {
        undo_newest();
        release_at_this_level();
    }
    substrate_check_levels();
}
