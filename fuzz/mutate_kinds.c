#include "mutate.h"
#include "mutate_draft.h"

#include <string.h>

/* ---- Operations ---------------------------------------------------------------------------- */

static bool add_operation(struct draft *draft, struct sched_random *random)
{
    struct draft_record record = random_operation(draft, random);
    if (draft->operations > 0 && chance(random, 2)) /* to a thread that exists */
        record.operation.thread =
            draft->records[draft_operation(draft, chance(random, draft->operations))]
                .operation.thread;
    return draft_insert(draft, draft_operation(draft, chance(random, draft->operations + 1)),
                        &record, 1);
}

/* The record of any operation; there must be some. */
static unsigned any_operation(const struct draft *draft, struct sched_random *random)
{
    return draft_operation(draft, chance(random, draft->operations));
}

static bool drop_operation(struct draft *draft, struct sched_random *random)
{
    if (draft->operations == 0)
        return false;
    unsigned at = any_operation(draft, random);
    draft_remove(draft, at, draft_group(draft, at));
    return true;
}

static bool move_operation(struct draft *draft, struct sched_random *random)
{
    if (draft->operations < 2)
        return false;
    unsigned from = chance(random, draft->operations);
    draft_move(draft, from, another(random, from, draft->operations));
    return true;
}

static bool duplicate_operation(struct draft *draft, struct sched_random *random)
{
    static struct draft_record group[DRAFT_CAPACITY];
    if (draft->operations == 0)
        return false;
    unsigned at = any_operation(draft, random), count = draft_group(draft, at);
    memcpy(group, &draft->records[at], count * sizeof *group);
    if (chance(random, 2))
        group[0].operation.thread =
            (uint8_t)another(random, group[0].operation.thread, SCHED_PROGRAM_THREADS);
    unsigned to = draft_operation(draft, chance(random, draft->operations + 1));
    return draft_insert(draft, to, group, count);
}

/* ---- What an operation consists of --------------------------------------------------------- */

struct field {
    size_t at;
    unsigned values;
};
#define FIELD(name, values) {offsetof(struct operation, name), values}

static const struct field kind_field[] = {FIELD(kind, OPERATION_KINDS)};
static const struct field thread_field[] = {FIELD(thread, SCHED_PROGRAM_THREADS)};
static const struct field place_field[] = {FIELD(place, OPERATION_PLACES)};
static const struct field targets[] = {FIELD(irp, SCENARIO_IRPS),
                                       FIELD(context, SCENARIO_CONTEXTS + 1),
                                       FIELD(queue, SCENARIO_QUEUES)};
static const struct field details[] = {FIELD(irql, 3), FIELD(answer, OPERATION_ANSWERS),
                                       FIELD(match, 3), FIELD(fate, OPERATION_FATES),
                                       FIELD(keep, 2)};

/* Give one of these fields another value; false if that makes no difference to the operation. */
static bool change(struct operation *operation, const struct field *field,
                   struct sched_random *random)
{
    struct operation changed = *operation;
    uint8_t *value = (uint8_t *)&changed + field->at;
    *value = (uint8_t)another(random, *value, field->values);
    program_normalize_operation(&changed);
    bool differs = memcmp(&changed, operation, sizeof changed) != 0;
    *operation = changed;
    return differs;
}

