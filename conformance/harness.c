/* Executions: which thread performs what, nesting, the epilogue. */
#include "harness.h"

#include "driver.h"
#include "finding.h"
#include "ledger.h"
#include "monitor.h"
#include "observer.h"
#include "perform.h"

#include "io/io.h"
#include "ke/ke.h"

#include <string.h>

/* At the end of an execution that went round: more than any loop has. */
#define LIVELOCK_STEPS 256u

/* Somebody else's library may not have it: then its reading shows in its behaviour. */
extern BOOLEAN csq_diagram_reading __attribute__((weak));

const struct observer *current_observer;

static struct {
    const struct harness_plan *plan;
    uint16_t of_thread[SCHED_PROGRAM_THREADS][HARNESS_OPERATIONS]; /* each thread's operations */
    unsigned counts[SCHED_PROGRAM_THREADS];
    unsigned next[SCHED_PROGRAM_THREADS];  /* the first one not performed yet */
    unsigned depth[SCHED_PROGRAM_THREADS]; /* nested operations in progress */
    unsigned skipped[SCHED_PROGRAM_THREADS], performed[SCHED_PROGRAM_THREADS];
} run;

static void perform_next(unsigned thread)
{
    unsigned index = run.of_thread[thread][run.next[thread]++];
    if (perform(&run.plan->operations[index], index))
        run.performed[thread]++;
    else
        run.skipped[thread]++;
}

static const struct operation *upcoming(unsigned thread)
{
    if (run.next[thread] == run.counts[thread])
        return NULL;
    return &run.plan->operations[run.of_thread[thread][run.next[thread]]];
}

/* The driver is at a place where operations may nest: perform those that wait for it. Callbacks of
 * nested operations nest further, up to a bound that keeps the stack small. */
void harness_nested(enum operation_place place)
{
    int self = sched_self();
    if (self >= SCHED_PROGRAM_THREADS)
        return;
    const struct operation *next;
    if (run.depth[self] == HARNESS_NESTING)
        return;
    run.depth[self]++;
    while ((next = upcoming((unsigned)self)) && next->place == place)
        perform_next((unsigned)self);
    run.depth[self]--;
}

/* A logical thread: its top-level operations in order; nested ones whose callback never came are
 * passed over. */
static void thread_body(void *argument, unsigned thread)
{
    (void)argument;
    const struct operation *next;
    while ((next = upcoming(thread))) {
        if (next->place == PLACE_TOP) {
            perform_next(thread);
        } else {
            sched_set_operation(run.of_thread[thread][run.next[thread]++]);
            run.skipped[thread]++;
        }
    }
}

static void distribute(const struct harness_plan *plan)
{
    run.plan = plan;
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++)
        run.counts[t] = run.next[t] = run.depth[t] = run.skipped[t] = run.performed[t] = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        unsigned thread = plan->operations[i].thread;
        run.of_thread[thread][run.counts[thread]++] = (uint16_t)i;
    }
}

static void on_bugcheck(const struct ke_bugcheck *bugcheck)
{
    uint64_t parameter[4];
    for (int i = 0; i < 4; i++)
        parameter[i] = bugcheck->parameter[i];
    finding_raise_bugcheck(bugcheck->code, parameter);
}

/* ---- The end ------------------------------------------------------------------------------- */

static const char *running_name(int thread)
{
    const struct operation *running = monitor_running(thread);
    return running ? operation_name(running->kind) : "end";
}

/* Follow who waits for whom, from any blocked thread as many times as there are threads: whoever is
 * reached then is on the cycle, or is the end of a chain that has none. */
static int on_cycle(void)
{
    int thread = 0;
    while (thread < SCHED_EPILOGUE && !sched_is_blocked(thread))
        thread++;
    for (unsigned i = 0; i < SCHED_THREADS; i++)
        if (sched_waits_for(thread) >= 0)
            thread = sched_waits_for(thread);
    return thread;
}

static void join_cycle(char *text, size_t size, int start)
{
    size_t length = 0;
    int thread = start;
    text[0] = '\0';
    do {
        length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ">" : "",
                                   running_name(thread));
        thread = sched_waits_for(thread);
    } while (thread >= 0 && thread != start && length < size);
}

