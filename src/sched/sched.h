/*
 * The scheduling port: logical threads, who runs next, and what happened.
 *
 * One port, two bodies, chosen when linking:
 *   fiber body   every logical thread is a fiber on one OS thread; a strategy decides at each
 *                schedule point who runs next. Same program, same strategy: same trace.
 *   host body    every logical thread is a pthread of a pool behind a start barrier; points do
 *                nothing, blocking is real, nothing repeats. The baseline to compare against.
 *
 * The port knows nothing of IRPs, of IRQL or of the input format. src/ke builds locks and waits
 * on it; the harness above builds executions on it.
 */
#ifndef CSQFUZZ_SCHED_H
#define CSQFUZZ_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHED_PROGRAM_THREADS 4 /* logical threads a program may use: 0..3 */
#define SCHED_EPILOGUE        4 /* the thread that cleans up once all others have ended */
#define SCHED_OUTSIDE         5 /* code that runs outside of any execution: set-up, unit tests */
#define SCHED_THREADS         6
#define SCHED_NOBODY          (-1)    /* "no thread" */
#define SCHED_NO_OPERATION    0xffffu /* "outside of any operation" */

enum sched_kind {
#define SCHED_POINT(symbol, label) SCHED_##symbol,
#include "points.def"
#undef SCHED_POINT
    SCHED_KINDS
};

/* The label of a kind, "lock.want" for SCHED_LOCK_WANT; "?" for a value that is no kind. */
const char *sched_kind_label(unsigned kind);

/* ---- Events -------------------------------------------------------------------------------- */

/* One step of a trace. Never holds an address, a time or anything else that differs by run. */
struct sched_event {
    uint8_t thread;
    uint8_t kind;       /* enum sched_kind */
    uint16_t operation; /* the operation running, or SCHED_NO_OPERATION */
    uint32_t
        object; /* what it concerns: a lock's number, an IRP's slot; its meaning is the kind's */
    uint64_t value; /* a status, an IRQL, a flag: whatever tells two outcomes apart */
};

/* A decision of the strategy that was not the default one (see struct sched_strategy). */
struct sched_switch {
    uint32_t event; /* index into the trace: the thread was taken away after this event */
    uint8_t to;
};

#define SCHED_TRACE_CAPACITY 8192 /* events kept for reports; the hash covers those beyond, too */

struct sched_trace {
    uint64_t hash;         /* over every event; equal for equal executions in every build */
    uint64_t event_count;  /* how many there were; min(event_count, capacity) are kept */
    uint32_t switch_count; /* decisions kept in switches[]; SCHED_TRACE_CAPACITY at most */
    struct sched_event events[SCHED_TRACE_CAPACITY];
    struct sched_switch switches[SCHED_TRACE_CAPACITY];
};

/* The trace of the execution that runs or, between executions, of the last one. Read only. */
const struct sched_trace *sched_trace(void);

/* How many of a trace's events are in its events[], from the first on. */
static inline uint32_t sched_trace_kept(const struct sched_trace *trace)
{
    return trace->event_count < SCHED_TRACE_CAPACITY ? (uint32_t)trace->event_count
                                                     : SCHED_TRACE_CAPACITY;
}

/* ---- Strategies ---------------------------------------------------------------------------- */

/* What a strategy is told at each point. */
struct sched_view {
    int current;       /* the thread at the point */
    unsigned runnable; /* bit t: thread t can run; lacks `current` if it blocks or ended */
    int default_next;  /* `current` if it is runnable, else the lowest runnable */
    const struct sched_event *event; /* the point itself */
    uint32_t step;                   /* points so far in this execution, this one included */
};

/*
 * Who runs next. `choose` is asked at every point, also where only one thread can run, and returns
 * a thread whose bit is set in view->runnable; anything else is taken as view->default_next.
 * `first` (may be NULL: lowest runnable) names the thread to start. A strategy keeps its own state
 * and is reset by whoever sets up the execution.
 */
