/* The smallest program of each cluster: taken over, drawn, turned into C. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "file.h"
#include "minimize.h"
#include "process.h"
#include "triage_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_MINIMAL (1u << 20)

struct explanation {
    struct triage *triage;
    const volatile sig_atomic_t *signal;
    struct triage_trouble *troubles; /* a cluster's; shared with the processes that write them */
    size_t done;
};

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

/* ---- One cluster --------------------------------------------------------------------------- */

/* What an earlier triage has made of another program must not stand beside this one. */
static void remove_files(const struct triage *triage, const struct triage_cluster *cluster)
{
    static const char *const names[] = {"minimal.csq", "timeline.html", "reproducer.c"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = path_in(triage, cluster, names[i]);
        unlink(path);
        free(path);
    }
}

static bool take_over(const struct triage *triage, const struct triage_cluster *cluster,
                      const char *minimal)
{
    char *from = triage_format("%s/%s", triage->folder, first_of(triage, cluster)->minimal);
    size_t size = 0;
    uint8_t *text = file_read(from, LARGEST_MINIMAL, &size);
    char *folder = triage_format("%s/clusters/%s", triage->folder, cluster->id);
    mkdir(folder, 0777);
    free(folder);
    remove_files(triage, cluster);
    bool done = text && file_write(minimal, text, size);
    free(text);
    free(from);
    return done;
}

static void explain_cluster(void *context, size_t piece)
{
    const struct explanation *x = context;
    const struct triage_cluster *cluster = &x->triage->clusters[piece];
    const struct triage_input *first = first_of(x->triage, cluster);
    struct triage_trouble *trouble = &x->troubles[piece];
    if (!first->minimal) {
        remove_files(x->triage, cluster);
        snprintf(trouble->text, sizeof trouble->text, "%s", first->trouble ? first->trouble : "");
        return;
    }
    const char *program = first->builds.path[first->shown_by];
    char *minimal = path_in(x->triage, cluster, "minimal.csq");
    char *timeline = path_in(x->triage, cluster, "timeline.html");
    char *reproducer = path_in(x->triage, cluster, "reproducer.c");
    const char *draw[] = {program,  "timeline",
                          minimal,  "--html",
                          timeline, first->mode == MODE_SEQUENTIAL ? "--sequential" : NULL,
                          NULL};
    const char *export_c[] = {program, "export-c", minimal, "-o", reproducer, NULL};
    if (!take_over(x->triage, cluster, minimal))
        snprintf(trouble->text, sizeof trouble->text, "%.200s cannot be written", minimal);
    else if (triage_run_csq(draw, timeline, x->signal, trouble))
        triage_run_csq(export_c, reproducer, x->signal, trouble);
    free(minimal);
    free(timeline);
    free(reproducer);
}

static void count_cluster(void *context, size_t piece)
{
    struct explanation *x = context;
    (void)piece;
    triage_progress("drawn and exported", ++x->done, x->triage->cluster_count);
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

/* What an earlier triage has made of a cause that is no more, but for what somebody else has put
 * there. Its inputs and their minimal programs stay. */
static void remove_stale(const struct triage *triage, const char *id)
{
    struct triage_cluster stale = {.count = 0};
    for (uint32_t c = 0; c < triage->cluster_count; c++)
        if (strcmp(triage->clusters[c].id, id) == 0)
            return;
    snprintf(stale.id, sizeof stale.id, "%.*s", (int)sizeof stale.id - 1, id);
    remove_files(triage, &stale);
    char *folder = triage_format("%s/clusters/%s", triage->folder, id);
    rmdir(folder);
    free(folder);
}

static void remove_all_stale(const struct triage *triage)
{
    char *path = triage_format("%s/clusters", triage->folder);
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            remove_stale(triage, entry->d_name);
    if (folder)
        closedir(folder);
    free(path);
}

bool triage_explain(struct triage *triage, const volatile sig_atomic_t *signal)
{
    struct explanation x = {.triage = triage, .signal = signal};
    struct process_pool pool = {.jobs = triage->jobs,
                                .count = triage->cluster_count,
                                .work = explain_cluster,
                                .done = count_cluster,
                                .context = &x,
                                .signal = signal};
    x.troubles = triage_share(triage->cluster_count * sizeof *x.troubles);
    remove_all_stale(triage);
    bool done = process_pool_run(&pool);
    for (uint32_t c = 0; c < triage->cluster_count; c++)
        if (x.troubles[c].text[0])
            triage->clusters[c].trouble = triage_copy(x.troubles[c].text);
    return done;
}
