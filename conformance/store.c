#include "store.h"

static PIRP irp_of(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
}

static PVOID file_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->FileObject;
}

/* The link before which an IRP goes: IRPs of the first file (driver_match) come before those of the
 * second, and each in order of arrival. */
static PLIST_ENTRY place_by_priority(struct driver_queue *queue, PIRP irp)
{
    PLIST_ENTRY link = queue->irps.Flink;
    if (file_of(irp) == driver_match(2))
        return &queue->irps;
    while (link != &queue->irps && file_of(irp_of(link)) == driver_match(1))
        link = link->Flink;
    return link;
}

void store_insert(struct driver_queue *queue, PIRP irp)
{
    PLIST_ENTRY entry = &irp->Tail.Overlay.ListEntry;
    queue->count++;
    if (queue->shape->store == STORE_LIFO)
        InsertHeadList(&queue->irps, entry);
    else if (queue->shape->store == STORE_PRIORITY)
        InsertTailList(place_by_priority(queue, irp), entry); /* the tail of what lies before */
    else
        InsertTailList(&queue->irps, entry);
}

void store_remove(struct driver_queue *queue, PIRP irp)
{
    queue->count--;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

PIRP store_peek(const struct driver_queue *queue, PIRP irp, PVOID peek_context)
{
    PLIST_ENTRY link = irp ? irp->Tail.Overlay.ListEntry.Flink : queue->irps.Flink;
    for (; link != &queue->irps; link = link->Flink)
        if (!peek_context || file_of(irp_of(link)) == peek_context)
            return irp_of(link);
    return NULL;
}

BOOLEAN store_is_full(const struct driver_queue *queue)
{
    return queue->shape->store == STORE_LIMITED && queue->count >= SCENARIO_CAPACITY;
}
