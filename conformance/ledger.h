/*
 * The ledger: every IRP, context and queue of an execution, where it is and who may touch it.
 *
 * This is the caller's side of the contract. The ledger lets an operation go ahead only where the
 * documentation allows it, and lets storage be freed at the earliest moment it allows, by counting
 * references. Each hand-over of a reference is a happens-before edge that a real driver would have,
 * told to ThreadSanitizer; nothing else orders the logical threads here. Not instrumented.
 *
 * One ledger, reset by ledger_begin() before each execution.
 */
#ifndef CSQFUZZ_LEDGER_H
#define CSQFUZZ_LEDGER_H

#include "operation.h"

#include <wdm.h>

struct driver_queue; /* driver.h */

#define LEDGER_NONE (-1) /* "no slot" */

/* Where an IRP is. */
enum irp_place {
    IRP_NONE,      /* the slot is empty */
    IRP_FRESH,     /* allocated, not sent yet */
    IRP_IDLE,      /* completed and kept: needs IoReuseIrp before it is sent again */
    IRP_HELD,      /* the driver keeps it uncompleted, out of any queue */
    IRP_PREPARING, /* some thread is making it ready for being sent: not to be canceled yet */
    IRP_INSERTING, /* some thread is inserting it */
    IRP_QUEUED,    /* the insert callback accepted it: it is the library's */
    IRP_TAKEN,     /* some thread owns it: returned by a removal, being completed */
};

/* An address for annotate_release/acquire: an edge from everybody who released to who acquires. */
typedef char ledger_edge;

struct ledger_irp {
    PIRP irp;                /* also after it was freed: for attributing addresses */
    uint8_t place;           /* enum irp_place */
    uint8_t cancels;         /* IoCancelIrp calls in progress on it (clause CAN-17) */
    uint8_t queue;           /* the queue it was last inserted into */
    int8_t context;          /* the slot of its context, or LEDGER_NONE */
    uint8_t fate;            /* enum operation_fate, if its cancellation completes it */
    bool linked;             /* in the queue's storage: between I and Rm, under the queue's lock */
    bool settled;            /* linked, and its insert has released the lock */
    bool doomed;             /* completed; the last cancel in progress frees it */
    bool canceled;           /* some IoCancelIrp on it is over: its edge is in `dropped` */
    bool pended;             /* was queued since it was sent: its sender must see PendingReturned */
    NTSTATUS expected;       /* what its sender must see, once its completion has begun */
    uint32_t life;           /* counts allocations and reuses: the same slot, another request */
    uint16_t recent[2];      /* the last two operations that concerned it, latest first */
    uint8_t recent_kind[2];  /* and what they were */
    ledger_edge published;   /* sent: cancellers may come */
    ledger_edge handed_over; /* from one owner to the next */
    ledger_edge dropped;     /* a canceller is done with it */
};

struct ledger_context {
    PIO_CSQ_IRP_CONTEXT context; /* also after it was freed */
    bool allocated;
    bool bound;       /* an insert is using it, or it identifies a queued IRP */
    bool usable;      /* that insert holds or has held the lock: IoCsqRemoveIrp may be called */
    bool keep;        /* it outlives its association */
    bool doomed;      /* the last IoCsqRemoveIrp in progress frees it */
    bool tried;       /* some IoCsqRemoveIrp with it is over: its edge is in `dropped` */
    bool by_cancel;   /* its last association was broken by a cancellation */
    uint8_t removers; /* IoCsqRemoveIrp calls in progress with it (clause CSQ-CTX-11) */
    uint8_t queue;
    int8_t irp; /* the slot of the IRP inserted with it last */
    ledger_edge published;
    ledger_edge handed_over;
    ledger_edge dropped;
};

struct ledger_queue {
    struct driver_queue *queue; /* also after it was freed */
    bool allocated;
    uint8_t users;  /* operations inside a call on it (clause CSQ-GEN-17) */
    uint8_t linked; /* IRPs in its storage */
    ledger_edge published;
    ledger_edge dropped;
};

struct ledger {
    struct scenario scenario;
    struct ledger_irp irps[SCENARIO_IRPS];
    struct ledger_context contexts[SCENARIO_CONTEXTS];
    struct ledger_queue queues[SCENARIO_QUEUES];
};

extern struct ledger ledger;

/* Start an execution: all slots empty. Everything of the last one must have been cleared. */
void ledger_begin(const struct scenario *scenario);

/* Make the queues whose owners are not eager. Outside of the execution, before it. */
void ledger_create_queues(void);

/* Free whatever an execution that was cut off left behind. Outside of executions only. */
void ledger_clear(void);

/* The slot whose IRP, context or queue this is (alive or the last one freed), or LEDGER_NONE. */
int ledger_find_irp(const IRP *irp);
int ledger_find_queue(const IO_CSQ *csq);

/* What an address belongs to, for memory granularity: a sched_memory_name of the queues', IRPs' and
 * contexts' words. */
uint32_t ledger_memory_name(const void *address);

/* Note that an operation concerned this IRP, for naming the pair of a finding. */
void ledger_touch(int slot, unsigned operation, unsigned kind);

/* ---- IRPs ---------------------------------------------------------------------------------- */

/* Claim the slot for an insert; the place before, or IRP_QUEUED if it cannot be inserted now. The
 * caller then owns the IRP. Was there none or an idle one, the slot is at IRP_PREPARING until
 * ledger_publish_irp(); else at IRP_INSERTING. */
enum irp_place ledger_claim_for_insert(int slot);

/* Claim an IRP that is held (IRP_HELD): FALSE if it is not. */
bool ledger_claim_held(int slot);

/* The IRP of a slot has been allocated or made ready for another life, and is at `place`. */
void ledger_publish_irp(int slot, PIRP irp, enum irp_place place);

/* The caller gives up ownership: IRP_HELD or IRP_IDLE. */
void ledger_hand_over_irp(int slot, enum irp_place place);

/* Begin a cancel: FALSE if the slot has no IRP that may be canceled. Else it stays allocated until
 * ledger_drop_irp(). */
bool ledger_reference_irp(int slot);
void ledger_drop_irp(int slot);

/* Its sender has it back and wants it freed: at once, or by the last cancel in progress. */
void ledger_free_irp(int slot);

/* ---- Contexts ------------------------------------------------------------------------------ */

/* Bind a context for an insert, allocating it and filling it with garbage; LEDGER_NONE if it is in
 * use, and the insert goes without. */
int ledger_bind_context(int slot, int irp, int queue, bool keep);

/* The insert that uses it has got the lock. */
void ledger_context_usable(int slot);

/* Begin an IoCsqRemoveIrp: FALSE if there is no such context to call it with. */
bool ledger_reference_context(int slot);
void ledger_drop_context(int slot);

/* Its association is over (clause CSQ-CTX-3): free it, unless it is kept. */
void ledger_release_context(int slot, bool by_cancel);

/* ---- Queues -------------------------------------------------------------------------------- */

/* Begin a call on a queue, making the queue if there is none. */
struct driver_queue *ledger_enter_queue(int number);

/* At the end, when nobody uses it. */
void ledger_destroy_queue(int number);

/* That call touches the queue no more: an eager owner frees it, if nobody else uses it. */
void ledger_leave_queue(int number);

#endif
