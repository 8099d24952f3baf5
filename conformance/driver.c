#include "driver.h"

#include "ledger.h"
#include "monitor.h"
#include "observer.h"
#include "store.h"

#include "sched/sched.h"

#include <stdlib.h>

struct driver_hooks driver_hooks;

static DRIVER_DISPATCH dispatch;
static DRIVER_OBJECT driver_object = {.MajorFunction = {[IRP_MJ_READ] = dispatch}};
static DEVICE_OBJECT device = {
    .Type = IO_TYPE_DEVICE, .DriverObject = &driver_object, .StackSize = 1};
static FILE_OBJECT files[2]; /* the match criterion: an IRP's slot, even or odd */

static struct driver_queue *queue_of(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct driver_queue, csq);
}

/* What a schedule point in a callback concerns: queue and, if any, IRP slot. */
static uint32_t object_of(const struct driver_queue *queue, const IRP *irp)
{
    return 0x100u * (queue->number + 1u) + (uint32_t)(ledger_find_irp(irp) + 1);
}

/* ---- The lock ------------------------------------------------------------------------------ */

static void lock_queue(struct driver_queue *queue)
{
    KIRQL irql;
    switch (queue->shape->lock) {
    case LOCK_SPIN:
        KeAcquireSpinLock(&queue->spin, &irql);
        queue->irql = irql;
        break;
    case LOCK_QUEUED:
        KeAcquireInStackQueuedSpinLock(&queue->spin, &queue->handles[sched_self()]);
        break;
    default:
        ExAcquireFastMutex(&queue->mutex);
    }
}

static void unlock_queue(struct driver_queue *queue)
{
    switch (queue->shape->lock) {
    case LOCK_SPIN:
        KeReleaseSpinLock(&queue->spin, queue->irql);
        break;
    case LOCK_QUEUED:
        KeReleaseInStackQueuedSpinLock(&queue->handles[sched_self()]);
        break;
    default:
        ExReleaseFastMutex(&queue->mutex);
    }
}

/* The value stored for CsqReleaseLock is no IRQL but a number never used before on this queue: so
 * the monitor sees whether it comes back to the same operation (clause CSQ-CB-REL-1). */
static VOID acquire_lock(PIO_CSQ Csq, PKIRQL Irql)
{
    observe_callback(OBSERVED_ACQUIRE, Csq, NULL, Irql);
    monitor_acquire(Csq, Irql);
    struct driver_queue *queue = queue_of(Csq);
    driver_hooks.acquiring();
    sched_point(SCHED_ACQUIRE_IN, object_of(queue, NULL), 0);
    lock_queue(queue);
    *Irql = ++queue->token;
    driver_hooks.acquired();
    monitor_acquired(queue->token);
    sched_point(SCHED_ACQUIRE_OUT, object_of(queue, NULL), 0);
}

static VOID release_lock(PIO_CSQ Csq, KIRQL Irql)
{
    observe_callback(OBSERVED_RELEASE, Csq, NULL, (PVOID)(ULONG_PTR)Irql);
    monitor_release(Csq, Irql);
    struct driver_queue *queue = queue_of(Csq);
    uint32_t object = object_of(queue, NULL);
    sched_point(SCHED_RELEASE_IN, object, 0);
    unlock_queue(queue);
    sched_point(SCHED_RELEASE_OUT, object, 0);
}

/* ---- The queue ----------------------------------------------------------------------------- */

static void insert_irp(struct driver_queue *queue, PIRP irp)
{
    driver_hooks.nested(PLACE_IN_INSERT);
    store_insert(queue, irp);
    driver_hooks.linked(irp, true, queue->number);
}

static VOID csq_insert(PIO_CSQ Csq, PIRP Irp)
{
    observe_callback(OBSERVED_INSERT, Csq, Irp, NULL);
    monitor_insert(Csq, Irp, false, NULL);
    struct driver_queue *queue = queue_of(Csq);
    sched_point(SCHED_INSERT_IN, object_of(queue, Irp), 0);
    insert_irp(queue, Irp);
    observe_answer(STATUS_SUCCESS, NULL);
    monitor_inserted(STATUS_SUCCESS);
    sched_point(SCHED_INSERT_OUT, object_of(queue, Irp), 0);
}

static NTSTATUS csq_insert_ex(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    observe_callback(OBSERVED_INSERT_EX, Csq, Irp, InsertContext);
    monitor_insert(Csq, Irp, true, InsertContext);
    struct driver_queue *queue = queue_of(Csq);
    sched_point(SCHED_INSERT_IN, object_of(queue, Irp), 1);
    NTSTATUS status = driver_hooks.answer(queue);
    if (NT_SUCCESS(status))
        insert_irp(queue, Irp);
    else
        driver_hooks.nested(PLACE_IN_INSERT);
    observe_answer(status, NULL);
    monitor_inserted(status);
    sched_point(SCHED_INSERT_OUT, object_of(queue, Irp), (uint32_t)status);
    return status;
}

