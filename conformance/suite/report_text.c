/* For people at a terminal: a line a section, details of what does not conform, a sentence. */
#include "report.h"

#include "expected.h"
#include "matrix.h"
#include "options.h"
#include "profile.h"

#include <string.h>

#define DETAILED 20 /* clauses shown in full; files have the rest */

static const enum suite_verdict columns[] = {
    VERDICT_CONFORMS, VERDICT_DEVIATES,       VERDICT_CRASHED, VERDICT_HUNG,
    VERDICT_DIFFERS,  VERDICT_NOT_OBSERVABLE, VERDICT_NO_CASE};
static const char *const column_names[] = {"conform", "deviate", "crash",  "hang",
                                           "differ",  "unseen",  "no case"};
#define COLUMNS (sizeof columns / sizeof columns[0])

/* ---- Colours ------------------------------------------------------------------------------- */

enum colour { PLAIN_TEXT, BOLD, DIM, RED, GREEN, YELLOW };

static bool colourful;

static const char *colour(enum colour which)
{
    static const char *const codes[] = {"\033[0m",  "\033[1m",  "\033[2m",
                                        "\033[31m", "\033[32m", "\033[33m"};
    return colourful ? codes[which] : "";
}

static enum colour colour_of(enum suite_verdict verdict)
{
    if (suite_is_failure(verdict))
        return RED;
    return verdict == VERDICT_CONFORMS ? GREEN : verdict == VERDICT_DIFFERS ? YELLOW : DIM;
}

/* ---- The matrix ---------------------------------------------------------------------------- */

/* "no case" only where there is one: a selection, or a table that has run ahead of its cases. */
static unsigned shown_columns(const struct suite *suite)
{
    return matrix_count(suite, NULL, VERDICT_NO_CASE) ? COLUMNS : COLUMNS - 1;
}

static void print_counts(const struct suite *suite, FILE *out, const char *section)
{
    for (unsigned i = 0; i < shown_columns(suite); i++) {
        unsigned count = matrix_count(suite, section, columns[i]);
        if (count == 0)
            fprintf(out, " %s%7s%s", colour(DIM), ".", colour(PLAIN_TEXT));
        else
            fprintf(out, " %s%7u%s", colour(colour_of(columns[i])), count, colour(PLAIN_TEXT));
    }
    fputc('\n', out);
}

static void print_matrix(const struct suite *suite, FILE *out)
{
    fprintf(out, "%-38s", "");
    for (unsigned i = 0; i < shown_columns(suite); i++)
        fprintf(out, " %7s", column_names[i]);
    fputc('\n', out);
    for (enum clause c = 0; c < CLAUSES; c = matrix_section_end(c)) {
        char section[24];
        snprintf(section, sizeof section, "%s", matrix_section(c));
        fprintf(out, "%-12s %-25s", section, matrix_section_title(section));
        print_counts(suite, out, section);
    }
    fprintf(out, "%s%-38s%s", colour(BOLD), "all", colour(PLAIN_TEXT));
    print_counts(suite, out, NULL);
}

/* ---- Details ------------------------------------------------------------------------------- */

/* A text of several lines, each indented. */
static void print_lines(FILE *out, const char *label, const char *text)
{
    if (!text[0])
        return;
    while (*text) {
        int length = (int)strcspn(text, "\n");
        fprintf(out, "      %s%-9s%s %.*s\n", colour(DIM), label, colour(PLAIN_TEXT), length, text);
        text += length + (text[length] == '\n');
        label = "";
    }
}

static void print_run(FILE *out, const struct suite_run *run, const char *readings)
{
    fprintf(out, "    %s%s%s, reading %s: %s\n", colour(BOLD), run->which->name, colour(PLAIN_TEXT),
            readings, run->which->sentence);
    print_lines(out, "expected", run->result.expected);
    print_lines(out, suite_verdict_word(run->verdict), run->result.seen);
    print_lines(out, "trace", run->result.trace);
    print_lines(out, "said", run->said);
    print_lines(out, "at", run->result.place);
}

/* Both readings at once where they came to the same. */
static void print_case(const struct suite *suite, FILE *out, unsigned number)
{
    const struct suite_run *runs = suite_runs_of(suite, number);
    if (matrix_alike(suite, number)) {
        print_run(out, &runs[0], "text and diagram");
        return;
    }
    for (unsigned i = 0; i < suite->profile.judged_count; i++)
        if (suite_is_failure(runs[i].verdict))
            print_run(out, &runs[i], suite_reading_name(runs[i].reading));
}

/* The first of a case's clauses that fails: there the case is shown, elsewhere it is named. */
static enum clause shown_under(const struct suite *suite, unsigned number)
{
    for (enum clause c = 0; c < CLAUSES; c++)
        if (suite_is_failure(suite->clauses[c].verdict) &&
            suite_is_failure(matrix_case_on(suite, number, c)))
            return c;
    return CLAUSES;
}

