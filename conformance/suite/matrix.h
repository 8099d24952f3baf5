/* From runs to a verdict for each clause. */
#ifndef CSQFUZZ_SUITE_MATRIX_H
#define CSQFUZZ_SUITE_MATRIX_H

#include "suite.h"

/* Fill in suite->clauses from the runs and the profile. */
void matrix_fill(struct suite *suite);

/* A case's verdict over its readings: its worst failure; else it differs by profile only if it does
 * so in every reading. */
enum suite_verdict matrix_case(const struct suite *suite, unsigned number);

/* What the case says of this clause: its verdict if it names the clause and is not sure that
 * another one is to blame, VERDICT_DEVIATES if it blames this one, VERDICT_NO_CASE if it says
 * nothing. */
enum suite_verdict matrix_case_on(const struct suite *suite, unsigned number, enum clause clause);

/* Is the case judged in two readings, and did it come to the same in both? Then once is enough. */
bool matrix_alike(const struct suite *suite, unsigned number);

/* How many clauses have this verdict: all of them, or those of a section (NULL: all). */
unsigned matrix_count(const struct suite *suite, const char *section, enum suite_verdict verdict);

/* Does any clause fail? */
bool matrix_fails(const struct suite *suite);

/* A section: the clauses whose IDs differ in the number only. "CSQ-INS" of CSQ-INS-8; those of our
 * own, without a number, are "OWN". Valid until the next call. */
const char *matrix_section(enum clause clause);

/* What a section is about: "IoCsqInsertIrp". */
const char *matrix_section_title(const char *section);

/* The first clause after `clause` that is of another section, or CLAUSES. */
enum clause matrix_section_end(enum clause clause);

#endif
