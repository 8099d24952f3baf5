/* The conformance suite, from the command line to the exit status. */
#define _POSIX_C_SOURCE 200809L /* isatty */
#include "suite.h"

#include "expected.h"
#include "matrix.h"
#include "options.h"
#include "output.h"
#include "profile.h"
#include "report.h"
#include "wall.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Which cases --------------------------------------------------------------------------- */

/* A prefix that selects nothing is a mistake. */
static void check_prefixes(const struct suite_options *options)
{
    for (unsigned i = 0; i < options->prefix_count; i++) {
        const char *prefix = options->prefixes[i];
        const struct conformance_case *c = case_list();
        while (c && strncmp(c->name, prefix, strlen(prefix)) != 0)
            c = c->next;
        if (!c)
            suite_die("no case's name begins with \"%s\"; see --list", prefix);
    }
}

static void select_cases(struct suite *suite)
{
    unsigned count = 0;
    for (const struct conformance_case *c = case_list(); c; c = c->next)
        count++;
    suite->cases = suite_allocate(count, sizeof *suite->cases);
    for (const struct conformance_case *c = case_list(); c; c = c->next)
        if (options_select(suite->options, c))
            suite->cases[suite->case_count++] = c;
    if (suite->case_count == 0 && suite->options->prefix_count == 0)
        suite_die("there are no cases");
    check_prefixes(suite->options);
}

static void make_runs(struct suite *suite)
{
    unsigned readings = suite->profile.judged_count;
    suite->run_count = suite->case_count * readings;
    suite->runs = suite_allocate(suite->run_count, sizeof *suite->runs);
    for (unsigned i = 0; i < suite->run_count; i++) {
        suite->runs[i].which = suite->cases[i / readings];
        suite->runs[i].reading = suite->profile.judged[i % readings];
    }
}

/* As they stand, or shuffled: Fisher and Yates, with a generator that is the same everywhere. */
static unsigned *make_order(const struct suite *suite)
{
    unsigned *order = suite_allocate(suite->run_count, sizeof *order);
    uint64_t state = suite->options->seed;
    for (unsigned i = 0; i < suite->run_count; i++)
        order[i] = i;
    for (unsigned i = suite->run_count - 1; suite->options->shuffle && i > 0; i--) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        unsigned other = (unsigned)((state >> 33) % (i + 1));
        unsigned kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    return order;
}

/* ---- Judging ------------------------------------------------------------------------------- */

static void run_all(struct suite *suite)
{
    const struct suite_options *options = suite->options;
    struct wall_limits limits = {.jobs = options->jobs, .seconds = options->seconds};
    profile_recognise(&suite->profile, options);
    make_runs(suite);
    unsigned *order = make_order(suite);
    wall_run(suite->runs, order, suite->run_count, &limits, suite->profile.success);
    free(order);
    matrix_fill(suite);
}

static void print_style(const struct suite *suite)
{
    switch (suite->options->style) {
    case STYLE_TEXT:
        report_text(suite, stdout, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
        break;
    case STYLE_TAP:
        report_tap(suite, stdout);
        break;
    case STYLE_DEVIATING:
        report_deviating(suite, stdout);
        break;
    case STYLE_NOTHING:
        break;
    }
}

static void write_reports(const struct suite *suite, struct output outputs[4])
{
    static void (*const writers[4])(const struct suite *, FILE *) = {report_junit, report_json,
                                                                     report_html, expected_write};
    for (unsigned i = 0; i < 4; i++) {
        if (outputs[i].path)
            writers[i](suite, outputs[i].stream);
        output_close(&outputs[i]);
    }
}

static int judge(struct suite *suite)
{
    const struct suite_options *options = suite->options;
    const char *const files[4] = {options->junit, options->json, options->html,
                                  options->write_expected};
    struct output outputs[4];
    struct suite_expected expected;
    if (options->expected) {
        expected_read(&expected, options->expected);
        suite->expected = &expected;
    }
    for (unsigned i = 0; i < 4; i++)
        output_open(&outputs[i], files[i]);
    run_all(suite);
    unsigned changed = expected_compare(suite);
    print_style(suite);
    write_reports(suite, outputs);
    if (fflush(stdout) != 0)
        suite_die("cannot write to standard output");
    if (suite->expected)
        return changed ? SUITE_DEVIATES : SUITE_CONFORMS;
    return matrix_fails(suite) ? SUITE_DEVIATES : SUITE_CONFORMS;
}

/* ---- The other actions --------------------------------------------------------------------- */

/* For a debugger: no process, no time limit, nothing caught. */
static int in_process(const struct suite *suite)
{
    const char *name = suite->options->in_process;
    const struct conformance_case *which = case_list();
    while (which && strcmp(which->name, name) != 0)
        which = which->next;
    if (!which)
        suite_die("there is no case \"%s\"; see --list", name);
    case_profile = (struct case_profile){
        suite->options->diagram ? READING_DIAGRAM : READING_TEXT,
        suite->options->exact ? SUCCESS_EXACT : SUCCESS_NT,
    };
    case_run(which);
    static const char *const verdicts[] = {"unfinished", "conforms",  "deviates",
                                           "differs",    "bug check", "deadlock or livelock"};
    printf("%s: %s\nexpected  %s\nseen      %s\nadvice    %s\nat        %s\ntrace     %s\n", name,
           verdicts[case_result->verdict], case_result->expected, case_result->seen,
           case_result->advice, case_result->place, case_result->trace);
    return case_result->verdict == CASE_CONFORMS || case_result->verdict == CASE_DIFFERS
               ? SUITE_CONFORMS
               : SUITE_DEVIATES;
}

static int recognise(struct suite *suite)
{
    profile_recognise(&suite->profile, suite->options);
    printf("%s\n", profile_words(&suite->profile));
    return SUITE_CONFORMS;
}

static int act(struct suite *suite)
{
    switch (suite->options->action) {
    case ACTION_LIST:
        report_list(suite, stdout);
        return SUITE_CONFORMS;
    case ACTION_CLAUSES:
    case ACTION_TRACEABILITY:
        report_clauses(suite, stdout, suite->options->action == ACTION_TRACEABILITY);
        return SUITE_CONFORMS;
    case ACTION_CHECK:
        return report_check(suite, stdout) ? SUITE_CONFORMS : SUITE_DEVIATES;
    case ACTION_RECOGNISE:
        return recognise(suite);
    case ACTION_IN_PROCESS:
        return in_process(suite);
    default:
        return judge(suite);
    }
}

int main(int argc, char **argv)
{
    struct suite_options options;
    static struct suite suite;
    options_parse(&options, argc, argv);
    suite.options = &options;
    select_cases(&suite);
    int status = act(&suite);
    free(suite.cases);
    free(suite.runs);
    return status;
}
