/* Small things that several steps of a triage need. */
#define _GNU_SOURCE /* vasprintf, MAP_ANONYMOUS */
#include "triage_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void *demand(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "csq: no memory left\n");
    exit(2);
}

void *triage_allocate(size_t size)
{
    return demand(calloc(1, size ? size : 1));
}

void *triage_share(size_t size)
{
    void *memory =
        mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return demand(memory == MAP_FAILED ? NULL : memory);
}

void *triage_grow(void *array, size_t count, size_t size)
{
    return demand(reallocarray(array, count ? count : 1, size));
}

char *triage_copy(const char *text)
{
    return demand(strdup(text));
}

char *triage_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return demand(text);
}

void triage_print_tag(const char *text, char tag[TRIAGE_TAG])
{
    uint32_t hash = 0x811c9dc5u; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x01000193u;
    snprintf(tag, TRIAGE_TAG, "%04x", (hash ^ hash >> 16) & 0xffff);
}

void triage_reject(struct triage *triage, const char *path, const char *format, ...)
{
    struct triage_rejected rejected = {.path = triage_copy(path)};
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&rejected.reason, format, arguments) < 0)
        rejected.reason = NULL;
    va_end(arguments);
    demand(rejected.reason);
    uint32_t at = triage->rejected_count++;
    triage->rejected =
        triage_grow(triage->rejected, triage->rejected_count, sizeof *triage->rejected);
    for (; at > 0 && strcmp(rejected.path, triage->rejected[at - 1].path) < 0; at--)
        triage->rejected[at] = triage->rejected[at - 1];
    triage->rejected[at] = rejected;
}

void triage_progress(const char *what, size_t done, size_t count)
{
    static time_t told;
    time_t now = time(NULL);
    bool terminal = isatty(STDERR_FILENO);
    if (!told)
        told = now;
    if (terminal)
        fprintf(stderr, "\r%s %zu/%zu\033[K%s", what, done, count, done == count ? "\n" : "");
    else if (done == count || now - told >= 10)
        fprintf(stderr, "csq: %s %zu/%zu\n", what, done, count);
    if (now - told >= 10)
        told = now;
}
