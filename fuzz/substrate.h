/*
 * The input of csq_substrate_fuzzer, in bytes and as text: a program of substrate calls
 * (conformance/substrate.h). substrate.md has the format.
 */
#ifndef CSQFUZZ_FUZZ_SUBSTRATE_H
#define CSQFUZZ_FUZZ_SUBSTRATE_H

#include "program.h"

#include "conformance/substrate.h"

#define SUBSTRATE_RECORD_SIZE 4
#define SUBSTRATE_MAX_SIZE    (SUBSTRATE_RECORD_SIZE * SUBSTRATE_CALLS)

/* Decode any bytes; never fails. */
void substrate_decode(struct substrate_program *program, const uint8_t *data, size_t size);

/* The canonical bytes, at most SUBSTRATE_MAX_SIZE; returns how many. Decoding them gives the same
 * program. */
size_t substrate_encode(const struct substrate_program *program, uint8_t *data);

/* Hand the text form, line by line, to `line`. */
void substrate_print_program(const struct substrate_program *program, program_line *line,
                             void *context);

/* Is "substrate" the first word that is no comment? */
bool substrate_is_text(const char *text, size_t size);

/* Parse text (need not end in NUL); false and *error if it is not such a program. */
bool substrate_parse(struct substrate_program *program, const char *text, size_t size,
                     struct program_error *error);

#endif
