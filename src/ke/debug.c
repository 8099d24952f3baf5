/* The debugger's part: assertions that failed, and printing. */
#include "../sched/annotate.h"
#include "thread.h"

#include <stdarg.h>
#include <string.h>

static FILE *output;

void ke_set_debug_output(FILE *stream)
{
    output = stream;
}

/* The strings are for whoever reports the bug check; they are literals of the source. */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PCHAR Message)
{
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, (ULONG_PTR)FailedAssertion, (ULONG_PTR)FileName,
                 LineNumber, (ULONG_PTR)Message);
}

/* Does the C library take each conversion as Windows does? Not %wZ, %I64d, %S, %C: with those it
 * would read the wrong arguments. */
static bool is_plain(const char *format)
{
    for (const char *p = strchr(format, '%'); p; p = strchr(p, '%')) {
        p += 1 + strspn(p + 1, "-+ #0123456789.*hl");
        if (*p && strchr("wIZSC", *p))
            return false;
        if (*p)
            p++;
    }
    return true;
}

/* What the C library cannot format is printed as it stands. */
ULONG DbgPrint(PCSTR Format, ...)
{
    va_list arguments;
    if (!output)
        return STATUS_SUCCESS;
    annotate_ignore_begin();
    va_start(arguments, Format);
    if (is_plain(Format))
        vfprintf(output, Format, arguments);
    else
        fputs(Format, output);
    va_end(arguments);
    annotate_ignore_end();
    return STATUS_SUCCESS;
}
