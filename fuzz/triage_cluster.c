/* Inputs with one cause are one cluster. */
#include "triage_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- The signature an input counts with ---------------------------------------------------- */

/* AddressSanitizer's builds see memory faults for what they are, the plain ones only what comes of
 * them; ThreadSanitizer's stop at a race before the clause is broken that it leads to, and count
 * where nobody else has seen anything. */
static unsigned rank_of_build(const char *name)
{
    static const char *const order[] = {"asan", "ubsan", "gcc", "clang", "msan"};
    unsigned rank = 0;
    while (rank < 5 && strcmp(order[rank], name) != 0)
        rank++;
    return rank < 5 ? rank : strcmp(name, "tsan") == 0 ? 6 : 5;
}

static bool is_finding(const struct triage_verdict *verdict)
{
    return verdict->shown > 0 && strcmp(verdict->signature, "REFUSED") != 0;
}

/* What came each time goes before what came sometimes. */
static bool is_better(const struct triage *triage, const struct triage_input *input, unsigned a,
                      int b)
{
    if (b < 0)
        return true;
    bool steady = input->verdict[a].shown == input->verdict[a].of;
    bool other = input->verdict[b].shown == input->verdict[b].of;
    if (steady != other)
        return steady;
    return rank_of_build(triage->build_names[a]) < rank_of_build(triage->build_names[b]);
}

static void choose_build(const struct triage *triage, struct triage_input *input)
{
    input->shown_by = -1;
    for (unsigned b = 0; b < triage->build_count; b++)
        if (is_finding(&input->verdict[b]) && is_better(triage, input, b, input->shown_by))
            input->shown_by = (int)b;
}

const struct triage_verdict *triage_shown(const struct triage_input *input)
{
    return &input->verdict[input->shown_by];
}

/* ---- What csq refuses ---------------------------------------------------------------------- */

/* Why, if every build does. */
static const char *refusal(const struct triage *triage, const struct triage_input *input)
{
    const char *why = NULL;
    for (unsigned b = 0; b < triage->build_count; b++) {
        if (!input->verdict[b].of)
            continue;
        if (strcmp(input->verdict[b].signature, "REFUSED") != 0)
            return NULL;
        why = input->verdict[b].seen;
    }
    return why;
}

static void reject_refused(struct triage *triage)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < triage->input_count; i++) {
        const char *why = refusal(triage, &triage->inputs[i]);
        if (why)
            triage_reject(triage, triage->inputs[i].path, "%s", why);
        else
            triage->inputs[kept++] = triage->inputs[i];
    }
    triage->input_count = kept;
}

void triage_judge(struct triage *triage)
{
    reject_refused(triage);
    for (uint32_t i = 0; i < triage->input_count; i++) {
        choose_build(triage, &triage->inputs[i]);
        if (triage->inputs[i].shown_by >= 0)
            triage_find_cause(&triage->inputs[i], NULL);
    }
}

/* ---- Clusters ------------------------------------------------------------------------------ */

/* Two causes may have the same letters: "a|b" and "a>b". */
static void name_folder(struct triage_cluster *cluster)
{
    size_t length = 0;
    char tag[TRIAGE_TAG];
    char *cause = triage_format("%s %s", cluster->signature, cluster->window);
    for (const char *c = cause; *c; c++) {
        bool plain = isalnum((unsigned char)*c);
        if (length < sizeof cluster->id - 8 &&
            (plain || (length && cluster->id[length - 1] != '-')))
            cluster->id[length++] = plain ? (char)tolower((unsigned char)*c) : '-';
    }
    while (length && cluster->id[length - 1] == '-')
        length--;
    triage_print_tag(cause, tag);
    snprintf(cluster->id + length, sizeof cluster->id - length, "-%s", tag);
    free(cause);
}

static struct triage_cluster *find_cluster(struct triage *triage, const struct triage_input *input)
{
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        if (strcmp(triage->clusters[i].signature, input->cause) == 0 &&
            strcmp(triage->clusters[i].window, input->window) == 0)
            return &triage->clusters[i];
    struct triage_cluster *cluster = &triage->clusters[triage->cluster_count++];
    memset(cluster, 0, sizeof *cluster);
    memcpy(cluster->signature, input->cause, sizeof cluster->signature);
    memcpy(cluster->window, input->window, sizeof cluster->window);
    cluster->kind = triage_kind_of(input->cause, triage_shown(input)->seen);
    name_folder(cluster);
    return cluster;
}

