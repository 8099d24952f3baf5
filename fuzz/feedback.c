#include "feedback.h"

#include "sched/sched.h"

#include <stdbool.h>
#include <string.h>

__attribute__((section("__libfuzzer_extra_counters"), used)) uint8_t feedback_table[FEEDBACK_SIZE];

/* ---- Situations ---------------------------------------------------------------------------- */

#define NONE OPERATION_KINDS /* outside of any operation */

static bool decides(unsigned kind)
{
    return kind == SCHED_SWAP_AFTER || kind == SCHED_CLAIM_AFTER || kind == SCHED_FLAG_AFTER ||
           kind == SCHED_REMOVE_IN || kind == SCHED_PEEK_OUT;
}

/* The kind of the operation that the thread is in after this event. */
static unsigned operation_after(const struct program *program, const struct sched_event *event)
{
    if (event->kind == SCHED_END || event->kind == SCHED_EXIT ||
        event->operation >= program->operation_count)
        return NONE;
    return program->operations[event->operation].kind;
}

/* What other threads are in: how many in each kind, two bits a kind. */
static uint32_t company(const uint8_t *inside, unsigned self)
{
    uint32_t others = 0;
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if (t != self && inside[t] != NONE)
            others += 1u << (2 * inside[t]);
    return others;
}

/* Finalizer of MurmurHash3: every bit of the situation has a say. */
static unsigned place(uint64_t situation)
{
    situation ^= situation >> 33;
    situation *= 0xff51afd7ed558ccdull;
    situation ^= situation >> 33;
    situation *= 0xc4ceb9fe1a85ec53ull;
    return (unsigned)(situation >> 33) % FEEDBACK_SIZE;
}

static void mark_situations(const struct program *program, const struct sched_trace *trace)
{
    uint8_t inside[SCHED_PROGRAM_THREADS] = {NONE, NONE, NONE, NONE};
    for (uint32_t i = 0; i < sched_trace_kept(trace); i++) {
        const struct sched_event *event = &trace->events[i];
        if (event->thread >= SCHED_PROGRAM_THREADS)
            continue;
        inside[event->thread] = (uint8_t)operation_after(program, event);
        uint32_t others = decides(event->kind) ? company(inside, event->thread) : 0;
        if (others)
            feedback_table[place((uint64_t)others << 16 | (event->value != 0) << 15 |
                                 inside[event->thread] << 8 | event->kind)] = 1;
    }
}

/* ---- AFL++ --------------------------------------------------------------------------------- */

/*
 * AFL++ knows nothing of libFuzzer's counters. Its runtime gives a place in its map to every guard
 * of an instrumented file; here is one guard for each byte of the table, as if this file were one.
 */
extern uint8_t *__afl_area_ptr __attribute__((weak));
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop) __attribute__((weak));

static uint32_t guards[FEEDBACK_SIZE];

__attribute__((constructor)) static void reserve_places(void)
{
    if (&__afl_area_ptr && __sanitizer_cov_trace_pc_guard_init)
        __sanitizer_cov_trace_pc_guard_init(guards, guards + FEEDBACK_SIZE);
}

static void carry_over(void)
{
    for (unsigned i = 0; i < FEEDBACK_SIZE; i++)
        if (feedback_table[i])
            __afl_area_ptr[guards[i]] = 1;
    memset(feedback_table, 0, sizeof feedback_table);
}

void feedback_note(const struct program *program)
{
    mark_situations(program, sched_trace());
    if (&__afl_area_ptr)
        carry_over();
}
