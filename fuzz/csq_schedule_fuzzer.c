/*
 * Fuzz target: the six IoCsq routines, IoCancelIrp and the Cancel routine, called concurrently by
 * up to four logical threads under a schedule that is part of the input. See fuzz/README.md.
 */
#include "conformance/finding.h"
#include "execute.h"
#include "feedback.h"
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
    target_set_program(&program);
    target_count();
    execute(&program);
    feedback_note(&program);
    if (finding.present) {
        target_report(stderr);
        abort();
    }
    return 0;
}
