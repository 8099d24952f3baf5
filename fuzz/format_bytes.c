/*
 * Bytes to program and back. Total (every byte string is a program), local (records do not shift
 * one another's meaning) and monotone (fewer bytes: fewer operations or preemptions).
 *
 * One stateful read per statement: the order in which a compiler evaluates f(rd(), rd()) is its
 * own affair, and the meaning of an input must not be.
 */
#include "program.h"

#include <string.h>

enum { TAG_PREEMPTION = 3 }; /* the low two bits of a record's first byte; 0..2: an operation */

/* What the four bits of an operation's kind mean: common ones more often. */
static const uint8_t kinds[16] = {OP_INSERT,    OP_CANCEL, OP_REMOVE_NEXT, OP_REMOVE,
                                  OP_INSERT_EX, OP_DRAIN,  OP_COMPLETE,    OP_CANCEL_LOCK,
                                  OP_INSERT,    OP_CANCEL, OP_REMOVE_NEXT, OP_REMOVE,
                                  OP_INSERT_EX, OP_CANCEL, OP_INSERT,      OP_CANCEL};
static const uint8_t places[8] = {PLACE_TOP,           PLACE_IN_INSERT, PLACE_IN_COMPLETE,
                                  PLACE_IN_COMPLETION, PLACE_TOP,       PLACE_TOP,
                                  PLACE_TOP,           PLACE_TOP};
static const uint8_t answers[8] = {ANSWER_SUCCESS, ANSWER_PENDING, ANSWER_INFORMATION,
                                   ANSWER_WARNING, ANSWER_ERROR,   ANSWER_SUCCESS,
                                   ANSWER_SUCCESS, ANSWER_ERROR};
static const uint8_t strategies[8] = {STRATEGY_LIST,  STRATEGY_WALK, STRATEGY_PCT, STRATEGY_POS,
                                      STRATEGY_SWEEP, STRATEGY_WALK, STRATEGY_PCT, STRATEGY_WALK};

/* `count` bits of `byte` from bit `from`. */
static unsigned bits(uint8_t byte, unsigned from, unsigned count)
{
    return (unsigned)byte >> from & ((1u << count) - 1u);
}

/* Where in a table a value stands first: its canonical spelling. */
static unsigned index_of(const uint8_t *table, unsigned size, unsigned value)
{
    unsigned i = 0;
    while (i + 1 < size && table[i] != value)
        i++;
    return i;
}

/* ---- Header -------------------------------------------------------------------------------- */

static unsigned schedule_parameter(unsigned strategy, unsigned raw)
{
    switch (strategy) {
    case STRATEGY_LIST:
        return raw % SCHED_PROGRAM_THREADS;
    case STRATEGY_WALK:
        return 1 + raw % 8;
    case STRATEGY_PCT:
        return 2 + raw % 4;
    default:
        return 0;
    }
}

static unsigned raw_parameter(const struct program_schedule *schedule)
{
    unsigned lowest = schedule->strategy == STRATEGY_WALK  ? 1
                      : schedule->strategy == STRATEGY_PCT ? 2
                                                           : 0;
    return schedule->parameter - lowest;
}

static void decode_shape(struct queue_shape *shape, uint8_t byte)
{
    shape->ex = bits(byte, 0, 1);
    shape->lock = (uint8_t)(bits(byte, 1, 2) % QUEUE_LOCKS);
    shape->store = (uint8_t)bits(byte, 3, 2);
    shape->eager = bits(byte, 5, 1);
}

static uint8_t encode_shape(const struct queue_shape *shape)
{
    return (uint8_t)(shape->ex | shape->lock << 1 | shape->store << 3 | shape->eager << 5);
}

static void decode_header(struct program *program, const uint8_t *header)
{
    struct program_schedule *schedule = &program->schedule;
    schedule->strategy = strategies[bits(header[0], 0, 3)];
    schedule->parameter = (uint8_t)schedule_parameter(schedule->strategy, bits(header[0], 3, 5));
    if (schedule->strategy != STRATEGY_LIST)
        schedule->seed = (uint32_t)header[1] | (uint32_t)header[2] << 8 |
                         (uint32_t)header[3] << 16 | (uint32_t)header[4] << 24;
    struct scenario *scenario = &program->scenario;
    scenario->diagram = bits(header[5], 0, 1);
    scenario->irps = (uint8_t)(1 + bits(header[5], 1, 2));
    scenario->contexts = (uint8_t)(1 + bits(header[5], 3, 2));
    scenario->queues = (uint8_t)(1 + bits(header[5], 5, 1));
    decode_shape(&scenario->queue[0], header[6]);
    if (scenario->queues > 1)
        decode_shape(&scenario->queue[1], header[7]);
}

