/*
 * Triage: from files that fuzzers have left behind to causes.
 *
 *   triage_command.c   `csq triage`: options, the order of things
 *   triage_collect.c   walks files, artefacts, AFL++'s trees; the same bytes count once
 *   triage_builds.c    which csq programs there are to replay with
 *   triage_verify.c    replays each input k times in each build, in processes of their own
 *   triage_minimize.c  the smallest program of each input; kept for the next time
 *   triage_cause.c     what a finding and its smallest program say of the cause
 *   triage_cluster.c   inputs with one cause are one cluster; which is worst
 *   triage_kind.c      what sort of finding a signature is: a heuristic
 *   triage_explain.c   draws the smallest program of each cluster and exports it
 *   triage_memory.c    what the triage folder remembers from one time to the next
 *   triage_text.c      the report as a table for a terminal
 *   triage_json.c      ... as JSON
 *   triage_html.c      ... as a page
 *   triage_sarif.c     ... as SARIF 2.1.0
 *
 * What stands in the report depends on the files and the builds alone, never on the clock, on which
 * of two processes ends first, or on the order in a folder.
 */
#ifndef CSQFUZZ_TRIAGE_H
#define CSQFUZZ_TRIAGE_H

#include "conformance/finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Builds -------------------------------------------------------------------------------- */

#define TRIAGE_BUILDS 8 /* columns of the matrix */

/* The csq programs that show what was found in some folder: one a lane, all of one implementation.
 * path[b] belongs to triage.build_names[b]; NULL: not built. */
struct triage_builds {
    char *path[TRIAGE_BUILDS];
};

/* ---- Inputs -------------------------------------------------------------------------------- */

/* What the engine called it. */
enum triage_artefact {
    ARTEFACT_PLAIN,
    ARTEFACT_CRASH,
    ARTEFACT_LEAK,
    ARTEFACT_OOM,
    ARTEFACT_TIMEOUT,
    ARTEFACT_SLOW,
    TRIAGE_ARTEFACTS
};
enum triage_engine { FROM_FOLDER, FROM_LIBFUZZER, FROM_AFL, TRIAGE_ENGINES };

/* How csq is to run it: as which target does. */
enum triage_mode { MODE_SCHEDULE, MODE_SEQUENTIAL, MODE_SUBSTRATE, TRIAGE_MODES };

/* What one build showed of one input. */
struct triage_verdict {
    char signature[FINDING_SIGNATURE]; /* "": nothing. "TIMEOUT" and "CRASH SIGSEGV", where csq did
                                          not come to a report, "REFUSED" where it refused */
    char seen[256];                    /* the report's words on it; "" if there were none */
    uint64_t hash;                     /* of the trace; 0 if it was not said */
    uint32_t shown, of;                /* replays with this signature; 0 of 0: not built */
};

#define TRIAGE_NO_CLUSTER UINT32_MAX
#define TRIAGE_WINDOW     96

struct triage_input {
    char *path;       /* as it was found last; any bytes but NUL may be in it */
    char *stored;     /* its copy, in the triage folder: "inputs/0123456789abcdef" */
    uint64_t hash;    /* FNV-1a of its contents */
    size_t size;      /* bytes */
    int64_t first;    /* seconds since 1970: the oldest time of modification of a file with it */
    int64_t last;     /* ... the latest */
    int64_t spoken;   /* ... of `path` */
    uint32_t copies;  /* files with these contents, of all times together */
    uint8_t engine;   /* enum triage_engine */
    uint8_t artefact; /* enum triage_artefact */
    uint8_t mode;     /* enum triage_mode, once verified that in which it shows something */
    struct triage_builds builds;
    bool own_builds;                              /* named by its folder */
    struct triage_verdict verdict[TRIAGE_BUILDS]; /* by build name */
    int shown_by;                                 /* the build whose signature it counts with; -1 */
    uint32_t cluster;                             /* TRIAGE_NO_CLUSTER: nothing was shown */

    /* The smallest program with its signature; NULL: there is none, and `trouble` says why. */
    char *minimal; /* in the triage folder: "minimal/0123456789abcdef.csq", with builds of its own
                      "minimal/0123456789abcdef-89ab.csq" */
    char *trouble;
    uint32_t operations, threads, preemptions;

    /* What it counts with. */
    char cause[FINDING_SIGNATURE];
    char window[TRIAGE_WINDOW];
};

/* A file that could not be taken in. */
struct triage_rejected {
    char *path;
    char *reason; /* a sentence; may quote the file */
};

/* ---- Clusters ------------------------------------------------------------------------------ */

