/*
 * Where threads can be switched: at sync granularity, as always, or at each load and store of the
 * code under test besides, in builds that show them (clang; see src/sched/memory.c).
 */
#ifndef CSQFUZZ_GRANULARITY_H
#define CSQFUZZ_GRANULARITY_H

#include <stdbool.h>

/* Is it "sync" (false in *memory) or "memory"? False if it is neither. */
bool granularity_parse(const char *word, bool *memory);

/* From now on memory granularity. False if this build has none; whoever asked should say so with
 * these words. */
#define GRANULARITY_MISSING "this build has no memory granularity: compile with clang"
bool granularity_set_memory(void);

#endif