static void encode_header(const struct program *program, uint8_t *header)
{
    const struct program_schedule *schedule = &program->schedule;
    const struct scenario *scenario = &program->scenario;
    header[0] =
        (uint8_t)(index_of(strategies, 8, schedule->strategy) | raw_parameter(schedule) << 3);
    for (int i = 0; i < 4; i++)
        header[1 + i] = (uint8_t)(schedule->seed >> 8 * i);
    header[5] = (uint8_t)(scenario->diagram | (scenario->irps - 1) << 1 |
                          (scenario->contexts - 1) << 3 | (scenario->queues - 1) << 5);
    header[6] = encode_shape(&scenario->queue[0]);
    header[7] = scenario->queues > 1 ? encode_shape(&scenario->queue[1]) : 0;
}

/* ---- Operations ---------------------------------------------------------------------------- */

void program_normalize_operation(struct operation *operation)
{
    unsigned kind = operation->kind;
    if (operation->place == PLACE_IN_INSERT)
        kind = operation->kind = OP_CANCEL;
    bool inserts = kind == OP_INSERT || kind == OP_INSERT_EX;
    bool removes_next = kind == OP_REMOVE_NEXT || kind == OP_DRAIN;
    bool has_irp = inserts || kind == OP_COMPLETE ||
                   (kind == OP_CANCEL && operation->place != PLACE_IN_INSERT);
    if (operation->place != PLACE_TOP)
        operation->irql = 0;
    if (!has_irp)
        operation->irp = 0;
    if (!inserts && !removes_next)
        operation->queue = 0;
    if (kind == OP_REMOVE && operation->context == 0)
        operation->context = 1;
    if (!inserts && kind != OP_REMOVE)
        operation->context = 0;
    if (kind != OP_INSERT_EX)
        operation->answer = 0;
    if (!removes_next)
        operation->match = 0;
    if (kind == OP_CANCEL || kind == OP_CANCEL_LOCK ||
        (kind == OP_COMPLETE && operation->fate == FATE_HOLD))
        operation->fate = FATE_FREE;
    if (!inserts || operation->context == 0)
        operation->keep = false;
}

static void decode_operation(struct operation *operation, const uint8_t *record)
{
    *operation = (struct operation){0};
    operation->thread = (uint8_t)bits(record[0], 2, 2);
    operation->kind = kinds[bits(record[0], 4, 4)];
    operation->irp = (uint8_t)bits(record[1], 0, 2);
    unsigned context = bits(record[1], 2, 3);
    operation->context = (uint8_t)(context ? 1 + (context - 1) % SCENARIO_CONTEXTS : 0);
    operation->place = places[bits(record[1], 5, 3)];
    operation->irql = (uint8_t)(bits(record[2], 0, 2) % 3);
    operation->answer = answers[bits(record[2], 2, 3)];
    operation->match = (uint8_t)(bits(record[2], 5, 2) % 3);
    operation->queue = (uint8_t)bits(record[2], 7, 1);
    operation->fate = (uint8_t)(bits(record[3], 0, 2) % OPERATION_FATES);
    operation->keep = bits(record[3], 2, 1);
    program_normalize_operation(operation);
}

static void encode_operation(const struct operation *operation, uint8_t *record)
{
    record[0] = (uint8_t)(operation->thread << 2 | index_of(kinds, 16, operation->kind) << 4);
    record[1] = (uint8_t)(operation->irp | operation->context << 2 |
                          index_of(places, 8, operation->place) << 5);
    record[2] = (uint8_t)(operation->irql | index_of(answers, 8, operation->answer) << 2 |
                          operation->match << 5 | operation->queue << 7);
    record[3] = (uint8_t)(operation->fate | operation->keep << 2);
}

