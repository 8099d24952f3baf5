#define _GNU_SOURCE /* open_memstream, memmem */
#include "export_text.h"

#include "export.h"

#include "conformance/suite/include_text.h"

#include <stdlib.h>
#include <string.h>

INCLUDE_TEXT(export_base_text, "fuzz/export_base.txt");
INCLUDE_TEXT(export_driver_text, "fuzz/export_driver.txt");
INCLUDE_TEXT(export_main_text, "fuzz/export_main.txt");

/* "spin&!eager": all of these words. */
static bool has_all(char *words)
{
    char *rest = NULL;
    for (char *word = strtok_r(words, "&", &rest); word; word = strtok_r(NULL, "&", &rest))
        if (word[0] == '!' ? export_needs(word + 1) : !export_needs(word))
            return false;
    return true;
}

/* "spin queued": any of these. */
static bool has_any(char *words)
{
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (has_all(word))
            return true;
    return false;
}

/* "//@ when WORDS", "//@ always", "//@ insert NAME". */
static void obey(char *order, bool *wanted, FILE *out)
{
    if (strncmp(order, "when ", 5) == 0)
        *wanted = has_any(order + 5);
    else if (strncmp(order, "insert ", 7) != 0)
        *wanted = true;
    else if (*wanted && !export_insert(order + 7, out))
        abort();
}

static void put_text(const char *text, FILE *out)
{
    bool wanted = true;
    char line[200];
    while (*text) {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
        if (strncmp(line, "//@ ", 4) == 0)
            obey(line + 4, &wanted, out);
        else if (wanted)
            fprintf(out, "%s\n", line);
    }
}

/* What only ThreadSanitizer needs is left out for others. */
static void put_plain_line(const char *line, FILE *out)
{
    static const char harness[] = "HARNESS ";
    const char *at = strstr(line, harness);
    if (strstr(line, "annotate_"))
        return;
    if (at)
        fprintf(out, "%.*s%s\n", (int)(at - line), line, at + sizeof harness - 1);
    else
        fprintf(out, "%s\n", line);
}

void export_body(FILE *out)
{
    char *text = NULL, *rest = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        abort();
    put_text(export_base_text, memory);
    put_text(export_driver_text, memory);
    put_text(export_main_text, memory);
    fclose(memory);
    if (export_needs("tsan")) {
        fputs(text, out);
    } else {
        for (char *line = text; *line; line = rest) {
            size_t length = strcspn(line, "\n");
            rest = line + length + 1; /* every line ends in one */
            line[length] = '\0';
            put_plain_line(line, out);
        }
    }
    free(text);
}
