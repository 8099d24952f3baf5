#define _GNU_SOURCE /* tdestroy, st_mtim */
#include "intake.h"

#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void intake_begin(struct intake *intake, const char *folder)
{
    *intake = (struct intake){.folder = folder, .calls = INTAKE_PATIENCE};
}

/* Has the folder changed since the last look? A change within this second or the one before counts
 * as new the next time, too: another may follow it that leaves the same time stamp. */
static bool has_changed(struct intake *intake)
{
    struct stat status;
    if (stat(intake->folder, &status) != 0)
        return false;
    struct timespec last = intake->changed;
    intake->changed = status.st_mtim;
    if (status.st_mtim.tv_sec + 1 >= time(NULL))
        intake->changed = (struct timespec){0};
    return last.tv_sec != status.st_mtim.tv_sec || last.tv_nsec != status.st_mtim.tv_nsec;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(one, other);
}

/* Out of memory, a file may be handed out again, which does no harm. */
static bool is_taken(struct intake *intake, const char *name)
{
    if (name[0] == '.' || tfind(name, &intake->taken, by_name))
        return true;
    char *copy = strdup(name);
    if (copy && !tsearch(copy, &intake->taken, by_name))
        free(copy);
    return false;
}

static size_t read_input(DIR *folder, const char *name, uint8_t *out, size_t max_size)
{
    int file = openat(dirfd(folder), name, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, out, max_size) : 0;
    if (file >= 0)
        close(file);
    return size > 0 ? (size_t)size : 0;
}

size_t intake_next(struct intake *intake, uint8_t *out, size_t max_size)
{
    if (!intake->folder || (!intake->listing && intake->calls++ < INTAKE_PATIENCE))
        return 0;
    intake->calls = 0;
    if (!intake->listing && has_changed(intake))
        intake->listing = opendir(intake->folder);
    for (struct dirent *entry; intake->listing && (entry = readdir(intake->listing));) {
        size_t size = 0;
        if (!is_taken(intake, entry->d_name))
            size = read_input(intake->listing, entry->d_name, out, max_size);
        if (size > 0)
            return size;
    }
    if (intake->listing)
        closedir(intake->listing);
    intake->listing = NULL;
    return 0;
}

void intake_end(struct intake *intake)
{
    if (intake->listing)
        closedir(intake->listing);
    tdestroy(intake->taken, free);
    *intake = (struct intake){0};
}
