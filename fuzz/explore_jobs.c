/* Several programs, each in a process of its own: what a sanitizer ends is one program's process,
 * and the others go on. */
#define _GNU_SOURCE
#include "explore.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process prints is kept until its turn has come. */
struct job {
    pid_t process;
    FILE *out;
    bool over;
    bool died; /* of what it ran: a sanitizer or a signal has spoken on stderr */
};

static struct {
    char **files;
    const struct explore_options *how;
    struct explore_tally *tallies;
    struct job *jobs;
    unsigned count, started, ended, printed;
} run;

static void start_job(unsigned number)
{
    struct job *job = &run.jobs[number];
    fflush(stdout);
    job->out = tmpfile();
    job->process = job->out ? fork() : -1;
    if (job->process < 0) {
        perror("csq: cannot start a process");
        exit(EXPLORE_BAD_INPUT);
    }
    if (job->process > 0)
        return;
    struct explore_tally tally = explore_file(run.files[number], run.how, job->out);
    fflush(job->out);
    run.tallies[number] = tally;
    _exit(0);
}

/* Wait for one to end. */
static void end_job(void)
{
    int status;
    pid_t process = wait(&status);
    for (unsigned i = 0; i < run.started; i++) {
        if (run.jobs[i].over || run.jobs[i].process != process)
            continue;
        run.jobs[i].over = true;
        run.ended++;
        run.jobs[i].died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
}

/* What it would have said itself. */
static void describe_death(const struct job *job)
{
    const char *path = run.files[job - run.jobs];
    if (run.how->json)
        explore_json_fault(job->out, path);
    else
        fprintf(job->out, "%s: ended by a fault\n  verdict: not as demanded\n", path);
}

static void print_job(const struct job *job)
{
    static bool begun;
    if (job->died && !explore_signal)
        describe_death(job);
    bool empty = fseek(job->out, 0, SEEK_END) != 0 || ftell(job->out) == 0;
    if (run.how->json && begun && !empty)
        printf(",\n");
    begun = begun || !empty;
    rewind(job->out);
    for (int c; (c = getc(job->out)) != EOF;)
        putchar(c);
    fclose(job->out);
    fflush(stdout);
}

static void stop_jobs(void)
{
    for (unsigned i = 0; i < run.started; i++)
        if (!run.jobs[i].over)
            kill(run.jobs[i].process, SIGTERM);
}

void explore_jobs(char **files, unsigned count, unsigned at_a_time,
                  const struct explore_options *how, struct explore_tally *tallies)
{
    run.files = files;
    run.how = how;
    run.tallies = tallies;
    run.jobs = calloc(count, sizeof *run.jobs);
    if (!run.jobs)
        exit(EXPLORE_BAD_INPUT);
    while (run.printed < count && !explore_signal) {
        while (run.started < count && run.started - run.ended < at_a_time)
            start_job(run.started++);
        end_job();
        while (run.printed < run.started && run.jobs[run.printed].over)
            print_job(&run.jobs[run.printed++]);
    }
    stop_jobs();
    free(run.jobs);
}
