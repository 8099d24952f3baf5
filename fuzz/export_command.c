/* csq export-c: run, record, write; what stands above the program. */
#define _GNU_SOURCE /* open_memstream */
#include "export.h"

#include "execute.h"
#include "file.h"
#include "substrate_command.h"
#include "target.h"

#include <argp.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_EXPORTED = 0, EXIT_NO_FINDING = 1, EXIT_BAD_INPUT = 2 };

static struct arguments {
    const char *file;
    const char *output;
} arguments;

static const char documentation[] =
    "Write FILE (bytes or text), which has a finding, as a C program against <wdm.h> that shows it "
    "again: the driver, the threads' calls, the schedule, and what the driver sees of it.\v"
    "The program's header has the command that compiles it. It exits with 1 if the finding is "
    "there, "
    "with 0 if the execution went another way, and says where.\n\nExit status: 0 exported, 1 FILE "
    "has "
    "no finding, 2 bad input or usage.";

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write to FILE instead of standard output", 0}, {0}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    switch (key) {
    case 'o':
        arguments.output = value;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one file at a time");
        arguments.file = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a file is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- The header comment --------------------------------------------------------------------- */

/* A sentence over lines of a comment. It may hold what would end the comment. */
static void put_wrapped(FILE *out, const char *label, const char *text)
{
    unsigned column = (unsigned)fprintf(out, " * %-10s", label);
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (column + length > 98)
            column = (unsigned)fprintf(out, "\n *%-11s", "") - 1;
        for (size_t i = 0; i < length; i++) {
            bool odd = !isprint((unsigned char)text[i]) ||
                       (text[i] == '/' && i > 0 && text[i - 1] == '*') || text[i] == '\\';
            fputc(odd ? '?' : text[i], out);
        }
        column += (unsigned)length + 1;
        text += length + strspn(text + length, " \n");
        if (*text)
            fputc(' ', out);
    }
    fputc('\n', out);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Names may hold anything: also what would end the comment, or mean something to a shell. */
static void put_name(FILE *out, const char *name)
{
    for (const char *c = name; *c; c++)
        fputc(isalnum((unsigned char)*c) || strchr("._-+", *c) ? *c : '?', out);
}

/* What the command calls the program. */
static const char *own_name(void)
{
    const char *path = arguments.output;
    bool plain = path && path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_-+./")] == '\0';
    return plain && strcmp(path, "-") != 0 && !strstr(path, "//") ? path : "test.c";
}

/* What it is linked with beside the I/O manager, by sanitizer. */
static void put_sources(FILE *out, const char *ke, const char *order, const char *stack)
{
    fprintf(
        out,
        " *       $R/src/ke/%s.c \\\n"
        " *       $R/src/sched/{fiber,fiber_body,fiber_lock,explore,explore_state,footprint}.c \\\n"
        " *       $R/src/sched/{memory,strategy_list,trace,annotate_order_%s,annotate_stack_%s}.c",
        ke, order, stack);
}

/* In a comment no '/' may meet a '*'. */
static void put_plain_command(FILE *out)
{
    bool sanitizer = export.end == EXPORT_SANITIZER;
    fprintf(out,
            "${CC:-cc} -g -O1 %s-I$R/include -I$R/src -o test %s \\\n"
            " *       ${IMPL:-$R/src/csq/csq.c} "
            "$R/src/io/{cancel,claim,complete,device,irp,registry}.c \\\n",
            sanitizer ? "-fsanitize=address,undefined -fno-sanitize-recover=all \\\n *       " : "",
            own_name());
    put_sources(out, "[a-z]*", "none", sanitizer ? "asan" : "none");
    fprintf(out, " \\\n");
}

/* ThreadSanitizer judges the driver, the six routines and the I/O manager, not what they stand on.
 */
