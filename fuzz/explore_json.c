/* The same for programs: one JSON object a program. */
#include "explore.h"

#include <inttypes.h>
#include <stdlib.h>

static void print_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ')
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void print_field(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\": ", name);
    print_string(out, text);
}

struct list {
    FILE *out;
    bool begun;
};

static void print_separator(struct list *list, const char *indent)
{
    fprintf(list->out, "%s%s", list->begun ? ",\n" : "\n", indent);
    list->begun = true;
}

static void print_line(void *context, const char *text)
{
    struct list *list = context;
    fprintf(list->out, "%s", list->begun ? ", " : "");
    print_string(list->out, text);
    list->begun = true;
}

/* The schedule as the lines of a program that csq run replays. */
static void print_schedule(FILE *out, const struct exploration *x,
                           const struct explore_schedule *schedule)
{
    static struct program program;
    struct list lines = {out, false};
    fprintf(out, "\"preemptions\": %u, \"fewest\": %s, \"schedule\": [", schedule->preemptions,
            schedule->fewest ? "true" : "false");
    if (schedule->named) {
        explore_program(x, schedule, &program);
        program_print(&program, print_line, &lines);
    }
    fputc(']', out);
}

static void print_outcomes(FILE *out, const struct exploration *x)
{
    char text[OUTCOME_TEXT];
    struct list list = {out, false};
    unsigned *order = explore_sort(&x->histogram);
    fprintf(out, "  \"outcomes\": [");
    for (unsigned i = 0; i < x->histogram.count; i++) {
        const struct explore_outcome *entry = &x->histogram.entries[order[i]];
        outcome_print(&x->program, &entry->outcome, text, sizeof text);
        print_separator(&list, "    {");
        fprintf(out, "\"executions\": %" PRIu64 ", ", entry->count);
        print_field(out, "state", text);
        fprintf(out, ", \"violation\": %s,\n     ", entry->outcome.violation[0] ? "true" : "false");
        print_schedule(out, x, &entry->schedule);
        fputc('}', out);
    }
    fprintf(out, "],\n");
    free(order);
}

static void print_conditions(FILE *out, const struct exploration *x)
{
    struct list list = {out, false};
    fprintf(out, "  \"conditions\": [");
    for (unsigned i = 0; i < x->litmus.count; i++) {
        const struct litmus_condition *condition = &x->litmus.conditions[i];
        print_separator(&list, "    {");
        fprintf(out, "\"line\": %u, ", condition->line);
        print_field(out, "condition", condition->text);
        fprintf(out, ", \"met\": %s, \"executions\": %" PRIu64 "}",
                explore_is_met(x, condition) ? "true" : "false", explore_count_true(x, condition));
    }
    fprintf(out, "],\n");
}

static void print_failure(void *context, const char *what, const char *reproducer)
{
    struct list *list = context;
    print_separator(list, "    {");
    print_field(list->out, "what", what);
    if (reproducer) {
        fprintf(list->out, ", ");
        print_field(list->out, "reproducer", reproducer);
    }
    fputc('}', list->out);
}

bool explore_json(FILE *out, struct exploration *x)
{
    static const char *const searches[] = {"all", "preemptions", "sampled"};
    struct list failures = {out, false};
    fprintf(out, " {");
    print_field(out, "program", x->path);
    fprintf(out, ",\n  \"search\": \"%s\", \"granularity\": \"%s\", ", searches[x->options->search],
            x->options->memory ? "memory" : "sync");
    print_field(out, "end", explore_end_text(x));
    fprintf(out, ",\n  \"executions\": %" PRIu64 ", \"pruned\": %" PRIu64 ",\n", x->executions,
            x->pruned);
    print_outcomes(out, x);
    print_conditions(out, x);
    fprintf(out, "  \"failures\": [");
    bool written = explore_judge(x, print_failure, &failures);
    fprintf(out, "],\n  \"as_demanded\": %s}", explore_as_demanded(x) ? "true" : "false");
    return written;
}

void explore_json_fault(FILE *out, const char *path)
{
    fprintf(out, " {");
    print_field(out, "program", path);
    fprintf(out, ", \"end\": \"fault\", \"as_demanded\": false}");
}
