#include "perform.h"

#include "driver.h"
#include "ledger.h"
#include "leeway.h"
#include "monitor.h"
#include "observer.h"
#include "store.h"

#include "ke/ke.h"
#include "sched/annotate.h"
#include "sched/sched.h"

static int irp_slot(const struct operation *operation)
{
    return operation->irp % ledger.scenario.irps;
}

static int queue_number(const struct operation *operation)
{
    return operation->queue % ledger.scenario.queues;
}

/* A fast mutex cannot be taken above APC_LEVEL, neither by a call nor by a cancel that ends up on
 * its queue: with such a queue in play nothing runs at DISPATCH_LEVEL (AMB-14). */
static KIRQL allowed_irql(const struct operation *operation)
{
    KIRQL irql = operation->irql;
    for (int i = 0; i < ledger.scenario.queues; i++)
        if (ledger.scenario.queue[i].lock == LOCK_MUTEX && irql > APC_LEVEL)
            irql = APC_LEVEL;
    return irql;
}

/* The call that the driver's hooks concern. */
static struct monitor_call *this_call(void)
{
    return monitor_call(sched_self());
}

/* The routine is about to be called; it has returned. */
static void enter(struct monitor_call *call)
{
    if (current_observer)
        current_observer->entered(call);
    monitor_enter(call);
}

static void observe_return(NTSTATUS status, PIRP irp)
{
    if (current_observer)
        current_observer->returned(status, irp);
}

/* ---- Disposing of IRPs --------------------------------------------------------------------- */

/* The thread owns the IRP: keep it, or complete it (its sender then frees or keeps it). */
static void dispose(int slot, PIRP irp, unsigned fate, NTSTATUS status)
{
    ledger.irps[slot].fate = (uint8_t)fate;
    ledger.irps[slot].expected = status;
    if (fate == FATE_HOLD)
        ledger_hand_over_irp(slot, IRP_HELD);
    else
        driver_complete_irp(irp, status);
}

/* Its sender has it back. */
static void on_completed(int slot, PIRP irp)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    observe_change(OBSERVED_GONE, slot);
    monitor_completion(slot, irp, entry->expected);
    if (entry->fate == FATE_RECYCLE)
        ledger_hand_over_irp(slot, IRP_IDLE);
    else
        ledger_free_irp(slot);
}

/* ---- The lock ------------------------------------------------------------------------------ */

/* A Cancel routine has found its queue, which cannot go while its IRP is linked; from here on it
 * counts as a user, until CsqCompleteCanceledIrp. */
static void on_acquiring(void)
{
    struct monitor_call *call = this_call();
    if (!call || call->kind != OP_CANCEL || call->in_queue)
        return;
    call->queue = ledger.irps[call->slot].queue;
    call->in_queue = true;
    ledger_enter_queue(call->queue);
}

/* From here on others may call IoCsqRemoveIrp with the context: they will wait for the lock. */
static void on_acquired(void)
{
    struct monitor_call *call = this_call();
    bool inserting = call && (call->kind == OP_INSERT || call->kind == OP_INSERT_EX);
    if (inserting && call->context >= 0)
        ledger_context_usable(call->context);
}

/* ---- Insert -------------------------------------------------------------------------------- */

static NTSTATUS on_answer(const struct driver_queue *queue)
{
    const struct operation *operation = this_call()->operation;
    if (operation->kind != OP_INSERT_EX)
        return STATUS_SUCCESS; /* IoCsqInsertIrp could not report a failure (AMB-7) */
    if (store_is_full(queue))
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = driver_answer(operation->answer);
    return NT_SUCCESS(status) && leeway.exact ? STATUS_SUCCESS : status;
}

static void on_linked(PIRP irp, bool linked, int queue)
{
    int slot = ledger_find_irp(irp);
    if (slot < 0)
        return;
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_guard_enter();
    if (entry->linked != linked)
        ledger.queues[queue].linked = (uint8_t)(ledger.queues[queue].linked + (linked ? 1 : -1));
    entry->linked = linked;
    entry->settled = false;
    if (linked) {
        entry->place = IRP_QUEUED;
        entry->pended = true;
    }
    sched_guard_leave();
}

