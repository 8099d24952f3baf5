/*
 * Executions with a script: who runs when is part of the test.
 *
 * Threads run one after the other, except that a scripted thread is taken away the first time it
 * comes to a scripted point. The script is worked off in order.
 */
#ifndef CSQFUZZ_TESTS_THREADS_H
#define CSQFUZZ_TESTS_THREADS_H

#include "../ke/ke.h"

struct script_step {
    int thread;
    enum sched_kind kind;
    int to;
};

struct script {
    struct sched_strategy base;
    const struct script_step *steps;
    unsigned count, next;
    void (*watch)(const struct sched_view *view); /* sees every point; may be NULL */
};

static int script_choose(struct sched_strategy *strategy, const struct sched_view *view)
{
    struct script *script = (struct script *)strategy;
    if (script->watch)
        script->watch(view);
    if (script->next == script->count)
        return view->default_next;
    const struct script_step *step = &script->steps[script->next];
    if (view->current != step->thread || view->event->kind != step->kind)
        return view->default_next;
    script->next++;
    return step->to;
}

static void (*const *run_bodies)(void);

static void run_body(void *argument, unsigned thread)
{
    (void)argument;
    run_bodies[thread]();
}

/* One body a thread, thread 0 first. */
static enum sched_end run_scripted(unsigned threads, void (*const *bodies)(void),
                                   struct script script)
{
    struct sched_setup setup = {.threads = (1u << threads) - 1u, .body = run_body};
    script.base.choose = script_choose;
    setup.strategy = &script.base;
    setup.step_limit = 10000;
    run_bodies = bodies;
    return sched_execute(&setup);
}

/* Bodies as arguments: RUN(SCRIPT({thread, kind, to}, ...), body_of_0, body_of_1). */
#define RUN(script, ...)                                                                           \
    run_scripted(sizeof((void (*[])(void)){__VA_ARGS__}) / sizeof(void (*)(void)),                 \
                 (void (*const[])(void)){__VA_ARGS__}, script)

#define SCRIPT(...)                                                                                \
    (struct script)                                                                                \
    {                                                                                              \
        .steps = (const struct script_step[]){__VA_ARGS__},                                        \
        .count = sizeof((const struct script_step[]){__VA_ARGS__}) / sizeof(struct script_step)    \
    }

#define NO_SCRIPT ((struct script){.count = 0})

#endif
