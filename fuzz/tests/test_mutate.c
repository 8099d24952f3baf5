/* Mutations: deterministic, canonical, within their size, each of them able to happen. */
#include "fuzz/mutate.h"
#include "programs.h"

#define ROUNDS 20000u

static uint8_t first[PROGRAM_MAX_SIZE], second[PROGRAM_MAX_SIZE], third[PROGRAM_MAX_SIZE];

static bool is_canonical(const uint8_t *data, size_t size)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    decode(&program, data, size);
    return is_program(&program) && program_encode(&program, bytes) == size &&
           memcmp(bytes, data, size) == 0;
}

/* Right for max_size: canonical, or nothing where nothing fits. */
static bool fits(const uint8_t *data, size_t size, size_t max_size)
{
    if (max_size < PROGRAM_HEADER_SIZE)
        return size == 0;
    return size <= max_size && is_canonical(data, size);
}

/* What every machine draws from these seeds. A change of the mutator changes
 * this number; a difference between builds is a fault. */
#define EXPECTED_DIGEST 0xdf62096beca4b45cull

static uint64_t digest(uint64_t before, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        before = (before ^ data[i]) * 0x100000001b3u;
    return before;
}

/* ---- Bytes --------------------------------------------------------------------------------- */

static void deterministic(void)
{
    unsigned wrong = 0, same_for_other_seed = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t size = random_input(first), max_size = sizeof first;
        memcpy(second, first, size);
        memcpy(third, first, size);
        size_t a = mutate_bytes(first, size, max_size, i);
        size_t b = mutate_bytes(third, size, max_size, i + 1);
        size_t c = mutate_bytes(second, size, max_size, i);
        wrong += a != c || memcmp(first, second, a) != 0;
        same_for_other_seed += a == b && memcmp(first, third, a) == 0;
    }
    tap_is(wrong, 0, "deterministic: the same input and seed give the same, whatever came between");
    tap_ok(same_for_other_seed < ROUNDS / 20, "deterministic: another seed gives something else");
}

static void same_in_every_build(void)
{
    uint64_t sum = 0xcbf29ce484222325u;
    size_t size = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t was = size;
        memcpy(second, first, size);
        size = mutate_bytes(first, size, 264, i);
        sum = digest(sum, first, size);
        size = mutate_cross_bytes(first, size, second, was, third, 264, i);
        memcpy(first, third, size);
        sum = digest(sum, first, size);
    }
    tap_is((long long)sum, (long long)EXPECTED_DIGEST, "deterministic: the same in every build");
}

static void canonical_within_size(void)
{
    unsigned wrong = 0, wrong_cross = 0, wrong_spelling = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t max_size = below(i % 2 ? 40 : BYTES + 1);
        size_t size = random_input(first), other = random_input(second);
        wrong_cross += !fits(
            third, mutate_cross_bytes(first, size, second, other, third, max_size, i), max_size);
        memcpy(second, first, size);
        other = size;
        size = size < max_size ? size : max_size;
        wrong += !fits(first, mutate_bytes(first, size, max_size, i), max_size);
        wrong_spelling += !fits(second, mutate_canonical(second, other, max_size), max_size);
    }
    tap_is(wrong, 0, "canonical: mutations, and never beyond the size allowed");
    tap_is(wrong_cross, 0, "canonical: crossover, likewise");
    tap_is(wrong_spelling, 0, "canonical: an engine's own mutations, likewise");
}

/* Memory of exactly the size allowed: ASan and valgrind see what goes beyond. */
static void exact_memory(void)
{
    unsigned wrong = 0;
    for (unsigned max_size = 0; max_size < 200; max_size++) {
        uint8_t *exact = calloc(1, max_size ? max_size : 1), *out = malloc(max_size ? max_size : 1);
        if (!exact || !out)
            abort();
        for (unsigned i = 0; i < 50; i++) {
            wrong +=
                mutate_cross_bytes(exact, max_size, exact, max_size, out, max_size, i) > max_size;
            wrong += mutate_bytes(exact, max_size, max_size, i) > max_size;
        }
        free(exact);
        free(out);
    }
    tap_is(wrong, 0, "exact: nothing is written beyond the size allowed");
}

static void full_programs(void)
{
    unsigned wrong = 0, full = 0;
    memset(first, 0, sizeof first);
    size_t size = sizeof first;
    for (unsigned i = 0; i < 2000; i++) {
        fill(first + PROGRAM_HEADER_SIZE, sizeof first - PROGRAM_HEADER_SIZE);
        first[0] = 0;
        decode(&program, first, sizeof first);
        full += program.operation_count == PROGRAM_OPERATIONS;
        size = mutate_bytes(first, sizeof first, sizeof first, i);
        wrong += !fits(first, size, sizeof first);
    }
    tap_is(wrong, 0, "canonical: of the largest programs, too");
    tap_ok(full > 1000, "canonical: and they were that large");
}

/* ---- Kinds --------------------------------------------------------------------------------- */

