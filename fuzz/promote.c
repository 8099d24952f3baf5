#define _GNU_SOURCE /* open_memstream */
#include "promote.h"
#include "file.h"

#include "conformance/clauses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_TEXT (8u << 20)

/* The text comes last: whoever goes through the folder goes by the texts. */
enum { NOTE, BYTES, TEXT, FILES };
static const char *const suffixes[FILES] = {[NOTE] = ".md", [BYTES] = "", [TEXT] = ".csq"};

struct paths {
    char of[FILES][4000];
};

static void name_files(const struct promotion *x, struct paths *paths)
{
    for (unsigned i = 0; i < FILES; i++)
        snprintf(paths->of[i], sizeof paths->of[i], "%s/%s%s", x->folder, x->slug, suffixes[i]);
}

/* ---- The text -------------------------------------------------------------------------------- */

/* What a death that nobody could speak of is called by. */
static const char *name_of_clause(const struct promotion *x)
{
    return x->seen.clause < CLAUSES ? clause_text(x->seen.clause)->id : x->seen.signature;
}

/* A sound library goes on where the finding ended the execution, and may go another way before. */
static void print_text(FILE *out, const struct promotion *x)
{
    fprintf(out, "# %s: was the finding \"%s\"; %s.md says more.\n", name_of_clause(x),
            x->seen.signature, x->slug);
    fprintf(out, "# Without the bug an operation may be skipped, and the schedule may have "
                 "drifted.\n");
    file_print_program(out, &x->program);
}

/* ---- The note -------------------------------------------------------------------------------- */

/* A line of somebody's file, without its "# ": nothing that a terminal or a page would obey. */
static void print_comment(FILE *out, const char *line, size_t length)
{
    fputs("- ", out);
    for (size_t i = 2; i < length; i++)
        fputc((unsigned char)line[i] < 0x20 || line[i] == 0x7f || line[i] == '<' ? '?' : line[i],
              out);
    fputc('\n', out);
}

static bool begins(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static void print_comments(FILE *out, const char *text, size_t size)
{
    for (const char *line = text, *end = text + size; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline ? newline : end) - line);
        if (begins(line, length, "# depth ") || begins(line, length, "# minimized from "))
            print_comment(out, line, length);
        line += length + 1;
    }
}

/* What `csq minimize` has found out about the same signature stands above its result. */
static void print_minimized(FILE *out, const struct promotion *x)
{
    char header[FINDING_SIGNATURE + 20];
    size_t size, length;
    char *text = x->text ? (char *)file_read(x->file, LARGEST_TEXT, &size) : NULL;
    if (!text)
        return;
    length = (size_t)snprintf(header, sizeof header, "# signature: %s\n", x->seen.signature);
    if (size >= length && memcmp(text, header, length) == 0)
        print_comments(out, text + length, size - length);
    free(text);
}

static void print_clause(FILE *out, const struct promotion *x)
{
    if (x->seen.clause >= CLAUSES) {
        fprintf(out, "- clause: none could be named, as the process ended without a word\n");
        return;
    }
    const struct clause_text *clause = clause_text(x->seen.clause);
    fprintf(out, "- clause: `%s`: %s\n- source: %s\n- seen: %s\n", clause->id, clause->sentence,
            clause->page, x->seen.message);
}

static void print_note(FILE *out, const struct promotion *x)
{
    fprintf(out, "# %s\n\n- signature: `%s`\n", x->slug, x->seen.signature);
    print_clause(out, x);
    print_minimized(out, x);
    if (x->seen.hash)
        fprintf(out, "- trace hash with the finding: %016" PRIx64 "\n", x->seen.hash);
    fprintf(out, "- promoted from `");
    file_print_name(out, x->file);
    fprintf(out,
            "`, %s\n\n`csq run %s.csq` replays it:\nwith the bug to this signature and trace "
            "hash, without it to no finding.\n",
            x->text ? "a text" : "bytes", x->slug);
}

/* ---- The three files ------------------------------------------------------------------------- */

static bool print_piece(const struct promotion *x, void (*print)(FILE *, const struct promotion *),
                        char **data, size_t *size)
{
    FILE *memory = open_memstream(data, size);
    if (memory)
        print(memory, x);
    if (memory && fclose(memory) == 0)
        return true;
    perror("csq promote");
    return false;
}

bool promote_write(const struct promotion *x)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    struct paths paths;
    struct file_piece pieces[FILES] = {0};
    char *text = NULL, *note = NULL;
    name_files(x, &paths);
    for (unsigned i = 0; i < FILES; i++)
        pieces[i].path = paths.of[i];
    pieces[BYTES].size = program_encode(&x->program, bytes);
    bool written = print_piece(x, print_text, &text, &pieces[TEXT].size) &&
                   print_piece(x, print_note, &note, &pieces[NOTE].size);
    pieces[BYTES].data = bytes;
    pieces[TEXT].data = text;
    pieces[NOTE].data = note;
    written = written && file_write_set(pieces, FILES);
    free(text);
    free(note);
    return written;
}

void promote_take_back(const struct promotion *x)
{
    struct paths paths;
    name_files(x, &paths);
    for (unsigned i = FILES; i-- > 0;)
        unlink(paths.of[i]);
}

bool promote_is_taken(const struct promotion *x)
{
    struct paths paths;
    struct stat status;
    name_files(x, &paths);
    for (unsigned i = 0; i < FILES; i++) {
        if (lstat(paths.of[i], &status) != 0)
            continue;
        fprintf(stderr, "%s: exists already; give this regression another name\n", paths.of[i]);
        return true;
    }
    return false;
}
