/* Where a file lies as seen from a folder: by names alone, so that it need not exist. */
#define _GNU_SOURCE /* asprintf, realpath */
#include "triage_report.h"

#include <stdlib.h>
#include <string.h>

/* Takes "//", "." and ".." out of an absolute path, and the slash at its end; "/" becomes "". */
static void normalize(char *path)
{
    char *end = path;
    for (const char *from = path; *from;) {
        from += strspn(from, "/");
        size_t length = strcspn(from, "/");
        if (length == 2 && memcmp(from, "..", 2) == 0) {
            while (end > path && *--end != '/')
                ;
        } else if (length > 0 && !(length == 1 && *from == '.')) {
            *end++ = '/';
            memmove(end, from, length);
            end += length;
        }
        from += length;
    }
    *end = '\0';
}

/* The root itself may be said relative to where the process is. */
static char *absolute_root(const char *root)
{
    char *real = *root == '/' ? strdup(root) : realpath(root, NULL);
    if (real)
        normalize(real);
    return real;
}

char *triage_absolute(const char *root, const char *path)
{
    char *start = absolute_root(root), *joined = NULL;
    if (start && asprintf(&joined, "%s/%s", *path == '/' ? "" : start, path) < 0)
        joined = NULL;
    if (joined)
        normalize(joined);
    free(start);
    return joined;
}

char *triage_below(const char *root, const char *path)
{
    char *start = absolute_root(root), *full = triage_absolute(root, path), *below = NULL;
    size_t length = start ? strlen(start) : 0;
    if (start && full && strncmp(full, start, length) == 0 &&
        (full[length] == '/' || full[length] == '\0'))
        below = strdup(full + length + (full[length] == '/'));
    free(start);
    free(full);
    return below;
}
