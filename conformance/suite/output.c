#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device or a pipe is written as it is: renaming would replace it. */
static bool is_ordinary(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

void output_open(struct output *output, const char *path)
{
    *output = (struct output){.path = path};
    if (!path)
        return;
    if (strcmp(path, "-") == 0) {
        output->stream = stdout;
        return;
    }
    if (is_ordinary(path)) {
        output->part = suite_allocate(strlen(path) + sizeof ".part", 1);
        snprintf(output->part, strlen(path) + sizeof ".part", "%s.part", path);
    }
    output->stream = fopen(output->part ? output->part : path, "w");
    if (!output->stream)
        suite_die("%s: %s", path, strerror(errno));
}

void output_close(struct output *output)
{
    if (!output->path)
        return;
    errno = 0;
    bool failed = fflush(output->stream) != 0 || ferror(output->stream);
    int why = errno;
    if (output->stream != stdout && fclose(output->stream) != 0 && !failed) {
        failed = true;
        why = errno;
    }
    if (!failed && output->part && rename(output->part, output->path) != 0) {
        failed = true;
        why = errno;
    }
    if (failed && output->part)
        unlink(output->part);
    free(output->part);
    if (failed)
        suite_die("%s: %s", output->path, strerror(why));
}