/* Mutations that should leave the numbers of operations and preemptions changed by so much. */
static bool counts_changed(enum mutation kind, const struct program *before,
                           const struct program *after)
{
    int operations = (int)after->operation_count - (int)before->operation_count;
    int preemptions = (int)after->preemption_count - (int)before->preemption_count;
    switch (kind) {
    case MUTATE_ADD_OPERATION:
        return operations == 1 && preemptions == 0;
    case MUTATE_DROP_OPERATION:
        return operations == -1 && preemptions <= 0;
    case MUTATE_DUPLICATE_OPERATION:
        return operations == 1 && preemptions >= 0;
    case MUTATE_ADD_PREEMPTION:
        return operations == 0 && preemptions == 1;
    case MUTATE_DROP_PREEMPTION:
        return operations == 0 && preemptions == -1;
    case MUTATE_CHANGE_STRATEGY:
        return operations == 0 && after->schedule.strategy != before->schedule.strategy;
    case MUTATE_FRESH_PROGRAM:
        return operations != 0;
    default:
        return operations == 0 && preemptions == 0;
    }
}

/* Done to many programs: it applies, changes something, counts are right, the result is canonical.
 * Where it does not apply the program is untouched. */
static void kind_is_right(enum mutation kind)
{
    unsigned done = 0, changed = 0, wrong = 0, right_counts = 0;
    struct sched_random random = {.state = kind};
    for (unsigned i = 0; i < 3000; i++) {
        decode(&program, first, random_input(first));
        again = program;
        bool did = mutate_once(&program, kind, &random, mutate_room(sizeof first));
        wrong += !is_program(&program) || !survives_bytes(&program);
        wrong += !did && !same_program(&again, &program);
        done += did;
        changed += did && !same_program(&again, &program);
        right_counts += did && counts_changed(kind, &again, &program);
    }
    char name[100];
    snprintf(name, sizeof name, "kind %d: applies, and changes the program", (int)kind);
    tap_ok(done > 300 && changed >= done * 9 / 10, name);
    snprintf(name, sizeof name, "kind %d: adds and drops no more than it should", (int)kind);
    tap_ok(right_counts >= done * 9 / 10 && wrong == 0, name);
}

/* An operation moves with its preemptions: the groups stay the same, in another order. */
static void moving_keeps_groups(void)
{
    unsigned wrong = 0;
    struct sched_random random = {.state = 5};
    for (unsigned i = 0; i < 3000; i++) {
        decode(&program, first, random_input(first));
        again = program;
        mutate_once(&program, MUTATE_MOVE_OPERATION, &random, mutate_room(sizeof first));
        uint64_t sums[2] = {0, 0};
        for (unsigned side = 0; side < 2; side++) {
            const struct program *p = side ? &program : &again;
            for (unsigned o = 0; o < p->operation_count; o++) {
                uint64_t sum =
                    digest(1, (const uint8_t *)&p->operations[o], sizeof(struct operation));
                for (unsigned q = p->first_of[o]; q < p->first_of[o + 1]; q++)
                    sum = digest(sum, &p->preemptions[q].kind, 3);
                sums[side] += sum;
            }
        }
        wrong += sums[0] != sums[1];
    }
    tap_is(wrong, 0, "moving: an operation takes its preemptions along");
}

/* Fresh programs reach every value of every dimension: nothing is left out, nothing is canned. */
static void fresh_reaches_all(void)
{
    unsigned strategies = 0, kinds = 0, places = 0, threads = 0, irps = 0, distinct = 0;
    struct sched_random random = {.state = 1};
    uint64_t last = 0;
    for (unsigned i = 0; i < 5000; i++) {
        mutate_fresh(&program, &random, 64);
        strategies |= 1u << program.schedule.strategy;
        irps |= 1u << program.scenario.irps;
        for (unsigned o = 0; o < program.operation_count; o++) {
            kinds |= 1u << program.operations[o].kind;
            places |= 1u << program.operations[o].place;
            threads |= 1u << program.operations[o].thread;
        }
        uint64_t sum = digest(1, first, program_encode(&program, first));
        distinct += sum != last;
        last = sum;
    }
    tap_is(strategies, (1u << PROGRAM_STRATEGIES) - 1u, "fresh: every strategy");
    tap_is(kinds, (1u << OPERATION_KINDS) - 1u, "fresh: every kind of operation");
    tap_is(places, (1u << OPERATION_PLACES) - 1u, "fresh: every place");
    tap_is(threads, (1u << SCHED_PROGRAM_THREADS) - 1u, "fresh: every thread");
    tap_is(irps, (1u << (SCENARIO_IRPS + 1)) - 2u, "fresh: every number of IRPs");
    tap_ok(distinct > 4990, "fresh: hardly two alike");
}

static void empty_start(void)
{
    unsigned wrong = 0;
    for (unsigned seed = 0; seed < 1000; seed++) {
        size_t size = mutate_bytes(first, 0, 264, seed);
        decode(&program, first, size);
        wrong += program.operation_count == 0;
    }
    tap_is(wrong, 0, "empty: nothing becomes something");
    tap_is((long long)mutate_bytes(first, 0, PROGRAM_HEADER_SIZE, 1), PROGRAM_HEADER_SIZE,
           "empty: or stays so, if there is no room");
}

int main(void)
{
    deterministic();
    same_in_every_build();
    canonical_within_size();
    exact_memory();
    full_programs();
    for (unsigned kind = 0; kind < MUTATIONS; kind++)
        kind_is_right((enum mutation)kind);
    moving_keeps_groups();
    fresh_reaches_all();
    empty_start();
    return tap_end();
}
