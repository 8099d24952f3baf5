/* From the trace: which operations were performed, and where. */
#include "export.h"

#include "execute.h"

#include "conformance/ledger.h"

#include "sched/sched.h"

#include <string.h>

#define FRAMES 32

/* Operations of a thread in progress, the innermost last. */
static struct {
    unsigned depth;
    struct {
        uint16_t operation;
        bool inserting; /* inside the insert callback */
    } frames[FRAMES];
    int acquiring; /* the queue whose CsqAcquireLock has been entered, or LEDGER_NONE */
} threads[SCHED_THREADS];

static uint32_t lock_of[SCENARIO_QUEUES]; /* its number; 0: not known */

static bool has_queue(unsigned kind)
{
    return kind == OP_REMOVE || kind == OP_REMOVE_NEXT || kind == OP_DRAIN;
}

/* ---- Operations ----------------------------------------------------------------------------- */

static void name_objects(struct export_operation *operation, const struct sched_event *event)
{
    if (has_queue(operation->what.kind))
        operation->queue = (uint8_t)(event->object / 0x100 - 1);
    else if (operation->what.kind != OP_CANCEL_LOCK)
        operation->slot = (uint8_t)(event->object - 1);
    if (operation->what.kind == OP_INSERT || operation->what.kind == OP_INSERT_EX)
        operation->queue = operation->what.queue % export.program->scenario.queues;
}

static void begin_epilogue_operation(const struct sched_event *event)
{
    if (export.epilogue_count == EXPORT_EPILOGUE)
        return;
    struct export_operation *operation = &export.epilogue[export.epilogue_count++];
    *operation = (struct export_operation){.performed = true,
                                           .context = LEDGER_NONE,
                                           .other_lock = LEDGER_NONE,
                                           .what = {.kind = (uint8_t)event->value}};
    name_objects(operation, event);
}

static void begin_operation(const struct sched_event *event)
{
    unsigned thread = event->thread;
    if (threads[thread].depth == FRAMES)
        return;
    if (event->operation < export.program->operation_count) {
        struct export_operation *operation = &export.operations[event->operation];
        operation->performed = true;
        operation->parent = threads[thread].depth
                                ? threads[thread].frames[threads[thread].depth - 1].operation
                                : SCHED_NO_OPERATION;
        name_objects(operation, event);
    } else {
        begin_epilogue_operation(event);
    }
    threads[thread].frames[threads[thread].depth].inserting = false;
    threads[thread].frames[threads[thread].depth++].operation = event->operation;
}

/* ---- Locks that the insert callback takes besides ------------------------------------------- */

static void see_lock(const struct sched_event *event)
{
    int acquiring = threads[event->thread].acquiring;
    if (acquiring >= 0 && acquiring < SCENARIO_QUEUES)
        lock_of[acquiring] = event->object;
    threads[event->thread].acquiring = LEDGER_NONE;
}

static void see_other_lock(const struct sched_event *event)
{
    unsigned depth = threads[event->thread].depth;
    if (event->kind != SCHED_LOCK_WANT || depth == 0 ||
        !threads[event->thread].frames[depth - 1].inserting ||
        event->operation >= export.program->operation_count)
        return;
    for (int q = 0; q < SCENARIO_QUEUES; q++)
        if (lock_of[q] == event->object)
            export.operations[event->operation].other_lock = (int8_t)q;
}

static void set_inserting(const struct sched_event *event, bool inserting)
{
    if (threads[event->thread].depth)
        threads[event->thread].frames[threads[event->thread].depth - 1].inserting = inserting;
}

/* ---- The pass ------------------------------------------------------------------------------- */

static void learn_locks(const struct sched_trace *trace)
{
    memset(lock_of, 0, sizeof lock_of);
    for (unsigned t = 0; t < SCHED_THREADS; t++)
        threads[t].acquiring = LEDGER_NONE;
    for (uint64_t i = 0; i < trace->event_count; i++) {
        const struct sched_event *event = &trace->events[i];
        if (event->kind == SCHED_ACQUIRE_IN)
            threads[event->thread].acquiring = (int)(event->object / 0x100) - 1;
        else if (event->kind == SCHED_LOCK_WANT)
            see_lock(event);
    }
}

