#include "execute.h"

#include "target.h"

#include "conformance/sequential_check.h"

#include <string.h>

/* How many points an operation has at the most, nearly always: what PCT spreads its change points
 * over, and what a sweep covers. */
#define POINTS_PER_OPERATION 28u

static union {
    struct sched_list list;
    struct sched_walk walk;
    struct sched_pct pct;
    struct sched_pos pos;
    struct sched_sweep sweep;
} strategy;

struct sched_strategy *execute_strategy(const struct program *program)
{
    const struct program_schedule *schedule = &program->schedule;
    switch (schedule->strategy) {
    case STRATEGY_WALK:
        sched_walk_init(&strategy.walk, schedule->seed, schedule->parameter);
        return &strategy.walk.base;
    case STRATEGY_PCT:
        sched_pct_init(&strategy.pct, schedule->seed, schedule->parameter,
                       POINTS_PER_OPERATION * (program->operation_count + 1));
        return &strategy.pct.base;
    case STRATEGY_POS:
        sched_pos_init(&strategy.pos, schedule->seed);
        return &strategy.pos.base;
    case STRATEGY_SWEEP: /* modulo what may exist, so that every number sweeps this program */
        sched_sweep_init(&strategy.sweep,
                         schedule->seed % (SCHED_PROGRAM_THREADS * SCHED_PROGRAM_THREADS *
                                           POINTS_PER_OPERATION * (program->operation_count + 1)));
        return &strategy.sweep.base;
    default:
        sched_list_init(&strategy.list, program->preemptions, program->preemption_count,
                        program->first_of, program->operation_count, schedule->parameter);
        return &strategy.list.base;
    }
}

static struct harness_result run(const struct program *program, struct sched_strategy *chosen,
                                 const struct observer *observer)
{
    struct harness_plan plan = {.scenario = program->scenario,
                                .count = program->operation_count,
                                .operations = program->operations,
                                .strategy = chosen,
                                .observer = observer};
    struct harness_result result = harness_run(&plan);
    target_settle();
    return result;
}

struct harness_result execute_with(const struct program *program, struct sched_strategy *chosen)
{
    return run(program, chosen, NULL);
}

struct harness_result execute_observed(const struct program *program,
                                       const struct observer *observer)
{
    return run(program, execute_strategy(program), observer);
}

struct harness_result execute(const struct program *program)
{
    return execute_with(program, execute_strategy(program));
}

/* ---- One thread ---------------------------------------------------------------------------- */

void program_make_sequential(struct program *program)
{
    program->schedule = (struct program_schedule){.strategy = STRATEGY_LIST};
    program->preemption_count = 0;
    for (unsigned o = 0; o < program->operation_count; o++)
        program->operations[o].thread = 0;
    for (unsigned o = 0; o <= program->operation_count; o++)
        program->first_of[o] = 0;
}

struct harness_result execute_sequential(const struct program *program)
{
    return run(program, execute_strategy(program), &sequential_observer);
}

/* ---- Unmet preemptions --------------------------------------------------------------------- */

unsigned execute_unmet(const struct program *program)
{
    unsigned unmet = 0;
    for (unsigned i = 0; i < program->preemption_count; i++)
        unmet += !sched_list_met(&strategy.list, i);
    return unmet;
}

unsigned execute_substituted(const struct program *program)
{
    unsigned substituted = 0;
    for (unsigned i = 0; i < program->preemption_count; i++)
        substituted += sched_list_substituted(&strategy.list, i);
    return substituted;
}

/* ---- As a list ----------------------------------------------------------------------------- */

/* Visits of each point so far, while the trace is read. */
static uint16_t visits[PROGRAM_OPERATIONS][SCHED_KINDS];

/* Append the preemption for a switch after `event`; the list is in trace order, not sorted yet. */
static bool name_switch(struct program *list, const struct sched_event *event, unsigned to)
{
    unsigned visit = visits[event->operation][event->kind] - 1u;
    if (visit > PROGRAM_MAX_VISIT || list->preemption_count == PROGRAM_PREEMPTIONS)
        return false;
    list->preemptions[list->preemption_count++] =
        (struct sched_preemption){.operation = event->operation,
                                  .kind = event->kind,
                                  .visit = (uint8_t)visit,
                                  .to = (uint8_t)to};
    return true;
}

/* Stable insertion sort by operation, and the index that goes with it. */
static void sort_preemptions(struct program *list)
{
    for (unsigned i = 1; i < list->preemption_count; i++) {
        struct sched_preemption moved = list->preemptions[i];
        unsigned j = i;
        for (; j > 0 && list->preemptions[j - 1].operation > moved.operation; j--)
            list->preemptions[j] = list->preemptions[j - 1];
        list->preemptions[j] = moved;
    }
    unsigned at = 0;
    for (unsigned o = 0; o <= list->operation_count; o++) {
        while (at < list->preemption_count && list->preemptions[at].operation < o)
            at++;
        list->first_of[o] = (uint16_t)at;
    }
}

bool execute_as_list(const struct program *program, struct program *list)
{
    const struct sched_trace *trace = sched_trace();
    unsigned next = 0;
    *list = *program;
    list->schedule = (struct program_schedule){.strategy = STRATEGY_LIST};
    list->preemption_count = 0;
    memset(visits, 0, sizeof visits);
    uint32_t chosen = harness_step_limit(program->operation_count) / 2; /* steps by the strategy */
    if (trace->event_count > SCHED_TRACE_CAPACITY)
        return false;
    if (trace->event_count)
        list->schedule.parameter = trace->events[0].thread % SCHED_PROGRAM_THREADS;
    for (uint32_t i = 0; i < trace->event_count && i < chosen; i++) {
        const struct sched_event *event = &trace->events[i];
        bool named = event->operation < program->operation_count;
        if (named)
            visits[event->operation][event->kind]++;
        if (next == trace->switch_count || trace->switches[next].event != i)
            continue;
        if (!named || !name_switch(list, event, trace->switches[next++].to))
            return false;
    }
    sort_preemptions(list);
    return true;
}
