#include "matrix.h"

#include "profile.h"

#include <ctype.h>
#include <string.h>

/* ---- Sections ------------------------------------------------------------------------------ */

static const struct {
    const char *section, *title;
} titles[] = {
    {"TYP", "Types"},
    {"CSQ-GEN", "The framework as a whole"},
    {"CSQ-INIT", "Initialization"},
    {"CSQ-INS", "IoCsqInsertIrp"},
    {"CSQ-INX", "IoCsqInsertIrpEx"},
    {"CSQ-REM", "IoCsqRemoveIrp"},
    {"CSQ-RNX", "IoCsqRemoveNextIrp"},
    {"CSQ-CAN", "Canceling a queued IRP"},
    {"CSQ-CB-ACQ", "CsqAcquireLock"},
    {"CSQ-CB-REL", "CsqReleaseLock"},
    {"CSQ-CB-INS", "CsqInsertIrp"},
    {"CSQ-CB-REM", "CsqRemoveIrp"},
    {"CSQ-CB-PEEK", "CsqPeekNextIrp"},
    {"CSQ-CB-CCI", "CsqCompleteCanceledIrp"},
    {"CSQ-CB-GEN", "Callbacks in general"},
    {"CSQ-IRQL", "IRQL of the framework"},
    {"CSQ-DC", "DriverContext[3]"},
    {"CSQ-CTX", "The life of a context"},
    {"RACE", "Races, outcome by outcome"},
    {"CAN", "IoCancelIrp"},
    {"SCR", "IoSetCancelRoutine"},
    {"CSL", "The cancel spin lock"},
    {"PEND", "IoMarkIrpPending"},
    {"COMP", "IoCompleteRequest"},
    {"CR", "Completion routines"},
    {"IRP", "The IRP and its fields"},
    {"SPN", "Spin locks"},
    {"IRQ", "IRQL"},
    {"LST", "Lists"},
    {"TR", "Canonical traces"},
    {"AMB", "Ambiguities, settled"},
    {"OWN", "Of our own"},
};

const char *matrix_section(enum clause clause)
{
    static char section[24];
    const char *id = clause_text(clause)->id;
    const char *dash = strrchr(id, '-');
    if (!dash || !isdigit((unsigned char)dash[1]))
        return "OWN";
    snprintf(section, sizeof section, "%.*s", (int)(dash - id), id);
    return section;
}

