#include "nearest.h"

#include "driver.h"
#include "finding.h"
#include "ledger.h"
#include "monitor.h"

#include "sched/sched.h"

enum object { OBJECT_UNKNOWN, OBJECT_IRP, OBJECT_CONTEXT, OBJECT_QUEUE, OBJECTS };

static const char *const object_names[OBJECTS] = {"memory of nobody's", "irp", "ctx", "q"};

static bool within(const void *address, const void *start, size_t size)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)start;
    return start && offset < size;
}

/* Whose memory this is or, if it was freed, was. */
static enum object find_object(const void *address, int *slot)
{
    size_t irp_size = sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION);
    for (*slot = 0; *slot < SCENARIO_IRPS; ++*slot)
        if (within(address, ledger.irps[*slot].irp, irp_size))
            return OBJECT_IRP;
    for (*slot = 0; *slot < SCENARIO_CONTEXTS; ++*slot)
        if (within(address, ledger.contexts[*slot].context, sizeof(IO_CSQ_IRP_CONTEXT)))
            return OBJECT_CONTEXT;
    for (*slot = 0; *slot < SCENARIO_QUEUES; ++*slot)
        if (within(address, ledger.queues[*slot].queue, sizeof(struct driver_queue)))
            return OBJECT_QUEUE;
    *slot = LEDGER_NONE;
    return OBJECT_UNKNOWN;
}

/* Storage that was freed, as the contract allows, is touched again. */
static enum clause clause_of_memory(unsigned kind, enum object object)
{
    bool inserts = kind == OP_INSERT || kind == OP_INSERT_EX;
    switch (object) {
    case OBJECT_IRP:
        return inserts             ? CLAUSE_CSQ_INS_17
               : kind == OP_REMOVE ? CLAUSE_CSQ_REM_8
               : kind == OP_CANCEL ? CLAUSE_CSQ_CB_CCI_8
                                   : CLAUSE_CSQ_GEN_14;
    case OBJECT_CONTEXT:
        return inserts ? CLAUSE_CSQ_INS_18 : CLAUSE_CSQ_CTX_3;
    case OBJECT_QUEUE:
        return CLAUSE_CSQ_GEN_17;
    default:
        return kind == OP_REMOVE ? CLAUSE_CSQ_REM_8 : CLAUSE_CSQ_GEN_14;
    }
}

/* Two threads touch the same memory and nothing orders them. */
static enum clause clause_of_race(unsigned kind, enum object object)
{
    switch (object) {
    case OBJECT_IRP:
        return kind == OP_INSERT || kind == OP_INSERT_EX ? CLAUSE_CSQ_INS_17 : CLAUSE_CSQ_GEN_3;
    case OBJECT_CONTEXT:
        return CLAUSE_CSQ_CAN_4; /* a context is read and written under the lock only */
    case OBJECT_QUEUE:
        return CLAUSE_CSQ_GEN_4;
    default:
        return CLAUSE_CSQ_GEN_3;
    }
}

int nearest_note(enum nearest_fault fault, const void *address, const char *description)
{
    int slot;
    if (sched_self() == SCHED_OUTSIDE)
        return 0;
    if (finding_named_operation()) { /* no queue is in play */
        finding_note(CLAUSE_COMP_3, LEDGER_NONE, "%s (the nearest clause)", description);
        return finding.present;
    }
    const struct operation *running = monitor_running(sched_self());
    unsigned kind = running ? running->kind : OP_COMPLETE;
    enum object object = find_object(address, &slot);
    enum clause clause =
        fault == FAULT_RACE ? clause_of_race(kind, object) : clause_of_memory(kind, object);
    int irp = object == OBJECT_IRP       ? slot
              : object == OBJECT_CONTEXT ? ledger.contexts[slot].irp
                                         : LEDGER_NONE;
    if (irp == LEDGER_NONE && monitor_call(sched_self()))
        irp = monitor_call(sched_self())->slot;
    if (object == OBJECT_UNKNOWN)
        finding_note(clause, irp, "%s (the nearest clause)", description);
    else
        finding_note(clause, irp, "%s in %s%d (the nearest clause)", description,
                     object_names[object], slot);
    return finding.present;
}
