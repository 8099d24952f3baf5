/*
 * The sequential specification: what the six routines and IoCancelIrp do when one call runs at a
 * time, as a machine over plain data. Written from the clauses alone: it calls neither the library
 * nor the monitor, and knows IRPs, contexts and queues by their slots only.
 *
 * Every function is pure but for the state and the call that it is given, and both may be copied
 * freely, so that a search over interleavings can try a step and take it back. A call is a machine
 * of its own: what it does next follows from where it is, and each step changes the state. Calls
 * nest, and others may be let in between any two steps. In particular a cancel takes effect twice:
 * sequential_call_begin() flags and claims the IRP, its CsqRemoveIrp unlinks it. In between,
 * removals pass the IRP by while it still fills its place.
 *
 *   sequential.c        the state and the steps that change it
 *   sequential_call.c   calls: which step comes next
 *   sequential_text.c   events in letters, for messages
 *
 * sequential_check.h holds an execution against it, event by event.
 */
#ifndef CSQFUZZ_SEQUENTIAL_H
#define CSQFUZZ_SEQUENTIAL_H

#include "operation.h"

#include <stddef.h>
#include <wdm.h>

#define SEQUENTIAL_NONE    (-1) /* no IRP, no context */
#define SEQUENTIAL_UNKNOWN (-2) /* something that is no IRP of ours */

/* ---- The state ----------------------------------------------------------------------------- */

enum sequential_place {
    SEQUENTIAL_ABSENT, /* no request in this slot: never made, or back with its sender */
    SEQUENTIAL_SENDER, /* made, not sent yet */
    SEQUENTIAL_DRIVER, /* sent; the driver has it, out of any queue */
    SEQUENTIAL_QUEUED, /* linked in the storage of `queue` */
};

struct sequential_irp {
    uint8_t place; /* enum sequential_place */
    uint8_t queue; /* the one it was linked in last */
    bool canceled; /* Irp->Cancel */
    bool armed;    /* the library's Cancel routine is set */
    bool claimed;  /* a canceller has taken that routine out and not unlinked the IRP yet */
    bool pending;  /* SL_PENDING_RETURNED */
    bool deciding; /* being inserted: the mark may be there already or not yet (AMB-3) */
};

struct sequential_context {
    int8_t irp;     /* the IRP that it identifies, or SEQUENTIAL_NONE */
    bool by_cancel; /* its last association was broken by a cancellation */
};

struct sequential_queue {
    bool ex;
    uint8_t store; /* enum queue_store */
    uint8_t count;
    uint8_t irps[SCENARIO_IRPS]; /* slots, in the order in which peeks find them */
};

/* What is done with an IRP that is canceled already when it is inserted (AMB-1). */
enum sequential_reading {
    SEQUENTIAL_TEXT,    /* it is not offered to the queue: A L C */
    SEQUENTIAL_DIAGRAM, /* it is inserted and removed again: A I Rm L C */
    SEQUENTIAL_EITHER,  /* nobody knows: each call shows by what it does */
};

struct sequential_state {
    uint8_t reading; /* enum sequential_reading */
    struct sequential_irp irps[SCENARIO_IRPS];
    struct sequential_context contexts[SCENARIO_CONTEXTS];
    struct sequential_queue queues[SCENARIO_QUEUES];
};

/* Nothing has happened yet: no IRPs, empty queues of the scenario's kinds. */
void sequential_begin(struct sequential_state *state, const struct scenario *scenario,
                      enum sequential_reading reading);

/* What senders and drivers do by themselves: a request is made (or made anew), is sent, is marked
 * pending by its driver, is back with its sender. */
void sequential_renew(struct sequential_state *state, int irp);
void sequential_mark(struct sequential_state *state, int irp);
void sequential_leave(struct sequential_state *state, int irp);

/* ---- Steps: each happens at one instant ---------------------------------------------------- */

/* The insert callback links an IRP where the queue's kind of storage puts it. */
void sequential_link(struct sequential_state *state, int queue, int irp);

/* The library makes a linked IRP its own: pending mark, association (`context` may be none), Cancel
 * routine. */
void sequential_arm(struct sequential_state *state, int irp, int context);

/* Take the Cancel routine out: whoever gets one owns the IRP. */
bool sequential_claim(struct sequential_state *state, int irp);

/* CsqRemoveIrp: the IRP leaves its queue and its context. */
void sequential_unlink(struct sequential_state *state, int irp, bool by_cancel);

/* Has the queue no room for one more? What does a peek find after `irp` (none: from the beginning)
 * that matches: 0 any, 1 even slots, 2 odd ones? */
