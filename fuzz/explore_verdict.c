/* What was demanded and what came of it; a file to replay each failure. */
#define _GNU_SOURCE /* open_memstream */
#include "execute.h"
#include "explore.h"
#include "file.h"
#include "target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Conditions ---------------------------------------------------------------------------- */

static bool breaks(const struct litmus_condition *condition, const struct outcome *outcome)
{
    if (outcome->violation[0] || condition->demand == LITMUS_SOMETIMES)
        return false;
    return litmus_is_true(condition, outcome) == (condition->demand == LITMUS_NEVER);
}

bool explore_is_bad(const struct exploration *x, const struct outcome *outcome)
{
    bool bad = outcome->violation[0] != '\0';
    for (unsigned i = 0; i < x->litmus.count; i++)
        bad = bad || breaks(&x->litmus.conditions[i], outcome);
    return bad;
}

uint64_t explore_count_true(const struct exploration *x, const struct litmus_condition *condition)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < x->histogram.count; i++) {
        const struct explore_outcome *entry = &x->histogram.entries[i];
        if (!entry->outcome.violation[0] && litmus_is_true(condition, &entry->outcome))
            count += entry->count;
    }
    return count;
}

/* The easiest way to break a condition; NULL if it was not broken. */
static const struct explore_outcome *breaker(const struct exploration *x,
                                             const struct litmus_condition *condition)
{
    const struct explore_outcome *best = NULL;
    for (unsigned i = 0; i < x->histogram.count; i++) {
        const struct explore_outcome *entry = &x->histogram.entries[i];
        if (breaks(condition, &entry->outcome) &&
            (!best || entry->schedule.preemptions < best->schedule.preemptions))
            best = entry;
    }
    return best;
}

bool explore_is_met(const struct exploration *x, const struct litmus_condition *condition)
{
    if (condition->demand == LITMUS_SOMETIMES)
        return explore_count_true(x, condition) > 0;
    return breaker(x, condition) == NULL;
}

/* ---- Reproducers --------------------------------------------------------------------------- */

void explore_program(const struct exploration *x, const struct explore_schedule *schedule,
                     struct program *program)
{
    *program = x->program;
    program->schedule.strategy = STRATEGY_LIST;
    program->schedule.parameter = schedule->first;
    program->preemption_count = schedule->count;
    for (unsigned i = 0; i < schedule->count; i++)
        program->preemptions[i] = schedule->list[i];
    unsigned at = 0;
    for (unsigned o = 0; o <= program->operation_count; o++) {
        while (at < schedule->count && schedule->list[at].operation < o)
            at++;
        program->first_of[o] = (uint16_t)at;
    }
}

static void append_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

/* The name of a program's file without its folder and .csq. */
static void base_name(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".csq") == 0)
        name[length - 4] = '\0';
}

static void print_reproducer(FILE *out, const struct exploration *x, const char *what,
                             const struct explore_schedule *schedule)
{
    static struct program program;
    fprintf(out, "# %s: %s\n", x->path, what);
    fprintf(out, "# trace hash: %016" PRIx64 ", %u preemption%s%s\n", schedule->hash,
            schedule->preemptions, schedule->preemptions == 1 ? "" : "s",
            x->options->memory ? ", --granularity memory" : "");
    explore_program(x, schedule, &program);
    program_print(&program, append_line, out);
}

/* False if it cannot be written; `path` is then of no use. */
static bool write_reproducer(struct exploration *x, const char *what,
                             const struct explore_schedule *schedule, char *path, size_t size)
{
    char name[200], *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory)
        return false;
    print_reproducer(memory, x, what, schedule);
    fclose(memory);
    base_name(x->path, name, sizeof name);
    snprintf(path, size, "%s/%s-%u.csq", x->options->folder, name, ++x->reproducers);
    bool written = file_write(path, text, length);
    free(text);
    return written;
}

/* ---- Faults -------------------------------------------------------------------------------- */

static struct exploration *running;

/* A sanitizer or a signal ends the process in the middle of an execution: the way so far leads
 * there again. */
static void leave_reproducer(void)
{
    static struct program list;
    struct explore_schedule schedule = {.hash = sched_trace()->hash};
    char path[4096];
    if (!execute_as_list(&running->program, &list))
        return;
    fprintf(stderr, "%s: a fault in execution %" PRIu64 "\n", running->path,
            running->executions + 1);
    schedule.preemptions = explore_preemptions();
    schedule.first = list.schedule.parameter;
    schedule.count = list.preemption_count;
    schedule.list = list.preemptions;
    if (write_reproducer(running, "a fault", &schedule, path, sizeof path))
        fprintf(stderr, "replay: csq run %s\n", path);
}

void explore_expect_faults(struct exploration *x)
{
    running = x;
    target_set_last_words(leave_reproducer);
}

/* ---- Judging ------------------------------------------------------------------------------- */

static bool tell(struct exploration *x, const char *what, const struct explore_outcome *entry,
                 explore_found *found, void *context)
{
    char path[4096];
    bool written = true;
    x->failures++;
    if (!entry || !entry->schedule.named) {
        found(context, what, NULL);
        return true;
    }
    written = write_reproducer(x, what, &entry->schedule, path, sizeof path);
    found(context, what, written ? path : NULL);
    return written;
}

bool explore_judge(struct exploration *x, explore_found *found, void *context)
{
    char what[300];
    bool written = true;
    for (unsigned i = 0; i < x->histogram.count; i++) {
        const struct explore_outcome *entry = &x->histogram.entries[i];
        if (entry->outcome.violation[0]) {
            snprintf(what, sizeof what, "violation %s", entry->outcome.violation);
            written &= tell(x, what, entry, found, context);
        }
    }
    for (unsigned i = 0; i < x->litmus.count; i++) {
        const struct litmus_condition *condition = &x->litmus.conditions[i];
        if (explore_is_met(x, condition))
            continue;
        snprintf(what, sizeof what, "line %u, not so: %s", condition->line, condition->text);
        written &= tell(x, what, breaker(x, condition), found, context);
    }
    return written;
}

bool explore_as_demanded(const struct exploration *x)
{
    return x->failures == 0 && x->end == EXPLORE_COMPLETE && !x->lost;
}
