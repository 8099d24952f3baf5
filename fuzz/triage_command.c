/* csq triage: options, and the steps one after the other. */
#define _GNU_SOURCE /* get_nprocs */
#include "argument.h"
#include "explore.h"
#include "file.h"
#include "triage_internal.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { EXIT_NOTHING = 0, EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };
enum { OPTION_BUILD = 256, OPTION_FOLDER_BUILDS, OPTION_TARGET, OPTION_QUICK, OPTION_SECONDS };

struct arguments {
    struct triage triage;
    struct triage_builds builds; /* named; then the neighbours count no more */
    char **paths;
    size_t path_count;
    uint8_t mode;
    bool folder_builds;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    interrupted = number;
}

/* ---- Options ------------------------------------------------------------------------------- */

static const char documentation[] =
    "From the files that fuzzers have left behind to causes. Takes libFuzzer's artefacts, AFL++'s "
    "output folders and plain folders of inputs; replays each input in every build of csq there "
    "is; minimizes those with a finding; puts those with one cause into one cluster, draws the "
    "smallest of each and writes it as a C program; and ranks them by how bad they are, which is a "
    "heuristic.\v"
    "Everything is kept in the triage folder: the inputs, clusters/*/minimal.csq, timeline.html "
    "and reproducer.c, and the reports index.html, triage.json and triage.sarif. The next triage "
    "into it adds to it; without a PATH it looks at what is there again, say after a repair.\n\n"
    "The builds are those beside this one (build/asan/csq beside build/gcc/csq), or those that "
    "--build names.\n\n"
    "Exit status: 0 no finding, 1 findings, 2 something could not be done.";

static const struct argp_option options[] = {
    {"output", 'o', "FOLDER", 0, "the triage folder (default: fuzz-out/triage)", 0},
    {"build", OPTION_BUILD, "NAME=PROGRAM", 0, "replay in this csq; may be repeated", 0},
    {"folder-builds", OPTION_FOLDER_BUILDS, NULL, 0,
     "a folder's file " TRIAGE_BUILD_FILE
     " says which programs show what is in it, a line \"NAME PROGRAM\" each: they are run, so "
     "only where you trust it (a triage folder remembers them)",
     0},
    {"target", OPTION_TARGET, "TARGET", 0,
     "what the inputs are for (default: as their path says, else whichever shows something)", 0},
    {"replays", 'n', "N", 0, "replay each input N times in each build (default: 3)", 0},
    {"seconds", OPTION_SECONDS, "N", 0, "a replay that takes longer is a timeout (default: 20)", 0},
    {"jobs", 'j', "N", 0, "so many at a time (default: one a core)", 0},
    {"quick", OPTION_QUICK, NULL, 0,
     "do not minimize, draw and export: clusters are then of signatures as they come", 0},
    {0}};

