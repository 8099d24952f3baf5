/* Running programs: which points they meet, the list of their switches, and what a list promises.
 */
#include "conformance/finding.h"
#include "fuzz/execute.h"
#include "fuzz/target.h"
#include "sched/random.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAMS 60000u /* for the table of labels */
#define SEEDED   12000u /* for lists */
#define SIZE     (PROGRAM_HEADER_SIZE + 40u * PROGRAM_RECORD_SIZE)

static struct sched_random chance = {.state = 7};
static struct program program, list, again;

static unsigned below(unsigned bound)
{
    return sched_random_below(&chance, bound);
}

/* Short and long ones, of any strategy; every other one with few slots, so that operations meet. */
static void random_program(struct program *into)
{
    uint8_t data[SIZE];
    size_t size = PROGRAM_HEADER_SIZE + PROGRAM_RECORD_SIZE * below(below(4) ? 14 : 41);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)sched_random_next(&chance);
    if (below(2))
        data[5] &= 0x21; /* one IRP, one context */
    program_decode(into, data, size);
}

/* What an execution came to. */
struct outcome {
    uint64_t hash, events;
    enum sched_end end;
    bool finding;
    enum clause clause;
    unsigned performed, skipped;
};

static unsigned findings;

static struct outcome run(const struct program *what)
{
    target_set_program(what);
    struct harness_result result = execute(what);
    if (finding.present && findings++ < 3)
        target_report(stderr);
    return (struct outcome){.hash = sched_trace()->hash,
                            .events = sched_trace()->event_count,
                            .end = result.end,
                            .finding = finding.present,
                            .clause = finding.present ? finding.clause : CLAUSES,
                            .performed = result.performed,
                            .skipped = result.skipped};
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    return a->hash == b->hash && a->events == b->events && a->end == b->end &&
           a->finding == b->finding && a->clause == b->clause && a->performed == b->performed &&
           a->skipped == b->skipped;
}

/* ---- The table of labels ------------------------------------------------------------------- */

static unsigned met[OPERATION_KINDS][SCHED_KINDS];

static void note_points(const struct program *what)
{
    const struct sched_trace *trace = sched_trace();
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++) {
        const struct sched_event *event = &trace->events[i];
        if (event->operation < what->operation_count)
            met[what->operations[event->operation].kind][event->kind]++;
    }
}

static bool is_listed(unsigned kind, unsigned point)
{
    for (const uint8_t *label = program_labels(kind); *label != SCHED_KINDS; label++)
        if (*label == point)
            return true;
    return false;
}

static void check_table(unsigned kind)
{
    bool listed = true, reached = true;
    char name[80];
    for (unsigned point = 0; point < SCHED_KINDS; point++) {
        if (met[kind][point] && !is_listed(kind, point)) {
            printf("# %s met %s\n", operation_name(kind), sched_kind_label(point));
            listed = false;
        }
        if (!met[kind][point] && is_listed(kind, point)) {
            printf("# %s never met %s\n", operation_name(kind), sched_kind_label(point));
            reached = false;
        }
    }
    snprintf(name, sizeof name, "%s: every point met is in its table", operation_name(kind));
    tap_ok(listed, name);
    snprintf(name, sizeof name, "%s: every point of its table was met", operation_name(kind));
    tap_ok(reached, name);
}

static void label_table(void)
{
    unsigned unfinished = 0;
    uint64_t performed = 0, skipped = 0;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        random_program(&program);
        struct outcome outcome = run(&program);
        note_points(&program);
        unfinished += outcome.end != SCHED_DONE;
        performed += outcome.performed;
        skipped += outcome.skipped;
    }
    printf("# %u programs: %llu operations performed, %llu skipped\n", PROGRAMS,
           (unsigned long long)performed, (unsigned long long)skipped);
    tap_is(unfinished, 0, "random programs run to their end");
    tap_is(findings, 0, "without a finding");
    tap_ok(performed > 2 * PROGRAMS, "and perform several operations each");
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
        check_table(kind);
}

/* ---- Repeatable ---------------------------------------------------------------------------- */

static void repeats(void)
{
    unsigned differing = 0;
    for (unsigned i = 0; i < 3000; i++) {
        random_program(&program);
        struct outcome first = run(&program);
        random_program(&again);
        run(&again);
        struct outcome second = run(&program);
        differing += !same_outcome(&first, &second);
    }
    tap_is(differing, 0, "a program runs the same whatever ran before");
}

/* ---- As a list ----------------------------------------------------------------------------- */

static bool same_preemptions(const struct program *a, const struct program *b)
{
    bool same = a->preemption_count == b->preemption_count &&
                a->operation_count == b->operation_count &&
                a->schedule.parameter == b->schedule.parameter;
    for (unsigned i = 0; same && i < a->preemption_count; i++)
        same = a->preemptions[i].operation == b->preemptions[i].operation &&
               a->preemptions[i].kind == b->preemptions[i].kind &&
               a->preemptions[i].visit == b->preemptions[i].visit &&
               a->preemptions[i].to == b->preemptions[i].to;
    for (unsigned o = 0; same && o <= a->operation_count; o++)
        same = a->first_of[o] == b->first_of[o];
    return same;
}

