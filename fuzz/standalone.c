/*
 * The engine-free driver: runs a fuzz target over files and folders, in the order given and, within
 * a folder, by name. For machines without a fuzzer, for regression tests and for debuggers.
 */
#define _GNU_SOURCE /* scandir */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#define LARGEST_INPUT (1u << 20)

static unsigned files_run;

static int fail(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
}

static int run_file(const char *path)
{
    static uint8_t buffer[LARGEST_INPUT];
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(path);
    size_t size = fread(buffer, 1, sizeof buffer, file);
    int failed = ferror(file) ? fail(path) : 0;
    fclose(file);
    if (failed)
        return failed;
    uint8_t *copy = malloc(size ? size : 1); /* exactly as large as the input: overreads show */
    if (!copy)
        return fail(path);
    memcpy(copy, buffer, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    files_run++;
    return 0;
}

static int run_path(const char *path);

static int run_folder(const char *path)
{
    struct dirent **entries;
    int failed = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return fail(path);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            failed |= run_path(name);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

static int run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return fail(path);
    return S_ISDIR(status.st_mode) ? run_folder(path) : run_file(path);
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++)
        failed |= run_path(argv[i]);
    printf("%u inputs run, no finding\n", files_run);
    return failed;
}
