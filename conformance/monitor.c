#include "monitor_internal.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <stdlib.h>

bool monitor_on = true;

struct monitor_call *monitor_innermost[SCHED_THREADS];

static struct monitor_call calls[SCHED_THREADS][MONITOR_DEPTH];

static bool initializing; /* between the two calls around IoCsqInitialize */

void monitor_enable(bool enable)
{
    monitor_on = enable;
}

void monitor_reset(void)
{
    for (int t = 0; t < SCHED_THREADS; t++)
        monitor_innermost[t] = NULL;
    initializing = false;
}

const struct operation *monitor_running(int thread)
{
    struct monitor_call *call = monitor_call(thread);
    return call ? call->operation : NULL;
}

unsigned monitor_running_index(int thread)
{
    struct monitor_call *call = monitor_call(thread);
    return call ? call->index : SCHED_NO_OPERATION;
}

struct monitor_call *monitor_begin(const struct operation *operation, unsigned index)
{
    int self = sched_self();
    struct monitor_call *outer = monitor_innermost[self];
    struct monitor_call *call = outer ? outer + 1 : calls[self];
    if (call == calls[self] + MONITOR_DEPTH)
        abort(); /* HARNESS_NESTING bounds it */
    *call = (struct monitor_call){.outer = outer,
                                  .operation = operation,
                                  .index = index,
                                  .kind = operation->kind,
                                  .slot = LEDGER_NONE,
                                  .queue = LEDGER_NONE,
                                  .context = LEDGER_NONE,
                                  .identified = LEDGER_NONE};
    monitor_innermost[self] = call;
    return call;
}

void monitor_end(void)
{
    int self = sched_self();
    monitor_innermost[self] = monitor_innermost[self]->outer;
}

void monitor_enter(struct monitor_call *call)
{
    PIRP irp = call->slot >= 0 ? ledger.irps[call->slot].irp : NULL;
    call->irql = KeGetCurrentIrql();
    call->in_routine = true;
    if (!monitor_on)
        return;
    if (irp && is_insert(call)) {
        sched_stand_by(irp->AllocationFlags);
        call->canceled = irp->Cancel;
        call->pending = is_pending(irp);
    }
}

struct monitor_call *monitor_callback(void)
{
    if (!monitor_on)
        return NULL;
    struct monitor_call *call = monitor_call(sched_self());
    if (initializing)
        finding_raise(CLAUSE_CSQ_INIT_6, LEDGER_NONE, "a callback ran during initialization");
    if (call && call->in_routine)
        return call;
    finding_raise(CLAUSE_CSQ_GEN_13, LEDGER_NONE,
                  "a callback ran outside of any call on its queue");
    return NULL;
}

void monitor_check_queue(const struct monitor_call *call, const IO_CSQ *csq)
{
    int queue = ledger_find_queue(csq);
    int expected = call->queue;
    enum clause clause = CLAUSE_CSQ_GEN_13;
    if (call->kind == OP_CANCEL) {
        expected = ledger.irps[call->slot].queue;
        clause = CLAUSE_CSQ_CAN_11;
    }
    if (queue != expected)
        finding_raise(clause, call->slot, "the callback got %s instead of q%d",
                      queue < 0 ? "no queue of ours" : "the other queue", expected);
}

void monitor_check_canaries(int slot, PIRP irp)
{
    for (unsigned i = 0; i < 3; i++)
        if (irp->Tail.Overlay.DriverContext[i] != MONITOR_CANARY(slot, i))
            finding_raise(CLAUSE_CSQ_DC_2, slot, "DriverContext[%u] has changed", i);
    if (irp->IoStatus.Status != MONITOR_STATUS || irp->IoStatus.Information != MONITOR_INFORMATION)
        finding_raise(CLAUSE_CSQ_INS_23, slot, "IoStatus has changed while the IRP was queued");
}

const char *monitor_irp_name(const IRP *irp)
{
    static const char *const names[SCENARIO_IRPS] = {"irp0", "irp1", "irp2", "irp3"};
    int slot = ledger_find_irp(irp);
    if (!irp)
        return "no IRP";
    return slot < 0 ? "an unknown IRP" : names[slot];
}

void monitor_enter_initialize(void)
{
    initializing = true;
}

void monitor_return_initialize(NTSTATUS status)
{
    initializing = false;
    if (monitor_on && status != STATUS_SUCCESS)
        finding_raise(CLAUSE_CSQ_INIT_2, LEDGER_NONE, "initialization returned 0x%08X",
                      (unsigned)status);
}
