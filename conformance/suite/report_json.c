/* Everything, for programs. */
#include "report.h"

#include "emit.h"
#include "matrix.h"
#include "options.h"
#include "profile.h"

static void emit_profile(struct emit_json *json, const struct suite_profile *profile)
{
    emit_open(json, "profile", '{');
    emit_string(json, "reading", profile_reading_text(profile));
    emit_string(json, "success", profile_success_text(profile));
    emit_boolean(json, "reading_recognised", profile->reading_known);
    emit_boolean(json, "success_recognised", profile->success_known);
    emit_open(json, "judged", '[');
    for (unsigned i = 0; i < profile->judged_count; i++)
        emit_string(json, NULL, suite_reading_name(profile->judged[i]));
    emit_close(json, ']');
    emit_close(json, '}');
}

static void emit_totals(struct emit_json *json, const struct suite *suite)
{
    emit_open(json, "totals", '{');
    for (unsigned i = 0; i < SUITE_VERDICTS; i++)
        emit_number(json, suite_verdict_word((enum suite_verdict)i),
                    matrix_count(suite, NULL, (enum suite_verdict)i));
    emit_close(json, '}');
}

static void emit_clause(struct emit_json *json, const struct suite *suite, enum clause clause)
{
    const struct clause_text *text = clause_text(clause);
    const struct suite_clause *entry = &suite->clauses[clause];
    emit_open(json, NULL, '{');
    emit_string(json, "id", text->id);
    emit_string(json, "section", matrix_section(clause));
    emit_string(json, "sentence", text->sentence);
    emit_string(json, "page", text->page);
    emit_string(json, "grade", text->grade);
    emit_string(json, "basis", clause_basis_name(text->basis));
    emit_string(json, "severity", clause_severity_name(text->severity));
    emit_string(json, "verdict", suite_verdict_word(entry->verdict));
    if (entry->note[0])
        emit_string(json, "note", entry->note);
    if (suite->expected)
        emit_boolean(json, "as_expected", !entry->unexpected);
    emit_open(json, "cases", '[');
    for (unsigned i = 0; i < suite->case_count; i++)
        if (matrix_case_on(suite, i, clause) != VERDICT_NO_CASE)
            emit_string(json, NULL, suite->cases[i]->name);
    emit_close(json, ']');
    emit_close(json, '}');
}

/* Empty texts are left out. */
static void emit_text(struct emit_json *json, const char *key, const char *text)
{
    if (text[0])
        emit_string(json, key, text);
}

static void emit_run(struct emit_json *json, const struct suite_run *run)
{
    emit_open(json, NULL, '{');
    emit_string(json, "reading", suite_reading_name(run->reading));
    emit_string(json, "verdict", suite_verdict_word(run->verdict));
    emit_text(json, "expected", run->result.expected);
    emit_text(json, "seen", run->result.seen);
    emit_text(json, "advice", run->result.advice);
    emit_text(json, "trace", run->result.trace);
    emit_text(json, "said", run->said);
    emit_text(json, "place", run->result.place);
    if (run->result.executions)
        emit_number(json, "schedules", run->result.executions);
    emit_close(json, '}');
}

static void emit_case(struct emit_json *json, const struct suite *suite, unsigned number)
{
    const struct conformance_case *which = suite->cases[number];
    emit_open(json, NULL, '{');
    emit_string(json, "name", which->name);
    emit_string(json, "sentence", which->sentence);
    emit_open(json, "clauses", '[');
    for (size_t i = 0; i < which->clause_count; i++)
        emit_string(json, NULL, clause_text(which->clauses[i])->id);
    emit_close(json, ']');
    emit_string(json, "verdict", suite_verdict_word(matrix_case(suite, number)));
    emit_open(json, "runs", '[');
    for (unsigned i = 0; i < suite->profile.judged_count; i++)
        emit_run(json, &suite_runs_of(suite, number)[i]);
    emit_close(json, ']');
    emit_close(json, '}');
}

void report_json(const struct suite *suite, FILE *out)
{
    struct emit_json json = {.out = out};
    emit_open(&json, NULL, '{');
    emit_string(&json, "report", "csqfuzz conformance");
    emit_number(&json, "format", 1);
    emit_string(&json, "implementation", suite->options->implementation);
    emit_boolean(&json, "conforms", !matrix_fails(suite));
    emit_profile(&json, &suite->profile);
    emit_totals(&json, suite);
    emit_open(&json, "clauses", '[');
    for (unsigned i = 0; i < CLAUSES; i++)
        emit_clause(&json, suite, (enum clause)i);
    emit_close(&json, ']');
    emit_open(&json, "cases", '[');
    for (unsigned i = 0; i < suite->case_count; i++)
        emit_case(&json, suite, i);
    emit_close(&json, ']');
    emit_close(&json, '}');
}
