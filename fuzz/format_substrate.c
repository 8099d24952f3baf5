#include "format_writer.h"
#include "substrate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- Bytes ----------------------------------------------------------------------------------- */

void substrate_decode(struct substrate_program *program, const uint8_t *data, size_t size)
{
    program->count = 0;
    for (; size >= SUBSTRATE_RECORD_SIZE && program->count < SUBSTRATE_CALLS;
         data += SUBSTRATE_RECORD_SIZE, size -= SUBSTRATE_RECORD_SIZE) {
        struct substrate_call *call = &program->calls[program->count++];
        call->kind = (uint8_t)(data[0] % substrate_kinds());
        for (unsigned i = 0; i < SUBSTRATE_OPERANDS; i++)
            call->operand[i] = i < substrate_operands(call->kind) ? data[1 + i] : 0;
    }
}

size_t substrate_encode(const struct substrate_program *program, uint8_t *data)
{
    for (unsigned c = 0; c < program->count; c++) {
        *data++ = program->calls[c].kind;
        memcpy(data, program->calls[c].operand, SUBSTRATE_OPERANDS);
        data += SUBSTRATE_OPERANDS;
    }
    return program->count * SUBSTRATE_RECORD_SIZE;
}

/* ---- To text --------------------------------------------------------------------------------- */

void substrate_print_program(const struct substrate_program *program, program_line *line,
                             void *context)
{
    char text[80];
    line(context, "substrate 1");
    for (unsigned c = 0; c < program->count; c++) {
        const struct substrate_call *call = &program->calls[c];
        struct writer writer = {.at = text, .end = text + sizeof text};
        writer_put(&writer, "%s", substrate_name(call->kind));
        for (unsigned i = 0; i < substrate_operands(call->kind); i++)
            writer_put(&writer, " %u", call->operand[i]);
        line(context, text);
    }
}

/* ---- From text ------------------------------------------------------------------------------- */

struct reader {
    const char *at, *end, *line;
    unsigned number; /* of the line */
};

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r'))
        reader->at++;
    if (reader->at < reader->end && *reader->at == '#')
        while (reader->at < reader->end && *reader->at != '\n')
            reader->at++;
}

static bool at_end_of_line(struct reader *reader)
{
    skip_blanks(reader);
    return reader->at == reader->end || *reader->at == '\n';
}

/* To the first word of the next line that has one; false at the end. */
static bool next_line(struct reader *reader)
{
    while (at_end_of_line(reader)) {
        if (reader->at == reader->end)
            return false;
        reader->line = ++reader->at;
        reader->number++;
    }
    return true;
}

static size_t word_length(const struct reader *reader)
{
    const char *p = reader->at;
    while (p < reader->end && !isspace((unsigned char)*p) && *p != '#')
        p++;
    return (size_t)(p - reader->at);
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t length = word_length(reader);
    if (length != strlen(word) || memcmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool expected(const struct reader *reader, struct program_error *error, const char *what)
{
    error->line = reader->number;
    error->column = (unsigned)(reader->at - reader->line) + 1;
    snprintf(error->expected, sizeof error->expected, "expected %s", what);
    return false;
}

static bool take_byte(struct reader *reader, uint8_t *byte)
{
    unsigned value = 0;
    size_t length = word_length(reader);
    for (size_t i = 0; i < length; i++) {
        if (i == 3 || !isdigit((unsigned char)reader->at[i]))
            return false;
        value = 10 * value + (unsigned)(reader->at[i] - '0');
    }
    if (length == 0 || value > 255)
        return false;
    *byte = (uint8_t)value;
    reader->at += length;
    return true;
}

static bool take_call(struct reader *reader, struct substrate_call *call,
                      struct program_error *error)
{
    char what[80];
    unsigned kind = 0;
    while (kind < substrate_kinds() && !take_word(reader, substrate_name(kind)))
        kind++;
    if (kind == substrate_kinds())
        return expected(reader, error, "the name of a call");
    *call = (struct substrate_call){.kind = (uint8_t)kind};
    for (unsigned i = 0; i < substrate_operands(kind); i++) {
        skip_blanks(reader);
        snprintf(what, sizeof what, "0 to 255: %s", substrate_meaning(kind));
        if (!take_byte(reader, &call->operand[i]))
            return expected(reader, error, what);
    }
    return at_end_of_line(reader) || expected(reader, error, "the end of the line");
}

static bool take_head(struct reader *reader)
{
    if (!next_line(reader) || !take_word(reader, "substrate"))
        return false;
    skip_blanks(reader);
    return take_word(reader, "1") && at_end_of_line(reader);
}

static struct reader begin(const char *text, size_t size)
{
    return (struct reader){.at = text, .end = text + size, .line = text, .number = 1};
}

bool substrate_is_text(const char *text, size_t size)
{
    struct reader reader = begin(text, size);
    return next_line(&reader) && take_word(&reader, "substrate");
}

bool substrate_parse(struct substrate_program *program, const char *text, size_t size,
                     struct program_error *error)
{
    struct reader reader = begin(text, size);
    program->count = 0;
    if (!take_head(&reader))
        return expected(&reader, error, "substrate 1");
    while (next_line(&reader)) {
        if (program->count == SUBSTRATE_CALLS)
            return expected(&reader, error, "no more than 128 calls");
        if (!take_call(&reader, &program->calls[program->count++], error))
            return false;
    }
    return true;
}