static bool is_smaller(const struct triage_input *a, const struct triage_input *b)
{
    const size_t sizes[][2] = {{!a->minimal, !b->minimal},
                               {a->operations, b->operations},
                               {a->threads, b->threads},
                               {a->preemptions, b->preemptions},
                               {a->size, b->size}};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i][0] != sizes[i][1])
            return sizes[i][0] < sizes[i][1];
    return a->hash != b->hash ? a->hash < b->hash : strcmp(a->path, b->path) < 0;
}

/* The smallest first, those that do not come each time last. */
static bool goes_before(const struct triage_input *a, const struct triage_input *b)
{
    bool steady = triage_shown(a)->shown == triage_shown(a)->of,
         other = triage_shown(b)->shown == triage_shown(b)->of;
    return steady != other ? steady : is_smaller(a, b);
}

static void add_input(struct triage *triage, struct triage_cluster *cluster, uint32_t index)
{
    const struct triage_input *input = &triage->inputs[index];
    uint32_t at = cluster->count++;
    cluster->inputs = triage_grow(cluster->inputs, cluster->count, sizeof *cluster->inputs);
    for (; at > 0 && goes_before(input, &triage->inputs[cluster->inputs[at - 1]]); at--)
        cluster->inputs[at] = cluster->inputs[at - 1];
    cluster->inputs[at] = index;
    bool first = cluster->count == 1;
    cluster->first = first || input->first < cluster->first ? input->first : cluster->first;
    cluster->last = first || input->last > cluster->last ? input->last : cluster->last;
    cluster->copies += input->copies;
    cluster->unsteady += triage_shown(input)->shown < triage_shown(input)->of;
}

static void note_other(struct triage_cluster *cluster, const char *signature)
{
    uint32_t at = 0;
    if (strcmp(signature, cluster->signature) == 0)
        return;
    while (at < cluster->also_count && strcmp(cluster->also[at], signature) < 0)
        at++;
    if (at < cluster->also_count && strcmp(cluster->also[at], signature) == 0)
        return;
    cluster->also = triage_grow(cluster->also, cluster->also_count + 1, sizeof *cluster->also);
    memmove(cluster->also + at + 1, cluster->also + at,
            (cluster->also_count - at) * sizeof *cluster->also);
    snprintf(cluster->also[at], sizeof *cluster->also, "%s", signature);
    cluster->also_count++;
}

static void fill_matrix(const struct triage *triage, struct triage_cluster *cluster,
                        const struct triage_input *input)
{
    for (unsigned b = 0; b < triage->build_count; b++) {
        const struct triage_verdict *verdict = &input->verdict[b];
        if (!verdict->of || strcmp(verdict->signature, "REFUSED") == 0)
            continue; /* it says nothing of the input */
        if (!verdict->shown)
            cluster->cell[b].silent++;
        else if (strcmp(verdict->signature, triage_shown(input)->signature) == 0)
            cluster->cell[b].reports++;
        else
            cluster->cell[b].differs++;
        if (verdict->shown)
            note_other(cluster, verdict->signature);
    }
}

/* The worst kind, then what was found most often, then by signature. */
static int by_rank(const void *left, const void *right)
{
    const struct triage_cluster *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    int signatures = strcmp(a->signature, b->signature);
    return signatures ? signatures : strcmp(a->window, b->window);
}

void triage_cluster(struct triage *triage)
{
    triage->clusters = triage_allocate((triage->input_count + 1) * sizeof *triage->clusters);
    for (uint32_t i = 0; i < triage->input_count; i++) {
        if (triage->inputs[i].shown_by < 0)
            continue;
        struct triage_cluster *cluster = find_cluster(triage, &triage->inputs[i]);
        add_input(triage, cluster, i);
        fill_matrix(triage, cluster, &triage->inputs[i]);
    }
    qsort(triage->clusters, triage->cluster_count, sizeof *triage->clusters, by_rank);
    for (uint32_t c = 0; c < triage->cluster_count; c++)
        for (uint32_t i = 0; i < triage->clusters[c].count; i++)
            triage->inputs[triage->clusters[c].inputs[i]].cluster = c;
}
