/*
 * Stacks for MemorySanitizer: which one runs and its bounds, for its shadow of parameters and of
 * return values that cross the switch, and so that a cut-off stack starts as uninitialised.
 */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "annotate.h"

#include <pthread.h>
#include <sanitizer/msan_interface.h>
#include <stdlib.h>

void annotate_stack_create(struct annotate_stack *stack)
{
    __msan_allocated_memory(stack->bottom, stack->size);
}

void annotate_stack_destroy(struct annotate_stack *stack)
{
    (void)stack;
}

void annotate_stack_adopt(struct annotate_stack *stack)
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
        pthread_attr_getstack(&attributes, &stack->bottom, &stack->size) != 0)
        abort();
    pthread_attr_destroy(&attributes);
}

void annotate_switch_before(struct annotate_stack *from, struct annotate_stack *to)
{
    (void)from;
    __msan_start_switch_fiber(to->bottom, to->size);
}

void annotate_switch_after(struct annotate_stack *self)
{
    const void *bottom;
    size_t size;
    (void)self;
    __msan_finish_switch_fiber(&bottom, &size);
}

void annotate_initialised(void *memory, size_t size)
{
    __msan_unpoison(memory, size);
}
