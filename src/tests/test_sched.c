/* The scheduler: who runs in which order, the trace, and operations. */
#include "tap.h"
#include "threads.h"

#include "../sched/sched.h"

#include <string.h>

#define LIMIT 400u

/* What the bodies of a test leave for it, in order. */
static char story[4096];

static void tell(char letter)
{
    size_t length = strlen(story);
    if (length + 1 < sizeof story) {
        story[length] = letter;
        story[length + 1] = '\0';
    }
}

static bool told(const char *expected)
{
    if (strcmp(story, expected) == 0)
        return true;
    printf("#      told \"%s\"\n# expected \"%s\"\n", story, expected);
    return false;
}

static enum sched_end run_setup(unsigned threads, sched_body *body_of_all, sched_body *epilogue)
{
    struct sched_setup setup = {.threads = threads,
                                .body = body_of_all,
                                .epilogue = epilogue,
                                .argument = story,
                                .step_limit = LIMIT};
    story[0] = '\0';
    return sched_execute(&setup);
}

/* ---- Order --------------------------------------------------------------------------------- */

static void two_points(void *argument, unsigned thread)
{
    (void)argument;
    tell((char)('0' + thread));
    sched_point(SCHED_BEGIN, 0, 0);
    tell((char)('0' + thread));
    sched_point(SCHED_END, 0, 0);
}

static void end_of_all(void *argument, unsigned thread)
{
    (void)argument;
    tell(thread == SCHED_EPILOGUE && sched_self() == SCHED_EPILOGUE ? 'e' : '?');
    sched_point(SCHED_BEGIN, 0, 0);
    tell('E');
}

static void in_order(void)
{
    enum sched_end end = run_setup(0xf, two_points, NULL);
    tap_ok(end == SCHED_DONE && told("00112233"),
           "without a strategy each thread runs to its end, in order");
    tap_is(sched_trace()->switch_count, 0, "and no decision differs from the default");
    end = run_setup(0xa, two_points, NULL);
    tap_ok(end == SCHED_DONE && told("1133"), "only the threads named take part");
    end = run_setup(0xf0f4, two_points, NULL);
    tap_ok(end == SCHED_DONE && told("22"), "bits that are no program thread are ignored");
}

static void epilogue_is_last(void)
{
    enum sched_end end = run_setup(0x3, two_points, end_of_all);
    tap_ok(end == SCHED_DONE && told("0011eE"), "the epilogue runs last, as its own thread");
}

static void nobody_at_all(void)
{
    enum sched_end end = run_setup(0, two_points, NULL);
    tap_ok(end == SCHED_DONE && sched_trace()->event_count == 0, "no threads at all: done");
    end = run_setup(0, two_points, end_of_all);
    tap_ok(end == SCHED_DONE && told("eE"), "no threads, but an epilogue: it runs");
}

/* Away at every point, so that an epilogue which did not wait would show. */
static int always_away(struct sched_strategy *self, const struct sched_view *view)
{
    unsigned others = view->runnable & ~(1u << view->current);
    (void)self;
    return others ? __builtin_ctz(others) : view->current;
}

static unsigned seen_with_epilogue;

static int watch_epilogue(struct sched_strategy *self, const struct sched_view *view)
{
    if (view->current == SCHED_EPILOGUE || view->runnable >> SCHED_EPILOGUE & 1u)
        seen_with_epilogue |= view->runnable;
    return always_away(self, view);
}

static void epilogue_is_alone(void)
{
    struct sched_strategy strategy = {.choose = watch_epilogue};
    struct sched_setup setup = {.threads = 0xf,
                                .body = two_points,
                                .epilogue = end_of_all,
                                .strategy = &strategy,
                                .step_limit = LIMIT};
    story[0] = '\0';
    seen_with_epilogue = 0;
    enum sched_end end = sched_execute(&setup);
    size_t length = strlen(story);
    tap_ok(end == SCHED_DONE && length == 10 && strcmp(story + 8, "eE") == 0,
           "the epilogue waits for threads that take turns");
    tap_is(seen_with_epilogue, 1u << SCHED_EPILOGUE, "and runs alone");
}

