/*
 * The trace being written: private to src/sched. One execution at a time, hence one trace.
 */
#ifndef CSQFUZZ_TRACE_H
#define CSQFUZZ_TRACE_H

#include "sched.h"

extern struct sched_trace trace_now;

/* Start anew. The events of the last execution are not wiped: event_count says what counts. */
static inline void trace_reset(void)
{
    trace_now.hash = 0xcbf29ce484222325u;
    trace_now.event_count = 0;
    trace_now.switch_count = 0;
}

/* One dependent multiplication an event: this is on every step's path. */
static inline uint64_t trace_mix(uint64_t hash, uint64_t what, uint64_t value)
{
    hash = (hash ^ what ^ value * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/* Append; returns where the event lies until the next one. */
static inline struct sched_event *trace_append(unsigned thread, unsigned kind, unsigned operation,
                                               uint32_t object, uint64_t value)
{
    struct sched_event *event = &trace_now.events[trace_now.event_count++ % SCHED_TRACE_CAPACITY];
    event->thread = (uint8_t)thread;
    event->kind = (uint8_t)kind;
    event->operation = (uint16_t)operation;
    event->object = object;
    event->value = value;
    uint64_t what =
        (uint64_t)thread | (uint64_t)kind << 8 | (uint64_t)operation << 16 | (uint64_t)object << 32;
    trace_now.hash = trace_mix(trace_now.hash, what, value);
    return event;
}

/* The strategy took the processor away after the last event. */
static inline void trace_switch(int to)
{
    if (trace_now.switch_count == SCHED_TRACE_CAPACITY)
        return;
    struct sched_switch *entry = &trace_now.switches[trace_now.switch_count++];
    entry->event = (uint32_t)(trace_now.event_count - 1);
    entry->to = (uint8_t)to;
}

#endif