/* The driver inserts an IRP that it owns, as the call in progress says. */
static NTSTATUS insert(PIRP irp)
{
    struct monitor_call *call = this_call();
    struct driver_queue *queue = ledger.queues[call->queue].queue;
    PIO_CSQ_IRP_CONTEXT context = call->context < 0 ? NULL : ledger.contexts[call->context].context;
    NTSTATUS status = STATUS_SUCCESS;
    bool ex = call->operation->kind == OP_INSERT_EX;
    ledger.irps[call->slot].queue = (uint8_t)call->queue;
    ledger.irps[call->slot].context = (int8_t)call->context;
    ledger.irps[call->slot].fate =
        call->operation->fate == FATE_HOLD ? FATE_FREE : call->operation->fate;
    driver_set_canaries(call->slot, irp);
    enter(call);
    if (ex)
        status = IoCsqInsertIrpEx(&queue->csq, irp, context, call->argument);
    else
        IoCsqInsertIrp(&queue->csq, irp, context);
    observe_return(status, NULL);
    monitor_return_insert(call, ex, status);
    call->result = (uint32_t)status;
    return status;
}

/* The insert callback declined: the IRP is the driver's still, its context nobody's. */
static NTSTATUS after_failed_insert(PIRP irp, NTSTATUS status, bool dispatching)
{
    struct monitor_call *call = this_call();
    unsigned fate = call->operation->fate;
    if (call->context >= 0)
        ledger_release_context(call->context, false);
    if (fate == FATE_HOLD && dispatching) {
        IoMarkIrpPending(irp); /* clause CSQ-INX-10 */
        observe_change(OBSERVED_MARKED, call->slot);
        ledger.irps[call->slot].pended = true;
        status = STATUS_PENDING;
    }
    dispose(call->slot, irp, fate, status == STATUS_PENDING ? STATUS_SUCCESS : status);
    return status;
}

/* The dispatch routine: what is queued, or was completed as canceled, is pending. */
static NTSTATUS on_dispatch(PIRP irp)
{
    NTSTATUS status = insert(irp);
    return NT_SUCCESS(status) ? STATUS_PENDING : after_failed_insert(irp, status, true);
}

static void bind_context(struct monitor_call *call)
{
    const struct operation *operation = call->operation;
    if (operation->context == 0)
        return;
    int slot = (operation->context - 1) % ledger.scenario.contexts;
    call->context = ledger_bind_context(slot, call->slot, call->queue, operation->keep);
}

/* A slot without an IRP gets one, and an idle one is made as good as new. */
static void renew_irp(int slot, enum irp_place before, enum irp_place place)
{
    if (before != IRP_NONE && before != IRP_IDLE)
        return;
    if (before == IRP_IDLE)
        driver_reuse_irp(slot, ledger.irps[slot].irp);
    PIRP irp = before == IRP_NONE ? driver_allocate_irp(slot) : ledger.irps[slot].irp;
    ledger_publish_irp(slot, irp, place);
    observe_change(OBSERVED_RENEWED, slot);
}

static bool perform_insert(struct monitor_call *call)
{
    enum irp_place before = ledger_claim_for_insert(call->slot);
    if (before == IRP_QUEUED)
        return false;
    call->queue = queue_number(call->operation);
    call->in_queue = true;
    ledger_enter_queue(call->queue);
    bind_context(call);
    renew_irp(call->slot, before, IRP_INSERTING);
    if (call->operation->kind == OP_INSERT_EX)
        call->argument = (PVOID)(ULONG_PTR)(0x1000u + call->index);
    ledger_touch(call->slot, call->index, call->operation->kind);
    sched_point(SCHED_BEGIN, (uint32_t)call->slot + 1, call->operation->kind);
    PIRP irp = ledger.irps[call->slot].irp;
    if (before != IRP_HELD) {
        driver_send_irp(irp);
    } else {
        NTSTATUS status = insert(irp);
        if (!NT_SUCCESS(status))
            after_failed_insert(irp, status, false);
    }
    return true;
}

/* ---- Removal ------------------------------------------------------------------------------- */

/* The library gave the IRP back: it is this thread's. */
static void take(struct monitor_call *call, PIRP irp)
{
    int slot = ledger_find_irp(irp);
    if (slot < 0)
        return;
    sched_guard_enter();
    ledger.irps[slot].place = IRP_TAKEN;
    int context = ledger.irps[slot].context;
    ledger.irps[slot].context = LEDGER_NONE;
    sched_guard_leave();
    if (context >= 0)
        ledger_release_context(context, false);
    dispose(slot, irp, call->operation->fate, STATUS_SUCCESS);
}