/* ---- Preemptions --------------------------------------------------------------------------- */

/* Label bytes below this count, modulo, in the operation's own table; those above name any kind. */
#define LABEL_ANY 0xc0u

static unsigned decode_label(const struct operation *operation, uint8_t byte)
{
    const uint8_t *labels = program_labels(operation->kind);
    unsigned count = 0;
    if (byte >= LABEL_ANY)
        return (byte - LABEL_ANY) % SCHED_KINDS;
    while (labels[count] != SCHED_KINDS)
        count++;
    return labels[byte % count];
}

static uint8_t encode_label(const struct operation *operation, unsigned kind)
{
    const uint8_t *labels = program_labels(operation->kind);
    for (unsigned i = 0; labels[i] != SCHED_KINDS; i++)
        if (labels[i] == kind)
            return (uint8_t)i;
    return (uint8_t)(LABEL_ANY + kind);
}

/* The number of trailing ones: the first visit is the likeliest. */
static unsigned decode_visit(uint8_t byte)
{
    unsigned visit = 0;
    while (byte >> visit & 1u)
        visit++;
    return visit;
}

bool program_add_preemption(struct program *program, unsigned kind, unsigned visit, unsigned to)
{
    if (program->operation_count == 0 || program->preemption_count == PROGRAM_PREEMPTIONS)
        return false;
    program->preemptions[program->preemption_count++] =
        (struct sched_preemption){.operation = (uint16_t)(program->operation_count - 1),
                                  .kind = (uint8_t)kind,
                                  .visit = (uint8_t)visit,
                                  .to = (uint8_t)to};
    program->first_of[program->operation_count] = (uint16_t)program->preemption_count;
    return true;
}

static void decode_preemption(struct program *program, const uint8_t *record)
{
    if (program->operation_count == 0 || program->schedule.strategy != STRATEGY_LIST)
        return;
    const struct operation *operation = &program->operations[program->operation_count - 1];
    unsigned kind = decode_label(operation, record[1]);
    unsigned visit = decode_visit(record[2]);
    program_add_preemption(program, kind, visit, bits(record[0], 2, 2));
}

static void encode_preemption(const struct operation *operation,
                              const struct sched_preemption *preemption, uint8_t *record)
{
    record[0] = (uint8_t)(TAG_PREEMPTION | preemption->to << 2);
    record[1] = encode_label(operation, preemption->kind);
    record[2] = (uint8_t)((1u << preemption->visit) - 1u);
    record[3] = 0;
}

/* ---- Whole programs ------------------------------------------------------------------------ */

/* False when the program is full. */
static bool decode_record(struct program *program, const uint8_t *record)
{
    if (bits(record[0], 0, 2) == TAG_PREEMPTION) {
        decode_preemption(program, record);
        return true;
    }
    if (program->operation_count == PROGRAM_OPERATIONS)
        return false;
    decode_operation(&program->operations[program->operation_count++], record);
    program->first_of[program->operation_count] = (uint16_t)program->preemption_count;
    return true;
}

void program_decode(struct program *program, const uint8_t *data, size_t size)
{
    uint8_t header[PROGRAM_HEADER_SIZE] = {0};
    for (size_t i = 0; i < size && i < sizeof header; i++)
        header[i] = data[i];
    program->schedule = (struct program_schedule){0};
    program->scenario = (struct scenario){0};
    program->operation_count = 0;
    program->preemption_count = 0;
    program->first_of[0] = 0;
    decode_header(program, header);
    for (size_t at = sizeof header; at + PROGRAM_RECORD_SIZE <= size; at += PROGRAM_RECORD_SIZE)
        if (!decode_record(program, data + at))
            break;
}

size_t program_encode(const struct program *program, uint8_t *data)
{
    uint8_t *out = data + PROGRAM_HEADER_SIZE;
    encode_header(program, data);
    for (unsigned o = 0; o < program->operation_count; o++) {
        encode_operation(&program->operations[o], out);
        out += PROGRAM_RECORD_SIZE;
        for (unsigned p = program->first_of[o]; p < program->first_of[o + 1]; p++) {
            encode_preemption(&program->operations[o], &program->preemptions[p], out);
            out += PROGRAM_RECORD_SIZE;
        }
    }
    return (size_t)(out - data);
}
