/* The stage: queues, IRPs, contexts, retiring them; the events are in stage_events.c. */
#include "stage_internal.h"

#include "ke/ke.h"
#include "sched/sched.h"

#include <stdlib.h>
#include <string.h>

struct stage stage;

/* AddressSanitizer's, where it is linked. */
void __asan_poison_memory_region(void const volatile *address, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(void const volatile *address, size_t size) __attribute__((weak));

/* ---- What was retired ---------------------------------------------------------------------- */

#define RETIRED (STAGE_QUEUES + STAGE_IRPS + STAGE_CONTEXTS)

static struct {
    void *memory;
    size_t size;
    const char *what;
} retired[RETIRED];
static unsigned retired_count;

static void retire(void *memory, size_t size, const char *what)
{
    memset(memory, STAGE_GARBAGE, size);
    if (__asan_poison_memory_region)
        __asan_poison_memory_region(memory, size);
    retired[retired_count].memory = memory;
    retired[retired_count].size = size;
    retired[retired_count++].what = what;
}

static bool is_garbage(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != STAGE_GARBAGE)
            return false;
    return true;
}

void stage_check_retired(void)
{
    for (unsigned i = 0; i < retired_count; i++) {
        if (__asan_unpoison_memory_region)
            __asan_unpoison_memory_region(retired[i].memory, retired[i].size);
        if (!is_garbage(retired[i].memory, retired[i].size))
            case_deviates(__FILE__, __LINE__, "freed memory is not written", retired[i].what);
        if (__asan_poison_memory_region)
            __asan_poison_memory_region(retired[i].memory, retired[i].size);
    }
}

static void unpoison_retired(void)
{
    for (unsigned i = 0; i < retired_count && __asan_unpoison_memory_region; i++)
        __asan_unpoison_memory_region(retired[i].memory, retired[i].size);
    retired_count = 0;
}

void stage_retire_irp(PIRP irp)
{
    struct stage_irp *entry = stage_live_irp(irp);
    entry->retired = true;
    if (stage.watched == irp)
        stage.watched = NULL;
    retire(irp, sizeof *irp, "the IRP was written");
}

void stage_retire_context(PIO_CSQ_IRP_CONTEXT context)
{
    retire(context, sizeof *context, "the context was written");
}

void stage_retire_queue(struct stage_queue *queue)
{
    sched_lock_retire((uintptr_t *)&queue->spin);
    sched_lock_retire((uintptr_t *)&queue->mutex.Lock);
    retire(queue, sizeof *queue, "the IO_CSQ was written");
}

/* ---- Queues -------------------------------------------------------------------------------- */

struct stage_queue *stage_queue_raw(void)
{
    if (stage.queue_count == STAGE_QUEUES)
        abort();
    struct stage_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        abort();
    memset(&queue->csq, STAGE_GARBAGE, sizeof queue->csq);
    queue->number = stage.queue_count;
    queue->answer = STATUS_SUCCESS;
    InitializeListHead(&queue->irps);
    KeInitializeSpinLock(&queue->spin);
    ExInitializeFastMutex(&queue->mutex);
    stage.queues[stage.queue_count++] = queue;
    return queue;
}

NTSTATUS stage_initialize(struct stage_queue *queue)
{
    queue->kind = PLAIN;
    return IoCsqInitialize(&queue->csq, stage_csq_insert, stage_csq_remove, stage_csq_peek,
                           stage_csq_acquire, stage_csq_release, stage_csq_complete);
}

NTSTATUS stage_initialize_ex(struct stage_queue *queue)
{
    queue->kind = EX;
    return IoCsqInitializeEx(&queue->csq, stage_csq_insert_ex, stage_csq_remove, stage_csq_peek,
                             stage_csq_acquire, stage_csq_release, stage_csq_complete);
}

struct stage_queue *stage_queue_with(enum stage_kind kind, enum stage_store store,
                                     enum stage_lock lock)
{
    struct stage_queue *queue = stage_queue_raw();
    queue->store = store;
    queue->lock = lock;
    if (kind == PLAIN)
        stage_initialize(queue);
    else
        stage_initialize_ex(queue);
    return queue;
}

struct stage_queue *stage_queue(enum stage_kind kind)
{
    return stage_queue_with(kind, FIFO, SPIN);
}

unsigned stage_count(const struct stage_queue *queue)
{
    unsigned count = 0;
    for (PLIST_ENTRY at = queue->irps.Flink; at != &queue->irps; at = at->Flink)
        count++;
    return count;
}

