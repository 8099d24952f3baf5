/*
 * Files for the tools: read whole, written whole or not at all.
 */
#ifndef CSQFUZZ_FILE_H
#define CSQFUZZ_FILE_H

#include "program.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Read up to `limit` bytes into memory of its own, to be freed by the caller. NULL, and a sentence
 * on stderr, if the file cannot be read or is larger. */
uint8_t *file_read(const char *path, size_t limit, size_t *size);

/* Write to a neighbour first and rename: a full disk or a kill leaves the old file or none, never a
 * half one (what is no regular file is written in place). "-" is standard output. False, and a
 * sentence on stderr, if it cannot be written. */
bool file_write(const char *path, const void *data, size_t size);

/* The same for several: all of them or none. They replace what bears their names. */
#define FILE_SET 4 /* at most */
struct file_piece {
    const char *path;
    const void *data;
    size_t size;
};
bool file_write_set(const struct file_piece *pieces, unsigned count);

/* Has everything printed so far arrived? False, and a sentence on stderr, if not. */
bool file_flush_output(void);

/* Read a program in either form: text if its name ends in .csq or it looks like text. False, and a
 * sentence on stderr ("file:line:column: expected ..." for bad text), if it cannot be. *was_text
 * may be NULL. */
bool file_read_program(const char *path, struct program *program, bool *was_text);

/* Print the text form of a program. */
void file_print_program(FILE *out, const struct program *program);

/* Print the last part of a path for a comment: it may have anything in it, and a newline would
 * begin a line of the program. */
void file_print_name(FILE *out, const char *path);

#endif
