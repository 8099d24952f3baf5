/* The conditions of a litmus test, by recursive descent; a mistake jumps out with its place. */
#include "litmus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEEPEST 16 /* parentheses and "not" inside each other */

struct token {
    const char *start;
    size_t length; /* 0: the condition's end */
};

struct parser {
    const struct program *program;
    struct litmus_condition *condition;
    const char *line_start, *end; /* the statement's end */
    struct token token;           /* the next one */
    unsigned line, depth;
    struct program_error *error;
    jmp_buf fail;
};

static _Noreturn void fail(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static _Noreturn void fail(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error->expected, sizeof parser->error->expected, format, arguments);
    va_end(arguments);
    parser->error->line = parser->line;
    parser->error->column = (unsigned)(parser->token.start - parser->line_start) + 1;
    longjmp(parser->fail, 1);
}

/* ---- Tokens -------------------------------------------------------------------------------- */

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Words, runs of comparison signs, single parentheses. */
static void advance(struct parser *parser)
{
    const char *at = parser->token.start + parser->token.length;
    while (at < parser->end && is_one_of(*at, " \t\r"))
        at++;
    parser->token = (struct token){at, 0};
    if (at == parser->end)
        return;
    const char *rest = at + 1;
    if (is_one_of(*at, "=!<>"))
        while (rest < parser->end && is_one_of(*rest, "=!<>"))
            rest++;
    else if (!is_one_of(*at, "()"))
        while (rest < parser->end && !is_one_of(*rest, " \t\r()=!<>"))
            rest++;
    parser->token.length = (size_t)(rest - at);
}

static bool is(const struct token *token, const char *text)
{
    return token->length == strlen(text) && memcmp(token->start, text, token->length) == 0;
}

static bool accept(struct parser *parser, const char *text)
{
    if (!is(&parser->token, text))
        return false;
    advance(parser);
    return true;
}

