/* Inputs with one signature are one cluster. */
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
    static const char *const order[] = {"asan", "ubsan", "gcc", "clang"};
    unsigned rank = 0;
    while (rank < 4 && strcmp(order[rank], name) != 0)
        rank++;
    return rank < 4 ? rank : strcmp(name, "tsan") == 0 ? 6 : 5;
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

static const struct triage_verdict *shown(const struct triage_input *input)
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

/* ---- Clusters ------------------------------------------------------------------------------ */

static void name_folder(struct triage_cluster *cluster)
{
    size_t length = 0;
    uint32_t hash = 0x811c9dc5u;
    for (const char *c = cluster->signature; *c; c++) {
        bool plain = isalnum((unsigned char)*c);
        hash = (hash ^ (unsigned char)*c) * 0x01000193u;
        if (length < sizeof cluster->id - 12 &&
            (plain || (length && cluster->id[length - 1] != '-')))
            cluster->id[length++] = plain ? (char)tolower((unsigned char)*c) : '-';
    }
    while (length && cluster->id[length - 1] == '-')
        length--;
    /* Two signatures may have the same letters: "a|b" and "a>b". */
    snprintf(cluster->id + length, sizeof cluster->id - length, "-%04x",
             (hash ^ hash >> 16) & 0xffff);
}

static struct triage_cluster *find_cluster(struct triage *triage,
                                           const struct triage_verdict *verdict)
{
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        if (strcmp(triage->clusters[i].signature, verdict->signature) == 0)
            return &triage->clusters[i];
    struct triage_cluster *cluster = &triage->clusters[triage->cluster_count++];
    memset(cluster, 0, sizeof *cluster);
    memcpy(cluster->signature, verdict->signature, sizeof cluster->signature);
    cluster->kind = triage_kind_of(verdict->signature, verdict->seen);
    name_folder(cluster);
    return cluster;
}

static bool is_smaller(const struct triage_input *a, const struct triage_input *b)
{
    if (a->size != b->size)
        return a->size < b->size;
    return a->hash != b->hash ? a->hash < b->hash : strcmp(a->path, b->path) < 0;
}

/* The smallest first, those that do not come each time last. */
static bool goes_before(const struct triage_input *a, const struct triage_input *b)
{
    bool steady = shown(a)->shown == shown(a)->of, other = shown(b)->shown == shown(b)->of;
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
    cluster->unsteady += shown(input)->shown < shown(input)->of;
}

static void note_other(struct triage_cluster *cluster, const char *signature)
{
    uint32_t at = 0;
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
        if (!verdict->of)
            continue;
        if (!verdict->shown)
            cluster->cell[b].silent++;
        else if (strcmp(verdict->signature, cluster->signature) == 0)
            cluster->cell[b].reports++;
        else {
            cluster->cell[b].differs++;
            note_other(cluster, verdict->signature);
        }
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
    return strcmp(a->signature, b->signature);
}

void triage_cluster(struct triage *triage)
{
    reject_refused(triage);
    triage->clusters = triage_allocate((triage->input_count + 1) * sizeof *triage->clusters);
    for (uint32_t i = 0; i < triage->input_count; i++) {
        choose_build(triage, &triage->inputs[i]);
        if (triage->inputs[i].shown_by < 0)
            continue;
        struct triage_cluster *cluster = find_cluster(triage, shown(&triage->inputs[i]));
        add_input(triage, cluster, i);
        fill_matrix(triage, cluster, &triage->inputs[i]);
    }
    qsort(triage->clusters, triage->cluster_count, sizeof *triage->clusters, by_rank);
    for (uint32_t c = 0; c < triage->cluster_count; c++)
        for (uint32_t i = 0; i < triage->clusters[c].count; i++)
            triage->inputs[triage->clusters[c].inputs[i]].cluster = c;
}
