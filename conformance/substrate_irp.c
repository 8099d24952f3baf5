/* The model of IRPs: what their creator does with them. */
#include "substrate_internal.h"

#include "io/io.h"
#include "sched/annotate.h"

#include <stdlib.h>

struct substrate_irp substrate_irps[SUBSTRATE_IRPS];

NTSTATUS substrate_status(unsigned number)
{
    static const NTSTATUS statuses[] = {STATUS_SUCCESS, STATUS_OBJECT_NAME_EXISTS,
                                        STATUS_BUFFER_OVERFLOW, STATUS_UNSUCCESSFUL,
                                        STATUS_CANCELLED};
    return statuses[number % RTL_NUMBER_OF(statuses)];
}

/* Raw memory may be left by an execution that was cut off, unordered with this one. */
void substrate_begin_irps(void)
{
    annotate_ignore_begin();
    for (unsigned i = 0; i < SUBSTRATE_IRPS; i++)
        free(substrate_irps[i].raw);
    annotate_ignore_end();
    for (unsigned i = 0; i < SUBSTRATE_IRPS; i++)
        substrate_irps[i] = (struct substrate_irp){0};
}

struct substrate_irp *substrate_find_irp(PIRP irp)
{
    for (unsigned i = 0; i < SUBSTRATE_IRPS; i++)
        if (substrate_irps[i].place != SUBSTRATE_NO_IRP && substrate_irps[i].irp == irp)
            return &substrate_irps[i];
    substrate_fail(CLAUSE_IRP_9, "a routine was given what is no IRP");
}

static struct substrate_irp *irp_of(const uint8_t *operand)
{
    return &substrate_irps[operand[0] % SUBSTRATE_IRPS];
}

/* Neither in use nor cancelable: its creator may do with it as it likes. */
static bool is_idle(const struct substrate_irp *model)
{
    return model->place != SUBSTRATE_NO_IRP && model->place != SUBSTRATE_SENT &&
           model->routine == 0;
}

static bool may_allocate(void)
{
    return substrate_irql() <= DISPATCH_LEVEL;
}

/* ---- As good as new -------------------------------------------------------------------------- */

