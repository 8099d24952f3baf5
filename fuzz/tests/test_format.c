/* The input format as bytes: total, canonical, and what its labels mean. */
#include "programs.h"

/* ---- Total --------------------------------------------------------------------------------- */

static void total_random(void)
{
    static uint8_t data[BYTES];
    unsigned wrong = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        size_t size = below(BYTES + 1);
        fill(data, size);
        decode(&program, data, size);
        decode(&again, data, size);
        wrong += !is_program(&program) || !same_program(&program, &again);
    }
    tap_is(wrong, 0, "total: random inputs are programs, and always the same ones");
}

static void total_truncated(void)
{
    static uint8_t data[BYTES];
    unsigned wrong = 0;
    for (unsigned round = 0; round < 20; round++) {
        fill(data, BYTES);
        for (size_t size = 0; size <= BYTES; size++) {
            decode(&program, data, size);
            wrong += !is_program(&program);
        }
    }
    tap_is(wrong, 0, "total: truncated at any byte");
}

static void total_byte_values(void)
{
    static uint8_t data[PROGRAM_HEADER_SIZE + 2 * PROGRAM_RECORD_SIZE];
    unsigned wrong = 0;
    for (unsigned i = 0; i < sizeof data; i++)
        for (unsigned value = 0; value < 256; value++) {
            fill(data, sizeof data);
            data[i] = (uint8_t)value;
            decode(&program, data, sizeof data);
            wrong += !is_program(&program);
        }
    tap_is(wrong, 0, "total: every value of every byte");
}

static void total_large(void)
{
    uint8_t *data = malloc(MIB);
    unsigned wrong = 0;
    if (!data)
        abort();
    for (unsigned value = 0; value < 256; value++) {
        memset(data, (int)value, MIB);
        program_decode(&program, data, MIB);
        wrong += !is_program(&program);
    }
    for (unsigned round = 0; round < 10; round++) {
        fill(data, MIB);
        decode(&program, data, MIB);
        wrong += !is_program(&program) || program.operation_count != PROGRAM_OPERATIONS;
    }
    free(data);
    tap_is(wrong, 0, "total: one mebibyte, random or of one value");
}

static void empty(void)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    decode(&program, NULL, 0);
    tap_ok(is_program(&program) && program.operation_count == 0 && program.preemption_count == 0,
           "empty: no operations and no preemptions");
    program_decode(&again, NULL, 0);
    tap_ok(same_program(&program, &again), "empty: also without any memory");
    size_t size = program_encode(&program, bytes);
    bool zero = size == PROGRAM_HEADER_SIZE;
    for (size_t i = 0; i < size; i++)
        zero = zero && bytes[i] == 0;
    tap_ok(zero, "empty: canonically a header of zeros");
    unsigned wrong = 0;
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t data[PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE - 1];
        fill(data, sizeof data);
        decode(&program, data, below(sizeof data + 1));
        wrong += program.operation_count != 0;
    }
    tap_is(wrong, 0, "empty: no operations without a whole record");
}

/* ---- Canonical bytes ----------------------------------------------------------------------- */

static void canonical_random(void)
{
    static uint8_t data[BYTES];
    unsigned wrong = 0, lists = 0, preemptions = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        decode(&program, data, random_input(data));
        wrong += !survives_bytes(&program);
        lists += program.schedule.strategy == STRATEGY_LIST;
        preemptions += program.preemption_count;
    }
    tap_is(wrong, 0, "canonical: bytes to program to bytes to program is the identity");
    tap_ok(lists > INPUTS / 4 && preemptions > INPUTS, "canonical: with preemptions among them");
}

/* One operation, for all values of two of its four bytes. */
static void canonical_operations(void)
{
    uint8_t data[PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE] = {0};
    uint8_t *record = data + PROGRAM_HEADER_SIZE;
    unsigned wrong = 0;
    for (unsigned pair = 0; pair < 2; pair++)
        for (unsigned value = 0; value < 0x10000u; value++) {
            fill(record, PROGRAM_RECORD_SIZE);
            record[2 * pair] = (uint8_t)value;
            record[2 * pair + 1] = (uint8_t)(value >> 8);
            decode(&program, data, sizeof data);
            bool is_operation = (record[0] & TAG) != TAG;
            wrong += program.operation_count != is_operation || !is_program(&program) ||
                     !survives_bytes(&program);
        }
    tap_is(wrong, 0, "canonical: all values of an operation's bytes, two at a time");
}