static void *seen_argument;
static int seen_self;

static void look_around(void *argument, unsigned thread)
{
    seen_argument = argument;
    seen_self = sched_self() * 10 + (int)thread;
}

static void identity(void)
{
    tap_is(sched_self(), SCHED_OUTSIDE, "outside of an execution sched_self() says so");
    run_setup(0x4, look_around, NULL);
    tap_ok(seen_self == 22 && seen_argument == story, "a body knows its thread and its argument");
    tap_is(sched_self(), SCHED_OUTSIDE, "and afterwards it is outside again");
}

/* ---- The trace ----------------------------------------------------------------------------- */

static void three_kinds(void *argument, unsigned thread)
{
    (void)argument;
    sched_set_operation(7 + thread);
    sched_point(SCHED_WAIT_BEFORE, 11, 12);
    sched_point(SCHED_WAIT_AFTER, UINT32_MAX, UINT64_MAX);
}

static bool event_is(unsigned index, unsigned thread, unsigned kind, unsigned operation,
                     uint32_t object, uint64_t value)
{
    const struct sched_event *event = &sched_trace()->events[index];
    return event->thread == thread && event->kind == kind && event->operation == operation &&
           event->object == object && event->value == value;
}

static void trace_content(void)
{
    run_setup(0x2, three_kinds, NULL);
    tap_is((long long)sched_trace()->event_count, 3, "one event a point, and one for the exit");
    tap_ok(event_is(0, 1, SCHED_WAIT_BEFORE, 8, 11, 12) &&
               event_is(1, 1, SCHED_WAIT_AFTER, 8, UINT32_MAX, UINT64_MAX) &&
               event_is(2, 1, SCHED_EXIT, 8, 0, 0),
           "an event has its thread, kind, operation, object and value");
    uint64_t count = sched_trace()->event_count, hash = sched_trace()->hash;
    sched_point(SCHED_BEGIN, 1, 1);
    tap_ok(sched_trace()->event_count == count && sched_trace()->hash == hash,
           "a point outside of an execution does nothing");
}

/* One point, whose parts the test varies one at a time. */
static struct sched_event wanted;

static void one_point(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    sched_set_operation(wanted.operation);
    sched_point((enum sched_kind)wanted.kind, wanted.object, wanted.value);
    sched_set_operation(0);
}

static uint64_t hash_of(struct sched_event event)
{
    wanted = event;
    run_setup(1u << event.thread, one_point, NULL);
    return sched_trace()->hash;
}

static void trace_hash(void)
{
    const struct sched_event base = {.kind = SCHED_BEGIN, .operation = 3, .object = 5, .value = 9};
    struct sched_event other[] = {base, base, base, base, base};
    other[0].thread = 1;
    other[1].kind = SCHED_END;
    other[2].operation = 4;
    other[3].object = 6;
    other[4].value = 9 + (1ull << 63);
    uint64_t hash = hash_of(base);
    tap_ok(hash == hash_of(base), "the same events give the same hash");
    bool differs = true;
    for (unsigned i = 0; i < 5; i++)
        differs = differs && hash_of(other[i]) != hash;
    tap_ok(differs, "thread, kind, operation, object and value each change the hash");
}

static unsigned long_count;
static uint64_t last_value;

static void many_points(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    for (unsigned i = 1; i <= long_count; i++)
        sched_point(SCHED_BEGIN, i, i < long_count ? 0 : last_value);
}

static uint64_t run_long(unsigned count, uint64_t last)
{
    struct sched_setup setup = {.threads = 1, .body = many_points, .step_limit = 1u << 20};
    long_count = count;
    last_value = last;
    sched_execute(&setup);
    return sched_trace()->hash;
}

static void long_trace(void)
{
    const unsigned count = SCHED_TRACE_CAPACITY + 100;
    uint64_t hash = run_long(count, 0);
    tap_is((long long)sched_trace()->event_count, count + 1, "events beyond the capacity count");
    tap_is(sched_trace()->events[99].object, count, "the latest ones are kept");
    tap_ok(run_long(count, 1) != hash, "and the hash covers those beyond, too");
    tap_ok(run_long(count, 0) == hash, "repeatably");
}

