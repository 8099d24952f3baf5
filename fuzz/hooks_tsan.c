/*
 * ThreadSanitizer tells after it has reported, but while it still holds locks of its own. Ending
 * the process there can hang: what an engine does in its last moments synchronises, too, and waits
 * for them. So does switching to another fiber. So the report is noted, and what follows from it
 * waits until the execution has come to its next point.
 */
#include "frames.h"
#include "target.h"

#include "conformance/finding.h"
#include "conformance/nearest.h"
#include "conformance/operation.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The runtime's interface for reports; no header declares it. */
int __tsan_get_report_data(void *report, const char **description, int *count, int *stack_count,
                           int *mop_count, int *loc_count, int *mutex_count, int *thread_count,
                           int *unique_tid_count, void **sleep_trace, uintptr_t trace_size);
int __tsan_get_report_mop(void *report, uintptr_t index, int *tid, void **address, int *size,
                          int *write, int *atomic, void **trace, uintptr_t trace_size);
void __tsan_on_report(void *report);
const char *__tsan_default_options(void);

#define DEPTH 64 /* frames of a stack */

/* Does the user want the process to end in the report? Then there is no later. */
static bool halts_on_error(void)
{
    static const char name[] = "halt_on_error=";
    const char *options = getenv("TSAN_OPTIONS");
    bool halts = false;
    while (options && (options = strstr(options, name))) {
        options += sizeof name - 1;
        options += strspn(options, "'\"");
        halts = *options != '\0' && strchr("1yt", *options); /* 1, yes, true */
    }
    return halts;
}

/* The two accesses of a race come in the order in which they happened to be seen: name them in
 * one. */
static const char *accesses(int written, int of)
{
    if (of == 0)
        return "";
    return written == of ? of > 1 ? "write|write" : "write" : written ? "read|write" : "read";
}

static const char *operation_of(const char *function)
{
    static const struct {
        const char *routine;
        enum operation_kind kind;
    } routines[] = {{"IoCsqInsertIrp", OP_INSERT},
                    {"IoCsqInsertIrpEx", OP_INSERT_EX},
                    {"IoCsqRemoveIrp", OP_REMOVE},
                    {"IoCsqRemoveNextIrp", OP_REMOVE_NEXT},
                    {"IoCancelIrp", OP_CANCEL}};
    for (unsigned r = 0; function && r < sizeof routines / sizeof routines[0]; r++)
        if (strcmp(function, routines[r].routine) == 0)
            return operation_name(routines[r].kind);
    return NULL;
}

/* The operation that an access was made in, by the routines on its stack: the innermost, as
 * callbacks call others; but a routine that another one calls to do its work is that one's. NULL if
 * the runtime knows the stack no more. */
static const char *operation_on(void *const *trace, unsigned depth)
{
    const char *found = NULL;
    for (unsigned i = 0; i < depth && trace[i]; i++) {
        const char *here =
            operation_of(frames_function((const char *)trace[i] - 1)); /* it returns there */
        if (found && !here)
            break;
        found = here;
    }
    return found;
}

/* Not in a report, where the runtime holds locks. */
static void __attribute__((constructor)) read_symbols(void)
{
    frames_function(NULL);
}

void __tsan_on_report(void *report)
{
    const char *description = "";
    int count, stacks, mops = 0, locs, mutexes, threads, tids;
    int tid, size, write, atomic, written = 0;
    void *sleep_trace[1], *trace[DEPTH], *address = NULL;
    __tsan_get_report_data(report, &description, &count, &stacks, &mops, &locs, &mutexes, &threads,
                           &tids, sleep_trace, 1);
    for (int i = mops < 2 ? mops : 2; i-- > 0; written += write) {
        memset(trace, 0, sizeof trace);
        __tsan_get_report_mop(report, (uintptr_t)i, &tid, &address, &size, &write, &atomic, trace,
                              DEPTH);
        if (i == 1) /* the one before, on another thread */
            finding_name_other(operation_on(trace, DEPTH));
    }
    int fault = strcmp(description, "heap-use-after-free") == 0 ? FAULT_MEMORY : FAULT_RACE;
    (halts_on_error() ? target_fault : target_fault_later)(fault, address, description,
                                                           accesses(written, mops < 2 ? mops : 2));
}

/* Not halt_on_error: see above. Nothing is lost, as target_settle() ends the process. */
const char *__tsan_default_options(void)
{
    return "halt_on_error=0:atexit_sleep_ms=0:report_signal_unsafe=0";
}
