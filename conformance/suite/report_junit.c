/* For CI: JUnit's XML, a suite a section, a test case a run. Times are left out: they differ. */
#include "report.h"

#include "emit.h"
#include "expected.h"
#include "matrix.h"
#include "options.h"
#include "profile.h"

#include <string.h>

struct counts {
    unsigned tests, failures, errors, skipped;
};

static void count_run(struct counts *counts, const struct suite *suite, const struct suite_run *run)
{
    counts->tests++;
    if (run->verdict == VERDICT_DIFFERS || (suite_run_fails(run) && expected_covers(suite, run)))
        counts->skipped++;
    else if (suite_run_fails(run))
        *(run->verdict == VERDICT_DEVIATES ? &counts->failures : &counts->errors) += 1;
}

static void print_counts(FILE *out, const struct counts *counts)
{
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", counts->tests,
            counts->failures, counts->errors, counts->skipped);
}

static void print_part(FILE *out, const char *label, const char *text)
{
    if (text[0])
        emit_xml_format(out, "%s: %s\n", label, text);
}

static void print_failure(FILE *out, const struct suite_run *run)
{
    const char *element = run->verdict == VERDICT_DEVIATES ? "failure" : "error";
    emit_xml_format(out, "      <%s type=\"%s\" message=\"expected %s; seen %s\">", element,
                    suite_verdict_word(run->verdict), run->result.expected, run->result.seen);
    print_part(out, "clause", clause_text(run->which->clauses[0])->sentence);
    print_part(out, "page", clause_text(run->which->clauses[0])->page);
    print_part(out, "expected", run->result.expected);
    print_part(out, "seen", run->result.seen);
    print_part(out, "trace", run->result.trace);
    print_part(out, "said", run->said);
    print_part(out, "at", run->result.place);
    fprintf(out, "</%s>\n", element);
}

static void print_run(const struct suite *suite, FILE *out, const struct suite_run *run)
{
    emit_xml_format(out, "    <testcase classname=\"%s\" name=\"%s [%s]: %s\">\n",
                    clause_text(run->which->clauses[0])->id, run->which->name,
                    suite_reading_name(run->reading), run->which->sentence);
    if (run->verdict == VERDICT_DIFFERS)
        emit_xml_format(out, "      <skipped message=\"differs by profile: %s\"/>\n",
                        run->result.seen);
    else if (suite_run_fails(run) && expected_covers(suite, run))
        emit_xml_format(out, "      <skipped message=\"expected: %s\"/>\n", run->result.seen);
    else if (suite_run_fails(run))
        print_failure(out, run);
    if (run->result.advice[0])
        emit_xml_format(out, "      <system-out>advice: %s</system-out>\n", run->result.advice);
    fputs("    </testcase>\n", out);
}

/* The runs of the cases whose first clause is of this section stand together. */
static unsigned section_end(const struct suite *suite, unsigned from)
{
    char section[24];
    snprintf(section, sizeof section, "%s", matrix_section(suite->runs[from].which->clauses[0]));
    while (from < suite->run_count &&
           strcmp(matrix_section(suite->runs[from].which->clauses[0]), section) == 0)
        from++;
    return from;
}

static void print_section(const struct suite *suite, FILE *out, unsigned from, unsigned end)
{
    struct counts counts = {0};
    for (unsigned i = from; i < end; i++)
        count_run(&counts, suite, &suite->runs[i]);
    const char *section = matrix_section(suite->runs[from].which->clauses[0]);
    emit_xml_format(out, "  <testsuite name=\"%s %s\"", section, matrix_section_title(section));
    print_counts(out, &counts);
    fputs(">\n", out);
    for (unsigned i = from; i < end; i++)
        print_run(suite, out, &suite->runs[i]);
    fputs("  </testsuite>\n", out);
}

/* AMB-1 and AMB-6: which way, and whether another was demanded. */
static void print_profile(const struct suite *suite, FILE *out)
{
    static const enum clause both[] = {CLAUSE_AMB_1, CLAUSE_AMB_6};
    struct counts counts = {.tests = 2};
    for (unsigned i = 0; i < 2; i++)
        counts.failures += suite_is_failure(suite->clauses[both[i]].verdict);
    fputs("  <testsuite name=\"profile\"", out);
    print_counts(out, &counts);
    fputs(">\n", out);
    for (unsigned i = 0; i < 2; i++) {
        const struct suite_clause *entry = &suite->clauses[both[i]];
        emit_xml_format(out, "    <testcase classname=\"%s\" name=\"%s\">",
                        clause_text(both[i])->id, entry->note);
        if (suite_is_failure(entry->verdict))
            emit_xml_format(out, "<failure type=\"deviates\" message=\"%s\"/>", entry->note);
        fputs("</testcase>\n", out);
    }
    fputs("  </testsuite>\n", out);
}

void report_junit(const struct suite *suite, FILE *out)
{
    struct counts counts = {.tests = 2};
    for (unsigned i = 0; i < suite->run_count; i++)
        count_run(&counts, suite, &suite->runs[i]);
    counts.failures += suite_is_failure(suite->clauses[CLAUSE_AMB_1].verdict);
    counts.failures += suite_is_failure(suite->clauses[CLAUSE_AMB_6].verdict);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    emit_xml_format(out, "<testsuites name=\"csqfuzz conformance: %s; reading %s; success %s\"",
                    suite->options->implementation, profile_reading_text(&suite->profile),
                    profile_success_text(&suite->profile));
    print_counts(out, &counts);
    fputs(">\n", out);
    print_profile(suite, out);
    for (unsigned i = 0, end; i < suite->run_count; i = end) {
        end = section_end(suite, i);
        print_section(suite, out, i, end);
    }
    fputs("</testsuites>\n", out);
}
