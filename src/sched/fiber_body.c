/*
 * The deterministic body: logical threads are fibers on one OS thread.
 *
 * Nothing here reads a clock, an address or a random source: who runs next is the strategy's
 * answer to what the trace shows, so equal inputs give equal traces in every build.
 */
#include "fiber_body.h"

#include "trace.h"

#include <stdio.h>
#include <stdlib.h>

struct body_state body;
_Thread_local int sched_running = SCHED_OUTSIDE;
const bool sched_is_concurrent = false;

/* Start and end of an execution are happens-before edges; what lies between orders itself. */
static char start_edge, end_edge;

unsigned sched_set_operation(unsigned operation)
{
    struct logical_thread *self = &body.threads[sched_running];
    unsigned before = self->operation;
    self->operation = (uint16_t)operation;
    return before;
}

void sched_guard_lock(void) {}

void sched_guard_unlock(void) {}

static int lowest(unsigned runnable)
{
    return runnable ? __builtin_ctz(runnable) : SCHED_NOBODY;
}

/* The next runnable thread above `thread`, going round. */
static int next_in_circle(unsigned runnable, int thread)
{
    unsigned above = runnable & ~((2u << thread) - 1u);
    return lowest(above ? above : runnable);
}

/* Go on as `next` (SCHED_OUTSIDE: sched_execute's caller); returns when we are chosen again. */
static void run(int next)
{
    struct logical_thread *self = &body.threads[sched_running];
    sched_running = next;
    body.threads[next].entered = true;
    fiber_switch(&self->fiber, &body.threads[next].fiber);
}

static void finish(enum sched_end end)
{
    body.end = end;
    run(SCHED_OUTSIDE);
}

/* The step limit has been passed, which sched_stop_soon() sees to as well. */
static void finish_at_limit(void)
{
    struct logical_thread *self = &body.threads[sched_running];
    if (self->state == THREAD_ENDED)
        self->state = THREAD_READY; /* cut off, though its body had returned */
    finish(body.stopping ? SCHED_STOPPED : SCHED_LIVELOCK);
}

/* Ask the strategy at the point `event` where `self` stands; records what was not the default. */
static int decide(int self, const struct sched_event *event)
{
    static struct sched_view view; /* not on the stack: ASan would fence it at every point */
    struct sched_strategy *strategy = body.setup.strategy;
    view.current = self;
    view.runnable = body.runnable;
    view.event = event;
    view.step = body.step;
    view.default_next = body.runnable >> self & 1u ? self : lowest(body.runnable);
    int next = view.default_next;
    if (body.step > body.setup.step_limit / 2)
        next = next_in_circle(body.runnable, self); /* fair from here: a livelock must show */
    else if (strategy)
        next = strategy->choose(strategy, &view);
    if (next < 0 || next >= SCHED_THREADS || !(body.runnable >> next & 1u))
        next = view.default_next;
    if (next != view.default_next)
        trace_switch(next);
    return next;
}

void sched_point(enum sched_kind kind, uint32_t object, uint64_t value)
{
    int self = sched_running;
    if (self == SCHED_OUTSIDE)
        return;
    const struct sched_event *event =
        trace_append((unsigned)self, kind, body.threads[self].operation, object, value);
    if (++body.step > body.setup.step_limit)
        finish_at_limit();
    int next = decide(self, event);
    if (next != self)
        run(next);
}

/* The current thread has left the runnable set for `kind` of reason; somebody else goes on. */
static void leave(enum sched_kind kind)
{
    int self = sched_running;
    const struct sched_event *event =
        trace_append((unsigned)self, kind, body.threads[self].operation, 0, 0);
    if (++body.step > body.setup.step_limit)
        finish_at_limit();
    run(decide(self, event));
}

void body_yield_blocked(void)
{
    body.threads[sched_running].state = THREAD_BLOCKED;
    body.runnable &= ~(1u << sched_running);
    if (!body.runnable)
        finish(SCHED_DEADLOCK);
    leave(SCHED_BLOCK);
}

static bool anybody_blocked(void)
{
    for (int t = 0; t < SCHED_THREADS; t++)
        if (body.threads[t].state == THREAD_BLOCKED)
            return true;
    return false;
}

