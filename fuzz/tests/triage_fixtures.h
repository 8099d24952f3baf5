/*
 * Triages that were never made: what the reports are tested with. Nothing of them is freed but the
 * last, which says how large it is.
 */
#ifndef CSQFUZZ_TESTS_TRIAGE_FIXTURES_H
#define CSQFUZZ_TESTS_TRIAGE_FIXTURES_H

#include "fuzz/triage_report.h"

#include <stdlib.h>
#include <string.h>

/* Markup, quotes, control characters that move a terminal's cursor, bytes that are no character
 * (cut off, too long, half of a pair, beyond the last), what reorders a line. */
#define HOSTILE                                                                                    \
    "a</pre></script><img src=x onerror=alert(1)>&\"'\\ \t\r\n\x1b[2J\x07\x7f\xff\xc0\x80"         \
    "\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82 \xe2\x80\xae\xc2\x9b[x](http://evil.example/) {0} ]]>"   \
    "\xef\xbf\xbe--> \xc3\xa4\xf0\x9f\x90\x9b#%3C"

#define PROGRAM                                                                                    \
    "# signature: CSQ-INS-7 cancel|insert\ncsq 1\nstrategy list\nreading text\n"                   \
    "slots irps 1 contexts 1\nqueue q0 plain spin fifo\nt0 insert q0 irp0\n"                       \
    "    preempt swap.before run t1     # now\nt1 cancel irp0\n"

#define FIXTURE_INPUTS   64u
#define FIXTURE_CLUSTERS 16u

struct fixture {
    struct triage triage;
    struct triage_input inputs[FIXTURE_INPUTS];
    struct triage_cluster clusters[FIXTURE_CLUSTERS];
    struct triage_rejected rejected[4];
    uint32_t members[FIXTURE_INPUTS];
};

/* A string of the fixture's, for fields that are not const. */
static inline char *text(const char *words)
{
    char *copy = strdup(words);
    if (!copy)
        abort();
    return copy;
}

static inline void begin_fixture(struct fixture *f)
{
    static const char *const builds[] = {"gcc", "asan", "tsan"};
    memset(f, 0, sizeof *f);
    f->triage = (struct triage){.folder = "out/triage",
                                .root = "/home/somebody/project",
                                .replays = 3,
                                .build_count = 3,
                                .inputs = f->inputs,
                                .rejected = f->rejected,
                                .clusters = f->clusters};
    for (unsigned b = 0; b < 3; b++)
        f->triage.build_names[b] = text(builds[b]);
}

static inline struct triage_input *add_input(struct fixture *f, const char *path)
{
    char stored[64];
    uint32_t index = f->triage.input_count++;
    struct triage_input *input = &f->inputs[index];
    *input = (struct triage_input){.path = text(path),
                                   .hash = 0x0123456789abcdefu + index,
                                   .size = 12 + index,
                                   .first = 1763730000 + index,
                                   .last = 1763740000 + index,
                                   .copies = 1 + index % 3,
                                   .engine = (uint8_t)(index % TRIAGE_ENGINES),
                                   .artefact = (uint8_t)(index % TRIAGE_ARTEFACTS),
                                   .mode = (uint8_t)(index % TRIAGE_MODES),
                                   .shown_by = -1,
                                   .cluster = TRIAGE_NO_CLUSTER};
    snprintf(stored, sizeof stored, "inputs/%016llx", (unsigned long long)input->hash);
    input->stored = text(stored);
    for (unsigned b = 0; b < 2; b++)
        input->verdict[b].of = 3;
    return input;
}

static inline void add_rejected(struct fixture *f, const char *path, const char *reason)
{
    f->rejected[f->triage.rejected_count++] = (struct triage_rejected){text(path), text(reason)};
}

/* What csq makes of one input. */
static inline void explain(struct triage_cluster *cluster, const char *program)
{
    char path[160];
    static const char *const names[] = {"minimal.csq", "timeline.html", "reproducer.c"};
    char **paths[] = {&cluster->minimal, &cluster->timeline, &cluster->reproducer};
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "clusters/%s/%s", cluster->id, names[i]);
        *paths[i] = text(path);
    }
    cluster->program = text(program);
    cluster->operations = 2;
    cluster->threads = 2;
    cluster->preemptions = 1;
    snprintf(cluster->depth, sizeof cluster->depth,
             "depth 1: shown with 1 preemption; no schedule with 0 shows it (12 executions)");
}

/* A cluster of `count` new inputs, shown by the second build, silent in the first. */
static inline struct triage_cluster *add_cluster(struct fixture *f, const char *signature,
                                                 const char *path, const char *seen, uint32_t count)
{
    uint32_t index = f->triage.cluster_count++;
    struct triage_cluster *cluster = &f->clusters[index];
    snprintf(cluster->signature, sizeof cluster->signature, "%s", signature);
    snprintf(cluster->id, sizeof cluster->id, "cause-%u", index);
    cluster->kind = triage_kind_of(signature, seen);
    cluster->inputs = &f->members[f->triage.input_count];
    cluster->count = count;
    for (uint32_t i = 0; i < count; i++) {
        f->members[f->triage.input_count] = f->triage.input_count;
        struct triage_input *input = add_input(f, path);
        input->cluster = index;
        input->shown_by = 1;
        input->verdict[1].shown = 3;
        input->verdict[1].hash = 0xfeedfacecafebeefu;
        snprintf(input->verdict[1].signature, FINDING_SIGNATURE, "%s", signature);
        snprintf(input->verdict[1].seen, sizeof input->verdict[1].seen, "%s", seen);
        cluster->copies += input->copies;
    }
    cluster->first = f->inputs[cluster->inputs[0]].first;
    cluster->last = f->inputs[cluster->inputs[count - 1]].last;
    cluster->cell[0].silent = count;
    cluster->cell[1].reports = count;
    return cluster;
}

