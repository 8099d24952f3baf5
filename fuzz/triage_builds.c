/* Which csq programs there are to replay with. */
#define _GNU_SOURCE /* readlink, PATH_MAX */
#include "triage_internal.h"
#include "triage_report.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_NAME 16

/* The lanes in the order of the matrix. */
static const char *const lanes[] = {"gcc", "clang", "asan", "ubsan", "msan", "tsan"};
enum { LANES = sizeof lanes / sizeof lanes[0] };

static const char driver[] = "csq_schedule_fuzzer_standalone";

bool triage_is_driver(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash ? slash + 1 : program, driver) == 0;
}

static unsigned rank_of(const char *name)
{
    unsigned rank = 0;
    while (rank < LANES && strcmp(lanes[rank], name) != 0)
        rank++;
    return rank;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length < LONGEST_NAME && !name[length];
}

int triage_build_column(struct triage *triage, const char *name)
{
    for (unsigned i = 0; i < triage->build_count; i++)
        if (strcmp(triage->build_names[i], name) == 0)
            return (int)i;
    if (triage->build_count == TRIAGE_BUILDS || !is_name(name))
        return -1;
    triage->build_names[triage->build_count] = triage_copy(name);
    return (int)triage->build_count++;
}

/* ---- Named by the user --------------------------------------------------------------------- */

bool triage_build_add(struct triage *triage, struct triage_builds *builds, const char *definition)
{
    char *name = triage_copy(definition);
    char *path = strchr(name, '=');
    int column = -1;
    if (path) {
        *path++ = '\0';
        column = access(path, X_OK) == 0 ? triage_build_column(triage, name) : -1;
    }
    if (column >= 0)
        builds->path[column] = triage_copy(path);
    else
        fprintf(stderr,
                "csq: --build takes NAME=PROGRAM: a short name, %d of them at most, and a csq that "
                "can be executed; not \"%s\"\n",
                TRIAGE_BUILDS, definition);
    free(name);
    return column >= 0;
}

/* ---- Beside the one that runs -------------------------------------------------------------- */

/* Where in a path the last component is that names a lane; NULL without one. */
static const char *find_lane(const char *path, size_t *length)
{
    const char *found = NULL;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t size = strcspn(slash + 1, "/");
        for (unsigned i = 0; i < LANES; i++)
            if (size == strlen(lanes[i]) && strncmp(slash + 1, lanes[i], size) == 0) {
                found = slash + 1;
                *length = size;
            }
    }
    return found;
}

/* The csq of another lane, or the driver beside where it would be. */
static char *program_of_lane(const char *own, const char *lane, size_t length, const char *other)
{
    char *path = triage_format("%.*s%s%s", (int)(lane - own), own, other, lane + length);
    if (access(path, X_OK) == 0)
        return path;
    char *beside = triage_format("%.*s/%s", (int)(strrchr(path, '/') - path), path, driver);
    free(path);
    return beside;
}

/* Where folders have named many others there may be no room left. */
static void add_neighbour(struct triage *triage, struct triage_builds *builds, const char *name,
                          char *path)
{
    int column = triage_build_column(triage, name);
    if (column >= 0)
        builds->path[column] = path;
    else
        free(path);
}

void triage_build_neighbours(struct triage *triage, struct triage_builds *builds)
{
    char own[PATH_MAX];
    size_t length = 0;
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = '\0';
    const char *lane = find_lane(own, &length);
    if (!lane) { /* it lies somewhere else: alone */
        add_neighbour(triage, builds, "csq", triage_copy(own));
        return;
    }
    for (unsigned i = 0; i < LANES; i++) {
        char *path = program_of_lane(own, lane, length, lanes[i]);
        if (access(path, X_OK) == 0)
            add_neighbour(triage, builds, lanes[i], path);
        else
            free(path);
    }
}

/* ---- Named by a folder --------------------------------------------------------------------- */

static void take_line(struct triage *triage, const char *file, const char *folder, char *line,
                      struct triage_builds *builds)
{
    char *path = strchr(line, ' ');
    line[strcspn(line, "\n")] = '\0';
    if (!line[0] || line[0] == '#')
        return;
    if (path)
        *path++ = '\0';
    int column = path ? triage_build_column(triage, line) : -1;
    if (column < 0 || builds->path[column]) {
        triage_reject(triage, file, "\"%.40s\" is not the name of a build, a blank, and its csq",
                      line);
        return;
    }
    char *below = path[0] == '/' ? triage_copy(path) : triage_format("%s/%s", folder, path);
    char *absolute = triage_absolute(triage->root, below);
    free(below);
    if (access(absolute, X_OK) != 0)
        triage_reject(triage, file, "%s cannot be executed", absolute);
    builds->path[column] = absolute;
}

bool triage_build_file(struct triage *triage, const char *folder, struct triage_builds *builds)
{
    char line[PATH_MAX + 64];
    char *path = triage_format("%s/%s", folder, TRIAGE_BUILD_FILE);
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* nobody waits for a pipe */
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (file) {
        while (fgets(line, sizeof line, file))
            take_line(triage, path, folder, line, builds);
        fclose(file);
    }
    free(path);
    return file != NULL;
}

/* ---- All together -------------------------------------------------------------------------- */

bool triage_builds_equal(const struct triage_builds *a, const struct triage_builds *b)
{
    for (unsigned i = 0; i < TRIAGE_BUILDS; i++) {
        const char *one = a->path[i] ? a->path[i] : "", *other = b->path[i] ? b->path[i] : "";
        if (strcmp(one, other) != 0)
            return false;
    }
    return true;
}

bool triage_builds_none(const struct triage_builds *builds)
{
    static const struct triage_builds none;
    return triage_builds_equal(builds, &none);
}

static bool is_used(const struct triage *triage, unsigned column)
{
    for (uint32_t i = 0; i < triage->input_count; i++)
        if (triage->inputs[i].builds.path[column])
            return true;
    return false;
}

/* Does column `a` come before `b`? */
static bool goes_before(const struct triage *triage, unsigned a, unsigned b)
{
    const char *one = triage->build_names[a], *other = triage->build_names[b];
    unsigned rank = rank_of(one), other_rank = rank_of(other);
    return rank != other_rank ? rank < other_rank : strcmp(one, other) < 0;
}

static void reorder(struct triage *triage, const unsigned *order, unsigned count)
{
    struct triage_builds builds;
    char *names[TRIAGE_BUILDS] = {NULL};
    for (uint32_t i = 0; i < triage->input_count; i++) {
        builds = triage->inputs[i].builds;
        triage->inputs[i].builds = (struct triage_builds){{NULL}};
        for (unsigned k = 0; k < count; k++)
            triage->inputs[i].builds.path[k] = builds.path[order[k]];
    }
    for (unsigned k = 0; k < count; k++)
        names[k] = triage->build_names[order[k]];
    memcpy(triage->build_names, names, sizeof names);
    triage->build_count = count;
}

void triage_build_settle(struct triage *triage, const struct triage_builds *builds)
{
    unsigned order[TRIAGE_BUILDS], count = 0;
    for (uint32_t i = 0; i < triage->input_count; i++)
        if (triage_builds_none(&triage->inputs[i].builds))
            triage->inputs[i].builds = *builds;
        else
            triage->inputs[i].own_builds = true;
    for (unsigned column = 0; column < triage->build_count; column++) {
        if (!is_used(triage, column))
            continue;
        unsigned at = count++;
        for (; at > 0 && goes_before(triage, column, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = column;
    }
    reorder(triage, order, count);
}
