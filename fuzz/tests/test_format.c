/* The input format: total, canonical, local, monotone; bytes, text, limits and labels. */
#include "fuzz/program.h"
#include "sched/random.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS   20000u
#define MIB      (1u << 20)
#define BYTES    (PROGRAM_HEADER_SIZE + 60u * PROGRAM_RECORD_SIZE)
#define TAG      3u    /* a record's low two bits: a preemption, else an operation */
#define SCHEDULE 0xf8u /* header[0]'s other bits; its low three at zero mean "strategy list" */

static struct sched_random chance = {.state = 20240501};

static unsigned below(unsigned bound)
{
    return sched_random_below(&chance, bound);
}

static void fill(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)sched_random_next(&chance);
}

/* ---- What is checked of programs ----------------------------------------------------------- */

static bool operation_in_range(const struct operation *o)
{
    return o->kind < OPERATION_KINDS && o->thread < SCHED_PROGRAM_THREADS &&
           o->place < OPERATION_PLACES && o->queue < SCENARIO_QUEUES && o->irp < SCENARIO_IRPS &&
           o->context <= SCENARIO_CONTEXTS && o->irql <= 2 && o->answer < OPERATION_ANSWERS &&
           o->match <= 2 && o->fate < OPERATION_FATES;
}

static bool is_normal(const struct operation *operation)
{
    struct operation again = *operation;
    program_normalize_operation(&again);
    return memcmp(&again, operation, sizeof again) == 0;
}

static bool schedule_in_range(const struct program_schedule *s)
{
    switch (s->strategy) {
    case STRATEGY_LIST:
        return s->parameter < SCHED_PROGRAM_THREADS && s->seed == 0;
    case STRATEGY_WALK:
        return s->parameter >= 1 && s->parameter <= 8;
    case STRATEGY_PCT:
        return s->parameter >= 2 && s->parameter <= 5;
    default:
        return s->strategy < PROGRAM_STRATEGIES && s->parameter == 0;
    }
}

static bool scenario_in_range(const struct scenario *s)
{
    bool right = s->irps >= 1 && s->irps <= SCENARIO_IRPS && s->contexts >= 1 &&
                 s->contexts <= SCENARIO_CONTEXTS && s->queues >= 1 && s->queues <= SCENARIO_QUEUES;
    for (int i = 0; i < SCENARIO_QUEUES; i++)
        right = right && s->queue[i].lock < QUEUE_LOCKS && s->queue[i].store < QUEUE_STORES;
    return right;
}

static bool preemptions_in_range(const struct program *p)
{
    bool right = p->first_of[0] == 0 && p->first_of[p->operation_count] == p->preemption_count &&
                 p->preemption_count <= PROGRAM_PREEMPTIONS &&
                 (p->schedule.strategy == STRATEGY_LIST || p->preemption_count == 0);
    for (unsigned o = 0; right && o < p->operation_count; o++) {
        right = p->first_of[o] <= p->first_of[o + 1];
        for (unsigned i = p->first_of[o]; right && i < p->first_of[o + 1]; i++)
            right = p->preemptions[i].operation == o && p->preemptions[i].kind < SCHED_KINDS &&
                    p->preemptions[i].visit <= PROGRAM_MAX_VISIT &&
                    p->preemptions[i].to < SCHED_PROGRAM_THREADS;
    }
    return right;
}

static bool is_program(const struct program *p)
{
    bool right = schedule_in_range(&p->schedule) && scenario_in_range(&p->scenario) &&
                 p->operation_count <= PROGRAM_OPERATIONS && preemptions_in_range(p);
    for (unsigned o = 0; right && o < p->operation_count; o++)
        right = operation_in_range(&p->operations[o]) && is_normal(&p->operations[o]);
    return right;
}

