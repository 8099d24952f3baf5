#include "sequential_check.h"

#include "driver.h"
#include "finding.h"
#include "leeway.h"
#include "sequential_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <string.h>

/* Somebody else's library may not have it: then its reading shows in its behaviour. */
extern BOOLEAN csq_diagram_reading __attribute__((weak));

struct sequential_run sequential;

static struct sequential_frame *innermost(void)
{
    return sequential.depth ? &sequential.frames[sequential.depth - 1] : NULL;
}

static enum sequential_reading reading(void)
{
    if (!&csq_diagram_reading)
        return leeway.text ? SEQUENTIAL_TEXT : SEQUENTIAL_EITHER;
    return ledger.scenario.diagram ? SEQUENTIAL_DIAGRAM : SEQUENTIAL_TEXT;
}

static void begin(void)
{
    sequential.depth = 0;
    sequential_begin(&sequential.state, &ledger.scenario, reading());
}

/* ---- Following ------------------------------------------------------------------------------ */

/* The slots in a queue's storage, in order. */
static unsigned contents(int number, uint8_t slots[SCENARIO_IRPS])
{
    unsigned count = 0;
    if (!ledger.queues[number].allocated)
        return 0;
    const LIST_ENTRY *end = &ledger.queues[number].queue->irps;
    for (const LIST_ENTRY *link = end->Flink; link != end && count < SCENARIO_IRPS;
         link = link->Flink) {
        int slot = ledger_find_irp(CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry));
        if (slot >= 0)
            slots[count++] = (uint8_t)slot;
    }
    return count;
}

static void follow_irp(int slot)
{
    struct sequential_irp *irp = &sequential.state.irps[slot];
    if (irp->place == SEQUENTIAL_ABSENT)
        return;
    irp->canceled = sequential_irp_fact(slot, FACT_CANCELED);
    irp->armed = sequential_irp_fact(slot, FACT_ARMED);
    irp->claimed = io_irp_claimed(ledger.irps[slot].irp);
    if (irp->place >= SEQUENTIAL_DRIVER)
        irp->pending = sequential_irp_fact(slot, FACT_PENDING);
}

static void follow_queue(int number)
{
    struct sequential_queue *queue = &sequential.state.queues[number];
    queue->count = (uint8_t)contents(number, queue->irps);
    for (unsigned i = 0; i < queue->count; i++) {
        sequential.state.irps[queue->irps[i]].place = SEQUENTIAL_QUEUED;
        sequential.state.irps[queue->irps[i]].queue = (uint8_t)number;
    }
}

/* Take over what is there. A call that was lost has told nothing of what it did. */
static void follow(void)
{
    struct sequential_state before = sequential.state;
    for (int i = 0; i < SCENARIO_IRPS; i++)
        if (sequential.state.irps[i].place == SEQUENTIAL_QUEUED)
            sequential.state.irps[i].place = SEQUENTIAL_DRIVER;
    for (int i = 0; i < ledger.scenario.queues; i++)
        follow_queue(i);
    for (int i = 0; i < SCENARIO_IRPS; i++)
        follow_irp(i);
    for (int i = 0; i < SCENARIO_CONTEXTS; i++) {
        int irp = before.contexts[i].irp;
        if (irp >= 0 && sequential.state.irps[irp].place != SEQUENTIAL_QUEUED)
            sequential.state.contexts[i].irp = SEQUENTIAL_NONE;
    }
}

static bool any_lost(void)
{
    for (unsigned i = 0; i < sequential.depth; i++)
        if (sequential.frames[i].lost)
            return true;
    return false;
}

static void check_contents(const struct sequential_frame *frame)
{
    char trace[SEQUENTIAL_TRACE];
    for (int i = 0; i < ledger.scenario.queues; i++) {
        uint8_t slots[SCENARIO_IRPS];
        unsigned count = contents(i, slots);
        if (count == sequential.state.queues[i].count &&
            memcmp(slots, sequential.state.queues[i].irps, count) == 0)
            continue;
        sequential_print_trace(trace, frame, NULL);
        finding_raise(CLAUSE_CSQ_GEN_5, frame->call.irp,
                      "after %s: q%d holds other IRPs than expected, or in another order", trace,
                      i);
        follow();
    }
}

/* ---- Events -------------------------------------------------------------------------------- */

static bool same_event(const struct sequential_event *a, const struct sequential_event *b)
{
    return a->kind == b->kind && a->queue == b->queue && a->irp == b->irp &&
           a->argument == b->argument && a->status == b->status;
}

/* What letters do not show. */
static const char *remark(const struct sequential_event *expected,
                          const struct sequential_event *seen)
{
    if (seen->kind != expected->kind)
        return "";
    if (seen->queue != expected->queue)
        return " with another queue";
    return seen->argument != expected->argument ? " with another argument than the caller's" : "";
}

static void raise_difference(const struct sequential_frame *frame,
                             const struct sequential_event *expected,
                             const struct sequential_event *seen)
{
    char wanted[SEQUENTIAL_TRACE], got[SEQUENTIAL_TRACE];
    int slot = seen->irp >= 0 ? seen->irp : frame->call.irp;
    sequential_print_trace(wanted, frame, NULL);
    sequential_print_rest(wanted, sizeof wanted, &sequential.state, &frame->call);
    sequential_print_trace(got, frame, seen);
    finding_raise(sequential_blame_event(&sequential.state, &frame->call, seen), slot,
                  "expected %s, saw %s%s", wanted, got, remark(expected, seen));
}