/* Worst first. */
enum triage_kind {
    KIND_DOUBLE_COMPLETION,
    KIND_WRITE_AFTER_FREE, /* ... or out of bounds */
    KIND_READ_AFTER_FREE,
    KIND_CRASH, /* without a word on what it was */
    KIND_LOST_IRP,
    KIND_RACE,
    KIND_DEADLOCK, /* ... or livelock, or timeout */
    KIND_WRONG_STATE,
    KIND_LEAK,
    TRIAGE_KINDS
};

/* How many inputs of a cluster a build shows so, not at all, and otherwise. */
struct triage_cell {
    uint32_t reports, silent, differs;
};

/*
 * The inputs with one cause. A signature says which operations were about when it showed: in a raw
 * input many are that have no part in it, and one bug has many signatures. A minimal program has
 * none to spare. So what counts is the clause, the fault, the operations of the minimal program
 * (insert-ex is an insert, a drain a remove-next; of a race the two that race) and, where there is
 * no fault, the window: where in the handling of Cancel flag and Cancel routine threads switch.
 * And whether it takes two queues, or an insert callback that answers otherwise than by
 * STATUS_SUCCESS.
 */
struct triage_cluster {
    char signature[FINDING_SIGNATURE]; /* "CSQ-GEN-15 cancel|insert": what one greps for */
    char window[TRIAGE_WINDOW];        /* "swap.before", "flag.before+two-queues"; "" */
    char id[96];                       /* of both: lower-case letters, digits and '-'; a folder */
    enum triage_kind kind;
    uint32_t *inputs; /* into triage.inputs, the smallest first */
    uint32_t count;
    uint32_t copies; /* files, of all times together */
    int64_t first, last;
    uint32_t unsteady; /* inputs that did not show it at each replay */
    struct triage_cell cell[TRIAGE_BUILDS];
    char (*also)[FINDING_SIGNATURE]; /* all signatures of its inputs but `signature`, sorted */
    uint32_t also_count;

    /* What was made of the smallest minimal program. NULL: could not be, and `trouble` says why.
     * All paths are relative to the triage folder. */
    char *minimal;    /* the program, as text: "clusters/ID/minimal.csq" */
    char *timeline;   /* the page: "clusters/ID/timeline.html" */
    char *reproducer; /* the C program: "clusters/ID/reproducer.c" */
    char *trouble;
    char *program; /* the text of the program, all lines; NULL without one */
    uint32_t operations, threads, preemptions;
    char depth[160]; /* "depth 1: shown with 1 preemption; no schedule with 0 shows it (12 ...)" */
};

/* ---- A triage ------------------------------------------------------------------------------ */

struct triage {
    const char *folder; /* where everything is kept */
    const char *root;   /* what paths in SARIF are relative to: the current folder */
    unsigned replays;   /* each input, in each build */
    unsigned jobs, seconds;
    bool explain; /* minimize, draw, export; else clusters are of raw signatures */

    unsigned build_count;
    char *build_names[TRIAGE_BUILDS];

    struct triage_input *inputs; /* by contents' hash */
    uint32_t input_count;
    struct triage_rejected *rejected; /* by path */
    uint32_t rejected_count;
    struct triage_cluster *clusters; /* worst first */
    uint32_t cluster_count;
};

/* ---- Words --------------------------------------------------------------------------------- */

/* The kind of a signature; `seen` may be "". A heuristic, and said to be one. */
enum triage_kind triage_kind_of(const char *signature, const char *seen);
const char *triage_kind_name(enum triage_kind kind);         /* "double completion" */
const char *triage_artefact_name(enum triage_artefact kind); /* "crash" */
const char *triage_engine_name(enum triage_engine engine);   /* "libFuzzer" */
const char *triage_mode_name(enum triage_mode mode);         /* its target: "csq_schedule_fuzzer" */

/* The clause that a signature begins with: CLAUSES if none does. */
enum clause triage_clause(const char *signature);

/* "2026-11-21T13:00:00Z" */
#define TRIAGE_TIME 24
void triage_print_time(int64_t seconds, char buffer[TRIAGE_TIME]);

/* ---- Reports (of a finished triage; false if writing failed) ------------------------------- */

bool triage_write_text(const struct triage *triage, FILE *out);
bool triage_write_json(const struct triage *triage, FILE *out);
bool triage_write_html(const struct triage *triage, FILE *out);
bool triage_write_sarif(const struct triage *triage, FILE *out);

/* ---- The command --------------------------------------------------------------------------- */

/* `csq triage ARGUMENTS`; argv[0] is "triage". */
int triage_command(int argc, char **argv);

#endif