const char *matrix_section_title(const char *section)
{
    for (unsigned i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (strcmp(titles[i].section, section) == 0)
            return titles[i].title;
    return section;
}

static bool is_of(enum clause clause, const char *section)
{
    return strcmp(matrix_section(clause), section) == 0;
}

enum clause matrix_section_end(enum clause clause)
{
    char section[24];
    snprintf(section, sizeof section, "%s", matrix_section(clause));
    while (clause < CLAUSES && is_of(clause, section))
        clause++;
    return clause;
}

/* ---- Verdicts ------------------------------------------------------------------------------ */

/* Over the readings: the worst failure; else it differs by profile only if it does so in each. */
static enum suite_verdict over_readings(const enum suite_verdict verdicts[], unsigned count)
{
    enum suite_verdict worst = VERDICT_NO_CASE;
    bool conforms = false;
    for (unsigned i = 0; i < count; i++) {
        if (verdicts[i] > worst)
            worst = verdicts[i];
        conforms |= verdicts[i] == VERDICT_CONFORMS;
    }
    return worst == VERDICT_DIFFERS && conforms ? VERDICT_CONFORMS : worst;
}

enum suite_verdict matrix_case(const struct suite *suite, unsigned number)
{
    const struct suite_run *runs = suite_runs_of(suite, number);
    enum suite_verdict verdicts[2] = {runs[0].verdict};
    if (suite->profile.judged_count == 2)
        verdicts[1] = runs[1].verdict;
    return over_readings(verdicts, suite->profile.judged_count);
}

static bool blames(const struct case_result *result, enum clause clause)
{
    for (unsigned i = 0; i < result->other_count; i++)
        if (result->others[i] == clause)
            return true;
    return false;
}

static enum suite_verdict run_on(const struct suite_run *run, enum clause clause)
{
    if (blames(&run->result, clause))
        return VERDICT_DEVIATES;
    if (!case_names(run->which, clause))
        return VERDICT_NO_CASE;
    return run->result.elsewhere ? VERDICT_CONFORMS : run->verdict;
}

enum suite_verdict matrix_case_on(const struct suite *suite, unsigned number, enum clause clause)
{
    const struct suite_run *runs = suite_runs_of(suite, number);
    enum suite_verdict verdicts[2] = {run_on(&runs[0], clause)};
    if (suite->profile.judged_count == 2)
        verdicts[1] = run_on(&runs[1], clause);
    return over_readings(verdicts, suite->profile.judged_count);
}

bool matrix_alike(const struct suite *suite, unsigned number)
{
    const struct suite_run *a = suite_runs_of(suite, number), *b = a + 1;
    return suite->profile.judged_count == 2 && a->verdict == b->verdict &&
           strcmp(a->result.expected, b->result.expected) == 0 &&
           strcmp(a->result.seen, b->result.seen) == 0 &&
           strcmp(a->result.advice, b->result.advice) == 0;
}

/* Advice is about the clauses that are no more than that; if there are none, about the first. */
static bool concerns(const struct conformance_case *which, enum clause clause)
{
    for (size_t i = 0; i < which->clause_count; i++)
        if (clause_text(which->clauses[i])->severity == SEVERITY_ADVISORY)
            return clause_text(clause)->severity == SEVERITY_ADVISORY;
    return which->clauses[0] == clause;
}

static void note_advice(struct suite_clause *entry, const char *text)
{
    if (!entry->note[0])
        snprintf(entry->note, sizeof entry->note, "%s", text);
}

static void note_runs(struct suite *suite, enum clause clause, unsigned number)
{
    struct suite_clause *entry = &suite->clauses[clause];
    bool advisory = clause_text(clause)->severity == SEVERITY_ADVISORY;
    const struct suite_run *runs = suite_runs_of(suite, number);
    for (unsigned i = 0; i < suite->profile.judged_count; i++) {
        const struct suite_run *run = &runs[i];
        if (run->result.advice[0] && concerns(run->which, clause))
            note_advice(entry, run->result.advice);
        if (advisory && run_on(run, clause) == VERDICT_DEVIATES)
            note_advice(entry, run->result.expected);
        if (run->verdict == VERDICT_DIFFERS)
            note_advice(entry, run->result.seen);
    }
}

static void judge_clause(struct suite *suite, enum clause clause)
{
    struct suite_clause *entry = &suite->clauses[clause];
    const struct clause_text *text = clause_text(clause);
    entry->verdict = text->unobserved ? VERDICT_NOT_OBSERVABLE : VERDICT_NO_CASE;
    for (unsigned i = 0; i < suite->case_count; i++) {
        enum suite_verdict verdict = matrix_case_on(suite, i, clause);
        if (verdict == VERDICT_NO_CASE)
            continue;
        if (verdict == VERDICT_DEVIATES && text->severity != SEVERITY_MUST)
            verdict = VERDICT_CONFORMS; /* told, and passed */
        if (verdict > entry->verdict)
            entry->verdict = verdict;
        note_runs(suite, clause, i);
    }
    if (entry->verdict == VERDICT_CONFORMS || entry->verdict == VERDICT_DIFFERS)
        return;
    if (!suite_is_failure(entry->verdict) && text->unobserved)
        snprintf(entry->note, sizeof entry->note, "%s", text->unobserved);
}

void matrix_fill(struct suite *suite)
{
    for (unsigned i = 0; i < CLAUSES; i++)
        judge_clause(suite, (enum clause)i);
    if (suite->options)
        profile_judge(suite);
}

/* ---- Counts -------------------------------------------------------------------------------- */

unsigned matrix_count(const struct suite *suite, const char *section, enum suite_verdict verdict)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CLAUSES; i++)
        count +=
            suite->clauses[i].verdict == verdict && (!section || is_of((enum clause)i, section));
    return count;
}

bool matrix_fails(const struct suite *suite)
{
    for (unsigned i = 0; i < CLAUSES; i++)
        if (suite_is_failure(suite->clauses[i].verdict))
            return true;
    return false;
}
