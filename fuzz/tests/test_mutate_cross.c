/* Operations stay whole: where one is added or dropped, in crossover and in trimming. */
#include "fuzz/mutate.h"
#include "programs.h"

#define ROUNDS 5000u

static uint8_t bytes[PROGRAM_MAX_SIZE];

/* A random program all of whose operations are of this kind, with preemptions. */
static void make(struct program *made, unsigned kind)
{
    size_t size = random_input(bytes);
    if (size > 0)
        bytes[0] &= SCHEDULE;
    decode(made, bytes, size);
    for (unsigned o = 0; o < made->operation_count; o++) {
        made->operations[o].place = PLACE_TOP;
        made->operations[o].kind = (uint8_t)kind;
        program_normalize_operation(&made->operations[o]);
    }
}

/* Is operation o of `a`, with all its preemptions, operation p of `b`? */
static bool same_group(const struct program *a, unsigned o, const struct program *b, unsigned p)
{
    unsigned from = a->first_of[o], count = a->first_of[o + 1] - from, other = b->first_of[p];
    bool same =
        same_operation(&a->operations[o], &b->operations[p]) && b->first_of[p + 1] - other == count;
    for (unsigned i = 0; same && i < count; i++)
        same = same_meaning(&a->preemptions[from + i], &b->preemptions[other + i]);
    return same;
}

/* Does every operation of `part`, in its order, stand in `whole`? */
static bool is_part(const struct program *part, const struct program *whole)
{
    unsigned at = 0;
    for (unsigned o = 0; o < part->operation_count; o++, at++) {
        while (at < whole->operation_count && !same_group(part, o, whole, at))
            at++;
        if (at == whole->operation_count)
            return false;
    }
    return true;
}

/* One operation more or less, and all others as they were, preemptions included. */
static void others_stay(enum mutation kind, const char *name)
{
    static struct program before;
    unsigned wrong = 0;
    struct sched_random random = {.state = kind};
    for (unsigned i = 0; i < ROUNDS; i++) {
        make(&before, OP_INSERT);
        program = before;
        bool done = mutate_once(&program, kind, &random, mutate_room(sizeof bytes));
        bool fewer = program.operation_count < before.operation_count;
        wrong += done && !is_part(fewer ? &program : &before, fewer ? &before : &program);
    }
    tap_is(wrong, 0, name);
}

/* ---- Crossover ----------------------------------------------------------------------------- */

/* Only the operations of this kind. */
static void filter(struct program *p, const struct program *from, unsigned kind)
{
    p->operation_count = p->preemption_count = 0;
    p->first_of[0] = 0;
    for (unsigned o = 0; o < from->operation_count; o++) {
        if (from->operations[o].kind != kind)
            continue;
        p->operations[p->operation_count++] = from->operations[o];
        p->first_of[p->operation_count] = (uint16_t)p->preemption_count;
        for (unsigned i = from->first_of[o]; i < from->first_of[o + 1]; i++)
            program_add_preemption(p, from->preemptions[i].kind, from->preemptions[i].visit,
                                   from->preemptions[i].to);
    }
}

static void crossover_takes_from_both(void)
{
    static struct program one, other, part;
    unsigned wrong = 0, both = 0, large = 0;
    struct sched_random random = {.state = 3};
    for (unsigned i = 0; i < ROUNDS; i++) {
        make(&one, OP_INSERT);
        make(&other, OP_REMOVE_NEXT);
        program = one;
        mutate_cross(&program, &other, &random, mutate_room(sizeof bytes));
        wrong += !is_program(&program) || !survives_bytes(&program);
        filter(&part, &program, OP_INSERT);
        bool first = part.operation_count > 0;
        wrong += !is_part(&part, &one);
        filter(&part, &program, OP_REMOVE_NEXT);
        wrong += !is_part(&part, &other);
        both += first && part.operation_count > 0;
        large += one.operation_count > 1 && other.operation_count > 1;
    }
    tap_is(wrong, 0, "crossover: consists of whole operations of the two, in their order");
    tap_ok(both > large * 9 / 10 && large > ROUNDS / 2, "crossover: has operations of both");
}

