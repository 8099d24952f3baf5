/* One input of each cluster: made small, drawn, turned into C. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "file.h"
#include "minimize.h"
#include "process.h"
#include "triage_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT          (64u << 10)
#define LARGEST_MINIMAL (1u << 20)
#define ATTEMPTS        3 /* inputs of a cluster to minimize, if the first one does not let itself be */

struct explanation {
    struct triage *triage;
    const volatile sig_atomic_t *signal;
    struct trouble {
        char text[256];
    } *troubles; /* a cluster's; shared with the processes that write them */
    size_t done;
};

/* ---- Running csq --------------------------------------------------------------------------- */

static const char *last_line(char *output)
{
    size_t length = strlen(output);
    while (length && output[length - 1] == '\n')
        output[--length] = '\0';
    const char *newline = strrchr(output, '\n');
    return newline ? newline + 1 : output;
}

/* Arguments until NULL. It is not hurried: the search for the smallest program counts its steps. */
static bool run_csq(const struct explanation *x, const char *const argv[], struct trouble *trouble)
{
    static char output[OUTPUT];
    struct process process = {.argv = argv,
                              .signal = x->signal,
                              .heeds_interrupt = true,
                              .output = output,
                              .capacity = sizeof output};
    bool ran = process_run(&process);
    /* 1: a finding. */
    if (ran && WIFEXITED(process.status) && WEXITSTATUS(process.status) <= 1)
        return true;
    const char *words = ran && process.length ? last_line(output) : "";
    snprintf(trouble->text, sizeof trouble->text, "csq %s: %s", argv[1],
             *words ? words : process_end(&process));
    return false;
}

static const struct triage_input *first_of(const struct triage *triage,
                                           const struct triage_cluster *cluster)
{
    return &triage->inputs[cluster->inputs[0]];
}

static char *path_in(const struct triage *triage, const struct triage_cluster *cluster,
                     const char *name)
{
    return triage_format("%s/clusters/%s/%s", triage->folder, cluster->id, name);
}

/* Does this file show the cluster's finding? */
static bool shows(const struct explanation *x, const struct triage_cluster *cluster,
                  const char *program, const char *file)
{
    struct triage_verdict verdict;
    if (access(file, F_OK) != 0)
        return false;
    triage_replay(program, MODE_SCHEDULE, file, x->triage->seconds, &verdict);
    return strcmp(verdict.signature, cluster->signature) == 0;
}

/* ---- One cluster --------------------------------------------------------------------------- */

static bool minimize_input(const struct explanation *x, const struct triage_input *input,
                           const char *minimal, struct trouble *trouble)
{
    char *file = triage_format("%s/%s", x->triage->folder, input->stored);
    const char *argv[] = {
        input->builds.path[input->shown_by], "minimize", file, "-o", minimal, NULL};
    bool done = run_csq(x, argv, trouble) && access(minimal, F_OK) == 0;
    free(file);
    return done;
}

static bool minimize_cluster(const struct explanation *x, const struct triage_cluster *cluster,
                             const char *minimal, struct trouble *trouble)
{
    const struct triage_input *first = first_of(x->triage, cluster);
    if (first->mode != MODE_SCHEDULE) {
        snprintf(trouble->text, sizeof trouble->text, "not minimized: an input of %s",
                 triage_mode_name((enum triage_mode)first->mode));
        return false;
    }
    if (shows(x, cluster, first->builds.path[first->shown_by], minimal))
        return true;
    unlink(minimal);
    for (uint32_t i = 0; i < cluster->count && i < ATTEMPTS && !*x->signal; i++)
        if (minimize_input(x, &x->triage->inputs[cluster->inputs[i]], minimal, trouble)) {
            trouble->text[0] = '\0';
            return true;
        }
    return false;
}

static void explain_cluster(void *context, size_t piece)
{
    const struct explanation *x = context;
    const struct triage_cluster *cluster = &x->triage->clusters[piece];
    const struct triage_input *first = first_of(x->triage, cluster);
    const char *program = first->builds.path[first->shown_by];
    struct trouble *trouble = &x->troubles[piece];
    char *folder = triage_format("%s/clusters/%s", x->triage->folder, cluster->id);
    char *minimal = path_in(x->triage, cluster, "minimal.csq");
    char *timeline = path_in(x->triage, cluster, "timeline.html");
    char *reproducer = path_in(x->triage, cluster, "reproducer.c");
    const char *draw[] = {program, "timeline", minimal, "--html", timeline, NULL};
    const char *export_c[] = {program, "export-c", minimal, "-o", reproducer, NULL};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        snprintf(trouble->text, sizeof trouble->text, "%.200s: %s", folder, strerror(errno));
    else if (minimize_cluster(x, cluster, minimal, trouble) && run_csq(x, draw, trouble))
        run_csq(x, export_c, trouble);
    free(folder);
    free(minimal);
    free(timeline);
    free(reproducer);
}

static void count_cluster(void *context, size_t piece)
{
    struct explanation *x = context;
    (void)piece;
    triage_progress("minimized, drawn and exported", ++x->done, x->triage->cluster_count);
}

/* ---- What came of it ----------------------------------------------------------------------- */

/* The comment above the program that says how deep the finding lies. */
static void copy_depth(struct triage_cluster *cluster)
{
    const char *line = strstr(cluster->program, "# depth ");
    if (line)
        snprintf(cluster->depth, sizeof cluster->depth, "%.*s", (int)strcspn(line + 2, "\n"),
                 line + 2);
}

static char *name_if_there(const struct triage *triage, const struct triage_cluster *cluster,
                           const char *name)
{
    char *path = path_in(triage, cluster, name);
    char *relative = triage_format("clusters/%s/%s", cluster->id, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    if (there)
        return relative;
    free(relative);
    return NULL;
}

void triage_read_minimal(struct triage *triage, struct triage_cluster *cluster)
{
    static struct program program;
    size_t size = 0;
    cluster->minimal = name_if_there(triage, cluster, "minimal.csq");
    cluster->timeline = name_if_there(triage, cluster, "timeline.html");
    cluster->reproducer = name_if_there(triage, cluster, "reproducer.c");
    char *path = path_in(triage, cluster, "minimal.csq");
    if (cluster->minimal && file_read_program(path, &program, NULL)) {
        cluster->program = (char *)file_read(path, LARGEST_MINIMAL, &size);
        cluster->operations = program.operation_count;
        cluster->threads = minimize_threads(&program);
        cluster->preemptions = minimize_preemptions(&program);
    }
    free(path);
    if (!cluster->program)
        return;
    cluster->program = triage_grow(cluster->program, size + 1, 1);
    cluster->program[size] = '\0';
    copy_depth(cluster);
}

bool triage_explain(struct triage *triage, const volatile sig_atomic_t *signal)
{
    size_t size = (triage->cluster_count + 1) * sizeof(struct trouble);
    struct explanation x = {.triage = triage, .signal = signal};
    struct process_pool pool = {.jobs = triage->jobs,
                                .count = triage->cluster_count,
                                .work = explain_cluster,
                                .done = count_cluster,
                                .context = &x,
                                .signal = signal};
    x.troubles = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (x.troubles == MAP_FAILED) {
        fprintf(stderr, "csq: no memory left\n");
        return false;
    }
    bool done = process_pool_run(&pool);
    for (uint32_t c = 0; c < triage->cluster_count; c++)
        if (x.troubles[c].text[0])
            triage->clusters[c].trouble = triage_copy(x.troubles[c].text);
    munmap(x.troubles, size);
    return done;
}
