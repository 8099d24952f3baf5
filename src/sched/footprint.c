/* Footprints. Not instrumented by ThreadSanitizer: the explorer reads and clears them. */
#include "sched.h"

static struct sched_footprint footprints[SCHED_THREADS];
static uint64_t standing[SCHED_THREADS]; /* read by every step in which the library runs */

uint64_t sched_object_bit(enum sched_object object, unsigned n)
{
    static const struct {
        uint8_t first, count;
    } bits[] = {
        [SCHED_OBJECT_FLAG] = {0, 16},  [SCHED_OBJECT_ROUTINE] = {16, 16},
        [SCHED_OBJECT_IRP] = {32, 8},   [SCHED_OBJECT_CONTEXT] = {40, 8},
        [SCHED_OBJECT_QUEUE] = {48, 4}, [SCHED_OBJECT_ATOMIC] = {52, 1},
        [SCHED_OBJECT_WAIT] = {53, 1},
    };
    return 1ull << (bits[object].first + n % bits[object].count);
}

void sched_reads(enum sched_object object, unsigned n)
{
    if (!sched_is_concurrent)
        footprints[sched_running].reads |= sched_object_bit(object, n);
}

void sched_writes(enum sched_object object, unsigned n)
{
    if (!sched_is_concurrent)
        footprints[sched_running].writes |= sched_object_bit(object, n);
}

void sched_stand_by(unsigned irp)
{
    uint64_t bits =
        sched_object_bit(SCHED_OBJECT_FLAG, irp) | sched_object_bit(SCHED_OBJECT_ROUTINE, irp);
    if (sched_is_concurrent)
        return;
    standing[sched_running] |= bits;
    footprints[sched_running].reads |= bits;
}

void sched_stand_down(void)
{
    if (!sched_is_concurrent)
        standing[sched_running] = 0;
}

void sched_touches_memory(uint32_t name, bool store)
{
    uint64_t bit = 1ull << (name * 0x9e3779b1u >> 26);
    if (sched_is_concurrent)
        return;
    if (store)
        footprints[sched_running].stores |= bit;
    else
        footprints[sched_running].loads |= bit;
}

void sched_take_footprint(int thread, bool looks, struct sched_footprint *taken)
{
    struct sched_footprint *since = &footprints[thread];
    *taken = *since;
    since->reads = looks ? standing[thread] : 0;
    since->writes = since->loads = since->stores = 0;
}

void sched_reset_footprints(void)
{
    for (int t = 0; t < SCHED_THREADS; t++) {
        footprints[t] = (struct sched_footprint){0};
        standing[t] = 0;
    }
}
