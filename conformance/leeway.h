/*
 * How somebody else's implementation goes where the pages leave it a choice (clauses AMB-1 and
 * AMB-6), as far as the harness has been told. Our own library is asked through its setting
 * instead, and judged as if nothing were said here.
 */
#ifndef CSQFUZZ_LEEWAY_H
#define CSQFUZZ_LEEWAY_H

#include <stdbool.h>

struct leeway {
    bool text;  /* an IRP canceled before its insert is never offered to the insert callback; else
                 * either reading is right */
    bool exact; /* only STATUS_SUCCESS of CsqInsertIrpEx queues an IRP: the driver answers with no
                 * other success code */
};
extern struct leeway leeway; /* nothing, at first */

/* Set it from words like "text,nt_success": text, diagram, nt_success, exact, separated by commas.
 * False, and nothing is set, if there is another word. */
bool leeway_set(const char *words);

#endif