/* Does the list read the same once it has been bytes? */
static bool list_survives_bytes(void)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    program_decode(&again, bytes, program_encode(&list, bytes));
    return same_preemptions(&list, &again);
}

static struct {
    unsigned seeded[PROGRAM_STRATEGIES], unnamed, differing, unmet, changed, longest;
} lists;

static void try_as_list(void)
{
    struct outcome first = run(&program);
    if (!execute_as_list(&program, &list)) {
        lists.unnamed++;
        return;
    }
    struct outcome second = run(&list);
    lists.differing += !same_outcome(&first, &second);
    lists.unmet += execute_unmet(&list) + execute_substituted(&list);
    lists.changed += list.schedule.strategy != STRATEGY_LIST || !list_survives_bytes() ||
                     !execute_as_list(&list, &again) || !same_preemptions(&list, &again);
    if (list.preemption_count > lists.longest)
        lists.longest = list.preemption_count;
}

static void as_list(void)
{
    unsigned tried = 0;
    while (tried < SEEDED) {
        random_program(&program);
        lists.seeded[program.schedule.strategy]++;
        if (program.schedule.strategy != STRATEGY_LIST)
            tried++;
        try_as_list();
    }
    printf("# %u lists, %u walks, %u pct, %u pos, %u sweeps: %u have a switch without a name; the "
           "longest list has %u\n",
           lists.seeded[STRATEGY_LIST], lists.seeded[STRATEGY_WALK], lists.seeded[STRATEGY_PCT],
           lists.seeded[STRATEGY_POS], lists.seeded[STRATEGY_SWEEP], lists.unnamed, lists.longest);
    bool all = true;
    for (unsigned s = 0; s < PROGRAM_STRATEGIES; s++)
        all = all && lists.seeded[s] > SEEDED / 20;
    tap_ok(all, "as a list: every strategy was tried");
    tap_is(lists.differing, 0, "as a list: the same trace, end and verdict");
    tap_is(lists.unmet, 0, "as a list: every preemption is met and followed");
    tap_is(lists.changed, 0, "as a list: the list of a list is that list, also after being bytes");
    tap_ok(lists.unnamed * 100 < SEEDED, "as a list: less than one in a hundred cannot be named");
    tap_ok(lists.longest > 20, "as a list: long ones, too");
}

/* A program of `count` equal operations of this kind on two threads, in turn. */
static void build(unsigned kind, unsigned count, struct program_schedule schedule)
{
    program_decode(&program, NULL, 0);
    program.schedule = schedule;
    for (unsigned o = 0; o < count; o++) {
        program.operations[o] = (struct operation){.kind = (uint8_t)kind, .thread = o % 2};
        program_normalize_operation(&program.operations[o]);
        program.first_of[o + 1] = 0;
    }
    program.operation_count = count;
}

/* Many switches: what has no room is refused, what has is right. */
static void list_limits(void)
{
    unsigned refused = 0, right = 0, wrong = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        struct program_schedule schedule = {STRATEGY_WALK, 1 + seed % 3, seed};
        build(OP_CANCEL_LOCK, 20 + 4 * seed, schedule);
        struct outcome first = run(&program);
        if (!execute_as_list(&program, &list)) {
            refused += sched_trace()->switch_count > PROGRAM_PREEMPTIONS;
            wrong += sched_trace()->switch_count <= PROGRAM_PREEMPTIONS;
            continue;
        }
        struct outcome second = run(&list);
        right += same_outcome(&first, &second) && execute_unmet(&list) == 0;
        wrong += !same_outcome(&first, &second) || execute_unmet(&list) != 0;
    }
    printf("# %u fit, %u do not\n", right, refused);
    tap_ok(right > 0 && refused > 0 && wrong == 0, "as a list: up to 512 preemptions fit, no more");
}

/* ---- Without preemptions ------------------------------------------------------------------- */

/* Does each thread run until it blocks or ends, the first one first, then the lowest that can? */
static bool in_order(const struct program *what)
{
    const struct sched_trace *trace = sched_trace();
    unsigned waiting = 0;
    for (unsigned o = 0; o < what->operation_count; o++)
        waiting |= 1u << what->operations[o].thread;
    unsigned first = what->schedule.parameter;
    if (!(waiting >> first & 1u))
        first = waiting ? (unsigned)__builtin_ctz(waiting) : SCHED_EPILOGUE;
    bool right = trace->switch_count == 0;
    unsigned running = first;
    for (uint64_t i = 0; right && i < trace->event_count; i++) {
        right = trace->events[i].thread == running && trace->events[i].kind != SCHED_BLOCK;
        if (trace->events[i].kind != SCHED_EXIT)
            continue;
        waiting &= ~(1u << running);
        running = waiting ? (unsigned)__builtin_ctz(waiting) : SCHED_EPILOGUE;
    }
    return right && waiting == 0;
}

