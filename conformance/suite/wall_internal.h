/* What the two sides of the wall agree on, and the reading of what came through it. */
#ifndef CSQFUZZ_SUITE_WALL_INTERNAL_H
#define CSQFUZZ_SUITE_WALL_INTERNAL_H

#include "wall.h"

/* The signal that asks a hung process to leave its trace and go. */
#define WALL_ENOUGH SIGXCPU

/* In the child: run, with standard error going to `speech`, and end. `result` is memory that the
 * parent sees. */
_Noreturn void wall_child(const struct suite_run *run, enum case_success success,
                          struct case_result *result, int speech);

/* What a process wrote to stderr: the beginning and the end of it. */
struct wall_speech {
    char head[8192], tail[16384];
    size_t head_length, tail_length;
};

/* More of it has come. */
void wall_hear(struct wall_speech *speech, const char *text, size_t length);

/* Keep the telling lines in `said`: a sanitizer's, without addresses, or the last ones. True if a
 * sanitizer spoke; then its summary is in `summary`, else that is empty. */
bool wall_understand(struct wall_speech *speech, char *said, size_t size, char *summary,
                     size_t summary_size);

/* A run's verdict from how its process ended: `status` is waitpid's; `hung`: it was stopped after
 * `seconds`. */
void wall_conclude(struct suite_run *run, int status, bool hung, double seconds,
                   struct wall_speech *speech);

#endif
