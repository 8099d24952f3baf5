/* Program to text. What has its default value is left out, so that programs read short. */
#include "format_writer.h"
#include "program.h"

#include <stdio.h>
#include <string.h>

void program_print_operation(const struct operation *operation, char *buffer, size_t size)
{
    struct writer w = {buffer, buffer + size};
    unsigned kind = operation->kind;
    bool inserts = kind == OP_INSERT || kind == OP_INSERT_EX;
    bool by_queue = inserts || kind == OP_REMOVE_NEXT || kind == OP_DRAIN;
    bool by_irp = inserts || kind == OP_COMPLETE ||
                  (kind == OP_CANCEL && operation->place != PLACE_IN_INSERT);
    writer_put(&w, "%s", operation_name(kind));
    if (by_queue)
        writer_put(&w, " q%u", operation->queue);
    if (by_irp)
        writer_put(&w, " irp%u", operation->irp);
    if (operation->context)
        writer_put(&w, " ctx%u", operation->context - 1u);
    if (operation->keep)
        writer_put(&w, " keep");
    if (operation->answer)
        writer_put(&w, " answer %s", program_words_answer[operation->answer]);
    if (operation->match)
        writer_put(&w, " match %s", program_words_match[operation->match]);
    if (operation->irql)
        writer_put(&w, " at %s", program_words_irql[operation->irql]);
    if (operation->fate)
        writer_put(&w, " then %s", program_words_fate[operation->fate]);
}

static void print_schedule(const struct program_schedule *schedule, char *buffer, size_t size)
{
    struct writer w = {buffer, buffer + size};
    writer_put(&w, "strategy %s", program_words_strategy[schedule->strategy]);
    if (schedule->strategy == STRATEGY_LIST && schedule->parameter)
        writer_put(&w, " first t%u", schedule->parameter);
    if (schedule->strategy == STRATEGY_WALK)
        writer_put(&w, " rate %u", schedule->parameter);
    if (schedule->strategy == STRATEGY_PCT)
        writer_put(&w, " depth %u", schedule->parameter);
    if (schedule->strategy == STRATEGY_SWEEP)
        writer_put(&w, " number %u", (unsigned)schedule->seed);
    else if (schedule->strategy != STRATEGY_LIST)
        writer_put(&w, " seed %u", (unsigned)schedule->seed);
}

static void print_queue(const struct scenario *scenario, int number, char *buffer, size_t size)
{
    struct writer w = {buffer, buffer + size};
    const struct queue_shape *shape = &scenario->queue[number];
    writer_put(&w, "queue q%d %s %s %s%s", number, shape->ex ? "ex" : "plain",
               program_words_lock[shape->lock], program_words_store[shape->store],
               shape->eager ? " eager" : "");
}

static void print_preemption(const struct sched_preemption *preemption, char *buffer, size_t size)
{
    struct writer w = {buffer, buffer + size};
    writer_put(&w, "    preempt %s", sched_kind_label(preemption->kind));
    if (preemption->visit)
        writer_put(&w, " visit %u", preemption->visit);
    writer_put(&w, " run t%u", preemption->to);
}

void program_print(const struct program *program, program_line *line, void *context)
{
    char text[200], operation[160];
    const struct scenario *scenario = &program->scenario;
    line(context, "csq 1");
    print_schedule(&program->schedule, text, sizeof text);
    line(context, text);
    line(context, scenario->diagram ? "reading diagram" : "reading text");
    snprintf(text, sizeof text, "slots irps %u contexts %u", scenario->irps, scenario->contexts);
    line(context, text);
    for (int i = 0; i < scenario->queues; i++) {
        print_queue(scenario, i, text, sizeof text);
        line(context, text);
    }
    for (unsigned o = 0; o < program->operation_count; o++) {
        const struct operation *current = &program->operations[o];
        bool nested = current->place != PLACE_TOP;
        program_print_operation(current, operation, sizeof operation);
        snprintf(text, sizeof text, "t%u %s%s%s%s", current->thread, nested ? "in " : "",
                 nested ? program_words_place[current->place] : "", nested ? " " : "", operation);
        line(context, text);
        for (unsigned p = program->first_of[o]; p < program->first_of[o + 1]; p++) {
            print_preemption(&program->preemptions[p], text, sizeof text);
            line(context, text);
        }
    }
}
