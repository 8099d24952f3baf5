/*
 * Text into a buffer, piece by piece; what does not fit is left out.
 */
#ifndef CSQFUZZ_FORMAT_WRITER_H
#define CSQFUZZ_FORMAT_WRITER_H

struct writer {
    char *at, *end; /* where the next piece goes; one past the buffer, which must not be empty */
};

/* Append; the text so far always ends in NUL. */
void writer_put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
