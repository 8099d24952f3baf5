/*
 * Statements that must end in a bug check.
 *
 * Outside of an execution the bug check returns to the test by longjmp. Inside of one it stops the
 * execution, which then ends as SCHED_STOPPED. Either way `stopped` says which it was.
 */
#ifndef CSQFUZZ_TESTS_STOPS_H
#define CSQFUZZ_TESTS_STOPS_H

#include "../ke/ke.h"
#include "tap.h"

#include <setjmp.h>

static jmp_buf stop_return;
static struct ke_bugcheck stopped;
static bool has_stopped;

static void on_bugcheck(const struct ke_bugcheck *bugcheck)
{
    stopped = *bugcheck;
    has_stopped = true;
    if (sched_self() == SCHED_OUTSIDE)
        longjmp(stop_return, 1);
    sched_stop();
}

static inline void check_stop(const char *name, ULONG code, ULONG_PTR p1)
{
    bool right = has_stopped && stopped.code == code && stopped.parameter[0] == p1;
    if (!tap_ok(right, name) && has_stopped)
        printf("#      got bug check 0x%x, 0x%llx\n", (unsigned)stopped.code,
               (unsigned long long)stopped.parameter[0]);
    if (!right)
        printf("# expected bug check 0x%x, 0x%llx\n", (unsigned)code, (unsigned long long)p1);
}

/* A bug check leaves locks held behind it, which ThreadSanitizer is not to mind. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "report_destroy_locked=0";
}

/* The statement raises this bug check with this parameter 1. Give it variables of static storage
 * only: longjmp does not promise to preserve others. */
#define STOPS(name, code, p1, statement)                                                           \
    do {                                                                                           \
        has_stopped = false;                                                                       \
        ke_set_bugcheck_handler(on_bugcheck);                                                      \
        if (setjmp(stop_return) == 0) {                                                            \
            statement;                                                                             \
        }                                                                                          \
        check_stop(name, code, (ULONG_PTR)(p1));                                                   \
    } while (0)

/* For STOPS: any parameter 1 will do. It is read once the bug check has happened. */
#define ANY_PARAMETER stopped.parameter[0]

#define VIOLATION DRIVER_VERIFIER_DETECTED_VIOLATION

#endif
