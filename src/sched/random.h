/*
 * The only source of chance: splitmix64 from a seed that is part of the input.
 */
#ifndef CSQFUZZ_RANDOM_H
#define CSQFUZZ_RANDOM_H

#include <stdint.h>

struct sched_random {
    uint64_t state; /* the seed */
};

static inline uint64_t sched_random_next(struct sched_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0..bound-1; bound must not be 0. Slightly biased, which no caller minds. */
static inline uint32_t sched_random_below(struct sched_random *random, uint32_t bound)
{
    return (uint32_t)((sched_random_next(random) >> 32) * bound >> 32);
}

#endif
