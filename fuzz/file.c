#define _GNU_SOURCE /* fileno */
#include "file.h"

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

static bool replace(const char *path, const char *neighbour, const void *data, size_t size)
{
    FILE *file = fopen(neighbour, "wb");
    bool written = file && write_all(file, data, size) && fsync(fileno(file)) == 0;
    int error = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && rename(neighbour, path) == 0)
        return true;
    errno = written ? errno : error;
    complain(path);
    if (file)
        unlink(neighbour);
    return false;
}

bool file_write(const char *path, const void *data, size_t size)
{
    char neighbour[4096];
    struct stat status;
    if (strcmp(path, "-") == 0) {
        write_all(stdout, data, size);
        return file_flush_output();
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return write_in_place(path, data, size);
    int length = snprintf(neighbour, sizeof neighbour, "%s.part%ld", path, (long)getpid());
    if (length < (int)sizeof neighbour)
        return replace(path, neighbour, data, size);
    errno = ENAMETOOLONG;
    complain(path);
    return false;
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
