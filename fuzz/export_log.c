/* The log: what the driver sees, with the facts that clauses speak of. The exported program writes
 * the same lines from its own view (export_driver.txt): change both. */
#include "export.h"

#include "conformance/driver.h"
#include "conformance/ledger.h"
#include "conformance/monitor.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <stdarg.h>
#include <string.h>

struct export export;

static struct {
    unsigned lost; /* lines without room */
    enum observed_callback last[SCHED_THREADS];
    bool sent[SCENARIO_IRPS];          /* the driver has it */
    bool idle[SCENARIO_IRPS];          /* its sender keeps it */
    char words[2][SCHED_THREADS][120]; /* of IRPs */
} state;

bool export_log_overflowed(void)
{
    return state.lost > 0;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    char text[EXPORT_LINE] = "";
    va_list arguments;
    if (export.line_count == EXPORT_LINES) {
        state.lost++;
        return;
    }
    int length = snprintf(text, sizeof text, "t%d ", sched_self());
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    /* Not by a function that ThreadSanitizer sees: threads share the log without an order. Nor may
     * it be told to look away, after which it misses races. */
    volatile char *line = export.lines[export.line_count++];
    for (unsigned c = 0; c < EXPORT_LINE; c++)
        line[c] = text[c];
}

/* ---- Facts ---------------------------------------------------------------------------------- */

static bool is_untouched(int slot, const IRP *irp)
{
    for (unsigned i = 0; i < 3; i++)
        if (irp->Tail.Overlay.DriverContext[i] != MONITOR_CANARY(slot, i))
            return false;
    return irp->IoStatus.Status == MONITOR_STATUS &&
           irp->IoStatus.Information == MONITOR_INFORMATION;
}

static bool is_live(int slot)
{
    return ledger.irps[slot].place != IRP_NONE && ledger.irps[slot].irp;
}

/* An IRP in words. One that was freed is not touched. */
static const char *about(const IRP *irp)
{
    char *text = state.words[0][sched_self()];
    size_t size = sizeof state.words[0][0];
    int slot = ledger_find_irp(irp);
    if (slot < 0)
        return irp ? "an unknown IRP" : "no IRP";
    if (!is_live(slot)) {
        snprintf(text, size, "irp%d, freed", slot);
    } else {
        bool pending = irp->CurrentLocation <= irp->StackCount &&
                       irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED;
        snprintf(text, size, "irp%d (%s%s%s%s%s%s)", slot, irp->Cancel ? "Cancel" : "-",
                 irp->CancelRoutine ? ", CancelRoutine" : "", pending ? ", pending" : "",
                 io_irp_claimed((PIRP)irp) ? ", claimed by a cancel" : "",
                 irp->Tail.Overlay.DriverContext[3] ? ", DriverContext[3]" : "",
                 is_untouched(slot, irp) ? "" : ", not as queued");
    }
    return text;
}

static const char *held(void)
{
    return io_cancel_lock_held_by(sched_self()) ? ", cancel spin lock held" : "";
}

static const char *queue_name(const IO_CSQ *csq)
{
    static const char *const names[SCENARIO_QUEUES] = {"q0", "q1"};
    int queue = ledger_find_queue(csq);
    return queue < 0 ? "no queue of ours" : names[queue];
}

static const char *match_name(PVOID argument)
{
    return argument == NULL              ? "any"
           : argument == driver_match(1) ? "even"
           : argument == driver_match(2) ? "odd"
                                         : "another PeekContext";
}

/* The IRP that a call is about, while its queue's lock is held. */
static const char *subject(const struct monitor_call *call)
{
    bool is_remove = call && call->kind == OP_REMOVE;
    int slot = is_remove ? ledger.contexts[call->context].irp : call ? call->slot : LEDGER_NONE;
    if (call && call->kind == OP_REMOVE_NEXT)
        slot = LEDGER_NONE;
    if (is_remove && !(is_live(slot) && ledger.irps[slot].context == call->context))
        slot = LEDGER_NONE;
    return about(slot < 0 ? NULL : ledger.irps[slot].irp);
}

