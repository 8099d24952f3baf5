/* Every schedule of a case with several threads. */
#include "race.h"

#include "stage.h"

#include "conformance/finding.h"
#include "conformance/harness.h"
#include "io/io.h"
#include "ke/ke.h"
#include "sched/strategy.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define STEPS 20000

unsigned race_preemptions = RACE_PREEMPTIONS;

static struct {
    struct harness_plan plan;
    race_body *body;
    unsigned threads;
    void (*prepare)(void);
    struct sched_preemption forced[SCHED_ENUMERATE_FORCED];
    unsigned forced_count;
    bool undisturbed;
    struct sched_enumerate schedules;
    bool again; /* the search starts anew, looking past what it has found */
    char first_trace[sizeof((struct case_result *)0)->trace];
} race;

/* ---- What runs ----------------------------------------------------------------------------- */

void race_operations(const struct operation *operations, unsigned count)
{
    race.plan = (struct harness_plan){
        .scenario = {.diagram = case_profile.reading == READING_DIAGRAM,
                     .irps = SCENARIO_IRPS,
                     .contexts = SCENARIO_CONTEXTS,
                     .queues = SCENARIO_QUEUES},
        .count = count,
        .operations = operations,
    };
}

struct scenario *race_scenario(void)
{
    return &race.plan.scenario;
}

void race_bodies(race_body *body, unsigned threads, void (*prepare)(void))
{
    race.body = body;
    race.threads = threads;
    race.prepare = prepare;
}

void race_force(unsigned operation, enum sched_kind kind, unsigned visit, int to)
{
    race.forced[race.forced_count++] = (struct sched_preemption){.operation = (uint16_t)operation,
                                                                 .kind = (uint8_t)kind,
                                                                 .visit = (uint8_t)visit,
                                                                 .to = (uint8_t)to};
}

/* ---- One schedule -------------------------------------------------------------------------- */

/* The whole execution, a thread a line, for the report. */
void race_note_trace(void)
{
    size_t length = 0;
    size_t room = sizeof case_result->trace;
    case_result->trace[0] = '\0';
    for (int t = 0; t < SCHED_PROGRAM_THREADS && length < room; t++)
        if (*race_letters(t))
            length += (size_t)snprintf(case_result->trace + length, room - length, "t%d: %s\n", t,
                                       race_letters(t));
}

static void note_hang(const char *what)
{
    case_result->verdict = CASE_HUNG;
    snprintf(case_result->seen, sizeof case_result->seen, "%s", what);
}

static void describe_finding(void)
{
    char signature[96];
    finding_signature(&finding, signature, sizeof signature);
    snprintf(case_result->expected, sizeof case_result->expected, "%s",
             clause_text(finding.clause)->sentence);
    snprintf(case_result->seen, sizeof case_result->seen, "%s: %s", signature, finding.message);
}

/*
 * A finding about a clause that other cases are for must not hide what this case is about: note it,
 * to run the case again looking past it. False if it cannot be looked past.
 */
static bool look_past(void)
{
    bool mutable = !finding.bugcheck && finding.clause != CLAUSE_DEADLOCK &&
                   finding.clause != CLAUSE_LIVELOCK && !case_is_about(finding.clause);
    if (!mutable || case_result->other_count == CASE_OTHERS ||
        !finding_mute(clause_text(finding.clause)->id))
        return false;
    if (case_result->other_count == 0) {
        describe_finding();
        race_note_trace();
        snprintf(race.first_trace, sizeof race.first_trace, "%s", case_result->trace);
    }
    case_result->others[case_result->other_count++] = finding.clause;
    return true;
}

/* The monitor, or a bug check, has spoken. What comes of looking past something is its fault. */
static void note_finding(void)
{
    if (case_result->other_count > 0 && !case_is_about(finding.clause)) {
        case_result->verdict = CASE_DEVIATES;
        return;
    }
    if (finding.clause == CLAUSE_DEADLOCK || finding.clause == CLAUSE_LIVELOCK)
        case_result->verdict = CASE_HUNG;
    else
        case_result->verdict = finding.bugcheck ? CASE_CRASHED : CASE_DEVIATES;
    describe_finding();
}

static void run_plan(void)
{
    race.plan.strategy = &race.schedules.base;
    harness_run(&race.plan);
    race.again = finding.present && look_past();
    if (finding.present && !race.again)
        note_finding();
}

static void name_and_run(void *argument, unsigned thread)
{
    sched_set_operation(thread);
    race.body(argument, thread);
}

