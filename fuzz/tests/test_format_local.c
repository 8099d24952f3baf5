/* The input format under change: local, monotone, and what happens at its limits. */
#include "programs.h"

/* ---- Local --------------------------------------------------------------------------------- */

#define LOCAL_RECORDS 40

/* An input with explicit preemptions; returns how many records it has. */
static unsigned random_list(uint8_t *data)
{
    unsigned count = 1 + below(LOCAL_RECORDS);
    fill(data, PROGRAM_HEADER_SIZE + count * PROGRAM_RECORD_SIZE);
    data[0] &= SCHEDULE;
    for (unsigned r = 0; r < count; r++)
        if (below(3) == 0)
            data[PROGRAM_HEADER_SIZE + r * PROGRAM_RECORD_SIZE] |= TAG;
    return count;
}

static bool is_preemption(const uint8_t *data, unsigned record)
{
    return (data[PROGRAM_HEADER_SIZE + record * PROGRAM_RECORD_SIZE] & TAG) == TAG;
}

static size_t bytes_of(unsigned count)
{
    return PROGRAM_HEADER_SIZE + count * PROGRAM_RECORD_SIZE;
}

/* How many operations there are before this record. */
static unsigned operation_of(const uint8_t *data, unsigned record)
{
    unsigned count = 0;
    for (unsigned r = 0; r < record; r++)
        count += !is_preemption(data, r);
    return count;
}

/* Operation `changed` may differ, and the labels of its own preemptions; nothing else. */
static bool only_operation_differs(const struct program *a, const struct program *b,
                                   unsigned changed)
{
    bool same = same_header(a, b) && a->operation_count == b->operation_count &&
                a->preemption_count == b->preemption_count;
    for (unsigned o = 0; same && o < a->operation_count; o++)
        same = (o == changed || same_operation(&a->operations[o], &b->operations[o])) &&
               a->first_of[o + 1] == b->first_of[o + 1];
    for (unsigned i = 0; same && i < a->preemption_count; i++) {
        const struct sched_preemption *p = &a->preemptions[i], *q = &b->preemptions[i];
        same =
            p->operation == q->operation &&
            (p->operation == changed ? p->visit == q->visit && p->to == q->to : same_meaning(p, q));
    }
    return same;
}

static void local_operations(void)
{
    static uint8_t data[PROGRAM_HEADER_SIZE + LOCAL_RECORDS * PROGRAM_RECORD_SIZE];
    unsigned wrong = 0, checked = 0, labels_changed = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        unsigned count = random_list(data), record = below(count);
        if (is_preemption(data, record))
            continue;
        decode(&program, data, bytes_of(count));
        uint8_t *bytes = data + bytes_of(record);
        fill(bytes, PROGRAM_RECORD_SIZE);
        bytes[0] = (uint8_t)((bytes[0] & ~TAG) | below(3));
        decode(&again, data, bytes_of(count));
        wrong += !only_operation_differs(&program, &again, operation_of(data, record));
        labels_changed += !same_program(&program, &again);
        checked++;
    }
    tap_is(wrong, 0, "local: changing an operation moves no preemption of another");
    tap_ok(checked > INPUTS / 4 && labels_changed > checked / 2, "local: often enough tried");
}

static bool only_preemption_differs(const struct program *a, const struct program *b,
                                    unsigned changed)
{
    bool same = same_header(a, b) && a->operation_count == b->operation_count &&
                a->preemption_count == b->preemption_count;
    for (unsigned o = 0; same && o < a->operation_count; o++)
        same = same_operation(&a->operations[o], &b->operations[o]) &&
               a->first_of[o + 1] == b->first_of[o + 1];
    for (unsigned i = 0; same && i < a->preemption_count; i++)
        same = i == changed || same_meaning(&a->preemptions[i], &b->preemptions[i]);
    return same;
}

static void local_preemptions(void)
{
    static uint8_t data[PROGRAM_HEADER_SIZE + LOCAL_RECORDS * PROGRAM_RECORD_SIZE];
    unsigned wrong = 0, checked = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        unsigned count = random_list(data), record = below(count), index = 0;
        if (!is_preemption(data, record) || operation_of(data, record) == 0)
            continue;
        for (unsigned r = 0; r < record; r++)
            index += is_preemption(data, r) && operation_of(data, r) > 0;
        decode(&program, data, bytes_of(count));
        fill(data + bytes_of(record), PROGRAM_RECORD_SIZE);
        data[bytes_of(record)] |= TAG;
        decode(&again, data, bytes_of(count));
        wrong += !only_preemption_differs(&program, &again, index);
        checked++;
    }
    tap_is(wrong, 0, "local: changing a preemption changes no other");
    tap_ok(checked > INPUTS / 8, "local: often enough tried, too");
}

/* ---- Monotone ------------------------------------------------------------------------------ */

static void drop_record(uint8_t *data, unsigned count, unsigned record)
{
    memmove(data + bytes_of(record), data + bytes_of(record + 1),
            (count - record - 1) * PROGRAM_RECORD_SIZE);
}

/* Is `less` what `more` is, without its operation `gone` (none: operation_count)? */
static bool is_without(const struct program *less, const struct program *more, unsigned gone)
{
    bool same = less->operation_count + (gone < more->operation_count) == more->operation_count;
    for (unsigned o = 0; same && o < less->operation_count; o++)
        same = same_operation(&less->operations[o], &more->operations[o + (o >= gone)]);
    return same;
}

