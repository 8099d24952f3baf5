/* The command line. */
#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include "conformance/cases/race.h"
#include "conformance/granularity.h"
#include "conformance/ledger.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OPTION_CASE = 256,
    OPTION_IN_PROCESS,
    OPTION_NAME,
    OPTION_PROFILE,
    OPTION_JOBS,
    OPTION_SECONDS,
    OPTION_PREEMPTIONS,
    OPTION_SHUFFLE,
    OPTION_GRANULARITY,
    OPTION_TAP,
    OPTION_DEVIATING,
    OPTION_JUNIT,
    OPTION_JSON,
    OPTION_HTML,
    OPTION_EXPECT,
    OPTION_WRITE_EXPECTED,
    OPTION_LIST,
    OPTION_CLAUSES,
    OPTION_TRACEABILITY,
    OPTION_CHECK,
    OPTION_RECOGNISE,
};

static const struct option table[] = {
    {"case", required_argument, NULL, OPTION_CASE},
    {"in-process", required_argument, NULL, OPTION_IN_PROCESS},
    {"name", required_argument, NULL, OPTION_NAME},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"preemptions", required_argument, NULL, OPTION_PREEMPTIONS},
    {"shuffle", required_argument, NULL, OPTION_SHUFFLE},
    {"granularity", required_argument, NULL, OPTION_GRANULARITY},
    {"tap", no_argument, NULL, OPTION_TAP},
    {"deviating", no_argument, NULL, OPTION_DEVIATING},
    {"junit", required_argument, NULL, OPTION_JUNIT},
    {"json", required_argument, NULL, OPTION_JSON},
    {"html", required_argument, NULL, OPTION_HTML},
    {"expect", required_argument, NULL, OPTION_EXPECT},
    {"write-expected", required_argument, NULL, OPTION_WRITE_EXPECTED},
    {"list", no_argument, NULL, OPTION_LIST},
    {"clauses", no_argument, NULL, OPTION_CLAUSES},
    {"traceability", no_argument, NULL, OPTION_TRACEABILITY},
    {"check-traceability", no_argument, NULL, OPTION_CHECK},
    {"recognise", no_argument, NULL, OPTION_RECOGNISE},
    {"help", no_argument, NULL, 'h'},
    {0}};

static const char usage[] =
    "usage: conformance_suite [OPTION]...\n"
    "Judge the implementation that this program is linked with, clause by clause.\n\n"
    "  --case PREFIX         only cases whose name begins so; may be repeated\n"
    "  --profile WORDS       demand text or diagram, nt_success or exact: \"text,exact\"\n"
    "  --expect FILE         only changes against these expected deviations fail\n"
    "  --write-expected FILE write what deviates as such a file\n"
    "  --tap                 TAP on standard output, for prove\n"
    "  --junit FILE, --json FILE, --html FILE\n"
    "                        reports; - is standard output\n"
    "  --deviating           print nothing but the IDs of clauses that fail\n"
    "  --name TEXT           what reports call the implementation\n"
    "  --jobs N              cases at a time (default: one a core)\n"
    "  --seconds N           limit for a case (default: 10)\n"
    "  --preemptions N       of each race, beyond those it forces (default: 2)\n"
    "  --shuffle SEED        run the cases in another order\n"
    "  --granularity G       memory: in races, threads switch at loads and stores too\n"
    "  --in-process CASE     run one case without a wall, for a debugger\n"
    "  --list                the cases and their clauses\n"
    "  --clauses             every clause with its source and its cases\n"
    "  --traceability        the same as a Markdown table\n"
    "  --check-traceability  what lacks a case, or a clause, as TAP\n"
    "  --recognise           only say which profile it follows\n\n"
    "Exit status: 0 it conforms, 1 it deviates, 2 the suite could not run.\n";

/* ---- Values -------------------------------------------------------------------------------- */

static unsigned number_of(const char *option, const char *text, unsigned least)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value > 1000000 || value < least)
        suite_die("%s takes a whole number from %u to 1000000, not \"%s\"", option, least, text);
    return (unsigned)value;
}

static double seconds_of(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value > 0 && value <= 86400))
        suite_die("--seconds takes a number of seconds above 0, not \"%s\"", text);
    return value;
}

static void demand(struct suite_options *options, const char *word, size_t length)
{
    if (length == 4 && strncmp(word, "text", 4) == 0)
        options->text = true;
    else if (length == 7 && strncmp(word, "diagram", 7) == 0)
        options->diagram = true;
    else if (length == 10 && strncmp(word, "nt_success", 10) == 0)
        options->nt_success = true;
    else if (length == 5 && strncmp(word, "exact", 5) == 0)
        options->exact = true;
    else
        suite_die("--profile knows text, diagram, nt_success and exact, not \"%.*s\"", (int)length,
                  word);
}

static void demand_all(struct suite_options *options, const char *words)
{
    for (const char *at = words;; at++) {
        size_t length = strcspn(at, ",");
        demand(options, at, length);
        at += length;
        if (!*at)
            break;
    }
    if ((options->text && options->diagram) || (options->nt_success && options->exact))
        suite_die("--profile can demand one reading and one test of success, not \"%s\"", words);
}

