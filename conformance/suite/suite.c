/* The conformance suite: what its files have in common. */
#include "suite.h"

#include <stdarg.h>
#include <stdlib.h>

struct verdict_text {
    const char *word, *name;
};

static const struct verdict_text verdicts[SUITE_VERDICTS] = {
    [VERDICT_NOT_OBSERVABLE] = {"not-observable", "not observable"},
    [VERDICT_NO_CASE] = {"no-case", "no case"},
    [VERDICT_CONFORMS] = {"conforms", "conforms"},
    [VERDICT_DIFFERS] = {"differs", "differs by profile"},
    [VERDICT_DEVIATES] = {"deviates", "deviates"},
    [VERDICT_HUNG] = {"hung", "hung"},
    [VERDICT_CRASHED] = {"crashed", "crashed"},
};

const char *suite_verdict_word(enum suite_verdict verdict)
{
    return verdicts[verdict].word;
}

const char *suite_verdict_name(enum suite_verdict verdict)
{
    return verdicts[verdict].name;
}

bool suite_is_failure(enum suite_verdict verdict)
{
    return verdict >= VERDICT_DEVIATES;
}

const char *suite_reading_name(enum case_reading reading)
{
    return reading == READING_TEXT ? "text" : "diagram";
}

const char *suite_success_name(enum case_success success)
{
    return success == SUCCESS_NT ? "nt_success" : "exact";
}

static bool only_advice(const struct conformance_case *which)
{
    for (size_t i = 0; i < which->clause_count; i++)
        if (clause_text(which->clauses[i])->severity == SEVERITY_MUST)
            return false;
    return true;
}

bool suite_run_fails(const struct suite_run *run)
{
    if (run->verdict == VERDICT_DEVIATES)
        return !only_advice(run->which);
    return suite_is_failure(run->verdict);
}

struct suite_run *suite_runs_of(const struct suite *suite, unsigned number)
{
    return &suite->runs[number * suite->profile.judged_count];
}

_Noreturn void suite_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("csqfuzz: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(SUITE_CANNOT_RUN);
}

void *suite_allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        suite_die("out of memory");
    return memory;
}
