/*
 * What other fuzzers find, for AFL++, whose own way of taking it in comes around once a minute at
 * best: a folder is looked at now and then, and each file in it is handed out once.
 */
#ifndef CSQFUZZ_INTAKE_H
#define CSQFUZZ_INTAKE_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define INTAKE_PATIENCE 4096 /* calls from one look at the folder to the next */

struct intake {
    const char *folder; /* NULL: there is nothing to take in, ever */
    DIR *listing;       /* while a look lasts */
    void *taken;        /* names of files handed out, a tree of tsearch() */
    struct timespec changed;
    unsigned calls; /* since the last look */
};

/* The folder's name must outlive the intake. The first call of intake_next() looks at it. */
void intake_begin(struct intake *intake, const char *folder);

/* The next file that was not handed out yet, cut to max_size. 0: none, or not the time to look.
 * Files belong into the folder by rename; one that is read while half written is not read again. */
size_t intake_next(struct intake *intake, uint8_t *out, size_t max_size);

/* Frees what the intake holds. */
void intake_end(struct intake *intake);

#endif