bool stage_holds(const struct stage_queue *queue, PIRP irp)
{
    for (PLIST_ENTRY at = queue->irps.Flink; at != &queue->irps; at = at->Flink)
        if (at == &irp->Tail.Overlay.ListEntry)
            return true;
    return false;
}

/* ---- IRPs and contexts --------------------------------------------------------------------- */

#define CANARY(n, i)       ((PVOID)(ULONG_PTR)(0xca7a51e0u + 4u * (unsigned)(n) + (i)))
#define STATUS_BEFORE      ((NTSTATUS)0x5aa5f00d)
#define INFORMATION_BEFORE ((ULONG_PTR)0x600df00d)

int stage_irp_number(const IRP *irp)
{
    for (unsigned i = 0; i < stage.irp_count; i++)
        if (irp && stage.irps[i].irp == irp)
            return (int)i;
    return -1;
}

struct stage_irp *stage_live_irp(const IRP *irp)
{
    int number = stage_irp_number(irp);
    return number < 0 || stage.irps[number].retired ? NULL : &stage.irps[number];
}

/* The sender's completion routine; it allocated the IRP and keeps it (clause COMP-12). */
static NTSTATUS sender(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct stage_reply *reply = context;
    (void)device;
    stage_record(EVENT_DONE, NULL, irp);
    *reply = (struct stage_reply){.count = reply->count + 1,
                                  .status = irp->IoStatus.Status,
                                  .information = irp->IoStatus.Information,
                                  .pending_returned = irp->PendingReturned,
                                  .cancel = irp->Cancel,
                                  .irql = KeGetCurrentIrql()};
    stage_act(EVENT_DONE, NULL, irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

PIRP stage_irp(void)
{
    unsigned number = stage.irp_count;
    PIRP irp = IoAllocateIrp(1, FALSE);
    if (!irp || number == STAGE_IRPS)
        abort();
    stage.irps[stage.irp_count++] = (struct stage_irp){.irp = irp};
    IoSetCompletionRoutine(irp, sender, &stage.irps[number].reply, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    for (unsigned i = 0; i < 3; i++)
        irp->Tail.Overlay.DriverContext[i] = CANARY(number, i);
    irp->IoStatus.Status = STATUS_BEFORE;
    irp->IoStatus.Information = INFORMATION_BEFORE;
    if (!stage.watched)
        stage.watched = irp;
    return irp;
}

PIRP stage_queued(struct stage_queue *queue, PIO_CSQ_IRP_CONTEXT context)
{
    PIRP irp = stage_irp();
    IoCsqInsertIrp(&queue->csq, irp, context);
    return irp;
}

const struct stage_reply *stage_reply(PIRP irp)
{
    return &stage.irps[stage_irp_number(irp)].reply;
}

bool stage_untouched(PIRP irp)
{
    int number = stage_irp_number(irp);
    for (unsigned i = 0; i < 3; i++)
        if (irp->Tail.Overlay.DriverContext[i] != CANARY(number, i))
            return false;
    return irp->IoStatus.Status == STATUS_BEFORE && irp->IoStatus.Information == INFORMATION_BEFORE;
}

bool stage_pending(PIRP irp)
{
    return (IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED) != 0;
}

PIO_CSQ_IRP_CONTEXT stage_context(void)
{
    PIO_CSQ_IRP_CONTEXT context = malloc(sizeof *context);
    if (!context || stage.context_count == STAGE_CONTEXTS)
        abort();
    memset(context, STAGE_GARBAGE, sizeof *context);
    stage.contexts[stage.context_count++] = context;
    return context;
}

PDRIVER_CANCEL stage_claim(PIRP irp)
{
    irp->Cancel = TRUE;
    return IoSetCancelRoutine(irp, NULL);
}

void stage_finish_cancel(PIRP irp, PDRIVER_CANCEL routine)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    irp->CancelIrql = irql;
    routine(NULL, irp);
}

void stage_complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* ---- Begin and end ------------------------------------------------------------------------- */

void stage_begin(void)
{
    memset(&stage, 0, sizeof stage);
    retired_count = 0;
}

/* IRPs are io_reset()'s to free: a retired one is not fit for IoFreeIrp, nor is a queued one. */
void stage_end(void)
{
    unpoison_retired();
    for (unsigned i = 0; i < stage.context_count; i++)
        free(stage.contexts[i]);
    for (unsigned i = 0; i < stage.queue_count; i++) {
        sched_lock_retire((uintptr_t *)&stage.queues[i]->spin);
        sched_lock_retire((uintptr_t *)&stage.queues[i]->mutex.Lock);
        free(stage.queues[i]);
    }
    memset(&stage, 0, sizeof stage);
}
