#include "mutate_draft.h"

#include <string.h>

static void append(struct draft *draft, const struct draft_record *record)
{
    if (draft->count == draft->room)
        return;
    draft->operations += !record->is_preemption;
    draft->records[draft->count++] = *record;
}

void draft_open(struct draft *draft, const struct program *program, unsigned room)
{
    draft->schedule = program->schedule;
    draft->scenario = program->scenario;
    draft->room = room < DRAFT_CAPACITY ? room : DRAFT_CAPACITY;
    draft->count = draft->operations = 0;
    for (unsigned o = 0; o < program->operation_count; o++) {
        struct draft_record record = {.operation = program->operations[o]};
        append(draft, &record);
        for (unsigned p = program->first_of[o]; p < program->first_of[o + 1]; p++) {
            record =
                (struct draft_record){.is_preemption = true, .preemption = program->preemptions[p]};
            append(draft, &record);
        }
    }
}

static void close_operation(struct program *program, const struct operation *operation)
{
    program->operations[program->operation_count++] = *operation;
    program->first_of[program->operation_count] = (uint16_t)program->preemption_count;
}

void draft_close(const struct draft *draft, struct program *program)
{
    program->schedule = draft->schedule;
    program->scenario = draft->scenario;
    if (program->scenario.queues == 1)
        program->scenario.queue[1] = (struct queue_shape){0};
    program->operation_count = program->preemption_count = 0;
    program->first_of[0] = 0;
    for (unsigned i = 0; i < draft->count; i++) {
        const struct draft_record *record = &draft->records[i];
        const struct sched_preemption *p = &record->preemption;
        if (!record->is_preemption && program->operation_count == PROGRAM_OPERATIONS)
            break;
        if (!record->is_preemption)
            close_operation(program, &record->operation);
        else if (program->schedule.strategy == STRATEGY_LIST)
            program_add_preemption(program, p->kind, p->visit, p->to);
    }
}

static void recount(struct draft *draft)
{
    draft->operations = 0;
    for (unsigned i = 0; i < draft->count; i++)
        draft->operations += !draft->records[i].is_preemption;
}

bool draft_insert(struct draft *draft, unsigned at, const struct draft_record *records,
                  unsigned count)
{
    if (count > draft->room || draft->count > draft->room - count)
        return false;
    memmove(&draft->records[at + count], &draft->records[at],
            (draft->count - at) * sizeof *draft->records);
    memcpy(&draft->records[at], records, count * sizeof *records);
    draft->count += count;
    recount(draft);
    return true;
}

void draft_remove(struct draft *draft, unsigned at, unsigned count)
{
    memmove(&draft->records[at], &draft->records[at + count],
            (draft->count - at - count) * sizeof *draft->records);
    draft->count -= count;
    recount(draft);
}

static unsigned find(const struct draft *draft, bool preemption, unsigned n)
{
    unsigned at = 0;
    while (at < draft->count && (draft->records[at].is_preemption != preemption || n-- > 0))
        at++;
    return at;
}

unsigned draft_operation(const struct draft *draft, unsigned n)
{
    return find(draft, false, n);
}

unsigned draft_preemption(const struct draft *draft, unsigned n)
{
    return find(draft, true, n);
}

unsigned draft_group(const struct draft *draft, unsigned at)
{
    unsigned count = 1;
    while (at + count < draft->count && draft->records[at + count].is_preemption)
        count++;
    return count;
}

void draft_move(struct draft *draft, unsigned from, unsigned to)
{
    static struct draft_record moved[DRAFT_CAPACITY];
    unsigned at = draft_operation(draft, from), count = draft_group(draft, at);
    memcpy(moved, &draft->records[at], count * sizeof *moved);
    draft_remove(draft, at, count);
    draft_insert(draft, draft_operation(draft, to), moved, count);
}
