/*
 * libFuzzer's custom mutator for csq_substrate_fuzzer: records of four bytes are put in, taken out,
 * moved, doubled and changed as wholes, so that those around them keep their meaning.
 */
#include "substrate.h"

#include "sched/random.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* libFuzzer is not compiled with MemorySanitizer, which therefore does not see what it writes. */
void __msan_unpoison(const volatile void *data, size_t size) __attribute__((weak));

#define OWN     8  /* one in so many is libFuzzer's own */
#define FRESH   8  /* one in so many is a new program */
#define LONGEST 24 /* calls of a new one */

static struct sched_random chance;

static unsigned below(unsigned bound)
{
    return sched_random_below(&chance, bound);
}

/* Any, or any of those about IRPs and devices, which come last in the table. */
static struct substrate_call any_call(bool of_irps)
{
    unsigned first = 0;
    while (of_irps && strcmp(substrate_name(first), "irp-allocate") != 0)
        first++;
    struct substrate_call call = {.kind = (uint8_t)(first + below(substrate_kinds() - first))};
    for (unsigned i = 0; i < substrate_operands(call.kind); i++)
        call.operand[i] = (uint8_t)below(below(2) ? 256 : 5);
    return call;
}

static void insert(struct substrate_program *program, struct substrate_call call)
{
    unsigned at = below(program->count + 1);
    if (program->count == SUBSTRATE_CALLS)
        return;
    memmove(&program->calls[at + 1], &program->calls[at],
            (program->count - at) * sizeof program->calls[0]);
    program->calls[at] = call;
    program->count++;
}

static struct substrate_call take_out(struct substrate_program *program)
{
    unsigned at = below(program->count);
    struct substrate_call call = program->calls[at];
    program->count--;
    memmove(&program->calls[at], &program->calls[at + 1],
            (program->count - at) * sizeof program->calls[0]);
    return call;
}

static void change(struct substrate_program *program)
{
    struct substrate_call *call = &program->calls[below(program->count)];
    unsigned operands = substrate_operands(call->kind);
    if (operands)
        call->operand[below(operands)] = (uint8_t)below(below(2) ? 256 : 5);
}

static void mutate_once(struct substrate_program *program)
{
    unsigned what = program->count ? below(8) : 0;
    if (what < 3)
        insert(program, any_call(below(2)));
    else if (what == 3)
        take_out(program);
    else if (what == 4)
        insert(program, take_out(program));
    else if (what == 5)
        insert(program, program->calls[below(program->count)]);
    else
        change(program);
}

static void write_anew(struct substrate_program *program)
{
    bool of_irps = below(2);
    program->count = 0;
    for (unsigned calls = 1 + below(LONGEST); calls > 0; calls--)
        program->calls[program->count++] = any_call(of_irps || below(2));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct substrate_program program;
    uint8_t bytes[SUBSTRATE_MAX_SIZE];
    chance.state = seed;
    if (LLVMFuzzerMutate && below(OWN) == 0) {
        size = LLVMFuzzerMutate(data, size, max_size);
        if (__msan_unpoison)
            __msan_unpoison(data, size);
        return size;
    }
    substrate_decode(&program, data, size);
    if (below(FRESH) == 0)
        write_anew(&program);
    else
        for (unsigned times = 1 + below(4); times > 0; times--)
            mutate_once(&program);
    size = substrate_encode(&program, bytes);
    size = size < max_size ? size : max_size;
    memcpy(data, bytes, size);
    return size;
}