static void monotone_dropping(void)
{
    static uint8_t data[PROGRAM_HEADER_SIZE + LOCAL_RECORDS * PROGRAM_RECORD_SIZE];
    unsigned wrong = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        unsigned count = random_list(data), record = below(count);
        bool preemption = is_preemption(data, record);
        decode(&program, data, bytes_of(count));
        unsigned gone = preemption ? PROGRAM_OPERATIONS : operation_of(data, record);
        bool belonged = preemption && operation_of(data, record) > 0;
        drop_record(data, count, record);
        decode(&again, data, bytes_of(count - 1));
        wrong += again.preemption_count > program.preemption_count ||
                 !is_without(&again, &program, gone) ||
                 (preemption && again.preemption_count + belonged != program.preemption_count) ||
                 (gone > 0 && !preemption && again.preemption_count != program.preemption_count);
    }
    tap_is(wrong, 0,
           "monotone: dropping a record drops that operation or preemption and adds none");
}

static void monotone_truncating(void)
{
    uint8_t *data = malloc(MIB);
    unsigned wrong = 0;
    if (!data)
        abort();
    for (unsigned i = 0; i < 400; i++) {
        size_t size = below(i % 8 ? 2000 : 20000);
        fill(data, size);
        if (size)
            data[0] &= SCHEDULE;
        decode(&program, data, size);
        for (unsigned cut = 0; cut < 20 && size > PROGRAM_HEADER_SIZE; cut++) {
            size = PROGRAM_HEADER_SIZE + below((unsigned)size - PROGRAM_HEADER_SIZE);
            decode(&again, data, size);
            wrong += again.operation_count > program.operation_count ||
                     again.preemption_count > program.preemption_count;
            for (unsigned o = 0; o < again.operation_count; o++)
                wrong += !same_operation(&again.operations[o], &program.operations[o]);
            program = again;
        }
    }
    free(data);
    tap_is(wrong, 0, "monotone: truncating adds nothing, also beyond the limits");
}

static void monotone_without_preemptions(void)
{
    static uint8_t data[PROGRAM_HEADER_SIZE + 4 * PROGRAM_RECORD_SIZE];
    data[PROGRAM_HEADER_SIZE] = TAG;
    data[PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE] = TAG;
    decode(&program, data, sizeof data);
    tap_ok(program.operation_count == 2 && program.preemption_count == 0,
           "monotone: preemptions before the first operation are none");
    data[PROGRAM_HEADER_SIZE + 3 * PROGRAM_RECORD_SIZE] = TAG;
    bool none = true;
    for (unsigned strategy = 1; strategy < 8; strategy++) {
        data[0] = (uint8_t)strategy;
        decode(&program, data, sizeof data);
        none = none && program.schedule.strategy != STRATEGY_LIST && program.preemption_count == 0;
    }
    tap_ok(none, "monotone: a seeded strategy has no preemptions");
}

/* ---- Limits -------------------------------------------------------------------------------- */

static uint8_t *limit_input(unsigned operations, unsigned preemptions_each, unsigned after,
                            size_t *size)
{
    *size = bytes_of(operations * (1 + preemptions_each) + after);
    uint8_t *data = calloc(1, *size), *at = data + PROGRAM_HEADER_SIZE;
    if (!data)
        abort();
    for (unsigned o = 0; o < operations; o++) {
        at[0] = (uint8_t)(o % 4 << 2);
        at += PROGRAM_RECORD_SIZE;
        for (unsigned i = 0; i < preemptions_each; i++, at += PROGRAM_RECORD_SIZE)
            at[0] = TAG;
    }
    for (unsigned i = 0; i < after; i++, at += PROGRAM_RECORD_SIZE)
        at[0] = TAG;
    return data;
}

static void decode_limits(unsigned operations, unsigned preemptions_each, unsigned after)
{
    size_t size;
    uint8_t *data = limit_input(operations, preemptions_each, after, &size);
    decode(&program, data, size);
    free(data);
}

static void limits_of_bytes(void)
{
    decode_limits(300, 0, 0);
    bool order = program.operation_count == PROGRAM_OPERATIONS;
    for (unsigned o = 0; order && o < PROGRAM_OPERATIONS; o++)
        order = program.operations[o].thread == o % 4;
    tap_ok(order && is_program(&program), "limits: of 300 operations the first 256 are kept");
    decode_limits(256, 0, 7);
    tap_ok(program.preemption_count == 7 && program.preemptions[6].operation == 255,
           "limits: the 256th may have preemptions");
    decode_limits(257, 0, 7);
    tap_ok(program.operation_count == 256 && program.preemption_count == 0,
           "limits: the 257th's are not taken for its");
    decode_limits(1, 600, 0);
    tap_ok(program.preemption_count == PROGRAM_PREEMPTIONS && is_program(&program),
           "limits: of 600 preemptions 512 are kept");
    decode_limits(200, 3, 0);
    tap_ok(program.operation_count == 200 && program.preemption_count == PROGRAM_PREEMPTIONS &&
               is_program(&program),
           "limits: operations after the last preemption that fits are kept");
}

static void limits_of_encoding(void)
{
    decode_limits(256, 2, 0);
    uint8_t *data = malloc(PROGRAM_MAX_SIZE);
    if (!data)
        abort();
    tap_is((long long)program_encode(&program, data), PROGRAM_MAX_SIZE,
           "limits: a full program takes PROGRAM_MAX_SIZE");
    decode(&again, data, PROGRAM_MAX_SIZE);
    tap_ok(same_program(&program, &again) && survives_bytes(&program), "limits: and survives");
    tap_ok(!program_add_preemption(&program, 0, 0, 0) && program.preemption_count == 512,
           "limits: there is no room for another preemption");
    decode_limits(0, 0, 0);
    tap_ok(!program_add_preemption(&program, 0, 0, 0), "limits: nor one without an operation");
    free(data);
}

int main(void)
{
    local_operations();
    local_preemptions();
    monotone_dropping();
    monotone_truncating();
    monotone_without_preemptions();
    limits_of_bytes();
    limits_of_encoding();
    return tap_end();
}
