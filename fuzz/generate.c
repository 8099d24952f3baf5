#include "generate.h"

/* Short programs are run sooner and bring few parties together often; long ones bring about what
 * takes a history. Which of them a bug wants is not known, so a search has all. */
static const uint8_t sizes[] = {4, 8, 16, 32, 63};

static uint8_t random_byte(struct sched_random *random)
{
    return (uint8_t)sched_random_below(random, 256);
}

/* The tag of a preemption (fuzz/README.md) is drawn again: every record is to be an operation. */
static uint8_t random_tag(struct sched_random *random, unsigned threads)
{
    unsigned kind = sched_random_below(random, 16);
    unsigned thread = sched_random_below(random, threads);
    return (uint8_t)(kind << 4 | thread << 2);
}

/* Through the decoder, so that what is uniform follows the format when that changes. */
void generate_program(struct program *program, struct sched_random *random)
{
    uint8_t data[PROGRAM_HEADER_SIZE + 63 * PROGRAM_RECORD_SIZE] = {0};
    unsigned most = sizes[sched_random_below(random, sizeof sizes)];
    unsigned count = 1 + sched_random_below(random, most);
    unsigned threads = 2 + sched_random_below(random, SCHED_PROGRAM_THREADS - 1);
    size_t size = PROGRAM_HEADER_SIZE + (size_t)count * PROGRAM_RECORD_SIZE;
    for (size_t i = 5; i < size; i++)
        data[i] = random_byte(random);
    for (size_t i = PROGRAM_HEADER_SIZE; i < size; i += PROGRAM_RECORD_SIZE)
        data[i] = random_tag(random, threads);
    program_decode(program, data, size);
}

void generate_schedule(struct program *program, unsigned strategy, unsigned depth,
                       struct sched_random *random)
{
    struct program_schedule *schedule = &program->schedule;
    schedule->strategy = (uint8_t)strategy;
    schedule->parameter = 0;
    if (strategy == STRATEGY_WALK)
        schedule->parameter = (uint8_t)(1 + sched_random_below(random, 8));
    if (strategy == STRATEGY_PCT)
        schedule->parameter = (uint8_t)depth;
    schedule->seed = (uint32_t)sched_random_next(random);
}
