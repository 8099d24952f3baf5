#include "mutate.h"
#include "mutate_draft.h"

/* Two slots that collide find a race sooner than four that do not; four find what two cannot. */
static uint8_t few(struct sched_random *random, unsigned most)
{
    unsigned first = chance(random, most);
    unsigned second = chance(random, most);
    return (uint8_t)(1 + (first < second ? first : second));
}

/* Usually 0, the ordinary case; else any. */
static uint8_t seldom(struct sched_random *random, unsigned bound)
{
    return (uint8_t)(chance(random, 4) ? 0 : chance(random, bound));
}

/* ---- Operations and preemptions ------------------------------------------------------------ */

static uint8_t random_kind(struct sched_random *random)
{
    static const uint8_t kinds[] = {OP_INSERT,      OP_INSERT,   OP_INSERT, OP_INSERT_EX,
                                    OP_INSERT_EX,   OP_CANCEL,   OP_CANCEL, OP_CANCEL,
                                    OP_CANCEL,      OP_REMOVE,   OP_REMOVE, OP_REMOVE_NEXT,
                                    OP_REMOVE_NEXT, OP_COMPLETE, OP_DRAIN,  OP_CANCEL_LOCK};
    return kinds[chance(random, sizeof kinds)];
}

struct draft_record random_operation(const struct draft *draft, struct sched_random *random)
{
    struct operation o = {0};
    o.kind = random_kind(random);
    o.thread = (uint8_t)chance(random, SCHED_PROGRAM_THREADS);
    o.place = seldom(random, OPERATION_PLACES);
    o.queue = (uint8_t)chance(random, draft->scenario.queues);
    o.irp = (uint8_t)chance(random, draft->scenario.irps);
    o.context = (uint8_t)chance(random, draft->scenario.contexts + 1u);
    o.irql = seldom(random, 3);
    o.answer = seldom(random, OPERATION_ANSWERS);
    o.match = seldom(random, 3);
    o.fate = seldom(random, OPERATION_FATES);
    o.keep = seldom(random, 2);
    program_normalize_operation(&o);
    return (struct draft_record){.operation = o};
}

struct draft_record random_preemption(const struct operation *operation,
                                      struct sched_random *random)
{
    const uint8_t *labels = program_labels(operation->kind);
    unsigned count = 0, visit = 0;
    while (labels[count] != SCHED_KINDS)
        count++;
    while (visit < PROGRAM_MAX_VISIT && chance(random, 4) == 0)
        visit++;
    struct sched_preemption preemption = {.visit = (uint8_t)visit};
    preemption.kind = labels[chance(random, count)];
    preemption.to = (uint8_t)another(random, operation->thread, SCHED_PROGRAM_THREADS);
    return (struct draft_record){.is_preemption = true, .preemption = preemption};
}

/* ---- Schedules ----------------------------------------------------------------------------- */

void random_parameter(struct program_schedule *schedule, struct sched_random *random)
{
    switch (schedule->strategy) {
    case STRATEGY_LIST:
        schedule->parameter = (uint8_t)chance(random, SCHED_PROGRAM_THREADS);
        break;
    case STRATEGY_WALK:
        schedule->parameter = few(random, 8);
        break;
    case STRATEGY_PCT:
        schedule->parameter = (uint8_t)(1 + few(random, 4));
        break;
    default:
        schedule->parameter = 0;
    }
}

void random_schedule(struct program_schedule *schedule, struct sched_random *random)
{
    /* The walk finds most, nearly always soonest; each of the others finds something before it. */
    static const uint8_t others[] = {STRATEGY_LIST, STRATEGY_PCT, STRATEGY_POS, STRATEGY_SWEEP};
    bool walks = chance(random, 4) != 0;
    schedule->strategy = walks ? STRATEGY_WALK : others[chance(random, sizeof others)];
    random_parameter(schedule, random);
    schedule->seed = schedule->strategy == STRATEGY_LIST ? 0 : (uint32_t)sched_random_next(random);
}

