/*
 * csq: the command for people. It shows, assembles and replays programs.
 */
#define _GNU_SOURCE /* open_memstream */
#include "bisect.h"
#include "conformance/finding.h"
#include "conformance/granularity.h"
#include "conformance/report.h"
#include "execute.h"
#include "explore.h"
#include "export.h"
#include "file.h"
#include "minimize.h"
#include "promote.h"
#include "substrate_command.h"
#include "symbols.h"
#include "target.h"
#include "timeline.h"
#include "triage.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_CLEAN = 0, EXIT_FINDING = 1, EXIT_BAD_INPUT = 2, EXIT_DRIFTED = 3 };

struct arguments {
    const char *command;
    const char *file;
    const char *output; /* -o */
    const char *list;   /* --list */
    const char *html;   /* --html */
    const char *svg;    /* --svg */
    bool timeline;      /* --timeline */
    bool ascii;         /* --ascii */
    bool quiet;
    bool sequential; /* --sequential */
    bool memory;     /* --granularity memory */
    bool substrate;  /* --substrate */
    bool text;       /* the file is in the text form */
};

const char *argp_program_version = "csq 1";

static const char documentation[] =
    "Show, assemble and replay csqfuzz programs.\v"
    "  csq show FILE             print a program (bytes or text) as text\n"
    "  csq asm FILE.csq -o FILE  turn text into the bytes that fuzzers read\n"
    "  csq run FILE              run it once: every step, the verdict, the trace hash\n"
    "  csq timeline FILE         run it once and draw it; with --html or --svg into files\n"
    "  csq explore FILE...       run it under every schedule; csq explore --help says more\n"
    "  csq minimize FILE         the smallest program with the same finding; csq minimize "
    "--help\n"
    "  csq triage PATH...        from crash files to causes; csq triage --help\n"
    "  csq promote FILE          make a regression of its finding; csq promote --help\n"
    "  csq bisect GOOD BAD FILE  the commit that brought or fixed it; csq bisect --help\n"
    "  csq export-c FILE         a C program that shows the finding again; csq export-c --help\n\n"
    "Exit status: 0 no finding, 1 a finding, 2 bad input or usage, 3 the schedule has drifted: a "
    "preemption that a text names was not met, or the thread it names could not run.";

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "asm, show: write to FILE instead of standard output", 0},
    {"list", 'l', "FILE", 0,
     "run: write the same execution to FILE as text, with every switch named", 0},
    {"quiet", 'q', NULL, 0, "run: leave out the steps", 0},
    {"sequential", 's', NULL, 0,
     "run: as csq_sequential_fuzzer does, on one thread and held against the sequential "
     "specification",
     0},
    {"timeline", 't', NULL, 0, "run: draw the steps, a lane a thread, instead of listing them", 0},
    {"html", 'H', "FILE", 0, "timeline: write a page to FILE, which needs nothing else", 0},
    {"svg", 'S', "FILE", 0, "timeline: write the picture alone to FILE", 0},
    {"ascii", 'a', NULL, 0, "timeline, run --timeline: no box drawing, in any locale", 0},
    {"substrate", 'b', NULL, 0, "the bytes are of csq_substrate_fuzzer, as a text says by itself",
     0},
    {"granularity", 'g', "G", 0, "run: sync (default), or memory as in csq explore", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case 'l':
        arguments->list = value;
        return 0;
    case 't':
        arguments->timeline = true;
        return 0;
    case 'H':
        arguments->html = value;
        return 0;
    case 'S':
        arguments->svg = value;
        return 0;
    case 'a':
        arguments->ascii = true;
        return 0;
    case 'q':
        arguments->quiet = true;
        return 0;
    case 's':
        arguments->sequential = true;
        return 0;
    case 'b':
        arguments->substrate = true;
        return 0;
    case 'g':
        if (!granularity_parse(value, &arguments->memory))
            argp_error(state, "--granularity takes one of: sync, memory");
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            arguments->command = value;
        else if (state->arg_num == 1)
            arguments->file = value;
        else
            argp_error(state, "one file at a time");
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_error(state, "a command and a file are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- show ---------------------------------------------------------------------------------- */

static int write_text(const struct program *program, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return EXIT_BAD_INPUT;
    file_print_program(memory, program);
    fclose(memory);
    bool written = file_write(path, text, size);
    free(text);
    return written ? EXIT_CLEAN : EXIT_BAD_INPUT;
}

static int show(const struct arguments *arguments, struct program *program)
{
    return write_text(program, arguments->output ? arguments->output : "-");
}

/* ---- asm ----------------------------------------------------------------------------------- */

static int assemble(const struct arguments *arguments, struct program *program)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    size_t size = program_encode(program, bytes);
    if (!arguments->output) {
        fprintf(stderr, "csq: asm needs -o FILE for its bytes (-o - for standard output)\n");
        return EXIT_BAD_INPUT;
    }
    return file_write(arguments->output, bytes, size) ? EXIT_CLEAN : EXIT_BAD_INPUT;
}

/* ---- run ----------------------------------------------------------------------------------- */

/* Bytes name preemptions at random; a text means those that it names. */
static unsigned print_drift(FILE *out, const struct program *program, bool text)
{
    bool named = text && program->schedule.strategy == STRATEGY_LIST;
    unsigned unmet = named ? execute_unmet(program) : 0;
    unsigned substituted = named ? execute_substituted(program) : 0;
    if (unmet)
        fprintf(out, "schedule drifted: %u of %u preemptions were not met\n", unmet,
                program->preemption_count);
    if (substituted)
        fprintf(out, "schedule drifted: %u of %u preemptions name a thread that could not run\n",
                substituted, program->preemption_count);
    return unmet + substituted;
}

static int print_verdict(const struct program *program, const struct harness_result *result,
                         bool text)
{
    printf("performed %u operations, skipped %u that the contract did not allow\n",
           result->performed, result->skipped);
    if (finding.present)
        target_report(stdout);
    else
        printf("verdict: no finding\n");
    unsigned drifted = print_drift(stdout, program, text);
    if (!finding.present) /* whose report has it */
        report_hash(stdout);
    return finding.present ? EXIT_FINDING : drifted ? EXIT_DRIFTED : EXIT_CLEAN;
}

static int write_list(const struct program *program, const char *path)
{
    static struct program list;
    if (execute_as_list(program, &list))
        return write_text(&list, path);
    fprintf(stderr, "csq: this execution has a switch that no preemption can name\n");
    return EXIT_BAD_INPUT;
}

/* As the target does whose findings are to be seen. */
static struct harness_result perform(const struct arguments *arguments, struct program *program)
{
    target_initialize();
    target_set_program(program);
    if (!arguments->sequential)
        return execute(program);
    program_make_sequential(program);
    return execute_sequential(program);
}

/* As a shell takes it back. */
static void put_quoted(FILE *out, const char *word)
{
    if (word[0] && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_-+=:,./@%")] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        *word == '\'' ? fputs("'\\''", out) : fputc(*word, out);
    fputc('\'', out);
}

/* The command that runs the same again; the caller frees it. */
static char *replay_command(const struct arguments *arguments)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return NULL;
    put_quoted(memory, program_invocation_name);
    fprintf(memory, " run --timeline%s%s ", arguments->memory ? " --granularity memory" : "",
            arguments->sequential ? " --sequential" : "");
    put_quoted(memory, arguments->file);
    fclose(memory);
    return text;
}

static bool set_granularity(const struct arguments *arguments)
{
    if (!arguments->memory || granularity_set_memory())
        return true;
    fprintf(stderr, "csq: %s\n", GRANULARITY_MISSING);
    return false;
}

/* Perform it and draw it, or leave the drawing to a sanitizer's last words. */
static bool perform_drawn(const struct arguments *arguments, struct program *program,
                          struct harness_result *result)
{
    bool files = arguments->html || arguments->svg;
    char *command = replay_command(arguments);
    struct timeline_request request = {.file = arguments->file,
                                       .html = arguments->html,
                                       .svg = arguments->svg,
                                       .command = command,
                                       .terminal = arguments->timeline || !files,
                                       .ascii = arguments->ascii};
    bool drawn = command && timeline_expect(&request, program);
    if (drawn) {
        *result = perform(arguments, program);
        drawn = timeline_draw(&request, program);
    }
    target_set_last_words(NULL);
    free(command);
    return drawn;
}

static int run(const struct arguments *arguments, struct program *program)
{
    struct harness_result result = {0};
    if (!set_granularity(arguments))
        return EXIT_BAD_INPUT;
    if (!arguments->timeline)
        result = perform(arguments, program);
    else if (!perform_drawn(arguments, program, &result))
        return EXIT_BAD_INPUT;
    if (!arguments->quiet && !arguments->timeline)
        report_trace(stdout, 0, UINT64_MAX);
    int status = print_verdict(program, &result, arguments->text);
    if (!file_flush_output())
        return EXIT_BAD_INPUT;
    if (arguments->list && write_list(program, arguments->list) != EXIT_CLEAN)
        return EXIT_BAD_INPUT;
    return status;
}

static int timeline(const struct arguments *arguments, struct program *program)
{
    struct harness_result result;
    if (!set_granularity(arguments) || !perform_drawn(arguments, program, &result))
        return EXIT_BAD_INPUT;
    unsigned drifted = print_drift(stderr, program, arguments->text);
    return finding.present ? EXIT_FINDING : drifted ? EXIT_DRIFTED : EXIT_CLEAN;
}

static int run_substrate(const struct arguments *arguments)
{
    struct substrate_arguments given = {.command = arguments->command,
                                        .file = arguments->file,
                                        .output = arguments->output,
                                        .quiet = arguments->quiet};
    return substrate_command(&given);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "COMMAND FILE", documentation, NULL,
                                     NULL,    NULL};
    static const struct {
        const char *name;
        int (*routine)(const struct arguments *, struct program *);
    } commands[] = {{"show", show}, {"asm", assemble}, {"run", run}, {"timeline", timeline}};
    static const struct { /* with options of their own */
        const char *name;
        int (*routine)(int argc, char **argv);
        bool dies; /* of sanitizers' reports that nobody reads, again and again */
    } others[] = {{"explore", explore_command, false}, {"minimize", minimize_command, true},
                  {"promote", promote_command, true},  {"bisect", bisect_command, false},
                  {"triage", triage_command, false},   {"export-c", export_command, false}};
    static struct program program;
    struct arguments arguments = {0};
    argp_err_exit_status = EXIT_BAD_INPUT;
    for (unsigned i = 0; argc > 1 && i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(argv[1], others[i].name) != 0)
            continue;
        if (others[i].dies)
            symbols_leave_out(argv);
        return others[i].routine(argc - 1, argv + 1);
    }
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return EXIT_BAD_INPUT;
    if (arguments.substrate || substrate_is_file(arguments.file))
        return run_substrate(&arguments);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(arguments.command, commands[i].name) != 0)
            continue;
        if (!file_read_program(arguments.file, &program, &arguments.text))
            return EXIT_BAD_INPUT;
        return commands[i].routine(&arguments, &program);
    }
    fprintf(stderr, "csq: \"%s\" is no command; try csq --help\n", arguments.command);
    return EXIT_BAD_INPUT;
}
