/* File names and contents are any bytes: what becomes of them in each medium. */
#define _GNU_SOURCE /* open_memstream */
#include "triage_report.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How long a character is by its first byte; 0 if none begins so. */
static unsigned claimed_length(unsigned char first)
{
    return first < 0x80   ? 1
           : first < 0xc2 ? 0
           : first < 0xe0 ? 2
           : first < 0xf0 ? 3
           : first < 0xf5 ? 4
                          : 0;
}

/* The character at `text`, and its number; 0 if those bytes are none: cut off, longer than need be,
 * half of a pair or beyond the last. */
static unsigned character(const char *text, uint32_t *number)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned length = claimed_length(bytes[0]);
    if (length <= 1) {
        *number = bytes[0];
        return length;
    }
    *number = bytes[0] & (0xffu >> (length + 1));
    for (unsigned i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) /* the text's end is none either */
            return 0;
        *number = *number << 6 | (bytes[i] & 0x3f);
    }
    bool right =
        *number >= least[length] && *number <= 0x10ffff && (*number < 0xd800 || *number > 0xdfff);
    return right ? length : 0;
}

/* C1 controls, what reorders or ends a line, what is no character: a name could look like another,
 * and XML knows no U+FFFE. */
static bool is_disguise(uint32_t c)
{
    return (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x61c ||
           c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

/* ---- Data and pages ------------------------------------------------------------------------ */

static void put_valid(const char *text, enum triage_medium medium, FILE *out)
{
    uint32_t number;
    while (*text) {
        unsigned length = character(text, &number);
        if (length == 0 || (medium == MEDIUM_PAGE && is_disguise(number)))
            fputs(REPLACEMENT, out);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
}

bool triage_print_valid(const struct triage *triage, triage_printer *print,
                        enum triage_medium medium, FILE *out)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return false;
    print(triage, memory);
    bool printed = !ferror(memory);
    printed = fclose(memory) == 0 && printed;
    if (printed)
        put_valid(text, medium, out);
    free(text);
    return printed && fflush(out) == 0 && !ferror(out);
}

/* ---- Terminals ----------------------------------------------------------------------------- */

char *triage_plain(const char *text)
{
    char *plain = malloc(4 * strlen(text) + 1), *end = plain;
    uint32_t number;
    if (!plain)
        return NULL;
    while (*text) {
        unsigned length = character(text, &number);
        bool printable = length > 0 && number >= ' ' && !is_disguise(number);
        length += length == 0;
        for (unsigned i = 0; i < length; i++)
            end += printable ? (*end = text[i], 1)
                             : sprintf(end, "\\x%02x", (unsigned)(unsigned char)text[i]);
        text += length;
    }
    *end = '\0';
    return plain;
}

/* ---- URIs ---------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/", c));
}

char *triage_uri(const char *path)
{
    char *uri = malloc(3 * strlen(path) + 1), *end = uri;
    if (!uri)
        return NULL;
    for (; *path; path++)
        end += is_unreserved(*path) ? (*end = *path, 1)
                                    : sprintf(end, "%%%02X", (unsigned)(unsigned char)*path);
    *end = '\0';
    return uri;
}
