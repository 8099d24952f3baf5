#include "bisect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_OF_A_RUN "120" /* the longest take milliseconds */

enum { AS_BEFORE = 0, AS_AFTER = 1, SKIPPED = 125 }; /* git bisect run's */

static const char summary[] = "SUMMARY: csqfuzz: ";

/* A sanitizer's report has it on standard error, somewhere; the first counts. */
static void take_signature(void *context, const char *line)
{
    char *signature = context;
    if (!signature[0] && strncmp(line, summary, strlen(summary)) == 0)
        snprintf(signature, FINDING_SIGNATURE, "%s", line + strlen(summary));
}

static void note(const struct bisect_means *means, const char *what, int status)
{
    FILE *log = fopen(means->log, "a");
    if (!log)
        return;
    fprintf(log, "csq bisect: %s ended with status %d\n", what, status);
    fclose(log);
}

void bisect_find_program(const struct bisect_means *means, const char *tree,
                         char path[BISECT_PROGRAM])
{
    if (means->program[0] == '/')
        snprintf(path, BISECT_PROGRAM, "%s", means->program);
    else
        snprintf(path, BISECT_PROGRAM, "%s/%s", tree, means->program);
}

enum bisect_verdict bisect_judge(const struct bisect_means *means, const char *tree,
                                 char signature[FINDING_SIGNATURE])
{
    char program[BISECT_PROGRAM];
    const char *const build[] = {"sh", "-c", means->build, NULL};
    const char *const run[] = {"timeout", "--foreground", SECONDS_OF_A_RUN, program,
                               "run",     "-q",           means->file,      NULL};
    bisect_find_program(means, tree, program);
    signature[0] = '\0';
    int status = bisect_process_run(build, tree, means->log);
    note(means, "the build", status);
    if (status != 0)
        return BISECT_UNBUILT;
    status = bisect_process_read(run, tree, take_signature, signature);
    note(means, signature[0] ? signature : "without a finding the program", status);
    return signature[0] || status == 0 || status == 3 ? BISECT_JUDGED : BISECT_UNKNOWN;
}

int bisect_judge_command(char **argv)
{
    const char *change = argv[2], *wanted = argv[3];
    const struct bisect_means means = {
        .build = argv[4], .program = argv[5], .file = argv[6], .log = argv[7]};
    char signature[FINDING_SIGNATURE], tree[BISECT_PATH];
    if (!getcwd(tree, sizeof tree) || bisect_judge(&means, tree, signature) != BISECT_JUDGED)
        return SKIPPED;
    bool shows = strcmp(signature, wanted) == 0;
    return shows == (strcmp(change, BISECT_BROUGHT) == 0) ? AS_AFTER : AS_BEFORE;
}
