/* Outcomes, counted, each with the best schedule known to lead to it. */
#include "execute.h"
#include "explore.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory) {
        fprintf(stderr, "csq: out of memory\n");
        exit(2);
    }
    return memory;
}

/* ---- The table ----------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct exploration *x, const struct outcome *outcome)
{
    uint64_t hash = 0xcbf29ce484222325u;
    if (outcome->violation[0])
        return mix(hash, outcome->violation, strlen(outcome->violation));
    for (unsigned o = 0; o < x->program.operation_count; o++)
        hash = (hash ^ outcome->results[o]) * 0x9e3779b97f4a7c15u >> 7 ^ hash << 9;
    return mix(hash, outcome->irps, x->program.scenario.irps * sizeof outcome->irps[0]);
}

static uint32_t *slot_of(const struct explore_histogram *histogram, uint64_t hash,
                         const struct outcome *outcome)
{
    uint32_t mask = 2 * histogram->room - 1;
    uint32_t at = (uint32_t)(hash >> 20) & mask;
    for (; histogram->slots[at]; at = (at + 1) & mask) {
        const struct explore_outcome *entry = &histogram->entries[histogram->slots[at] - 1];
        if (entry->hash == hash && memcmp(&entry->outcome, outcome, sizeof *outcome) == 0)
            break;
    }
    return &histogram->slots[at];
}

static void grow(struct explore_histogram *histogram)
{
    histogram->room = histogram->room ? 2 * histogram->room : 64;
    histogram->entries =
        must(realloc(histogram->entries, histogram->room * sizeof histogram->entries[0]));
    free(histogram->slots);
    histogram->slots = must(calloc(2 * histogram->room, sizeof histogram->slots[0]));
    for (unsigned i = 0; i < histogram->count; i++) {
        const struct explore_outcome *entry = &histogram->entries[i];
        *slot_of(histogram, entry->hash, &entry->outcome) = i + 1;
    }
}

struct explore_outcome *histogram_find(const struct explore_histogram *histogram,
                                       const struct exploration *x, const struct outcome *outcome)
{
    if (histogram->count == 0)
        return NULL;
    uint32_t slot = *slot_of(histogram, hash_of(x, outcome), outcome);
    return slot ? &histogram->entries[slot - 1] : NULL;
}

struct explore_outcome *histogram_get(struct explore_histogram *histogram,
                                      const struct exploration *x, const struct outcome *outcome)
{
    if (histogram->count == histogram->room)
        grow(histogram);
    uint64_t hash = hash_of(x, outcome);
    uint32_t *slot = slot_of(histogram, hash, outcome);
    if (*slot == 0) {
        histogram->entries[histogram->count] =
            (struct explore_outcome){.outcome = *outcome, .hash = hash};
        *slot = ++histogram->count;
    }
    return &histogram->entries[*slot - 1];
}

void histogram_free(struct explore_histogram *histogram)
{
    for (unsigned i = 0; i < histogram->count; i++)
        free(histogram->entries[i].schedule.list);
    free(histogram->entries);
    free(histogram->slots);
    *histogram = (struct explore_histogram){0};
}

/* ---- Schedules ----------------------------------------------------------------------------- */

/* A switch at a block or an exit takes the processor from nobody. */
unsigned explore_preemptions(void)
{
    const struct sched_trace *trace = sched_trace();
    unsigned preemptions = 0;
    for (uint32_t i = 0; i < trace->switch_count; i++) {
        unsigned kind = trace->events[trace->switches[i].event % SCHED_TRACE_CAPACITY].kind;
        preemptions += kind != SCHED_BLOCK && kind != SCHED_EXIT;
    }
    return preemptions;
}

void explore_keep_schedule(const struct exploration *x, struct explore_outcome *entry,
                           unsigned preemptions)
{
    static struct program list;
    struct explore_schedule *schedule = &entry->schedule;
    bool named = execute_as_list(&x->program, &list);
    if (schedule->named && !named)
        return;
    size_t size = list.preemption_count * sizeof schedule->list[0];
    free(schedule->list);
    schedule->list = named && size ? must(malloc(size)) : NULL;
    if (schedule->list)
        memcpy(schedule->list, list.preemptions, size);
    schedule->count = schedule->list ? list.preemption_count : 0;
    schedule->named = named;
    schedule->preemptions = preemptions;
    schedule->first = list.schedule.parameter;
    schedule->hash = sched_trace()->hash;
}