static void set_target(struct arguments *arguments, const char *value, struct argp_state *state)
{
    for (unsigned mode = 0; mode < TRIAGE_MODES; mode++)
        if (strcmp(value, triage_mode_name((enum triage_mode)mode)) == 0) {
            arguments->mode = (uint8_t)mode;
            return;
        }
    argp_error(state, "--target takes csq_schedule_fuzzer, csq_sequential_fuzzer or "
                      "csq_substrate_fuzzer");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct triage *triage = &arguments->triage;
    switch (key) {
    case 'o':
        if (!value[0])
            argp_error(state, "--output takes a folder");
        triage->folder = value;
        return 0;
    case 'n':
        triage->replays = (unsigned)argument_number(state, "--replays", value, 1, 1000);
        return 0;
    case 'j':
        triage->jobs = (unsigned)argument_number(state, "--jobs", value, 1, 1024);
        return 0;
    case OPTION_SECONDS:
        triage->seconds = (unsigned)argument_number(state, "--seconds", value, 1, 86400);
        return 0;
    case OPTION_BUILD:
        if (!triage_build_add(triage, &arguments->builds, value))
            exit(EXIT_TROUBLE);
        return 0;
    case OPTION_FOLDER_BUILDS:
        arguments->folder_builds = true;
        return 0;
    case OPTION_TARGET:
        set_target(arguments, value, state);
        return 0;
    case OPTION_QUICK:
        triage->explain = false;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->paths = state->argv + state->next;
        arguments->path_count = (size_t)(state->argc - state->next);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A path of many slashes at its end would name the same folder otherwise; one that begins with '-'
 * would be an option to csq. */
static void trim_folder(struct triage *triage)
{
    char *folder = triage_format("%s%s", triage->folder[0] == '-' ? "./" : "", triage->folder);
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        folder[--length] = '\0';
    triage->folder = folder;
}

/* ---- The steps ----------------------------------------------------------------------------- */

static bool collect(struct arguments *arguments)
{
    struct triage *triage = &arguments->triage;
    struct triage_sightings list = {0};
    struct triage_collecting collecting = {.triage = triage,
                                           .list = &list,
                                           .mode = arguments->mode,
                                           .folder_builds = arguments->folder_builds};
    if (!triage_remember(triage, &list))
        return false;
    for (size_t i = 0; i < arguments->path_count; i++)
        if (!triage_collect(&collecting, arguments->paths[i]))
            return false;
    if (triage_builds_none(&arguments->builds))
        triage_build_neighbours(triage, &arguments->builds);
    if (!triage_memorize(triage, &list))
        return false;
    triage_gather(triage, &list);
    triage_build_settle(triage, &arguments->builds);
    return true;
}

typedef bool write_report(const struct triage *triage, FILE *out);

static bool write_file(const struct triage *triage, const char *name, write_report *report)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    bool written = memory && report(triage, memory);
    if (memory)
        written = fclose(memory) == 0 && written;
    char *path = triage_format("%s/%s", triage->folder, name);
    written = written && file_write(path, text, size);
    free(path);
    free(text);
    return written;
}

static bool report(const struct triage *triage)
{
    return write_file(triage, "triage.json", triage_write_json) &&
           write_file(triage, "triage.sarif", triage_write_sarif) &&
           write_file(triage, "index.html", triage_write_html) &&
           triage_write_text(triage, stdout) && file_flush_output();
}

static bool triage_all(struct arguments *arguments)
{
    struct triage *triage = &arguments->triage;
    if (!collect(arguments) || !triage_verify(triage, &interrupted))
        return false;
    triage_judge(triage);
    if (triage->explain && !triage_minimize(triage, &interrupted))
        return false;
    triage_cluster(triage);
    if (triage->explain && !triage_explain(triage, &interrupted))
        return false;
    for (uint32_t c = 0; triage->explain && c < triage->cluster_count; c++)
        triage_read_minimal(triage, &triage->clusters[c]);
    return report(triage);
}

int triage_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "[PATH...]", documentation,
                                     NULL,    NULL,         NULL};
    static char name[] = "csq triage";
    static struct arguments arguments = {
        .mode = TRIAGE_MODES,
        .triage = {.folder = "fuzz-out/triage", .replays = 3, .seconds = 20, .explain = true}};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    arguments.triage.jobs = (unsigned)get_nprocs();
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return EXIT_TROUBLE;
    trim_folder(&arguments.triage);
    arguments.triage.root = getcwd(NULL, 0);
    if (!arguments.triage.root) /* it is gone: nothing lies below it */
        arguments.triage.root = "/";
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    double start = explore_clock();
    bool done = triage_all(&arguments);
    if (done) /* beside the report, which does not change with the time it takes */
        fprintf(stderr, "csq: it took %.1f s\n", explore_clock() - start);
    if (interrupted) { /* end as whoever sent it expects */
        signal(interrupted, SIG_DFL);
        raise(interrupted);
    }
    return !done ? EXIT_TROUBLE : arguments.triage.cluster_count ? EXIT_FINDINGS : EXIT_NOTHING;
}
