/*
 * libFuzzer's custom mutator and crossover, for every fuzz target. Engines that know neither, or
 * that lack LLVMFuzzerMutate, do without.
 *
 * libFuzzer chooses evenly between the two, so most of what it calls a crossover mutates instead.
 * That there is a custom mutator makes -len_control=0 the default, which suits us.
 */
#include "mutate.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

/* libFuzzer is not compiled with MemorySanitizer, which therefore does not see what it writes. */
void __msan_unpoison(const volatile void *data, size_t size) __attribute__((weak));

/* One in so many is libFuzzer's own: its dictionary, and bytes that mean nothing to us. */
#define OWN 16

/* One in so many of libFuzzer's crossovers is one; the others are mutations after all. */
#define CROSSOVER 4

/* 0 if there is no such thing, or it did nothing. */
static size_t mutate_as_bytes(uint8_t *data, size_t size, size_t max_size)
{
    size_t changed = LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : 0;
    if (changed == 0 || changed > max_size)
        return 0;
    if (__msan_unpoison)
        __msan_unpoison(data, changed);
    return mutate_canonical(data, changed, max_size);
}

static unsigned asked; /* mutations of both kinds, until the warm-up is over */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct sched_random random = {.state = seed};
    size_t changed = 0;
    if (mutate_warms_up(&asked))
        return mutate_fresh_bytes(data, max_size, sched_random_next(&random));
    if (max_size < PROGRAM_HEADER_SIZE || sched_random_below(&random, OWN) == 0)
        changed = mutate_as_bytes(data, size, max_size);
    return changed ? changed : mutate_bytes(data, size, max_size, sched_random_next(&random));
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed)
{
    struct sched_random random = {.state = seed};
    uint64_t next = sched_random_next(&random);
    if (mutate_warms_up(&asked))
        return mutate_fresh_bytes(out, max_size, next);
    if (sched_random_below(&random, CROSSOVER) == 0)
        return mutate_cross_bytes(data, size, other, other_size, out, max_size, next);
    size_t kept = size < max_size ? size : max_size;
    memcpy(out, data, kept);
    return mutate_bytes(out, kept, max_size, next);
}
