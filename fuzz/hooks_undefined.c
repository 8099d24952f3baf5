/* UndefinedBehaviorSanitizer asks before it reports. */
#include "target.h"

#include "conformance/nearest.h"

/* Not in any header: the runtime calls it, if it exists, before a report ends the process. */
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
                                     unsigned *line, unsigned *column, char **address);

void __ubsan_on_report(void)
{
    const char *kind = "", *message, *file;
    unsigned line, column;
    char *address;
    __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
    target_fault(FAULT_OTHER, NULL, kind, "");
}

/* OSS-Fuzz compiles with unsigned-integer-overflow for a signal of coverage; it is no error. */
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "silence_unsigned_overflow=1";
}
