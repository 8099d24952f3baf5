/* csq bisect: options, both ends, the answer. */
#define _GNU_SOURCE /* sigaction, open_memstream */
#include "bisect.h"
#include "explore.h"
#include "file.h"
#include "substrate_command.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FOUND = 0, EXIT_ALIKE = 1, EXIT_BAD_INPUT = 2, EXIT_SEVERAL = 3 };

#define LARGEST_TEXT (8u << 20)

struct arguments {
    const char *revisions[2]; /* GOOD, BAD */
    const char *file, *build, *program, *lane;
};

/* An end of the history: a commit, and what it shows. */
struct end {
    const char *revision;
    char hash[BISECT_HASH];
    char signature[FINDING_SIGNATURE];
};

/* All there is to say about one run of the command. */
struct bisection {
    const struct arguments *arguments;
    struct end good, bad;
    struct bisect_tree tree;
    struct bisect_means means;
    char input[BISECT_PATH + 20]; /* the program, in the folder */
    char list[BISECT_PATH + 20];  /* the same with its switches named */
    bool seeded;                  /* it leaves switches to a strategy */
};

/* ---- Options --------------------------------------------------------------------------------- */

static const char documentation[] =
    "Find the commit that brought the finding which FILE (bytes or text) has at BAD and not at "
    "GOOD, "
    "or the one that fixed it, if it shows at the older of the two only. Each commit is built and "
    "run in a worktree of its own: the checkout stays as it is.\v"
    "Commits that do not build, or do not know the program's format, are skipped. A program that "
    "leaves switches of threads to a seed is run with each of them named, as it shows the finding "
    "first, so that it means the same in every commit.\n\n"
    "Exit status: 0 found, 1 no finding at either end or the same at both, 2 bad input or usage, 3 "
    "narrowed down to several commits, since others had to be skipped.";

enum { KEY_LANE = 0x100 };

static const struct argp_option options[] = {
    {"build", 'b', "COMMAND", 0, "builds a commit (default: ./build.sh lane LANE)", 0},
    {"program", 'p', "PATH", 0, "the csq it leaves (default: build/LANE/csq)", 0},
    {"lane", KEY_LANE, "LANE", 0, "gcc (default), asan, tsan, ...", 0},
    {0}};

