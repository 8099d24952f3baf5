#include "ledger.h"

#include "driver.h"

#include "sched/annotate.h"
#include "sched/sched.h"

#include "io/io.h"

#include <stdlib.h>
#include <string.h>

struct ledger ledger;

void ledger_begin(const struct scenario *scenario)
{
    sched_hide_memory(false); /* the last execution may have been cut off */
    ledger.scenario = *scenario;
    for (int i = 0; i < SCENARIO_IRPS; i++)
        ledger.irps[i] = (struct ledger_irp){.context = LEDGER_NONE,
                                             .recent = {SCHED_NO_OPERATION, SCHED_NO_OPERATION}};
    memset(ledger.contexts, 0, sizeof ledger.contexts);
    memset(ledger.queues, 0, sizeof ledger.queues);
}

/* Memory is used again: of two slots with one address the one in use is meant. */
int ledger_find_irp(const IRP *irp)
{
    int freed = LEDGER_NONE;
    if (!irp)
        return LEDGER_NONE;
    for (int i = 0; i < SCENARIO_IRPS; i++) {
        if (ledger.irps[i].irp != irp)
            continue;
        if (ledger.irps[i].place != IRP_NONE)
            return i;
        freed = i;
    }
    return freed;
}

int ledger_find_queue(const IO_CSQ *csq)
{
    int freed = LEDGER_NONE;
    for (int i = 0; i < SCENARIO_QUEUES; i++) {
        if (!ledger.queues[i].queue || &ledger.queues[i].queue->csq != csq)
            continue;
        if (ledger.queues[i].allocated)
            return i;
        freed = i;
    }
    return freed;
}

/* The place, counted in words of 8 bytes from 1, of an address in an object; 0 if it is not in it.
 */
static uint32_t word_in(const void *address, const void *object, size_t size)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)object;
    return object && offset < size ? (uint32_t)(offset / 8 + 1) : 0;
}

uint32_t ledger_memory_name(const void *address)
{
    uint32_t word = 0;
    for (unsigned i = 0; i < SCENARIO_IRPS; i++)
        if (ledger.irps[i].irp &&
            (word = word_in(address, ledger.irps[i].irp, IoSizeOfIrp(1))) != 0)
            return 0x1000u * (i + 1) + word;
    for (unsigned i = 0; i < SCENARIO_CONTEXTS; i++)
        if ((word = word_in(address, ledger.contexts[i].context, sizeof(IO_CSQ_IRP_CONTEXT))) != 0)
            return 0x1000u * (i + 0x10) + word;
    for (unsigned i = 0; i < SCENARIO_QUEUES; i++)
        if ((word = word_in(address, ledger.queues[i].queue, sizeof(IO_CSQ))) != 0)
            return 0x1000u * (i + 0x20) + word;
    return 0;
}

void ledger_touch(int slot, unsigned operation, unsigned kind)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    if (entry->recent[0] == operation)
        return;
    entry->recent[1] = entry->recent[0];
    entry->recent_kind[1] = entry->recent_kind[0];
    entry->recent[0] = (uint16_t)operation;
    entry->recent_kind[0] = (uint8_t)kind;
}

/* ---- IRPs ---------------------------------------------------------------------------------- */

enum irp_place ledger_claim_for_insert(int slot)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    sched_guard_enter();
    enum irp_place before = entry->place;
    if (before > IRP_HELD || entry->doomed)
        before = IRP_QUEUED; /* it is somebody's */
    else if (before == IRP_IDLE && entry->cancels)
        before = IRP_QUEUED; /* IoReuseIrp must not meet an IoCancelIrp in progress */
    else
        entry->place = before == IRP_NONE || before == IRP_IDLE ? IRP_PREPARING : IRP_INSERTING;
    if (before == IRP_NONE)
        entry->irp = NULL; /* freed memory: another slot may have it by now */
    sched_guard_leave();
    if (before == IRP_QUEUED)
        return before;
    if (before != IRP_NONE)
        annotate_acquire(&entry->handed_over);
    if (before == IRP_IDLE && entry->canceled)
        annotate_acquire(&entry->dropped);
    return before;
}

bool ledger_claim_held(int slot)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    sched_guard_enter();
    bool held = entry->place == IRP_HELD;
    if (held)
        entry->place = IRP_TAKEN;
    sched_guard_leave();
    if (held)
        annotate_acquire(&entry->handed_over);
    return held;
}

void ledger_publish_irp(int slot, PIRP irp, enum irp_place place)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    annotate_release(&entry->published);
    if (place == IRP_FRESH)
        annotate_release(&entry->handed_over);
    sched_guard_enter();
    entry->irp = irp;
    entry->pended = false;
    entry->canceled = false;
    entry->life++;
    entry->place = (uint8_t)place;
    sched_guard_leave();
}