static bool is_zero(const void *memory, size_t size)
{
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void check_new(const struct substrate_irp *model, enum clause clause, NTSTATUS status)
{
    PIRP irp = model->irp;
    const char *wrong = NULL;
    if (irp->Type != IO_TYPE_IRP || irp->Size < IoSizeOfIrp(model->count))
        wrong = "type or size";
    else if (irp->StackCount != model->count || irp->CurrentLocation != model->count + 1)
        wrong = "stack";
    else if (irp->Tail.Overlay.CurrentStackLocation != (PIO_STACK_LOCATION)(irp + 1) + model->count)
        wrong = "current location";
    else if (irp->Cancel || irp->CancelRoutine != NULL || irp->CancelIrql != 0)
        wrong = "Cancel, CancelRoutine or CancelIrql";
    else if (irp->PendingReturned || irp->IoStatus.Status != status ||
             irp->IoStatus.Information != 0)
        wrong = "PendingReturned or IoStatus";
    else if (!is_zero(irp->Tail.Overlay.DriverContext, sizeof irp->Tail.Overlay.DriverContext))
        wrong = "DriverContext";
    else if (!is_zero(irp + 1, (size_t)model->count * sizeof(IO_STACK_LOCATION)))
        wrong = "stack locations";
    if (wrong)
        substrate_fail(clause, "%s of a new IRP", wrong);
}

static void make_ready(struct substrate_irp *model, PIRP irp, CCHAR count)
{
    model->irp = irp;
    model->place = SUBSTRATE_READY;
    model->canceled = model->held = model->expects = false;
    model->routine = 0;
    model->count = count;
    model->current = (CCHAR)(count + 1);
    for (unsigned i = 0; i < RTL_NUMBER_OF(model->location); i++)
        model->location[i] = (struct substrate_location){0};
}

/* Operand 1: how many stack locations; 2: charge quota? */
bool substrate_allocate_irp(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    CCHAR count = (CCHAR)(operand[1] % SUBSTRATE_LOCATIONS + 1);
    if (model->place != SUBSTRATE_NO_IRP || !may_allocate())
        return false;
    PIRP irp = IoAllocateIrp(count, operand[2] & 1);
    if (!irp)
        return false;
    make_ready(model, irp, count);
    model->charged = operand[2] & 1;
    model->used = false;
    check_new(model, CLAUSE_IRP_1, STATUS_SUCCESS);
    return true;
}

/* Raw memory holds whatever operand 2 says, and there may be more of it than is needed. */
static void initialize_raw(struct substrate_irp *model, CCHAR count, uint8_t fill)
{
    USHORT size = (USHORT)(IoSizeOfIrp(count) + (fill & 1) * sizeof(ULONG64));
    model->raw = malloc(size);
    if (!model->raw)
        abort();
    RtlFillMemory(model->raw, size, fill);
    IoInitializeIrp(model->raw, size, count);
    make_ready(model, model->raw, count);
    DEMAND_VALUE(IRP_6, "Size", model->irp->Size, size);
}

/* Of raw memory or, the old way to use one again, of an IRP of IoAllocateIrp without quota. */
bool substrate_initialize_irp(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    if (!may_allocate())
        return false;
    if (model->place == SUBSTRATE_NO_IRP) {
        initialize_raw(model, (CCHAR)(operand[1] % SUBSTRATE_LOCATIONS + 1), operand[2]);
    } else {
        if (!is_idle(model) || (!model->raw && (!model->used || model->charged)))
            return false;
        IoInitializeIrp(model->irp, model->irp->Size, model->count);
        make_ready(model, model->irp, model->count);
    }
    check_new(model, CLAUSE_IRP_6, STATUS_SUCCESS);
    return true;
}

bool substrate_reuse_irp(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    NTSTATUS status = substrate_status(operand[1]);
    if (!is_idle(model) || !may_allocate())
        return false;
    IoReuseIrp(model->irp, status);
    make_ready(model, model->irp, model->count);
    check_new(model, CLAUSE_IRP_4, status);
    return true;
}

void substrate_free(struct substrate_irp *model)
{
    if (model->raw)
        free(model->raw);
    else
        IoFreeIrp(model->irp);
    *model = (struct substrate_irp){0};
}

bool substrate_free_irp(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    if (!is_idle(model) || !may_allocate())
        return false;
    substrate_free(model);
    return true;
}

/* ---- While it is its creator's --------------------------------------------------------------- */

/* A location of the creator's own, above the one that the first driver gets. */
bool substrate_take_location(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    if (model->place != SUBSTRATE_READY || model->count < 2 || model->current <= model->count)
        return false;
    IoSetNextIrpStackLocation(model->irp);
    model->current--;
    DEMAND_VALUE(IRP_10, "CurrentLocation", model->irp->CurrentLocation, model->current);
    DEMAND(IRP_10,
           IoGetCurrentIrpStackLocation(model->irp) ==
               (PIO_STACK_LOCATION)(model->irp + 1) + model->current - 1,
           "the current location is another");
    return true;
}

/* Its owner exchanges the Cancel routine. */
bool substrate_swap_routine(const uint8_t *operand)
{
    struct substrate_irp *model = irp_of(operand);
    uint8_t to = operand[1] % (SUBSTRATE_ROUTINES + 1);
    bool owned = model->place == SUBSTRATE_READY || model->place == SUBSTRATE_BACK ||
                 (model->place == SUBSTRATE_SENT && model->held);
    if (!owned || substrate_irql() > DISPATCH_LEVEL)
        return false;
    PDRIVER_CANCEL before = IoSetCancelRoutine(model->irp, substrate_routine(to));
    DEMAND(SCR_1, before == substrate_routine(model->routine),
           "IoSetCancelRoutine does not return the routine before");
    DEMAND(SCR_1, model->irp->CancelRoutine == substrate_routine(to),
           "IoSetCancelRoutine does not store the routine");
    model->routine = to;
    return true;
}

/* ---- The end --------------------------------------------------------------------------------- */

void substrate_check_irps(void)
{
    unsigned live = 0;
    for (unsigned i = 0; i < SUBSTRATE_IRPS; i++) {
        const struct substrate_irp *model = &substrate_irps[i];
        if (model->place == SUBSTRATE_NO_IRP)
            continue;
        live += !model->raw;
        DEMAND_VALUE(IRP_9, "CurrentLocation", model->irp->CurrentLocation, model->current);
        DEMAND_VALUE(CAN_1, "Cancel", model->irp->Cancel, model->canceled);
        DEMAND(SCR_1, model->irp->CancelRoutine == substrate_routine(model->routine),
               "irp%u has another Cancel routine than was set", i);
        for (CCHAR l = model->current; l <= model->count; l++)
            DEMAND_VALUE(PEND_7, "the pending mark of a location",
                         ((PIO_STACK_LOCATION)(model->irp + 1))[l - 1].Control &
                             SL_PENDING_RETURNED,
                         model->location[l].marked ? SL_PENDING_RETURNED : 0);
    }
    DEMAND_VALUE(LEAK, "IRPs of IoAllocateIrp", io_irps_live(), live);
}

void substrate_end_irps(void)
{
    for (uint8_t i = 0; i < SUBSTRATE_IRPS; i++) {
        struct substrate_irp *model = &substrate_irps[i];
        const uint8_t no_routine[] = {i, 0};
        substrate_swap_routine(no_routine);
        while (model->place == SUBSTRATE_SENT)
            substrate_complete(model, STATUS_UNSUCCESSFUL);
        if (model->place != SUBSTRATE_NO_IRP)
            substrate_free(model);
    }
    substrate_check_irps();
}