static bool same_operation(const struct operation *a, const struct operation *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Same place and thread to run, whatever the number of the operation it belongs to. */
static bool same_meaning(const struct sched_preemption *a, const struct sched_preemption *b)
{
    return a->kind == b->kind && a->visit == b->visit && a->to == b->to;
}

static bool same_header(const struct program *a, const struct program *b)
{
    const struct program_schedule *s = &a->schedule, *t = &b->schedule;
    const struct scenario *c = &a->scenario, *d = &b->scenario;
    bool same = s->strategy == t->strategy && s->parameter == t->parameter && s->seed == t->seed &&
                c->diagram == d->diagram && c->irps == d->irps && c->contexts == d->contexts &&
                c->queues == d->queues;
    for (int i = 0; i < SCENARIO_QUEUES; i++)
        same = same && c->queue[i].ex == d->queue[i].ex && c->queue[i].lock == d->queue[i].lock &&
               c->queue[i].store == d->queue[i].store && c->queue[i].eager == d->queue[i].eager;
    return same;
}

static bool same_program(const struct program *a, const struct program *b)
{
    bool same = same_header(a, b) && a->operation_count == b->operation_count &&
                a->preemption_count == b->preemption_count;
    for (unsigned o = 0; same && o < a->operation_count; o++)
        same = same_operation(&a->operations[o], &b->operations[o]) &&
               a->first_of[o + 1] == b->first_of[o + 1];
    for (unsigned i = 0; same && i < a->preemption_count; i++)
        same = same_meaning(&a->preemptions[i], &b->preemptions[i]) &&
               a->preemptions[i].operation == b->preemptions[i].operation;
    return same;
}

/* Decode from memory that ends where the input does, into memory full of something else. */
static void decode(struct program *program, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    memset(program, (int)(sched_random_next(&chance) & 0xff), sizeof *program);
    program_decode(program, copy, size);
    free(copy);
}

/* ---- Total --------------------------------------------------------------------------------- */

static struct program program, again;

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

/* Random bytes, every other time with explicit preemptions; a quarter of the records are some. */
static size_t random_input(uint8_t *data)
{
    size_t size = below(BYTES + 1);
    fill(data, size);
    if (size && below(2))
        data[0] &= SCHEDULE;
    return size;
}

static unsigned records(const struct program *p)
{
    return p->operation_count + p->preemption_count;
}

/* decode(encode(p)) == p and encode(decode(c)) == c. */
static bool survives_bytes(const struct program *p)
{
    uint8_t first[PROGRAM_MAX_SIZE], second[PROGRAM_MAX_SIZE];
    static struct program decoded;
    memset(first, 0xa5, sizeof first);
    memset(second, 0x5a, sizeof second);
    size_t size = program_encode(p, first);
    decode(&decoded, first, size);
    return size == PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE * records(p) &&
           same_program(&decoded, p) && program_encode(&decoded, second) == size &&
           memcmp(first, second, size) == 0;
}

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

/* ---- Text ---------------------------------------------------------------------------------- */

struct text {
    char *data;
    size_t size, room;
};

static void append(struct text *text, const char *data, size_t size)
{
    if (text->size + size > text->room) {
        text->room = 2 * (text->size + size);
        text->data = realloc(text->data, text->room);
        if (!text->data)
            abort();
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
}

static unsigned lines_with_newline;

static void append_line(void *context, const char *line)
{
    lines_with_newline += strchr(line, '\n') != NULL;
    append(context, line, strlen(line));
    append(context, "\n", 1);
}

static void print(const struct program *p, struct text *text)
{
    text->size = 0;
    program_print(p, append_line, text);
}

/* Parse from memory that ends where the text does. */
static bool parse(struct program *p, const char *data, size_t size, struct program_error *error)
{
    char *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    memset(p, 0xa5, sizeof *p);
    bool parsed = program_parse(p, copy, size, error);
    free(copy);
    return parsed;
}

/* parse(print(p)) == p, in its bytes, too; and printing it again prints the same. */
static bool survives_text(const struct program *p)
{
    static struct text first, second;
    static struct program parsed;
    struct program_error error;
    uint8_t bytes[PROGRAM_MAX_SIZE], parsed_bytes[PROGRAM_MAX_SIZE];
    print(p, &first);
    if (!program_is_text((const uint8_t *)first.data, first.size) ||
        !parse(&parsed, first.data, first.size, &error) || !same_program(&parsed, p))
        return false;
    print(&parsed, &second);
    size_t size = program_encode(p, bytes);
    return is_program(&parsed) && program_encode(&parsed, parsed_bytes) == size &&
           memcmp(bytes, parsed_bytes, size) == 0 && first.size == second.size &&
           memcmp(first.data, second.data, first.size) == 0;
}

static void text_random(void)
{
    static uint8_t data[BYTES];
    unsigned wrong = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        decode(&program, data, random_input(data));
        wrong += !survives_text(&program);
    }
    tap_is(wrong, 0, "text: program to text to program is the identity, byte for byte");
    tap_is(lines_with_newline, 0, "text: is handed on line by line");
}

static void text_full(void)
{
    uint8_t *data = calloc(1, MIB);
    unsigned wrong = 0;
    if (!data)
        abort();
    for (unsigned i = 0; i < 20; i++) {
        fill(data, MIB / 64);
        data[0] &= SCHEDULE;
        decode(&program, data, MIB / 64);
        wrong += program.operation_count != PROGRAM_OPERATIONS || !survives_text(&program) ||
                 !survives_bytes(&program);
    }
    free(data);
    tap_is(wrong, 0, "text: also of full programs");
}

/* What people may write instead of the canonical spelling. */
static void text_spellings(void)
{
    static const char canonical[] = "csq 1\nstrategy list\nreading text\nslots irps 1 contexts 1\n"
                                    "queue q0 plain spin fifo\nt0 insert q0 irp0\n"
                                    "    preempt begin run t1\nt1 cancel irp0\n";
    static const char *const others[] = {
        "csq 1\nt0 insert q0 irp0\npreempt begin run t1\nt1 cancel irp0\n",
        ("# a comment\n\n \t csq\t1 # more\r\n\r\nt0 insert q0 irp0#x\r\n"
         "preempt begin visit 0 run t1\r\nt1 cancel irp0"),
        ("csq 1\nstrategy walk rate 3 seed 5\nstrategy list first t0\n"
         "t0 in top insert q0 irp0 then free at passive match any answer success\n"
         "  preempt begin visit 0 run t1\nt1 cancel irp0")};
    struct program_error error;
    bool right = parse(&program, canonical, sizeof canonical - 1, &error);
    tap_ok(right && program.operation_count == 2 && program.preemption_count == 1 &&
               survives_text(&program),
           "text: a program as people write it");
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        right = right && parse(&again, others[i], strlen(others[i]), &error) &&
                same_program(&program, &again);
    tap_ok(right, "text: defaults, blanks, comments, CRLF and a missing newline change nothing");
}

/* ---- Bad text ------------------------------------------------------------------------------ */

static struct program_error error;

static bool refused_at(const char *text, size_t size, unsigned line, unsigned column)
{
    error = (struct program_error){0};
    if (!parse(&program, text, size, &error) && error.line == line && error.column == column &&
        strncmp(error.expected, "expected ", 9) == 0)
        return true;
    printf("#      got %u:%u: %s\n# expected %u:%u\n", error.line, error.column, error.expected,
           line, column);
    return false;
}

static void text_without_version(void)
{
    static const char comments[] = "# one\n# two";
    tap_ok(refused_at("", 0, 1, 1), "bad text: nothing at all");
    tap_ok(!parse(&program, comments, strlen(comments), &error) && error.line == 2,
           "bad text: only comments");
    tap_ok(refused_at("t0 insert q0 irp0\n", 18, 1, 1), "bad text: no version");
    tap_ok(refused_at("\n  strategy list\n", 17, 2, 3), "bad text: a statement before it");
    tap_ok(refused_at("csq\0 1\n", 7, 1, 1), "bad text: a NUL is part of a word");
}

/* Is the place that an error names within the text? */
static bool is_within(const char *text, size_t size, unsigned line, unsigned column)
{
    size_t at = 0;
    for (unsigned i = 1; i < line; i++) {
        const char *newline = at < size ? memchr(text + at, '\n', size - at) : NULL;
        if (!newline)
            return i + 1 == line && column == 1; /* just behind the last line */
        at = (size_t)(newline - text) + 1;
    }
    const char *end = at < size ? memchr(text + at, '\n', size - at) : NULL;
    size_t length = (end ? (size_t)(end - text) : size) - at;
    return line > 0 && column > 0 && column <= length + 1;
}

/* Change a few characters, or cut something out, or double it. */
static void damage(struct text *text)
{
    static const char letters[] = " \t\r\n#0123456789tqctx-.\0\xff=";
    for (unsigned i = 1 + below(3); i > 0; i--) {
        size_t at = below((unsigned)text->size), length = below((unsigned)(text->size - at));
        unsigned how = below(4);
        if (how == 0)
            text->size = at + 1;
        else if (how == 1 && length < text->size) {
            memmove(text->data + at, text->data + at + length, text->size - at - length);
            text->size -= length;
        } else
            text->data[at] = letters[below(sizeof letters - 1)];
    }
}

static void text_damaged(void)
{
    static uint8_t data[BYTES];
    struct text text = {0};
    unsigned wrong = 0, parsed = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        decode(&program, data, random_input(data));
        print(&program, &text);
        damage(&text);
        error = (struct program_error){0};
        if (parse(&again, text.data, text.size, &error)) {
            parsed++;
            wrong += !is_program(&again) || !survives_text(&again) || !survives_bytes(&again);
        } else
            wrong += !is_within(text.data, text.size, error.line, error.column) ||
                     strncmp(error.expected, "expected ", 9) != 0 ||
                     strlen(error.expected) + 1 == sizeof error.expected;
    }
    tap_is(wrong, 0, "bad text: damaged programs are programs or refused at a place in them");
    tap_ok(parsed > 200 && parsed < INPUTS - 200, "bad text: there were both");
    free(text.data);
}

