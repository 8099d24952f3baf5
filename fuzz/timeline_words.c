/* What a step is called. Every sentence goes on after the thread's name: "t0 takes q0's lock". */
#include "format_writer.h"
#include "timeline.h"

#include <wdm.h>

/* ---- Names --------------------------------------------------------------------------------- */

static const char *irp_name(int slot)
{
    static const char *const names[SCENARIO_IRPS] = {"irp0", "irp1", "irp2", "irp3"};
    return slot < 0 || slot >= SCENARIO_IRPS ? "an IRP" : names[slot];
}

static const char *queue_name(int queue)
{
    static const char *const names[SCENARIO_QUEUES] = {"q0", "q1"};
    return queue < 0 || queue >= SCENARIO_QUEUES ? "a queue" : names[queue];
}

const char *timeline_lane_name(unsigned thread)
{
    static const char *const names[TIMELINE_LANES] = {"t0", "t1", "t2", "t3", "clean-up"};
    return thread < TIMELINE_LANES ? names[thread] : "?";
}

const char *timeline_state_name(unsigned state)
{
    static const char *const names[TIMELINE_STATES] = {
        [TIMELINE_ABSENT] = "not there",       [TIMELINE_OWNED] = "the driver's",
        [TIMELINE_QUEUED] = "queued",          [TIMELINE_ARMED] = "cancelable",
        [TIMELINE_CLAIMED] = "being canceled", [TIMELINE_TAKEN] = "taken back",
        [TIMELINE_COMPLETED] = "completed",
    };
    return state < TIMELINE_STATES ? names[state] : "?";
}

static const char *routine_name(unsigned kind)
{
    static const char *const names[OPERATION_KINDS] = {
        [OP_INSERT] = "IoCsqInsertIrp",      [OP_INSERT_EX] = "IoCsqInsertIrpEx",
        [OP_REMOVE] = "IoCsqRemoveIrp",      [OP_REMOVE_NEXT] = "IoCsqRemoveNextIrp",
        [OP_CANCEL] = "IoCancelIrp",         [OP_DRAIN] = "draining",
        [OP_COMPLETE] = "IoCompleteRequest", [OP_CANCEL_LOCK] = "the cancel spin lock",
    };
    return kind < OPERATION_KINDS ? names[kind] : "an operation";
}

static void put_status(struct writer *w, uint64_t status)
{
    switch ((uint32_t)status) {
    case 0:
        writer_put(w, "STATUS_SUCCESS");
        break;
    case (uint32_t)STATUS_CANCELLED:
        writer_put(w, "STATUS_CANCELLED");
        break;
    case (uint32_t)STATUS_PENDING:
        writer_put(w, "STATUS_PENDING");
        break;
    case (uint32_t)STATUS_INSUFFICIENT_RESOURCES:
        writer_put(w, "STATUS_INSUFFICIENT_RESOURCES");
        break;
    default:
        writer_put(w, "status 0x%08X", (unsigned)status);
    }
}

/* ---- Operations ---------------------------------------------------------------------------- */

static void put_begin(struct writer *w, const struct timeline_scene *scene)
{
    unsigned kind = (unsigned)scene->event->value;
    const char *irp = irp_name(scene->slot), *queue = queue_name(scene->queue);
    if (kind == OP_INSERT || kind == OP_INSERT_EX)
        writer_put(w, "calls %s(%s, %s)", routine_name(kind), queue, irp);
    else if (kind == OP_REMOVE)
        writer_put(w, "calls IoCsqRemoveIrp(%s, ctx%u)", queue,
                   scene->operation && scene->operation->context ? scene->operation->context - 1u
                                                                 : 0u);
    else if (kind == OP_REMOVE_NEXT)
        writer_put(w, "calls IoCsqRemoveNextIrp(%s)", queue);
    else if (kind == OP_DRAIN)
        writer_put(w, "empties %s: IoCsqRemoveNextIrp until NULL", queue);
    else if (kind == OP_CANCEL)
        writer_put(w, "calls IoCancelIrp(%s)", irp);
    else if (kind == OP_COMPLETE)
        writer_put(w, "completes %s, which the driver kept", irp);
    else
        writer_put(w, "takes the cancel spin lock, to give it back");
}

/* The routine's result is the event's object, since its value is the kind. */
static void put_end(struct writer *w, const struct timeline_scene *scene)
{
    unsigned kind = (unsigned)scene->event->value;
    uint32_t result = scene->event->object;
    if (kind == OP_INSERT_EX) {
        writer_put(w, "IoCsqInsertIrpEx has returned ");
        put_status(w, result);
    } else if (kind == OP_CANCEL) {
        writer_put(w, "IoCancelIrp has returned %s", result ? "TRUE" : "FALSE");
    } else if ((kind == OP_REMOVE || kind == OP_REMOVE_NEXT) && result) {
        writer_put(w, "%s has returned %s", routine_name(kind), irp_name((int)result - 1));
    } else if (kind == OP_REMOVE || kind == OP_REMOVE_NEXT) {
        writer_put(w, "%s has returned NULL", routine_name(kind));
    } else {
        writer_put(w, "%s has ended", routine_name(kind));
    }
}