/* Hold what came against what had to come; go on from there, together or alone. */
static void judge(struct sequential_frame *frame, const struct sequential_event *seen)
{
    if (frame->lost)
        return;
    sequential_choose(&sequential.state, &frame->call, seen->kind);
    struct sequential_event expected = sequential_next(&frame->call);
    if (!same_event(seen, &expected)) {
        raise_difference(frame, &expected, seen);
        frame->lost = true;
        return;
    }
    sequential_check_facts(frame, seen);
    if (frame->count < SEQUENTIAL_LONGEST)
        frame->seen[frame->count++] = *seen;
    sequential_take(&sequential.state, &frame->call);
}

/* ---- The observer -------------------------------------------------------------------------- */

static int8_t slot_of(const IRP *irp)
{
    int slot = ledger_find_irp(irp);
    if (!irp)
        return SEQUENTIAL_NONE;
    return (int8_t)(slot < 0 ? SEQUENTIAL_UNKNOWN : slot);
}

/* A PeekContext as a match, or a value that is none. */
static uintptr_t match_of(PVOID context)
{
    for (unsigned match = 0; match < 3; match++)
        if (driver_match(match) == context)
            return match;
    return UINTPTR_MAX;
}

/* What the driver answers where it has room (clause AMB-6: exact, if it has been told so). */
static NTSTATUS answer_of(const struct operation *operation)
{
    NTSTATUS status = driver_answer(operation->answer);
    return leeway.exact && NT_SUCCESS(status) ? STATUS_SUCCESS : status;
}

static void entered(const struct monitor_call *what)
{
    bool next = what->kind == OP_REMOVE_NEXT;
    if (any_lost())
        follow();
    struct sequential_frame *frame = &sequential.frames[sequential.depth++];
    frame->call = (struct sequential_call){
        .kind = what->kind,
        .irp = (int8_t)what->slot,
        .context = (int8_t)what->context,
        .queue = (int8_t)(what->kind == OP_CANCEL ? 0 : what->queue),
        .argument = next ? match_of(what->argument) : (uintptr_t)what->argument,
        .answer = answer_of(what->operation)};
    frame->irql = KeGetCurrentIrql();
    frame->lost = false;
    frame->count = 0;
    sequential_call_begin(&sequential.state, &frame->call);
}

/* Removals return no status, all others no IRP. */
static void returned(NTSTATUS status, PIRP irp)
{
    struct sequential_frame *frame = innermost();
    struct sequential_event event = {
        .kind = SEQUENTIAL_RET, .queue = SEQUENTIAL_NONE, .irp = slot_of(irp), .status = status};
    judge(frame, &event);
    if (!frame->lost)
        check_contents(frame);
    sequential.depth--;
    if (!frame->lost)
        return;
    follow();
    if (frame->call.kind == OP_INSERT || frame->call.kind == OP_INSERT_EX)
        sequential.state.irps[frame->call.irp].deciding = false;
    if (frame->call.context >= 0 && frame->call.kind != OP_REMOVE &&
        sequential.state.irps[frame->call.irp].place == SEQUENTIAL_QUEUED)
        sequential.state.contexts[frame->call.context].irp = frame->call.irp;
}

static void callback(enum observed_callback which, PIO_CSQ csq, PIRP irp, PVOID argument)
{
    static const uint8_t kinds[] = {
        [OBSERVED_ACQUIRE] = SEQUENTIAL_A,    [OBSERVED_INSERT] = SEQUENTIAL_I,
        [OBSERVED_INSERT_EX] = SEQUENTIAL_IX, [OBSERVED_REMOVE] = SEQUENTIAL_RM,
        [OBSERVED_PEEK] = SEQUENTIAL_PK,      [OBSERVED_RELEASE] = SEQUENTIAL_L,
        [OBSERVED_COMPLETE] = SEQUENTIAL_C,
    };
    struct sequential_event event = {
        .kind = kinds[which], .queue = (int8_t)ledger_find_queue(csq), .irp = slot_of(irp)};
    if (which == OBSERVED_INSERT_EX)
        event.argument = (uintptr_t)argument;
    if (which == OBSERVED_PEEK)
        event.argument = match_of(argument);
    if (innermost())
        judge(innermost(), &event);
    else
        finding_raise(CLAUSE_CSQ_GEN_13, LEDGER_NONE,
                      "a callback ran outside of any call on its queue");
}

/* The driver answers by what its storage holds: if not as predicted, that holds something else. */
static void answered(NTSTATUS status, PIRP found)
{
    struct sequential_frame *frame = innermost();
    if (!frame || frame->lost || !sequential_is_asking(&frame->call))
        return;
    char trace[SEQUENTIAL_TRACE];
    bool peeks = frame->call.step == SEQUENTIAL_SEEING;
    int32_t expected = sequential_answer(&sequential.state, &frame->call);
    int32_t seen = peeks ? slot_of(found) : status;
    if (seen != expected) {
        sequential_print_trace(trace, frame, NULL);
        finding_raise(CLAUSE_CSQ_GEN_5, frame->call.irp, "after %s: the driver answered %d, not %d",
                      trace, (int)seen, (int)expected);
    }
    if (peeks && seen < SEQUENTIAL_NONE)
        frame->lost = true;
    else
        sequential_answered(&sequential.state, &frame->call, seen);
}

static void changed(enum observed_change change, int slot)
{
    switch (change) {
    case OBSERVED_RENEWED:
        sequential_renew(&sequential.state, slot);
        break;
    case OBSERVED_MARKED:
        sequential_mark(&sequential.state, slot);
        break;
    case OBSERVED_GONE:
        sequential_leave(&sequential.state, slot);
        break;
    }
}

const struct observer sequential_observer = {.begin = begin,
                                             .entered = entered,
                                             .returned = returned,
                                             .callback = callback,
                                             .answered = answered,
                                             .changed = changed};
