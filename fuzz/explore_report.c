/* What people read. */
#include "explore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- The search ---------------------------------------------------------------------------- */

const char *explore_end_text(const struct exploration *x)
{
    switch (x->end) {
    case EXPLORE_COMPLETE:
        return x->options->search == SEARCH_ALL ? "explored to the end" : "done";
    case EXPLORE_AT_LIMIT:
        return "stopped at the limit";
    case EXPLORE_AT_FIRST:
        return "stopped at the first failure";
    case EXPLORE_CUT:
        return "cut: an execution has too many steps";
    default:
        return "interrupted";
    }
}

void explore_describe_search(const struct exploration *x, char *buffer, size_t size)
{
    static const char *const strategies[] = {
        [STRATEGY_WALK] = "random", [STRATEGY_PCT] = "pct", [STRATEGY_POS] = "pos"};
    char how[80] = "";
    if (x->options->search == SEARCH_BOUNDED)
        snprintf(how, sizeof how, " with at most %u preemptions", x->options->preemptions);
    else if (x->options->search == SEARCH_SAMPLED)
        snprintf(how, sizeof how, " of %s seeds", strategies[x->options->strategy]);
    else if (x->pruned)
        snprintf(how, sizeof how, " (%" PRIu64 " of them cut off as seen before)", x->pruned);
    snprintf(buffer, size, "%" PRIu64 " executions%s, %u outcomes; %s", x->executions, how,
             x->histogram.count, explore_end_text(x));
}

/* ---- Outcomes ------------------------------------------------------------------------------ */

static const struct explore_histogram *sorted;

static int by_count(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    uint64_t x = sorted->entries[left].count, y = sorted->entries[right].count;
    return x == y ? (left > right) - (left < right) : (x < y) - (x > y);
}

unsigned *explore_sort(const struct explore_histogram *histogram)
{
    unsigned *order = calloc(histogram->count + 1, sizeof *order);
    if (!order)
        abort();
    for (unsigned i = 0; i < histogram->count; i++)
        order[i] = i;
    sorted = histogram;
    qsort(order, histogram->count, sizeof *order, by_count);
    return order;
}

/* "2 preemptions (first t1; t0.0 swap.after: t1; ...)" */
static void print_schedule(FILE *out, const struct exploration *x,
                           const struct explore_schedule *schedule)
{
    const char *between = "";
    fprintf(out, "%14s%s%u preemption%s (", "", schedule->fewest ? "" : "at most ",
            schedule->preemptions, schedule->preemptions == 1 ? "" : "s");
    if (!schedule->named)
        fprintf(out, "a schedule that a program cannot name");
    if (schedule->named && (schedule->first || schedule->count == 0)) {
        fprintf(out, "first t%u", schedule->first);
        between = "; ";
    }
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct sched_preemption *preemption = &schedule->list[i];
        fprintf(out, "%s%s %s", between, outcome_operation(&x->program, preemption->operation).text,
                sched_kind_label(preemption->kind));
        if (preemption->visit)
            fprintf(out, " visit %u", preemption->visit);
        fprintf(out, ": t%u", preemption->to);
        between = "; ";
    }
    fprintf(out, ")\n");
}

static void print_line(void *context, const char *text)
{
    fprintf(context, "%16s%s\n", "", text);
}

static void print_outcome(FILE *out, const struct exploration *x,
                          const struct explore_outcome *entry)
{
    static struct program program;
    char text[OUTCOME_TEXT];
    outcome_print(&x->program, &entry->outcome, text, sizeof text);
    fprintf(out, "%12" PRIu64 "  %s\n", entry->count, text);
    print_schedule(out, x, &entry->schedule);
    if (!x->options->verbose || !entry->schedule.named)
        return;
    explore_program(x, &entry->schedule, &program);
    program_print(&program, print_line, out);
}

static void print_outcomes(FILE *out, const struct exploration *x)
{
    unsigned *order = explore_sort(&x->histogram);
    for (unsigned i = 0; i < x->histogram.count; i++)
        print_outcome(out, x, &x->histogram.entries[order[i]]);
    free(order);
}

/* ---- The verdict --------------------------------------------------------------------------- */

static void print_conditions(FILE *out, const struct exploration *x)
{
    for (unsigned i = 0; i < x->litmus.count; i++) {
        const struct litmus_condition *condition = &x->litmus.conditions[i];
        uint64_t count = explore_count_true(x, condition);
        fprintf(out, "  %-6s  %s", explore_is_met(x, condition) ? "so" : "NOT SO", condition->text);
        if (condition->demand == LITMUS_SOMETIMES)
            fprintf(out, "  (%" PRIu64 ")", count);
        fputc('\n', out);
    }
}

static void print_failure(void *context, const char *what, const char *reproducer)
{
    fprintf(context, "  failed: %s\n", what);
    if (reproducer)
        fprintf(context, "  replay: csq run %s\n", reproducer);
}

static void print_verdict(FILE *out, const struct exploration *x)
{
    const char *why = "";
    if (x->lost)
        why = ": the plain search reached an outcome that the explorer has not; please report this";
    else if (x->failures == 0 && !explore_as_demanded(x))
        why = ": not explored to the end";
    fprintf(out, "  verdict: %sas demanded%s\n", explore_as_demanded(x) ? "" : "not ", why);
}

bool explore_report(FILE *out, struct exploration *x)
{
    char search[200];
    explore_describe_search(x, search, sizeof search);
    fprintf(out, "%s: %s\n", x->path, search);
    print_outcomes(out, x);
    print_conditions(out, x);
    bool written = explore_judge(x, print_failure, out);
    print_verdict(out, x);
    return written;
}
