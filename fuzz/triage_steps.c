/*
 * The steps that a program's text names, with their lines, and the order in which they come: the
 * thread that a preemption names goes on until it is preempted or has ended. Where a thread waits
 * for a lock the text does not say so, and the order is only nearly the true one. A text that
 * somebody made up gets some order, too.
 */
#include "triage_report.h"

#include <stdlib.h>
#include <string.h>

/* ---- Lines --------------------------------------------------------------------------------- */

static bool begins(const char *text, size_t length, const char *word)
{
    size_t of = strlen(word);
    return length > of && memcmp(text, word, of) == 0 && (text[of] == ' ' || text[of] == '\t');
}

/* "t3 insert ..." is thread 3; -1: no operation. */
static int thread_of(const char *text, size_t length)
{
    bool named = length > 3 && text[0] == 't' && text[1] >= '0' && text[1] < '0' + TRIAGE_THREADS &&
                 text[2] == ' ';
    return named ? text[1] - '0' : -1;
}

/* The thread that "preempt LABEL run tN" goes to. */
static int target_of(const char *text, size_t length)
{
    for (size_t i = 0; i + 6 < length + 1; i++)
        if (length - i >= 6 && memcmp(text + i, " run t", 6) == 0 && i + 6 < length &&
            text[i + 6] >= '0' && text[i + 6] < '0' + TRIAGE_THREADS)
            return text[i + 6] - '0';
    return -1;
}

struct reader {
    bool substrate; /* a text of calls, all on one thread */
    int thread;     /* of the operation before */
};

/* Is the line a step, and whose? The rest of the line is left as it stands. */
static bool read_step(struct reader *reader, struct triage_step *step)
{
    int thread = thread_of(step->text, step->length);
    step->preemption = reader->thread >= 0 && begins(step->text, step->length, "preempt");
    if (begins(step->text, step->length, "substrate")) {
        reader->substrate = true;
        return false;
    }
    if (reader->substrate)
        thread = 0;
    if (thread >= 0)
        reader->thread = thread;
    step->thread = (unsigned)(reader->thread < 0 ? 0 : reader->thread);
    return thread >= 0 || step->preemption;
}

/* Cuts the line at *next into indentation, step and comment. */
static void cut_line(const char **next, struct triage_step *step)
{
    const char *line = *next, *text = line + strspn(line, " \t");
    size_t all = strcspn(text, "\n"), length = strcspn(text, "#\n");
    *next = text + all + (text[all] == '\n');
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        length--;
    step->text = text;
    step->length = (unsigned)length;
    step->column = (unsigned)(text - line) + 1;
}

static uint32_t count_lines(const char *text)
{
    uint32_t count = 1;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* ---- Their order --------------------------------------------------------------------------- */

/* The thread's next step that has no order yet; `count` if it has ended. */
static uint32_t next_of(const struct triage_step *steps, uint32_t count, int thread)
{
    uint32_t i = 0;
    while (i < count && (steps[i].order || steps[i].thread != (unsigned)thread))
        i++;
    return i;
}

static int first_unended(const struct triage_step *steps, uint32_t count)
{
    int thread = 0;
    while (thread < TRIAGE_THREADS && next_of(steps, count, thread) == count)
        thread++;
    return thread;
}

/* The program's own word on who starts: "strategy list first tN"; else the lowest. */
static int first_thread(const char *program)
{
    const char *first = strstr(program, "\nstrategy list first t");
    int thread = first ? first[sizeof "\nstrategy list first t" - 1] - '0' : 0;
    return thread >= 0 && thread < TRIAGE_THREADS ? thread : 0;
}

static void put_in_order(const char *program, struct triage_step *steps, uint32_t count)
{
    int thread = first_thread(program);
    for (unsigned order = 1; order <= count; order++) {
        if (next_of(steps, count, thread) == count)
            thread = first_unended(steps, count);
        struct triage_step *step = &steps[next_of(steps, count, thread)];
        step->order = order;
        int target = step->preemption ? target_of(step->text, step->length) : -1;
        thread = target >= 0 ? target : thread;
    }
}

struct triage_step *triage_steps(const char *program, uint32_t *count)
{
    struct triage_step *steps = calloc(count_lines(program), sizeof *steps);
    struct reader reader = {.thread = -1};
    const char *next = program;
    *count = 0;
    for (unsigned line = 1; steps && *next; line++) {
        struct triage_step *step = &steps[*count];
        cut_line(&next, step);
        step->line = line;
        *count += step->length > 0 && read_step(&reader, step);
    }
    if (*count == 0) {
        free(steps);
        return NULL;
    }
    put_in_order(program, steps, *count);
    return steps;
}
