#define _GNU_SOURCE /* pipe2, sigabbrev_np */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_SECONDS 20 /* after an interrupt that is heeded */
#define TICK_MS       100

static bool complain(void)
{
    fprintf(stderr, "csq: no process to be had: %s\n", strerror(errno));
    return false;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- One ----------------------------------------------------------------------------------- */

/* In a group of its own, so that all it starts can be ended, and no interrupt from the terminal
 * comes past us. */
static _Noreturn void become(const struct process *process, int output)
{
    static const struct rlimit no_core = {0, 0};
    int nothing = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(process->argv[0], (char *const *)(uintptr_t)process->argv);
    _exit(127);
}

/* Take what there is, at most until the next tick; false at the end of the output. */
static bool listen_to(struct process *process, int output)
{
    char beyond[4096];
    struct pollfd poll_output = {.fd = output, .events = POLLIN};
    if (poll(&poll_output, 1, TICK_MS) <= 0)
        return true;
    size_t room = process->capacity - 1 - process->length;
    ssize_t size = read(output, room ? process->output + process->length : beyond,
                        room ? room : sizeof beyond);
    if (size > 0 && room)
        process->length += (size_t)size;
    return size > 0 || (size < 0 && errno == EINTR);
}

static void listen_until(struct process *process, pid_t child, int output)
{
    double start = now(), interrupted = 0;
    while (listen_to(process, output)) {
        double time = now();
        if (process->signal && *process->signal && !interrupted) {
            interrupted = time;
            kill(process->heeds_interrupt ? child : -child,
                 process->heeds_interrupt ? SIGINT : SIGKILL);
        }
        process->timed_out = process->seconds && time - start > process->seconds;
        if (process->timed_out || (interrupted && time - interrupted > GRACE_SECONDS))
            break;
    }
}

/* Who has closed its output is about to end, and to say how; who does not is ended, with all that
 * it has started. */
static void await_end(struct process *process, pid_t child)
{
    static const struct timespec tick = {0, 1000000};
    for (int i = 0; i < 1000 && !process->timed_out; i++) {
        if (waitpid(child, &process->status, WNOHANG) == child)
            return;
        nanosleep(&tick, NULL);
    }
    kill(-child, SIGKILL);
    while (waitpid(child, &process->status, 0) < 0 && errno == EINTR) {
    }
}

bool process_run(struct process *process)
{
    int output[2];
    process->length = 0;
    process->timed_out = false;
    if (pipe2(output, O_CLOEXEC) != 0)
        return complain();
    pid_t child = fork();
    if (child == 0)
        become(process, output[1]);
    close(output[1]);
    if (child > 0) {
        listen_until(process, child, output[0]);
        await_end(process, child);
    }
    close(output[0]);
    process->output[process->length] = '\0';
    return child > 0 || complain();
}

const char *process_end(const struct process *process)
{
    static char text[40];
    if (process->timed_out)
        snprintf(text, sizeof text, "no end in %u s", process->seconds);
    else if (WIFSIGNALED(process->status))
        snprintf(text, sizeof text, "SIG%s", sigabbrev_np(WTERMSIG(process->status)));
    else
        snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(process->status));
    return text;
}

/* ---- Many ---------------------------------------------------------------------------------- */

static pid_t start_piece(const struct process_pool *pool, size_t piece)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pool->work(pool->context, piece);
    _exit(0);
}

static void pass_on(const struct process_pool *pool, const pid_t *children)
{
    for (size_t i = 0; i < pool->count; i++)
        if (children[i] > 0)
            kill(children[i], SIGINT);
}

/* Looks now and then whether there is a signal to pass on: one that comes just before a wait would
 * not end it. */
static bool await_piece(const struct process_pool *pool, pid_t *children)
{
    static const struct timespec tick = {0, 2000000};
    pid_t ended;
    bool passed = false;
    int status = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (*pool->signal && !passed)
            pass_on(pool, children);
        passed = passed || *pool->signal;
        nanosleep(&tick, NULL);
    }
    for (size_t i = 0; i < pool->count; i++) {
        if (children[i] != ended)
            continue;
        children[i] = 0;
        if (pool->done)
            pool->done(pool->context, i);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fprintf(stderr, "csq: a process of its own has ended before its time\n");
    return false;
}

bool process_pool_run(const struct process_pool *pool)
{
    pid_t *children = calloc(pool->count + 1, sizeof *children);
    bool started = children != NULL, done = true;
    unsigned running = 0;
    for (size_t i = 0; started && i < pool->count && !*pool->signal; i++) {
        if (running == pool->jobs) {
            done = await_piece(pool, children) && done;
            running--;
        }
        children[i] = start_piece(pool, i);
        started = children[i] > 0;
        running += started;
    }
    if (!started)
        complain();
    for (; running > 0; running--)
        done = await_piece(pool, children) && done;
    free(children);
    return started && done;
}