static VOID csq_remove(PIO_CSQ Csq, PIRP Irp)
{
    observe_callback(OBSERVED_REMOVE, Csq, Irp, NULL);
    monitor_remove(Csq, Irp);
    struct driver_queue *queue = queue_of(Csq);
    sched_point(SCHED_REMOVE_IN, object_of(queue, Irp), 0);
    driver_hooks.linked(Irp, false, queue->number);
    store_remove(queue, Irp);
    sched_point(SCHED_REMOVE_OUT, object_of(queue, Irp), 0);
}

static PIRP csq_peek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    observe_callback(OBSERVED_PEEK, Csq, Irp, PeekContext);
    monitor_peek(Csq, Irp, PeekContext);
    struct driver_queue *queue = queue_of(Csq);
    sched_point(SCHED_PEEK_IN, object_of(queue, Irp), 0);
    PIRP found = store_peek(queue, Irp, PeekContext);
    observe_answer(STATUS_SUCCESS, found);
    monitor_peeked(found);
    sched_point(SCHED_PEEK_OUT, object_of(queue, found), 0);
    return found;
}

/* From the first line on the library may not touch the IRP, its context or the queue: the hook
 * lets go of them, so that they are freed as soon as nobody else uses them. */
static VOID csq_complete(PIO_CSQ Csq, PIRP Irp)
{
    observe_callback(OBSERVED_COMPLETE, Csq, Irp, NULL);
    monitor_complete(Csq, Irp);
    uint32_t object = object_of(queue_of(Csq), Irp);
    sched_point(SCHED_COMPLETE_IN, object, 0);
    driver_hooks.canceled(Irp);
    driver_hooks.nested(PLACE_IN_COMPLETE);
    driver_complete_irp(Irp, STATUS_CANCELLED);
    sched_point(SCHED_COMPLETE_OUT, object, 0);
}

void driver_create_queue(struct driver_queue *queue, const struct queue_shape *shape, int number)
{
    RtlFillMemory(&queue->csq, sizeof queue->csq, 0xa5); /* clause CSQ-INIT-3 */
    queue->shape = shape;
    queue->number = (uint8_t)number;
    queue->count = 0;
    queue->token = 0;
    InitializeListHead(&queue->irps);
    KeInitializeSpinLock(&queue->spin);
    ExInitializeFastMutex(&queue->mutex);
    monitor_enter_initialize();
    NTSTATUS status = shape->ex
                          ? IoCsqInitializeEx(&queue->csq, csq_insert_ex, csq_remove, csq_peek,
                                              acquire_lock, release_lock, csq_complete)
                          : IoCsqInitialize(&queue->csq, csq_insert, csq_remove, csq_peek,
                                            acquire_lock, release_lock, csq_complete);
    monitor_return_initialize(status);
}

void driver_destroy_queue(struct driver_queue *queue)
{
    sched_lock_retire((uintptr_t *)&queue->spin);
    sched_lock_retire((uintptr_t *)&queue->mutex.Lock);
}

PVOID driver_match(unsigned match)
{
    return match ? &files[match - 1] : NULL;
}

NTSTATUS driver_answer(unsigned answer)
{
    static const NTSTATUS answers[OPERATION_ANSWERS] = {
        [ANSWER_SUCCESS] = STATUS_SUCCESS,
        [ANSWER_PENDING] = STATUS_PENDING,
        [ANSWER_INFORMATION] = STATUS_OBJECT_NAME_EXISTS,
        [ANSWER_WARNING] = STATUS_BUFFER_OVERFLOW,
        [ANSWER_ERROR] = STATUS_UNSUCCESSFUL,
    };
    return answers[answer];
}

/* ---- The device and the sender ------------------------------------------------------------- */

static NTSTATUS dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    return driver_hooks.dispatch(Irp);
}

/* The sender allocated the IRP, so its routine keeps it from the I/O manager (clause COMP-12). */
static NTSTATUS sender_completion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    int slot = (int)(ULONG_PTR)Context;
    (void)DeviceObject;
    sched_point(SCHED_COMPLETION_IN, (uint32_t)slot + 1, (uint32_t)Irp->IoStatus.Status);
    driver_hooks.completed(slot, Irp);
    driver_hooks.nested(PLACE_IN_COMPLETION);
    sched_point(SCHED_COMPLETION_OUT, (uint32_t)slot + 1, 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void prepare_irp(int slot, PIRP irp)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->FileObject = &files[slot % 2];
    IoSetCompletionRoutine(irp, sender_completion, (PVOID)(ULONG_PTR)slot, TRUE, TRUE, TRUE);
}

PIRP driver_allocate_irp(int slot)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    if (!irp)
        abort();
    prepare_irp(slot, irp);
    return irp;
}

void driver_reuse_irp(int slot, PIRP irp)
{
    IoReuseIrp(irp, STATUS_SUCCESS);
    prepare_irp(slot, irp);
}

NTSTATUS driver_send_irp(PIRP irp)
{
    return IoCallDriver(&device, irp);
}

void driver_set_canaries(int slot, PIRP irp)
{
    for (unsigned i = 0; i < 3; i++)
        irp->Tail.Overlay.DriverContext[i] = MONITOR_CANARY(slot, i);
    irp->IoStatus.Status = MONITOR_STATUS;
    irp->IoStatus.Information = MONITOR_INFORMATION;
}

void driver_complete_irp(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}
