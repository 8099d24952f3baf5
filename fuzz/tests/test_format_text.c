/* The input format as text: the same programs, spelled by people, and their mistakes. */
#include "programs.h"

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
         "  preempt begin visit 0 run t1\nt1\rcancel\r irp0")};
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

/* ---- Limits -------------------------------------------------------------------------------- */

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

int main(void)
{
    text_random();
    text_full();
    text_spellings();
    text_without_version();
    text_damaged();
    text_garbage();
    text_or_bytes();
    limits_of_text();
    return tap_end();
}
