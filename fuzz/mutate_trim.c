#include "mutate.h"
#include "mutate_draft.h"

/* Each step either leaves something out for good or goes on by one chunk, so there are at most as
 * many as there were chunks of each size, and preemptions, at first. */
static unsigned count_steps(const struct program *program)
{
    unsigned operations = program->operation_count, steps = program->preemption_count;
    for (unsigned chunk = operations / 2 + operations % 2; chunk > 0; chunk /= 2)
        steps += (operations + chunk - 1) / chunk;
    return steps;
}

/* Go on to the next chunk that is not empty; at the end, all steps are done. */
static void settle(struct mutate_trim *trim)
{
    while (trim->chunk > 0 && trim->at >= trim->best.operation_count) {
        trim->chunk /= 2;
        trim->at = 0;
    }
    if (trim->chunk == 0 && trim->at >= trim->best.preemption_count)
        trim->step = trim->steps;
}

unsigned mutate_trim_begin(struct mutate_trim *trim, const uint8_t *data, size_t size)
{
    program_decode(&trim->best, data, size);
    trim->candidate = trim->best;
    trim->chunk = trim->best.operation_count / 2 + trim->best.operation_count % 2;
    trim->at = 0;
    trim->step = 0;
    trim->steps = count_steps(&trim->best);
    settle(trim);
    return trim->steps;
}

size_t mutate_trim_next(struct mutate_trim *trim, uint8_t *data)
{
    static struct draft draft;
    draft_open(&draft, &trim->best, DRAFT_CAPACITY);
    if (trim->chunk > 0) {
        unsigned from = draft_operation(&draft, trim->at);
        draft_remove(&draft, from, draft_operation(&draft, trim->at + trim->chunk) - from);
    } else if (trim->at < trim->best.preemption_count) {
        draft_remove(&draft, draft_preemption(&draft, trim->at), 1);
    }
    draft_close(&draft, &trim->candidate);
    return program_encode(&trim->candidate, data);
}

unsigned mutate_trim_judge(struct mutate_trim *trim, bool good)
{
    if (trim->step < trim->steps)
        trim->step++;
    if (good)
        trim->best = trim->candidate;
    else
        trim->at += trim->chunk ? trim->chunk : 1;
    settle(trim);
    return trim->step;
}