/* Some operations have no use for some fields: a few tries. */
static bool change_any(struct draft *draft, const struct field *fields, size_t count,
                       struct sched_random *random)
{
    for (unsigned tries = 8; draft->operations > 0 && tries > 0; tries--) {
        unsigned at = any_operation(draft, random);
        const struct field *field = &fields[chance(random, (unsigned)count)];
        if (change(&draft->records[at].operation, field, random))
            return true;
    }
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool change_kind(struct draft *draft, struct sched_random *random)
{
    return change_any(draft, kind_field, COUNT(kind_field), random);
}

static bool change_thread(struct draft *draft, struct sched_random *random)
{
    return change_any(draft, thread_field, COUNT(thread_field), random);
}

static bool change_place(struct draft *draft, struct sched_random *random)
{
    return change_any(draft, place_field, COUNT(place_field), random);
}

static bool retarget_operation(struct draft *draft, struct sched_random *random)
{
    return change_any(draft, targets, COUNT(targets), random);
}

static bool change_detail(struct draft *draft, struct sched_random *random)
{
    return change_any(draft, details, COUNT(details), random);
}

/* ---- Preemptions --------------------------------------------------------------------------- */

static bool add_preemption(struct draft *draft, struct sched_random *random)
{
    if (draft->schedule.strategy != STRATEGY_LIST || draft->operations == 0 ||
        draft->count - draft->operations >= PROGRAM_PREEMPTIONS)
        return false;
    unsigned at = any_operation(draft, random);
    struct draft_record record = random_preemption(&draft->records[at].operation, random);
    return draft_insert(draft, at + 1 + chance(random, draft_group(draft, at)), &record, 1);
}

/* Where some preemption stands; draft->count if there is none. */
static unsigned any_preemption(const struct draft *draft, struct sched_random *random)
{
    unsigned count = draft->count - draft->operations;
    return count ? draft_preemption(draft, chance(random, count)) : draft->count;
}

static bool drop_preemption(struct draft *draft, struct sched_random *random)
{
    unsigned at = any_preemption(draft, random);
    if (at == draft->count)
        return false;
    draft_remove(draft, at, 1);
    return true;
}

static bool move_preemption(struct draft *draft, struct sched_random *random)
{
    unsigned at = any_preemption(draft, random);
    if (at == draft->count)
        return false;
    unsigned to = draft->records[at].preemption.to;
    draft_remove(draft, at, 1);
    unsigned owner = any_operation(draft, random);
    struct draft_record record = random_preemption(&draft->records[owner].operation, random);
    record.preemption.to = (uint8_t)to;
    return draft_insert(draft, owner + 1, &record, 1);
}

static bool retarget_preemption(struct draft *draft, struct sched_random *random)
{
    unsigned at = any_preemption(draft, random);
    if (at == draft->count)
        return false;
    uint8_t *to = &draft->records[at].preemption.to;
    *to = (uint8_t)another(random, *to, SCHED_PROGRAM_THREADS);
    return true;
}

/* ---- Schedule and scenario ----------------------------------------------------------------- */

static bool change_strategy(struct draft *draft, struct sched_random *random)
{
    unsigned before = draft->schedule.strategy;
    while (draft->schedule.strategy == before)
        random_schedule(&draft->schedule, random);
    return true;
}

static bool change_parameter(struct draft *draft, struct sched_random *random)
{
    unsigned before = draft->schedule.parameter;
    if (draft->schedule.strategy == STRATEGY_POS || draft->schedule.strategy == STRATEGY_SWEEP)
        return false;
    while (draft->schedule.parameter == before)
        random_parameter(&draft->schedule, random);
    return true;
}

/* A sweep's seed counts: its neighbours are like it. */
static bool change_seed(struct draft *draft, struct sched_random *random)
{
    if (draft->schedule.strategy == STRATEGY_LIST)
        return false;
    if (draft->schedule.strategy == STRATEGY_SWEEP && chance(random, 2))
        draft->schedule.seed += chance(random, 2) ? 1u : ~0u;
    else
        draft->schedule.seed = (uint32_t)sched_random_next(random);
    return true;
}

static bool change_scenario(struct draft *draft, struct sched_random *random)
{
    random_dimension(&draft->scenario, random);
    return true;
}

/* ---- By name ------------------------------------------------------------------------------- */

static bool (*const mutations[MUTATE_FRESH_PROGRAM])(struct draft *, struct sched_random *) = {
    [MUTATE_ADD_OPERATION] = add_operation,
    [MUTATE_DROP_OPERATION] = drop_operation,
    [MUTATE_MOVE_OPERATION] = move_operation,
    [MUTATE_DUPLICATE_OPERATION] = duplicate_operation,
    [MUTATE_CHANGE_KIND] = change_kind,
    [MUTATE_CHANGE_THREAD] = change_thread,
    [MUTATE_CHANGE_PLACE] = change_place,
    [MUTATE_RETARGET_OPERATION] = retarget_operation,
    [MUTATE_CHANGE_DETAIL] = change_detail,
    [MUTATE_ADD_PREEMPTION] = add_preemption,
    [MUTATE_DROP_PREEMPTION] = drop_preemption,
    [MUTATE_MOVE_PREEMPTION] = move_preemption,
    [MUTATE_RETARGET_PREEMPTION] = retarget_preemption,
    [MUTATE_CHANGE_STRATEGY] = change_strategy,
    [MUTATE_CHANGE_PARAMETER] = change_parameter,
    [MUTATE_CHANGE_SEED] = change_seed,
    [MUTATE_CHANGE_SCENARIO] = change_scenario,
};

bool mutate_once(struct program *program, enum mutation kind, struct sched_random *random,
                 unsigned room)
{
    static struct draft draft;
    if (kind == MUTATE_FRESH_PROGRAM) {
        mutate_fresh(program, random, room);
        return true;
    }
    draft_open(&draft, program, room);
    if (!mutations[kind](&draft, random))
        return false;
    draft_close(&draft, program);
    return true;
}
