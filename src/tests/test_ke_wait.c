/* Fast mutexes, events, interlocked operations, bug checks, the debugger's print. */
#define _POSIX_C_SOURCE 200809L /* open_memstream, fork */
#include "stops.h"
#include "threads.h"

#include "../sched/explore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FAST_MUTEX mutex, second;
static KEVENT event;
static KIRQL old;
static LARGE_INTEGER no_time, some_time = {.QuadPart = -10000};

static void fresh(void)
{
    ke_reset();
    sched_lock_retire(&mutex.Lock);
    sched_lock_retire(&second.Lock);
    ExInitializeFastMutex(&mutex);
    ExInitializeFastMutex(&second);
    has_stopped = false;
}

static NTSTATUS wait_for(PLARGE_INTEGER timeout)
{
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, timeout);
}

/* ---- Fast mutexes -------------------------------------------------------------------------- */

static void mutex_alone(void)
{
    fresh();
    ExAcquireFastMutex(&mutex);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "CSQ-IRQL-7: a fast mutex is owned at APC_LEVEL");
    tap_is(ke_spin_locks_held(SCHED_OUTSIDE), 0, "COMP-4: it is no spin lock");
    ExAcquireFastMutex(&second);
    ExReleaseFastMutex(&second);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "a nested one is released to APC_LEVEL");
    ExReleaseFastMutex(&mutex);
    tap_is(KeGetCurrentIrql(), PASSIVE_LEVEL, "the outer one to the level before it");
}

static void mutex_misuse(void)
{
    fresh();
    STOPS("a fast mutex released that nobody holds", VIOLATION, 0x1007, ExReleaseFastMutex(&mutex));
    ExAcquireFastMutex(&mutex);
    STOPS("a fast mutex acquired twice", VIOLATION, 0x1000, ExAcquireFastMutex(&mutex));
    fresh();
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutex(&mutex);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    STOPS("a fast mutex released at DISPATCH_LEVEL", VIOLATION, 0x34, ExReleaseFastMutex(&mutex));
    STOPS("IRQ-5, DV-14: a fast mutex acquired at DISPATCH_LEVEL", VIOLATION, 0x3B,
          ExAcquireFastMutex(&second));
    fresh();
    ExAcquireFastMutex(&mutex);
    ExAcquireFastMutex(&second);
    STOPS("fast mutexes released in the order they were taken", VIOLATION, 0x34,
          ExReleaseFastMutex(&mutex));
}

static int inside, most_inside;

static void enter_mutex(void)
{
    ExAcquireFastMutex(&mutex);
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    sched_point(SCHED_BEGIN, 0, 0);
    inside--;
    ExReleaseFastMutex(&mutex);
}

static void release_mutex(void)
{
    ExReleaseFastMutex(&mutex);
}

static void mutex_in_threads(void)
{
    fresh();
    enum sched_end end = RUN(SCRIPT({0, SCHED_BEGIN, 1}), enter_mutex, enter_mutex);
    tap_ok(end == SCHED_DONE && most_inside == 1, "a fast mutex excludes");
    fresh();
    ke_set_bugcheck_handler(on_bugcheck);
    RUN(SCRIPT({0, SCHED_BEGIN, 1}), enter_mutex, release_mutex);
    check_stop("a fast mutex released by another thread", VIOLATION, 0x1004);
}

/* ---- Events -------------------------------------------------------------------------------- */

static void event_alone(void)
{
    fresh();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    tap_is(KeReadStateEvent(&event), 0, "KeInitializeEvent: not signaled");
    tap_is(wait_for(&no_time), STATUS_TIMEOUT, "a poll times out");
    tap_is(wait_for(&some_time), STATUS_TIMEOUT, "so does a finite wait");
    tap_is(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0, "KeSetEvent returns the state before");
    tap_ok(KeSetEvent(&event, IO_NO_INCREMENT, FALSE) != 0, "KeSetEvent: signaled before");
    tap_is(wait_for(NULL), STATUS_SUCCESS, "a signaled event satisfies a wait");
    tap_is(wait_for(&no_time), STATUS_SUCCESS, "a notification event stays signaled");
    tap_ok(KeResetEvent(&event) != 0, "KeResetEvent returns the state before");
    tap_is(KeResetEvent(&event), 0, "KeResetEvent: not signaled before");
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    tap_ok(KeReadStateEvent(&event) != 0, "KeInitializeEvent: signaled");
    tap_is(wait_for(&some_time), STATUS_SUCCESS, "a finite wait may be satisfied");
    tap_is(wait_for(&no_time), STATUS_TIMEOUT, "a synchronization event resets itself");
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeClearEvent(&event);
    tap_is(KeReadStateEvent(&event), 0, "KeClearEvent clears it");
}