/* ---- Callbacks ----------------------------------------------------------------------------- */

static void put_insert_out(struct writer *w, const struct timeline_scene *scene)
{
    if (NT_SUCCESS((NTSTATUS)(uint32_t)scene->event->value)) {
        writer_put(w, "CsqInsertIrp puts %s into %s", irp_name(scene->slot),
                   queue_name(scene->queue));
    } else {
        writer_put(w, "CsqInsertIrpEx declines %s: ", irp_name(scene->slot));
        put_status(w, scene->event->value);
    }
}

static void put_callback(struct writer *w, const struct timeline_scene *scene)
{
    const char *irp = irp_name(scene->slot), *queue = queue_name(scene->queue);
    switch (scene->event->kind) {
    case SCHED_INSERT_IN:
        writer_put(w, "the library calls CsqInsertIrp%s(%s)", scene->event->value ? "Ex" : "", irp);
        break;
    case SCHED_INSERT_OUT:
        put_insert_out(w, scene);
        break;
    case SCHED_REMOVE_IN:
        writer_put(w, "the library calls CsqRemoveIrp(%s)", irp);
        break;
    case SCHED_REMOVE_OUT:
        writer_put(w, "CsqRemoveIrp takes %s out of %s", irp, queue);
        break;
    case SCHED_PEEK_IN:
        writer_put(w, "the library calls CsqPeekNextIrp");
        break;
    case SCHED_PEEK_OUT:
        if (scene->slot < 0)
            writer_put(w, "CsqPeekNextIrp finds nothing more in %s", queue);
        else
            writer_put(w, "CsqPeekNextIrp finds %s in %s", irp, queue);
        break;
    case SCHED_COMPLETE_IN:
        writer_put(w, "CsqCompleteCanceledIrp gets %s", irp);
        break;
    case SCHED_COMPLETE_OUT:
        writer_put(w, "CsqCompleteCanceledIrp returns");
        break;
    case SCHED_COMPLETION_IN:
        writer_put(w, "%s is back with its sender, ", irp);
        put_status(w, scene->event->value);
        break;
    default:
        writer_put(w, "the sender has disposed of %s", irp);
    }
}

/* ---- Locks --------------------------------------------------------------------------------- */

static void put_lock(struct writer *w, const struct timeline_scene *scene)
{
    switch (scene->event->kind) {
    case SCHED_ACQUIRE_IN:
        writer_put(w, "the library calls CsqAcquireLock(%s)", queue_name(scene->queue));
        break;
    case SCHED_ACQUIRE_OUT:
        writer_put(w, "CsqAcquireLock(%s) returns", queue_name(scene->queue));
        break;
    case SCHED_RELEASE_IN:
        writer_put(w, "the library calls CsqReleaseLock(%s)", queue_name(scene->queue));
        break;
    case SCHED_RELEASE_OUT:
        writer_put(w, "CsqReleaseLock(%s) returns", queue_name(scene->queue));
        break;
    case SCHED_LOCK_WANT:
    case SCHED_CANCEL_LOCK_WANT:
        writer_put(w, scene->event->value == 2 ? "cannot have %s at once" : "is about to take %s",
                   scene->lock);
        break;
    case SCHED_LOCK_GOT:
    case SCHED_CANCEL_LOCK_GOT:
        writer_put(w, "takes %s", scene->lock);
        break;
    case SCHED_LOCK_DROP:
    case SCHED_CANCEL_LOCK_DROP:
        writer_put(w, "is about to give %s back", scene->lock);
        break;
    default:
        writer_put(w, "gives %s back", scene->lock);
    }
}

/* ---- Cancel -------------------------------------------------------------------------------- */

static void put_swap(struct writer *w, const struct timeline_scene *scene)
{
    const char *irp = irp_name(scene->slot);
    if (scene->event->kind == SCHED_SWAP_BEFORE)
        writer_put(w, "is about to %s %s's Cancel routine", scene->sets ? "set" : "take back", irp);
    else if (scene->sets)
        writer_put(w, "sets %s's Cancel routine", irp);
    else if (scene->event->value)
        writer_put(w, "takes back %s's Cancel routine", irp);
    else
        writer_put(w, "finds %s's Cancel routine taken already", irp);
}

