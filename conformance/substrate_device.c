/*
 * The model of an IRP's way down through drivers and up again: what each stack location holds, who
 * is called with what, and what each routine returns.
 *
 * There are four devices. What each one's dispatch routine does with the next IRP it is given is
 * its plan, which operations change.
 */
#include "substrate_internal.h"

#include "io/io.h"
#include "sched/sched.h"

/* What a dispatch routine does. The lowest device, which has none below it, completes instead of
 * passing on. */
enum behaviour {
    COMPLETE,      /* at once */
    PEND,          /* mark it and keep it; maybe with a Cancel routine */
    MARK_COMPLETE, /* mark it and complete it all the same (PEND-3) */
    PASS,          /* copy, set a routine that goes on, call, return the result */
    PASS_MARKED,   /* the same, having marked it; the routine may keep it */
    SKIP,          /* have the one below use this location */
    WAIT,          /* copy, set a routine that keeps it, call, complete it again */
    REFUSE,        /* the driver has no routine for it */
    BEHAVIOURS
};

/* `how` of a plan and of a sender, and what it is in a location. */
#define HOW_ASKS(how)   ((UCHAR)(((how) & 7) << 5)) /* SL_INVOKE_ON_* */
#define HOW_KEEPS(how)  ((how) >> 3 & 1) /* the routine: STATUS_MORE_PROCESSING_REQUIRED */
#define HOW_EX(how)     ((how) >> 4 & 1) /* IoSetCompletionRoutineEx */
#define HOW_STATUS(how) ((how) >> 5)     /* substrate_status() */
/* Of PEND: a Cancel routine, 0 none. Of a creator's routine that keeps the IRP: to free it. */
#define HOW_ROUTINE(how) (((how) & 3) % (SUBSTRATE_ROUTINES + 1))
#define HOW_FREES(how)   ((how) >> 5 & 1)

static struct {
    uint8_t behaviour, how;
} plans[SUBSTRATE_DEVICES + 1];

static DRIVER_OBJECT driver;
static DEVICE_OBJECT devices[SUBSTRATE_DEVICES + 1];
static char contexts[SUBSTRATE_IRPS]
                    [SUBSTRATE_LOCATIONS + 1]; /* a completion routine's, by address */
static unsigned canceled_calls;                /* of Cancel routines */
static uint8_t cancel_fate;
static KIRQL cancel_from;

static DRIVER_DISPATCH dispatch;

void substrate_begin_devices(void)
{
    driver = (DRIVER_OBJECT){.Type = IO_TYPE_DRIVER};
    driver.MajorFunction[IRP_MJ_READ] = dispatch;
    for (unsigned d = 1; d <= SUBSTRATE_DEVICES; d++) {
        devices[d] = (DEVICE_OBJECT){.Type = IO_TYPE_DEVICE, .DriverObject = &driver};
        plans[d].behaviour = COMPLETE;
        plans[d].how = 0;
    }
}

static PDEVICE_OBJECT device_object(unsigned device)
{
    return device ? &devices[device] : NULL;
}

bool substrate_may_call_drivers(void)
{
    return substrate_irql() <= DISPATCH_LEVEL && substrate_spin_locks() == 0;
}

/* ---- Up -------------------------------------------------------------------------------------- */