/* The operations that wait for each other, "insert>remove", from where it reads least: the same
 * whichever threads they are on. */
static void wait_cycle(char *text, size_t size)
{
    char other[sizeof finding.cycle];
    int start = on_cycle();
    join_cycle(text, size, start);
    for (int thread = sched_waits_for(start); thread >= 0 && thread != start;
         thread = sched_waits_for(thread)) {
        join_cycle(other, sizeof other, thread);
        if (strcmp(other, text) < 0)
            memcpy(text, other, size);
    }
}

/* Nobody can go on: say who waits for whom. */
static void note_deadlock(void)
{
    char text[160], cycle[sizeof finding.cycle];
    int length = 0;
    int blocked = 0;
    text[0] = '\0';
    for (int t = 0; t <= SCHED_EPILOGUE; t++) {
        if (!sched_is_blocked(t))
            continue;
        blocked = t;
        int holder = sched_waits_for(t);
        length += snprintf(text + length, sizeof text - (size_t)length, "%sthread %d waits for %s",
                           length ? ", " : "", t, holder < 0 ? "an event" : "thread ");
        if (holder >= 0)
            length += snprintf(text + length, sizeof text - (size_t)length, "%d", holder);
        if (length >= (int)sizeof text - 40)
            break;
    }
    wait_cycle(cycle, sizeof cycle);
    if (blocked == SCHED_EPILOGUE)
        finding_note_cycle(CLAUSE_DEADLOCK, cycle, "a lock was never released");
    else
        finding_note_cycle(CLAUSE_DEADLOCK, cycle, "%s", text);
}

/* The operations that go round, "insert|remove-next": those of the last steps. Whoever else was
 * about has ended, or waits for them. */
static void going_round(char *text, size_t size)
{
    const struct sched_trace *trace = sched_trace();
    unsigned set = 0;
    for (uint64_t i = 1; i <= LIVELOCK_STEPS && i <= trace->event_count; i++) {
        unsigned index = trace->events[(trace->event_count - i) % SCHED_TRACE_CAPACITY].operation;
        if (index < run.plan->count)
            set |= 1u << run.plan->operations[index].kind;
    }
    operation_print_set(set, text, size);
    if (!set)
        snprintf(text, size, "end");
}

static void note_livelock(uint32_t steps)
{
    char names[sizeof finding.cycle];
    going_round(names, sizeof names);
    finding_note_cycle(CLAUSE_LIVELOCK, names, "%u steps, the last half of them round robin",
                       (unsigned)steps);
}

static void check_empty(void)
{
    for (int i = 0; i < SCENARIO_IRPS; i++)
        if (ledger.irps[i].place != IRP_NONE)
            finding_raise(CLAUSE_LEAK, i, "irp%d was never given back to its sender", i);
}

static void epilogue(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    perform_epilogue();
    check_empty();
}

uint32_t harness_step_limit(unsigned operations)
{
    return 2000u + 400u * operations;
}

struct harness_result harness_run(const struct harness_plan *plan)
{
    struct sched_setup setup = {.body = thread_body,
                                .epilogue = epilogue,
                                .strategy = plan->strategy,
                                .step_limit = harness_step_limit(plan->count)};
    struct harness_result result = {0};
    finding_reset();
    ke_reset();
    io_reset();
    ke_set_bugcheck_handler(on_bugcheck);
    ledger_begin(&plan->scenario);
    monitor_reset();
    perform_reset();
    current_observer = plan->observer;
    if (current_observer)
        current_observer->begin();
    distribute(plan);
    if (&csq_diagram_reading)
        csq_diagram_reading = plan->scenario.diagram;
    ledger_create_queues();
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if (run.counts[t])
            setup.threads |= 1u << t;
    result.end = sched_execute(&setup);
    if (result.end == SCHED_DEADLOCK)
        note_deadlock();
    else if (result.end == SCHED_LIVELOCK)
        note_livelock(setup.step_limit);
    if (result.end != SCHED_DONE)
        ledger_clear();
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++) {
        result.skipped += run.skipped[t];
        result.performed += run.performed[t];
    }
    return result;
}
