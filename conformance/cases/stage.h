/*
 * The stage: what a single-threaded case plays on. Queues whose callbacks record every event with
 * the state around it, IRPs and contexts, a sender that notes what comes back.
 *
 * Callbacks do what a careful driver does; a case may have something done inside one of them. All
 * of it belongs to the stage, which is made anew for each case and freed after it.
 */
#ifndef CSQFUZZ_STAGE_H
#define CSQFUZZ_STAGE_H

#include "case.h"

#include <wdm.h>

/* ---- Queues -------------------------------------------------------------------------------- */

enum stage_kind { PLAIN, EX };
enum stage_store { FIFO, LIFO, PRIORITY }; /* PRIORITY: IRPs made later come first */
enum stage_lock { SPIN, MUTEX };

struct stage_queue {
    IO_CSQ csq;
    unsigned number; /* 0, 1, ... in the order they were made */
    enum stage_kind kind;
    enum stage_store store;
    enum stage_lock lock;
    NTSTATUS
    answer; /* what CsqInsertIrpEx says; STATUS_SUCCESS at first. !NT_SUCCESS: not queued */
    bool ignore_irql; /* CsqAcquireLock stores nothing through its pointer */
    LIST_ENTRY irps;
    KSPIN_LOCK spin;
    FAST_MUTEX mutex;
    KIRQL before; /* the IRQL that the lock's release goes back to */
    KIRQL token;  /* stored through CsqAcquireLock's pointer: different for every acquire */
    bool held;
};

/* A queue, initialized, empty: FIFO, under a spin lock. Its memory was garbage before. */
struct stage_queue *stage_queue(enum stage_kind kind);

/* The same, with that storage and lock. */
struct stage_queue *stage_queue_with(enum stage_kind kind, enum stage_store store,
                                     enum stage_lock lock);

/* Its memory, not initialized; the two initializations proper, with the stage's callbacks. */
struct stage_queue *stage_queue_raw(void);
NTSTATUS stage_initialize(struct stage_queue *queue);
NTSTATUS stage_initialize_ex(struct stage_queue *queue);

/* The stage's callbacks, for a case that initializes a queue with some of its own. */
IO_CSQ_INSERT_IRP stage_csq_insert;
IO_CSQ_INSERT_IRP_EX stage_csq_insert_ex;
IO_CSQ_REMOVE_IRP stage_csq_remove;
IO_CSQ_PEEK_NEXT_IRP stage_csq_peek;
IO_CSQ_ACQUIRE_LOCK stage_csq_acquire;
IO_CSQ_RELEASE_LOCK stage_csq_release;
IO_CSQ_COMPLETE_CANCELED_IRP stage_csq_complete;

/* What its CsqPeekNextIrp takes for a match: PeekContext NULL any IRP, else the IRP whose address
 * it is, or one of these: IRPs with an even number (i0, i2), with an odd one, none at all. */
#define STAGE_EVEN   ((PVOID)(ULONG_PTR)0xeee0)
#define STAGE_ODD    ((PVOID)(ULONG_PTR)0xeee1)
#define STAGE_NOBODY ((PVOID)(ULONG_PTR)0xeee2)

/* How many IRPs are in its storage; is this one? */
unsigned stage_count(const struct stage_queue *queue);
bool stage_holds(const struct stage_queue *queue, PIRP irp);

/* ---- IRPs and contexts --------------------------------------------------------------------- */

/* What the sender saw in its completion routine. */
struct stage_reply {
    unsigned count; /* completions */
    NTSTATUS status;
    ULONG_PTR information;
    BOOLEAN pending_returned;
    BOOLEAN cancel;
    KIRQL irql;
};

/* An IRP as a driver gets it: not canceled, not pending, in its current stack location; the words
 * that a library must not touch hold recognisable values. "i0", "i1", ... in the order made. */
PIRP stage_irp(void);

/* The same, and IoCsqInsertIrp has put it into that queue, with that context or NULL. */
PIRP stage_queued(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context);

const struct stage_reply *stage_reply(PIRP irp);

/* Are DriverContext[0..2] and IoStatus as stage_irp() left them? */
bool stage_untouched(PIRP irp);

/* SL_PENDING_RETURNED of its current stack location. */
bool stage_pending(PIRP irp);

/* A context full of garbage; what IoCsqRemoveIrp needs. */
PIO_CSQ_IRP_CONTEXT stage_context(void);

/*
 * From now on nobody may touch this IRP, context or queue: as if freed. Its bytes become garbage
 * and, under AddressSanitizer, poison. The stage checks at the end that they still are garbage
 * (stage_check_retired does so at once): a write after that is a deviation.
 */
