/*
 * The fiber body's state, shared by its two files: private to src/sched.
 *   fiber_body.c   executions, points, who runs next
 *   fiber_lock.c   lock words, waiting and waking
 */
#ifndef CSQFUZZ_FIBER_BODY_H
#define CSQFUZZ_FIBER_BODY_H

#include "fiber.h"
#include "sched.h"

enum thread_state { THREAD_ABSENT, THREAD_READY, THREAD_BLOCKED, THREAD_ENDED };

struct logical_thread {
    struct fiber fiber;
    enum thread_state state;
    bool entered;        /* its fiber has begun this execution's body */
    bool waits_for_lock; /* waiting_on is a lock word, so the wait has an owner */
    uint16_t operation;
    const void *waiting_on; /* while THREAD_BLOCKED */
    const void *handed;     /* a lock it was made the owner of and has not taken yet */
    uint64_t waiting_since; /* event count then: who came first */
};

/* One execution at a time; reset by sched_execute. */
struct body_state {
    struct logical_thread threads[SCHED_THREADS]; /* [SCHED_OUTSIDE]: the caller of sched_execute */
    struct sched_setup setup;
    unsigned runnable;
    uint32_t step;
    bool stopping;       /* sched_stop_soon() was called */
    uint32_t epoch;      /* counts executions: lock words of earlier ones are known by it */
    uint32_t lock_count; /* locks seen in this execution */
    enum sched_end end;
};

extern struct body_state body;

/* The current thread cannot go on: let another run, or end the execution in deadlock. */
void body_yield_blocked(void);

/* Tell the sanitizers that this execution's locks are gone. */
void body_destroy_locks(void);

#endif
