/*
 * The monitor: judges what an implementation does, clause by clause, while it does it.
 *
 * The reference driver tells it of every callback, the harness of every operation's begin, return
 * and end. For each call in progress the monitor keeps facts (lock taken, callback seen, value
 * stored) and checks each event against them, before it updates them; so a muted deviation leaves
 * the facts following the implementation. Written from the clauses alone. Not instrumented.
 *
 *   monitor.c         the calls in progress, operation begin and end
 *   monitor_lock.c    CsqAcquireLock, CsqReleaseLock
 *   monitor_queue.c   CsqInsertIrp(Ex), CsqRemoveIrp, CsqPeekNextIrp, CsqCompleteCanceledIrp
 *   monitor_return.c  what the routine returned, and the state it left
 */
#ifndef CSQFUZZ_MONITOR_H
#define CSQFUZZ_MONITOR_H

#include "ledger.h"
#include "operation.h"

#include "sched/sched.h"

#include <wdm.h>

#define MONITOR_DEPTH 16 /* calls of one thread in progress: more than the harness nests */

/* Facts about one call in progress. */
struct monitor_call {
    struct monitor_call *outer; /* the one around it on the same thread, or NULL */
    const struct operation *operation;
    unsigned index;  /* the operation's place in the program */
    int slot;        /* the IRP's, LEDGER_NONE if it has none */
    int queue;       /* the queue it was called with, LEDGER_NONE for IoCancelIrp */
    int context;     /* the context's slot, or LEDGER_NONE */
    PVOID argument;  /* InsertContext or PeekContext */
    uint8_t kind;    /* the routine in progress: a drain counts as a remove-next */
    bool in_routine; /* between the routine's entry and its return */
    bool holds_irp;  /* a cancel's own reference, until the IRP may be freed under it */
    bool in_queue;   /* an entry in ledger_enter_queue(), until the queue may be freed under it */

    /* on entry */
    KIRQL irql;
    bool canceled; /* Irp->Cancel */
    bool pending;  /* SL_PENDING_RETURNED */

    /* so far */
    uint8_t acquires, releases, inserts, removes, peeks, completes;
    bool lock_held;
    KIRQL *irql_place; /* what CsqAcquireLock was given */
    KIRQL token;       /* what it stored there */
    bool inserted;     /* the insert callback accepted the IRP */
    NTSTATUS status;   /* and said so by this */
    int identified;    /* remove: the IRP its context stands for, once the lock is held */
    bool claimed;      /* ... whose cancellation was in progress already */
    PIRP peeked;       /* the last CsqPeekNextIrp's result */
    PIRP removed;      /* CsqRemoveIrp's argument */
    uint32_t result;   /* for the trace: a status, a BOOLEAN, or an IRP's slot + 1 */
};

/* Switch all judging on or off (benchmarks; host threads, whose events have no order). */
void monitor_enable(bool enable);

/* Forget all calls in progress: start of an execution. */
void monitor_reset(void);

/* The innermost call of a thread, or NULL. Asked for several times at every callback. */
extern struct monitor_call *monitor_innermost[SCHED_THREADS];

static inline struct monitor_call *monitor_call(int thread)
{
    return monitor_innermost[thread];
}

/* The operation a thread performs (NULL: none) and its index (SCHED_NO_OPERATION). */
const struct operation *monitor_running(int thread);
unsigned monitor_running_index(int thread);

/* An operation begins and ends; calls nest. The call is the harness's to fill in further. */
struct monitor_call *monitor_begin(const struct operation *operation, unsigned index);
void monitor_end(void);

/* The harness is about to call the routine with what the call says; it has returned. */
void monitor_enter(struct monitor_call *call);
void monitor_return_insert(struct monitor_call *call, bool has_status, NTSTATUS status);
void monitor_return_remove(struct monitor_call *call, PIRP irp);
void monitor_return_remove_next(struct monitor_call *call, PIRP irp);
void monitor_return_cancel(struct monitor_call *call, BOOLEAN result);

/* Callbacks, on entry (and what they answered, where that matters). */
void monitor_acquire(PIO_CSQ csq, PKIRQL irql);
void monitor_acquired(KIRQL token);
void monitor_release(PIO_CSQ csq, KIRQL irql);
void monitor_insert(PIO_CSQ csq, PIRP irp, bool ex, PVOID insert_context);
void monitor_inserted(NTSTATUS status);
void monitor_remove(PIO_CSQ csq, PIRP irp);
void monitor_peek(PIO_CSQ csq, PIRP irp, PVOID peek_context);
void monitor_peeked(PIRP irp);
void monitor_complete(PIO_CSQ csq, PIRP irp);

/* The sender has an IRP back: status, Information and PendingReturned as its routine sees them. */
void monitor_completion(int slot, PIRP irp, NTSTATUS expected);

/* Initialization: no callback may run in between. */
void monitor_enter_initialize(void);
void monitor_return_initialize(NTSTATUS status);

/* The values that the harness puts where the library must not write (clauses CSQ-DC-2, INS-23). */
#define MONITOR_CANARY(slot, i) ((PVOID)(ULONG_PTR)(0xd15ea5e0u + (unsigned)(slot) * 4u + (i)))
#define MONITOR_STATUS          ((NTSTATUS)0x5aa5f00d)
#define MONITOR_INFORMATION     ((ULONG_PTR)0x600df00d)

#endif