static bool is_place_shared(const KIRQL *place)
{
    for (int t = 0; place && t < SCHED_THREADS; t++) {
        const struct monitor_call *other = t == sched_self() ? NULL : monitor_call(t);
        if (other && other->in_routine && other->acquires > other->releases &&
            other->irql_place == place)
            return true;
    }
    return false;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static void begin(void)
{
    memset(&state, 0, sizeof state);
    export.line_count = 0;
    for (unsigned o = 0; o < PROGRAM_OPERATIONS; o++)
        export.operations[o] = (struct export_operation){.context = LEDGER_NONE};
}

static struct export_operation *operation_of(const struct monitor_call *call)
{
    return call->index < PROGRAM_OPERATIONS ? &export.operations[call->index] : NULL;
}

static void enter_insert(const struct monitor_call *call)
{
    bool ex = call->kind == OP_INSERT_EX;
    char context[16] = "NULL";
    struct export_operation *operation = operation_of(call);
    if (call->context >= 0)
        snprintf(context, sizeof context, "ctx%d", call->context);
    if (operation)
        operation->direct = state.sent[call->slot];
    state.sent[call->slot] = true;
    note("calls IoCsqInsertIrp%s(q%d, %s, %s), IRQL %u", ex ? "Ex" : "", call->queue,
         about(ledger.irps[call->slot].irp), context, KeGetCurrentIrql());
}

static void entered(const struct monitor_call *call)
{
    struct export_operation *operation = operation_of(call);
    if (operation)
        operation->context = (int8_t)call->context;
    if (call->kind == OP_INSERT || call->kind == OP_INSERT_EX)
        enter_insert(call);
    else if (call->kind == OP_REMOVE)
        note("calls IoCsqRemoveIrp(q%d, ctx%d), IRQL %u", call->queue, call->context,
             KeGetCurrentIrql());
    else if (call->kind == OP_REMOVE_NEXT)
        note("calls IoCsqRemoveNextIrp(q%d, %s), IRQL %u", call->queue, match_name(call->argument),
             KeGetCurrentIrql());
    else
        note("calls IoCancelIrp(%s), IRQL %u", about(ledger.irps[call->slot].irp),
             KeGetCurrentIrql());
}

static void returned(NTSTATUS status, PIRP irp)
{
    const struct monitor_call *call = monitor_call(sched_self());
    PIRP subject_of = call->slot >= 0 ? ledger.irps[call->slot].irp : NULL;
    if (call->kind == OP_INSERT || call->kind == OP_INSERT_EX)
        note("IoCsqInsertIrp%s returns 0x%08X, %s, IRQL %u%s",
             call->kind == OP_INSERT_EX ? "Ex" : "", (unsigned)status, about(subject_of),
             KeGetCurrentIrql(), held());
    else if (call->kind == OP_CANCEL)
        note("IoCancelIrp returns %s, %s, IRQL %u%s", status ? "TRUE" : "FALSE", about(subject_of),
             KeGetCurrentIrql(), held());
    else
        note("IoCsqRemove%sIrp returns %s, IRQL %u%s", call->kind == OP_REMOVE ? "" : "Next",
             about(irp), KeGetCurrentIrql(), held());
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

static void note_acquire(PIO_CSQ csq, const KIRQL *place)
{
    note("CsqAcquireLock(%s), IRQL %u%s%s", queue_name(csq), KeGetCurrentIrql(), held(),
         place == NULL            ? ", no place for the IRQL"
         : is_place_shared(place) ? ", the place for the IRQL is another's"
                                  : "");
}

static void note_release(PIO_CSQ csq, PVOID value)
{
    const struct monitor_call *call = monitor_call(sched_self());
    note("CsqReleaseLock(%s, %s), %s", queue_name(csq),
         call && call->token == (KIRQL)(ULONG_PTR)value ? "the value stored" : "another value",
         subject(call));
}

static void callback(enum observed_callback which, PIO_CSQ csq, PIRP irp, PVOID argument)
{
    const struct monitor_call *call = monitor_call(sched_self());
    const char *queue = queue_name(csq);
    state.last[sched_self()] = which;
    if (which == OBSERVED_ACQUIRE)
        note_acquire(csq, argument);
    else if (which == OBSERVED_RELEASE)
        note_release(csq, argument);
    else if (which == OBSERVED_INSERT)
        note("CsqInsertIrp(%s, %s)", queue, about(irp));
    else if (which == OBSERVED_INSERT_EX)
        note("CsqInsertIrpEx(%s, %s, %s InsertContext)", queue, about(irp),
             call && call->argument == argument ? "the caller's" : "another");
    else if (which == OBSERVED_REMOVE)
        note("CsqRemoveIrp(%s, %s)", queue, about(irp));
    else if (which == OBSERVED_PEEK)
        note("CsqPeekNextIrp(%s, %s, %s)", queue, about(irp), match_name(argument));
    else
        note("CsqCompleteCanceledIrp(%s, %s), IRQL %u%s", queue, about(irp), KeGetCurrentIrql(),
             held());
}

static void answered(NTSTATUS status, PIRP found)
{
    const struct monitor_call *call = monitor_call(sched_self());
    if (state.last[sched_self()] == OBSERVED_PEEK)
        note("CsqPeekNextIrp finds %s", about(found));
    else if (call && call->queue >= 0 && ledger.scenario.queue[call->queue].ex)
        note("CsqInsertIrpEx answers 0x%08X", (unsigned)status);
}

/* ---- IRPs ----------------------------------------------------------------------------------- */

static void renewed(int slot)
{
    const struct monitor_call *call = monitor_call(sched_self());
    struct export_operation *operation = call ? operation_of(call) : NULL;
    if (operation) {
        operation->renewed = true;
        operation->reused = state.idle[slot];
    }
    state.sent[slot] = state.idle[slot] = false;
}

static void changed(enum observed_change change, int slot)
{
    const struct ledger_irp *entry = &ledger.irps[slot];
    if (change == OBSERVED_RENEWED)
        renewed(slot);
    if (change != OBSERVED_GONE || !monitor_call(sched_self())) /* freed without having been sent */
        return;
    state.sent[slot] = false;
    state.idle[slot] = entry->fate == FATE_RECYCLE;
    note("irp%d comes back: status 0x%08X, Information %u, PendingReturned %u", slot,
         (unsigned)entry->irp->IoStatus.Status, (unsigned)entry->irp->IoStatus.Information,
         entry->irp->PendingReturned);
}

const struct observer export_observer = {.begin = begin,
                                         .entered = entered,
                                         .returned = returned,
                                         .callback = callback,
                                         .answered = answered,
                                         .changed = changed};
