/* From paths to sightings: what is an input there, who made it, and what it is. */
#define _GNU_SOURCE /* st_mtim */
#include "file.h"
#include "triage_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_INPUT (8u << 20)

/* What a folder of the walk is, in fts_number. */
enum folder {
    FOLDER_PLAIN,
    FOLDER_AFL,         /* a worker's of AFL++ */
    FOLDER_AFL_CRASHES, /* its crashes, crashes.2026-... of an earlier run */
    FOLDER_AFL_HANGS
};

/* ---- What a file is ------------------------------------------------------------------------ */

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

/* libFuzzer's names, also behind a lane's: "crash-<sha1>", "asan-crash-<sha1>". */
static enum triage_artefact artefact_of(const char *name)
{
    static const struct {
        const char *word;
        enum triage_artefact artefact;
    } words[] = {{"crash-", ARTEFACT_CRASH},
                 {"leak-", ARTEFACT_LEAK},
                 {"oom-", ARTEFACT_OOM},
                 {"timeout-", ARTEFACT_TIMEOUT},
                 {"slow-unit-", ARTEFACT_SLOW}};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *found = strstr(name, words[i].word);
        const char *sum = found ? found + strlen(words[i].word) : NULL;
        bool starts = found && (found == name || found[-1] == '-');
        if (starts && strspn(sum, "0123456789abcdef") == 40 && sum[40] == '\0')
            return words[i].artefact;
    }
    return ARTEFACT_PLAIN;
}

/* The target whose name is a part of the path. */
static uint8_t mode_of(const char *path)
{
    for (unsigned mode = 0; mode < TRIAGE_MODES; mode++)
        if (strstr(path, triage_mode_name((enum triage_mode)mode)))
            return (uint8_t)mode;
    return TRIAGE_MODES;
}

static uint64_t hash_of(const uint8_t *data, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 0x100000001b3u;
    return hash;
}

/* ---- Taking one in ------------------------------------------------------------------------- */

/* NULL, and rejected, if it cannot be read. A pipe is not waited for. */
static uint8_t *read_input(struct triage *triage, const char *path, struct stat *status,
                           size_t *size)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    uint8_t *data = NULL;
    ssize_t length = -1;
    if (file < 0 || fstat(file, status) != 0)
        triage_reject(triage, path, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(status->st_mode))
        triage_reject(triage, path, "is no regular file");
    else if (status->st_size > (off_t)LARGEST_INPUT)
        triage_reject(triage, path, "is larger than %u bytes", LARGEST_INPUT);
    else {
        data = triage_allocate(LARGEST_INPUT);
        length = read(file, data, LARGEST_INPUT);
        if (length < 0)
            triage_reject(triage, path, "cannot be read: %s", strerror(errno));
    }
    if (file >= 0)
        close(file);
    *size = length > 0 ? (size_t)length : 0;
    if (length >= 0)
        return data;
    free(data);
    return NULL;
}

/* Keep a copy in the triage folder. */
static bool store(const struct triage *triage, const struct triage_sighting *sighting,
                  const uint8_t *data, size_t size)
{
    char *stored = triage_stored(triage, sighting);
    bool done = access(stored, F_OK) == 0 || file_write(stored, data, size);
    free(stored);
    return done;
}

static bool take(const struct triage_collecting *collecting, const char *path,
                 enum triage_engine engine, enum triage_artefact artefact,
                 const struct triage_builds *builds)
{
    struct stat status;
    size_t size = 0;
    uint8_t *data = read_input(collecting->triage, path, &status, &size);
    struct triage_sighting sighting = {.text = ends_in(path, ".csq"),
                                       .engine = (uint8_t)engine,
                                       .artefact = (uint8_t)artefact,
                                       .mode = collecting->mode < TRIAGE_MODES ? collecting->mode
                                                                               : mode_of(path)};
    if (!data)
        return true; /* rejected */
    sighting.path = triage_copy(path);
    sighting.hash = hash_of(data, size);
    sighting.first = sighting.last = status.st_mtim.tv_sec;
    for (unsigned i = 0; builds && i < TRIAGE_BUILDS; i++)
        sighting.builds.path[i] = builds->path[i] ? triage_copy(builds->path[i]) : NULL;
    bool stored = store(collecting->triage, &sighting, data, size);
    free(data);
    if (stored)
        triage_sight(collecting->list, &sighting);
    return stored;
}

