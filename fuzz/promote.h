/*
 * Promoting: a finding becomes a regression, three files in corpus/regressions.
 *
 *   promote.c          what they have in them
 *   promote_command.c  `csq promote`: is it a finding, may it have that name
 *
 *   SLUG.csq  the program as text, each switch of threads named
 *   SLUG      the same as bytes
 *   SLUG.md   a note: what was seen, and how to see it again
 */
#ifndef CSQFUZZ_PROMOTE_H
#define CSQFUZZ_PROMOTE_H

#include "minimize.h"
#include "program.h"

#include <stdbool.h>

struct promotion {
    const char *file;   /* what it is made from */
    const char *slug;   /* its name */
    const char *folder; /* where the three go */
    bool text;          /* the file is in the text form */
    struct program program;
    struct minimize_seen seen; /* how that ended */
};

/* Write the three files, all or none. False, and a sentence on stderr, if that cannot be done. */
bool promote_write(const struct promotion *x);

/* Take them away again. */
void promote_take_back(const struct promotion *x);

/* Is there a file already that one of the three would replace? Says so on stderr. */
bool promote_is_taken(const struct promotion *x);

/* `csq promote ARGUMENTS`; argv[0] is "promote". */
int promote_command(int argc, char **argv);

#endif
