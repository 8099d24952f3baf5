/* csq promote: what it is given, whether that is a finding, the exit status. */
#define _GNU_SOURCE /* sigaction */
#include "conformance/granularity.h"
#include "explore.h"
#include "file.h"
#include "promote.h"
#include "substrate_command.h"
#include "target.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_PROMOTED = 0, EXIT_NO_FINDING = 1, EXIT_BAD_INPUT = 2 };

#define LONGEST_SLUG   100
#define LONGEST_FOLDER 3000
#define DEFAULT_FOLDER "corpus/regressions"

/* ---- Options -------------------------------------------------------------------------------- */

static const char documentation[] =
    "Make a regression of the finding that FILE (bytes or text) has in this build: SLUG.csq, the "
    "program with each switch of threads named, SLUG, the same as bytes, and SLUG.md, a note about "
    "what was seen. Small ones are better ones: csq minimize first.\v"
    "Exit status: 0 promoted, 1 FILE has no finding in this build, 2 bad input or usage. Unless it "
    "is 0 nothing has been written.";

static const struct argp_option options[] = {
    {"name", 'n', "SLUG", 0, "its name: lower-case letters, digits and '-'", 0},
    {"corpus", 'c', "FOLDER", 0, "where regressions are kept (default: " DEFAULT_FOLDER ")", 0},
    {0}};

static bool is_slug(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= LONGEST_SLUG && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct promotion *x = state->input;
    switch (key) {
    case 'n':
        if (!is_slug(value))
            argp_error(state, "--name takes lower-case letters, digits and '-' (not first), at "
                              "most 100");
        x->slug = value;
        return 0;
    case 'c':
        x->folder = value;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one file at a time");
        x->file = value;
        return 0;
    case ARGP_KEY_END:
        if (!x->file || !x->slug)
            argp_error(state, "a file and --name SLUG are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- May it be written ----------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    if (strlen(path) > LONGEST_FOLDER)
        errno = ENAMETOOLONG;
    else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    else if (errno == 0)
        errno = ENOTDIR;
    fprintf(stderr, "%s: %s; --corpus FOLDER says where regressions are kept\n", path,
            strerror(errno));
    return false;
}

/* Whoever replays a regression switches at sync points: others would not be met. */
static bool is_sync(void)
{
    const char *granularity = getenv("CSQFUZZ_GRANULARITY");
    bool memory = false;
    if (!granularity || !granularity_parse(granularity, &memory) || !memory)
        return true;
    fprintf(stderr, "csq promote: a regression has sync granularity; unset CSQFUZZ_GRANULARITY\n");
    return false;
}

static bool is_acceptable(struct promotion *x)
{
    errno = 0;
    if (!is_sync() || !is_folder(x->folder) || promote_is_taken(x))
        return false;
    if (!substrate_is_file(x->file))
        return file_read_program(x->file, &x->program, &x->text);
    fprintf(stderr, "%s: a program of csq_substrate_fuzzer, which no regression can be made of\n",
            x->file);
    return false;
}

/* ---- Is it a finding ------------------------------------------------------------------------- */

/* Name each switch. What ended without a word can be told by the preemptions it came with, if any
 * did. */
static int name_switches(struct promotion *x)
{
    if (!minimize_judge_run(&x->program, &x->seen))
        return EXIT_BAD_INPUT;
    if (!x->seen.signature[0]) {
        fprintf(stderr, "%s: no finding in this build, so there is nothing to promote\n", x->file);
        return EXIT_NO_FINDING;
    }
    if (x->seen.named) {
        x->program = x->seen.list;
        return EXIT_PROMOTED;
    }
    if (x->program.schedule.strategy == STRATEGY_LIST)
        return EXIT_PROMOTED;
    fprintf(stderr, "%s: %s, but its schedule has a switch that no preemption can name\n", x->file,
            x->seen.signature);
    return EXIT_BAD_INPUT;
}

/* A regression that does not show what its note says would be worth nothing. */
static bool comes_again(struct promotion *x)
{
    static struct minimize_seen again;
    if (!minimize_judge_run(&x->program, &again))
        return false;
    if (strcmp(again.signature, x->seen.signature) == 0 && again.hash == x->seen.hash)
        return true;
    fprintf(stderr, "%s: %s does not come again with its switches named\n", x->file,
            x->seen.signature);
    return false;
}

static int promote(struct promotion *x)
{
    int status = name_switches(x);
    if (status != EXIT_PROMOTED)
        return status;
    if (!comes_again(x) || explore_signal || !promote_write(x))
        return EXIT_BAD_INPUT;
    printf("%s\n%s/%s.csq, the same as bytes in %s, a note in %s.md\n", x->seen.signature,
           x->folder, x->slug, x->slug, x->slug);
    if (file_flush_output())
        return EXIT_PROMOTED;
    promote_take_back(x);
    return EXIT_BAD_INPUT;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = explore_interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int promote_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "FILE --name SLUG", documentation, NULL,
                                     NULL,    NULL};
    static char name[] = "csq promote";
    static struct promotion x = {.folder = DEFAULT_FOLDER};
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &x) != 0 || !is_acceptable(&x))
        return EXIT_BAD_INPUT;
    target_initialize();
    catch_signals();
    if (!minimize_judge_open(&explore_signal))
        return EXIT_BAD_INPUT;
    int status = promote(&x);
    minimize_judge_close();
    if (explore_signal && status != EXIT_PROMOTED) { /* end as whoever sent it expects */
        signal(explore_signal, SIG_DFL);
        raise(explore_signal);
    }
    return status;
}