struct sched_strategy {
    int (*choose)(struct sched_strategy *self, const struct sched_view *view);
    int (*first)(struct sched_strategy *self, unsigned runnable);
};

/* ---- Executions ---------------------------------------------------------------------------- */

typedef void sched_body(void *argument, unsigned thread);

struct sched_setup {
    unsigned threads;     /* bit t: thread t (0..SCHED_PROGRAM_THREADS-1) takes part */
    sched_body *body;     /* what each of them runs */
    sched_body *epilogue; /* runs as thread SCHED_EPILOGUE after all have ended; may be NULL */
    void *argument;       /* handed to both */
    struct sched_strategy *strategy; /* NULL: each thread runs until it ends or blocks, in order */
    uint32_t step_limit;             /* points after which an execution counts as a livelock */
};

enum sched_end {
    SCHED_DONE,     /* every thread ended */
    SCHED_DEADLOCK, /* nobody can run: see sched_waits_for() */
    SCHED_LIVELOCK, /* step_limit passed although, for its last half, scheduling was round robin */
    SCHED_STOPPED   /* somebody called sched_stop() or sched_stop_soon() */
};

/*
 * Run one execution to its end. Resets the trace first. After any other end than SCHED_DONE the
 * threads that were cut off are discarded and replaced, so the next execution starts clean; what
 * they had allocated is the caller's to clean up. The host body knows SCHED_DONE and, by ending
 * the process, SCHED_STOPPED only.
 */
enum sched_end sched_execute(const struct sched_setup *setup);

/* End the execution at once, from any logical thread; never returns. */
_Noreturn void sched_stop(void);

/* End it at the next point, whoever comes to one: for those who cannot leave where they are.
 * Returns; if there is no further point, nor on the host body, nothing comes of it. */
void sched_stop_soon(void);

/* The running logical thread, 0..SCHED_EPILOGUE; SCHED_OUTSIDE outside of an execution. Asked for
 * at every step, hence a variable that only the scheduler's body writes. */
extern _Thread_local int sched_running;

static inline int sched_self(void)
{
    return sched_running;
}

/* Name the operation that the running thread performs; returns the one before (for nesting). */
unsigned sched_set_operation(unsigned operation);

/* After SCHED_DEADLOCK: the thread that `thread` waits for, SCHED_NOBODY if it waits for an event
 * or not at all. Following it from a deadlocked thread walks the wait-for cycle. */
int sched_waits_for(int thread);

/* Is this thread blocked for good (valid after SCHED_DEADLOCK)? */
bool sched_is_blocked(int thread);

/* ---- For the substrate --------------------------------------------------------------------- */

/*
 * A schedule point: record the event, then let the strategy decide. Outside of an execution it
 * does nothing, so that set-up code may use the substrate freely.
 */
void sched_point(enum sched_kind kind, uint32_t object, uint64_t value);

/* The four points of a lock, so that the cancel spin lock's can be told from others'. */
struct sched_lock_kinds {
    enum sched_kind want, got, drop, free;
};

/*
 * A lock lives in one pointer-sized word, zero when new. The thread that cannot have it is not
 * runnable until it can. Taking it orders the taker after the last holder (ThreadSanitizer is
 * told, and told nothing else). Neither recursion nor ownership is checked here: src/ke does, as
 * it knows the bug check to raise.
 */
void sched_lock_acquire(uintptr_t *word, const struct sched_lock_kinds *kinds);
bool sched_lock_try(uintptr_t *word, const struct sched_lock_kinds *kinds);
void sched_lock_release(uintptr_t *word, const struct sched_lock_kinds *kinds);

/* Release to whoever has waited longest (queued locks); like sched_lock_release if nobody waits. */
void sched_lock_hand_over(uintptr_t *word, const struct sched_lock_kinds *kinds);

/* Who holds it: a thread, or SCHED_NOBODY. */
int sched_lock_owner(const uintptr_t *word);

/* Its number in this execution (1, 2, ... in order of first use); 0 if it was not used yet. */
uint32_t sched_lock_number(const uintptr_t *word);