static void put_race_command(FILE *out)
{
    fprintf(out, "C=\"${CC:-cc} -g -O1 -I$R/include -I$R/src\"; $C -r -nostdlib -o kernel.o \\\n");
    put_sources(out, "{bugcheck,debug,event,irql,mutex,queued_lock,spinlock,thread}", "tsan",
                "tsan");
    fprintf(out,
            " $R/src/io/{claim,registry}.c &&\n"
            " *   $C -fsanitize=thread -o test %s kernel.o ${IMPL:-$R/src/csq/csq.c} \\\n"
            " *       $R/src/io/{cancel,complete,device,irp}.c $R/src/ke/interlocked.c \\\n",
            own_name());
}

static void put_command(FILE *out)
{
    fprintf(
        out,
        " * Compile, from the root of csqfuzz, with bash (R=FOLDER: another copy of include and "
        "src; IMPL=FILE:\n * another implementation of the six routines; CC=COMPILER):\n *\n"
        " *   R=${R:-.}; ");
    if (export.end == EXPORT_RACE)
        put_race_command(out);
    else
        put_plain_command(out);
    fprintf(out, " *       -l:libboost_context.a\n *\n");
}

static void put_header(FILE *out)
{
    const struct clause_text *clause = clause_text(finding.clause);
    char signature[FINDING_SIGNATURE];
    finding_signature(&finding, signature, sizeof signature);
    fprintf(out, "/*\n * %s, made by csq export-c from ", signature);
    put_name(out, base_name(arguments.file));
    fprintf(out, "\n *\n");
    put_wrapped(out, "clause", clause->id);
    put_wrapped(out, "", clause->sentence);
    put_wrapped(out, "source", clause->page);
    put_wrapped(out, "seen", finding.message);
    if (export_needs("more_locks"))
        put_wrapped(out, "driver",
                    "Its insert callback took another queue's lock besides, as was "
                    "recorded; so does the one here, with any library.");
    fprintf(out, " *\n");
    put_command(out);
    if (export.end == EXPORT_SANITIZER || export.end == EXPORT_RACE)
        fprintf(out,
                " * The sanitizer's report ends it with status 1: the finding is there. Status 0: "
                "it is not, and\n * the program says where the execution went another way.\n");
    else
        fprintf(out,
                " * Exit status: 1 the finding is there, 0 it is not, and the program says where "
                "the execution\n * went another way.\n");
    fprintf(out, " */\n");
}

void export_program(FILE *out)
{
    put_header(out);
    export_body(out);
}

/* ---- The command ---------------------------------------------------------------------------- */

static bool write_program(void)
{
    char *text = NULL;
    size_t size = 0;
    const char *trouble = export_record();
    if (trouble) {
        fprintf(stderr, "%s: cannot be exported: %s\n", arguments.file, trouble);
        return false;
    }
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return false;
    export_program(memory);
    fclose(memory);
    bool written = file_write(arguments.output ? arguments.output : "-", text, size);
    free(text);
    return written;
}

/* The process is about to die of the finding: its status would be a sanitizer's. */
static void speak_last_words(void)
{
    fflush(stderr);
    _Exit(write_program() && file_flush_output() ? EXIT_EXPORTED : EXIT_BAD_INPUT);
}

static bool read_program(struct program *program)
{
    if (!substrate_is_file(arguments.file))
        return file_read_program(arguments.file, program, NULL);
    fprintf(stderr, "%s: a program of the substrate's target; export-c knows those of queues\n",
            arguments.file);
    return false;
}

int export_command(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "FILE", documentation,
                                     NULL,    NULL,         NULL};
    static char name[] = "csq export-c";
    static struct program program;
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0 || !read_program(&program))
        return EXIT_BAD_INPUT;
    target_initialize();
    target_set_program(&program);
    target_set_last_words(speak_last_words);
    export.program = &program;
    export.file = arguments.file;
    execute_observed(&program, &export_observer);
    if (finding.present)
        return write_program() && file_flush_output() ? EXIT_EXPORTED : EXIT_BAD_INPUT;
    fprintf(stderr, "%s: no finding, so there is nothing to export\n", arguments.file);
    return EXIT_NO_FINDING;
}