static void wait_misuse(void)
{
    fresh();
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    tap_is(wait_for(&no_time), STATUS_SUCCESS, "IRQ-5: a poll at DISPATCH_LEVEL is allowed");
    STOPS("IRQ-5, DV-14: an endless wait at DISPATCH_LEVEL", VIOLATION, 0x3B, wait_for(NULL));
    tap_ok(stopped.parameter[1] == DISPATCH_LEVEL && stopped.parameter[2] == (ULONG_PTR)&event,
           "DV-14: parameters 2 and 3 are the IRQL and the object");
    STOPS("IRQ-5, DV-14: a finite wait at DISPATCH_LEVEL", VIOLATION, 0x3B, wait_for(&some_time));
    STOPS("KeSetEvent with Wait at DISPATCH_LEVEL", IRQL_NOT_LESS_OR_EQUAL, &event,
          KeSetEvent(&event, IO_NO_INCREMENT, TRUE));
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("a poll above DISPATCH_LEVEL", VIOLATION, 0x3B, wait_for(&no_time));
    STOPS("KeSetEvent above DISPATCH_LEVEL", IRQL_NOT_LESS_OR_EQUAL, &event,
          KeSetEvent(&event, IO_NO_INCREMENT, FALSE));
    STOPS("KeResetEvent above DISPATCH_LEVEL", IRQL_NOT_LESS_OR_EQUAL, &event,
          KeResetEvent(&event));
}

static int woken;

static void wait_endlessly(void)
{
    if (wait_for(NULL) == STATUS_SUCCESS)
        woken++;
}

static void set(void)
{
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
}

static void wait_a_while(void)
{
    woken += wait_for(&some_time) == STATUS_SUCCESS;
}

static enum sched_end wait_twice_set_once(EVENT_TYPE type)
{
    fresh();
    woken = 0;
    KeInitializeEvent(&event, type, FALSE);
    return RUN(NO_SCRIPT, wait_endlessly, wait_endlessly, set);
}

static void events_in_threads(void)
{
    tap_ok(wait_twice_set_once(NotificationEvent) == SCHED_DONE && woken == 2,
           "a notification event releases all who wait");
    tap_ok(wait_twice_set_once(SynchronizationEvent) == SCHED_DEADLOCK && woken == 1,
           "a synchronization event releases one, and the other waits for good");
    fresh();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    tap_is(RUN(NO_SCRIPT, wait_endlessly), SCHED_DEADLOCK, "nobody signals: a deadlock");
    fresh();
    woken = 0;
    RUN(SCRIPT({0, SCHED_WAIT_BEFORE, 1}), wait_a_while, set);
    tap_is(woken, 1, "a finite wait is satisfied by a signal just before it would time out");
}

/* ---- Interlocked operations ---------------------------------------------------------------- */

static void interlocked(void)
{
    LONG volatile value = 5;
    tap_ok(InterlockedExchange(&value, 6) == 5 && value == 6, "InterlockedExchange");
    tap_ok(InterlockedCompareExchange(&value, 9, 7) == 6 && value == 6,
           "InterlockedCompareExchange, not equal");
    tap_ok(InterlockedCompareExchange(&value, 9, 6) == 6 && value == 9,
           "InterlockedCompareExchange, equal");
    tap_ok(InterlockedIncrement(&value) == 10, "InterlockedIncrement returns the new value");
    tap_ok(InterlockedDecrement(&value) == 9, "InterlockedDecrement returns the new value");
    tap_ok(InterlockedExchangeAdd(&value, 3) == 9 && value == 12, "InterlockedExchangeAdd");
    tap_ok(InterlockedOr(&value, 3) == 12 && value == 15, "InterlockedOr returns the old value");
    tap_ok(InterlockedAnd(&value, 6) == 15 && value == 6, "InterlockedAnd returns the old value");
    value = MAXLONG;
    tap_ok(InterlockedIncrement(&value) == MINLONG, "InterlockedIncrement wraps");
    KeMemoryBarrier();
}

static void interlocked_64(void)
{
    const LONG64 big = 0x100000000;
    LONG64 volatile value = big;
    tap_ok(InterlockedExchange64(&value, big + 1) == big && value == big + 1,
           "InterlockedExchange64");
    tap_ok(InterlockedCompareExchange64(&value, 1, 1) == big + 1 && value == big + 1,
           "InterlockedCompareExchange64 compares all 64 bits");
    tap_ok(InterlockedCompareExchange64(&value, 1, big + 1) == big + 1 && value == 1,
           "InterlockedCompareExchange64, equal");
    tap_ok(InterlockedIncrement64(&value) == 2 && InterlockedDecrement64(&value) == 1,
           "InterlockedIncrement64, InterlockedDecrement64");
    tap_ok(InterlockedExchangeAdd64(&value, big) == 1 && value == big + 1,
           "InterlockedExchangeAdd64");
    tap_ok(InterlockedOr64(&value, 2) == big + 1 && InterlockedAnd64(&value, big) == big + 3 &&
               value == big,
           "InterlockedOr64, InterlockedAnd64");
}

static void interlocked_pointers(void)
{
    int a, b;
    PVOID volatile pointer = &a;
    tap_ok(InterlockedExchangePointer(&pointer, &b) == &a && pointer == &b,
           "D14: InterlockedExchangePointer");
    tap_ok(InterlockedCompareExchangePointer(&pointer, NULL, &a) == &b && pointer == &b,
           "InterlockedCompareExchangePointer, not equal");
    tap_ok(InterlockedCompareExchangePointer(&pointer, NULL, &b) == &b && pointer == NULL,
           "InterlockedCompareExchangePointer, equal");
}

