/* The stage's callbacks: a careful driver's, that record what they see. */
#include "stage_internal.h"

#include "ke/ke.h"
#include "sched/sched.h"

static struct stage_queue *queue_of(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct stage_queue, csq);
}

static uint32_t object_of(const struct stage_queue *queue, const IRP *irp)
{
    return 0x100u * (queue->number + 1u) + (uint32_t)(stage_irp_number(irp) + 1);
}

/* ---- The lock ------------------------------------------------------------------------------ */

VOID stage_csq_acquire(PIO_CSQ Csq, PKIRQL Irql)
{
    struct stage_queue *queue = queue_of(Csq);
    KIRQL before = PASSIVE_LEVEL;
    struct stage_event *event = stage_record(EVENT_ACQUIRE, queue, stage.watched);
    event->csq = Csq;
    event->place = Irql;
    sched_point(SCHED_ACQUIRE_IN, object_of(queue, NULL), 0);
    if (queue->lock == SPIN)
        KeAcquireSpinLock(&queue->spin, &before);
    else
        ExAcquireFastMutex(&queue->mutex);
    queue->before = before;
    queue->held = true;
    event->value = ++queue->token;
    if (!queue->ignore_irql)
        *Irql = queue->token;
    sched_point(SCHED_ACQUIRE_OUT, object_of(queue, NULL), 0);
    stage_act(EVENT_ACQUIRE, queue, stage.watched);
}

VOID stage_csq_release(PIO_CSQ Csq, KIRQL Irql)
{
    struct stage_queue *queue = queue_of(Csq);
    struct stage_event *event = stage_record(EVENT_RELEASE, queue, stage.watched);
    uint32_t object = object_of(queue, NULL);
    event->csq = Csq;
    event->value = Irql;
    stage_act(EVENT_RELEASE, queue, stage.watched);
    sched_point(SCHED_RELEASE_IN, object, 0);
    queue->held = false;
    if (queue->lock == SPIN)
        KeReleaseSpinLock(&queue->spin, queue->before);
    else
        ExReleaseFastMutex(&queue->mutex);
    sched_point(SCHED_RELEASE_OUT, object, 0);
    void (*action)(struct stage_queue *, PIRP) = stage.after_release;
    stage.after_release = NULL;
    if (action)
        action(queue, stage.watched);
}

/* ---- The storage --------------------------------------------------------------------------- */

/* IRPs made later have the higher priority; among those in the queue the highest comes first. */
static void link_by_priority(struct stage_queue *queue, PIRP irp)
{
    PLIST_ENTRY next = queue->irps.Flink;
    while (next != &queue->irps && stage_irp_number(CONTAINING_RECORD(
                                       next, IRP, Tail.Overlay.ListEntry)) > stage_irp_number(irp))
        next = next->Flink;
    InsertTailList(next, &irp->Tail.Overlay.ListEntry); /* in front of `next` */
}

static void link_irp(struct stage_queue *queue, PIRP irp)
{
    switch (queue->store) {
    case FIFO:
        InsertTailList(&queue->irps, &irp->Tail.Overlay.ListEntry);
        break;
    case LIFO:
        InsertHeadList(&queue->irps, &irp->Tail.Overlay.ListEntry);
        break;
    default:
        link_by_priority(queue, irp);
    }
}

VOID stage_csq_insert(PIO_CSQ Csq, PIRP Irp)
{
    struct stage_queue *queue = queue_of(Csq);
    stage_record(EVENT_INSERT, queue, Irp)->csq = Csq;
    sched_point(SCHED_INSERT_IN, object_of(queue, Irp), 0);
    stage_act(EVENT_INSERT, queue, Irp);
    link_irp(queue, Irp);
    sched_point(SCHED_INSERT_OUT, object_of(queue, Irp), 0);
}

NTSTATUS stage_csq_insert_ex(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    struct stage_queue *queue = queue_of(Csq);
    struct stage_event *event = stage_record(EVENT_INSERT_EX, queue, Irp);
    event->csq = Csq;
    event->argument = InsertContext;
    sched_point(SCHED_INSERT_IN, object_of(queue, Irp), 1);
    stage_act(EVENT_INSERT_EX, queue, Irp);
    NTSTATUS status = queue->answer;
    if (NT_SUCCESS(status))
        link_irp(queue, Irp);
    sched_point(SCHED_INSERT_OUT, object_of(queue, Irp), (uint32_t)status);
    return status;
}

/* What is not in the storage is not taken out of it: the event says so (`queued`). */
VOID stage_csq_remove(PIO_CSQ Csq, PIRP Irp)
{
    struct stage_queue *queue = queue_of(Csq);
    struct stage_event *event = stage_record(EVENT_REMOVE, queue, Irp);
    event->csq = Csq;
    sched_point(SCHED_REMOVE_IN, object_of(queue, Irp), 0);
    stage_act(EVENT_REMOVE, queue, Irp);
    if (event->queued)
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    sched_point(SCHED_REMOVE_OUT, object_of(queue, Irp), 0);
}

static bool matches(PIRP irp, PVOID match)
{
    if (match == STAGE_EVEN || match == STAGE_ODD)
        return stage_irp_number(irp) % 2 == (match == STAGE_ODD);
    return match == NULL || match == irp;
}

static PIRP first_match(struct stage_queue *queue, PLIST_ENTRY from, PVOID match)
{
    for (PLIST_ENTRY at = from; at != &queue->irps; at = at->Flink) {
        PIRP irp = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (matches(irp, match))
            return irp;
    }
    return NULL;
}

PIRP stage_csq_peek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    struct stage_queue *queue = queue_of(Csq);
    struct stage_event *event = stage_record(EVENT_PEEK, queue, Irp);
    event->csq = Csq;
    event->argument = PeekContext;
    sched_point(SCHED_PEEK_IN, object_of(queue, Irp), 0);
    stage_act(EVENT_PEEK, queue, Irp);
    bool after = Irp != NULL && event->queued;
    event->found = first_match(queue, after ? Irp->Tail.Overlay.ListEntry.Flink : queue->irps.Flink,
                               PeekContext);
    sched_point(SCHED_PEEK_OUT, object_of(queue, event->found), 0);
    return event->found;
}

VOID stage_csq_complete(PIO_CSQ Csq, PIRP Irp)
{
    struct stage_queue *queue = queue_of(Csq);
    uint32_t object = object_of(queue, Irp);
    stage_record(EVENT_COMPLETE, queue, Irp)->csq = Csq;
    sched_point(SCHED_COMPLETE_IN, object, 0);
    bool leave = stage.leave_completion;
    stage_act(EVENT_COMPLETE, queue, Irp);
    if (!leave)
        stage_complete(Irp, STATUS_CANCELLED);
    sched_point(SCHED_COMPLETE_OUT, object, 0);
}