static void run_bodies(void)
{
    struct sched_setup setup = {.threads = (1u << race.threads) - 1u,
                                .body = name_and_run,
                                .strategy = &race.schedules.base,
                                .step_limit = STEPS};
    ke_reset();
    io_reset();
    ke_set_bugcheck_handler(case_on_bugcheck);
    stage_begin();
    if (race.prepare)
        race.prepare();
    stage_ready();
    enum sched_end end = sched_execute(&setup);
    if (end == SCHED_DEADLOCK || end == SCHED_LIVELOCK)
        note_hang(end == SCHED_DEADLOCK ? "a deadlock" : "it goes on for ever");
}

/* ---- All of them --------------------------------------------------------------------------- */

static void begin_schedules(void)
{
    sched_enumerate_init(&race.schedules, race.forced, race.forced_count, race_preemptions);
    case_result->executions = 0;
}

/* One schedule, judged; false if the case is over. */
static bool run_once(void (*check)(void))
{
    sched_enumerate_begin(&race.schedules);
    if (race.body)
        run_bodies();
    else
        run_plan();
    case_result->executions++;
    if (race.again)
        return true;
    race_note_trace();
    if (case_result->verdict != CASE_UNFINISHED)
        return false;
    race.undisturbed = case_result->executions == 1 && sched_enumerate_forced(&race.schedules);
    if (case_result->executions == 1)
        advise(race.undisturbed, "the forced schedule did not come about");
    if (check)
        check();
    if (race.body) {
        stage_check_retired();
        stage_end();
    }
    return true;
}

void race_run(void (*check)(void))
{
    bool more = true;
    begin_schedules();
    while (more && run_once(check)) {
        if (race.again)
            begin_schedules();
        else
            more = sched_enumerate_next(&race.schedules);
    }
    if (case_result->other_count == 0)
        return;
    snprintf(case_result->trace, sizeof case_result->trace, "%s", race.first_trace);
    if (case_result->verdict == CASE_UNFINISHED) {
        case_result->verdict = CASE_DEVIATES;
        case_result->elsewhere = true;
    }
}

/* ---- For the check ------------------------------------------------------------------------- */

bool race_undisturbed(void)
{
    return race.undisturbed;
}

static const char *letter_of(unsigned kind)
{
    switch (kind) {
    case SCHED_ACQUIRE_IN:
        return "A";
    case SCHED_INSERT_IN:
        return "I";
    case SCHED_REMOVE_IN:
        return "Rm";
    case SCHED_PEEK_IN:
        return "Pk";
    case SCHED_RELEASE_IN:
        return "L";
    case SCHED_COMPLETE_IN:
        return "C";
    case SCHED_CANCEL_LOCK_GOT:
        return "cs+";
    case SCHED_CANCEL_LOCK_FREE:
        return "cs-";
    default:
        return NULL;
    }
}

const char *race_letters(int thread)
{
    static char text[SCHED_THREADS][512];
    const struct sched_trace *trace = sched_trace();
    char *buffer = text[thread];
    size_t length = 0;
    buffer[0] = '\0';
    for (uint64_t i = 0; i < sched_trace_kept(trace) && length < sizeof text[0]; i++) {
        const char *letter = letter_of(trace->events[i].kind);
        if (trace->events[i].thread == thread && letter)
            length += (size_t)snprintf(buffer + length, sizeof text[0] - length, "%s%s",
                                       length ? " " : "", letter);
    }
    return buffer;
}

unsigned race_first(enum sched_kind kind, int thread)
{
    const struct sched_trace *trace = sched_trace();
    for (unsigned i = 0; i < sched_trace_kept(trace); i++)
        if (trace->events[i].kind == kind && trace->events[i].thread == thread)
            return i;
    return UINT_MAX;
}

static const struct sched_event *end_of(unsigned operation)
{
    const struct sched_trace *trace = sched_trace();
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++)
        if (trace->events[i].kind == SCHED_END && trace->events[i].operation == operation)
            return &trace->events[i];
    return NULL;
}

uint32_t race_returned(unsigned operation)
{
    const struct sched_event *end = end_of(operation);
    return end ? end->object : 0;
}

bool race_done(unsigned operation)
{
    return end_of(operation) != NULL;
}

unsigned race_count(enum sched_kind kind, int slot)
{
    const struct sched_trace *trace = sched_trace();
    unsigned count = 0;
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++)
        count +=
            trace->events[i].kind == kind && (int)(trace->events[i].object & 0xffu) == slot + 1;
    return count;
}
