/*
 * Text to program. One statement a line; '#' starts a comment. The first error ends the parse and
 * says where it stands and what would have been right there.
 */
#include "litmus.h"
#include "program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct program *program;
    const char *at, *end;   /* the rest of the text */
    const char *line_start; /* of the current line */
    unsigned line;
    bool seen_version;
    struct program_error *error;
    jmp_buf fail;
};

/* A word of the current line; length 0 at the line's end. */
struct word {
    const char *start;
    size_t length;
};

static _Noreturn void fail_at(struct parser *parser, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static _Noreturn void fail_at(struct parser *parser, const char *where, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error->expected, sizeof parser->error->expected, format, arguments);
    va_end(arguments);
    parser->error->line = parser->line;
    parser->error->column = (unsigned)(where - parser->line_start) + 1;
    longjmp(parser->fail, 1);
}

/* ---- Words --------------------------------------------------------------------------------- */

static bool ends_line(const struct parser *parser)
{
    return parser->at == parser->end || *parser->at == '\n' || *parser->at == '#';
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end &&
           (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\r'))
        parser->at++;
}

static struct word peek_word(struct parser *parser)
{
    skip_blanks(parser);
    struct word word = {parser->at, 0};
    for (const char *p = parser->at; !ends_line(parser) && p < parser->end; p++) {
        if (strchr(" \t\r\n#", *p) && *p)
            break;
        word.length++;
    }
    return word;
}

static struct word next_word(struct parser *parser)
{
    struct word word = peek_word(parser);
    parser->at += word.length;
    return word;
}

static bool is(struct word word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.start, text, word.length) == 0;
}

/* Take the next word if it is `text`. */
static bool accept(struct parser *parser, const char *text)
{
    struct word word = peek_word(parser);
    if (!is(word, text))
        return false;
    parser->at += word.length;
    return true;
}

static void expect(struct parser *parser, const char *text)
{
    struct word word = next_word(parser);
    if (!is(word, text))
        fail_at(parser, word.start, "expected \"%s\"", text);
}

/* Digits from `start` up to the word's end, 0..max. */
static bool number_in(struct word word, size_t from, unsigned long max, unsigned long *value)
{
    *value = 0;
    if (from == word.length)
        return false;
    for (size_t i = from; i < word.length; i++) {
        if (word.start[i] < '0' || word.start[i] > '9')
            return false;
        *value = *value * 10 + (unsigned long)(word.start[i] - '0');
        if (*value > max)
            return false;
    }
    return true;
}

static unsigned long expect_number(struct parser *parser, unsigned long min, unsigned long max)
{
    unsigned long value;
    struct word word = next_word(parser);
    if (number_in(word, 0, max, &value) && value >= min)
        return value;
    if (min == max)
        fail_at(parser, word.start, "expected %lu", min);
    fail_at(parser, word.start, "expected a number from %lu to %lu", min, max);
}

/* "irp2" for the prefix "irp". */
static bool numbered(struct word word, const char *prefix, unsigned max, unsigned long *value)
{
    size_t length = strlen(prefix);
    return word.length > length && memcmp(word.start, prefix, length) == 0 &&
           number_in(word, length, max, value);
}

static bool begins(struct word word, const char *prefix)
{
    size_t length = strlen(prefix);
    return word.length >= length && memcmp(word.start, prefix, length) == 0;
}

static uint8_t expect_numbered(struct parser *parser, const char *prefix, unsigned max)
{
    unsigned long value;
    struct word word = next_word(parser);
    if (!numbered(word, prefix, max, &value))
        fail_at(parser, word.start, "expected %s0 to %s%u", prefix, prefix, max);
    return (uint8_t)value;
}

/* One of a list of words; its index. */
static uint8_t expect_one_of(struct parser *parser, const char *const *words)
{
    char list[120] = "";
    struct word word = next_word(parser);
    for (unsigned i = 0; words[i]; i++) {
        if (is(word, words[i]))
            return (uint8_t)i;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", words[i]);
    }
    fail_at(parser, word.start, "expected one of: %s", list);
}

/* ---- Header statements --------------------------------------------------------------------- */

static void parse_strategy(struct parser *parser)
{
    struct program_schedule *schedule = &parser->program->schedule;
    *schedule = (struct program_schedule){0};
    schedule->strategy = expect_one_of(parser, program_words_strategy);
    switch (schedule->strategy) {
    case STRATEGY_LIST:
        if (accept(parser, "first"))
            schedule->parameter = expect_numbered(parser, "t", SCHED_PROGRAM_THREADS - 1);
        return;
    case STRATEGY_WALK:
        expect(parser, "rate");
        schedule->parameter = (uint8_t)expect_number(parser, 1, 8);
        break;
    case STRATEGY_PCT:
        expect(parser, "depth");
        schedule->parameter = (uint8_t)expect_number(parser, 2, 5);
        break;
    default:
        break;
    }
    expect(parser, schedule->strategy == STRATEGY_SWEEP ? "number" : "seed");
    schedule->seed = (uint32_t)expect_number(parser, 0, UINT32_MAX);
}

