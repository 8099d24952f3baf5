/*
 * Fuzz target: what the queue stands on. Calls of the substrate's routines, IRQLs and locks,
 * events, interlocked operations, lists, IRPs on their way through drivers, each held against a
 * model written from the clauses (conformance/substrate.h). The input is one of its own:
 * substrate.md.
 */
#include "conformance/finding.h"
#include "substrate.h"
#include "target.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct substrate_program program;

static void describe(program_line *line, void *context)
{
    substrate_print_program(&program, line, context);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    target_initialize();
    target_set_description(describe);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    substrate_decode(&program, data, size);
    target_count();
    substrate_run(&program);
    if (finding.present) {
        target_report(stderr);
        abort();
    }
    return 0;
}
