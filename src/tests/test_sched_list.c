/* The scheduler: the list strategy, and what any strategy is told and may answer. */
#include "tap.h"

#include "../sched/sched.h"
#include "../sched/strategy.h"

#include <string.h>

static struct sched_list chosen;

static enum sched_end run_as(unsigned threads, sched_body *body, struct sched_strategy *strategy)
{
    struct sched_setup setup = {
        .threads = threads, .body = body, .strategy = strategy, .step_limit = 10000};
    return sched_execute(&setup);
}

/* A thread that makes three steps, each another visit of one point of "operation thread". */
static void steps(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(thread);
    for (unsigned i = 0; i < 3; i++)
        sched_point(SCHED_BEGIN, 0, i);
}

/* ---- List ---------------------------------------------------------------------------------- */

#define LIST_MAX 8

/* Runs 4 threads, operation t being thread t's, with these preemptions, sorted by operation. */
static void run_list(const struct sched_preemption *preemption, unsigned count, int first,
                     unsigned threads)
{
    static struct sched_preemption kept[LIST_MAX];
    static uint16_t first_of[5];
    for (unsigned i = 0; i < count; i++)
        kept[i] = preemption[i];
    for (unsigned o = 0, at = 0; o <= 4; o++) {
        while (at < count && kept[at].operation < o)
            at++;
        first_of[o] = (uint16_t)at;
    }
    sched_list_init(&chosen, kept, count, first_of, 4, first);
    run_as(threads, steps, &chosen.base);
}

#define RUN_LIST(first, threads, ...)                                                              \
    run_list((const struct sched_preemption[]){__VA_ARGS__},                                       \
             sizeof((const struct sched_preemption[]){__VA_ARGS__}) /                              \
                 sizeof(struct sched_preemption),                                                  \
             first, threads)

/* "0:2 1:3 ..." as digits: the thread of each event. */
static bool ran(const char *expected)
{
    char text[64] = "";
    uint64_t count = sched_trace()->event_count;
    for (uint64_t i = 0; i < count && i < sizeof text - 1; i++)
        text[i] = (char)('0' + sched_trace()->events[i].thread);
    if (strcmp(text, expected) == 0)
        return true;
    printf("#      ran %s\n# expected %s\n", text, expected);
    return false;
}

static void list_visits(void)
{
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_BEGIN, 0, 1});
    tap_ok(ran("01111000") && sched_list_met(&chosen, 0), "list: a preemption at visit 0");
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_BEGIN, 2, 1});
    tap_ok(ran("00011110") && sched_list_met(&chosen, 0), "list: at visit 2");
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_BEGIN, 3, 1});
    tap_ok(ran("00001111") && !sched_list_met(&chosen, 0), "list: a visit that never comes");
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_END, 0, 1});
    tap_ok(ran("00001111") && !sched_list_met(&chosen, 0), "list: a point that never comes");
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_BEGIN, 0, 1}, {1, SCHED_BEGIN, 1, 0});
    tap_ok(ran("01100011"), "list: each operation has its own preemptions");
    RUN_LIST(SCHED_NOBODY, 0x7, {0, SCHED_BEGIN, 1, 1}, {0, SCHED_BEGIN, 0, 2},
             {2, SCHED_BEGIN, 0, 0});
    tap_ok(ran("020111100222") && sched_list_met(&chosen, 0) && sched_list_met(&chosen, 1) &&
               sched_list_met(&chosen, 2),
           "list: those of an operation in any order");
    RUN_LIST(SCHED_NOBODY, 0x7, {0, SCHED_BEGIN, 1, 1}, {0, SCHED_BEGIN, 1, 2});
    tap_ok(ran("002222001111") && sched_list_met(&chosen, 0) && sched_list_met(&chosen, 1),
           "list: of two at one place the later counts, and both are met");
}

static void list_targets(void)
{
    RUN_LIST(SCHED_NOBODY, 0xb, {0, SCHED_BEGIN, 0, 2});
    tap_ok(ran("033330001111"), "list: a thread that is not there: the next above it");
    RUN_LIST(SCHED_NOBODY, 0x7, {0, SCHED_BEGIN, 0, 3});
    tap_ok(ran("011110002222"), "list: going round, but not to itself");
    RUN_LIST(SCHED_NOBODY, 0x7, {1, SCHED_BEGIN, 0, 1});
    tap_ok(ran("000012222111"), "list: itself: the next above it");
    RUN_LIST(SCHED_NOBODY, 0x1, {0, SCHED_BEGIN, 0, 1});
    tap_ok(ran("0000") && sched_list_met(&chosen, 0), "list: nobody else: it goes on");
    RUN_LIST(SCHED_NOBODY, 0x7, {0, SCHED_EXIT, 0, 2});
    tap_ok(ran("000022221111"), "list: who comes after an exit");
}

