/*
 * The csq command for programs of csq_substrate_fuzzer: those whose text says "substrate", and any
 * bytes if --substrate does.
 */
#ifndef CSQFUZZ_SUBSTRATE_COMMAND_H
#define CSQFUZZ_SUBSTRATE_COMMAND_H

#include <stdbool.h>

struct substrate_arguments {
    const char *command, *file, *output;
    bool quiet;
};

/* Is the file the text of one? False, too, if it cannot be read. */
bool substrate_is_file(const char *path);

/* show, asm or run it; the process's exit status. */
int substrate_command(const struct substrate_arguments *arguments);

#endif
