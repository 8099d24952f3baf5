/*
 * Stacks for ThreadSanitizer: each is a thread of its own in TSan's eyes.
 *
 * Switching says "no sync": the order in which the scheduler happened to run two logical threads
 * must not count as synchronisation, or every race would be hidden.
 */
#include "annotate.h"

#include <sanitizer/tsan_interface.h>

void annotate_stack_create(struct annotate_stack *stack)
{
    stack->tsan_fiber = __tsan_create_fiber(0);
}

/* It may have been cut off in the middle and never said that it is done. What it did, on its stack
 * above all, which is used again, comes before whatever follows: two switches that synchronise. */
void annotate_stack_destroy(struct annotate_stack *stack)
{
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(stack->tsan_fiber, 0);
    __tsan_switch_to_fiber(self, 0);
    __tsan_destroy_fiber(stack->tsan_fiber);
    stack->tsan_fiber = NULL;
}

void annotate_stack_adopt(struct annotate_stack *stack)
{
    stack->tsan_fiber = __tsan_get_current_fiber();
}

void annotate_switch_before(struct annotate_stack *from, struct annotate_stack *to)
{
    (void)from;
    __tsan_switch_to_fiber(to->tsan_fiber, __tsan_switch_to_fiber_no_sync);
}

void annotate_switch_after(struct annotate_stack *self)
{
    (void)self;
}

void annotate_initialised(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
