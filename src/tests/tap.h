/*
 * TAP, the Test Anything Protocol, for test programs in C: run them with prove.
 *
 * Each test is named by the clause it checks. The plan is printed last, by `return tap_end();`.
 */
#ifndef CSQFUZZ_TESTS_TAP_H
#define CSQFUZZ_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failures;

static inline bool tap_ok(bool passed, const char *name)
{
    printf("%sok %d - %s\n", passed ? "" : "not ", ++tap_count, name);
    fflush(stdout); /* so that a test which crashes the program can be told */
    tap_failures += !passed;
    return passed;
}

static inline bool tap_is(long long got, long long expected, const char *name)
{
    if (!tap_ok(got == expected, name))
        printf("#      got %lld (0x%llx)\n# expected %lld (0x%llx)\n", got, (unsigned long long)got,
               expected, (unsigned long long)expected);
    return got == expected;
}

static inline int tap_end(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures != 0;
}

#endif