static error_t parse_argument(struct arguments *arguments, char *value, struct argp_state *state)
{
    if (state->arg_num < 2)
        arguments->revisions[state->arg_num] = value;
    else if (state->arg_num == 2)
        arguments->file = value;
    else
        argp_error(state, "one file at a time");
    return 0;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'b':
        arguments->build = value;
        return 0;
    case 'p':
        arguments->program = value;
        return 0;
    case KEY_LANE:
        if (!value[0] || value[strspn(value, "abcdefghijklmnopqrstuvwxyz-")])
            argp_error(state, "--lane takes the name of a lane");
        arguments->lane = value;
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(arguments, value, state);
    case ARGP_KEY_END:
        if (state->arg_num < 3)
            argp_error(state, "two revisions and a file are needed: GOOD BAD FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void fill_in(struct arguments *arguments)
{
    static char build[200], program[200];
    snprintf(build, sizeof build, "./build.sh lane %.100s", arguments->lane);
    snprintf(program, sizeof program, "build/%.100s/csq", arguments->lane);
    if (!arguments->build)
        arguments->build = build;
    if (!arguments->program)
        arguments->program = program;
}

/* ---- The program ----------------------------------------------------------------------------- */

/* As text, which says what it means: bytes count points that may become more. */
static char *read_input(struct bisection *x, size_t *size)
{
    static struct program program;
    char *text = NULL;
    if (substrate_is_file(x->arguments->file))
        return (char *)file_read(x->arguments->file, LARGEST_TEXT, size);
    if (!file_read_program(x->arguments->file, &program, NULL))
        return NULL;
    x->seeded = program.schedule.strategy != STRATEGY_LIST;
    FILE *memory = open_memstream(&text, size);
    if (memory) {
        file_print_program(memory, &program);
        fclose(memory);
    }
    return text;
}

/* From now on with each switch named. A run that dies of the finding writes no list, but the search
 * for a smaller program, stopped at its first step, does. */
static bool name_switches(struct bisection *x)
{
    char program[BISECT_PROGRAM];
    const char *const run[] = {program, "run", "-q", "--list", x->list, x->input, NULL};
    const char *const search[] = {program,  "minimize", "--steps", "1",
                                  x->input, "-o",       x->list,   NULL};
    if (!x->seeded)
        return true;
    bisect_find_program(&x->means, x->tree.tree, program);
    bisect_process_run(run, x->tree.tree, x->tree.log);
    if (access(x->list, R_OK) != 0)
        bisect_process_run(search, x->tree.tree, x->tree.log);
    x->means.file = x->list;
    if (explore_signal || access(x->list, R_OK) == 0)
        return !explore_signal;
    fprintf(stderr,
            "%s: its schedule has a switch that no preemption can name, and may mean something "
            "else in another commit\n",
            x->arguments->file);
    return false;
}

/* ---- Both ends ------------------------------------------------------------------------------- */

static bool judge_end(struct bisection *x, struct end *end)
{
    if (!bisect_tree_check_out(&x->tree, end->hash))
        return false;
    enum bisect_verdict verdict = bisect_judge(&x->means, x->tree.tree, end->signature);
    if (explore_signal || verdict == BISECT_JUDGED)
        return !explore_signal;
    fprintf(stderr, "csq bisect: %.100s %s; see %s\n", end->revision,
            verdict == BISECT_UNBUILT ? "does not build" : "cannot run the program", x->tree.log);
    x->tree.told = true;
    return false;
}

static int say_alike(const struct bisection *x, const char *signature)
{
    if (signature[0])
        fprintf(stderr, "%s: %s shows at %s and at %s\n", x->arguments->file, signature,
                x->good.revision, x->bad.revision);
    else
        fprintf(stderr, "%s: no finding at %s or %s\n", x->arguments->file, x->good.revision,
                x->bad.revision);
    return EXIT_ALIKE;
}

/* Which end shows it? The other is judged last, with the switches named where it shows. NULL, and
 * *status, if there is nothing to look for. */
static const struct end *find_end(struct bisection *x, int *status)
{
    struct end *shows = &x->bad, *other = &x->good;
    *status = EXIT_BAD_INPUT;
    if (!judge_end(x, shows))
        return NULL;
    if (!shows->signature[0]) {
        shows = &x->good;
        other = &x->bad;
        if (!judge_end(x, shows))
            return NULL;
    }
    if (!shows->signature[0])
        *status = say_alike(x, "");
    else if (!name_switches(x) || !judge_end(x, other))
        return NULL;
    else if (strcmp(shows->signature, other->signature) != 0)
        return shows;
    else
        *status = say_alike(x, shows->signature);
    return NULL;
}

/* ---- The answer ------------------------------------------------------------------------------ */

static int print_answer(struct bisection *x, const char *change, const char *signature,
                        const struct bisect_answer *answer)
{
    printf("%s was %s by %s", signature, change,
           answer->count == 1 ? "commit " : "one of these commits:\n");
    fputs(answer->commits, stdout);
    if (answer->skipped)
        printf("%u commit%s could not be judged; see %s\n", answer->skipped,
               answer->skipped == 1 ? "" : "s", x->tree.log);
    x->tree.told = answer->skipped > 0;
    if (!file_flush_output())
        return EXIT_BAD_INPUT;
    return answer->count == 1 ? EXIT_FOUND : EXIT_SEVERAL;
}

static int search(struct bisection *x, const struct end *shows)
{
    char self[BISECT_PATH] = "";
    struct bisect_answer answer = {0};
    bool ordered = bisect_tree_is_ancestor(x->good.hash, x->bad.hash);
    const struct end *older = ordered ? &x->good : &x->bad;
    const struct end *younger = ordered ? &x->bad : &x->good;
    const char *change = shows == younger ? BISECT_BROUGHT : BISECT_FIXED;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *const judge[] = {
        self,           "bisect",         "--judge",     change,       shows->signature,
        x->means.build, x->means.program, x->means.file, x->means.log, NULL};
    if (length <= 0 || !bisect_tree_search(&x->tree, older->hash, younger->hash, judge, &answer))
        return EXIT_BAD_INPUT;
    int status = print_answer(x, change, shows->signature, &answer);
    free(answer.commits);
    return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool find_ends(struct bisection *x)
{
    if (!bisect_tree_has_repository() || !bisect_tree_find(x->good.revision, x->good.hash) ||
        !bisect_tree_find(x->bad.revision, x->bad.hash))
        return false;
    if (strcmp(x->good.hash, x->bad.hash) == 0)
        fprintf(stderr, "csq bisect: %s and %s are the same commit\n", x->good.revision,
                x->bad.revision);
    else if (bisect_tree_is_ancestor(x->good.hash, x->bad.hash) ||
             bisect_tree_is_ancestor(x->bad.hash, x->good.hash))
        return true;
    else if (!explore_signal)
        fprintf(stderr, "csq bisect: neither of %s and %s comes before the other\n",
                x->good.revision, x->bad.revision);
    return false;
}

static bool set_up(struct bisection *x, const char *text, size_t size)
{
    if (!bisect_tree_open(&x->tree, x->bad.hash))
        return false;
    snprintf(x->input, sizeof x->input, "%s/program.csq", x->tree.folder);
    snprintf(x->list, sizeof x->list, "%s/list.csq", x->tree.folder);
    x->means = (struct bisect_means){.build = x->arguments->build,
                                     .program = x->arguments->program,
                                     .file = x->input,
                                     .log = x->tree.log};
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "csq bisect: builds in %s, and says how it goes in %s\n", x->tree.tree,
                x->tree.log);
    return file_write(x->input, text, size);
}

static int bisect(struct bisection *x)
{
    size_t size;
    int status = EXIT_BAD_INPUT;
    char *text = read_input(x, &size);
    if (text && find_ends(x) && set_up(x, text, size)) {
        const struct end *shows = find_end(x, &status);
        if (shows)
            status = search(x, shows);
    }
    free(text);
    bisect_process_shield();
    bisect_tree_close(&x->tree);
    return status;
}

int bisect_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "GOOD BAD FILE", documentation, NULL,
                                     NULL,    NULL};
    static char name[] = "csq bisect";
    static struct arguments arguments = {.lane = "gcc"};
    static struct bisection x = {.arguments = &arguments};
    if (argc == 8 && strcmp(argv[1], "--judge") == 0)
        return bisect_judge_command(argv);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return EXIT_BAD_INPUT;
    fill_in(&arguments);
    x.good.revision = arguments.revisions[0];
    x.bad.revision = arguments.revisions[1];
    bisect_process_guard();
    int status = bisect(&x);
    if (explore_signal) { /* end as whoever sent it expects */
        signal(explore_signal, SIG_DFL);
        raise(explore_signal);
    }
    return status;
}