/* Leave locations until a completion routine is to be asked, or the top is reached. */
static void ascend(struct substrate_irp *model)
{
    model->expects = false;
    while (model->current <= model->count) {
        struct substrate_location left = model->location[model->current];
        model->location[model->current++] = (struct substrate_location){0};
        UCHAR holds = NT_SUCCESS(model->status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
        if (model->canceled)
            holds |= SL_INVOKE_ON_CANCEL;
        model->pended = left.marked;
        if (left.asks & holds) {
            model->expects = true;
            model->location[model->current - 1].how = left.how;
            return;
        }
        if (left.marked && model->current <= model->count)
            model->location[model->current].marked = true;
    }
    model->place = SUBSTRATE_DONE;
    model->current = (CCHAR)(model->count + 2);
}

static void begin_completion(struct substrate_irp *model, NTSTATUS status)
{
    model->held = false;
    model->status = status;
    ascend(model);
}

static void end_completion(struct substrate_irp *model)
{
    DEMAND(CR_2, !model->expects, "the completion routine set in location %d was not called",
           model->current - 1);
}

void substrate_complete(struct substrate_irp *model, NTSTATUS status)
{
    model->irp->IoStatus.Status = status;
    model->irp->IoStatus.Information = 0;
    PIRP irp = model->irp;
    begin_completion(model, status);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    end_completion(model);
}

static void check_completion(struct substrate_irp *model, PDEVICE_OBJECT device, PVOID context)
{
    static const IO_STACK_LOCATION nothing;
    PIRP irp = model->irp;
    int below = model->current - 1;
    unsigned owner = model->current <= model->count ? model->location[model->current].device : 0;
    DEMAND(CR_2, model->expects, "a completion routine was called that should not have been");
    DEMAND(CR_1, context == &contexts[model - substrate_irps][below],
           "the routine got another context than that of location %d", below);
    if (owner)
        DEMAND(CR_1, device == device_object(owner), "the routine's device is not device %u",
               owner);
    else
        DEMAND(CR_5, device == NULL, "a creator's routine got a device");
    DEMAND_VALUE(IRP_9, "CurrentLocation", irp->CurrentLocation, model->current);
    DEMAND_VALUE(COMP_10, "PendingReturned", irp->PendingReturned, model->pended);
    DEMAND(COMP_10,
           memcmp((PIO_STACK_LOCATION)(irp + 1) + below - 1, &nothing, sizeof nothing) == 0,
           "location %d was not zeroed", below);
    DEMAND_VALUE(COMP_2, "IoStatus.Status", irp->IoStatus.Status, model->status);
    DEMAND_VALUE(CAN_1, "Cancel", irp->Cancel, model->canceled);
}

/* The routine keeps the IRP: a driver's, which holds it then, or the creator's. */
static NTSTATUS keep(struct substrate_irp *model, uint8_t how)
{
    model->expects = false;
    if (model->current <= model->count && model->location[model->current].device) {
        model->held = true;
    } else {
        model->place = SUBSTRATE_BACK;
        if (HOW_FREES(how))
            substrate_free(model);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS completion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct substrate_irp *model = substrate_find_irp(Irp);
    check_completion(model, DeviceObject, Context);
    uint8_t how = model->location[model->current - 1].how;
    model->location[model->current - 1].how = 0;
    if (HOW_KEEPS(how))
        return keep(model, how);
    if (Irp->PendingReturned && model->current <= model->count) {
        IoMarkIrpPending(Irp);
        model->location[model->current].marked = true;
    }
    ascend(model);
    return HOW_EX(how) ? STATUS_UNSUCCESSFUL : STATUS_CONTINUE_COMPLETION; /* all but one go on */
}

/* ---- Down ------------------------------------------------------------------------------------ */

static void set_routine(struct substrate_irp *model, unsigned device, uint8_t how)
{
    int below = model->current - 1;
    UCHAR asks = HOW_ASKS(how);
    PVOID context = &contexts[model - substrate_irps][below];
    BOOLEAN success = (asks & SL_INVOKE_ON_SUCCESS) != 0, error = (asks & SL_INVOKE_ON_ERROR) != 0,
            cancel = (asks & SL_INVOKE_ON_CANCEL) != 0;
    if (HOW_EX(how))
        DEMAND_VALUE(CR_1, "IoSetCompletionRoutineEx",
                     IoSetCompletionRoutineEx(device_object(device), model->irp, completion,
                                              context, success, error, cancel),
                     STATUS_SUCCESS);
    else
        IoSetCompletionRoutine(model->irp, asks ? completion : NULL, context, success, error,
                               cancel);
    model->location[below].asks = asks;
    model->location[below].how = how;
}

/* Calls the device, whose location is the next one. */
static NTSTATUS call(struct substrate_irp *model, unsigned device)
{
    PIRP irp = model->irp;
    bool refuses = plans[device].behaviour == REFUSE;
    IoGetNextIrpStackLocation(irp)->MajorFunction = refuses ? IRP_MJ_PNP : IRP_MJ_READ;
    model->current--;
    model->location[model->current].device = (uint8_t)device;
    if (!refuses)
        return IoCallDriver(&devices[device], irp);
    begin_completion(model, STATUS_INVALID_DEVICE_REQUEST);
    NTSTATUS status = IoCallDriver(&devices[device], irp);
    end_completion(model);
    DEMAND_VALUE(IRP_9, "what no routine handles", status, STATUS_INVALID_DEVICE_REQUEST);
    return status;
}

static void mark(struct substrate_irp *model)
{
    IoMarkIrpPending(model->irp);
    model->location[model->current].marked = true;
}

static NTSTATUS complete_now(struct substrate_irp *model, uint8_t how)
{
    NTSTATUS status = substrate_status(HOW_STATUS(how));
    substrate_complete(model, status);
    return status;
}

/* With a Cancel routine, as a driver does that queues it: it may have been canceled before. */
static NTSTATUS pend(struct substrate_irp *model, uint8_t how)
{
    uint8_t routine = HOW_ROUTINE(how);
    mark(model);
    model->held = true;
    if (routine == 0)
        return STATUS_PENDING;
    DEMAND(SCR_1, IoSetCancelRoutine(model->irp, substrate_routine(routine)) == NULL,
           "IoSetCancelRoutine found a routine where none was");
    model->routine = routine;
    if (model->irp->Cancel) {
        DEMAND(SCR_4, IoSetCancelRoutine(model->irp, NULL) == substrate_routine(routine),
               "IoSetCancelRoutine does not give the routine back");
        model->routine = 0;
        substrate_complete(model, STATUS_CANCELLED);
    }
    return STATUS_PENDING;
}

static NTSTATUS pass(struct substrate_irp *model, unsigned device, uint8_t how)
{
    IoCopyCurrentIrpStackLocationToNext(model->irp);
    set_routine(model, device, how);
    return call(model, device - 1);
}

/* Has the IRP come back for certain when a call of this device returns? Then it can be completed
 * again without having been marked. */
static bool is_prompt(unsigned device)
{
    for (; device > 0; device--) {
        unsigned behaviour = plans[device].behaviour;
        if (behaviour == PEND || behaviour == PASS_MARKED || behaviour == WAIT)
            return false;
        if (behaviour != PASS && behaviour != SKIP)
            return true;
    }
    return true;
}

static NTSTATUS pass_and_wait(struct substrate_irp *model, unsigned device, uint8_t how)
{
    CCHAR mine = model->current;
    if (!is_prompt(device - 1)) {
        mark(model);
        pass(model, device, how | 0xf);
        return STATUS_PENDING;
    }
    pass(model, device, how | 0xf);
    DEMAND(CR_2, model->held && model->current == mine, "the IRP did not come back to its driver");
    return complete_now(model, how);
}

static NTSTATUS skip(struct substrate_irp *model, unsigned device)
{
    IoSkipCurrentIrpStackLocation(model->irp);
    model->current++;
    return call(model, device - 1);
}

static NTSTATUS behave(struct substrate_irp *model, unsigned device)
{
    uint8_t how = plans[device].how;
    unsigned behaviour = plans[device].behaviour;
    bool lowest = device == 1 || (behaviour != SKIP && model->current == 1);
    if (behaviour > MARK_COMPLETE && lowest)
        return complete_now(model, how);
    switch (behaviour) {
    case PEND:
        return pend(model, how);
    case MARK_COMPLETE:
        mark(model);
        complete_now(model, how);
        return STATUS_PENDING;
    case PASS:
        return pass(model, device, how & (uint8_t)~8);
    case PASS_MARKED:
        mark(model);
        pass(model, device, how);
        return STATUS_PENDING;
    case SKIP:
        return skip(model, device);
    case WAIT:
        return pass_and_wait(model, device, how);
    default:
        return complete_now(model, how);
    }
}

static NTSTATUS results[SUBSTRATE_DEVICES + 1]; /* what each dispatch routine returned last */

static NTSTATUS dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct substrate_irp *model = substrate_find_irp(Irp);
    unsigned device = (unsigned)(DeviceObject - devices);
    DEMAND_VALUE(IRP_9, "CurrentLocation", Irp->CurrentLocation, model->current);
    DEMAND_VALUE(IRP_9, "the device", device, model->location[model->current].device);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    DEMAND(IRP_9, location == (PIO_STACK_LOCATION)(Irp + 1) + model->current - 1,
           "the current location is another");
    DEMAND(IRP_9, location->DeviceObject == DeviceObject, "the location names another device");
    DEMAND_VALUE(IRP_12, "the request", location->Parameters.Read.Length,
                 model - substrate_irps + 1);
    results[device] = behave(model, device);
    return results[device];
}

/* ---- Operations ------------------------------------------------------------------------------ */

/* Operand 0: the device; 1: what; 2: how. */
bool substrate_plan_device(const uint8_t *operand)
{
    unsigned device = operand[0] % SUBSTRATE_DEVICES + 1;
    plans[device].behaviour = operand[1] % BEHAVIOURS;
    plans[device].how = operand[2];
    return true;
}

/* Operand 1: which device, of those for which there are locations; 2: how. */
bool substrate_send_irp(const uint8_t *operand)
{
    struct substrate_irp *model = &substrate_irps[operand[0] % SUBSTRATE_IRPS];
    if (model->place != SUBSTRATE_READY || model->routine || !substrate_may_call_drivers() ||
        model->current <= 1)
        return false;
    unsigned device = operand[1] % SUBSTRATE_DEVICES + 1;
    unsigned refuses = plans[device].behaviour == REFUSE;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(model->irp);
    next->Parameters.Read.Length = (ULONG)(model - substrate_irps + 1);
    set_routine(model, 0, operand[2]);
    model->place = SUBSTRATE_SENT;
    model->used = true;
    NTSTATUS status = call(model, device);
    if (!refuses)
        DEMAND_VALUE(IRP_9, "IoCallDriver", status, results[device]);
    return true;
}

/* The driver that holds it completes it; operand 1: with which status. */
bool substrate_complete_irp(const uint8_t *operand)
{
    struct substrate_irp *model = &substrate_irps[operand[0] % SUBSTRATE_IRPS];
    const uint8_t no_routine[] = {operand[0], 0};
    if (model->place != SUBSTRATE_SENT || !model->held || !substrate_may_call_drivers())
        return false;
    substrate_swap_routine(no_routine);
    substrate_complete(model, substrate_status(operand[1]));
    return true;
}

/* ---- Cancel ---------------------------------------------------------------------------------- */

/* Both Cancel routines: the IRP is this thread's now, which completes it or goes on holding it. */
static VOID cancel(PDEVICE_OBJECT device, PIRP irp, uint8_t routine)
{
    struct substrate_irp *model = substrate_find_irp(irp);
    unsigned target = model->current <= model->count ? model->location[model->current].device : 0;
    DEMAND(CAN_2, model->routine == routine, "another Cancel routine was called than was set");
    DEMAND(CAN_7, device == device_object(target), "the Cancel routine's device is not the target");
    DEMAND(CAN_5, irp->Cancel && irp->CancelRoutine == NULL, "Cancel or CancelRoutine");
    DEMAND(CAN_6, io_cancel_lock_held_by(sched_self()), "the cancel spin lock is not held");
    DEMAND_VALUE(CAN_6, "the IRQL", KeGetCurrentIrql(), DISPATCH_LEVEL);
    DEMAND_VALUE(CAN_6, "CancelIrql", irp->CancelIrql, cancel_from);
    canceled_calls++;
    model->routine = 0;
    model->canceled = true;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    DEMAND_VALUE(CSL_3, "the IRQL", KeGetCurrentIrql(), cancel_from);
    if (cancel_fate & 1 && model->held)
        substrate_complete(model, STATUS_CANCELLED);
}

static VOID cancel_one(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    cancel(DeviceObject, Irp, 1);
}

static VOID cancel_two(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    cancel(DeviceObject, Irp, 2);
}

PDRIVER_CANCEL substrate_routine(unsigned number)
{
    static const PDRIVER_CANCEL routines[SUBSTRATE_ROUTINES + 1] = {NULL, cancel_one, cancel_two};
    return routines[number];
}

/* Operand 1: does a Cancel routine complete the IRP? */
bool substrate_cancel_irp(const uint8_t *operand)
{
    struct substrate_irp *model = &substrate_irps[operand[0] % SUBSTRATE_IRPS];
    if (model->place == SUBSTRATE_NO_IRP || !substrate_may_call_drivers())
        return false;
    bool cancelable = model->routine != 0;
    canceled_calls = 0;
    cancel_fate = operand[1];
    cancel_from = substrate_irql();
    if (!cancelable)
        model->canceled = true;
    BOOLEAN called = IoCancelIrp(model->irp);
    if (cancelable)
        DEMAND(CAN_2, called && canceled_calls == 1, "the Cancel routine was called %u times",
               canceled_calls);
    else
        DEMAND(CAN_3, !called && canceled_calls == 0, "there was no Cancel routine to be called");
    return true;
}
