/*
 * A process of its own runs the candidates, so that one which kills it, by a sanitizer, a signal or
 * a loop, is a finding like others and not the end of the search. It lives as long as candidates
 * let it: most findings are the monitor's, and cost no new process.
 *
 * Both share a desk: the question on one side, the answer on the other. A byte through a socket
 * says that there is one. If the process dies, what it wrote down before is its answer.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "execute.h"
#include "explore.h"
#include "minimize.h"
#include "target.h"

#include "conformance/finding.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that dies takes as long as some hundred executions, under ThreadSanitizer more: so many
 * it counts for, or a search that meets other findings all the time would take hours. */
#define EFFORT_OF_A_DEATH 200u

#define SECONDS_OF_A_HANG 10 /* without an execution coming to its end */

static struct desk {
    struct program candidate;
    bool searching; /* all schedules that `all` enumerates, from where it stands; else once */
    bool ended;     /* `seen` is its outcome */
    bool alone;     /* no process runs more than one execution */
    bool sequential;
    char wanted[FINDING_SIGNATURE];
    struct sched_enumerate all;
    unsigned effort;
    volatile uint64_t executions;
    enum explore_bounded how; /* the search went */
    struct minimize_seen seen;
} *desk;

static const volatile sig_atomic_t *interrupted;
static pid_t child;
static int line; /* to the child, or in it to the parent */

/* ---- In the process that runs candidates ---------------------------------------------------- */

static void write_down(void)
{
    struct minimize_seen *seen = &desk->seen;
    seen->signature[0] = seen->message[0] = '\0';
    seen->clause = CLAUSES;
    if (finding.present) {
        finding_signature(&finding, seen->signature, sizeof seen->signature);
        seen->clause = finding.clause;
        memcpy(seen->message, finding.message, sizeof seen->message);
    }
    seen->hash = sched_trace()->hash;
    seen->named = finding.present && execute_as_list(&desk->candidate, &seen->list);
    desk->ended = true;
}

/* A sanitizer or a signal has spoken. What they do next takes time (symbols, files) and nobody
 * reads it. */
static void last_words(void)
{
    write_down();
    kill(getpid(), SIGKILL);
}

static bool is_wanted(void)
{
    char signature[FINDING_SIGNATURE];
    if (!finding.present)
        return false;
    finding_signature(&finding, signature, sizeof signature);
    return strcmp(signature, desk->wanted) == 0;
}

/* After each execution of a search. */
static bool goes_on(void *context, unsigned preemptions)
{
    (void)context;
    (void)preemptions;
    desk->executions = desk->executions + 1;
    if (is_wanted())
        write_down();
    if (desk->alone)
        kill(getpid(), SIGKILL);
    return !desk->ended;
}

/* On one thread there is one schedule. */
static void answer_sequentially(void)
{
    execute_sequential(&desk->candidate);
    goes_on(NULL, 0);
    desk->how = EXPLORE_BOUNDED_ALL;
}

static void answer(void)
{
    target_set_program(&desk->candidate);
    if (desk->searching && desk->sequential) {
        answer_sequentially();
    } else if (desk->searching) {
        desk->how = explore_bounded(&desk->candidate, &desk->all, &desk->effort, goes_on, NULL);
    } else {
        (desk->sequential ? execute_sequential : execute)(&desk->candidate);
        write_down();
        if (desk->alone)
            kill(getpid(), SIGKILL);
    }
}

