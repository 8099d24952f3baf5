/*
 * A fiber: a stack of its own and the place where it stopped.
 *
 * Switching is boost.context's jump_fcontext (assembly, C ABI, every architecture). This layer adds
 * the guard page and what the sanitizers must be told; it knows nothing of threads or schedules.
 */
#ifndef CSQFUZZ_FIBER_H
#define CSQFUZZ_FIBER_H

#include "annotate.h"

typedef void fiber_entry(void *argument); /* must never return: it switches away for good */

struct fiber {
    void *context; /* boost's fcontext_t while it is not running; NULL before its first stop */
    void *mapping; /* guard page and stack; NULL for an adopted fiber */
    fiber_entry *entry;
    void *argument;
    struct annotate_stack stack;
};

/* Make `fiber` ready to run entry(argument) when first switched to. Aborts if memory is out. */
void fiber_create(struct fiber *fiber, fiber_entry *entry, void *argument);

/* Make it ready to run from the start again, wherever it stopped. What its frames owned leaks. */
void fiber_recreate(struct fiber *fiber);

/* Let `fiber` stand for the caller, on whatever stack it runs. */
void fiber_adopt(struct fiber *fiber);

/* Stop here, go on there. Returns when somebody switches to `from` again. No happens-before. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