static bool take_found(const struct triage_collecting *collecting, const FTSENT *entry)
{
    enum folder folder =
        entry->fts_level > 0 ? (enum folder)entry->fts_parent->fts_number : FOLDER_PLAIN;
    const struct triage_builds *builds =
        entry->fts_level > 0 ? entry->fts_parent->fts_pointer : NULL;
    enum triage_artefact artefact = artefact_of(entry->fts_name);
    switch (folder) {
    case FOLDER_AFL:
        return true;
    case FOLDER_AFL_CRASHES:
    case FOLDER_AFL_HANGS:
        if (strncmp(entry->fts_name, "id:", 3) != 0)
            return true; /* README.txt */
        artefact = folder == FOLDER_AFL_HANGS ? ARTEFACT_TIMEOUT : ARTEFACT_CRASH;
        return take(collecting, entry->fts_path, FROM_AFL, artefact, builds);
    default:
        if (strcmp(entry->fts_name, TRIAGE_BUILD_FILE) == 0)
            return true;
        return take(collecting, entry->fts_path,
                    artefact == ARTEFACT_PLAIN ? FROM_FOLDER : FROM_LIBFUZZER, artefact, builds);
    }
}

/* ---- Walking ------------------------------------------------------------------------------- */

static bool has_file(const char *folder, const char *name)
{
    char *path = triage_format("%s/%s", folder, name);
    bool has = access(path, F_OK) == 0;
    free(path);
    return has;
}

static enum folder kind_of_folder(const FTSENT *entry)
{
    bool within_afl = entry->fts_level > 0 ? entry->fts_parent->fts_number == FOLDER_AFL
                                           : has_file(entry->fts_accpath, "../fuzzer_stats");
    if (within_afl && strncmp(entry->fts_name, "crashes", 7) == 0)
        return FOLDER_AFL_CRASHES;
    if (within_afl && strncmp(entry->fts_name, "hangs", 5) == 0)
        return FOLDER_AFL_HANGS;
    return has_file(entry->fts_accpath, "fuzzer_stats") ? FOLDER_AFL : FOLDER_PLAIN;
}

/* What AFL++ keeps beside crashes and hangs, hidden folders and other triages are passed by. */
static bool is_of_interest(const FTSENT *entry)
{
    if (entry->fts_level == 0)
        return true;
    return entry->fts_name[0] != '.' && !triage_is_folder(entry->fts_accpath) &&
           (entry->fts_parent->fts_number != FOLDER_AFL || entry->fts_number != FOLDER_PLAIN);
}

static void enter_folder(const struct triage_collecting *collecting, FTSENT *entry)
{
    struct triage_builds builds = {{NULL}};
    entry->fts_number = kind_of_folder(entry);
    entry->fts_pointer = entry->fts_level > 0 ? entry->fts_parent->fts_pointer : NULL;
    if (!collecting->folder_builds ||
        !triage_build_file(collecting->triage, entry->fts_path, &builds))
        return;
    entry->fts_pointer = triage_allocate(sizeof builds);
    memcpy(entry->fts_pointer, &builds, sizeof builds);
}

/* False: nothing can be kept. */
static bool visit(const struct triage_collecting *collecting, FTS *walk, FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_D:
        enter_folder(collecting, entry);
        if (!is_of_interest(entry))
            fts_set(walk, entry, FTS_SKIP);
        return true;
    case FTS_DP:
        return true;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        triage_reject(collecting->triage, entry->fts_path, "cannot be read: %s",
                      strerror(entry->fts_errno));
        return true;
    default:
        return (entry->fts_level > 0 && entry->fts_name[0] == '.') || take_found(collecting, entry);
    }
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool triage_collect(const struct triage_collecting *collecting, const char *path)
{
    char *name = triage_copy(path);
    char *const roots[] = {name, NULL};
    bool kept = true;
    if (access(path, F_OK) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry;
    bool ended = false;
    while (walk && kept && !ended) {
        errno = 0; /* which fts_read() leaves at its end */
        ended = (entry = fts_read(walk)) == NULL;
        kept = ended ? errno == 0 : visit(collecting, walk, entry);
    }
    if (!walk || (ended && !kept))
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    kept = kept && walk;
    if (walk)
        fts_close(walk);
    free(name);
    return kept;
}
