/*
 * AFL++'s custom mutator: mutation, splicing and trimming of whole operations, as a shared object
 * for AFL_CUSTOM_MUTATOR_LIBRARY. It needs no header of AFL++: these are the interface's types, of
 * which `struct afl_state` is none of our business.
 *
 * Inputs from the folder that CSQFUZZ_INTAKE names are passed off as mutants: AFL++ keeps those
 * that show it something new.
 */
#include "intake.h"
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

struct afl_state;
PUBLIC void *afl_custom_init(struct afl_state *afl, unsigned int seed);
PUBLIC size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out,
                              uint8_t *other, size_t other_size, size_t max_size);
PUBLIC int32_t afl_custom_init_trim(void *data, uint8_t *bytes, size_t size);
PUBLIC size_t afl_custom_trim(void *data, uint8_t **out);
PUBLIC int32_t afl_custom_post_trim(void *data, uint8_t success);
PUBLIC void afl_custom_deinit(void *data);

#define CROSSOVER 8 /* one in so many splices two inputs */

struct mutator {
    struct sched_random random;
    struct mutate_trim trim;
    unsigned asked; /* mutations, until the warm-up is over */
    struct intake intake;
    uint8_t out[PROGRAM_MAX_SIZE];
};

/* NULL, as AFL++ has it, if there is no memory. */
void *afl_custom_init(struct afl_state *afl, unsigned int seed)
{
    (void)afl;
    struct mutator *mutator = calloc(1, sizeof *mutator);
    if (!mutator)
        return NULL;
    mutator->random.state = seed;
    intake_begin(&mutator->intake, getenv("CSQFUZZ_INTAKE"));
    return mutator;
}

/* AFL++ skips what has size 0, but insists on memory. */
size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size)
{
    struct mutator *mutator = data;
    size_t most = max_size < sizeof mutator->out ? max_size : sizeof mutator->out;
    size_t kept = size < most ? size : most;
    *out = mutator->out;
    size_t taken = intake_next(&mutator->intake, *out, most);
    if (taken > 0)
        return taken;
    uint64_t seed = sched_random_next(&mutator->random);
    if (mutate_warms_up(&mutator->asked))
        return mutate_fresh_bytes(*out, most, seed);
    bool cross = sched_random_below(&mutator->random, CROSSOVER) == 0;
    if (cross && other && other_size > 0)
        return mutate_cross_bytes(bytes, size, other, other_size, *out, most, seed);
    memcpy(*out, bytes, kept);
    return mutate_bytes(*out, kept, most, seed);
}

/* ---- Trimming ------------------------------------------------------------------------------ */

int32_t afl_custom_init_trim(void *data, uint8_t *bytes, size_t size)
{
    struct mutator *mutator = data;
    return (int32_t)mutate_trim_begin(&mutator->trim, bytes, size);
}

size_t afl_custom_trim(void *data, uint8_t **out)
{
    struct mutator *mutator = data;
    *out = mutator->out;
    return mutate_trim_next(&mutator->trim, *out);
}

int32_t afl_custom_post_trim(void *data, uint8_t success)
{
    struct mutator *mutator = data;
    return (int32_t)mutate_trim_judge(&mutator->trim, success != 0);
}

void afl_custom_deinit(void *data)
{
    struct mutator *mutator = data;
    intake_end(&mutator->intake);
    free(mutator);
}
