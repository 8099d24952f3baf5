/*
 * What people read: a finding, and a trace step by step.
 */
#ifndef CSQFUZZ_REPORT_H
#define CSQFUZZ_REPORT_H

#include "finding.h"

/* Prints the program that ran, line by line through `out`; knows its format, which this does not.
 */
typedef void report_describe(FILE *out, void *context);

/*
 * Print the finding. Its first two lines are stable: "SUMMARY: csqfuzz: <signature>" and
 * "ASSERTION FAILED: <signature>", which crash services group by. Then the clause and its page,
 * what was seen, the program, the last steps and the hash.
 */
void report_finding(FILE *out, const struct finding *what, report_describe *describe,
                    void *context);

/* Print the hash of the trace so far, by which replays elsewhere can be held to be the same:
 * "trace hash: " and 16 digits. */
void report_hash(FILE *out);

/* Print the events [from, to) of the last execution, a line each; `to` may exceed the end. */
void report_trace(FILE *out, uint64_t from, uint64_t to);

#endif
