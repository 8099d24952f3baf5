/* The child's side: one run, and a trace whatever happens. */
#define _GNU_SOURCE /* sigaltstack, prctl */
#include "wall_internal.h"

#include "conformance/leeway.h"
#include "sched/sched.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define TICK_US      150000 /* of processor time */
#define SILENT_TICKS 2

/* The sanitizers', where one is linked: called after its report, before the process ends. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* ---- What sanitizers are told -------------------------------------------------------------- */

const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__ubsan_default_options(void);

/* Leaks are the cases' to find: a case that ends early leaves things behind, and LeakSanitizer
 * misjudges the stacks of suspended logical threads. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0:malloc_context_size=6:"
           "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

const char *__tsan_default_options(void)
{
    return "halt_on_error=1:atexit_sleep_ms=0:report_signal_unsafe=0";
}

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

/* ---- A trace, whatever happens ------------------------------------------------------------- */

static char signal_stack[64 * 1024]; /* a logical thread's own may be the one that overflowed */

static void leave_trace(void)
{
    if (case_result->verdict == CASE_UNFINISHED)
        case_note_trace();
}

/* SA_RESETHAND: back in the faulting instruction, the process dies of it. */
static void on_fault(int number)
{
    leave_trace();
    if (number == SIGABRT)
        abort();
}

static void on_enough(int number)
{
    (void)number;
    leave_trace();
    _exit(1);
}

/* Schedule points are microseconds apart, and a call passes dozens: none during several ticks of
 * processor time means a loop, which need not be waited for. */
static void on_tick(int number)
{
    static uint64_t before = UINT64_MAX;
    static unsigned silent;
    uint64_t now = sched_trace()->event_count + (case_result->executions << 32);
    (void)number;
    silent = now == before ? silent + 1 : 0;
    before = now;
    if (silent < SILENT_TICKS || case_result->verdict != CASE_UNFINISHED)
        return;
    leave_trace();
    snprintf(case_result->seen, sizeof case_result->seen,
             "a loop: it computes and passes no schedule point");
    case_result->verdict = CASE_HUNG;
    _exit(0);
}

static void start_ticking(void)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct itimerval every = {.it_interval.tv_usec = TICK_US, .it_value.tv_usec = TICK_US};
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &every, NULL);
}

static void catch_one(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    sigaction(number, &action, NULL);
}

static void catch_all(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    sigaltstack(&stack, NULL);
    atexit(leave_trace);
    catch_one(WALL_ENOUGH, on_enough);
    catch_one(SIGABRT, on_fault);
    start_ticking();
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(leave_trace); /* it has handlers of its own */
        return;
    }
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++)
        catch_one(faults[i], on_fault);
}

/* ---- The run ------------------------------------------------------------------------------- */

/* Nothing to read, standard output to nowhere, standard error to the parent. */
static void wall_in(int speech)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(speech, STDERR_FILENO);
    close(nothing);
    close(speech);
}

_Noreturn void wall_child(const struct suite_run *run, enum case_success success,
                          struct case_result *result, int speech)
{
    static const struct rlimit no_core = {0, 0};
    setpgid(0, 0);                    /* so that all it starts can be ended */
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* Ctrl-C at the terminal ends the parent only */
    setrlimit(RLIMIT_CORE, &no_core);
    wall_in(speech);
    case_result = result;
    case_profile = (struct case_profile){run->reading, success};
    leeway =
        (struct leeway){.text = run->reading == READING_TEXT, .exact = success == SUCCESS_EXACT};
    catch_all();
    case_run(run->which);
    _exit(0);
}
