/* AddressSanitizer asks before it reports. */
#include "target.h"

#include "conformance/nearest.h"

#include <sanitizer/asan_interface.h>

void __asan_on_error(void)
{
    target_fault(FAULT_MEMORY, __asan_get_report_address(), __asan_get_report_description(),
                 __asan_get_report_access_type() ? "write" : "read");
}

/* A small quarantine is enough: slots hold few IRPs, and address reuse is a dimension of the input.
 * It makes executions 7-15 % faster and keeps memory small. Nothing here hands out addresses of a
 * stack, so use after return need not be looked for. Leaks are the epilogue's to find;
 * LeakSanitizer misjudges suspended stacks. All can be overridden by ASAN_OPTIONS. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:detect_leaks=0:"
           "detect_stack_use_after_return=0:malloc_context_size=6";
}

void target_install_hooks(void) {}