/* The word's memory is about to be freed: forget it. Lock order is then not checked across. */
void sched_lock_retire(uintptr_t *word);

/*
 * Wait on any address until somebody wakes it. Callers loop: `while (!condition) sched_block(x);`
 * with no schedule point between the test and the call. The host body yields and returns.
 */
void sched_block(const void *object);
void sched_wake(const void *object);

/* Does the linked body run logical threads at the same time? */
extern const bool sched_is_concurrent;

/* ---- Footprints ---------------------------------------------------------------------------- */

/*
 * What a step, the code from one point to the next, shares with other threads: a bit an object. The
 * explorer takes two steps of different threads for independent, so that their order does not
 * matter, if neither writes what the other touches and they do not take the same lock. Who adds
 * state that threads share outside of a lock therefore says so here, where it is accessed.
 *
 * Objects of a kind that share a bit are told apart no more; that costs time, never soundness.
 */
enum sched_object {
    SCHED_OBJECT_FLAG,    /* an IRP's Cancel, by the IRP's number in the execution */
    SCHED_OBJECT_ROUTINE, /* its CancelRoutine, likewise */
    SCHED_OBJECT_IRP,     /* what the harness knows of an IRP, by slot */
    SCHED_OBJECT_CONTEXT, /* ... of a context, by slot */
    SCHED_OBJECT_QUEUE,   /* ... of a queue */
    SCHED_OBJECT_ATOMIC,  /* what interlocked operations work on */
    SCHED_OBJECT_WAIT,    /* what threads wait for, other than locks */
};

struct sched_footprint {
    uint64_t reads, writes;
    uint64_t loads, stores; /* memory granularity: a bit a group of addresses */
};

/* A footprint with this object as its only bit. */
uint64_t sched_object_bit(enum sched_object object, unsigned n);

/* The running thread's step reads, or may write, this. The host body has no steps, and forgets it.
 */
void sched_reads(enum sched_object object, unsigned n);
void sched_writes(enum sched_object object, unsigned n);

/* The running thread works on this IRP (its number in the execution) until it stands down: whenever
 * the code under test runs on it, that may load Cancel and CancelRoutine without a point. */
void sched_stand_by(unsigned irp);
void sched_stand_down(void);

/* Take a thread's footprint since the last time, or since the start of the execution; the next one
 * begins with what the thread stands by if `looks`. */
void sched_take_footprint(int thread, bool looks, struct sched_footprint *taken);

/* Start of an execution: all empty. */
void sched_reset_footprints(void);

/* ---- Memory granularity -------------------------------------------------------------------- */

/* What is at this address, as a number below 2^31 that is the same in every execution; 0: nothing
 * of interest. Bytes that may be accessed together have the same number. */
typedef uint32_t sched_memory_name(const void *address);

/*
 * From now on every load and store of the code under test, where it was compiled for that, is a
 * schedule point (if it has a name, or is of static data); NULL: none is, as at first. Not while an
 * execution runs.
 */
void sched_set_memory_names(sched_memory_name *name);

/* From here on (until the same with false) they are no points: the harness calls the code under
 * test for something that no other thread can come upon half done. No schedule point of any other
 * kind inside. */
void sched_hide_memory(bool hide);

/* How many loads and stores have been seen, in all: 0 in a build that shows none. */
uint64_t sched_memory_accesses(void);

/* The running thread's step loads from, or stores to, what has this name. */
void sched_touches_memory(uint32_t name, bool store);

/*
 * Bracket a few plain statements on state that logical threads share and ThreadSanitizer must
 * not see (the harness's own bookkeeping, an event's state). No schedule point inside. Costs
 * nothing with fibers; with the host body it is a lock that orders nothing in TSan's eyes.
 */
void sched_guard_lock(void);
void sched_guard_unlock(void);

static inline void sched_guard_enter(void)
{
    if (sched_is_concurrent)
        sched_guard_lock();
}

static inline void sched_guard_leave(void)
{
    if (sched_is_concurrent)
        sched_guard_unlock();
}

#endif