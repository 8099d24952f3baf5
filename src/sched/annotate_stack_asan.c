/* Stacks for AddressSanitizer: which one runs, its true bounds, and its fake stack. */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "annotate.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>

void annotate_stack_create(struct annotate_stack *stack)
{
    __asan_unpoison_memory_region(stack->bottom, stack->size);
}

/* The fake stack is kept for the next run on the same memory: ASan frees one only when its own
 * fiber leaves it for good, and collects frames of a stack that was cut off by itself. */
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
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
}

void annotate_switch_after(struct annotate_stack *self)
{
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
}

void annotate_initialised(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