static bool perform_remove(struct monitor_call *call)
{
    const struct operation *operation = call->operation;
    int slot = operation->context ? (operation->context - 1) % ledger.scenario.contexts : 0;
    if (!ledger_reference_context(slot))
        return false;
    call->context = slot;
    call->queue = ledger.contexts[slot].queue;
    call->in_queue = true;
    struct driver_queue *queue = ledger_enter_queue(call->queue);
    sched_point(SCHED_BEGIN, 0x100u * ((uint32_t)call->queue + 1), operation->kind);
    enter(call);
    PIRP irp = IoCsqRemoveIrp(&queue->csq, ledger.contexts[slot].context);
    observe_return(STATUS_SUCCESS, irp);
    monitor_return_remove(call, irp);
    call->result = (uint32_t)(ledger_find_irp(irp) + 1);
    ledger_drop_context(slot);
    if (irp)
        take(call, irp);
    return true;
}

static PIRP remove_next(struct monitor_call *call, struct driver_queue *queue)
{
    call->kind = OP_REMOVE_NEXT;
    enter(call);
    PIRP irp = IoCsqRemoveNextIrp(&queue->csq, call->argument);
    observe_return(STATUS_SUCCESS, irp);
    monitor_return_remove_next(call, irp);
    call->result = (uint32_t)(ledger_find_irp(irp) + 1);
    return irp;
}

/* A drain is one remove-next after the other: the facts start anew for each. */
static void forget_removal(struct monitor_call *call)
{
    call->slot = LEDGER_NONE;
    call->acquires = call->releases = call->removes = call->peeks = 0;
    call->peeked = call->removed = NULL;
}

static bool perform_remove_next(struct monitor_call *call)
{
    const struct operation *operation = call->operation;
    call->queue = queue_number(operation);
    call->in_queue = true;
    call->slot = LEDGER_NONE;
    call->argument = driver_match(operation->match);
    struct driver_queue *queue = ledger_enter_queue(call->queue);
    sched_point(SCHED_BEGIN, 0x100u * ((uint32_t)call->queue + 1), operation->kind);
    PIRP irp = remove_next(call, queue);
    for (;;) {
        if (irp)
            take(call, irp);
        if (!irp || operation->kind != OP_DRAIN)
            return true;
        forget_removal(call);
        irp = remove_next(call, queue);
    }
}

/* ---- Cancel -------------------------------------------------------------------------------- */

/* A slot without an IRP, or with an idle one, gets a fresh one to cancel before it is sent. */
static void provide_irp(int slot)
{
    enum irp_place before = ledger_claim_for_insert(slot);
    if (before == IRP_QUEUED)
        return;
    renew_irp(slot, before, IRP_FRESH);
    if (before != IRP_NONE && before != IRP_IDLE)
        ledger_hand_over_irp(slot, before);
}

/* Inside the insert callback the queue's lock is held: only the IRP being inserted, which has no
 * Cancel routine yet, may be canceled there. */
static int cancel_slot(const struct operation *operation, const struct monitor_call *outer)
{
    return operation->place == PLACE_IN_INSERT ? outer->slot : irp_slot(operation);
}

static bool perform_cancel(struct monitor_call *call)
{
    int slot = call->slot;
    sched_reads(SCHED_OBJECT_IRP, (unsigned)slot);
    if (ledger.irps[slot].place == IRP_NONE || ledger.irps[slot].place == IRP_IDLE)
        provide_irp(slot);
    if (!ledger_reference_irp(slot))
        return false;
    PIRP irp = ledger.irps[slot].irp;
    call->holds_irp = true;
    ledger_touch(slot, call->index, OP_CANCEL);
    sched_point(SCHED_BEGIN, (uint32_t)slot + 1, OP_CANCEL);
    enter(call);
    BOOLEAN result = IoCancelIrp(irp);
    observe_return(result, NULL);
    monitor_return_cancel(call, result);
    call->result = result;
    if (call->holds_irp)
        ledger_drop_irp(slot);
    return true;
}

/* CsqCompleteCanceledIrp was entered. The library is done with the context, the queue and, but for
 * completing it, the IRP: let go of all three (clauses CSQ-CTX-3, CSQ-GEN-17, CAN-17). */
static void on_canceled(PIRP irp)
{
    struct monitor_call *call = this_call();
    int slot = ledger_find_irp(irp);
    if (!call || slot < 0)
        return;
    struct ledger_irp *entry = &ledger.irps[slot];
    int context = entry->context;
    int queue = entry->queue;
    sched_guard_enter();
    entry->place = IRP_TAKEN;
    entry->pended = true;
    entry->expected = STATUS_CANCELLED;
    entry->context = LEDGER_NONE;
    sched_guard_leave();
    if (context >= 0)
        ledger_release_context(context, true);
    if (call->holds_irp && call->slot == slot) {
        call->holds_irp = false;
        ledger_drop_irp(slot);
    }
    if (call->in_queue) {
        call->in_queue = false;
        ledger_leave_queue(queue);
    }
}

