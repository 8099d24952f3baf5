/* Report files: opened before the cases run, so that a bad name is said at once; put in place when
 * they are complete. */
#ifndef CSQFUZZ_SUITE_OUTPUT_H
#define CSQFUZZ_SUITE_OUTPUT_H

#include <stdio.h>

struct output {
    const char *path; /* NULL: no such report; "-": standard output */
    FILE *stream;
    char *part; /* the file until it is complete; NULL: `path` itself, a device */
};

/* What cannot be opened ends the program with a sentence. */
void output_open(struct output *output, const char *path);

/* Complete: put it in place. What cannot be written ends the program with a sentence. */
void output_close(struct output *output);

#endif
