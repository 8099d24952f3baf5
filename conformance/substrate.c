/* Executions of substrate programs, and the table of what calls there are. */
#include "substrate.h"

#include "finding.h"
#include "ledger.h"
#include "monitor.h"
#include "substrate_internal.h"

#include "io/io.h"
#include "sched/sched.h"

#include <stdarg.h>

static const struct {
    const char *name;
    substrate_operation *perform;
    unsigned operands;
    const char *meaning;
} kinds[] = {
    {"irql-raise", substrate_raise, 1, "LEVEL"},
    {"irql-lower", substrate_lower, 0, ""},
    {"irql-dpc", substrate_raise_to_dpc, 0, ""},
    {"spin-acquire", substrate_acquire, 1, "LOCK"},
    {"spin-release", substrate_release, 1, "LOCK"},
    {"dpc-acquire", substrate_acquire_at_dpc, 1, "LOCK"},
    {"dpc-release", substrate_release_from_dpc, 1, "LOCK"},
    {"dpc-try", substrate_try_at_dpc, 1, "LOCK"},
    {"spin-test", substrate_test, 1, "LOCK"},
    {"queued-acquire", substrate_acquire_queued, 1, "LOCK"},
    {"queued-release", substrate_release_queued, 1, "LOCK"},
    {"mutex-acquire", substrate_acquire_mutex, 1, "MUTEX"},
    {"mutex-release", substrate_release_mutex, 1, "MUTEX"},
    {"cancel-acquire", substrate_acquire_cancel, 0, ""},
    {"cancel-release", substrate_release_cancel, 0, ""},
    {"event-init", substrate_initialize_event, 2, "EVENT TYPE+2*STATE"},
    {"event-set", substrate_set_event, 2, "EVENT WAIT"},
    {"event-reset", substrate_reset_event, 1, "EVENT"},
    {"event-clear", substrate_clear_event, 1, "EVENT"},
    {"event-read", substrate_read_event, 1, "EVENT"},
    {"wait-poll", substrate_poll, 1, "EVENT"},
    {"wait-finite", substrate_wait_finite, 2, "EVENT MICROSECONDS-1"},
    {"wait", substrate_wait, 1, "EVENT"},
    {"interlocked", substrate_interlocked, 3, "OPERATION CELL+2*EQUAL VALUE"},
    {"print", substrate_print, 2, "FORMAT+4*NOWHERE NUMBER"},
    {"list-head", substrate_insert_head, 2, "LIST ENTRY"},
    {"list-tail", substrate_insert_tail, 2, "LIST ENTRY"},
    {"list-take-head", substrate_remove_head, 1, "LIST"},
    {"list-take-tail", substrate_remove_tail, 1, "LIST"},
    {"list-remove", substrate_remove_entry, 1, "ENTRY"},
    {"list-append", substrate_append, 1, "LIST"},
    {"list-push", substrate_push, 1, "ENTRY"},
    {"list-pop", substrate_pop, 0, ""},
    {"irp-allocate", substrate_allocate_irp, 3, "IRP LOCATIONS-1 QUOTA"},
    {"irp-initialize", substrate_initialize_irp, 3, "IRP LOCATIONS-1 FILL"},
    {"irp-reuse", substrate_reuse_irp, 2, "IRP STATUS"},
    {"irp-free", substrate_free_irp, 1, "IRP"},
    {"irp-location", substrate_take_location, 1, "IRP"},
    {"irp-routine", substrate_swap_routine, 2, "IRP ROUTINE"},
    {"irp-cancel", substrate_cancel_irp, 2, "IRP COMPLETES"},
    {"device", substrate_plan_device, 3, "DEVICE-1 BEHAVIOUR HOW"},
    {"irp-send", substrate_send_irp, 3, "IRP DEVICE-1 HOW"},
    {"irp-complete", substrate_complete_irp, 2, "IRP STATUS"},
};

unsigned substrate_kinds(void)
{
    return RTL_NUMBER_OF(kinds);
}

const char *substrate_name(unsigned kind)
{
    return kinds[kind].name;
}

unsigned substrate_operands(unsigned kind)
{
    return kinds[kind].operands;
}

const char *substrate_meaning(unsigned kind)
{
    return kinds[kind].meaning;
}

void substrate_fail(enum clause clause, const char *format, ...)
{
    char message[sizeof finding.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    finding_raise(clause, LEDGER_NONE, "%s", message);
    sched_stop();
}

/* ---- Executions ------------------------------------------------------------------------------ */

static const struct substrate_program *running;
static struct substrate_result result;

static void begin(void)
{
    substrate_begin_locks();
    substrate_begin_events();
    substrate_begin_memory();
    substrate_begin_lists();
    substrate_begin_irps();
    substrate_begin_devices();
}

static void end(void)
{
    finding_name_operation("end");
    substrate_end_locks();
    substrate_end_irps();
    substrate_end_events();
}

static void perform(unsigned index)
{
    const struct substrate_call *call = &running->calls[index];
    sched_set_operation(index);
    finding_name_operation(kinds[call->kind].name);
    if (!kinds[call->kind].perform(call->operand)) {
        result.skipped++;
        return;
    }
    result.performed++;
    substrate_check_levels();
    substrate_check_irps();
}

static void body(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 1) {
        substrate_help();
        return;
    }
    begin();
    for (unsigned i = 0; i < running->count; i++)
        perform(i);
    sched_set_operation(SCHED_NO_OPERATION);
    end();
}

static void on_bugcheck(const struct ke_bugcheck *bugcheck)
{
    uint64_t parameter[4];
    for (int i = 0; i < 4; i++)
        parameter[i] = bugcheck->parameter[i];
    finding_raise_bugcheck(bugcheck->code, parameter);
}

struct substrate_result substrate_run(const struct substrate_program *program)
{
    struct sched_setup setup = {.threads = 3, .body = body, .step_limit = 20000};
    running = program;
    result = (struct substrate_result){0};
    finding_reset();
    finding_name_operation("begin");
    ke_reset();
    io_reset();
    monitor_reset();
    ke_set_bugcheck_handler(on_bugcheck);
    enum sched_end how = sched_execute(&setup);
    if (how == SCHED_DEADLOCK)
        finding_note(CLAUSE_DEADLOCK, LEDGER_NONE, "the only thread that can go on does not");
    else if (how == SCHED_LIVELOCK)
        finding_note(CLAUSE_LIVELOCK, LEDGER_NONE, "%u steps", (unsigned)setup.step_limit);
    return result;
}