static void add_prefix(struct suite_options *options, const char *prefix)
{
    if (options->prefix_count == SUITE_PREFIXES)
        suite_die("--case can be given %u times at the most", SUITE_PREFIXES);
    options->prefixes[options->prefix_count++] = prefix;
}

/* ---- Options ------------------------------------------------------------------------------- */

static bool parse_action(struct suite_options *options, int key, const char *value)
{
    static const struct {
        int key;
        enum suite_action action;
    } actions[] = {
        {OPTION_LIST, ACTION_LIST},
        {OPTION_CLAUSES, ACTION_CLAUSES},
        {OPTION_TRACEABILITY, ACTION_TRACEABILITY},
        {OPTION_CHECK, ACTION_CHECK},
        {OPTION_RECOGNISE, ACTION_RECOGNISE},
        {OPTION_IN_PROCESS, ACTION_IN_PROCESS},
    };
    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (actions[i].key != key)
            continue;
        options->action = actions[i].action;
        if (key == OPTION_IN_PROCESS)
            options->in_process = value;
        return true;
    }
    return false;
}

/* Whether the implementation shows its accesses is seen by running it, which a child does. */
static bool shows_memory(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(granularity_set_memory() ? 0 : 3);
    return child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
           WEXITSTATUS(status) != 3;
}

static void set_granularity(const char *word)
{
    bool memory;
    if (!granularity_parse(word, &memory))
        suite_die("--granularity takes sync or memory, not \"%s\"", word);
    if (memory && !shows_memory())
        suite_die("%s", GRANULARITY_MISSING);
    if (memory)
        sched_set_memory_names(ledger_memory_name);
}

static bool parse_run(struct suite_options *options, int key, const char *value)
{
    switch (key) {
    case OPTION_CASE:
        add_prefix(options, value);
        return true;
    case OPTION_PROFILE:
        demand_all(options, value);
        return true;
    case OPTION_JOBS:
        options->jobs = number_of("--jobs", value, 1);
        return true;
    case OPTION_SECONDS:
        options->seconds = seconds_of(value);
        return true;
    case OPTION_PREEMPTIONS:
        race_preemptions = number_of("--preemptions", value, 0);
        return true;
    case OPTION_GRANULARITY:
        set_granularity(value);
        return true;
    case OPTION_SHUFFLE:
        options->shuffle = true;
        options->seed = number_of("--shuffle", value, 0);
        return true;
    default:
        return false;
    }
}

static bool parse_report(struct suite_options *options, int key, const char *value)
{
    switch (key) {
    case OPTION_NAME:
        options->implementation = value;
        return true;
    case OPTION_TAP:
        options->style = STYLE_TAP;
        return true;
    case OPTION_DEVIATING:
        options->style = STYLE_DEVIATING;
        return true;
    case OPTION_JUNIT:
        options->junit = value;
        return true;
    case OPTION_JSON:
        options->json = value;
        return true;
    case OPTION_HTML:
        options->html = value;
        return true;
    case OPTION_EXPECT:
        options->expected = value;
        return true;
    case OPTION_WRITE_EXPECTED:
        options->write_expected = value;
        return true;
    default:
        return false;
    }
}

/* getopt says nothing itself (opterr is 0): one sentence, ours. */
static _Noreturn void refuse(int key, char **argv)
{
    const char *option = argv[optind - 1];
    if (key == ':')
        suite_die("%s needs a value; see --help", option);
    if (optopt >= OPTION_CASE)
        suite_die("%s takes no value; see --help", option);
    suite_die("there is no option %s; see --help", option);
}

/* A report to standard output takes the place of the text. */
static void settle_output(struct suite_options *options)
{
    const char *const files[] = {options->junit, options->json, options->html,
                                 options->write_expected};
    unsigned to_output = options->style == STYLE_TEXT ? 0 : 1;
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!files[i] || strcmp(files[i], "-") != 0)
            continue;
        if (to_output++)
            suite_die("only one report can go to standard output");
        options->style = STYLE_NOTHING;
    }
}

void options_parse(struct suite_options *options, int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *options = (struct suite_options){
        .implementation = "src/csq/csq.c", .jobs = cores > 0 ? (unsigned)cores : 1, .seconds = 10};
    opterr = 0;
    for (int key; (key = getopt_long(argc, argv, "+:h", table, NULL)) != -1;) {
        if (key == 'h') {
            fputs(usage, stdout);
            exit(SUITE_CONFORMS);
        }
        if (key == '?' || key == ':')
            refuse(key, argv);
        if (!parse_action(options, key, optarg) && !parse_run(options, key, optarg))
            parse_report(options, key, optarg);
    }
    if (optind < argc)
        suite_die("\"%s\" is no option (cases are chosen with --case PREFIX); see --help",
                  argv[optind]);
    settle_output(options);
}

bool options_select(const struct suite_options *options, const struct conformance_case *which)
{
    for (unsigned i = 0; i < options->prefix_count; i++)
        if (strncmp(which->name, options->prefixes[i], strlen(options->prefixes[i])) == 0)
            return true;
    return options->prefix_count == 0;
}
