/* What the stage's files share: its queues, IRPs and contexts, and how an event is recorded. */
#ifndef CSQFUZZ_STAGE_INTERNAL_H
#define CSQFUZZ_STAGE_INTERNAL_H

#include "stage.h"

#define STAGE_QUEUES   4
#define STAGE_IRPS     16
#define STAGE_CONTEXTS 8
#define STAGE_EVENTS   256

struct stage_irp {
    PIRP irp; /* NULL: none */
    bool retired;
    struct stage_reply reply;
};

struct stage {
    struct stage_queue *queues[STAGE_QUEUES];
    struct stage_irp irps[STAGE_IRPS];
    PIO_CSQ_IRP_CONTEXT contexts[STAGE_CONTEXTS];
    unsigned queue_count, irp_count, context_count;
    PIRP watched;
    struct stage_event events[STAGE_EVENTS];
    unsigned event_count;
    uint64_t seen; /* events of the scheduler's trace looked at so far */
    void (*inside[EVENT_KINDS])(struct stage_queue *queue, PIRP irp);
    void (*after_release)(struct stage_queue *queue, PIRP irp);
    bool leave_completion;
};

extern struct stage stage;

/* The number of an IRP of the stage, -1 if it is none. */
int stage_irp_number(const IRP *irp);

/* Its entry if it is there and not retired, else NULL. */
struct stage_irp *stage_live_irp(const IRP *irp);

/* Record an event with the state around it. */
struct stage_event *stage_record(enum stage_event_kind kind, struct stage_queue *queue, PIRP irp);

/* Do what the case wants done inside this callback. */
void stage_act(enum stage_event_kind kind, struct stage_queue *queue, PIRP irp);

/* The n-th kind of garbage: never a valid pointer. */
#define STAGE_GARBAGE 0xdd

#endif