/* ---- The rest ------------------------------------------------------------------------------ */

static bool perform_complete(struct monitor_call *call)
{
    if (!ledger_claim_held(call->slot))
        return false;
    PIRP irp = ledger.irps[call->slot].irp;
    ledger_touch(call->slot, call->index, OP_COMPLETE);
    sched_point(SCHED_BEGIN, (uint32_t)call->slot + 1, OP_COMPLETE);
    unsigned fate = call->operation->fate == FATE_HOLD ? FATE_FREE : call->operation->fate;
    dispose(call->slot, irp, fate, STATUS_SUCCESS);
    return true;
}

static bool perform_cancel_lock(struct monitor_call *call)
{
    KIRQL irql;
    sched_point(SCHED_BEGIN, 0, OP_CANCEL_LOCK);
    IoAcquireCancelSpinLock(&irql);
    IoReleaseCancelSpinLock(irql);
    (void)call;
    return true;
}

static bool perform_kind(struct monitor_call *call)
{
    switch (call->operation->kind) {
    case OP_INSERT:
    case OP_INSERT_EX:
        return perform_insert(call);
    case OP_REMOVE:
        return perform_remove(call);
    case OP_REMOVE_NEXT:
    case OP_DRAIN:
        return perform_remove_next(call);
    case OP_CANCEL:
        return perform_cancel(call);
    case OP_COMPLETE:
        return perform_complete(call);
    default:
        return perform_cancel_lock(call);
    }
}

bool perform(const struct operation *operation, unsigned index)
{
    struct monitor_call *outer = this_call();
    struct monitor_call *call = monitor_begin(operation, index);
    unsigned before = sched_set_operation(index);
    KIRQL irql = KeGetCurrentIrql();
    call->slot = operation->kind == OP_CANCEL ? cancel_slot(operation, outer) : irp_slot(operation);
    if (operation->place == PLACE_TOP && allowed_irql(operation) > irql)
        KeRaiseIrql(allowed_irql(operation), &irql);
    bool done = perform_kind(call);
    if (KeGetCurrentIrql() != irql)
        KeLowerIrql(irql);
    if (call->in_queue)
        ledger_leave_queue(call->queue);
    if (done)
        sched_point(SCHED_END, call->result, operation->kind);
    monitor_end();
    if (operation->place != PLACE_TOP) /* what follows a top-level one counts as its own */
        sched_set_operation(before);
    return done;
}

/* ---- The epilogue -------------------------------------------------------------------------- */

static void empty_queue(int number)
{
    struct operation drain = {.kind = OP_REMOVE_NEXT, .queue = (uint8_t)number, .fate = FATE_FREE};
    for (unsigned left = ledger.queues[number].linked; left > 0; left--)
        perform(&drain, SCHED_NO_OPERATION - 1);
}

static void empty_slot(int slot)
{
    struct operation complete = {.kind = OP_COMPLETE, .irp = (uint8_t)slot, .fate = FATE_FREE};
    struct ledger_irp *entry = &ledger.irps[slot];
    if (entry->place == IRP_HELD)
        perform(&complete, SCHED_NO_OPERATION - 1);
    else if (entry->place == IRP_FRESH || entry->place == IRP_IDLE) {
        annotate_acquire(&entry->handed_over);
        observe_change(OBSERVED_GONE, slot);
        ledger_free_irp(slot);
    }
}

void perform_epilogue(void)
{
    for (int i = 0; i < ledger.scenario.queues; i++)
        if (ledger.queues[i].allocated)
            empty_queue(i);
    for (int i = 0; i < SCENARIO_IRPS; i++)
        empty_slot(i);
    for (int i = 0; i < SCENARIO_CONTEXTS; i++) {
        struct ledger_context *entry = &ledger.contexts[i];
        entry->keep = false;
        if (entry->allocated)
            ledger_release_context(i, false);
    }
    for (int i = 0; i < ledger.scenario.queues; i++)
        if (ledger.queues[i].allocated)
            ledger_destroy_queue(i);
}

void perform_reset(void)
{
    driver_hooks = (struct driver_hooks){.dispatch = on_dispatch,
                                         .acquiring = on_acquiring,
                                         .acquired = on_acquired,
                                         .answer = on_answer,
                                         .linked = on_linked,
                                         .canceled = on_canceled,
                                         .completed = on_completed,
                                         .nested = harness_nested};
}
