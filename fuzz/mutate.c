#include "mutate.h"
#include "mutate_draft.h"

#include <string.h>

/* How often each is drawn; what does not apply is drawn again. Under most strategies the seed alone
 * decides who runs when: another seed is the cheapest new schedule. */
static const uint8_t weights[MUTATIONS] = {
    [MUTATE_ADD_OPERATION] = 8,       [MUTATE_DROP_OPERATION] = 4,
    [MUTATE_MOVE_OPERATION] = 3,      [MUTATE_DUPLICATE_OPERATION] = 3,
    [MUTATE_CHANGE_KIND] = 3,         [MUTATE_CHANGE_THREAD] = 4,
    [MUTATE_CHANGE_PLACE] = 2,        [MUTATE_RETARGET_OPERATION] = 5,
    [MUTATE_CHANGE_DETAIL] = 3,       [MUTATE_ADD_PREEMPTION] = 4,
    [MUTATE_DROP_PREEMPTION] = 1,     [MUTATE_MOVE_PREEMPTION] = 4,
    [MUTATE_RETARGET_PREEMPTION] = 1, [MUTATE_CHANGE_STRATEGY] = 3,
    [MUTATE_CHANGE_PARAMETER] = 2,    [MUTATE_CHANGE_SEED] = 10,
    [MUTATE_CHANGE_SCENARIO] = 4,     [MUTATE_FRESH_PROGRAM] = 0,
};

/* One in so many mutations starts anew, whatever the input: random programs find what is shallow
 * sooner than a corpus does, and feed it. */
#define FRESH 16
#define MOST  6 /* mutations at once */

static enum mutation draw(struct sched_random *random)
{
    unsigned total = 0, kind = 0;
    for (unsigned i = 0; i < MUTATIONS; i++)
        total += weights[i];
    unsigned at = chance(random, total);
    while (at >= weights[kind])
        at -= weights[kind++];
    return kind;
}

void mutate_program(struct program *program, struct sched_random *random, unsigned room)
{
    if (program->operation_count == 0 || chance(random, FRESH) == 0) {
        mutate_fresh(program, random, room);
        return;
    }
    unsigned left = 1;
    while (left < MOST && chance(random, 2))
        left++;
    while (left > 0)
        left -= mutate_once(program, draw(random), random, room);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

unsigned mutate_room(size_t size)
{
    size_t room =
        size < PROGRAM_HEADER_SIZE ? 0 : (size - PROGRAM_HEADER_SIZE) / PROGRAM_RECORD_SIZE;
    return room < DRAFT_CAPACITY ? (unsigned)room : DRAFT_CAPACITY;
}

/* An input may have been larger than what it may become. */
static size_t encode(struct program *program, uint8_t *data, size_t max_size)
{
    static struct draft draft;
    static uint8_t bytes[PROGRAM_MAX_SIZE];
    if (max_size < PROGRAM_HEADER_SIZE)
        return 0;
    draft_open(&draft, program, mutate_room(max_size));
    draft_close(&draft, program);
    size_t size = program_encode(program, bytes);
    memcpy(data, bytes, size);
    return size;
}

size_t mutate_canonical(uint8_t *data, size_t size, size_t max_size)
{
    static struct program program;
    program_decode(&program, data, size);
    return encode(&program, data, max_size);
}

size_t mutate_bytes(uint8_t *data, size_t size, size_t max_size, uint64_t seed)
{
    static struct program program;
    struct sched_random random = {.state = seed};
    program_decode(&program, data, size);
    mutate_program(&program, &random, mutate_room(max_size));
    return encode(&program, data, max_size);
}

size_t mutate_fresh_bytes(uint8_t *data, size_t max_size, uint64_t seed)
{
    static struct program program;
    struct sched_random random = {.state = seed};
    mutate_fresh(&program, &random, mutate_room(max_size));
    return encode(&program, data, max_size);
}

size_t mutate_cross_bytes(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                          uint8_t *out, size_t max_size, uint64_t seed)
{
    static struct program program, second;
    struct sched_random random = {.state = seed};
    program_decode(&program, data, size);
    program_decode(&second, other, other_size);
    mutate_cross(&program, &second, &random, mutate_room(max_size));
    return encode(&program, out, max_size);
}
