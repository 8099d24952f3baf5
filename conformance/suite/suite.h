/*
 * The conformance suite: runs every case against the implementation it is linked with and says, for
 * each clause of the documentation, whether the implementation conforms.
 *
 * options -> profile (how does it go where it may go either way?) -> runs, each behind a wall of
 * its own -> matrix (a verdict for each clause) -> expectations -> reports -> exit status.
 */
#ifndef CSQFUZZ_SUITE_H
#define CSQFUZZ_SUITE_H

#include "conformance/cases/case.h"

#include <stdbool.h>
#include <stdio.h>

/* How the program ends. */
enum { SUITE_CONFORMS = 0, SUITE_DEVIATES = 1, SUITE_CANNOT_RUN = 2 };

/* Of a run, a case or a clause; the worst comes last. */
enum suite_verdict {
    VERDICT_NOT_OBSERVABLE, /* of a clause that no harness can observe */
    VERDICT_NO_CASE,        /* of a clause that no case of this selection names */
    VERDICT_CONFORMS,
    VERDICT_DIFFERS, /* by profile: it goes the other of two permitted ways */
    VERDICT_DEVIATES,
    VERDICT_HUNG,
    VERDICT_CRASHED,
    SUITE_VERDICTS
};

/* "deviates", as expectations and scripts write it; "differs by profile", as people read it. */
const char *suite_verdict_word(enum suite_verdict verdict);
const char *suite_verdict_name(enum suite_verdict verdict);

/* Deviates, hung or crashed. */
bool suite_is_failure(enum suite_verdict verdict);

/* ---- Runs ---------------------------------------------------------------------------------- */

/* One case in one reading. */
struct suite_run {
    const struct conformance_case *which;
    enum case_reading reading;
    enum suite_verdict verdict;
    struct case_result result; /* every text ends in NUL and is printable ASCII or newlines */
    char said[1024]; /* the telling lines of what the process wrote to stderr; may be empty */
};

const char *suite_reading_name(enum case_reading reading);
const char *suite_success_name(enum case_success success);

/* Does this run make the implementation fail? A deviation from nothing but advice does not. */
bool suite_run_fails(const struct suite_run *run);

/* ---- Profile ------------------------------------------------------------------------------- */

struct suite_profile {
    bool reading_known, success_known; /* recognised? else the fields below are assumed */
    bool switchable;                   /* it follows either reading, as it is told */
    enum case_reading reading;         /* if it is not switchable */
    enum case_success success;
    enum case_reading judged[2]; /* the readings in which cases run */
    unsigned judged_count;
};

/* ---- Clauses ------------------------------------------------------------------------------- */

struct suite_clause {
    enum suite_verdict verdict;
    char note[512];  /* advice, or which way it goes; may be empty */
    bool unexpected; /* with --expect: not what the file says */
};

/* ---- All of it ----------------------------------------------------------------------------- */

struct suite_options;
struct suite_expected;

struct suite {
    const struct suite_options *options;
    struct suite_profile profile;
    const struct conformance_case **cases; /* those selected, in the order of case_list() */
    unsigned case_count;
    struct suite_run *runs; /* a case's runs stand together, a reading each */
    unsigned run_count;
    struct suite_clause clauses[CLAUSES];
    const struct suite_expected *expected; /* NULL: nothing is expected to deviate */
};

/* The runs of the n-th selected case. */
struct suite_run *suite_runs_of(const struct suite *suite, unsigned number);

/* One sentence on stderr, "csqfuzz: ...", and the end of the program with SUITE_CANNOT_RUN. */
_Noreturn void suite_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As malloc, zeroed; does not return without memory. */
void *suite_allocate(size_t count, size_t size);

#endif
