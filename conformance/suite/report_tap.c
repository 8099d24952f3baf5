/* For prove: a test a run. */
#include "report.h"

#include "expected.h"
#include "options.h"
#include "profile.h"

#include <string.h>

static void print_lines(FILE *out, const char *label, const char *text)
{
    while (*text) {
        int length = (int)strcspn(text, "\n");
        fprintf(out, "#   %-8s %.*s\n", label, length, text);
        text += length + (text[length] == '\n');
        label = "";
    }
}

/* A '#' in a description would begin a directive. */
static void print_description(FILE *out, const struct suite_run *run)
{
    fprintf(out, "%s, reading %s: ", run->which->name, suite_reading_name(run->reading));
    for (const char *c = run->which->sentence; *c; c++)
        fputs(*c == '#' ? "\\#" : (char[]){*c, '\0'}, out);
}

static void print_directive(const struct suite *suite, FILE *out, const struct suite_run *run)
{
    if (run->verdict == VERDICT_DIFFERS)
        fprintf(out, " # SKIP differs by profile: %s", run->result.seen);
    else if (suite_run_fails(run) && expected_covers(suite, run))
        fprintf(out, " # TODO an expected deviation");
}

static void print_details(FILE *out, const struct suite_run *run)
{
    if (run->result.advice[0])
        print_lines(out, "advice", run->result.advice);
    if (!suite_is_failure(run->verdict))
        return;
    print_lines(out, "expected", run->result.expected);
    print_lines(out, suite_verdict_word(run->verdict), run->result.seen);
    print_lines(out, "trace", run->result.trace);
    print_lines(out, "said", run->said);
    print_lines(out, "at", run->result.place);
}

static void profile_test(const struct suite *suite, FILE *out, enum clause clause, unsigned number)
{
    const struct suite_clause *entry = &suite->clauses[clause];
    bool fails = suite_is_failure(entry->verdict);
    fprintf(out, "%sok %u - %s: %s%s\n", fails ? "not " : "", number, clause_text(clause)->id,
            entry->note,
            fails && suite->expected && !entry->unexpected ? " # TODO an expected deviation" : "");
}

void report_tap(const struct suite *suite, FILE *out)
{
    unsigned number = 0;
    char text[256];
    fprintf(out, "# %s\n# reading %s; success %s\n1..%u\n", suite->options->implementation,
            profile_reading_text(&suite->profile), profile_success_text(&suite->profile),
            suite->run_count + 2);
    profile_test(suite, out, CLAUSE_AMB_1, ++number);
    profile_test(suite, out, CLAUSE_AMB_6, ++number);
    for (unsigned i = 0; i < suite->run_count; i++) {
        const struct suite_run *run = &suite->runs[i];
        fprintf(out, "%sok %u - ", suite_run_fails(run) ? "not " : "", ++number);
        print_description(out, run);
        print_directive(suite, out, run);
        fputc('\n', out);
        print_details(out, run);
    }
    for (unsigned i = 0; i < CLAUSES; i++) {
        if (!suite->clauses[i].unexpected)
            continue;
        expected_explain(suite, (enum clause)i, text, sizeof text);
        fprintf(out, "# %s\n", text);
    }
}