/* Thread by thread: in some results each thread's operations are all from one of the two. */
static void crossover_splices_threads(void)
{
    static struct program one, other;
    unsigned spliced = 0;
    struct sched_random random = {.state = 4};
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned seen[2] = {0, 0};
        make(&one, OP_INSERT);
        make(&other, OP_REMOVE_NEXT);
        program = one;
        mutate_cross(&program, &other, &random, mutate_room(sizeof bytes));
        for (unsigned o = 0; o < program.operation_count; o++)
            seen[program.operations[o].kind == OP_INSERT] |= 1u << program.operations[o].thread;
        spliced += seen[0] && seen[1] && !(seen[0] & seen[1]) && program.operation_count > 8;
    }
    tap_ok(spliced > ROUNDS / 5, "crossover: often each thread is of one of the two");
}

static void crossover_schedules(void)
{
    static struct program one, other;
    unsigned schedules[2] = {0, 0}, scenarios[2] = {0, 0};
    struct sched_random random = {.state = 5};
    mutate_fresh(&one, &random, 20);
    mutate_fresh(&other, &random, 20);
    one.schedule = (struct program_schedule){.strategy = STRATEGY_POS, .seed = 1};
    other.schedule = (struct program_schedule){.strategy = STRATEGY_POS, .seed = 2};
    one.scenario.irps = 1;
    other.scenario.irps = 2;
    for (unsigned i = 0; i < 100; i++) {
        program = one;
        mutate_cross(&program, &other, &random, 40);
        schedules[program.schedule.seed - 1]++;
        scenarios[program.scenario.irps - 1]++;
    }
    tap_ok(schedules[0] > 10 && schedules[1] > 10, "crossover: the schedule of either");
    tap_ok(scenarios[0] > 10 && scenarios[1] > 10, "crossover: the scenario of either");
}

/* ---- Trimming ------------------------------------------------------------------------------ */

static struct mutate_trim trim;

static bool always(const struct program *p)
{
    (void)p;
    return true;
}

static bool never(const struct program *p)
{
    (void)p;
    return false;
}

static bool cancels_twice(const struct program *p)
{
    unsigned cancels = 0;
    for (unsigned o = 0; o < p->operation_count; o++)
        cancels += p->operations[o].kind == OP_CANCEL;
    return cancels >= 2;
}

/* Trim as AFL++ does; how many proposals were wrong. The result is trim.best. */
static unsigned trim_while(const uint8_t *data, size_t size, bool (*good)(const struct program *))
{
    uint8_t out[PROGRAM_MAX_SIZE];
    unsigned steps = mutate_trim_begin(&trim, data, size), step = 0, rounds = 0, wrong = 0;
    decode(&again, data, size);
    while (step < steps && rounds++ <= steps) {
        unsigned before = records(&trim.best);
        size_t smaller = mutate_trim_next(&trim, out);
        decode(&program, out, smaller);
        wrong += records(&program) >= before || (trim.chunk > 0 && !is_part(&program, &trim.best));
        step = mutate_trim_judge(&trim, good(&program));
    }
    return wrong + (rounds > steps);
}

static void trimming(void)
{
    unsigned wrong = 0, left = 0, changed = 0, cancels = 0, larger = 0;
    for (unsigned i = 0; i < ROUNDS / 5; i++) {
        size_t size = random_input(bytes);
        wrong += trim_while(bytes, size, always);
        left += trim.best.operation_count;
        wrong += trim_while(bytes, size, never);
        changed += !same_program(&trim.best, &again);
        wrong += trim_while(bytes, size, cancels_twice);
        if (cancels_twice(&again)) {
            cancels += !cancels_twice(&trim.best);
            larger += trim.best.operation_count != 2 || trim.best.preemption_count != 0;
        }
    }
    tap_is(wrong, 0, "trim: every step is smaller, of whole operations, and steps end in time");
    tap_is(left, 0, "trim: to nothing, if nothing matters");
    tap_is(changed, 0, "trim: not at all, if everything does");
    tap_is(cancels, 0, "trim: what matters stays");
    tap_is(larger, 0, "trim: and nothing else");
    tap_is(mutate_trim_begin(&trim, NULL, 0), 0, "trim: nothing to do without operations");
}

int main(void)
{
    others_stay(MUTATE_ADD_OPERATION, "adding: an operation leaves the others alone");
    others_stay(MUTATE_DROP_OPERATION, "dropping: an operation leaves the others alone");
    others_stay(MUTATE_DUPLICATE_OPERATION, "duplicating: an operation leaves the others alone");
    crossover_takes_from_both();
    crossover_splices_threads();
    crossover_schedules();
    trimming();
    return tap_end();
}