static LONG volatile counter;

static void increment(void)
{
    InterlockedIncrement(&counter);
}

static void interlocked_points(void)
{
    fresh();
    RUN(SCRIPT({0, SCHED_INTERLOCKED_BEFORE, 1}), increment, increment);
    const struct sched_trace *trace = sched_trace();
    tap_ok(counter == 2 && trace->events[0].kind == SCHED_INTERLOCKED_BEFORE &&
               trace->events[1].thread == 1,
           "an interlocked operation is a point before ...");
    tap_ok(trace->events[2].kind == SCHED_INTERLOCKED_AFTER && trace->events[2].value == 1,
           "... and one after, with its result");
}

/* ---- Bug checks and the debugger ------------------------------------------------------------ */

static void bug_checks(void)
{
    STOPS("KeBugCheck", 0x1234, 0, KeBugCheck(0x1234));
    STOPS("KeBugCheckEx", 0x44, 1, KeBugCheckEx(0x44, 1, 2, 3, 4));
    tap_ok(stopped.parameter[1] == 2 && stopped.parameter[2] == 3 && stopped.parameter[3] == 4,
           "KeBugCheckEx hands over its parameters");
    tap_ok(!strcmp(ke_bugcheck_name(0x44), "MULTIPLE_IRP_COMPLETE_REQUESTS"), "BUG-1: its name");
    tap_ok(!strcmp(ke_bugcheck_name(0x48), "CANCEL_STATE_IN_COMPLETED_IRP"), "BUG-2: its name");
    tap_ok(!strcmp(ke_bugcheck_name(0x11B), "DRIVER_RETURNED_HOLDING_CANCEL_LOCK"),
           "BUG-3: its name");
    tap_ok(!strcmp(ke_bugcheck_name(0x1234), "UNKNOWN"), "a code without a name");
    static char expression[] = "x", file[] = "f.c";
    STOPS("RtlAssert", MANUALLY_INITIATED_CRASH, expression, RtlAssert(expression, file, 7, NULL));
    tap_ok(stopped.parameter[1] == (ULONG_PTR)file && stopped.parameter[2] == 7,
           "RtlAssert: file and line");
}

/* What the default handler prints on stderr, from a process of its own; true if it aborted. */
static bool crash(char *output, size_t size)
{
    int ends[2], status = 0;
    fflush(stdout);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        ke_set_bugcheck_handler(NULL);
        KeBugCheckEx(0x44, 0xabc, 0, 3, 0);
    }
    if (child < 0)
        return false;
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    if (!fgets(output, (int)size, stream))
        output[0] = 0;
    fclose(stream);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

static void default_handler(void)
{
    const char *line = "BUG CHECK 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS (0xABC, 0x0, 0x3, 0x0)\n";
    char output[256] = "";
    tap_ok(crash(output, sizeof output), "the default handler ends the program");
    tap_ok(!strncmp(output, line, strlen(line)), "with one line: code, name, parameters");
}

static void debug_print(void)
{
    char *text = NULL;
    size_t size = 0;
    tap_is(DbgPrint("%d", 1), STATUS_SUCCESS, "DbgPrint without output");
    FILE *stream = open_memstream(&text, &size);
    ke_set_debug_output(stream);
    DbgPrint("%s %-5d|%lx %%\n", "a", 7, 255L);
    DbgPrint("%wZ %d\n", NULL, 1);
    DbgPrint("%I64d\n", 1LL);
    ke_set_debug_output(NULL);
    fclose(stream);
    tap_ok(!strcmp(text, "a 7    |ff %\n%wZ %d\n%I64d\n"),
           "DbgPrint: Windows' own conversions are left as they stand");
    free(text);
}

/* ---- Events and the explorer ----------------------------------------------------------------- */

static unsigned states_read; /* a bit a state */

static void set_or_read(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        KeSetEvent(&event, 0, FALSE);
    else
        states_read |= 1u << KeReadStateEvent(&event);
}

static void events_explored(void)
{
    static struct sched_explore explorer;
    struct sched_setup setup = {.threads = 0x3, .body = set_or_read, .step_limit = 1000};
    enum sched_end end;
    setup.strategy = &explorer.base;
    states_read = 0;
    sched_explore_init(&explorer);
    do {
        fresh();
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        sched_explore_begin(&explorer);
        end = sched_execute(&setup);
    } while (sched_explore_next(&explorer, end));
    tap_is(states_read, 3, "the explorer lets an event be read before and after its signal");
}

int main(void)
{
    mutex_alone();
    mutex_misuse();
    mutex_in_threads();
    event_alone();
    wait_misuse();
    events_in_threads();
    events_explored();
    interlocked();
    interlocked_64();
    interlocked_pointers();
    interlocked_points();
    bug_checks();
    default_handler();
    debug_print();
    return tap_end();
}