static void print_cases_of(const struct suite *suite, FILE *out, enum clause clause)
{
    for (unsigned i = 0; i < suite->case_count; i++) {
        const struct conformance_case *which = suite->cases[i];
        if (!suite_is_failure(matrix_case_on(suite, i, clause)))
            continue;
        enum clause place = shown_under(suite, i);
        if (place == clause)
            print_case(suite, out, i);
        else
            fprintf(out, "    %s: see %s\n", which->name, clause_text(place)->id);
    }
}

static void print_clause(const struct suite *suite, FILE *out, enum clause clause, bool detailed)
{
    const struct clause_text *text = clause_text(clause);
    const struct suite_clause *entry = &suite->clauses[clause];
    bool expected = suite->expected && !entry->unexpected;
    fprintf(out, "\n%s%s %s%s%s: %s\n", colour(colour_of(entry->verdict)), text->id,
            suite_verdict_name(entry->verdict), colour(PLAIN_TEXT), expected ? ", as expected" : "",
            text->sentence);
    if (!detailed)
        return;
    fprintf(out, "    %s%s, %s (%s): %s%s\n", colour(DIM), clause_severity_name(text->severity),
            clause_basis_name(text->basis), text->grade, text->page, colour(PLAIN_TEXT));
    if (entry->note[0])
        fprintf(out, "    %s\n", entry->note);
    print_cases_of(suite, out, clause);
}

static void print_failures(const struct suite *suite, FILE *out)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < CLAUSES; i++)
        if (suite_is_failure(suite->clauses[i].verdict))
            print_clause(suite, out, (enum clause)i, shown++ < DETAILED);
    if (shown > DETAILED)
        fprintf(out, "\nDetails of the first %u only; --json and --html have all.\n", DETAILED);
}

/* Advice, and what differs by profile. */
static void print_notes(const struct suite *suite, FILE *out)
{
    for (unsigned i = 0; i < CLAUSES; i++) {
        const struct suite_clause *entry = &suite->clauses[i];
        const struct clause_text *text = clause_text((enum clause)i);
        if (!entry->note[0] || text->severity == SEVERITY_PROFILE_ONLY)
            continue;
        if (entry->verdict == VERDICT_CONFORMS)
            fprintf(out, "\n%s conforms (advice: %s)\n", text->id, entry->note);
        else if (entry->verdict == VERDICT_DIFFERS)
            fprintf(out, "\n%s differs by profile: %s\n", text->id, entry->note);
    }
}

/* ---- All ----------------------------------------------------------------------------------- */

static void print_changes(const struct suite *suite, FILE *out)
{
    char text[256];
    unsigned changed = 0;
    for (unsigned i = 0; i < CLAUSES; i++) {
        if (!suite->clauses[i].unexpected)
            continue;
        expected_explain(suite, (enum clause)i, text, sizeof text);
        fprintf(out, "%s\n", text);
        changed++;
    }
    if (!changed)
        fprintf(out, "exactly as %s expects\n", suite->expected->file);
}

static void print_conclusion(const struct suite *suite, FILE *out)
{
    unsigned failing = 0, tried = 0;
    for (unsigned i = 0; i < CLAUSES; i++) {
        failing += suite_is_failure(suite->clauses[i].verdict);
        tried += suite->clauses[i].verdict >= VERDICT_CONFORMS;
    }
    if (failing == 0)
        fprintf(out, "\n%s%s conforms%s: %u clauses\n", colour(GREEN),
                suite->options->implementation, colour(PLAIN_TEXT), tried);
    else
        fprintf(out, "\n%s%s does not conform%s: %u of %u clauses\n", colour(RED),
                suite->options->implementation, colour(PLAIN_TEXT), failing, tried);
}

void report_text(const struct suite *suite, FILE *out, bool colours)
{
    colourful = colours;
    fprintf(out, "%s%s%s\n", colour(BOLD), suite->options->implementation, colour(PLAIN_TEXT));
    fprintf(out, "profile: reading %s; success %s\n", profile_reading_text(&suite->profile),
            profile_success_text(&suite->profile));
    fprintf(out, "%u cases, %u runs\n\n", suite->case_count, suite->run_count);
    print_matrix(suite, out);
    print_notes(suite, out);
    print_failures(suite, out);
    print_conclusion(suite, out);
    if (suite->expected)
        print_changes(suite, out);
}

void report_deviating(const struct suite *suite, FILE *out)
{
    for (unsigned i = 0; i < CLAUSES; i++)
        if (suite_is_failure(suite->clauses[i].verdict))
            fprintf(out, "%s\n", clause_text((enum clause)i)->id);
}
