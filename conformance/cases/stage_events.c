/* What the stage has seen. */
#include "stage_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Recording ----------------------------------------------------------------------------- */

static struct stage_event *append(enum stage_event_kind kind)
{
    if (stage.event_count == STAGE_EVENTS)
        case_deviates(__FILE__, __LINE__, "a call ends after a few callbacks",
                      "hundreds of callbacks");
    struct stage_event *event = &stage.events[stage.event_count++];
    *event = (struct stage_event){.kind = kind};
    return event;
}

/* What has happened to the cancel spin lock since the last event is in the scheduler's trace. */
static void catch_up(void)
{
    const struct sched_trace *trace = sched_trace();
    for (; stage.seen < sched_trace_kept(trace); stage.seen++) {
        if (trace->events[stage.seen].kind == SCHED_CANCEL_LOCK_GOT)
            append(EVENT_CANCEL_LOCK);
        else if (trace->events[stage.seen].kind == SCHED_CANCEL_LOCK_FREE)
            append(EVENT_CANCEL_FREE);
    }
}

static void record_irp(struct stage_event *event, const struct stage_queue *queue, PIRP irp)
{
    if (!stage_live_irp(irp))
        return;
    event->canceled = irp->Cancel;
    event->armed = irp->CancelRoutine != NULL;
    /* once it is completed it has no current stack location any more */
    event->pending = irp->CurrentLocation <= irp->StackCount && stage_pending(irp);
    event->queued = queue && stage_holds(queue, irp);
    memcpy(event->driver_context, irp->Tail.Overlay.DriverContext, sizeof event->driver_context);
}

struct stage_event *stage_record(enum stage_event_kind kind, struct stage_queue *queue, PIRP irp)
{
    if (sched_self() != SCHED_OUTSIDE) /* a race's preparation: the trace is the last execution's */
        catch_up();
    struct stage_event *event = append(kind);
    event->queue = queue ? queue->number : 0;
    event->irp = irp;
    event->irql = KeGetCurrentIrql();
    event->locked = queue && queue->held;
    event->cancel_locked = io_cancel_lock_held_by(sched_self());
    record_irp(event, queue, irp);
    return event;
}

void stage_act(enum stage_event_kind kind, struct stage_queue *queue, PIRP irp)
{
    if (stage.inside[kind])
        stage.inside[kind](queue, irp);
}

void stage_inside(enum stage_event_kind kind, void (*action)(struct stage_queue *queue, PIRP irp))
{
    stage.inside[kind] = action;
}

void stage_after_release(void (*action)(struct stage_queue *queue, PIRP irp))
{
    stage.after_release = action;
}

void stage_leave_completion(void)
{
    stage.leave_completion = true;
}

void stage_watch(PIRP irp)
{
    stage.watched = irp;
}

/* The trace that the execution before has left says nothing of the one to come. */
void stage_ready(void)
{
    stage.event_count = 0;
    stage.seen = 0;
}

void stage_clear(void)
{
    if (sched_self() != SCHED_OUTSIDE)
        catch_up();
    stage.event_count = 0;
}

/* ---- Asking -------------------------------------------------------------------------------- */

unsigned stage_events(enum stage_event_kind kind)
{
    unsigned count = 0;
    catch_up();
    for (unsigned i = 0; i < stage.event_count; i++)
        count += stage.events[i].kind == kind;
    return count;
}

static const char *const letters[EVENT_KINDS] = {
    [EVENT_ACQUIRE] = "A",  [EVENT_INSERT] = "I",        [EVENT_INSERT_EX] = "Ix",
    [EVENT_REMOVE] = "Rm",  [EVENT_PEEK] = "Pk",         [EVENT_RELEASE] = "L",
    [EVENT_COMPLETE] = "C", [EVENT_CANCEL_LOCK] = "cs+", [EVENT_CANCEL_FREE] = "cs-",
    [EVENT_DONE] = "D",
};

const struct stage_event *stage_event(enum stage_event_kind kind, unsigned n)
{
    char expected[64];
    for (unsigned i = 0; i < stage.event_count; i++)
        if (stage.events[i].kind == kind && n-- == 0)
            return &stage.events[i];
    snprintf(expected, sizeof expected, "%s is called", letters[kind]);
    case_deviates(__FILE__, __LINE__, expected, stage_trace());
}

static const char *irp_text(PIRP irp, char text[16])
{
    if (irp == NULL)
        return "NULL";
    int number = stage_irp_number(irp);
    if (number < 0)
        return "?";
    snprintf(text, 16, "i%d", number);
    return text;
}

static void print_event(const struct stage_event *event, char *buffer, size_t size)
{
    char irp[16], found[16];
    const char *mark = event->queue ? "'" : "";
    switch (event->kind) {
    case EVENT_ACQUIRE:
    case EVENT_RELEASE:
    case EVENT_CANCEL_LOCK:
    case EVENT_CANCEL_FREE:
        snprintf(buffer, size, "%s%s", letters[event->kind], mark);
        break;
    case EVENT_PEEK:
        snprintf(buffer, size, "Pk(%s)=%s%s", irp_text(event->irp, irp),
                 irp_text(event->found, found), mark);
        break;
    default:
        snprintf(buffer, size, "%s(%s)%s", letters[event->kind], irp_text(event->irp, irp), mark);
    }
}

static const char *print_events(bool callbacks_only)
{
    static char text[1024];
    size_t length = 0;
    catch_up();
    text[0] = '\0';
    for (unsigned i = 0; i < stage.event_count && length < sizeof text - 32; i++) {
        enum stage_event_kind kind = stage.events[i].kind;
        if (callbacks_only && kind >= EVENT_CANCEL_LOCK)
            continue;
        if (length)
            text[length++] = ' ';
        print_event(&stage.events[i], text + length, sizeof text - length);
        length += strlen(text + length);
    }
    return text;
}

const char *stage_trace(void)
{
    return print_events(false);
}

const char *stage_callbacks(void)
{
    return print_events(true);
}

/* Whether the IRP is pending or armed before the insert callback is the library's business. */
static void print_states(const struct stage_event *event, char *buffer, size_t size)
{
    enum stage_event_kind kind = event->kind == EVENT_INSERT_EX ? EVENT_INSERT : event->kind;
    bool late = kind != EVENT_ACQUIRE && kind != EVENT_INSERT;
    snprintf(buffer, size, "%s:%s%s%s%s%s%u", letters[kind], event->locked ? "k" : "",
             event->canceled ? "c" : "", event->armed && late ? "a" : "",
             event->pending && late ? "p" : "", event->queued ? "q" : "", (unsigned)event->irql);
}

const char *stage_story(void)
{
    static char text[1024];
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < stage.event_count && length < sizeof text - 32; i++) {
        if (stage.events[i].kind >= EVENT_CANCEL_LOCK)
            continue;
        if (length)
            text[length++] = ' ';
        print_states(&stage.events[i], text + length, sizeof text - length);
        length += strlen(text + length);
    }
    return text;
}