/* Whether the thread named is the one that ran. */
static void list_substitutes(void)
{
    RUN_LIST(SCHED_NOBODY, 0x7, {0, SCHED_BEGIN, 0, 1}, {0, SCHED_BEGIN, 1, 0},
             {0, SCHED_BEGIN, 2, 3}, {0, SCHED_END, 0, 1});
    tap_ok(sched_list_met(&chosen, 0) && sched_list_met(&chosen, 1) && sched_list_met(&chosen, 2),
           "list: one that is not followed is met all the same");
    tap_ok(!sched_list_substituted(&chosen, 0), "list: the thread named ran");
    tap_ok(sched_list_substituted(&chosen, 1), "list: another one ran for itself");
    tap_ok(sched_list_substituted(&chosen, 2), "list: or for one that is not there");
    tap_ok(!sched_list_substituted(&chosen, 3), "list: what is not met is not substituted");
    RUN_LIST(SCHED_NOBODY, 0x3, {0, SCHED_EXIT, 0, 1});
    tap_ok(sched_list_met(&chosen, 0) && !sched_list_substituted(&chosen, 0),
           "list: naming who comes next anyway is no substitution");
}

static void list_starts(void)
{
    RUN_LIST(2, 0xf, {3, SCHED_BEGIN, 8, 0});
    tap_ok(ran("2222000011113333"), "list: the first thread, then in order");
    RUN_LIST(2, 0x3, {3, SCHED_BEGIN, 8, 0});
    tap_ok(ran("00001111"), "list: a first thread that is not there: the lowest");
    RUN_LIST(SCHED_NOBODY, 0xe, {3, SCHED_BEGIN, 8, 0});
    tap_ok(ran("111122223333") && !sched_list_met(&chosen, 0), "list: no first thread");
}

static void list_is_full(void)
{
    static struct sched_preemption many[SCHED_LIST_CAPACITY];
    static const uint16_t first_of[] = {0, SCHED_LIST_CAPACITY};
    for (unsigned i = 0; i < SCHED_LIST_CAPACITY; i++)
        many[i] = (struct sched_preemption){
            .kind = SCHED_BEGIN, .visit = (uint8_t)(i % 2 ? i % 3 : 8), .to = 1};
    sched_list_init(&chosen, many, SCHED_LIST_CAPACITY, first_of, 1, SCHED_NOBODY);
    run_as(0x3, steps, &chosen.base);
    unsigned met = 0;
    for (unsigned i = 0; i < SCHED_LIST_CAPACITY; i++)
        met += sched_list_met(&chosen, i);
    tap_is(met, SCHED_LIST_CAPACITY / 2, "list: as many preemptions as there is room for");
}

/* ---- What a strategy is told, and what it may answer --------------------------------------- */

static struct {
    struct sched_strategy base;
    int answer;
    unsigned asked;
    bool consistent;
} probe;

static int probe_choose(struct sched_strategy *self, const struct sched_view *view)
{
    (void)self;
    bool runs = view->runnable >> view->current & 1u;
    bool forced = view->event->kind == SCHED_EXIT || view->event->kind == SCHED_BLOCK;
    probe.asked++;
    probe.consistent = probe.consistent && view->step == probe.asked && runs == !forced &&
                       view->event->thread == view->current &&
                       view->default_next == (runs ? view->current : __builtin_ctz(view->runnable));
    return probe.answer;
}

static int probe_first(struct sched_strategy *self, unsigned runnable)
{
    (void)self;
    probe.consistent = probe.consistent && runnable == 0x6;
    return probe.answer;
}

static void run_probe(int answer)
{
    probe.base = (struct sched_strategy){.choose = probe_choose, .first = probe_first};
    probe.answer = answer;
    probe.asked = 0;
    probe.consistent = true;
    run_as(0x6, steps, &probe.base);
}

static void views(void)
{
    run_probe(1);
    tap_ok(probe.consistent, "a strategy is told who stands where and who can run");
    tap_is(probe.asked, 7, "at every point, also when only one can run, but not at the last exit");
}

static void nonsense(void)
{
    static const int answers[] = {-1, 0, 3, 4, 5, 6, 31, 32, 33, 1000, -1000, INT32_MAX, INT32_MIN};
    bool right = true;
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        run_probe(answers[i]);
        right = right && ran("11112222") && sched_trace()->switch_count == 0;
    }
    tap_ok(right, "an answer that is no thread that can run counts as the default");
    run_probe(2);
    tap_ok(ran("22221111"), "and one that is does not");
}

int main(void)
{
    list_visits();
    list_targets();
    list_substitutes();
    list_starts();
    list_is_full();
    views();
    nonsense();
    return tap_end();
}
