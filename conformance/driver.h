/*
 * The reference driver: the six callbacks of a cancel-safe queue, written as a careful driver
 * writes them, over several kinds of lock and of storage; its device; and the sender of its IRPs.
 *
 * Unlike the rest of the harness this file is instrumented by ThreadSanitizer: the queue's list is
 * plain memory that only the queue's lock protects, so a callback that the library calls without
 * the lock is a race.
 */
#ifndef CSQFUZZ_DRIVER_H
#define CSQFUZZ_DRIVER_H

#include "operation.h"

#include <wdm.h>

#define DRIVER_HANDLES 6 /* one in-stack queued lock handle a logical thread */

/* A queue and what belongs to it, as a device extension holds them. */
struct driver_queue {
    IO_CSQ csq;
    const struct queue_shape *shape;
    uint8_t number;
    LIST_ENTRY irps; /* guarded by the lock, like all below */
    unsigned count;
    KIRQL token; /* the last value stored through CsqAcquireLock's pointer */
    KIRQL irql;  /* the spin lock holder's IRQL before */
    KSPIN_LOCK spin;
    FAST_MUTEX mutex;
    KLOCK_QUEUE_HANDLE handles[DRIVER_HANDLES];
};

/* Make a queue of the given shape, initialized, empty, in the caller's memory. The shape must
 * outlive it. Destroyed, its memory may be freed. */
void driver_create_queue(struct driver_queue *queue, const struct queue_shape *shape, int number);
void driver_destroy_queue(struct driver_queue *queue);

/* The value to pass as PeekContext for operation.match. */
PVOID driver_match(unsigned match);

/* The NTSTATUS for operation.answer. */
NTSTATUS driver_answer(unsigned answer);

/* ---- The sender ---------------------------------------------------------------------------- */

/* A new IRP for `slot`, not sent yet. */
PIRP driver_allocate_irp(int slot);

/* Make a completed and kept one as good as new. */
void driver_reuse_irp(int slot, PIRP irp);

/* Send it to the driver; its dispatch routine calls `driver_dispatch` below. */
NTSTATUS driver_send_irp(PIRP irp);

/* Complete an IRP that the driver owns. Its sender's routine runs before this returns, and may
 * have freed it. */
void driver_complete_irp(PIRP irp, NTSTATUS status);

/* What the driver keeps in a queued IRP that the library must not touch: written before each
 * insert. */
void driver_set_canaries(int slot, PIRP irp);

/* ---- What the harness plugs in (harness.c) ------------------------------------------------- */

struct driver_hooks {
    /* The dispatch routine: insert the IRP as the operation in progress says; STATUS_PENDING, or
     * the status that it was completed with. */
    NTSTATUS (*dispatch)(PIRP irp);
    /* CsqAcquireLock was entered; it has got the lock. */
    void (*acquiring)(void);
    void (*acquired)(void);
    /* What CsqInsertIrpEx answers. */
    NTSTATUS (*answer)(const struct driver_queue *queue);
    /* The insert callback accepted / CsqRemoveIrp took the IRP out, under the lock. */
    void (*linked)(PIRP irp, bool linked, int queue);
    /* CsqCompleteCanceledIrp was entered, before anything is done. */
    void (*canceled)(PIRP irp);
    /* An IRP is back with its sender, who disposes of it. */
    void (*completed)(int slot, PIRP irp);
    /* Perform the operations nested at this place. */
    void (*nested)(enum operation_place place);
};

extern struct driver_hooks driver_hooks;

#endif