/* A body has returned. Never returns itself, except into the next execution. */
static void end_of_thread(int self)
{
    body.threads[self].state = THREAD_ENDED;
    body.runnable &= ~(1u << self);
    annotate_release(&end_edge);
    if (body.runnable) {
        leave(SCHED_EXIT);
        return;
    }
    trace_append((unsigned)self, SCHED_EXIT, body.threads[self].operation, 0, 0);
    if (anybody_blocked())
        finish(SCHED_DEADLOCK);
    else if (self != SCHED_EPILOGUE && body.setup.epilogue) {
        body.threads[SCHED_EPILOGUE].state = THREAD_READY;
        body.runnable = 1u << SCHED_EPILOGUE;
        run(SCHED_EPILOGUE);
    } else
        finish(SCHED_DONE);
}

/* What every fiber runs, for ever: one body an execution. */
static void thread_loop(void *argument)
{
    struct logical_thread *thread = argument;
    int self = (int)(thread - body.threads);
    for (;;) {
        annotate_acquire(self == SCHED_EPILOGUE ? &end_edge : &start_edge);
        sched_body *routine = self == SCHED_EPILOGUE ? body.setup.epilogue : body.setup.body;
        routine(body.setup.argument, (unsigned)self);
        end_of_thread(self);
    }
}

static void prepare_threads(void)
{
    if (!body.threads[0].fiber.mapping) {
        fiber_adopt(&body.threads[SCHED_OUTSIDE].fiber);
        for (int t = 0; t < SCHED_OUTSIDE; t++)
            fiber_create(&body.threads[t].fiber, thread_loop, &body.threads[t]);
    }
    for (int t = 0; t < SCHED_THREADS; t++) {
        struct logical_thread *thread = &body.threads[t];
        thread->state = body.runnable >> t & 1u ? THREAD_READY : THREAD_ABSENT;
        thread->entered = false;
        thread->operation = SCHED_NO_OPERATION;
        thread->waiting_on = NULL;
        thread->handed = NULL;
    }
}

static int first_thread(void)
{
    struct sched_strategy *strategy = body.setup.strategy;
    int first = SCHED_NOBODY;
    if (body.runnable && strategy && strategy->first)
        first = strategy->first(strategy, body.runnable);
    if (first < 0 || first >= SCHED_THREADS || !(body.runnable >> first & 1u))
        first = lowest(body.runnable);
    return first;
}

/* Threads cut off in the middle hold frames that will never return: start them anew. */
static void replace_cut_off_threads(void)
{
    for (int t = 0; t < SCHED_OUTSIDE; t++) {
        struct logical_thread *thread = &body.threads[t];
        if (thread->entered && thread->state != THREAD_ENDED)
            fiber_recreate(&thread->fiber);
    }
}

enum sched_end sched_execute(const struct sched_setup *setup)
{
    trace_reset();
    body.setup = *setup;
    body.runnable = setup->threads & ((1u << SCHED_PROGRAM_THREADS) - 1u);
    body.step = 0;
    body.stopping = false;
    body.epoch++;
    body.lock_count = 0;
    body.end = SCHED_DONE;
    prepare_threads();
    int first = first_thread();
    if (first == SCHED_NOBODY) {
        if (!setup->epilogue)
            return SCHED_DONE;
        first = SCHED_EPILOGUE;
        body.threads[first].state = THREAD_READY;
        body.runnable = 1u << first;
    }
    annotate_release(&start_edge);
    annotate_release(&end_edge); /* an epilogue without threads before it starts here */
    run(first);
    annotate_acquire(&end_edge);
    body_destroy_locks();
    if (body.end != SCHED_DONE)
        replace_cut_off_threads();
    return body.end;
}

void sched_stop(void)
{
    if (sched_running == SCHED_OUTSIDE) {
        fprintf(stderr, "csqfuzz: there is no execution to stop\n");
        abort();
    }
    body.threads[sched_running].state = THREAD_READY; /* cut off, even if its body had returned */
    finish(SCHED_STOPPED);
    __builtin_unreachable();
}

/* Every point compares the steps with their limit anyway: no limit left costs it nothing. */
void sched_stop_soon(void)
{
    body.stopping = true;
    body.setup.step_limit = 0;
}