static void switches_are_recorded(void)
{
    struct sched_strategy strategy = {.choose = always_away};
    struct sched_setup setup = {
        .threads = 0x7, .body = two_points, .strategy = &strategy, .step_limit = LIMIT};
    story[0] = '\0';
    sched_execute(&setup);
    const struct sched_trace *trace = sched_trace();
    bool right = trace->switch_count > 0;
    for (uint32_t i = 0; i < trace->switch_count; i++) {
        const struct sched_switch *entry = &trace->switches[i];
        right = right && entry->event + 1 < trace->event_count &&
                trace->events[entry->event + 1].thread == entry->to &&
                trace->events[entry->event].thread != entry->to;
    }
    tap_ok(right, "a recorded switch names the event before it and who runs after it");
}

/* ---- Operations ---------------------------------------------------------------------------- */

static unsigned befores[4];

static void nested_operations(void *argument, unsigned thread)
{
    (void)argument;
    (void)thread;
    befores[0] = sched_set_operation(1);
    sched_point(SCHED_BEGIN, 0, 0);
    befores[1] = sched_set_operation(2);
    sched_point(SCHED_BEGIN, 0, 0);
    befores[2] = sched_set_operation(befores[1]);
    sched_point(SCHED_END, 0, 0);
    befores[3] = sched_set_operation(SCHED_NO_OPERATION);
}

static void operations(void)
{
    for (int round = 0; round < 2; round++) {
        run_setup(0x1, nested_operations, NULL);
        bool right = befores[0] == SCHED_NO_OPERATION && befores[1] == 1 && befores[2] == 2 &&
                     befores[3] == 1;
        tap_ok(right && event_is(0, 0, SCHED_BEGIN, 1, 0, 0) &&
                   event_is(1, 0, SCHED_BEGIN, 2, 0, 0) && event_is(2, 0, SCHED_END, 1, 0, 0) &&
                   event_is(3, 0, SCHED_EXIT, SCHED_NO_OPERATION, 0, 0),
               round ? "each execution begins outside of any operation" : "operations nest");
    }
}

static void own_operation(void)
{
    sched_set_operation(40);
    sched_point(SCHED_BEGIN, 0, 0);
}

static void other_operation(void)
{
    sched_set_operation(50);
    sched_point(SCHED_BEGIN, 0, 0);
    sched_point(SCHED_END, 0, 0);
}

static void operations_are_per_thread(void)
{
    RUN(SCRIPT({0, SCHED_BEGIN, 1}, {1, SCHED_BEGIN, 0}), own_operation, other_operation);
    tap_ok(event_is(1, 1, SCHED_BEGIN, 50, 0, 0) && event_is(2, 0, SCHED_EXIT, 40, 0, 0) &&
               event_is(3, 1, SCHED_END, 50, 0, 0),
           "each thread has an operation of its own");
}

/* ---- Labels -------------------------------------------------------------------------------- */

static void labels(void)
{
    bool right = strcmp(sched_kind_label(SCHED_LOCK_WANT), "lock.want") == 0;
    for (unsigned k = 0; k < SCHED_KINDS; k++) {
        right = right && sched_kind_label(k) && sched_kind_label(k)[0];
        for (unsigned other = 0; right && other < k; other++)
            right = strcmp(sched_kind_label(k), sched_kind_label(other)) != 0;
    }
    tap_ok(right, "every kind of point has a label of its own");
    tap_ok(strcmp(sched_kind_label(SCHED_KINDS), "?") == 0, "and what is no kind has none");
}

int main(void)
{
    in_order();
    epilogue_is_last();
    nobody_at_all();
    epilogue_is_alone();
    identity();
    trace_content();
    trace_hash();
    long_trace();
    switches_are_recorded();
    operations();
    operations_are_per_thread();
    labels();
    return tap_end();
}
