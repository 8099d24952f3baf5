/*
 * Fuzz target: the six IoCsq routines, IoCancelIrp and the Cancel routine, called one after the
 * other by one thread and held, event by event, against the sequential specification. The input is
 * that of csq_schedule_fuzzer without its schedule. See fuzz/README.md.
 */
#include "conformance/finding.h"
#include "execute.h"
#include "target.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    target_initialize();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program program;
    program_decode(&program, data, size);
    program_make_sequential(&program);
    target_set_program(&program);
    target_count();
    execute_sequential(&program);
    if (finding.present) {
        target_report(stderr);
        abort();
    }
    return 0;
}
