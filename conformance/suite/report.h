/* The reports: one suite, many forms. Each writes everything to a stream that the caller owns. */
#ifndef CSQFUZZ_SUITE_REPORT_H
#define CSQFUZZ_SUITE_REPORT_H

#include "suite.h"

/* For people at a terminal; `colours`: with escape sequences. */
void report_text(const struct suite *suite, FILE *out, bool colours);

/* For prove: a test a run. */
void report_tap(const struct suite *suite, FILE *out);

/* For CI: a suite a section, a test case a run. */
void report_junit(const struct suite *suite, FILE *out);

/* Everything, for programs; conformance/suite/README.md describes it. */
void report_json(const struct suite *suite, FILE *out);

/* Everything, for people: one page that needs nothing else. */
void report_html(const struct suite *suite, FILE *out);

/* The IDs of the clauses that fail, a line each. */
void report_deviating(const struct suite *suite, FILE *out);

/* ---- Without running anything -------------------------------------------------------------- */

/* The selected cases: name, tab, clauses. */
void report_list(const struct suite *suite, FILE *out);

/* Every clause with its source and its cases; `markdown`: as a table. */
void report_clauses(const struct suite *suite, FILE *out, bool markdown);

/* TAP: every observable clause has a case, no other has. False if that is not so. */
bool report_check(const struct suite *suite, FILE *out);

#endif
