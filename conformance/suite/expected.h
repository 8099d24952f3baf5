/*
 * Expected deviations, so that a maintainer's CI goes red only on change. A file of lines
 *
 *     CSQ-INS-8  deviates   # we do not mark it pending, issue 17
 *
 * with one of deviates, hung, crashed; '#' begins a comment, blank lines mean nothing.
 */
#ifndef CSQFUZZ_SUITE_EXPECTED_H
#define CSQFUZZ_SUITE_EXPECTED_H

#include "suite.h"

struct suite_expected {
    const char *file;
    enum suite_verdict verdicts[CLAUSES]; /* VERDICT_CONFORMS: nothing is expected of it */
};

/* Read the file; a line that is wrong ends the program with "file:line: ...". */
void expected_read(struct suite_expected *expected, const char *file);

/* Mark the clauses that are not as expected; how many? Clauses without a verdict (no case was
 * selected) are passed over. */
unsigned expected_compare(struct suite *suite);

/* What has changed about a clause marked by expected_compare, as a sentence. */
void expected_explain(const struct suite *suite, enum clause clause, char *text, size_t size);

/* Is every clause for which this run fails expected to fail so? */
bool expected_covers(const struct suite *suite, const struct suite_run *run);

/* Write what fails as such a file. */
void expected_write(const struct suite *suite, FILE *out);

#endif
