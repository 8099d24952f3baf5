/*
 * What the reports of a triage share: bytes that came from files, in each medium; the words for a
 * cell of the matrix; the steps of a program's text.
 */
#ifndef CSQFUZZ_TRIAGE_REPORT_H
#define CSQFUZZ_TRIAGE_REPORT_H

#include "triage.h"

#include "conformance/suite/emit.h"

#define TRIAGE_HEURISTIC                                                                           \
    "The kind, and with it the rank, is a heuristic: it is read off the signature. What a broken " \
    "clause leads to depends on the driver that relied on it."

/* ---- Bytes (triage_bytes.c) ---------------------------------------------------------------- */

enum triage_medium {
    MEDIUM_DATA, /* JSON */
    MEDIUM_PAGE, /* HTML: what reorders a line or is no character goes, too */
};

typedef void triage_printer(const struct triage *triage, FILE *out);

/*
 * What `print` prints, as valid UTF-8: file names and what they contain may be any bytes, and JSON
 * and HTML may not. Each byte that belongs to no character becomes U+FFFD. The whole of it is
 * looked at, so that no string can be forgotten. False if writing failed.
 */
bool triage_print_valid(const struct triage *triage, triage_printer *print,
                        enum triage_medium medium, FILE *out);

/* For a terminal: one line, where what is no printable character stands as \x1b. Freed by the
 * caller; NULL without memory. */
char *triage_plain(const char *text);

/* As part of a URI: what is no unreserved character becomes %20, but for '/'. Freed by the caller;
 * NULL without memory. */
char *triage_uri(const char *path);

/* ---- Places (triage_place.c) --------------------------------------------------------------- */

/* `path` as seen from the folder `root`, without dots and doubled slashes: "" for `root` itself,
 * NULL if it does not lie below. What is relative starts in `root`. No link is followed. Freed by
 * the caller. */
char *triage_below(const char *root, const char *path);

/* The absolute path, as above. */
char *triage_absolute(const char *root, const char *path);

/* ---- Words (triage_words.c) ---------------------------------------------------------------- */

/* "12/12", "silent", "differs", "10/12, 1 silent, 1 differs", "not built". */
#define TRIAGE_CELL 64
void triage_print_cell(const struct triage_cell *cell, char buffer[TRIAGE_CELL]);

/* "2 operations, 1 preemption" */
#define TRIAGE_SIZES 96
void triage_print_sizes(const struct triage_cluster *cluster, char buffer[TRIAGE_SIZES]);

/* "" or "s" */
const char *triage_plural(uint64_t count);

/* The report's words on it, of the first input that shows it so; "" if there are none. */
const char *triage_seen(const struct triage *triage, const struct triage_cluster *cluster);

/* The signature and, if there is one, the window: "CSQ-GEN-15 cancel|insert at swap.before". */
#define TRIAGE_CAUSE (FINDING_SIGNATURE + TRIAGE_WINDOW + 8)
void triage_print_cause(const struct triage_cluster *cluster, char buffer[TRIAGE_CAUSE]);

/* The word at *place in a signature's operations, and behind it: false behind the last one. Begin
 * with *place NULL. */
bool triage_next_operation(const char *signature, const char **place, char word[32]);

/* The routine that an operation calls: "IoCsqInsertIrp"; the word itself if it is no such one. */
const char *triage_routine(const char *operation);

/* The fault in a signature, behind "CLAUSE op|op "; "" if it names none. */
const char *triage_fault(const char *signature);

/* How many inputs are in no cluster. */
uint32_t triage_silent(const struct triage *triage);

/* ---- What the page carries inline (triage_page.c) ------------------------------------------ */

extern const char triage_page_style[]; /* CSS, without a '<' or an '&' */

/* ---- Steps (triage_steps.c) ---------------------------------------------------------------- */

/* An operation or a preemption that a text names. */
struct triage_step {
    const char *text; /* in the program: not terminated */
    unsigned length;
    unsigned line, column; /* from 1 */
    unsigned thread;
    unsigned order; /* in the execution, from 1, as far as the text tells */
    bool preemption;
};

#define TRIAGE_THREADS 8 /* logical ones; more than there are */

/* The steps of a program's text, in its order; freed by the caller. NULL if there are none. */
struct triage_step *triage_steps(const char *program, uint32_t *count);

#endif