void ledger_hand_over_irp(int slot, enum irp_place place)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    annotate_release(&entry->handed_over);
    sched_guard_enter();
    entry->place = (uint8_t)place;
    sched_guard_leave();
}

bool ledger_reference_irp(int slot)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    sched_guard_enter();
    bool can = entry->place != IRP_NONE && entry->place != IRP_IDLE &&
               entry->place != IRP_PREPARING && !entry->doomed;
    if (can)
        entry->cancels++;
    sched_guard_leave();
    if (can)
        annotate_acquire(&entry->published);
    return can;
}

/* The slot is empty before the memory is gone: whoever fills it anew gets other memory. */
static PIRP empty_slot(struct ledger_irp *entry)
{
    entry->doomed = false;
    entry->place = IRP_NONE;
    return entry->irp;
}

void ledger_drop_irp(int slot)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    PIRP irp = NULL;
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    annotate_release(&entry->dropped);
    sched_guard_enter();
    entry->canceled = true;
    if (--entry->cancels == 0 && entry->doomed)
        irp = empty_slot(entry);
    sched_guard_leave();
    if (!irp)
        return;
    annotate_acquire(&entry->handed_over);
    annotate_acquire(&entry->dropped);
    IoFreeIrp(irp);
}

void ledger_free_irp(int slot)
{
    struct ledger_irp *entry = &ledger.irps[slot];
    PIRP irp = NULL;
    sched_writes(SCHED_OBJECT_IRP, (unsigned)slot);
    sched_guard_enter();
    bool canceled = entry->canceled;
    if (entry->cancels == 0)
        irp = empty_slot(entry);
    else {
        annotate_release(&entry->handed_over);
        entry->doomed = true;
    }
    sched_guard_leave();
    if (irp && canceled)
        annotate_acquire(&entry->dropped);
    if (irp)
        IoFreeIrp(irp);
}

/* ---- Contexts ------------------------------------------------------------------------------ */

/* After the last owner, and after everybody who called IoCsqRemoveIrp with it. */
static void order_after_users(struct ledger_context *entry)
{
    annotate_acquire(&entry->handed_over);
    if (entry->tried)
        annotate_acquire(&entry->dropped);
}

int ledger_bind_context(int slot, int irp, int queue, bool keep)
{
    struct ledger_context *entry = &ledger.contexts[slot];
    sched_writes(SCHED_OBJECT_CONTEXT, (unsigned)slot);
    sched_guard_enter();
    bool can = !entry->bound && !entry->doomed && entry->removers == 0;
    bool allocate = can && !entry->allocated;
    if (can) {
        entry->bound = true;
        entry->allocated = true;
        entry->usable = false;
    }
    sched_guard_leave();
    if (!can)
        return LEDGER_NONE;
    if (allocate)
        entry->context = malloc(sizeof *entry->context);
    if (!entry->context)
        abort();
    if (!allocate)
        order_after_users(entry);
    entry->tried = false;
    *entry->context = (IO_CSQ_IRP_CONTEXT){.Type = 0xa5a5a5a5u}; /* clause CSQ-INS-13 */
    entry->keep = keep;
    entry->irp = (int8_t)irp;
    entry->queue = (uint8_t)queue;
    return slot;
}

void ledger_context_usable(int slot)
{
    struct ledger_context *entry = &ledger.contexts[slot];
    sched_writes(SCHED_OBJECT_CONTEXT, (unsigned)slot);
    annotate_release(&entry->published);
    sched_guard_enter();
    entry->usable = true;
    sched_guard_leave();
}

bool ledger_reference_context(int slot)
{
    struct ledger_context *entry = &ledger.contexts[slot];
    sched_writes(SCHED_OBJECT_CONTEXT, (unsigned)slot);
    sched_guard_enter();
    bool can = entry->allocated && entry->usable && !entry->doomed;
    if (can)
        entry->removers++;
    sched_guard_leave();
    if (can)
        annotate_acquire(&entry->published);
    return can;
}

static void free_context_if_unused(struct ledger_context *entry)
{
    sched_guard_enter();
    bool now = entry->doomed && entry->removers == 0;
    if (now) {
        entry->doomed = false;
        entry->bound = true; /* until the memory is gone */
        entry->usable = false;
    }
    sched_guard_leave();
    if (!now)
        return;
    order_after_users(entry);
    free(entry->context);
    sched_guard_enter();
    entry->allocated = false;
    entry->bound = false;
    sched_guard_leave();
}

