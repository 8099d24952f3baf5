/*
 * Programs in processes of their own: what they print and how they end, within a time.
 */
#ifndef CSQFUZZ_PROCESS_H
#define CSQFUZZ_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct process {
    const char *const *argv; /* argv[0]: a path; ends in NULL */
    unsigned seconds;        /* then it, and what it has started, is killed; 0: no limit */
    const volatile sig_atomic_t
        *signal;          /* not 0: it is sent SIGINT and given some seconds; or NULL */
    bool heeds_interrupt; /* else an interrupt kills it */

    /* What came of it. */
    char *output; /* the caller's, `capacity` bytes: both its outputs, always ends in NUL */
    size_t capacity, length;
    bool timed_out;
    int status; /* as waitpid() has it */
};

/* Run it to its end. Output beyond the capacity is read and forgotten. False, and a sentence on
 * stderr, if there can be no process. A program that cannot be executed ends with status 127. */
bool process_run(struct process *process);

/* "exit status 3", "SIGSEGV": how it ended; a string of its own until the next call. */
const char *process_end(const struct process *process);

/*
 * Do `count` pieces of work, `jobs` at a time, each in a process that ends with it: what a piece
 * leaves behind has to be in shared memory or files. done() is called in the parent after each
 * piece, in no particular order. Stops handing out pieces once *signal is not 0, and passes
 * it on. False, and a sentence on stderr, if there can be no processes, or one has died.
 */
struct process_pool {
    unsigned jobs;
    size_t count;
    void (*work)(void *context, size_t piece);
    void (*done)(void *context, size_t piece); /* may be NULL */
    void *context;
    const volatile sig_atomic_t *signal;
};
bool process_pool_run(const struct process_pool *pool);

#endif
