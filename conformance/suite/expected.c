#define _POSIX_C_SOURCE 200809L /* getline */
#include "expected.h"

#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------- */

static bool find_failure(const char *word, enum suite_verdict *verdict)
{
    for (unsigned i = VERDICT_DEVIATES; i < SUITE_VERDICTS; i++)
        if (strcmp(word, suite_verdict_word((enum suite_verdict)i)) == 0) {
            *verdict = (enum suite_verdict)i;
            return true;
        }
    return false;
}

static void read_line(struct suite_expected *expected, char *line, unsigned number)
{
    const char *file = expected->file;
    enum suite_verdict verdict;
    line[strcspn(line, "#\r\n")] = '\0';
    char *id = strtok(line, " \t"), *word = strtok(NULL, " \t"), *rest = strtok(NULL, " \t");
    if (!id)
        return;
    enum clause clause = clause_find(id);
    if (clause == CLAUSES)
        suite_die("%s:%u: there is no clause \"%s\"", file, number, id);
    if (clause_text(clause)->unobserved)
        suite_die("%s:%u: %s cannot be observed, so nothing can be expected of it", file, number,
                  id);
    if (!word || !find_failure(word, &verdict) || rest)
        suite_die("%s:%u: expected \"%s deviates\", \"%s hung\" or \"%s crashed\"", file, number,
                  id, id, id);
    if (expected->verdicts[clause] != VERDICT_CONFORMS)
        suite_die("%s:%u: %s stands there twice", file, number, id);
    expected->verdicts[clause] = verdict;
}

void expected_read(struct suite_expected *expected, const char *file)
{
    char *line = NULL;
    size_t size = 0;
    FILE *in = fopen(file, "r");
    if (!in)
        suite_die("%s: %s", file, strerror(errno));
    expected->file = file;
    for (unsigned i = 0; i < CLAUSES; i++)
        expected->verdicts[i] = VERDICT_CONFORMS;
    errno = 0;
    for (unsigned number = 1; getline(&line, &size, in) >= 0; number++)
        read_line(expected, line, number);
    if (ferror(in))
        suite_die("%s: %s", file, strerror(errno));
    free(line);
    fclose(in);
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static bool is_as_expected(enum suite_verdict expected, enum suite_verdict seen)
{
    return suite_is_failure(seen) ? seen == expected : expected == VERDICT_CONFORMS;
}

unsigned expected_compare(struct suite *suite)
{
    unsigned changed = 0;
    for (unsigned i = 0; suite->expected && i < CLAUSES; i++) {
        struct suite_clause *clause = &suite->clauses[i];
        if (clause->verdict == VERDICT_NOT_OBSERVABLE || clause->verdict == VERDICT_NO_CASE)
            continue;
        clause->unexpected = !is_as_expected(suite->expected->verdicts[i], clause->verdict);
        changed += clause->unexpected;
    }
    return changed;
}

void expected_explain(const struct suite *suite, enum clause clause, char *text, size_t size)
{
    enum suite_verdict seen = suite->clauses[clause].verdict;
    enum suite_verdict expected = suite->expected->verdicts[clause];
    const char *id = clause_text(clause)->id;
    if (!suite_is_failure(seen))
        snprintf(text, size, "%s %s now: take it out of %s", id, suite_verdict_name(seen),
                 suite->expected->file);
    else if (expected == VERDICT_CONFORMS)
        snprintf(text, size, "%s %s, which %s does not expect", id, suite_verdict_name(seen),
                 suite->expected->file);
    else
        snprintf(text, size, "%s %s, where %s expects \"%s\"", id, suite_verdict_name(seen),
                 suite->expected->file, suite_verdict_word(expected));
}

bool expected_covers(const struct suite *suite, const struct suite_run *run)
{
    if (!suite->expected)
        return false;
    for (size_t i = 0; i < run->which->clause_count; i++) {
        enum clause clause = run->which->clauses[i];
        if (suite_is_failure(suite->clauses[clause].verdict) && (suite->clauses[clause].unexpected))
            return false;
    }
    return true;
}

/* ---- Writing ------------------------------------------------------------------------------- */

void expected_write(const struct suite *suite, FILE *out)
{
    fprintf(out, "# What deviates: clause, verdict, comment. For --expect.\n");
    fprintf(out, "# Reading: %s. Success: %s.\n", profile_reading_text(&suite->profile),
            profile_success_text(&suite->profile));
    for (unsigned i = 0; i < CLAUSES; i++)
        if (suite_is_failure(suite->clauses[i].verdict))
            fprintf(out, "%-14s %-8s # %s\n", clause_text((enum clause)i)->id,
                    suite_verdict_word(suite->clauses[i].verdict),
                    clause_text((enum clause)i)->sentence);
}