static void take_event(const struct sched_event *event)
{
    if (event->thread == SCHED_EPILOGUE)
        export.has_epilogue = true;
    if (event->kind == SCHED_BEGIN)
        begin_operation(event);
    else if (event->kind == SCHED_END && threads[event->thread].depth)
        threads[event->thread].depth--;
    else if (event->kind == SCHED_EXIT && event->thread < SCHED_PROGRAM_THREADS)
        export.last_of[event->thread] = event->operation;
    else if (event->kind == SCHED_INSERT_IN || event->kind == SCHED_INSERT_OUT)
        set_inserting(event, event->kind == SCHED_INSERT_IN);
    else
        see_other_lock(event);
}

static void set_up_operations(void)
{
    const struct program *program = export.program;
    export.epilogue_count = 0;
    export.has_epilogue = finding.thread == SCHED_EPILOGUE;
    for (unsigned t = 0; t < SCHED_THREADS; t++)
        threads[t].depth = 0;
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++)
        export.last_of[t] = SCHED_NO_OPERATION;
    for (unsigned o = 0; o < program->operation_count; o++) {
        export.operations[o].what = program->operations[o];
        export.operations[o].other_lock = LEDGER_NONE;
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

/* Only a build with ThreadSanitizer has it; this file is not instrumented by it. */
extern void __tsan_acquire(void *address) __attribute__((weak));

static enum export_end end_of(const struct finding *what)
{
    if (what->bugcheck)
        return EXPORT_BUGCHECK;
    if (what->clause == CLAUSE_DEADLOCK)
        return EXPORT_DEADLOCK;
    if (what->clause == CLAUSE_LIVELOCK)
        return EXPORT_LIVELOCK;
    if (what->fault[0] == '\0')
        return EXPORT_CLAUSE;
    if (strncmp(what->fault, "an-invalid-memory", 17) == 0 ||
        strncmp(what->fault, "a-fatal-signal", 14) == 0)
        return EXPORT_SIGNAL;
    return &__tsan_acquire ? EXPORT_RACE : EXPORT_SANITIZER;
}

/* The check that nothing is left is no event: the log gets a line for it. */
static void note_leak(void)
{
    int slot;
    if (finding.clause == CLAUSE_LEAK && export.line_count < EXPORT_LINES &&
        sscanf(finding.message, "irp%d", &slot) == 1)
        snprintf(export.lines[export.line_count++], EXPORT_LINE, "t%d irp%d was never given back",
                 SCHED_EPILOGUE, slot);
}

/* Switches at loads and stores: the exported program has no such points. */
static bool is_fine_grained(const struct sched_trace *trace)
{
    for (uint32_t i = 0; i < sched_trace_kept(trace); i++)
        if (trace->events[i].kind == SCHED_LOAD || trace->events[i].kind == SCHED_STORE)
            return true;
    return false;
}

const char *export_record(void)
{
    const struct sched_trace *trace = sched_trace();
    export.end = end_of(&finding);
    export.hash = trace->hash;
    if (is_fine_grained(trace))
        return "threads switch at loads and stores in it";
    if (finding.thread == SCHED_OUTSIDE && export.end == EXPORT_CLAUSE)
        return "it shows before the execution begins";
    if (export.end == EXPORT_LIVELOCK && export.line_count > EXPORT_LOOP_LINES)
        export.line_count = EXPORT_LOOP_LINES;
    else if (export_log_overflowed() || trace->event_count > SCHED_TRACE_CAPACITY)
        return "the execution is too long to be written down (csq minimize shortens it)";
    if (trace->event_count > SCHED_TRACE_CAPACITY || !execute_as_list(export.program, &export.list))
        return "its schedule has a switch that no preemption can name";
    set_up_operations();
    learn_locks(trace);
    for (uint64_t i = 0; i < trace->event_count; i++)
        take_event(&trace->events[i]);
    note_leak();
    return NULL;
}
