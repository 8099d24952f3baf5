/*
 * What the triage folder remembers: a copy of each input under its hash, and in inputs.tsv a line
 * for each file that it was found in. All else there is made anew each time, from these.
 *
 *     inputs.tsv              a line each, between tabs: hash, first, last, text, engine, artefact,
 *                             target, path; and what its folder names: NAME=PROGRAM ...
 *     inputs/HASH[.csq]
 *     minimal/HASH.csq        triage_minimize.c
 *     clusters/ID/            triage_explain.c
 *     triage.json, triage.sarif, index.html
 */
#define _GNU_SOURCE /* open_memstream */
#include "file.h"
#include "triage_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TITLE "# csq triage 1\n"

/* ---- Sightings ----------------------------------------------------------------------------- */

char *triage_stored(const struct triage *triage, const struct triage_sighting *sighting)
{
    return triage_format("%s/inputs/%016" PRIx64 "%s", triage->folder, sighting->hash,
                         sighting->text ? ".csq" : "");
}

static bool is_same(const struct triage_sighting *a, const struct triage_sighting *b)
{
    return a->hash == b->hash && a->text == b->text && strcmp(a->path, b->path) == 0 &&
           triage_builds_equal(&a->builds, &b->builds);
}

void triage_sight(struct triage_sightings *list, const struct triage_sighting *sighting)
{
    for (size_t i = 0; i < list->count; i++) {
        struct triage_sighting *known = &list->items[i];
        if (!is_same(known, sighting))
            continue;
        known->first = sighting->first < known->first ? sighting->first : known->first;
        known->last = sighting->last > known->last ? sighting->last : known->last;
        known->mode = sighting->mode;
        return;
    }
    list->items = triage_grow(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *sighting;
}

/* By contents, then builds, then path: also the order of the file. */
static int by_contents(const void *left, const void *right)
{
    const struct triage_sighting *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->text != b->text)
        return a->text ? 1 : -1;
    for (unsigned i = 0; i < TRIAGE_BUILDS; i++) {
        const char *one = a->builds.path[i] ? a->builds.path[i] : "";
        const char *other = b->builds.path[i] ? b->builds.path[i] : "";
        if (strcmp(one, other) != 0)
            return strcmp(one, other);
    }
    return strcmp(a->path, b->path);
}

static bool is_same_input(const struct triage_sighting *a, const struct triage_sighting *b)
{
    return a->hash == b->hash && a->text == b->text && triage_builds_equal(&a->builds, &b->builds);
}

/* Of an input's files that speaks for it which an engine has named, the latest of those, and of two
 * at once the one whose path comes first. */
static bool speaks_for(const struct triage_sighting *sighting, const struct triage_input *input)
{
    bool named = sighting->engine != FROM_FOLDER, other = input->engine != FROM_FOLDER;
    return !input->path || (named != other ? named : sighting->last > input->spoken);
}

static void join(const struct triage *triage, struct triage_input *input,
                 const struct triage_sighting *sighting)
{
    bool speaks = speaks_for(sighting, input);
    input->copies++;
    input->first = !input->path || sighting->first < input->first ? sighting->first : input->first;
    input->last = !input->path || sighting->last > input->last ? sighting->last : input->last;
    if (!speaks)
        return;
    input->spoken = sighting->last;
    free(input->path);
    free(input->stored);
    input->path = triage_copy(sighting->path);
    char *stored = triage_stored(triage, sighting);
    input->stored = triage_copy(stored + strlen(triage->folder) + 1);
    free(stored);
    input->hash = sighting->hash;
    input->engine = sighting->engine;
    input->artefact = sighting->artefact;
    input->mode = sighting->mode;
    input->builds = sighting->builds;
}

static bool measure(struct triage *triage, struct triage_input *input)
{
    struct stat status;
    char *path = triage_format("%s/%s", triage->folder, input->stored);
    bool there = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    if (there)
        input->size = (size_t)status.st_size;
    else
        triage_reject(triage, input->path, "its copy %s is gone", path);
    free(path);
    return there;
}

void triage_gather(struct triage *triage, const struct triage_sightings *list)
{
    qsort(list->items, list->count, sizeof *list->items, by_contents);
    triage->inputs = triage_allocate((list->count + 1) * sizeof *triage->inputs);
    for (size_t i = 0; i < list->count;) {
        struct triage_input *input = &triage->inputs[triage->input_count];
        size_t next = i;
        memset(input, 0, sizeof *input);
        input->cluster = TRIAGE_NO_CLUSTER;
        input->shown_by = -1;
        for (; next < list->count && is_same_input(&list->items[i], &list->items[next]); next++)
            join(triage, input, &list->items[next]);
        i = next;
        triage->input_count += measure(triage, input);
    }
}

/* ---- The file ------------------------------------------------------------------------------ */

/* A path may have anything in it: what is no plain character is written %09. */
static void put_path(FILE *out, const char *path)
{
    for (; *path; path++)
        if (isgraph((unsigned char)*path) && (unsigned char)*path < 0x7f && *path != '%')
            fputc(*path, out);
        else
            fprintf(out, "%%%02x", (unsigned char)*path);
}

static void take_path(char *path)
{
    char *to = path;
    for (; *path; path++, to++) {
        *to = *path;
        if (path[0] != '%' || !isxdigit((unsigned char)path[1]) ||
            !isxdigit((unsigned char)path[2]))
            continue;
        const char digits[3] = {path[1], path[2], '\0'};
        *to = (char)strtoul(digits, NULL, 16);
        path += 2;
    }
    *to = '\0';
}

