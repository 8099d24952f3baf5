/* csq minimize: read, minimize, write; what stands above the program in the file. */
#define _GNU_SOURCE /* open_memstream, memmem */
#include "argument.h"
#include "execute.h"
#include "explore.h"
#include "file.h"
#include "minimize.h"
#include "target.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_MINIMIZED = 0, EXIT_NO_FINDING = 1, EXIT_BAD_INPUT = 2 };

#define LARGEST_TEXT (8u << 20)

#define PART             10u   /* operations */
#define PART_EFFORT      2000u /* executions, for each number of preemptions */
#define PART_PREEMPTIONS 2u

struct arguments {
    const char *file;
    const char *output;
    uint64_t steps; /* 0: any number */
    bool sequential;
};

/* All there is to say about one run of the command. */
struct minimization {
    const struct arguments *arguments;
    struct program input;
    bool text; /* the file is in the text form */
    struct minimize_seen seen;
    struct minimize search;
    unsigned operations, threads, preemptions; /* at first */
    bool finished;
};

/* ---- Options -------------------------------------------------------------------------------- */

static const char documentation[] =
    "Find the smallest program with the finding that FILE (bytes or text) has: the same signature "
    "with the fewest operations, then threads, then preemptions, then the simplest dimensions. The "
    "result is a text that names each switch of threads.\v"
    "Above the program stand its signature, the depth of the bug (the fewest preemptions that show "
    "it), the hash of the trace, and what it was made from. Interrupted, it writes the smallest so "
    "far.\n\nExit status: 0 minimized, 1 FILE has no finding, 2 bad input or usage.";

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write to FILE instead of standard output", 0},
    {"steps", 'n', "N", 0, "try at most N candidates", 0},
    {"sequential", 's', NULL, 0, "as csq_sequential_fuzzer runs it, and csq run --sequential", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case 's':
        arguments->sequential = true;
        return 0;
    case 'n':
        arguments->steps = argument_number(state, "--steps", value, 1, UINT64_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one file at a time");
        arguments->file = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a file is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Sizes in words ------------------------------------------------------------------------- */

static void print_count(FILE *out, unsigned count, const char *what)
{
    fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

static void print_sizes(FILE *out, unsigned operations, unsigned threads, unsigned preemptions)
{
    print_count(out, operations, "operation");
    fputs(", ", out);
    print_count(out, threads, "thread");
    fputs(", ", out);
    print_count(out, preemptions, "preemption");
}

static void print_sizes_of(FILE *out, const struct program *program)
{
    print_sizes(out, program->operation_count, minimize_threads(program),
                minimize_preemptions(program));
}

static void print_depth(FILE *out, const struct minimization *x)
{
    unsigned count = minimize_preemptions(&x->search.best), fewest = x->search.fewest;
    fprintf(out, "depth %s%u: shown with ", fewest == count ? "" : "at most ", count);
    print_count(out, count, "preemption");
    if (fewest > 0)
        fprintf(out, "; no schedule with %s%u shows it (%" PRIu64 " executions)",
                fewest == 1 ? "" : "at most ", fewest - 1, x->search.executions);
    if (fewest != count)
        fprintf(out, "; %s",
                x->finished ? "those with fewer are too many to run them all"
                            : "stopped before those with fewer had been run");
}

/* ---- The file ------------------------------------------------------------------------------- */

static void print_file(FILE *out, const struct minimization *x)
{
    fprintf(out, "# signature: %s\n# ", x->seen.signature);
    print_depth(out, x);
    fputs(x->arguments->sequential ? "; csq run --sequential" : "", out);
    fprintf(out, "\n# trace hash: %016" PRIx64 "\n# minimized from ", x->seen.hash);
    file_print_name(out, x->arguments->file);
    fputs(": ", out);
    print_sizes(out, x->operations, x->threads, x->preemptions);
    fputc('\n', out);
    file_print_program(out, &x->search.best);
}

static bool is_input(const struct minimization *x)
{
    uint8_t before[PROGRAM_MAX_SIZE], after[PROGRAM_MAX_SIZE];
    size_t size = program_encode(&x->input, before);
    return program_encode(&x->search.best, after) == size && memcmp(before, after, size) == 0;
}

/* A result of this command of which nothing could be taken away stays as it is, also where it says
 * what it was made from. True if the file is one; it is then in *text. */
static bool is_minimal_already(const struct minimization *x, uint8_t **text, size_t *size)
{
    char header[FINDING_SIGNATURE + 20];
    size_t length = (size_t)snprintf(header, sizeof header, "# signature: %s\n", x->seen.signature);
    if (!x->text || !is_input(x))
        return false;
    *text = file_read(x->arguments->file, LARGEST_TEXT, size);
    if (*text && *size >= length && memcmp(*text, header, length) == 0)
        return true;
    free(*text);
    return false;
}

static bool write_result(const struct minimization *x)
{
    uint8_t *before;
    char *text = NULL;
    size_t size = 0;
    const char *output = x->arguments->output ? x->arguments->output : "-";
    if (is_minimal_already(x, &before, &size)) {
        text = (char *)before;
    } else {
        FILE *memory = open_memstream(&text, &size);
        if (!memory)
            return false;
        print_file(memory, x);
        fclose(memory);
    }
    bool written = file_write(output, text, size);
    free(text);
    return written;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void show_progress(const struct minimize *m)
{
    static double printed;
    double now = explore_clock();
    if (!isatty(STDERR_FILENO) || now - printed < 0.1)
        return;
    printed = now;
    fprintf(stderr, "\r%" PRIu64 " candidates tried; ", m->steps);
    print_sizes_of(stderr, &m->best);
    fputs("\033[K", stderr);
}

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* Some of the operations, and no schedule. */
static void take_part(const struct program *from, unsigned first, unsigned count,
                      struct program *part)
{
    *part = *from;
    part->schedule = (struct program_schedule){.strategy = STRATEGY_LIST};
    part->operation_count = from->operation_count - first;
    if (part->operation_count > count)
        part->operation_count = count;
    memcpy(part->operations, from->operations + first,
           part->operation_count * sizeof part->operations[0]);
    part->preemption_count = 0;
    memset(part->first_of, 0, sizeof part->first_of);
}

/* A long execution, as a livelock's, is forgotten in its beginning, and passes points more often
 * than a preemption can count. Perhaps some few of its operations show the same with few switches.
 */
static bool name_a_part(struct minimization *x, const struct minimize_judge *judge)
{
    static struct program part, shown;
    uint64_t executions = 0;
    for (unsigned first = 0; first < x->input.operation_count; first += PART / 2) {
        struct minimize_schedules few = {.effort = PART_EFFORT};
        take_part(&x->input, first, PART, &part);
        for (; few.budget <= PART_PREEMPTIONS && !x->seen.named; few.budget++)
            x->seen.named =
                judge->search(judge->context, &part, &few, &shown, &executions) == MINIMIZE_SHOWN;
    }
    x->seen.list = shown;
    return x->seen.named;
}

/* Run the input: what is looked for. */
static int find_signature(struct minimization *x, const struct minimize_judge *judge)
{
    const char *file = x->arguments->file;
    if (!minimize_judge_run(&x->input, &x->seen))
        return EXIT_BAD_INPUT;
    if (!x->seen.signature[0]) {
        fprintf(stderr, "%s: no finding, so there is nothing to minimize\n", file);
        return EXIT_NO_FINDING;
    }
    minimize_judge_want(x->seen.signature);
    if (!x->seen.named && x->input.schedule.strategy != STRATEGY_LIST && !name_a_part(x, judge)) {
        fprintf(stderr, "%s: %s, but its schedule has a switch that no preemption can name\n", file,
                x->seen.signature);
        return EXIT_BAD_INPUT;
    }
    return EXIT_MINIMIZED;
}

/* The result once more, in a process that has run nothing before, for its hash. */
static bool confirm(struct minimization *x)
{
    char signature[FINDING_SIGNATURE];
    memcpy(signature, x->seen.signature, sizeof signature);
    minimize_judge_renew();
    bool again =
        minimize_judge_run(&x->search.best, &x->seen) && strcmp(signature, x->seen.signature) == 0;
    memcpy(x->seen.signature, signature, sizeof signature);
    return again;
}

static void tell(const struct minimization *x)
{
    FILE *out = x->arguments->output && strcmp(x->arguments->output, "-") != 0 ? stdout : stderr;
    fprintf(out, "%s\n", x->seen.signature);
    print_sizes(out, x->operations, x->threads, x->preemptions);
    fputs(" -> ", out);
    print_sizes_of(out, &x->search.best);
    fprintf(out, "%s\n", x->finished ? "" : " (stopped before the end)");
    print_depth(out, x);
    fputc('\n', out);
}

static void search(struct minimization *x, const struct minimize_judge *judge)
{
    x->search = (struct minimize){.judge = judge,
                                  .best = x->seen.named ? x->seen.list : x->input,
                                  .limit = x->arguments->steps,
                                  .signal = &explore_signal,
                                  .progress = show_progress};
    x->operations = x->search.best.operation_count;
    x->threads = minimize_threads(&x->search.best);
    x->preemptions = minimize_preemptions(&x->search.best);
    x->finished = minimize(&x->search);
    clear_progress();
}

/* Search; and where what was found came of what had been run before, search again, each execution
 * in a process of its own. Nothing is written that does not show it by itself. */
static bool search_until_sure(struct minimization *x, const struct minimize_judge *judge)
{
    struct minimize_seen first = x->seen;
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        x->seen = first;
        search(x, judge);
        sig_atomic_t caught = explore_signal;
        explore_signal = 0; /* what is left to do is short, and worth it */
        bool sure = confirm(x);
        explore_signal = caught;
        if (sure || caught)
            return sure;
        minimize_judge_alone();
    }
    return false;
}

static int minimize_it(struct minimization *x, const struct minimize_judge *judge)
{
    int status = find_signature(x, judge);
    if (status != EXIT_MINIMIZED)
        return status;
    bool written = search_until_sure(x, judge);
    if (!written)
        fprintf(stderr, "%s: %s does not come again\n", x->arguments->file, x->seen.signature);
    written = written && write_result(x);
    if (written)
        tell(x);
    return written && file_flush_output() ? EXIT_MINIMIZED : EXIT_BAD_INPUT;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = explore_interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int minimize_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "FILE", documentation,
                                     NULL,    NULL,         NULL};
    static char name[] = "csq minimize";
    static struct arguments arguments;
    static struct minimization x = {.arguments = &arguments};
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0 ||
        !file_read_program(arguments.file, &x.input, &x.text))
        return EXIT_BAD_INPUT;
    target_initialize();
    catch_signals();
    const struct minimize_judge *judge = minimize_judge_open(&explore_signal);
    if (!judge)
        return EXIT_BAD_INPUT;
    if (arguments.sequential) {
        program_make_sequential(&x.input);
        minimize_judge_sequential();
    }
    int status = minimize_it(&x, judge);
    minimize_judge_close();
    if (explore_signal) { /* end as whoever sent it expects */
        signal(explore_signal, SIG_DFL);
        raise(explore_signal);
    }
    return status;
}
