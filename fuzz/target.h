/*
 * What every fuzz target and tool does around an execution: set-up, report, sanitizer hooks.
 */
#ifndef CSQFUZZ_TARGET_H
#define CSQFUZZ_TARGET_H

#include "program.h"

#include <stdio.h>

/* Once, before the first execution: mutes what CSQFUZZ_IGNORE names (one signature a line), takes
 * the words of CSQFUZZ_PROFILE (conformance/leeway.h), maps the file that CSQFUZZ_PROGRESS names (8
 * bytes: executions so far, for whoever shows progress) and, in builds whose sanitizer does not,
 * catches fatal signals. What cannot be done ends the process with a sentence. */
void target_initialize(void);

/* One more execution is about to begin. */
void target_count(void);

/* The program that is about to run, for whoever has to report in the middle of it. */
void target_set_program(const struct program *program);

/* The same for an input of another format: what it means is printed by `describe`, a line each. */
typedef void target_description(program_line *line, void *context);
void target_set_description(target_description *describe);

/* Print the finding of the execution that just ended, with its program. */
void target_report(FILE *out);

/* Call this after the report of a sanitizer or a signal, before the process ends; NULL: nothing. */
void target_set_last_words(void (*speak)(void));

/* A sanitizer or a signal speaks: name the running operations and the nearest clause on stderr.
 * `fault` is an enum nearest_fault; `access` is "read", "write", two of them with | between, "" if
 * it is not known. */
void target_fault(int fault, const void *address, const char *description, const char *access);

/* The same from where the process cannot end yet: the execution ends at its next point, or of
 * itself, and target_settle() speaks. */
void target_fault_later(int fault, const void *address, const char *description,
                        const char *access);

/* An execution has ended: if target_fault_later() was called during it, or before, report that and
 * abort(). */
void target_settle(void);

/* One body a sanitizer, chosen when linking (hooks_*.c): install what it needs. */
void target_install_hooks(void);

#endif