static void text_garbage(void)
{
    static char data[BYTES];
    unsigned wrong = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        size_t size = below(sizeof data);
        fill((uint8_t *)data, size);
        if (size > 6 && below(2))
            memcpy(data, "csq 1\n", 6);
        wrong +=
            !parse(&again, data, size, &error) && !is_within(data, size, error.line, error.column);
    }
    tap_is(wrong, 0, "bad text: garbage is refused at a place in it");
}

static bool looks_like_text(const char *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    bool text = program_is_text(copy, size);
    free(copy);
    return text;
}

static void text_or_bytes(void)
{
    tap_ok(looks_like_text("csq 1\n", 6) && looks_like_text("csq", 3) &&
               looks_like_text("# c\n\r\n \tcsq\t1", 13) && looks_like_text("csq\r\n", 5),
           "text or bytes: what begins with the word csq is text");
    tap_ok(!looks_like_text("", 0) && !looks_like_text("cs", 2) && !looks_like_text("csqq", 4) &&
               !looks_like_text("# csq", 5) && !looks_like_text("\0csq", 4) &&
               !looks_like_text(" \0 csq", 6) && !looks_like_text("x csq", 5),
           "text or bytes: what does not is not");
    tap_ok(!looks_like_text("csq\0", 4), "text or bytes: csq and a NUL is another word");
}

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
    tap_ok(same_program(&program, &again) && survives_text(&program), "limits: and survives");
    tap_ok(!program_add_preemption(&program, 0, 0, 0) && program.preemption_count == 512,
           "limits: there is no room for another preemption");
    decode_limits(0, 0, 0);
    tap_ok(!program_add_preemption(&program, 0, 0, 0), "limits: nor one without an operation");
    free(data);
}

