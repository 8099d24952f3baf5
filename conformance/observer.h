/*
 * An observer is told of every event of an execution as it happens: the reference driver's
 * callbacks, the calls of the routines and their returns, and what the harness does to IRPs in
 * between. It may raise findings; it must not set schedule points or change anything.
 *
 * One observer at the most, named by the plan (harness.h). Without one an event costs a test of a
 * pointer.
 */
#ifndef CSQFUZZ_OBSERVER_H
#define CSQFUZZ_OBSERVER_H

#include "monitor.h"

#include <wdm.h>

enum observed_callback {
    OBSERVED_ACQUIRE,   /* CsqAcquireLock; argument: the place for the IRQL */
    OBSERVED_INSERT,    /* CsqInsertIrp */
    OBSERVED_INSERT_EX, /* CsqInsertIrpEx; argument: InsertContext */
    OBSERVED_REMOVE,    /* CsqRemoveIrp */
    OBSERVED_PEEK,      /* CsqPeekNextIrp; argument: PeekContext */
    OBSERVED_RELEASE,   /* CsqReleaseLock; argument: the value */
    OBSERVED_COMPLETE,  /* CsqCompleteCanceledIrp */
};

enum observed_change {
    OBSERVED_RENEWED, /* its sender has a new request in this slot: allocated, or IoReuseIrp */
    OBSERVED_MARKED,  /* the driver has called IoMarkIrpPending */
    OBSERVED_GONE,    /* its sender has it back: completed, or freed without having been sent */
};

struct observer {
    /* An execution is about to begin; the ledger has its scenario. */
    void (*begin)(void);
    /* The routine that the call describes is about to be called; it has returned a status, a
     * BOOLEAN or an IRP (of none: 0). Calls nest. */
    void (*entered)(const struct monitor_call *call);
    void (*returned)(NTSTATUS status, PIRP irp);
    /* A callback was entered, before it does anything; an insert or a peek is about to return. */
    void (*callback)(enum observed_callback which, PIO_CSQ csq, PIRP irp, PVOID argument);
    void (*answered)(NTSTATUS status, PIRP found);
    /* The harness changed the IRP in this slot. */
    void (*changed)(enum observed_change change, int slot);
};

/* The running execution's; NULL if nobody observes it. */
extern const struct observer *current_observer;

static inline void observe_callback(enum observed_callback which, PIO_CSQ csq, PIRP irp,
                                    PVOID argument)
{
    if (current_observer)
        current_observer->callback(which, csq, irp, argument);
}

static inline void observe_answer(NTSTATUS status, PIRP found)
{
    if (current_observer)
        current_observer->answered(status, found);
}

static inline void observe_change(enum observed_change change, int slot)
{
    if (current_observer)
        current_observer->changed(change, slot);
}

#endif