static void parse_slots(struct parser *parser)
{
    struct scenario *scenario = &parser->program->scenario;
    expect(parser, "irps");
    scenario->irps = (uint8_t)expect_number(parser, 1, SCENARIO_IRPS);
    expect(parser, "contexts");
    scenario->contexts = (uint8_t)expect_number(parser, 1, SCENARIO_CONTEXTS);
}

static void parse_queue(struct parser *parser)
{
    struct scenario *scenario = &parser->program->scenario;
    uint8_t number = expect_numbered(parser, "q", SCENARIO_QUEUES - 1);
    static const char *const insert_words[] = {"plain", "ex", NULL};
    struct queue_shape *shape = &scenario->queue[number];
    shape->ex = expect_one_of(parser, insert_words);
    shape->lock = expect_one_of(parser, program_words_lock);
    shape->store = expect_one_of(parser, program_words_store);
    shape->eager = accept(parser, "eager");
    if (scenario->queues <= number)
        scenario->queues = (uint8_t)(number + 1);
}

/* ---- Operations and preemptions ------------------------------------------------------------ */

static uint8_t expect_kind(struct parser *parser)
{
    const char *names[OPERATION_KINDS + 1] = {NULL};
    for (unsigned i = 0; i < OPERATION_KINDS; i++)
        names[i] = operation_name(i);
    return expect_one_of(parser, names);
}

/* The slots that an operation of this kind must name: without them it would not say what it does.
 */
static void parse_subjects(struct parser *parser, struct operation *operation)
{
    unsigned kind = operation->kind;
    bool inserts = kind == OP_INSERT || kind == OP_INSERT_EX;
    if (inserts || kind == OP_REMOVE_NEXT || kind == OP_DRAIN)
        operation->queue = expect_numbered(parser, "q", SCENARIO_QUEUES - 1);
    if (inserts || kind == OP_COMPLETE ||
        (kind == OP_CANCEL && operation->place != PLACE_IN_INSERT))
        operation->irp = expect_numbered(parser, "irp", SCENARIO_IRPS - 1);
    if (kind == OP_REMOVE)
        operation->context = (uint8_t)(1 + expect_numbered(parser, "ctx", SCENARIO_CONTEXTS - 1));
    else if (inserts && begins(peek_word(parser), "ctx"))
        operation->context = (uint8_t)(1 + expect_numbered(parser, "ctx", SCENARIO_CONTEXTS - 1));
}

static void parse_option(struct parser *parser, struct operation *operation)
{
    if (accept(parser, "keep"))
        operation->keep = true;
    else if (accept(parser, "answer"))
        operation->answer = expect_one_of(parser, program_words_answer);
    else if (accept(parser, "match"))
        operation->match = expect_one_of(parser, program_words_match);
    else if (accept(parser, "at"))
        operation->irql = expect_one_of(parser, program_words_irql);
    else if (accept(parser, "then"))
        operation->fate = expect_one_of(parser, program_words_fate);
    else
        fail_at(parser, parser->at,
                "expected the end of the line or one of: keep, answer, match, "
                "at, then");
}

static void parse_operation(struct parser *parser, struct word thread)
{
    struct program *program = parser->program;
    struct operation operation = {0};
    unsigned long value;
    if (is(thread, "strategy") || is(thread, "reading") || is(thread, "slots") ||
        is(thread, "queue"))
        fail_at(parser, thread.start,
                "expected no %.*s here: it belongs before the first operation", (int)thread.length,
                thread.start);
    if (!numbered(thread, "t", SCHED_PROGRAM_THREADS - 1, &value))
        fail_at(parser, thread.start,
                "expected t0 to t%u, preempt, strategy, reading, slots or "
                "queue",
                SCHED_PROGRAM_THREADS - 1);
    if (program->operation_count == PROGRAM_OPERATIONS)
        fail_at(parser, thread.start, "expected at most %u operations", PROGRAM_OPERATIONS);
    operation.thread = (uint8_t)value;
    if (accept(parser, "in"))
        operation.place = expect_one_of(parser, program_words_place);
    struct word kind = peek_word(parser);
    operation.kind = expect_kind(parser);
    if (operation.place == PLACE_IN_INSERT && operation.kind != OP_CANCEL)
        fail_at(parser, kind.start,
                "expected \"cancel\": nothing else is allowed in the insert "
                "callback");
    parse_subjects(parser, &operation);
    struct operation given = operation;
    while (peek_word(parser).length) {
        struct word option = peek_word(parser);
        parse_option(parser, &operation);
        given = operation;
        program_normalize_operation(&operation);
        if (memcmp(&given, &operation, sizeof given) != 0)
            fail_at(parser, option.start, "expected something else: this means nothing to %s here",
                    operation_name(operation.kind));
    }
    program_normalize_operation(&operation);
    program->operations[program->operation_count++] = operation;
    program->first_of[program->operation_count] = (uint16_t)program->preemption_count;
}

