/*
 * The kernel layer, as the layers above it and the harness see it: what <wdm.h> does not declare.
 *
 * State is per logical thread and per execution: ke_reset() before each execution, and nothing of
 * one reaches the next. Code outside of an execution counts as a thread of its own.
 */
#ifndef CSQFUZZ_KE_H
#define CSQFUZZ_KE_H

#include "../sched/sched.h"

#include <stdio.h>
#include <wdm.h>

/* Start of an execution: every thread at PASSIVE_LEVEL, holding nothing. */
void ke_reset(void);

/* ---- Asking about a logical thread (0..SCHED_OUTSIDE) -------------------------------------- */

/* How many spin locks it holds: in-stack queued ones and the cancel spin lock count, too. */
unsigned ke_spin_locks_held(int thread);

/* Does it hold this lock: a KSPIN_LOCK or a FAST_MUTEX? */
bool ke_holds(int thread, const void *lock);

/* ---- Bug checks ---------------------------------------------------------------------------- */

#define INCONSISTENT_IRP 0x0000002A /* BUG-10: p1 IRP; in ntddk's list, not among <wdm.h>'s */

struct ke_bugcheck {
    ULONG code;
    ULONG_PTR parameter[4]; /* may be addresses: never let them into a hash or a decision */
};

/* Reports the bug check and leaves by longjmp, sched_stop or exit. If it returns, we abort. */
typedef void ke_bugcheck_handler(const struct ke_bugcheck *bugcheck);

/* NULL: the default one, which prints one line on stderr and aborts. */
void ke_set_bugcheck_handler(ke_bugcheck_handler *handler);

/* "MULTIPLE_IRP_COMPLETE_REQUESTS" for 0x44; "UNKNOWN" for a code this project does not raise. */
const char *ke_bugcheck_name(ULONG code);

/* ---- Output of DbgPrint -------------------------------------------------------------------- */

/* Where DbgPrint writes; NULL, as it is at first: nowhere. */
void ke_set_debug_output(FILE *stream);

/* ---- For src/io: a spin lock with schedule points of its own -------------------------------- */

/*
 * A way of taking and giving back a lock. It is known by its address: whoever takes a lock in one
 * style must give it back in the same (SPN-6).
 */
struct ke_lock_style {
    struct sched_lock_kinds points;
    void (*give_back)(uintptr_t *word, const struct sched_lock_kinds *kinds);
    bool spins; /* a spin lock, as opposed to a mutex */
};

/* KeAcquireSpinLock and KeReleaseSpinLock in that style, with their checks. */
KIRQL ke_acquire_spin_lock(PKSPIN_LOCK lock, const struct ke_lock_style *style);
void ke_release_spin_lock(PKSPIN_LOCK lock, const struct ke_lock_style *style, KIRQL irql);

#endif