static void put_sighting(FILE *out, const struct triage *triage,
                         const struct triage_sighting *sighting)
{
    fprintf(out, "%016" PRIx64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%u\t%u\t%u\t", sighting->hash,
            sighting->first, sighting->last, sighting->text, sighting->engine, sighting->artefact,
            sighting->mode);
    put_path(out, sighting->path);
    for (unsigned i = 0; i < triage->build_count; i++) {
        if (!sighting->builds.path[i])
            continue;
        fprintf(out, "\t%s=", triage->build_names[i]);
        put_path(out, sighting->builds.path[i]);
    }
    fputc('\n', out);
}

bool triage_memorize(const struct triage *triage, const struct triage_sightings *list)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return false;
    qsort(list->items, list->count, sizeof *list->items, by_contents);
    fputs(TITLE, memory);
    for (size_t i = 0; i < list->count; i++)
        put_sighting(memory, triage, &list->items[i]);
    fclose(memory);
    char *path = triage_format("%s/inputs.tsv", triage->folder);
    bool written = file_write(path, text, size);
    free(path);
    free(text);
    return written;
}

static bool take_builds(struct triage *triage, char *rest, struct triage_builds *builds)
{
    char *field;
    while ((field = strsep(&rest, "\t")) != NULL) {
        char *path = strchr(field, '=');
        if (!path)
            return false;
        *path++ = '\0';
        int column = triage_build_column(triage, field);
        if (column < 0)
            return false;
        take_path(path);
        builds->path[column] = triage_copy(path);
    }
    return true;
}

static bool take_line(struct triage *triage, struct triage_sightings *list, char *line)
{
    struct triage_sighting sighting = {0};
    unsigned text, engine, artefact, mode;
    int length = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%16" SCNx64 "\t%" SCNd64 "\t%" SCNd64 "\t%u\t%u\t%u\t%u\t%n", &sighting.hash,
               &sighting.first, &sighting.last, &text, &engine, &artefact, &mode, &length) != 7 ||
        !length || engine >= TRIAGE_ENGINES || artefact >= TRIAGE_ARTEFACTS || mode > TRIAGE_MODES)
        return false;
    char *rest = line + length;
    char *path = strsep(&rest, "\t");
    if (!*path || !take_builds(triage, rest, &sighting.builds))
        return false;
    take_path(path);
    sighting.path = triage_copy(path);
    sighting.text = text;
    sighting.engine = (uint8_t)engine;
    sighting.artefact = (uint8_t)artefact;
    sighting.mode = (uint8_t)mode;
    triage_sight(list, &sighting);
    return true;
}

static bool take_file(struct triage *triage, struct triage_sightings *list, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    unsigned number = 1;
    bool good = getline(&line, &room, file) > 0 && strcmp(line, TITLE) == 0;
    while (good && getline(&line, &room, file) > 0) {
        number++;
        good = take_line(triage, list, line);
    }
    if (!good)
        fprintf(stderr, "%s/inputs.tsv:%u: not written by csq triage\n", triage->folder, number);
    free(line);
    return good;
}

/* ---- The folder ---------------------------------------------------------------------------- */

bool triage_is_folder(const char *path)
{
    char title[sizeof TITLE] = "";
    char *memory = triage_format("%s/inputs.tsv", path);
    int opened = open(memory, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* it may be a pipe */
    FILE *file = opened < 0 ? NULL : fdopen(opened, "r");
    bool is = file && fgets(title, sizeof title, file) && strcmp(title, TITLE) == 0;
    if (file)
        fclose(file);
    free(memory);
    return is;
}

static bool make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
}

/* With those above it. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = make_folder(path);
        *slash = '/';
        if (!made)
            return false;
    }
    return make_folder(path);
}

/* Nothing there, or a folder with nothing in it, be it "." or where something is mounted. */
static bool is_free(const char *path)
{
    const struct dirent *entry;
    DIR *folder = opendir(path);
    bool missing = !folder && errno == ENOENT, empty = folder != NULL;
    while (folder && empty && (entry = readdir(folder)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (folder)
        closedir(folder);
    if (folder && !empty)
        errno = ENOTEMPTY;
    return missing || empty;
}

bool triage_remember(struct triage *triage, struct triage_sightings *list)
{
    bool good = true;
    char *memory = triage_format("%s/inputs.tsv", triage->folder);
    FILE *file = fopen(memory, "r");
    bool known = file != NULL;
    if (file) {
        good = take_file(triage, list, file);
        fclose(file);
    } else if (errno != ENOENT || !is_free(triage->folder)) {
        fprintf(stderr, "%s: %s\n", triage->folder,
                errno == ENOTEMPTY || errno == EEXIST ? "is not empty, and no triage folder"
                                                      : strerror(errno));
        good = false;
    }
    free(memory);
    char *inputs = triage_format("%s/inputs", triage->folder);
    char *minimal = triage_format("%s/minimal", triage->folder);
    char *clusters = triage_format("%s/clusters", triage->folder);
    good = good && make_folders(inputs) && make_folder(minimal) && make_folder(clusters);
    if (good && !known) /* from now on it can be told from others, whatever comes next */
        good = triage_memorize(triage, list);
    free(minimal);
    free(inputs);
    free(clusters);
    return good;
}
