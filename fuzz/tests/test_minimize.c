/*
 * The search of csq minimize, with a judge that runs nothing: a program "shows it" if it has what
 * the judge asks for, under any schedule with as many preemptions as the judge asks for.
 */
#include "fuzz/minimize.h"
#include "fuzz/mutate.h"
#include "programs.h"

#define STARTS 40u /* random programs to minimize */
#define EACH   7u  /* executions that each search is said to take */

/* What is asked for: an insert, and on another thread a cancel of the same IRP; the rest goes. */
static struct demand {
    unsigned preemptions;
    bool lifo; /* and the first queue is one */
    bool cut;  /* no search ever comes to its end without success */
    uint64_t asked, stop_at;
} demand;

static volatile sig_atomic_t interrupted;

static bool has_pair(const struct program *candidate)
{
    for (unsigned i = 0; i < candidate->operation_count; i++)
        for (unsigned c = 0; c < candidate->operation_count; c++) {
            const struct operation *insert = &candidate->operations[i];
            const struct operation *cancel = &candidate->operations[c];
            if (insert->kind == OP_INSERT && cancel->kind == OP_CANCEL &&
                insert->irp == cancel->irp && insert->thread != cancel->thread)
                return true;
        }
    return false;
}

static bool has_all(const struct program *candidate)
{
    if (++demand.asked == demand.stop_at)
        interrupted = SIGINT;
    return has_pair(candidate) &&
           (!demand.lifo || candidate->scenario.queue[0].store == STORE_LIFO);
}

static bool runs(void *context, const struct program *candidate, struct program *shown)
{
    (void)context;
    if (!has_all(candidate) || minimize_preemptions(candidate) < demand.preemptions)
        return false;
    *shown = *candidate;
    return true;
}

/* The candidate with so many preemptions, all at its first operation. */
static void preempt(struct program *shown, const struct program *candidate, unsigned count)
{
    *shown = *candidate;
    shown->schedule = (struct program_schedule){.strategy = STRATEGY_LIST};
    shown->preemption_count = count;
    for (unsigned p = 0; p < count; p++)
        shown->preemptions[p] =
            (struct sched_preemption){.kind = SCHED_LOCK_WANT, .visit = (uint8_t)p, .to = 1};
    shown->first_of[0] = 0;
    for (unsigned o = 1; o <= shown->operation_count; o++)
        shown->first_of[o] = (uint16_t)count;
}

static enum minimize_answer search(void *context, const struct program *candidate,
                                   struct minimize_schedules *schedules, struct program *shown,
                                   uint64_t *executions)
{
    (void)context;
    *executions += EACH;
    schedules->effort -= EACH;
    if (!has_all(candidate) || schedules->forced_count + schedules->budget < demand.preemptions)
        return demand.cut ? MINIMIZE_CUT : MINIMIZE_NONE;
    preempt(shown, candidate, demand.preemptions);
    return MINIMIZE_SHOWN;
}

static const struct minimize_judge judge = {NULL, runs, search};

/* ---- Programs ------------------------------------------------------------------------------- */

/* A random program that shows it, with many preemptions. */
static void make_start(struct program *start)
{
    static struct program drawn;
    do {
        mutate_fresh(&drawn, &chance, 60);
        drawn.scenario.queue[0].store = STORE_LIFO;
    } while (!has_pair(&drawn));
    preempt(start, &drawn, 6);
}

static struct minimize search_of(const struct program *start)
{
    interrupted = 0;
    demand.asked = 0;
    return (struct minimize){.judge = &judge, .best = *start, .signal = &interrupted};
}

static bool is_same(const struct program *a, const struct program *b)
{
    uint8_t left[PROGRAM_MAX_SIZE], right[PROGRAM_MAX_SIZE];
    size_t size = program_encode(a, left);
    return program_encode(b, right) == size && memcmp(left, right, size) == 0;
}