/* ---- The fixtures -------------------------------------------------------------------------- */

static inline void make_empty(struct fixture *f)
{
    begin_fixture(f);
    f->triage.build_count = 0;
}

static inline void make_one(struct fixture *f)
{
    begin_fixture(f);
    explain(add_cluster(f, "CSQ-INS-7 cancel|insert", "crashes/crash-d68c", "irp0 stays queued", 1),
            PROGRAM);
}

/* Each kind, mixed cells, one that could not be explained, silent and rejected ones. */
static inline void make_kinds(struct fixture *f)
{
    static const char *const signatures[] = {
        "CSQ-GEN-14 remove|remove-next",
        "CSQ-INS-17 cancel|insert heap-use-after-free write irp.Cancel",
        "CSQ-REM-8 cancel|remove heap-use-after-free read irp.CancelRoutine",
        "CRASH SIGSEGV",
        "CSQ-INS-7 cancel|insert",
        "CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp",
        "DEADLOCK drain>insert-ex>remove-next",
        "CSQ-IRQL-5 insert",
        "LEAK end",
        "TIMEOUT",
        "BUGCHECK cancel|insert IRQL_NOT_LESS_OR_EQUAL",
    };
    begin_fixture(f);
    for (unsigned i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        explain(add_cluster(f, signatures[i],
                            "fuzz-out/findings/asan-crash-"
                            "d68c64cad9ff4f2f7a02bb6ff8a4dab7ca57d7ae",
                            i % 3 ? "irp0 has left by another door already" : "", 1 + i % 4),
                PROGRAM);
    f->clusters[1].cell[0] = (struct triage_cell){1, 0, 1};
    f->clusters[2].cell[0] = (struct triage_cell){0, 0, 3};
    f->clusters[3].minimal = f->clusters[3].timeline = f->clusters[3].reproducer = NULL;
    f->clusters[3].program = NULL;
    f->clusters[3].depth[0] = '\0';
    f->clusters[3].trouble = text("csq minimize: CRASH SIGSEGV does not come again");
    f->clusters[5].unsteady = 1;
    f->clusters[5].also = malloc(2 * sizeof *f->clusters[5].also);
    if (!f->clusters[5].also)
        abort();
    snprintf(f->clusters[5].also[0], FINDING_SIGNATURE, "CSQ-GEN-14 cancel|remove");
    snprintf(f->clusters[5].also[1], FINDING_SIGNATURE, "CSQ-GEN-15 cancel|remove");
    f->clusters[5].also_count = 2;
    for (unsigned i = 0; i < 7; i++)
        add_input(f, "old/crash-which-has-been-fixed");
    add_rejected(f, "old/README", "old/README: this is no input: it has 70000 bytes");
}

/* A path of 4 KiB without a place to break, then one of signs that each take more when escaped. */
static inline char *long_name(void)
{
    char *name = calloc(1, 4097);
    if (!name)
        abort();
    memset(name, 'x', 3000);
    for (unsigned i = 3000; i < 4096; i++)
        name[i] = "<\x1b\"\xff"[i % 4];
    return name;
}

static inline void make_hostile(struct fixture *f)
{
    char *name = long_name(), signature[FINDING_SIGNATURE] = "";
    begin_fixture(f);
    f->triage.folder = "../else\"where <\x1b\xff>";
    f->triage.build_names[2] = text("<b>\x1b\xff\"");
    while (f->triage.build_count < TRIAGE_BUILDS) /* as many as there can be */
        f->triage.build_names[f->triage.build_count++] = text("afl-undefined");
    snprintf(signature, sizeof signature, "CSQ-INS-7 %s", HOSTILE);
    struct triage_cluster *cluster = add_cluster(f, signature, HOSTILE, HOSTILE, 2);
    explain(cluster, "# " HOSTILE "\ncsq 1\nt0 insert q0 irp0\n    preempt " HOSTILE "\n" PROGRAM);
    cluster->trouble = text(HOSTILE);
    snprintf(cluster->depth, sizeof cluster->depth, "%s", HOSTILE);
    cluster->also = calloc(1, sizeof *cluster->also);
    if (!cluster->also)
        abort();
    snprintf(cluster->also[0], FINDING_SIGNATURE, "%s", HOSTILE);
    cluster->also_count = 1;
    memset(signature, 'W', sizeof signature - 1); /* as long as can be, without a space */
    explain(add_cluster(f, signature, name, HOSTILE, 1), PROGRAM);
    memset(f->clusters[1].id, 'w', sizeof f->clusters[1].id - 1);
    f->clusters[1].first = INT64_MIN;
    f->clusters[1].last = INT64_MAX;
    add_input(f, HOSTILE);
    add_input(f, name);
    add_rejected(f, HOSTILE, HOSTILE);
    add_rejected(f, name, name);
    free(name);
}

#endif
