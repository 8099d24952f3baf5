/* The parent's side: starts processes, listens, loses patience. */
#define _GNU_SOURCE /* pipe2, MAP_ANONYMOUS */
#include "wall_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE   0.3 /* seconds between asking a hung process to go and killing it */
#define TICK_MS 20

/* A process behind the wall. */
struct job {
    struct suite_run *run; /* NULL: this job is free */
    pid_t pid;
    int speech; /* what it writes to stderr; -1: closed */
    struct case_result *result;
    double started, asked; /* when; asked: 0 unless it has hung */
    double limit;
    struct wall_speech heard;
};

static struct {
    struct job *jobs;
    unsigned count;
    unsigned hung;
    const struct wall_limits *limits;
    enum case_success success;
} wall;

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) == 0 ? (double)now.tv_sec + (double)now.tv_nsec / 1e9 : 0;
}

/* ---- Starting ------------------------------------------------------------------------------ */

/* A wild write must not reach the other runs' results. */
static void forget_the_others(const struct job *own)
{
    for (unsigned i = 0; i < wall.count; i++)
        if (&wall.jobs[i] != own && wall.jobs[i].run)
            munmap(wall.jobs[i].result, sizeof *wall.jobs[i].result);
}

static void start(struct job *job, struct suite_run *run)
{
    int ends[2];
    fflush(NULL); /* or the child, should it exit, writes it again */
    if (pipe2(ends, O_CLOEXEC) != 0)
        suite_die("cannot make a pipe: %s", strerror(errno));
    job->result =
        mmap(NULL, sizeof *job->result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (job->result == MAP_FAILED)
        suite_die("cannot map memory: %s", strerror(errno));
    job->pid = fork();
    if (job->pid < 0)
        suite_die("cannot start a process: %s", strerror(errno));
    if (job->pid == 0) {
        close(ends[0]);
        forget_the_others(job);
        wall_child(run, wall.success, job->result, ends[1]);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    job->run = run;
    job->speech = ends[0];
    job->started = seconds_of(CLOCK_MONOTONIC);
    job->asked = 0;
    job->limit = wall.limits->seconds;
    job->heard.head_length = job->heard.tail_length = 0;
}

/* ---- Watching ------------------------------------------------------------------------------ */

static void listen_to(struct job *job)
{
    char text[4096];
    ssize_t length;
    if (job->speech < 0)
        return;
    /* Bounded: one that never stops printing must not keep the parent from looking at the clock. */
    for (int i = 0; i < 64; i++) {
        length = read(job->speech, text, sizeof text);
        if (length <= 0)
            break;
        wall_hear(&job->heard, text, (size_t)length);
    }
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
        close(job->speech);
        job->speech = -1;
    }
}

static double limit_of(const struct job *job)
{
    bool impatient = wall.hung >= WALL_PATIENCE && job->limit > WALL_IMPATIENT;
    return impatient ? WALL_IMPATIENT : job->limit;
}

/* By processor time, since the machine may be busy with others; one that sleeps uses none. */
static bool has_hung(const struct job *job, double elapsed)
{
    clockid_t clock;
    double limit = limit_of(job);
    double used = clock_getcpuclockid(job->pid, &clock) == 0 ? seconds_of(clock) : 0;
    return used >= limit || (elapsed >= limit && used * 20 < elapsed) || elapsed >= 4 * limit;
}

static void check_patience(struct job *job)
{
    double now = seconds_of(CLOCK_MONOTONIC);
    if (job->asked > 0) {
        if (now - job->asked > GRACE)
            kill(-job->pid, SIGKILL);
        return;
    }
    if (!has_hung(job, now - job->started))
        return;
    job->limit = limit_of(job);
    job->asked = now;
    wall.hung++;
    kill(job->pid, WALL_ENOUGH);
}

static void finish(struct job *job, int status)
{
    kill(-job->pid, SIGKILL); /* whatever it may have started */
    listen_to(job);
    if (job->speech >= 0)
        close(job->speech);
    job->run->result = *job->result;
    munmap(job->result, sizeof *job->result);
    wall_conclude(job->run, status, job->asked > 0, job->limit, &job->heard);
    job->run = NULL;
}

static void check(struct job *job)
{
    int status;
    listen_to(job);
    if (waitpid(job->pid, &status, WNOHANG) == job->pid)
        finish(job, status);
    else
        check_patience(job);
}

static void wait_for_news(void)
{
    struct pollfd *news = suite_allocate(wall.count, sizeof *news);
    for (unsigned i = 0; i < wall.count; i++)
        news[i] =
            (struct pollfd){.fd = wall.jobs[i].run ? wall.jobs[i].speech : -1, .events = POLLIN};
    poll(news, wall.count, TICK_MS);
    free(news);
}

/* ---- All of them --------------------------------------------------------------------------- */

void wall_run(struct suite_run *runs, const unsigned *order, unsigned count,
              const struct wall_limits *limits, enum case_success success)
{
    unsigned next = 0, busy;
    wall.count = limits->jobs < count ? limits->jobs : count;
    wall.jobs = suite_allocate(wall.count, sizeof *wall.jobs);
    wall.limits = limits;
    wall.success = success;
    wall.hung = 0;
    do {
        busy = 0;
        for (unsigned i = 0; i < wall.count; i++) {
            if (!wall.jobs[i].run && next < count)
                start(&wall.jobs[i], &runs[order[next++]]);
            busy += wall.jobs[i].run != NULL;
        }
        if (busy)
            wait_for_news();
        for (unsigned i = 0; i < wall.count; i++)
            if (wall.jobs[i].run)
                check(&wall.jobs[i]);
    } while (busy);
    free(wall.jobs);
}