/* Every label byte and every visit byte, on every kind of operation. */
static void canonical_preemptions(void)
{
    uint8_t data[PROGRAM_HEADER_SIZE + 2 * PROGRAM_RECORD_SIZE] = {0};
    uint8_t *operation = data + PROGRAM_HEADER_SIZE, *record = operation + PROGRAM_RECORD_SIZE;
    unsigned wrong = 0, kinds_seen = 0;
    for (unsigned kind = 0; kind < 16; kind++)
        for (unsigned value = 0; value < 256; value++) {
            operation[0] = (uint8_t)(kind << 4);
            record[0] = (uint8_t)(TAG | below(64) << 2);
            record[1] = (uint8_t)value;
            record[2] = (uint8_t)(value * 167 + kind);
            record[3] = (uint8_t)below(256);
            decode(&program, data, sizeof data);
            kinds_seen |= 1u << program.operations[0].kind;
            wrong +=
                program.preemption_count != 1 || !is_program(&program) || !survives_bytes(&program);
        }
    tap_is(wrong, 0, "canonical: all label and visit bytes");
    tap_is(kinds_seen, (1u << OPERATION_KINDS) - 1u, "canonical: on all kinds of operations");
}

static void every_point_can_be_named(void)
{
    static uint8_t bytes[PROGRAM_MAX_SIZE];
    unsigned wrong = 0;
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
        for (unsigned point = 0; point < SCHED_KINDS; point++)
            for (unsigned visit = 0; visit <= PROGRAM_MAX_VISIT; visit++) {
                decode(&program, NULL, 0);
                program.operations[0] = (struct operation){.kind = (uint8_t)kind};
                program_normalize_operation(&program.operations[0]);
                program.operation_count = 1;
                program.first_of[1] = 0;
                wrong += !program_add_preemption(&program, point, visit, visit % 4);
                decode(&again, bytes, program_encode(&program, bytes));
                wrong += !same_program(&program, &again);
            }
    tap_is(wrong, 0, "canonical: any point, visit and thread can be named of any operation");
}

/* ---- Labels -------------------------------------------------------------------------------- */

static bool has_label(const uint8_t *labels, unsigned count, unsigned point)
{
    for (unsigned i = 0; i < count; i++)
        if (labels[i] == point)
            return true;
    return false;
}

static bool labels_are_well_formed(unsigned kind)
{
    const uint8_t *labels = program_labels(kind);
    unsigned count = 0;
    while (labels && labels[count] < SCHED_KINDS) {
        if (has_label(labels, count, labels[count]))
            return false;
        count++;
    }
    return labels && labels[count] == SCHED_KINDS && has_label(labels, count, SCHED_BEGIN) &&
           has_label(labels, count, SCHED_END) && has_label(labels, count, SCHED_EXIT);
}

static unsigned label_count(unsigned kind)
{
    unsigned count = 0;
    while (program_labels(kind)[count] != SCHED_KINDS)
        count++;
    return count;
}

#define ANY_LABEL 0xc0u /* label bytes from here on name any point */

static void label_table(void)
{
    bool right = true;
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
        right = right && labels_are_well_formed(kind);
    tap_ok(right, "labels: each kind of operation lists its points, each once");
    for (unsigned kind = 0; right && kind < OPERATION_KINDS; kind++)
        right = label_count(kind) < ANY_LABEL;
    tap_ok(right && SCHED_KINDS <= 0x100 - ANY_LABEL, "labels: the lists fit a label byte");
}

/* A label byte counts in the operation's own list, modulo. */
static void label_bytes(void)
{
    uint8_t data[PROGRAM_HEADER_SIZE + 2 * PROGRAM_RECORD_SIZE] = {0};
    uint8_t *record = data + PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE;
    bool right = true;
    record[0] = TAG;
    for (unsigned kind = 0; kind < 16; kind++)
        for (unsigned byte = 0; byte < 256; byte++) {
            data[PROGRAM_HEADER_SIZE] = (uint8_t)(kind << 4);
            record[1] = (uint8_t)byte;
            decode(&program, data, sizeof data);
            unsigned own = program.operations[0].kind, expected = (byte - ANY_LABEL) % SCHED_KINDS;
            if (byte < ANY_LABEL)
                expected = program_labels(own)[byte % label_count(own)];
            right = right && program.preemptions[0].kind == expected;
        }
    tap_ok(right, "labels: what each label byte means on each kind of operation");
}

static bool is_word(const char *label)
{
    return label[0] && !strpbrk(label, " \t\r\n#");
}

static void words(void)
{
    bool right = true;
    for (unsigned i = 0; i < SCHED_KINDS; i++)
        right = right && is_word(sched_kind_label(i));
    for (unsigned i = 0; i < OPERATION_KINDS; i++)
        right = right && is_word(operation_name(i)) && strcmp(operation_name(i), "?") != 0;
    tap_ok(right, "labels: each is a single word of the text form");
}

int main(void)
{
    total_random();
    total_truncated();
    total_byte_values();
    total_large();
    empty();
    canonical_random();
    canonical_operations();
    canonical_preemptions();
    every_point_can_be_named();
    label_table();
    label_bytes();
    words();
    return tap_end();
}
