/*
 * Fuzz target: the yardstick (bluetooth.h). An input is that of csq_schedule_fuzzer, of which the
 * schedule counts; add stands in the place of the first operation and stop of the second, whatever
 * they are, so that preemptions can be named. It has its bug on purpose: see fuzz/yardstick.md.
 */
#include "bluetooth.h"
#include "execute.h"
#include "target.h"

#include <stdlib.h>

#define SIGNATURE "YARDSTICK-1 add|stop"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    target_initialize();
    return 0;
}

static void report(void)
{
    fprintf(stderr, "SUMMARY: csqfuzz: " SIGNATURE "\nASSERTION FAILED: " SIGNATURE "\n"
                    "An add works on a device that is stopped. The steps:\n");
    bluetooth_print(stderr);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program program;
    program_decode(&program, data, size);
    target_count();
    bool broken = bluetooth_run(execute_strategy(&program), 0).broken;
    target_settle();
    if (broken)
        report();
    return 0;
}
