/* Stacks for builds whose tools do not care which stack runs: plain, UBSan, coverage. */
#include "annotate.h"

void annotate_stack_create(struct annotate_stack *stack)
{
    (void)stack;
}
void annotate_stack_destroy(struct annotate_stack *stack)
{
    (void)stack;
}
void annotate_stack_adopt(struct annotate_stack *stack)
{
    (void)stack;
}
void annotate_switch_before(struct annotate_stack *from, struct annotate_stack *to)
{
    (void)from;
    (void)to;
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
