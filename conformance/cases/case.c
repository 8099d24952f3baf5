/* The list of cases, expectations, and running one. */
#include "case.h"

#include "race.h"
#include "stage.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define STEPS 20000 /* points a single-threaded case may pass */

struct case_profile case_profile;

static struct case_result own_result;
struct case_result *case_result = &own_result;

static struct conformance_case *cases;
static const struct conformance_case *running;
static jmp_buf race_end; /* where a RACE goes that ends outside of an execution */

/* ---- The list ------------------------------------------------------------------------------ */

static bool comes_before(const struct conformance_case *a, const struct conformance_case *b)
{
    if (a->clauses[0] != b->clauses[0])
        return a->clauses[0] < b->clauses[0];
    return strcmp(a->name, b->name) < 0;
}

void case_register(struct conformance_case *added)
{
    struct conformance_case **place = &cases;
    while (*place && comes_before(*place, added))
        place = &(*place)->next;
    added->next = *place;
    *place = added;
}

const struct conformance_case *case_list(void)
{
    return cases;
}

/* ---- Expectations -------------------------------------------------------------------------- */

/* Leave the case from wherever it is; its verdict stands. */
static _Noreturn void leave(void)
{
    if (sched_self() != SCHED_OUTSIDE)
        sched_stop();
    longjmp(race_end, 1);
}

static void note_place(const char *file, int line)
{
    const char *slash = strrchr(file, '/');
    snprintf(case_result->place, sizeof case_result->place, "%s:%d", slash ? slash + 1 : file,
             line);
}

void case_deviates(const char *file, int line, const char *expected, const char *seen)
{
    case_result->verdict = CASE_DEVIATES;
    note_place(file, line);
    snprintf(case_result->expected, sizeof case_result->expected, "%s", expected);
    snprintf(case_result->seen, sizeof case_result->seen, "%s", seen);
    leave();
}

void case_differs(const char *sentence)
{
    case_result->verdict = CASE_DIFFERS;
    snprintf(case_result->seen, sizeof case_result->seen, "%s", sentence);
    leave();
}

void case_compare(const char *file, int line, const char *what, uint64_t seen, uint64_t wanted)
{
    char expected[128], got[128];
    if (seen == wanted)
        return;
    snprintf(expected, sizeof expected, "%s is 0x%" PRIX64, what, wanted);
    snprintf(got, sizeof got, "0x%" PRIX64, seen);
    case_deviates(file, line, expected, got);
}

void case_compare_text(const char *file, int line, const char *what, const char *seen,
                       const char *wanted)
{
    char expected[320];
    if (strcmp(seen, wanted) == 0)
        return;
    snprintf(expected, sizeof expected, "%s: %s", what, *wanted ? wanted : "(nothing)");
    case_deviates(file, line, expected, *seen ? seen : "(nothing)");
}

void case_advises(const char *sentence)
{
    if (!case_result->advice[0])
        snprintf(case_result->advice, sizeof case_result->advice, "%s", sentence);
}

/* ---- Running ------------------------------------------------------------------------------- */

/* What expect_bugcheck expects; code 0: nothing. */
static struct {
    const char *file;
    int line;
    uint32_t code;
    uintptr_t parameter;
} awaited;

void case_await_bugcheck(const char *file, int line, uint32_t code, uintptr_t parameter)
{
    awaited.file = file;
    awaited.line = line;
    awaited.code = code;
    awaited.parameter = parameter;
}

/* With the rule, where the first parameter is one: others are addresses. */
static void print_bugcheck(char *text, size_t size, uint32_t code, uintptr_t parameter)
{
    size_t length =
        (size_t)snprintf(text, size, "bug check 0x%02X %s", (unsigned)code, ke_bugcheck_name(code));
    if (code == DRIVER_VERIFIER_DETECTED_VIOLATION || code == DRIVER_VERIFIER_IOMANAGER_VIOLATION)
        snprintf(text + length, size - length, ", rule 0x%X", (unsigned)parameter);
}

static _Noreturn void deviate_from_bugcheck(const char *seen)
{
    char expected[128];
    print_bugcheck(expected, sizeof expected, awaited.code, awaited.parameter);
    case_deviates(awaited.file, awaited.line, expected, seen);
}

void case_missed_bugcheck(void)
{
    deviate_from_bugcheck("it went on");
}

static bool is_awaited(const struct ke_bugcheck *bugcheck)
{
    return bugcheck->code == awaited.code &&
           (awaited.parameter == ANY_PARAMETER || bugcheck->parameter[0] == awaited.parameter);
}

void case_on_bugcheck(const struct ke_bugcheck *bugcheck)
{
    char seen[128];
    if (is_awaited(bugcheck)) {
        case_result->verdict = CASE_CONFORMS;
        leave();
    }
    print_bugcheck(seen, sizeof seen, bugcheck->code, bugcheck->parameter[0]);
    if (bugcheck->code == awaited.code)
        strncat(seen, " with another parameter", sizeof seen - strlen(seen) - 1);
    if (awaited.code)
        deviate_from_bugcheck(seen);
    case_result->verdict = CASE_CRASHED;
    snprintf(case_result->seen, sizeof case_result->seen, "%s", seen);
    leave();
}

static void note_end(enum sched_end end)
{
    if (end != SCHED_DEADLOCK && end != SCHED_LIVELOCK)
        return;
    case_result->verdict = CASE_HUNG;
    snprintf(case_result->seen, sizeof case_result->seen, "%s",
             end == SCHED_DEADLOCK ? "a deadlock" : "it goes on for ever");
}

static void body(void *argument, unsigned thread)
{
    const struct conformance_case *which = argument;
    (void)thread;
    which->run();
    stage_check_retired();
    case_result->verdict = CASE_CONFORMS;
}

void case_note_trace(void)
{
    if (running && running->staged)
        snprintf(case_result->trace, sizeof case_result->trace, "%s", stage_trace());
    else if (running)
        race_note_trace();
}

static void run_staged(const struct conformance_case *which)
{
    struct sched_setup setup = {
        .threads = 1, .body = body, .argument = (void *)(uintptr_t)which, .step_limit = STEPS};
    ke_reset();
    io_reset();
    ke_set_bugcheck_handler(case_on_bugcheck);
    stage_begin();
    note_end(sched_execute(&setup));
    case_note_trace();
    stage_end();
}

static void run_race(const struct conformance_case *which)
{
    if (setjmp(race_end))
        return;
    which->run();
    if (case_result->verdict == CASE_UNFINISHED)
        case_result->verdict = CASE_CONFORMS;
}

/* Somebody else's library may not have it: then its reading shows in its behaviour. */
extern BOOLEAN csq_diagram_reading __attribute__((weak));

bool case_names(const struct conformance_case *which, enum clause clause)
{
    for (size_t i = 0; i < which->clause_count; i++)
        if (which->clauses[i] == clause)
            return true;
    return false;
}

bool case_is_about(enum clause clause)
{
    return case_names(running, clause);
}

void case_run(const struct conformance_case *which)
{
    if (&csq_diagram_reading)
        csq_diagram_reading = case_profile.reading == READING_DIAGRAM;
    *case_result = (struct case_result){.verdict = CASE_UNFINISHED};
    running = which;
    awaited.code = 0;
    if (which->staged)
        run_staged(which);
    else
        run_race(which);
}