static unsigned expect_label(struct parser *parser)
{
    struct word word = next_word(parser);
    for (unsigned kind = 0; kind < SCHED_KINDS; kind++)
        if (is(word, sched_kind_label(kind)))
            return kind;
    fail_at(parser, word.start, "expected a schedule point's label, such as swap.after");
}

static void parse_preemption(struct parser *parser, struct word statement)
{
    struct program *program = parser->program;
    if (program->operation_count == 0)
        fail_at(parser, statement.start, "expected an operation before its first preemption");
    if (program->schedule.strategy != STRATEGY_LIST)
        fail_at(parser, statement.start, "expected no preemption: only \"strategy list\" has any");
    unsigned kind = expect_label(parser);
    unsigned visit = 0;
    if (accept(parser, "visit"))
        visit = (unsigned)expect_number(parser, 0, PROGRAM_MAX_VISIT);
    expect(parser, "run");
    unsigned to = expect_numbered(parser, "t", SCHED_PROGRAM_THREADS - 1);
    if (!program_add_preemption(program, kind, visit, to))
        fail_at(parser, statement.start, "expected at most %u preemptions", PROGRAM_PREEMPTIONS);
}

/* ---- The whole ----------------------------------------------------------------------------- */

static void parse_version(struct parser *parser, struct word word)
{
    if (!is(word, "csq"))
        fail_at(parser, word.start, "expected \"csq 1\" as the first statement");
    expect_number(parser, 1, 1);
    parser->seen_version = true;
}

static void parse_reading(struct parser *parser)
{
    static const char *const readings[] = {"text", "diagram", NULL};
    parser->program->scenario.diagram = expect_one_of(parser, readings);
}

static void skip_comment(struct parser *parser)
{
    while (parser->at < parser->end && *parser->at != '\n')
        parser->at++;
}

static void parse_statement(struct parser *parser)
{
    struct word word = next_word(parser);
    if (word.length == 0)
        return;
    bool header = parser->program->operation_count == 0;
    if (!parser->seen_version)
        parse_version(parser, word);
    else if (litmus_begins(word.start, word.length))
        skip_comment(parser); /* a condition: litmus_parse() reads those */
    else if (is(word, "preempt"))
        parse_preemption(parser, word);
    else if (header && is(word, "strategy"))
        parse_strategy(parser);
    else if (header && is(word, "reading"))
        parse_reading(parser);
    else if (header && is(word, "slots"))
        parse_slots(parser);
    else if (header && is(word, "queue"))
        parse_queue(parser);
    else
        parse_operation(parser, word);
    struct word rest = peek_word(parser);
    if (rest.length)
        fail_at(parser, rest.start, "expected the end of the line");
}

static void parse_lines(struct parser *parser)
{
    while (parser->at < parser->end) {
        parser->line++;
        parser->line_start = parser->at;
        parse_statement(parser);
        skip_comment(parser);
        if (parser->at < parser->end)
            parser->at++;
    }
    if (!parser->seen_version) {
        parser->line_start = parser->at;
        parser->line += parser->line == 0;
        fail_at(parser, parser->at, "expected \"csq 1\" as the first statement");
    }
}

bool program_parse(struct program *program, const char *text, size_t size,
                   struct program_error *error)
{
    struct parser parser = {.program = program, .at = text, .end = text + size, .error = error};
    parser.line_start = text;
    memset(program, 0, sizeof *program);
    program->scenario.irps = program->scenario.contexts = program->scenario.queues = 1;
    if (setjmp(parser.fail))
        return false;
    parse_lines(&parser);
    return true;
}

static bool is_control(uint8_t byte)
{
    return byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n';
}

/* The canonical bytes of an operation end in a control character, so a program that does anything
 * is never taken for text. */
bool program_is_text(const uint8_t *data, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < size; i++)
        if (is_control(data[i]))
            return false;
    while (at < size && (data[at] == '#' || strchr(" \t\r\n", data[at]))) {
        if (data[at] == '#')
            while (at < size && data[at] != '\n')
                at++;
        else
            at++;
    }
    return size - at >= 3 && memcmp(data + at, "csq", 3) == 0 &&
           (size - at == 3 || strchr(" \t\r\n", data[at + 3]));
}
