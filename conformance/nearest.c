#include "nearest.h"

#include "driver.h"
#include "finding.h"
#include "ledger.h"
#include "monitor.h"

#include "sched/sched.h"

#include <stddef.h>
#include <string.h>

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

static bool is_insert(const char *operation)
{
    return operation && (strcmp(operation, operation_name(OP_INSERT)) == 0 ||
                         strcmp(operation, operation_name(OP_INSERT_EX)) == 0);
}

/* Two threads touch the same memory and nothing orders them: whichever of them came last. */
static enum clause clause_of_race(int irp, enum object object)
{
    const char *pair[2];
    finding_pair(irp, pair);
    switch (object) {
    case OBJECT_IRP:
        return is_insert(pair[0]) || is_insert(pair[1]) ? CLAUSE_CSQ_INS_17 : CLAUSE_CSQ_GEN_3;
    case OBJECT_CONTEXT:
        return CLAUSE_CSQ_CAN_4; /* a context is read and written under the lock only */
    case OBJECT_QUEUE:
        return CLAUSE_CSQ_GEN_4;
    default:
        return CLAUSE_CSQ_GEN_3;
    }
}

/* ---- What it was, for the signature --------------------------------------------------------- */

#define FIELD(type, path, name) {name, offsetof(type, path), sizeof(((type *)NULL)->path)}

/* The fields that the routines and the drivers use. DriverContext shares its storage with nothing
 * that they do. */
static const struct field {
    const char *name;
    size_t offset, size;
} irp_fields[] =
    {
        FIELD(IRP, IoStatus, ".IoStatus"),
        FIELD(IRP, PendingReturned, ".PendingReturned"),
        FIELD(IRP, CurrentLocation, ".CurrentLocation"),
        FIELD(IRP, Cancel, ".Cancel"),
        FIELD(IRP, CancelIrql, ".CancelIrql"),
        FIELD(IRP, CancelRoutine, ".CancelRoutine"),
        FIELD(IRP, Tail.Overlay.DriverContext, ".DriverContext"),
        FIELD(IRP, Tail.Overlay.ListEntry, ".ListEntry"),
        {".stack", sizeof(IRP), 2 * sizeof(IO_STACK_LOCATION)},
        {NULL, 0, 0},
},
  context_fields[] =
      {
          FIELD(IO_CSQ_IRP_CONTEXT, Type, ".Type"),
          FIELD(IO_CSQ_IRP_CONTEXT, Irp, ".Irp"),
          FIELD(IO_CSQ_IRP_CONTEXT, Csq, ".Csq"),
          {NULL, 0, 0},
},
  queue_fields[] = {
      FIELD(struct driver_queue, csq, ".csq"),     FIELD(struct driver_queue, irps, ".irps"),
      FIELD(struct driver_queue, count, ".count"), FIELD(struct driver_queue, token, ".token"),
      FIELD(struct driver_queue, irql, ".irql"),   {NULL, 0, 0},
};

/* ".Cancel"; "" for what has no name here. */
static const char *field_name(enum object object, int slot, const void *address)
{
    const struct field *field = object == OBJECT_IRP       ? irp_fields
                                : object == OBJECT_CONTEXT ? context_fields
                                                           : queue_fields;
    const void *start = object == OBJECT_IRP       ? (const void *)ledger.irps[slot].irp
                        : object == OBJECT_CONTEXT ? (const void *)ledger.contexts[slot].context
                        : object == OBJECT_QUEUE   ? (const void *)ledger.queues[slot].queue
                                                   : NULL;
    for (; start && field->name; field++)
        if (within(address, (const char *)start + field->offset, field->size))
            return field->name;
    return "";
}

/* "heap-use-after-free write irp.Cancel": no slot, which depends on the program. */
static void describe(const char *description, const char *access, enum object object,
                     const char *field)
{
    snprintf(finding.fault, sizeof finding.fault, "%s%s%s%s%s%s", description, *access ? " " : "",
             access, object == OBJECT_UNKNOWN ? "" : " ",
             object == OBJECT_UNKNOWN ? "" : object_names[object], field);
    for (char *c = finding.fault; c < finding.fault + strlen(description); c++)
        *c = *c == ' ' ? '-' : *c;
}

int nearest_note(enum nearest_fault fault, const void *address, const char *description,
                 const char *access)
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
    int irp = object == OBJECT_IRP       ? slot
              : object == OBJECT_CONTEXT ? ledger.contexts[slot].irp
                                         : LEDGER_NONE;
    if (irp == LEDGER_NONE && monitor_call(sched_self()))
        irp = monitor_call(sched_self())->slot;
    enum clause clause =
        fault == FAULT_RACE ? clause_of_race(irp, object) : clause_of_memory(kind, object);
    if (object == OBJECT_UNKNOWN)
        finding_note(clause, irp, "%s (the nearest clause)", description);
    else
        finding_note(clause, irp, "%s in %s%d (the nearest clause)", description,
                     object_names[object], slot);
    if (finding.present)
        describe(description, access, object, field_name(object, slot, address));
    return finding.present;
}