/* Two operations on two threads, of slots and queues with nothing special about them. */
static bool is_least(const struct program *least)
{
    const struct queue_shape plain = {.store = demand.lifo ? STORE_LIFO : STORE_FIFO};
    const struct scenario *s = &least->scenario;
    const struct operation *first = &least->operations[0], *second = &least->operations[1];
    return least->operation_count == 2 && minimize_threads(least) == 2 &&
           minimize_preemptions(least) == demand.preemptions && !s->diagram && s->irps == 1 &&
           s->contexts == 1 && s->queues == 1 && memcmp(&s->queue[0], &plain, sizeof plain) == 0 &&
           first->thread == 0 && second->thread == 1 &&
           first->irql + second->irql + first->context + first->keep == 0 &&
           first->place + second->place + first->fate == 0;
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static const char *named(const char *what, const char *test)
{
    static char name[120];
    snprintf(name, sizeof name, "%s: %s", what, test);
    return name;
}

static void finds_the_least(unsigned preemptions, bool lifo, const char *what)
{
    unsigned least = 0, deep = 0, idempotent = 0, repeated = 0;
    demand = (struct demand){.preemptions = preemptions, .lifo = lifo};
    for (unsigned i = 0; i < STARTS; i++) {
        make_start(&program);
        struct minimize m = search_of(&program);
        bool finished = minimize(&m);
        least += finished && is_least(&m.best);
        deep += m.fewest == preemptions && m.executions == (uint64_t)EACH * preemptions;
        again = m.best;
        m = search_of(&program);
        repeated += minimize(&m) && is_same(&again, &m.best);
        m = search_of(&again);
        idempotent += minimize(&m) && is_same(&again, &m.best);
    }
    tap_is(least, STARTS, named(what, "nothing is left but what it takes"));
    tap_is(deep, STARTS, named(what, "the depth, and what it took to prove it"));
    tap_is(repeated, STARTS, named(what, "deterministic"));
    tap_is(idempotent, STARTS, named(what, "minimized again, nothing changes"));
}

static void proves_nothing_without_an_end(void)
{
    static struct program start;
    demand = (struct demand){.preemptions = 2, .cut = true};
    make_start(&start);
    struct minimize m = search_of(&start);
    tap_ok(minimize(&m) && m.fewest == 0, "searches that were cut off prove no depth");
    tap_ok(is_least(&m.best), "... and find it all the same");
}

static void stops(void)
{
    static struct program start;
    unsigned kept = 0, unfinished = 0, modest = 0, within = 0, moments = 0;
    demand = (struct demand){.preemptions = 1};
    make_start(&start);
    for (unsigned limit = 1; limit < 400; limit++) {
        struct minimize m = search_of(&start);
        m.limit = limit;
        bool finished = minimize(&m);
        unfinished += !finished;
        modest += finished || m.fewest == 0;
        within += m.steps <= limit;
        kept += has_all(&m.best) && !minimize_is_smaller(&start, &m.best);
        moments++;
    }
    tap_is(within, moments, "no more steps than allowed");
    tap_ok(unfinished > 1, "... which it says");
    tap_is(modest, moments, "... and knows nothing of the depth then");
    tap_is(kept, moments, "... and the smallest so far shows it");
    demand.stop_at = 5;
    struct minimize m = search_of(&start);
    tap_ok(!minimize(&m) && demand.asked <= 6, "interrupted, it asks for nothing more");
    tap_ok(has_all(&m.best), "... and the smallest so far shows it");
}

/* Operations count more than threads, threads more than preemptions, these more than dimensions. */
static void orders(void)
{
    static struct program a, b;
    struct operation operations[2] = {{.kind = OP_INSERT}, {.kind = OP_CANCEL, .thread = 1}};
    a = (struct program){.operation_count = 2, .scenario = {.irps = 1, .contexts = 1, .queues = 1}};
    memcpy(a.operations, operations, sizeof operations);
    b = a;
    tap_ok(!minimize_is_smaller(&a, &b), "a program is not smaller than itself");
    b.operations[1].irql = 2;
    tap_ok(minimize_is_smaller(&a, &b), "a detail counts");
    preempt(&a, &a, 1);
    tap_ok(minimize_is_smaller(&b, &a), "a preemption counts more");
    b.operations[1].thread = 0;
    preempt(&b, &b, 4);
    tap_ok(minimize_is_smaller(&b, &a), "a thread counts more");
    a.operation_count = 1;
    tap_ok(minimize_is_smaller(&a, &b), "an operation counts more");
    a.preemptions[0].kind = SCHED_BLOCK;
    tap_is(minimize_preemptions(&a), 0, "a switch where a thread blocks is no preemption");
}

int main(void)
{
    finds_the_least(0, false, "no preemption");
    finds_the_least(1, false, "one preemption");
    finds_the_least(3, true, "three preemptions and a dimension");
    proves_nothing_without_an_end();
    stops();
    orders();
    return tap_end();
}
