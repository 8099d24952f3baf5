/* The explorer's state between two executions, as bytes: for checkpoints. */
#include "explore_state.h"

#include <string.h>

#define STATE_VERSION 1u

/* One list of fields for both directions. */
struct cursor {
    uint8_t *bytes; /* NULL: only count them */
    size_t at, size;
    bool reading, failed;
};

static void transfer(struct cursor *cursor, void *field, size_t size)
{
    if (cursor->bytes && cursor->size - cursor->at < size) {
        cursor->failed = true;
        return;
    }
    if (cursor->bytes && cursor->reading)
        memcpy(field, cursor->bytes + cursor->at, size);
    else if (cursor->bytes)
        memcpy(cursor->bytes + cursor->at, field, size);
    cursor->at += size;
}

static void transfer_effect(struct cursor *cursor, struct explore_effect *effect)
{
    transfer(cursor, &effect->touched.reads, sizeof effect->touched.reads);
    transfer(cursor, &effect->touched.writes, sizeof effect->touched.writes);
    transfer(cursor, &effect->touched.loads, sizeof effect->touched.loads);
    transfer(cursor, &effect->touched.stores, sizeof effect->touched.stores);
    transfer(cursor, &effect->took, 1);
    transfer(cursor, &effect->gave, 1);
}

static void transfer_step(struct cursor *cursor, struct explore_step *step)
{
    uint8_t *masks[] = {&step->thread, &step->enabled, &step->backtrack,
                        &step->done,   &step->asleep,  &step->started};
    for (unsigned i = 0; i < sizeof masks / sizeof masks[0]; i++)
        transfer(cursor, masks[i], 1);
    transfer_effect(cursor, &step->effect);
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if ((step->done | step->asleep) >> t & 1)
            transfer_effect(cursor, &step->known[t]);
    transfer(cursor, step->clock, sizeof step->clock);
    transfer(cursor, &step->previous, sizeof step->previous);
}

/* What a reader must not take on trust: everything that is used as an index. */
static bool is_sound(const struct explore_step *step, unsigned index)
{
    uint8_t threads = (1u << SCHED_PROGRAM_THREADS) - 1u;
    uint8_t masks = step->enabled | step->backtrack | step->done | step->asleep;
    return step->thread < SCHED_PROGRAM_THREADS && (step->enabled >> step->thread & 1) &&
           (masks & ~threads) == 0 && step->effect.took <= EXPLORE_LOCKS &&
           step->effect.gave <= EXPLORE_LOCKS && step->previous <= index;
}

static void transfer_state(struct cursor *cursor, struct sched_explore *explorer)
{
    uint32_t version = STATE_VERSION;
    transfer(cursor, &version, sizeof version);
    transfer(cursor, &explorer->executions, sizeof explorer->executions);
    transfer(cursor, &explorer->pruned, sizeof explorer->pruned);
    transfer(cursor, &explorer->truncated, sizeof explorer->truncated);
    transfer(cursor, &explorer->replay, sizeof explorer->replay);
    cursor->failed |= version != STATE_VERSION || explorer->replay > EXPLORE_STEPS;
    for (unsigned i = 0; !cursor->failed && i < explorer->replay; i++) {
        if (cursor->reading)
            explorer->steps[i] = (struct explore_step){0};
        transfer_step(cursor, &explorer->steps[i]);
        cursor->failed |= cursor->reading && !is_sound(&explorer->steps[i], i);
    }
}

size_t sched_explore_save(const struct sched_explore *explorer, uint8_t *bytes, size_t size)
{
    struct cursor cursor = {.bytes = bytes, .size = size};
    transfer_state(&cursor, (struct sched_explore *)explorer); /* which writing leaves alone */
    return cursor.failed ? 0 : cursor.at;
}

bool sched_explore_load(struct sched_explore *explorer, const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {.bytes = (uint8_t *)bytes, .size = size, .reading = true};
    sched_explore_init(explorer);
    transfer_state(&cursor, explorer);
    explorer->length = explorer->replay;
    if (!cursor.failed && cursor.at == size)
        return true;
    sched_explore_init(explorer);
    return false;
}

uint64_t sched_explore_path(const struct sched_explore *explorer, unsigned replay)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (unsigned i = 0; i < replay && i < explorer->length; i++) {
        const struct explore_step *step = &explorer->steps[i];
        hash = (hash ^ step->started ^ (uint64_t)step->enabled << 8) * 0x100000001b3u;
    }
    return hash;
}