/* ---- Scenarios ----------------------------------------------------------------------------- */

static void random_shape(struct queue_shape *shape, struct sched_random *random)
{
    shape->ex = chance(random, 2);
    shape->lock = seldom(random, QUEUE_LOCKS);
    shape->store = seldom(random, QUEUE_STORES);
    shape->eager = seldom(random, 2);
}

static void random_scenario(struct scenario *scenario, struct sched_random *random)
{
    *scenario = (struct scenario){0};
    scenario->diagram = chance(random, 2);
    scenario->irps = few(random, SCENARIO_IRPS);
    scenario->contexts = few(random, SCENARIO_CONTEXTS);
    scenario->queues = (uint8_t)(1 + seldom(random, SCENARIO_QUEUES));
    for (unsigned q = 0; q < scenario->queues; q++)
        random_shape(&scenario->queue[q], random);
}

void random_dimension(struct scenario *scenario, struct sched_random *random)
{
    struct queue_shape *shape = &scenario->queue[chance(random, scenario->queues)];
    switch (chance(random, 8)) {
    case 0:
        scenario->diagram = !scenario->diagram;
        break;
    case 1:
        scenario->irps = (uint8_t)(1 + another(random, scenario->irps - 1u, SCENARIO_IRPS));
        break;
    case 2:
        scenario->contexts =
            (uint8_t)(1 + another(random, scenario->contexts - 1u, SCENARIO_CONTEXTS));
        break;
    case 3: /* a second queue, or no longer */
        scenario->queues = (uint8_t)(1 + another(random, scenario->queues - 1u, SCENARIO_QUEUES));
        random_shape(&scenario->queue[1], random);
        break;
    case 4:
        shape->ex = !shape->ex;
        break;
    case 5:
        shape->lock = (uint8_t)another(random, shape->lock, QUEUE_LOCKS);
        break;
    case 6:
        shape->store = (uint8_t)another(random, shape->store, QUEUE_STORES);
        break;
    default:
        shape->eager = !shape->eager;
    }
}

/* ---- Whole programs ------------------------------------------------------------------------ */

static void add_preemptions(struct draft *draft, struct sched_random *random)
{
    for (unsigned i = 1 + chance(random, 4); i > 0; i--) {
        unsigned at = draft_operation(draft, chance(random, draft->operations));
        struct draft_record record = random_preemption(&draft->records[at].operation, random);
        draft_insert(draft, at + draft_group(draft, at), &record, 1);
    }
}

static void fresh_operations(struct draft *draft, struct sched_random *random)
{
    random_scenario(&draft->scenario, random);
    unsigned operations = 1 + chance(random, 8u << chance(random, 3));
    unsigned threads = 2 + chance(random, SCHED_PROGRAM_THREADS - 1);
    for (unsigned i = 0; i < operations; i++) {
        struct draft_record record = random_operation(draft, random);
        record.operation.thread %= (uint8_t)threads;
        draft_insert(draft, draft->count, &record, 1);
    }
}

static struct draft *open_fresh(struct program *program, unsigned room)
{
    static struct draft draft;
    program_decode(program, NULL, 0);
    draft_open(&draft, program, room);
    return &draft;
}

void mutate_fresh(struct program *program, struct sched_random *random, unsigned room)
{
    struct draft *draft = open_fresh(program, room);
    random_schedule(&draft->schedule, random);
    fresh_operations(draft, random);
    if (draft->schedule.strategy == STRATEGY_LIST && draft->operations > 0)
        add_preemptions(draft, random);
    draft_close(draft, program);
}

void mutate_fresh_under(struct program *program, const struct program_schedule *schedule,
                        struct sched_random *random)
{
    struct draft *draft = open_fresh(program, DRAFT_CAPACITY);
    draft->schedule = *schedule;
    fresh_operations(draft, random);
    draft_close(draft, program);
}
