#define _GNU_SOURCE /* fileno */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_PROGRAM (8u << 20)

static void complain(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
}

uint8_t *file_read(const char *path, size_t limit, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = file ? malloc(limit + 1) : NULL;
    if (!data) {
        complain(path);
        if (file)
            fclose(file);
        return NULL;
    }
    *size = fread(data, 1, limit + 1, file);
    bool failed = ferror(file);
    if (failed)
        complain(path);
    else if (*size > limit)
        fprintf(stderr, "%s: larger than %zu bytes\n", path, limit);
    fclose(file);
    if (!failed && *size <= limit)
        return data;
    free(data);
    return NULL;
}

bool file_flush_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    complain("standard output");
    return false;
}

static bool write_all(FILE *file, const void *data, size_t size)
{
    return fwrite(data, 1, size, file) == size && fflush(file) == 0;
}

/* A device, a pipe: there is no half file to be afraid of, and nothing to put in its place. */
static bool write_in_place(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool written = file && write_all(file, data, size);
    if (!written)
        complain(path);
    if (file)
        fclose(file);
    return written;
}

/* What a file's content is called until it has all arrived. */
struct neighbour {
    char path[4096];
};

static bool name_neighbour(const char *path, struct neighbour *to)
{
    int length = snprintf(to->path, sizeof to->path, "%s.part%ld", path, (long)getpid());
    if (length < (int)sizeof to->path)
        return true;
    errno = ENAMETOOLONG;
    complain(path);
    return false;
}

/* Nothing is left of it if it cannot be written whole. */
static bool write_neighbour(const struct neighbour *to, const struct file_piece *piece)
{
    FILE *file = fopen(to->path, "wb");
    bool written = file && write_all(file, piece->data, piece->size) && fsync(fileno(file)) == 0;
    int error = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written)
        return true;
    errno = error;
    complain(piece->path);
    if (file)
        unlink(to->path);
    return false;
}

/* Give them their names; the first that cannot have its own takes back those before it. */
static bool rename_all(const struct neighbour *from, const struct file_piece *pieces,
                       unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (rename(from[i].path, pieces[i].path) == 0)
            continue;
        complain(pieces[i].path);
        for (unsigned j = 0; j < count; j++)
            unlink(j < i ? pieces[j].path : from[j].path);
        return false;
    }
    return true;
}

bool file_write_set(const struct file_piece *pieces, unsigned count)
{
    struct neighbour neighbours[FILE_SET];
    for (unsigned i = 0; i < count; i++) {
        if (name_neighbour(pieces[i].path, &neighbours[i]) &&
            write_neighbour(&neighbours[i], &pieces[i]))
            continue;
        while (i-- > 0)
            unlink(neighbours[i].path);
        return false;
    }
    return rename_all(neighbours, pieces, count);
}

bool file_write(const char *path, const void *data, size_t size)
{
    const struct file_piece piece = {.path = path, .data = data, .size = size};
    struct stat status;
    if (strcmp(path, "-") == 0) {
        write_all(stdout, data, size);
        return file_flush_output();
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return write_in_place(path, data, size);
    return file_write_set(&piece, 1);
}

/* ---- Programs -------------------------------------------------------------------------------- */

void file_print_name(FILE *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    unsigned room = 100;
    for (const char *c = slash ? slash + 1 : path; *c && room-- > 0; c++)
        if (isgraph((unsigned char)*c) && (unsigned char)*c < 0x7f && !strchr("\\`<>", *c))
            fputc(*c, out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*c);
}

static void append_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

void file_print_program(FILE *out, const struct program *program)
{
    program_print(program, append_line, out);
}

static bool ends_in(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcmp(path + length - tail, suffix) == 0;
}

bool file_read_program(const char *path, struct program *program, bool *was_text)
{
    size_t size;
    struct program_error error;
    uint8_t *data = file_read(path, LARGEST_PROGRAM, &size);
    if (!data)
        return false;
    bool text = ends_in(path, ".csq") || program_is_text(data, size);
    bool read = true;
    if (text)
        read = program_parse(program, (const char *)data, size, &error);
    else
        program_decode(program, data, size);
    free(data);
    if (was_text)
        *was_text = text;
    if (!read)
        fprintf(stderr, "%s:%u:%u: %s\n", path, error.line, error.column, error.expected);
    return read;
}