void stage_retire_irp(PIRP irp);
void stage_retire_context(PIO_CSQ_IRP_CONTEXT context);
void stage_retire_queue(struct stage_queue *queue);
void stage_check_retired(void);

/*
 * IoCancelIrp in two halves, for what happens in between: Cancel is stored and the routine taken,
 * as by a canceller that now waits for the queue's lock; later the routine is called. NULL: there
 * was no routine.
 */
PDRIVER_CANCEL stage_claim(PIRP irp);
void stage_finish_cancel(PIRP irp, PDRIVER_CANCEL routine);

/* Complete an IRP that the case owns, as a driver does: with that status, Information 0. */
void stage_complete(PIRP irp, NTSTATUS status);

/* ---- Events -------------------------------------------------------------------------------- */

enum stage_event_kind {
    EVENT_ACQUIRE,     /* A: CsqAcquireLock has been entered */
    EVENT_INSERT,      /* I: CsqInsertIrp */
    EVENT_INSERT_EX,   /* Ix: CsqInsertIrpEx */
    EVENT_REMOVE,      /* Rm: CsqRemoveIrp */
    EVENT_PEEK,        /* Pk: CsqPeekNextIrp */
    EVENT_RELEASE,     /* L: CsqReleaseLock has been entered */
    EVENT_COMPLETE,    /* C: CsqCompleteCanceledIrp has been entered */
    EVENT_CANCEL_LOCK, /* cs+: the cancel spin lock was taken */
    EVENT_CANCEL_FREE, /* cs-: and given back */
    EVENT_DONE,        /* D: the sender's completion routine */
    EVENT_KINDS
};

struct stage_event {
    enum stage_event_kind kind;
    unsigned queue; /* its number; for cs+, cs- and D nothing */
    PIO_CSQ csq;    /* as the callback got it */
    PIRP irp;       /* as the callback got it; for A and L the IRP that the stage watches */
    PIRP found;     /* Pk: what it answered */
    PVOID argument; /* InsertContext, PeekContext */
    PKIRQL place;   /* A: where the IRQL goes */
    KIRQL value;    /* A: what was stored there; L: what came back */

    KIRQL irql; /* on entry */
    bool locked, cancel_locked;

    /* The IRP's state on entry; valid only if `irp` is not NULL and not retired */
    bool canceled; /* Irp->Cancel */
    bool armed;    /* CancelRoutine is not NULL */
    bool pending;
    bool queued; /* is it in its queue's storage? */
    PVOID driver_context[4];
};

/* The IRP whose state A and L record: the first one made, unless told otherwise. */
void stage_watch(PIRP irp);

/* Forget the events so far. */
void stage_clear(void);

/* The events since then: "A I(i0) L", "A Pk(NULL)=i0 Rm(i0) L", "cs+ cs- A Rm(i0) L C(i0) D(i0)".
 * Those of a second queue, q1, end in "'". */
const char *stage_trace(void);

/* Ditto without cs+, cs- and D: the queue's callbacks alone. */
const char *stage_callbacks(void);

/* Ditto with the state around each, but for what the pages leave open, and without telling IRPs or
 * the two insert callbacks apart: to compare two calls. Letters after the colon: k lock held,
 * c canceled, a armed, p pending, q in the queue; then the IRQL. */
const char *stage_story(void);
#define expect_trace(wanted)     expect_text(stage_trace(), wanted, "the trace")
#define expect_callbacks(wanted) expect_text(stage_callbacks(), wanted, "the callbacks")

/* How many events of a kind there were; the n-th of them (from 0). A case without that event ends
 * there: it was expected. */
unsigned stage_events(enum stage_event_kind kind);
const struct stage_event *stage_event(enum stage_event_kind kind, unsigned n);

/* ---- Inside callbacks ---------------------------------------------------------------------- */

/* Have this done inside every callback of that kind, right after it is recorded and, for A, once
 * the lock is held; for L before it is given back; for I and Ix before the IRP is linked; for C
 * before the IRP is completed; for Pk before it looks. NULL: nothing. */
void stage_inside(enum stage_event_kind kind, void (*action)(struct stage_queue *queue, PIRP irp));

/* Have this done once, right after the next L has given the lock back and before it returns: what
 * another thread may do at that moment. It may retire the queue. */
void stage_after_release(void (*action)(struct stage_queue *queue, PIRP irp));

/* C does not complete the IRP: the action set with stage_inside has to, or the case, later. */
void stage_leave_completion(void);

/* ---- For case_run -------------------------------------------------------------------------- */

void stage_begin(void);
void stage_ready(void); /* forgets the events of the preparations */
void stage_end(void);   /* checks what was retired, frees everything */

#endif
