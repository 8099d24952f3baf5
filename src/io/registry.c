/*
 * The table of IRPs: a hash by address, and a list of all. See registry.h.
 *
 * Logical threads share it without a lock of the model's, so each entrance is bracketed by
 * sched_guard_enter() and _leave(). Addresses choose a bucket, and nothing else depends on them.
 */
#include "registry.h"

#include "../sched/annotate.h"
#include "../sched/sched.h"

#include <stdlib.h>

#define BUCKETS 64

struct record {
    PIRP irp;
    struct record *next_in_bucket;
    struct record *next, *previous; /* of all; `next` also of the spare ones */
    struct registry_call *calls;    /* in progress, lowest location first */
    enum registry_state state;
    CCHAR sender; /* if REGISTRY_SENT: the current location of who sent it */
    BOOLEAN charged_quota;
};

static struct record *buckets[BUCKETS];
static struct record all = {.next = &all, .previous = &all};
static struct record *spare; /* kept for the next execution */
static unsigned count;       /* of those in `all` */
static unsigned numbers;     /* given out in this execution */

static struct record **bucket_of(PIRP irp)
{
    ULONG_PTR address = (ULONG_PTR)irp;
    return &buckets[(address >> 4 ^ address >> 10) % BUCKETS];
}

static struct record *find(PIRP irp)
{
    struct record *record = *bucket_of(irp);
    while (record && record->irp != irp)
        record = record->next_in_bucket;
    return record;
}

/* ---- Adding and removing ------------------------------------------------------------------- */

static struct record *new_record(void)
{
    struct record *record = spare;
    if (record)
        spare = record->next;
    else
        record = malloc(sizeof *record);
    return record;
}

static void link_record(struct record *record)
{
    struct record **bucket = bucket_of(record->irp);
    record->next_in_bucket = *bucket;
    *bucket = record;
    record->next = &all;
    record->previous = all.previous;
    all.previous->next = record;
    all.previous = record;
    count++;
}

static void unlink_record(struct record *record)
{
    struct record **link = bucket_of(record->irp);
    while (*link != record)
        link = &(*link)->next_in_bucket;
    *link = record->next_in_bucket;
    record->previous->next = record->next;
    record->next->previous = record->previous;
    record->next = spare;
    spare = record;
    count--;
}

bool registry_add(PIRP irp, BOOLEAN charged_quota, UCHAR *number)
{
    sched_guard_enter();
    struct record *record = new_record();
    if (record) {
        *record =
            (struct record){.irp = irp, .state = REGISTRY_FRESH, .charged_quota = charged_quota};
        link_record(record);
        *number = numbers < 255 ? (UCHAR)++numbers : 0;
    }
    sched_guard_leave();
    return record != NULL;
}

/* The IRP is freed under calls in progress, which must not look for it. */
static void abandon_calls(struct record *record)
{
    for (struct registry_call *call = record->calls; call; call = call->outer)
        call->known = false;
    record->calls = NULL;
}

void registry_remove(PIRP irp)
{
    sched_guard_enter();
    struct record *record = find(irp);
    if (record) {
        abandon_calls(record);
        unlink_record(record);
    }
    sched_guard_leave();
}

unsigned registry_count(void)
{
    return count;
}

/* Threads that were cut off may have touched the IRPs, unordered with us: not a race to report. */
void registry_discard(void)
{
    annotate_ignore_begin();
    while (all.next != &all) {
        struct record *record = all.next;
        PIRP irp = record->irp;
        unlink_record(record);
        free(irp);
    }
    annotate_ignore_end();
    numbers = 0;
}

/* ---- States -------------------------------------------------------------------------------- */

/* What was sent is idle again as soon as its sender's location is current again. */
static enum registry_state state_of(const struct record *record)
{
    if (!record)
        return REGISTRY_UNKNOWN;
    if (record->state == REGISTRY_SENT && record->irp->CurrentLocation >= record->sender)
        return REGISTRY_IDLE;
    return record->state;
}

enum registry_state registry_state_of(PIRP irp)
{
    sched_guard_enter();
    enum registry_state state = state_of(find(irp));
    sched_guard_leave();
    return state;
}

BOOLEAN registry_charged_quota(PIRP irp)
{
    sched_guard_enter();
    struct record *record = find(irp);
    BOOLEAN charged = record && record->charged_quota;
    sched_guard_leave();
    return charged;
}

static void set_state(PIRP irp, enum registry_state state)
{
    sched_guard_enter();
    struct record *record = find(irp);
    if (record)
        record->state = state;
    sched_guard_leave();
}

void registry_set_completed(PIRP irp)
{
    set_state(irp, REGISTRY_COMPLETED);
}

void registry_set_idle(PIRP irp)
{
    set_state(irp, REGISTRY_IDLE);
}

/* ---- Calls --------------------------------------------------------------------------------- */

void registry_begin_call(PIRP irp, struct registry_call *call)
{
    sched_guard_enter();
    struct record *record = find(irp);
    *call = (struct registry_call){.location = irp->CurrentLocation, .known = record != NULL};
    if (record) {
        if (state_of(record) != REGISTRY_SENT)
            record->sender = irp->CurrentLocation + 1;
        record->state = REGISTRY_SENT;
        call->outer = record->calls;
        record->calls = call;
    }
    sched_guard_leave();
}

/* IoSkipCurrentIrpStackLocation gives two calls one location, so this may end several. */
void registry_leave_location(PIRP irp)
{
    sched_guard_enter();
    struct record *record = find(irp);
    while (record && record->calls && record->calls->location <= irp->CurrentLocation) {
        struct registry_call *call = record->calls;
        record->calls = call->outer;
        call->left = true;
        call->control = irp->Tail.Overlay.CurrentStackLocation->Control;
        call->status = irp->IoStatus.Status;
    }
    sched_guard_leave();
}

/* The IRP is still at the callee's location or below, hence alive: see what became of it. */
static void end_open_call(PIRP irp, struct registry_call *call)
{
    struct record *record = find(irp);
    struct registry_call **link = &record->calls;
    while (*link != call)
        link = &(*link)->outer;
    *link = call->outer;
    call->below = irp->CurrentLocation < call->location;
    call->control =
        irp->Tail.Overlay.CurrentStackLocation[call->location - irp->CurrentLocation].Control;
}

void registry_end_call(PIRP irp, struct registry_call *call)
{
    sched_guard_enter();
    if (call->known && !call->left)
        end_open_call(irp, call);
    sched_guard_leave();
}
