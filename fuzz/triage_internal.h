/*
 * The steps of a triage, for triage_*.c. Each fills in its part of struct triage.
 */
#ifndef CSQFUZZ_TRIAGE_INTERNAL_H
#define CSQFUZZ_TRIAGE_INTERNAL_H

#include "triage.h"

#include <signal.h>

/* ---- Sightings ----------------------------------------------------------------------------- */

/* A file that was found, now or some earlier time. What is in it is kept in the triage folder, by
 * its hash. */
struct triage_sighting {
    char *path;
    bool text; /* its name says so: ends in .csq */
    uint64_t hash;
    int64_t first, last; /* the oldest and the latest time of modification it was found with */
    uint8_t engine, artefact;
    uint8_t mode;                /* TRIAGE_MODES: not known */
    struct triage_builds builds; /* that its folder names; none: those of the command */
};

struct triage_sightings {
    struct triage_sighting *items;
    size_t count;
};

/* Add one, or join it to the one with the same contents, path and builds. What the sighting owns
 * becomes the list's. */
void triage_sight(struct triage_sightings *list, const struct triage_sighting *sighting);

/* Where a copy of its contents is, or will be; the caller frees it. */
char *triage_stored(const struct triage *triage, const struct triage_sighting *sighting);

/* The inputs that these files are: one for all with the same contents and builds. */
void triage_gather(struct triage *triage, const struct triage_sightings *list);

/* ---- Collecting ---------------------------------------------------------------------------- */

struct triage_collecting {
    struct triage *triage;
    struct triage_sightings *list;
    uint8_t mode;       /* --target, or TRIAGE_MODES */
    bool folder_builds; /* take builds from folders' csq-builds files */
};

/* Take in a file, or whatever in a folder a fuzzer has left: the crashes and hangs of AFL++'s
 * trees, all files of others. What cannot be taken in is rejected, with a reason. False, and a
 * sentence on stderr, if there is no such path or nothing can be kept in the triage folder. */
bool triage_collect(const struct triage_collecting *collecting, const char *path);

/* Note that a file cannot be taken in. */
void triage_reject(struct triage *triage, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- Builds -------------------------------------------------------------------------------- */

#define TRIAGE_BUILD_FILE "csq-builds"

/* The column of this name, a new one if need be; -1 if there is no room or it is no name. */
int triage_build_column(struct triage *triage, const char *name);

/* Use "NAME=PATH" for what no folder names builds for; false, and a sentence on stderr. */
bool triage_build_add(struct triage *triage, struct triage_builds *builds, const char *definition);

/* The same of the other lanes beside the csq that runs: build/asan/csq beside build/gcc/csq. In
 * MSan's lane, which has no csq, the engine-free drivers. */
void triage_build_neighbours(struct triage *triage, struct triage_builds *builds);

/* Read FOLDER/csq-builds, of lines "NAME PATH"; false if there is none. What is wrong with it is
 * rejected. */
bool triage_build_file(struct triage *triage, const char *folder, struct triage_builds *builds);

/* Is this program no csq, but csq_schedule_fuzzer_standalone? It runs bytes alone, and the targets'
 * others are beside it. */
bool triage_is_driver(const char *program);

bool triage_builds_equal(const struct triage_builds *a, const struct triage_builds *b);
bool triage_builds_none(const struct triage_builds *builds);

/* Give inputs without builds of their own these, and put the columns into their order: known lanes
 * first, others by name, none that nobody uses. */
void triage_build_settle(struct triage *triage, const struct triage_builds *builds);

/* ---- Memory -------------------------------------------------------------------------------- */

/* What was seen before; an empty list if the folder is new. False, and a sentence on stderr, if it
 * is there and is no triage folder. Makes it, and the folders in it. */
bool triage_remember(struct triage *triage, struct triage_sightings *list);
bool triage_memorize(const struct triage *triage, const struct triage_sightings *list);

/* Is this folder a triage's? */
bool triage_is_folder(const char *path);

/* What could not be done, in memory that processes share. */
struct triage_trouble {
    char text[256];
};

/* ---- Verifying, minimizing, clustering, explaining ----------------------------------------- */

/* Replay all inputs. False, and a sentence on stderr, if that cannot be done or *signal came. */
bool triage_verify(struct triage *triage, const volatile sig_atomic_t *signal);

/* Which build's verdict on each input counts; reject what csq refuses. */
void triage_judge(struct triage *triage);
const struct triage_verdict *triage_shown(const struct triage_input *input);

/* Minimize what shows something, unless that was done before and still shows it. *signal keeps the
 * best so far, which the next time does not take for done. False, and a sentence on stderr, if
 * there can be no processes. */
bool triage_minimize(struct triage *triage, const volatile sig_atomic_t *signal);

/* input->cause and window, of its minimal program or, with NULL, of its signature alone. */
struct program;
void triage_find_cause(struct triage_input *input, const struct program *minimal);

/* Make clusters, worst first. */
void triage_cluster(struct triage *triage);

/* Take over, draw and export the smallest program of each cluster. */
bool triage_explain(struct triage *triage, const volatile sig_atomic_t *signal);

/* What is known of each cluster's minimal program, from its file. */
void triage_read_minimal(struct triage *triage, struct triage_cluster *cluster);

/* ---- Running csq --------------------------------------------------------------------------- */

/* Run csq on an input once more, as its target does: the verdict of one replay. */
void triage_replay(const char *program, enum triage_mode mode, const char *file, unsigned seconds,
                   const volatile sig_atomic_t *signal, struct triage_verdict *verdict);

/* Run one of its commands, argv ending in NULL, which makes a file. False if it did not, and then
 * why. */
bool triage_run_csq(const char *const argv[], const char *made, const volatile sig_atomic_t *signal,
                    struct triage_trouble *trouble);

/* ---- Small things -------------------------------------------------------------------------- */

/* malloc, strdup, realloc, asprintf: whoever has no memory left ends with a sentence. */
void *triage_allocate(size_t size); /* zeroed */
/* The same, for good and shared with the processes that are started later. */
void *triage_share(size_t size);
void *triage_grow(void *array, size_t count, size_t size);
char *triage_copy(const char *text);
char *triage_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Four hexadecimal digits of a text, that tell apart what would have one name. */
#define TRIAGE_TAG 5
void triage_print_tag(const char *text, char tag[TRIAGE_TAG]);

/* "verify 12/300" on stderr: in place on a terminal, else a line now and then. */
void triage_progress(const char *what, size_t done, size_t count);

#endif
