/*
 * Each program that is started has a process group of its own: a signal to this process ends the
 * group and nothing else, and whatever the group's first process leaves behind comes to this one.
 */
#define _GNU_SOURCE /* sigaction */
#include "bisect.h"
#include "explore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t group; /* 0: nothing is running */
static bool guarded, shielded;

static void end_group(int signal_number)
{
    int error = errno;
    if (group > 0)
        kill(-(pid_t)group, explore_signal ? SIGKILL : SIGTERM);
    explore_signal = signal_number;
    errno = error;
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    for (unsigned i = 0; i < sizeof caught / sizeof caught[0]; i++)
        sigaction(caught[i], &action, NULL);
}

void bisect_process_guard(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    handle(end_group);
    guarded = true;
}

void bisect_process_shield(void)
{
    handle(SIG_IGN);
    shielded = true;
}

/* In the new process. */
static _Noreturn void become(const char *const *words, const char *folder, int output,
                             const sigset_t *mask)
{
    int nowhere = open("/dev/null", O_RDONLY);
    if (guarded) {
        setpgid(0, 0);
        handle(SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    dup2(nowhere, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (!folder || chdir(folder) == 0)
        execvp(words[0], (char *const *)words);
    fprintf(stderr, "cannot run %s\n", words[0]);
    _exit(127);
}

/* No signal comes between the start and the note of it. */
static pid_t start(const char *const *words, const char *folder, int output)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        become(words, folder, output, &before);
    if (child > 0 && guarded) {
        setpgid(child, child);
        group = child;
        if (explore_signal && !shielded)
            kill(-child, SIGTERM);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child;
}

/* Those that the first has left behind are not to write where things are being put away. */
static void end_the_rest(pid_t child)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    kill(-child, SIGTERM);
    for (unsigned i = 0; i < 500; i++) {
        pid_t ended = waitpid(-child, NULL, WNOHANG);
        if (ended < 0 && errno == ECHILD)
            return;
        if (i == 150)
            kill(-child, SIGKILL);
        if (ended == 0)
            nanosleep(&pause, NULL);
    }
}

static int finish(pid_t child)
{
    int status;
    if (child < 0)
        return 127;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    if (guarded)
        end_the_rest(child);
    group = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int bisect_process_run(const char *const *words, const char *folder, const char *log)
{
    int output = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (output < 0)
        return 127;
    pid_t child = start(words, folder, output);
    close(output);
    return finish(child);
}

int bisect_process_read(const char *const *words, const char *folder, bisect_line *line,
                        void *context)
{
    int ends[2];
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return 127;
    pid_t child = start(words, folder, ends[1]);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    while (output && (length = getline(&text, &room, output)) > 0) {
        if (text[length - 1] == '\n')
            text[length - 1] = '\0';
        line(context, text);
    }
    free(text);
    if (output)
        fclose(output);
    return finish(child);
}