static void without_preemptions(void)
{
    unsigned wrong = 0, firsts = 0;
    for (unsigned i = 0; i < 5000; i++) {
        random_program(&program);
        program.schedule = (struct program_schedule){STRATEGY_LIST, (uint8_t)below(4), 0};
        program.preemption_count = 0;
        memset(program.first_of, 0, sizeof program.first_of);
        run(&program);
        wrong += !in_order(&program) || execute_unmet(&program) != 0;
        firsts += sched_trace()->event_count && sched_trace()->events[0].thread != 0;
    }
    tap_is(wrong, 0, "without preemptions each thread runs to its end, in order");
    tap_ok(firsts > 1000, "and not always thread 0 first");
}

/* A thread that is preempted while it holds the lock: the other blocks, and the first goes on. */
static void until_it_blocks(void)
{
    build(OP_REMOVE_NEXT, 2, (struct program_schedule){.strategy = STRATEGY_LIST});
    program.preemptions[0] = (struct sched_preemption){.kind = SCHED_ACQUIRE_OUT, .to = 1};
    program.preemption_count = 1;
    program.first_of[1] = program.first_of[2] = 1;
    struct outcome outcome = run(&program);
    const struct sched_trace *trace = sched_trace();
    unsigned blocked = 0, resumed = 0;
    for (uint64_t i = 0; i + 1 < trace->event_count; i++) {
        bool block = trace->events[i].kind == SCHED_BLOCK;
        blocked += block && trace->events[i].thread == 1;
        resumed += block && trace->events[i + 1].thread == 0;
    }
    tap_ok(outcome.end == SCHED_DONE && blocked == 1 && resumed == 1 && trace->switch_count == 1 &&
               execute_unmet(&program) == 0,
           "a preempted lock holder goes on when the other blocks");
}

/* ---- Unmet --------------------------------------------------------------------------------- */

/* What execute_unmet() must say, from the trace. */
static unsigned count_unmet_by_trace(const struct program *what)
{
    static uint16_t visits[PROGRAM_OPERATIONS][SCHED_KINDS];
    const struct sched_trace *trace = sched_trace();
    unsigned unmet = 0;
    memset(visits, 0, sizeof visits);
    for (uint64_t i = 0; i < trace->event_count; i++)
        if (trace->events[i].operation < what->operation_count)
            visits[trace->events[i].operation][trace->events[i].kind]++;
    /* Nobody is asked at the last exit, after which only the epilogue is left. */
    for (uint64_t i = 0; i < trace->event_count; i++) {
        const struct sched_event *event = &trace->events[i];
        bool last = i + 1 == trace->event_count || trace->events[i + 1].thread == SCHED_EPILOGUE;
        if (event->kind == SCHED_EXIT && last && event->operation < what->operation_count)
            visits[event->operation][event->kind]--;
    }
    for (unsigned i = 0; i < what->preemption_count; i++) {
        const struct sched_preemption *p = &what->preemptions[i];
        unmet += visits[p->operation][p->kind] <= p->visit;
    }
    return unmet;
}

static void unmet_of_random_lists(void)
{
    unsigned wrong = 0, some = 0, all = 0, none = 0;
    for (unsigned i = 0; i < 20000; i++) {
        random_program(&program);
        if (program.preemption_count == 0)
            continue;
        run(&program);
        unsigned unmet = execute_unmet(&program);
        wrong += unmet != count_unmet_by_trace(&program);
        all += unmet == program.preemption_count;
        none += unmet == 0;
        some += unmet > 0 && unmet < program.preemption_count;
    }
    printf("# of random lists %u were met, %u in part, %u not at all\n", none, some, all);
    tap_ok(none > 0 && some > 0 && all > 0, "unmet: lists met, met in part and not at all");
    tap_is(wrong, 0, "unmet: as many as the trace shows");
}

static void add(unsigned kind, unsigned visit)
{
    program_add_preemption(&program, kind, visit, 1);
}

static void unmet_of_one_list(void)
{
    build(OP_INSERT, 1, (struct program_schedule){.strategy = STRATEGY_LIST});
    run(&program);
    tap_ok(execute_unmet(&program) == 0 && execute_substituted(&program) == 0,
           "unmet, substituted: none of none");
    add(SCHED_BEGIN, 0);
    add(SCHED_INSERT_OUT, 0);
    run(&program);
    tap_is(execute_unmet(&program), 0, "unmet: none of two that are met");
    tap_is(execute_substituted(&program), 2, "substituted: both, as nobody else is there");
    add(SCHED_BEGIN, 1);
    add(SCHED_PEEK_IN, 0);
    add(SCHED_INSERT_OUT, 8);
    run(&program);
    tap_is(execute_unmet(&program), 3, "unmet: a second visit, another operation's point, a ninth");
    add(SCHED_BEGIN, 0);
    run(&program);
    tap_is(execute_unmet(&program), 3, "unmet: one that is named twice is met twice");
}

int main(void)
{
    target_initialize();
    label_table();
    repeats();
    as_list();
    list_limits();
    without_preemptions();
    until_it_blocks();
    unmet_of_random_lists();
    unmet_of_one_list();
    tap_is(findings, 0, "no finding in all of this");
    return tap_end();
}
