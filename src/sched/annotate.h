/*
 * What the sanitizers must be told, since this project switches stacks and simulates locks.
 *
 * Two halves, each with one body a sanitizer, chosen when linking: annotate_order_*.c (none, tsan)
 * and annotate_stack_*.c (none, asan, tsan, msan). Code that calls these is itself compiled without
 * -fsanitize=thread, where
 * __has_feature(thread_sanitizer) says no: hence files and not #if.
 */
#ifndef CSQFUZZ_ANNOTATE_H
#define CSQFUZZ_ANNOTATE_H

#include <stddef.h>

/* ---- Happens-before edges and locks: ThreadSanitizer --------------------------------------- */

/* Everything before a release of `address` happens before everything after an acquire of it. */
void annotate_release(void *address);
void annotate_acquire(void *address);

/* A simulated lock. `try` acquisitions that fail are not annotated at all. Create and destroy
 * bound its life: lock orders from two executions must not combine into a false inversion. */
void annotate_lock_create(void *lock);
void annotate_lock_destroy(void *lock);
void annotate_lock_before_acquire(void *lock);
void annotate_lock_after_acquire(void *lock);
void annotate_lock_before_release(void *lock);
void annotate_lock_after_release(void *lock);

struct annotate_stack;

/* Give a lock back on behalf of a thread that was cut off while it held it; `self` is the caller.
 */
void annotate_lock_abandon(void *lock, struct annotate_stack *owner, struct annotate_stack *self);

/* Brackets around code that is not instrumented but calls what TSan intercepts (memset, free). */
void annotate_ignore_begin(void);
void annotate_ignore_end(void);

/* ---- Stacks: all of them ------------------------------------------------------------------- */

/* One stack as the sanitizers know it. Owned by the fiber; zeroed when new. */
struct annotate_stack {
    void *bottom; /* lowest address */
    size_t size;
    void *fake_stack; /* ASan's */
    void *tsan_fiber; /* TSan's */
};

void annotate_stack_create(struct annotate_stack *stack);
void annotate_stack_destroy(struct annotate_stack *stack);

/* The OS thread's own stack, once, before the first switch. */
void annotate_stack_adopt(struct annotate_stack *stack);

/* Immediately before and after the switch itself; `after` runs on the stack switched to, with
 * what that stack's `before` was given (for its first run: itself). No happens-before edge. */
void annotate_switch_before(struct annotate_stack *from, struct annotate_stack *to);
void annotate_switch_after(struct annotate_stack *self);

/* This memory is initialised although no instrumented code wrote it. */
void annotate_initialised(void *memory, size_t size);

#endif