static void put_cancel(struct writer *w, const struct timeline_scene *scene)
{
    const char *irp = irp_name(scene->slot);
    switch (scene->event->kind) {
    case SCHED_FLAG_BEFORE:
        writer_put(w, "IoCancelIrp is about to set Cancel of %s", irp);
        break;
    case SCHED_FLAG_AFTER:
        writer_put(w, "IoCancelIrp sets Cancel of %s", irp);
        break;
    case SCHED_CLAIM_BEFORE:
        writer_put(w, "IoCancelIrp is about to look for %s's Cancel routine", irp);
        break;
    case SCHED_CLAIM_AFTER:
        writer_put(w,
                   scene->event->value ? "IoCancelIrp takes %s's Cancel routine"
                                       : "IoCancelIrp finds no Cancel routine in %s",
                   irp);
        break;
    case SCHED_CALL_BEFORE:
        writer_put(w, "IoCancelIrp calls %s's Cancel routine", irp);
        break;
    default:
        writer_put(w, "the Cancel routine has returned");
    }
}

/* ---- The rest ------------------------------------------------------------------------------ */

static void put_rest(struct writer *w, const struct timeline_scene *scene)
{
    switch (scene->event->kind) {
    case SCHED_BLOCK:
        writer_put(w, "must wait for %s", scene->lock);
        if (scene->holder >= 0)
            writer_put(w, ", which %s holds", timeline_lane_name((unsigned)scene->holder));
        break;
    case SCHED_EXIT:
        writer_put(w, scene->event->thread == SCHED_EPILOGUE ? "has left nothing behind"
                                                             : "has nothing more to do");
        break;
    case SCHED_LOAD:
        writer_put(w, "reads memory that threads share");
        break;
    case SCHED_STORE:
        writer_put(w, "writes memory that threads share");
        break;
    default:
        writer_put(w, "%s", sched_kind_label(scene->event->kind));
    }
}

void timeline_describe(const struct timeline_scene *scene, char *text)
{
    struct writer w = {text, text + TIMELINE_TEXT};
    unsigned kind = scene->event->kind;
    text[0] = '\0';
    if (kind == SCHED_BEGIN)
        put_begin(&w, scene);
    else if (kind == SCHED_END)
        put_end(&w, scene);
    else if (kind <= SCHED_RELEASE_OUT ||
             (kind >= SCHED_LOCK_WANT && kind <= SCHED_CANCEL_LOCK_FREE))
        put_lock(&w, scene);
    else if (kind <= SCHED_COMPLETION_OUT)
        put_callback(&w, scene);
    else if (kind <= SCHED_SWAP_AFTER)
        put_swap(&w, scene);
    else if (kind <= SCHED_CALL_AFTER)
        put_cancel(&w, scene);
    else
        put_rest(&w, scene);
}

/* ---- Bars ---------------------------------------------------------------------------------- */

bool timeline_bar_label(const struct timeline_scene *scene, char *label, size_t size)
{
    struct writer w = {label, label + size};
    switch (scene->event->kind) {
    case SCHED_BEGIN:
        writer_put(&w, "%s", routine_name((unsigned)scene->event->value));
        return true;
    case SCHED_INSERT_IN:
        writer_put(&w, scene->event->value ? "CsqInsertIrpEx" : "CsqInsertIrp");
        return true;
    case SCHED_ACQUIRE_IN:
        writer_put(&w, "CsqAcquireLock");
        return true;
    case SCHED_RELEASE_IN:
        writer_put(&w, "CsqReleaseLock");
        return true;
    case SCHED_REMOVE_IN:
        writer_put(&w, "CsqRemoveIrp");
        return true;
    case SCHED_PEEK_IN:
        writer_put(&w, "CsqPeekNextIrp");
        return true;
    case SCHED_COMPLETE_IN:
        writer_put(&w, "CsqCompleteCanceledIrp");
        return true;
    case SCHED_COMPLETION_IN:
        writer_put(&w, "the sender's completion routine");
        return true;
    case SCHED_CALL_BEFORE:
        writer_put(&w, "the Cancel routine");
        return true;
    default:
        return false;
    }
}

bool timeline_is_quiet(const struct sched_event *event)
{
    switch (event->kind) {
    case SCHED_BEGIN:
    case SCHED_END:
    case SCHED_INSERT_OUT:
    case SCHED_REMOVE_OUT:
    case SCHED_PEEK_OUT:
    case SCHED_COMPLETE_IN:
    case SCHED_COMPLETION_IN:
    case SCHED_LOCK_GOT:
    case SCHED_LOCK_FREE:
    case SCHED_CANCEL_LOCK_GOT:
    case SCHED_CANCEL_LOCK_FREE:
    case SCHED_SWAP_AFTER:
    case SCHED_FLAG_AFTER:
    case SCHED_CLAIM_AFTER:
    case SCHED_CALL_BEFORE:
    case SCHED_BLOCK:
    case SCHED_EXIT:
        return false;
    default:
        return true;
    }
}
