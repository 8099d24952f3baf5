/*
 * What the tests of the input format share: random inputs, and what must be true of any program.
 */
#ifndef CSQFUZZ_TESTS_PROGRAMS_H
#define CSQFUZZ_TESTS_PROGRAMS_H

#include "fuzz/program.h"
#include "sched/random.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS   20000u
#define MIB      (1u << 20)
#define BYTES    (PROGRAM_HEADER_SIZE + 60u * PROGRAM_RECORD_SIZE)
#define TAG      3u    /* a record's low two bits: a preemption, else an operation */
#define SCHEDULE 0xf8u /* header[0]'s other bits; its low three at zero mean "strategy list" */

static struct sched_random chance = {.state = 20240501};

static inline unsigned below(unsigned bound)
{
    return sched_random_below(&chance, bound);
}

static inline void fill(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)sched_random_next(&chance);
}

/* ---- What is checked of programs ----------------------------------------------------------- */

static inline bool operation_in_range(const struct operation *o)
{
    return o->kind < OPERATION_KINDS && o->thread < SCHED_PROGRAM_THREADS &&
           o->place < OPERATION_PLACES && o->queue < SCENARIO_QUEUES && o->irp < SCENARIO_IRPS &&
           o->context <= SCENARIO_CONTEXTS && o->irql <= 2 && o->answer < OPERATION_ANSWERS &&
           o->match <= 2 && o->fate < OPERATION_FATES;
}

static inline bool is_normal(const struct operation *operation)
{
    struct operation again = *operation;
    program_normalize_operation(&again);
    return memcmp(&again, operation, sizeof again) == 0;
}

static inline bool schedule_in_range(const struct program_schedule *s)
{
    switch (s->strategy) {
    case STRATEGY_LIST:
        return s->parameter < SCHED_PROGRAM_THREADS && s->seed == 0;
    case STRATEGY_WALK:
        return s->parameter >= 1 && s->parameter <= 8;
    case STRATEGY_PCT:
        return s->parameter >= 2 && s->parameter <= 5;
    default:
        return s->strategy < PROGRAM_STRATEGIES && s->parameter == 0;
    }
}

static inline bool scenario_in_range(const struct scenario *s)
{
    bool right = s->irps >= 1 && s->irps <= SCENARIO_IRPS && s->contexts >= 1 &&
                 s->contexts <= SCENARIO_CONTEXTS && s->queues >= 1 && s->queues <= SCENARIO_QUEUES;
    for (int i = 0; i < SCENARIO_QUEUES; i++)
        right = right && s->queue[i].lock < QUEUE_LOCKS && s->queue[i].store < QUEUE_STORES;
    return right;
}

static inline bool preemptions_in_range(const struct program *p)
{
    bool right = p->first_of[0] == 0 && p->first_of[p->operation_count] == p->preemption_count &&
                 p->preemption_count <= PROGRAM_PREEMPTIONS &&
                 (p->schedule.strategy == STRATEGY_LIST || p->preemption_count == 0);
    for (unsigned o = 0; right && o < p->operation_count; o++) {
        right = p->first_of[o] <= p->first_of[o + 1];
        for (unsigned i = p->first_of[o]; right && i < p->first_of[o + 1]; i++)
            right = p->preemptions[i].operation == o && p->preemptions[i].kind < SCHED_KINDS &&
                    p->preemptions[i].visit <= PROGRAM_MAX_VISIT &&
                    p->preemptions[i].to < SCHED_PROGRAM_THREADS;
    }
    return right;
}

static inline bool is_program(const struct program *p)
{
    bool right = schedule_in_range(&p->schedule) && scenario_in_range(&p->scenario) &&
                 p->operation_count <= PROGRAM_OPERATIONS && preemptions_in_range(p);
    for (unsigned o = 0; right && o < p->operation_count; o++)
        right = operation_in_range(&p->operations[o]) && is_normal(&p->operations[o]);
    return right;
}

static inline bool same_operation(const struct operation *a, const struct operation *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Same place and thread to run, whatever the number of the operation it belongs to. */
static inline bool same_meaning(const struct sched_preemption *a, const struct sched_preemption *b)
{
    return a->kind == b->kind && a->visit == b->visit && a->to == b->to;
}

static inline bool same_header(const struct program *a, const struct program *b)
{
    const struct program_schedule *s = &a->schedule, *t = &b->schedule;
    const struct scenario *c = &a->scenario, *d = &b->scenario;
    bool same = s->strategy == t->strategy && s->parameter == t->parameter && s->seed == t->seed &&
                c->diagram == d->diagram && c->irps == d->irps && c->contexts == d->contexts &&
                c->queues == d->queues;
    for (int i = 0; i < SCENARIO_QUEUES; i++)
        same = same && c->queue[i].ex == d->queue[i].ex && c->queue[i].lock == d->queue[i].lock &&
               c->queue[i].store == d->queue[i].store && c->queue[i].eager == d->queue[i].eager;
    return same;
}

static inline bool same_program(const struct program *a, const struct program *b)
{
    bool same = same_header(a, b) && a->operation_count == b->operation_count &&
                a->preemption_count == b->preemption_count;
    for (unsigned o = 0; same && o < a->operation_count; o++)
        same = same_operation(&a->operations[o], &b->operations[o]) &&
               a->first_of[o + 1] == b->first_of[o + 1];
    for (unsigned i = 0; same && i < a->preemption_count; i++)
        same = same_meaning(&a->preemptions[i], &b->preemptions[i]) &&
               a->preemptions[i].operation == b->preemptions[i].operation;
    return same;
}

/* Decode from memory that ends where the input does, into memory full of something else. */
static inline void decode(struct program *program, const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    memset(program, (int)(sched_random_next(&chance) & 0xff), sizeof *program);
    program_decode(program, copy, size);
    free(copy);
}

static struct program program, again;

/* Random bytes, every other time with explicit preemptions; a quarter of the records are some. */
static inline size_t random_input(uint8_t *data)
{
    size_t size = below(BYTES + 1);
    fill(data, size);
    if (size && below(2))
        data[0] &= SCHEDULE;
    return size;
}

static inline unsigned records(const struct program *p)
{
    return p->operation_count + p->preemption_count;
}

/* decode(encode(p)) == p and encode(decode(c)) == c. */
static inline bool survives_bytes(const struct program *p)
{
    uint8_t first[PROGRAM_MAX_SIZE], second[PROGRAM_MAX_SIZE];
    static struct program decoded;
    memset(first, 0xa5, sizeof first);
    memset(second, 0x5a, sizeof second);
    size_t size = program_encode(p, first);
    decode(&decoded, first, size);
    return size == PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE * records(p) &&
           same_program(&decoded, p) && program_encode(&decoded, second) == size &&
           memcmp(first, second, size) == 0;
}

#endif
