#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STACK_SIZE (256u * 1024u) /* sanitizers write their reports on it */

/* Below each stack, nothing: overflowing it faults at once. That much of nothing, because Valgrind
 * takes a stack pointer that moves by less than 2 MB for a growing frame, not for another stack. */
#define GUARD_SIZE (4u * 1024u * 1024u)

/* boost.context's C ABI; its headers are C++. */
struct transfer {
    void *context; /* of the side that jumped */
    void *data;
};
struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *stack_top, size_t size, void (*entry)(struct transfer));

/* Arriving on a stack: note where the side that jumped here stopped. */
static void arrive(struct transfer transfer)
{
    annotate_initialised(&transfer, sizeof transfer); /* it comes out of assembly */
    struct fiber *from = transfer.data;
    from->context = transfer.context;
}

/* The one that fiber_switch is about to enter for the first time: jump_fcontext carries a single
 * pointer, and that is the side left. */
static struct fiber *entering;

static void start(struct transfer transfer)
{
    struct fiber *self = entering;
    arrive(transfer);
    annotate_switch_after(&self->stack);
    self->entry(self->argument);
    abort(); /* an entry never returns */
}

static void prepare(struct fiber *fiber)
{
    char *bottom = fiber->stack.bottom;
    fiber->context = make_fcontext(bottom + fiber->stack.size, fiber->stack.size, start);
}

void fiber_create(struct fiber *fiber, fiber_entry *entry, void *argument)
{
    char *mapping = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED ||
        mprotect(mapping + GUARD_SIZE, STACK_SIZE, PROT_READ | PROT_WRITE) != 0) {
        fprintf(stderr, "csqfuzz: cannot map a stack for a logical thread\n");
        abort();
    }
    *fiber = (struct fiber){.mapping = mapping, .entry = entry, .argument = argument};
    fiber->stack.bottom = mapping + GUARD_SIZE;
    fiber->stack.size = STACK_SIZE;
    annotate_stack_create(&fiber->stack);
    prepare(fiber);
}

void fiber_recreate(struct fiber *fiber)
{
    annotate_stack_destroy(&fiber->stack);
    annotate_stack_create(&fiber->stack);
    prepare(fiber);
}

void fiber_adopt(struct fiber *fiber)
{
    *fiber = (struct fiber){0};
    annotate_stack_adopt(&fiber->stack);
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    entering = to;
    annotate_switch_before(&from->stack, &to->stack);
    arrive(jump_fcontext(to->context, from));
    annotate_switch_after(&from->stack);
}
