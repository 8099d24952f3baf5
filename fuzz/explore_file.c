/* One program: read, explored, reported. */
#include "explore.h"
#include "file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_TEXT (8u << 20)

/* Conditions stand in the text form only. */
static bool read_conditions(struct exploration *x)
{
    struct program_error error;
    size_t size;
    uint8_t *text = file_read(x->path, LARGEST_TEXT, &size);
    bool read = text && litmus_parse(&x->litmus, &x->program, (const char *)text, size, &error);
    if (text && !read)
        fprintf(stderr, "%s:%u:%u: %s\n", x->path, error.line, error.column, error.expected);
    free(text);
    return read;
}

static bool read_program(struct exploration *x)
{
    bool text;
    struct program *program = &x->program;
    if (!file_read_program(x->path, program, &text))
        return false;
    if (program->operation_count > OUTCOME_OPERATIONS) {
        fprintf(stderr, "%s: %u operations are too many to explore: expected at most %u\n", x->path,
                program->operation_count, OUTCOME_OPERATIONS);
        return false;
    }
    program->schedule = (struct program_schedule){.strategy = STRATEGY_LIST};
    program->preemption_count = 0;
    memset(program->first_of, 0, sizeof program->first_of);
    return !text || read_conditions(x);
}

struct explore_tally explore_file(const char *path, const struct explore_options *how, FILE *out)
{
    static struct exploration x;
    struct explore_tally tally = {.status = EXPLORE_BAD_INPUT};
    memset(&x, 0, sizeof x);
    x.path = path;
    x.options = how;
    if (!read_program(&x))
        return tally;
    explore_expect_faults(&x);
    if (!explore_search(&x))
        return tally;
    if (x.end == EXPLORE_SIGNAL) {
        fprintf(stderr, "%s: interrupted after %" PRIu64 " executions%s\n", path, x.executions,
                how->checkpoint ? "; --resume goes on" : "");
        return tally;
    }
    explore_shorten(&x);
    bool written = how->json ? explore_json(out, &x) : explore_report(out, &x);
    tally = (struct explore_tally){.executions = x.executions,
                                   .pruned = x.pruned,
                                   .outcomes = x.histogram.count,
                                   .status = explore_as_demanded(&x) ? EXPLORE_AS_DEMANDED
                                                                     : EXPLORE_NOT_SO};
    if (!written)
        tally.status = EXPLORE_BAD_INPUT;
    histogram_free(&x.histogram);
    return tally;
}
