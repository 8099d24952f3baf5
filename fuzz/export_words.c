/* What a schedule point and a call are called in an exported program. */
#include "export.h"

#include "format_writer.h"

const char *export_point_symbol(unsigned kind)
{
    static const char *const symbols[SCHED_KINDS] = {
#define SCHED_POINT(symbol, label) "SCHED_" #symbol,
#include "sched/points.def"
#undef SCHED_POINT
    };
    return kind < SCHED_KINDS ? symbols[kind] : "SCHED_KINDS";
}

/* Where a thread stands that has come to the point. */
static const char *const places[SCHED_KINDS] = {
    [SCHED_BEGIN] = "about to begin",
    [SCHED_END] = "done with it",
    [SCHED_ACQUIRE_IN] = "in CsqAcquireLock, before taking the lock",
    [SCHED_ACQUIRE_OUT] = "at the end of CsqAcquireLock, with the lock",
    [SCHED_RELEASE_IN] = "in CsqReleaseLock, before giving the lock back",
    [SCHED_RELEASE_OUT] = "at the end of CsqReleaseLock, without the lock",
    [SCHED_INSERT_IN] = "in CsqInsertIrp, before the IRP is in the queue",
    [SCHED_INSERT_OUT] = "at the end of CsqInsertIrp",
    [SCHED_REMOVE_IN] = "in CsqRemoveIrp, before the IRP is out of the queue",
    [SCHED_REMOVE_OUT] = "at the end of CsqRemoveIrp",
    [SCHED_PEEK_IN] = "in CsqPeekNextIrp, before looking",
    [SCHED_PEEK_OUT] = "at the end of CsqPeekNextIrp",
    [SCHED_COMPLETE_IN] = "in CsqCompleteCanceledIrp, before completing",
    [SCHED_COMPLETE_OUT] = "at the end of CsqCompleteCanceledIrp",
    [SCHED_COMPLETION_IN] = "in the sender's completion routine",
    [SCHED_COMPLETION_OUT] = "at the end of the sender's completion routine",
    [SCHED_LOCK_WANT] = "before taking a lock",
    [SCHED_LOCK_GOT] = "with a lock just taken",
    [SCHED_LOCK_DROP] = "before giving a lock back",
    [SCHED_LOCK_FREE] = "with a lock just given back",
    [SCHED_CANCEL_LOCK_WANT] = "before taking the cancel spin lock",
    [SCHED_CANCEL_LOCK_GOT] = "with the cancel spin lock just taken",
    [SCHED_CANCEL_LOCK_DROP] = "before giving the cancel spin lock back",
    [SCHED_CANCEL_LOCK_FREE] = "with the cancel spin lock just given back",
    [SCHED_SWAP_BEFORE] = "before exchanging the Cancel routine",
    [SCHED_SWAP_AFTER] = "after exchanging the Cancel routine",
    [SCHED_FLAG_BEFORE] = "in IoCancelIrp, before setting Cancel",
    [SCHED_FLAG_AFTER] = "in IoCancelIrp, after setting Cancel",
    [SCHED_CLAIM_BEFORE] = "in IoCancelIrp, before taking the Cancel routine",
    [SCHED_CLAIM_AFTER] = "in IoCancelIrp, after taking the Cancel routine",
    [SCHED_CALL_BEFORE] = "in IoCancelIrp, before calling the Cancel routine",
    [SCHED_CALL_AFTER] = "in IoCancelIrp, after calling the Cancel routine",
    [SCHED_INTERLOCKED_BEFORE] = "before an interlocked operation",
    [SCHED_INTERLOCKED_AFTER] = "after an interlocked operation",
    [SCHED_WAIT_BEFORE] = "before waiting",
    [SCHED_WAIT_AFTER] = "after waiting",
    [SCHED_SIGNAL_BEFORE] = "before signaling",
    [SCHED_SIGNAL_AFTER] = "after signaling",
    [SCHED_BLOCK] = "waiting",
    [SCHED_EXIT] = "at its end",
};

const char *export_point_words(unsigned kind, unsigned operation_kind)
{
    if (operation_kind == OP_INSERT || operation_kind == OP_INSERT_EX) {
        if (kind == SCHED_SWAP_BEFORE)
            return "before setting the Cancel routine";
        if (kind == SCHED_SWAP_AFTER)
            return "between setting the Cancel routine and testing Cancel";
    }
    return kind < SCHED_KINDS && places[kind] ? places[kind] : "at a point";
}

static void put_insert(struct writer *w, const struct export_operation *operation)
{
    writer_put(w, "IoCsqInsertIrp%s(q%u, irp%u", operation->what.kind == OP_INSERT_EX ? "Ex" : "",
               operation->queue, operation->slot);
    if (operation->context >= 0)
        writer_put(w, ", ctx%d", operation->context);
    writer_put(w, ")");
}

void export_call_words(const struct export_operation *operation, char *buffer, size_t size)
{
    struct writer w = {buffer, buffer + size};
    switch (operation->what.kind) {
    case OP_INSERT:
    case OP_INSERT_EX:
        put_insert(&w, operation);
        break;
    case OP_REMOVE:
        writer_put(&w, "IoCsqRemoveIrp(q%u, ctx%d)", operation->queue, operation->context);
        break;
    case OP_REMOVE_NEXT:
        writer_put(&w, "IoCsqRemoveNextIrp(q%u)", operation->queue);
        break;
    case OP_DRAIN:
        writer_put(&w, "IoCsqRemoveNextIrp(q%u) until NULL", operation->queue);
        break;
    case OP_CANCEL:
        writer_put(&w, "IoCancelIrp(irp%u)", operation->slot);
        break;
    case OP_COMPLETE:
        writer_put(&w, "IoCompleteRequest(irp%u)", operation->slot);
        break;
    default:
        writer_put(&w, "the cancel spin lock, taken and given back");
    }
}