static void repeat(struct text *text, const char *line, unsigned times)
{
    while (times--)
        append(text, line, strlen(line));
}

static void limits_of_text(void)
{
    struct text text = {0};
    repeat(&text, "csq 1\n", 1);
    repeat(&text, "t0 insert q0 irp0\n", 256);
    tap_ok(parse(&program, text.data, text.size, &error) && program.operation_count == 256,
           "limits: a text of 256 operations");
    repeat(&text, "t0 insert q0 irp0\n", 1);
    tap_ok(refused_at(text.data, text.size, 258, 1), "limits: of 257");
    text.size = 0;
    repeat(&text, "csq 1\nt0 insert q0 irp0\n", 1);
    repeat(&text, "  preempt begin run t1\n", 512);
    tap_ok(parse(&program, text.data, text.size, &error) && program.preemption_count == 512,
           "limits: a text of 512 preemptions");
    repeat(&text, "  preempt begin run t1\n", 1);
    tap_ok(refused_at(text.data, text.size, 515, 3), "limits: of 513");
    free(text.data);
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
    text_random();
    text_full();
    text_spellings();
    text_without_version();
    text_damaged();
    text_garbage();
    text_or_bytes();
    local_operations();
    local_preemptions();
    monotone_dropping();
    monotone_truncating();
    monotone_without_preemptions();
    limits_of_bytes();
    limits_of_encoding();
    limits_of_text();
    label_table();
    label_bytes();
    words();
    return tap_end();
}