static _Noreturn void serve(void)
{
    char byte;
    int nowhere = open("/dev/null", O_WRONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* a terminal sends it to both; the parent decides */
    signal(SIGTERM, SIG_IGN);
    dup2(nowhere, STDERR_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    target_set_last_words(last_words);
    while (read(line, &byte, 1) == 1) {
        answer();
        if (write(line, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* ---- In the process that asks --------------------------------------------------------------- */

static bool start(void)
{
    int ends[2];
    if (child > 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    fflush(NULL);
    child = fork();
    line = ends[child == 0];
    close(ends[child != 0]);
    if (child == 0)
        serve();
    return child > 0;
}

static int bury(bool kill_it)
{
    int status = 0;
    if (kill_it)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    close(line);
    child = 0;
    return status;
}

/* It died without a word: all that is known is how. */
static void note_death(int status, bool hung)
{
    struct minimize_seen *seen = &desk->seen;
    if (desk->ended)
        return;
    if (hung)
        snprintf(seen->signature, sizeof seen->signature, "HANG");
    else
        snprintf(seen->signature, sizeof seen->signature, "%s %d",
                 WIFSIGNALED(status) ? "SIGNAL" : "EXIT",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    seen->hash = 0;
    seen->clause = CLAUSES;
    seen->message[0] = '\0';
    seen->named = false;
    desk->ended = true;
}

enum reply { REPLIED, DIED, GAVE_UP };

static enum reply wait_for_reply(void)
{
    struct pollfd answered = {.fd = line, .events = POLLIN};
    uint64_t before = desk->executions;
    char byte;
    for (unsigned seconds = 0; seconds < SECONDS_OF_A_HANG; seconds++) {
        int ready = poll(&answered, 1, 1000);
        if (*interrupted) {
            bury(true);
            return GAVE_UP;
        }
        if (ready > 0 && read(line, &byte, 1) == 1)
            return REPLIED;
        if (ready > 0) {
            note_death(bury(false), false);
            return DIED;
        }
        if (desk->executions != before || ready < 0)
            seconds = 0;
        before = desk->executions;
    }
    note_death(bury(true), true);
    return DIED;
}

static enum reply ask(void)
{
    char byte = 0;
    desk->ended = false;
    if (!start() || send(line, &byte, 1, MSG_NOSIGNAL) != 1) {
        perror("csq: cannot run a process for the candidates");
        exit(2);
    }
    return wait_for_reply();
}

bool minimize_judge_run(const struct program *program, struct minimize_seen *seen)
{
    desk->candidate = *program;
    desk->searching = false;
    if (ask() == GAVE_UP)
        return false;
    *seen = desk->seen;
    return true;
}

/* ---- The judge ------------------------------------------------------------------------------ */

static bool shows(struct program *shown)
{
    bool replays = !desk->searching && desk->candidate.schedule.strategy == STRATEGY_LIST;
    if (!desk->ended || strcmp(desk->seen.signature, desk->wanted) != 0)
        return false;
    if (!desk->seen.named && !replays)
        return false;
    *shown = desk->seen.named ? desk->seen.list : desk->candidate;
    return true;
}

static bool runs(void *context, const struct program *candidate, struct program *shown)
{
    static struct minimize_seen seen;
    (void)context;
    return minimize_judge_run(candidate, &seen) && shows(shown);
}

/* A process that has died of a schedule is replaced by one that goes on with the next. */
static enum minimize_answer go_through(struct program *shown)
{
    for (;;) {
        enum reply reply = ask();
        if (reply == GAVE_UP)
            return MINIMIZE_CUT;
        if (shows(shown))
            return MINIMIZE_SHOWN;
        if (reply == REPLIED && desk->how == EXPLORE_BOUNDED_CUT)
            return MINIMIZE_CUT;
        if (reply == REPLIED && desk->how == EXPLORE_BOUNDED_ALL)
            return MINIMIZE_NONE;
        desk->executions = desk->executions + (reply == DIED);
        if (!sched_enumerate_next(&desk->all))
            return MINIMIZE_NONE;
        if (desk->effort <= EFFORT_OF_A_DEATH)
            return MINIMIZE_CUT;
        desk->effort -= EFFORT_OF_A_DEATH;
    }
}

static enum minimize_answer search(void *context, const struct program *candidate,
                                   struct minimize_schedules *schedules, struct program *shown,
                                   uint64_t *executions)
{
    (void)context;
    desk->candidate = *candidate;
    desk->searching = true;
    desk->effort = schedules->effort;
    desk->executions = 0;
    sched_enumerate_init(&desk->all, schedules->forced, schedules->forced_count, schedules->budget);
    enum minimize_answer answered = go_through(shown);
    *executions += desk->executions;
    schedules->effort = answered == MINIMIZE_CUT ? 0 : desk->effort;
    return answered;
}

const struct minimize_judge *minimize_judge_open(const volatile sig_atomic_t *signal_number)
{
    static const struct minimize_judge judge = {NULL, runs, search};
    interrupted = signal_number;
    desk = mmap(NULL, sizeof *desk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (desk != MAP_FAILED)
        return &judge;
    perror("csq");
    return NULL;
}

void minimize_judge_want(const char *signature)
{
    snprintf(desk->wanted, sizeof desk->wanted, "%s", signature);
}

void minimize_judge_sequential(void)
{
    desk->sequential = true;
}

void minimize_judge_renew(void)
{
    if (child > 0)
        bury(true);
}

void minimize_judge_alone(void)
{
    desk->alone = true;
    minimize_judge_renew();
}

void minimize_judge_close(void)
{
    if (child > 0)
        bury(true);
    munmap(desk, sizeof *desk);
}
