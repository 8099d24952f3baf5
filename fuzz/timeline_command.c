/* csq timeline, csq run --timeline: from an execution to files and to the terminal. */
#define _GNU_SOURCE /* open_memstream */
#include "timeline.h"

#include "file.h"
#include "target.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_SOURCE (8u << 20)

/* What a sanitizer's last words draw with: read beforehand, since then little is safe any more. */
static struct {
    const struct timeline_request *request;
    const struct program *program;
    char *file, *source, *command;
} expected;

/* ---- What comes from outside --------------------------------------------------------------- */

/* Bytes of one character of UTF-8, its code in *code; 0 if it is none. */
static unsigned decode(const unsigned char *at, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    *code = length < 2 ? at[0] : at[0] & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    return length > 1 && *code < least[length] ? 0 : length;
}

/* Neither XML nor a terminal can have it, or it would turn what follows around. */
static bool is_harmful(uint32_t code)
{
    return (code < ' ' && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0) ||
           (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe || code > 0x10ffff ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Replace what is harmful, or no UTF-8. */
static void clean(char *text)
{
    unsigned char *at = (unsigned char *)text;
    uint32_t code;
    while (*at) {
        unsigned length = decode(at, &code);
        if (length == 0 || is_harmful(code)) {
            memset(at, '?', length ? length : 1);
            length = length ? length : 1;
        }
        at += length;
    }
}

static void append_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

/* The program as its file has it, with its comments; one that is bytes, as text. */
static char *source_of(const struct timeline_request *request, const struct program *program)
{
    char *text = NULL;
    size_t size = 0;
    uint8_t *data = file_read(request->file, LARGEST_SOURCE, &size);
    if (data && program_is_text(data, size)) {
        data[size] = '\0'; /* file_read has room for a byte more than its limit */
        return (char *)data;
    }
    free(data);
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return NULL;
    program_print(program, append_line, memory);
    fclose(memory);
    return text;
}

/* ---- Drawing ------------------------------------------------------------------------------- */

enum picture { PICTURE_HTML, PICTURE_SVG, PICTURE_TEXT };

static bool use_ascii(void)
{
    return !setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static bool write_picture(const struct timeline *line, enum picture picture, const char *path)
{
    struct timeline_origin origin = {expected.file, expected.source, expected.command};
    char *text = NULL;
    size_t size = 0;
    if (!path)
        return true;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return false;
    if (picture == PICTURE_HTML)
        timeline_html(line, &origin, memory);
    else if (picture == PICTURE_SVG)
        timeline_svg(line, true, memory);
    else
        timeline_text(line, expected.request->ascii || use_ascii(), memory);
    fclose(memory);
    bool written = file_write(path, text, size);
    free(text);
    return written;
}

bool timeline_draw(const struct timeline_request *request, const struct program *program)
{
    const struct timeline *line = timeline_build(program);
    return write_picture(line, PICTURE_TEXT, request->terminal ? "-" : NULL) &&
           write_picture(line, PICTURE_HTML, request->html) &&
           write_picture(line, PICTURE_SVG, request->svg);
}

static void draw_last_words(void)
{
    timeline_draw(expected.request, expected.program);
}

static char *clean_copy(const char *text)
{
    char *copy = strdup(text);
    if (copy)
        clean(copy);
    return copy;
}

bool timeline_expect(const struct timeline_request *request, const struct program *program)
{
    expected.request = request;
    expected.program = program;
    expected.file = clean_copy(request->file);
    expected.command = clean_copy(request->command);
    expected.source = source_of(request, program);
    if (!expected.file || !expected.command || !expected.source) {
        fprintf(stderr, "csq: out of memory\n");
        return false;
    }
    clean(expected.source);
    target_set_last_words(draw_last_words);
    return true;
}
