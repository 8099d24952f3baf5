#define _GNU_SOURCE /* open_memstream */
#include "substrate_command.h"

#include "conformance/finding.h"
#include "conformance/report.h"
#include "file.h"
#include "substrate.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST (1u << 20)

enum { CLEAN = 0, FOUND = 1, BAD = 2 };

static struct substrate_program program;

bool substrate_is_file(const char *path)
{
    char text[4096];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    return substrate_is_text(text, size);
}

static bool read_program(const char *path)
{
    struct program_error error;
    size_t size;
    uint8_t *data = file_read(path, LARGEST, &size);
    if (!data)
        return false;
    bool text = substrate_is_text((const char *)data, size), read = true;
    if (text)
        read = substrate_parse(&program, (const char *)data, size, &error);
    else
        substrate_decode(&program, data, size);
    free(data);
    if (!read)
        fprintf(stderr, "%s:%u:%u: %s\n", path, error.line, error.column, error.expected);
    return read;
}

static void append_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

static int show(const struct substrate_arguments *arguments)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return BAD;
    substrate_print_program(&program, append_line, memory);
    fclose(memory);
    bool written = file_write(arguments->output ? arguments->output : "-", text, size);
    free(text);
    return written ? CLEAN : BAD;
}

static int assemble(const struct substrate_arguments *arguments)
{
    uint8_t bytes[SUBSTRATE_MAX_SIZE];
    size_t size = substrate_encode(&program, bytes);
    if (arguments->output)
        return file_write(arguments->output, bytes, size) ? CLEAN : BAD;
    fprintf(stderr, "csq: asm needs -o FILE for its bytes (-o - for standard output)\n");
    return BAD;
}

static void describe(program_line *line, void *context)
{
    substrate_print_program(&program, line, context);
}

static int run(const struct substrate_arguments *arguments)
{
    target_initialize();
    target_set_description(describe);
    struct substrate_result result = substrate_run(&program);
    if (!arguments->quiet)
        report_trace(stdout, 0, UINT64_MAX);
    printf("performed %u operations, skipped %u that the contract did not allow\n",
           result.performed, result.skipped);
    if (finding.present) {
        target_report(stdout);
    } else {
        printf("verdict: no finding\n");
        report_hash(stdout);
    }
    if (!file_flush_output())
        return BAD;
    return finding.present ? FOUND : CLEAN;
}

int substrate_command(const struct substrate_arguments *arguments)
{
    static const struct {
        const char *name;
        int (*routine)(const struct substrate_arguments *);
    } commands[] = {{"show", show}, {"asm", assemble}, {"run", run}};
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(arguments->command, commands[i].name) == 0)
            return read_program(arguments->file) ? commands[i].routine(arguments) : BAD;
    fprintf(stderr, "csq: \"%s\" is no command; try csq --help\n", arguments->command);
    return BAD;
}