/* A decimal number of at most four digits at `at`; moves it on. */
static bool read_number(const char **at, const char *end, unsigned *value)
{
    const char *start = *at;
    *value = 0;
    while (*at < end && *at - start < 4 && **at >= '0' && **at <= '9')
        *value = *value * 10 + (unsigned)(*(*at)++ - '0');
    return *at > start;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* "t1.0" as the operation's place in the program; "t1" as the set of its operations. */
static bool read_operation(const struct parser *parser, unsigned *thread, unsigned *operation)
{
    const struct token *token = &parser->token;
    const char *at = token->start + 1, *end = token->start + token->length;
    unsigned number;
    *operation = parser->program->operation_count;
    if (token->length < 2 || token->start[0] != 't' || !read_number(&at, end, thread) ||
        *thread >= SCHED_PROGRAM_THREADS)
        return false;
    if (at == end)
        return true;
    if (*at++ != '.' || !read_number(&at, end, &number) || at != end)
        return false;
    *operation = outcome_find_operation(parser->program, *thread, number);
    return *operation < parser->program->operation_count;
}

/* What follows "by": one operation or all of a thread. */
static uint64_t parse_performer(struct parser *parser)
{
    unsigned thread, operation;
    uint64_t set = 0;
    if (!read_operation(parser, &thread, &operation))
        fail(parser, "expected a thread or an operation of this program, such as t1 or t1.0");
    for (unsigned o = 0; o < parser->program->operation_count; o++)
        if (o == operation || (operation == parser->program->operation_count &&
                               parser->program->operations[o].thread == thread))
            set |= 1ull << o;
    advance(parser);
    return set;
}

/* ---- Terms --------------------------------------------------------------------------------- */

static void emit(struct parser *parser, struct litmus_term term)
{
    if (parser->condition->count == LITMUS_TERMS)
        fail(parser, "expected a condition of at most %u terms and operators", LITMUS_TERMS);
    parser->condition->terms[parser->condition->count++] = term;
}

static uint64_t parse_result(struct parser *parser, unsigned kind)
{
    uint64_t result;
    const char *words = outcome_words(kind);
    if (!words[0])
        fail(parser, "expected no result: %s returns none", operation_name(kind));
    if (!outcome_result(kind, parser->token.start, parser->token.length, &result))
        fail(parser, "expected one of: %s", words);
    advance(parser);
    return result;
}

static void parse_operation_term(struct parser *parser, unsigned operation)
{
    struct litmus_term term = {.code = LITMUS_WAS_SKIPPED, .subject = (uint8_t)operation};
    advance(parser);
    if (accept(parser, "returned")) {
        term.code = LITMUS_RETURNED;
        term.value = parse_result(parser, parser->program->operations[operation].kind);
    } else if (!accept(parser, "skipped")) {
        fail(parser, "expected one of: returned, skipped");
    }
    emit(parser, term);
}

static void parse_comparison(struct parser *parser, struct litmus_term *term)
{
    static const char *const signs[] = {"=", "!=", "<=", ">=", "<", ">"};
    while (term->comparison < 6 && !is(&parser->token, signs[term->comparison]))
        term->comparison++;
    if (term->comparison == 6)
        fail(parser, "expected one of: =, !=, <=, >=, <, >");
    advance(parser);
    const char *at = parser->token.start;
    unsigned value;
    if (!read_number(&at, at + parser->token.length, &value) ||
        at != parser->token.start + parser->token.length)
        fail(parser, "expected a number");
    term->value = value;
    advance(parser);
}

static void parse_irp_term(struct parser *parser, unsigned slot)
{
    static const struct {
        const char *word;
        enum litmus_code code;
    } properties[] = {
        {"removed", LITMUS_REMOVED}, {"canceled", LITMUS_CANCELED},   {"queued", LITMUS_QUEUED},
        {"held", LITMUS_HELD},       {"flagged", LITMUS_FLAGGED},     {"inserts", LITMUS_INSERTS},
        {"removes", LITMUS_REMOVES}, {"completes", LITMUS_COMPLETES}, {"returns", LITMUS_RETURNS}};
    const unsigned count = sizeof properties / sizeof properties[0];
    struct litmus_term term = {.subject = (uint8_t)slot, .value = UINT64_MAX};
    unsigned i = 0;
    advance(parser);
    while (i < count && !is(&parser->token, properties[i].word))
        i++;
    if (i == count)
        fail(parser, "expected one of: removed, canceled, queued, held, flagged, inserts, removes, "
                     "completes, returns");
    advance(parser);
    term.code = (uint8_t)properties[i].code;
    if (term.code >= LITMUS_INSERTS)
        parse_comparison(parser, &term);
    else if ((term.code == LITMUS_REMOVED || term.code == LITMUS_CANCELED) && accept(parser, "by"))
        term.value = parse_performer(parser);
    emit(parser, term);
}

static void parse_term(struct parser *parser)
{
    unsigned thread, operation;
    const struct token *token = &parser->token;
    if (token->length == 4 && memcmp(token->start, "irp", 3) == 0 &&
        (unsigned)(token->start[3] - '0') < parser->program->scenario.irps) {
        parse_irp_term(parser, (unsigned)(token->start[3] - '0'));
        return;
    }
    if (!read_operation(parser, &thread, &operation) ||
        operation == parser->program->operation_count)
        fail(parser,
             "expected an operation of this program, such as t0.0, an IRP in play, such as irp0, "
             "\"not\" or \"(\"");
    parse_operation_term(parser, operation);
}

/* ---- Expressions --------------------------------------------------------------------------- */

static void parse_expression(struct parser *parser);

static void parse_factor(struct parser *parser)
{
    if (parser->depth++ == DEEPEST)
        fail(parser, "expected at most %u parentheses and nots inside each other", DEEPEST);
    if (accept(parser, "not")) {
        parse_factor(parser);
        emit(parser, (struct litmus_term){.code = LITMUS_NOT});
    } else if (accept(parser, "(")) {
        parse_expression(parser);
        if (!accept(parser, ")"))
            fail(parser, "expected \")\", \"and\", \"or\" or \"implies\"");
    } else {
        parse_term(parser);
    }
    parser->depth--;
}

static void parse_conjunction(struct parser *parser)
{
    parse_factor(parser);
    while (accept(parser, "and")) {
        parse_factor(parser);
        emit(parser, (struct litmus_term){.code = LITMUS_AND});
    }
}

static void parse_disjunction(struct parser *parser)
{
    parse_conjunction(parser);
    while (accept(parser, "or")) {
        parse_conjunction(parser);
        emit(parser, (struct litmus_term){.code = LITMUS_OR});
    }
}

/* "a implies b" is "not a or b". */
static void parse_expression(struct parser *parser)
{
    parse_disjunction(parser);
    if (!accept(parser, "implies"))
        return;
    emit(parser, (struct litmus_term){.code = LITMUS_NOT});
    parse_disjunction(parser);
    emit(parser, (struct litmus_term){.code = LITMUS_OR});
}

/* ---- Statements ---------------------------------------------------------------------------- */

static void copy_text(struct parser *parser, const char *start)
{
    const char *end = parser->end;
    while (end > start && is_one_of(end[-1], " \t\r"))
        end--;
    size_t length = (size_t)(end - start);
    if (length >= sizeof parser->condition->text)
        fail(parser, "expected a condition of at most %zu characters",
             sizeof parser->condition->text - 1);
    memcpy(parser->condition->text, start, length);
    parser->condition->text[length] = '\0';
}

static void parse_condition(struct parser *parser, struct litmus *litmus)
{
    if (litmus->count == LITMUS_CONDITIONS)
        fail(parser, "expected at most %u conditions", LITMUS_CONDITIONS);
    parser->condition = &litmus->conditions[litmus->count];
    memset(parser->condition, 0, sizeof *parser->condition);
    copy_text(parser, parser->token.start);
    parser->condition->line = parser->line;
    while (!is(&parser->token, litmus_demands[parser->condition->demand]))
        parser->condition->demand++;
    advance(parser);
    parser->depth = 0;
    parse_expression(parser);
    if (parser->token.length)
        fail(parser, "expected the end of the line, \"and\", \"or\" or \"implies\"");
    litmus->count++;
}

/* One line of the file, up to its comment. */
static void parse_line(struct parser *parser, struct litmus *litmus, const char *start,
                       const char *end)
{
    const char *comment = memchr(start, '#', (size_t)(end - start));
    parser->line_start = start;
    parser->end = comment ? comment : end;
    parser->token = (struct token){start, 0};
    advance(parser);
    if (litmus_begins(parser->token.start, parser->token.length))
        parse_condition(parser, litmus);
}

bool litmus_parse(struct litmus *litmus, const struct program *program, const char *text,
                  size_t size, struct program_error *error)
{
    struct parser parser = {.program = program, .error = error};
    const char *end = text + size;
    litmus->count = 0;
    if (setjmp(parser.fail))
        return false;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        parser.line++;
        parse_line(&parser, litmus, text, newline ? newline : end);
        text = newline ? newline + 1 : end;
    }
    return true;
}
