#define _GNU_SOURCE /* setenv, execv */
#include "symbols.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A sanitizer's, where one is linked. */
void __sanitizer_symbolize_pc(void *place, const char *format, char *buffer, size_t size)
    __attribute__((weak));

/* They take their options when the process starts: so begin again, with others. What the user has
 * said about it stands. */
void symbols_leave_out(char **argv)
{
    static const char *const names[] = {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    char text[4096];
    if (!__sanitizer_symbolize_pc)
        return;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *given = getenv(names[i]);
        if (given && strstr(given, "symbolize="))
            return;
        snprintf(text, sizeof text, "symbolize=0:%s", given ? given : "");
        if (setenv(names[i], text, 1) != 0)
            return;
    }
    execv("/proc/self/exe", argv);
}
