#include "bluetooth.h"

#include "conformance/report.h"
#include "ke/ke.h"

#include <inttypes.h>

static struct bluetooth_device device;
static bool broken;

/* ---- Plain fields ---------------------------------------------------------------------------- */

/* Nothing here has a queue, so the footprint's bits for queues stand for the two plain fields. */
enum { STOPPING, STOPPED };

bool bluetooth_is_stopping(const struct bluetooth_device *extension)
{
    sched_reads(SCHED_OBJECT_QUEUE, STOPPING);
    return extension->stopping;
}

static void set_stopping(void)
{
    sched_writes(SCHED_OBJECT_QUEUE, STOPPING);
    device.stopping = TRUE;
}

static void set_stopped(void)
{
    sched_writes(SCHED_OBJECT_QUEUE, STOPPED);
    device.stopped = TRUE;
}

static void assert_not_stopped(void)
{
    sched_reads(SCHED_OBJECT_QUEUE, STOPPED);
    if (!device.stopped)
        return;
    broken = true;
    sched_stop();
}

/* ---- Add and stop ---------------------------------------------------------------------------- */

void bluetooth_leave(struct bluetooth_device *extension)
{
    if (InterlockedDecrement(&extension->pending) == 0)
        KeSetEvent(&extension->drained, IO_NO_INCREMENT, FALSE);
}

static void add(void)
{
    if (!bluetooth_enter(&device))
        return;
    assert_not_stopped(); /* this is the work */
    bluetooth_leave(&device);
}

static void stop(void)
{
    set_stopping();
    bluetooth_leave(&device);
    KeWaitForSingleObject(&device.drained, Executive, KernelMode, FALSE, NULL);
    set_stopped();
}

/* ---- Executions ------------------------------------------------------------------------------ */

static void body(void *argument, unsigned thread)
{
    unsigned operation = thread == *(const unsigned *)argument ? BLUETOOTH_ADD : BLUETOOTH_STOP;
    sched_set_operation(operation);
    sched_point(SCHED_BEGIN, 0, operation);
    if (operation == BLUETOOTH_ADD)
        add();
    else
        stop();
    sched_point(SCHED_END, 0, operation);
}

struct bluetooth_result bluetooth_run(struct sched_strategy *strategy, unsigned adder)
{
    struct sched_setup setup = {.threads = (1u << BLUETOOTH_THREADS) - 1u,
                                .body = body,
                                .argument = &adder,
                                .strategy = strategy,
                                .step_limit = 1000};
    struct bluetooth_result result;
    ke_reset();
    device.pending = 1;
    device.stopping = device.stopped = FALSE;
    KeInitializeEvent(&device.drained, NotificationEvent, FALSE);
    broken = false;
    result.end = sched_execute(&setup);
    result.broken = broken;
    return result;
}

void bluetooth_print(FILE *out)
{
    const struct sched_trace *trace = sched_trace();
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++) {
        const struct sched_event *event = &trace->events[i];
        fprintf(out, "%6" PRIu64 "  %u: %-4s %s\n", i + 1, event->thread,
                event->operation == BLUETOOTH_ADD ? "add" : "stop", sched_kind_label(event->kind));
    }
    report_hash(out);
}