bool sequential_is_full(const struct sequential_state *state, int queue);
int sequential_find(const struct sequential_state *state, int queue, int irp, unsigned match);

/* ---- Calls --------------------------------------------------------------------------------- */

/* What can be seen of a call. The names are the letters of a trace. */
enum sequential_event_kind {
    SEQUENTIAL_A,
    SEQUENTIAL_I,
    SEQUENTIAL_IX,
    SEQUENTIAL_RM,
    SEQUENTIAL_PK,
    SEQUENTIAL_L,
    SEQUENTIAL_C,
    SEQUENTIAL_RET,
};

struct sequential_event {
    uint8_t kind; /* enum sequential_event_kind */
    int8_t queue; /* all but the return: the queue handed to the callback */
    int8_t irp;   /* the IRP handed to it; Pk: where to go on; a removal's return: the result */
    uintptr_t argument; /* Ix: InsertContext; Pk: PeekContext as a match */
    NTSTATUS status;    /* an insert's return; a cancel's: TRUE or FALSE */
};

/* Where a call is: before the event named, or inside the callback. */
enum sequential_step {
    SEQUENTIAL_ACQUIRING, /* before A */
    SEQUENTIAL_CHOOSING,  /* before I or L, depending on the reading, which nobody knows */
    SEQUENTIAL_INSERTING, /* before I or Ix */
    SEQUENTIAL_ACCEPTING, /* inside it */
    SEQUENTIAL_PEEKING,
    SEQUENTIAL_SEEING, /* inside Pk */
    SEQUENTIAL_REMOVING,
    SEQUENTIAL_RELEASING,
    SEQUENTIAL_COMPLETING,
    SEQUENTIAL_RETURNING,
    SEQUENTIAL_OVER,
};

struct sequential_call {
    /* what is called, with what */
    uint8_t kind;       /* OP_INSERT, OP_INSERT_EX, OP_REMOVE, OP_REMOVE_NEXT or OP_CANCEL */
    int8_t irp;         /* insert, cancel: the IRP. Removals: the one claimed, once there is one */
    int8_t context;     /* insert: may be SEQUENTIAL_NONE */
    int8_t queue;       /* cancel: the IRP's own */
    uintptr_t argument; /* InsertContext, or PeekContext as a match */
    NTSTATUS answer;    /* of an insert callback that has room */
    /* how far it is; set by sequential_call_begin() */
    uint8_t step;    /* enum sequential_step */
    bool ex;         /* the queue's kind */
    bool canceled;   /* insert: the IRP was, on entry */
    bool offered;    /* insert: its callback has been called */
    bool completes;  /* insert, cancel: C follows the release */
    bool declined;   /* insert: the callback did not take the IRP */
    int8_t found;    /* the last peek's result */
    int8_t after;    /* where that peek began */
    NTSTATUS status; /* what an insert or a cancel will return */
};

/* The routine is entered. An IRP that was with its sender has been sent before. */
void sequential_call_begin(struct sequential_state *state, struct sequential_call *call);

/* The event that must come next; of two that may (CHOOSING), the diagram's. */
struct sequential_event sequential_next(const struct sequential_call *call);

/* An event of this kind has come where two may: take it for what it says about the reading. Does
 * nothing elsewhere. */
void sequential_choose(struct sequential_state *state, struct sequential_call *call,
                       enum sequential_event_kind kind);

/* The next event happens: a callback is entered, or the routine returns. */
void sequential_take(struct sequential_state *state, struct sequential_call *call);

/* Is the call inside I, Ix or Pk, whose answer decides how it goes on? What the driver is going to
 * answer, an NTSTATUS or a slot; and that it has answered, be it this or something else. */
bool sequential_is_asking(const struct sequential_call *call);
int32_t sequential_answer(const struct sequential_state *state, const struct sequential_call *call);
void sequential_answered(struct sequential_state *state, struct sequential_call *call,
                         int32_t answer);

/* Does the call hold its queue's lock, up to and including its next event? */
bool sequential_is_locked(const struct sequential_call *call);

/* ---- In letters ---------------------------------------------------------------------------- */

/* Append an event of this call to text in a buffer: "A", "Pk(irp1)", "ret(NULL)". IRPs are named
 * where the call itself does not say which is meant. */
void sequential_print(char *text, size_t size, const struct sequential_call *call,
                      const struct sequential_event *event);

/* Append all events from the next one to the return, if nothing else happens in between. */
void sequential_print_rest(char *text, size_t size, const struct sequential_state *state,
                           const struct sequential_call *call);

#endif