void ledger_drop_context(int slot)
{
    struct ledger_context *entry = &ledger.contexts[slot];
    sched_writes(SCHED_OBJECT_CONTEXT, (unsigned)slot);
    annotate_release(&entry->dropped);
    sched_guard_enter();
    entry->tried = true;
    entry->removers--;
    sched_guard_leave();
    free_context_if_unused(entry);
}

void ledger_release_context(int slot, bool by_cancel)
{
    struct ledger_context *entry = &ledger.contexts[slot];
    sched_writes(SCHED_OBJECT_CONTEXT, (unsigned)slot);
    annotate_release(&entry->handed_over);
    sched_guard_enter();
    entry->bound = false;
    entry->by_cancel = by_cancel;
    entry->doomed = !entry->keep;
    sched_guard_leave();
    free_context_if_unused(entry);
}

/* ---- Queues -------------------------------------------------------------------------------- */

/* Memory of queues that live as long as their execution: not worth an allocation each time. */
static struct driver_queue *lasting[SCENARIO_QUEUES];

static struct driver_queue *storage_for(int number)
{
    bool eager = ledger.scenario.queue[number].eager;
    struct driver_queue *queue = eager ? NULL : lasting[number];
    if (!queue)
        queue = malloc(sizeof *queue);
    if (!queue)
        abort();
    if (!eager)
        lasting[number] = queue;
    return queue;
}

/* An eager owner makes its queue when somebody needs it; all others exist from the start, so that
 * the start of the execution orders them before every use. */
static void create_queue(int number)
{
    struct ledger_queue *entry = &ledger.queues[number];
    entry->queue = storage_for(number);
    sched_hide_memory(true); /* nobody knows of it yet */
    driver_create_queue(entry->queue, &ledger.scenario.queue[number], number);
    sched_hide_memory(false);
    entry->allocated = true;
}

void ledger_destroy_queue(int number)
{
    struct ledger_queue *entry = &ledger.queues[number];
    driver_destroy_queue(entry->queue);
    entry->allocated = false;
    if (ledger.scenario.queue[number].eager)
        free(entry->queue);
}

void ledger_create_queues(void)
{
    for (int i = 0; i < ledger.scenario.queues; i++)
        if (!ledger.scenario.queue[i].eager)
            create_queue(i);
}

struct driver_queue *ledger_enter_queue(int number)
{
    struct ledger_queue *entry = &ledger.queues[number];
    if (!ledger.scenario.queue[number].eager)
        return entry->queue;
    sched_writes(SCHED_OBJECT_QUEUE, (unsigned)number);
    sched_guard_enter();
    entry->users++;
    if (!entry->allocated) {
        create_queue(number);
        annotate_release(&entry->published);
    }
    sched_guard_leave();
    annotate_acquire(&entry->published);
    return entry->queue;
}

/* A kept context leads back to its queue: it must not outlive it. */
static bool remembered(int number)
{
    for (int i = 0; i < SCENARIO_CONTEXTS; i++) {
        sched_reads(SCHED_OBJECT_CONTEXT, (unsigned)i);
        if (ledger.contexts[i].allocated && ledger.contexts[i].queue == number)
            return true;
    }
    return false;
}

void ledger_leave_queue(int number)
{
    struct ledger_queue *entry = &ledger.queues[number];
    if (!ledger.scenario.queue[number].eager)
        return;
    sched_writes(SCHED_OBJECT_QUEUE, (unsigned)number);
    annotate_release(&entry->dropped);
    sched_guard_enter();
    entry->users--;
    bool gone = entry->users == 0 && entry->linked == 0 && !remembered(number);
    if (gone) {
        annotate_acquire(&entry->dropped);
        ledger_destroy_queue(number);
    }
    sched_guard_leave();
}

/* ---- After an execution -------------------------------------------------------------------- */

/* The threads that were cut off never said that they are done: nothing here is ordered. */
void ledger_clear(void)
{
    annotate_ignore_begin();
    io_discard_irps();
    for (int i = 0; i < SCENARIO_CONTEXTS; i++)
        if (ledger.contexts[i].allocated)
            free(ledger.contexts[i].context);
    for (int i = 0; i < SCENARIO_QUEUES; i++)
        if (ledger.queues[i].allocated)
            ledger_destroy_queue(i);
    for (int i = 0; i < SCENARIO_QUEUES; i++) {
        free(lasting[i]); /* accesses that nothing orders must not meet the next execution's */
        lasting[i] = NULL;
    }
    annotate_ignore_end();
    memset(ledger.irps, 0, sizeof ledger.irps);
    memset(ledger.contexts, 0, sizeof ledger.contexts);
    memset(ledger.queues, 0, sizeof ledger.queues);
}
