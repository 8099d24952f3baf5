/* One result a cluster. */
#define _GNU_SOURCE /* open_memstream, strndup */
#include "triage_sarif.h"

#include <stdlib.h>
#include <string.h>

/* ---- What is said -------------------------------------------------------------------------- */

static void print_message(const struct triage *triage, const struct triage_cluster *cluster,
                          FILE *out)
{
    enum clause clause = triage_clause(cluster->signature);
    const char *seen = triage_seen(triage, cluster);
    char sizes[TRIAGE_SIZES], cause[TRIAGE_CAUSE];
    triage_print_cause(cluster, cause);
    fprintf(out, "'%s' (%s)%s%s", cause, triage_kind_name(cluster->kind), seen[0] ? ": " : "",
            seen);
    if (clause != CLAUSES)
        fprintf(out, ". %s: %s", clause_text(clause)->id, clause_text(clause)->sentence);
    fprintf(out, "%s Shown by %u input%s", clause == CLAUSES ? "." : "", cluster->count,
            triage_plural(cluster->count));
    if (cluster->minimal) {
        triage_print_sizes(cluster, sizes);
        fprintf(out, ", the smallest program of which has %s", sizes);
    }
    fputc('.', out);
}

static void put_message(struct emit_json *json, const struct triage *triage,
                        const struct triage_cluster *cluster)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    if (memory) {
        print_message(triage, cluster, memory);
        fclose(memory);
    }
    sarif_message(json, "message", text ? text : cluster->signature);
    free(text);
}

/* ---- Where --------------------------------------------------------------------------------- */

static bool named_before(const char *signature, const char *place, const char *routine)
{
    const char *before = NULL;
    char word[32];
    while (triage_next_operation(signature, &before, word) && before < place)
        if (strcmp(triage_routine(word), routine) == 0)
            return true;
    return false;
}

/* The routines whose operations met, each once. */
static void put_routines(struct emit_json *json, const char *signature)
{
    const char *place = NULL;
    char word[32];
    emit_open(json, "logicalLocations", '[');
    while (triage_next_operation(signature, &place, word)) {
        const char *routine = triage_routine(word);
        if (named_before(signature, place, routine))
            continue;
        emit_open(json, NULL, '{');
        emit_string(json, "name", routine);
        emit_string(json, "fullyQualifiedName", routine);
        emit_string(json, "kind", "function");
        emit_close(json, '}');
    }
    emit_close(json, ']');
}

/* The first lines of the program, for whoever has not got it: one, or up to all of them. */
static void put_region(struct emit_json *json, const char *key, const char *program, bool all)
{
    size_t length = all ? strlen(program) : strcspn(program, "\n");
    char *lines = strndup(program, length);
    unsigned last = 1;
    for (const char *c = program; *c; c++)
        last += c[0] == '\n' && c[1];
    emit_open(json, key, '{');
    emit_number(json, "startLine", 1);
    if (all)
        emit_number(json, "endLine", last);
    if (lines && *lines)
        sarif_text(json, "snippet", lines);
    emit_close(json, '}');
    free(lines);
}

/* The minimal program; without one the input it would have been made of. */
static void put_locations(struct emit_json *json, const struct triage *triage,
                          const struct sarif_places *places, const struct triage_cluster *cluster)
{
    const struct triage_input *first = cluster->count ? &triage->inputs[cluster->inputs[0]] : NULL;
    const char *program = cluster->minimal ? cluster->program : NULL;
    const char *path = cluster->minimal ? cluster->minimal : first ? first->stored : NULL;
    emit_open(json, "locations", '[');
    emit_open(json, NULL, '{');
    if (path) {
        emit_open(json, "physicalLocation", '{');
        sarif_artifact(json, places, "artifactLocation", path);
        put_region(json, "region", program ? program : "", false);
        if (program && strchr(program, '\n')) /* what surrounds it has to be more */
            put_region(json, "contextRegion", program, true);
        emit_close(json, '}');
    }
    put_routines(json, cluster->signature);
    emit_close(json, '}');
    emit_close(json, ']');
}

static void put_attachment(struct emit_json *json, const struct sarif_places *places,
                           const char *path, const char *what)
{
    if (!path)
        return;
    emit_open(json, NULL, '{');
    sarif_text(json, "description", what);
    sarif_artifact(json, places, "artifactLocation", path);
    emit_close(json, '}');
}

static void put_attachments(struct emit_json *json, const struct sarif_places *places,
                            const struct triage_cluster *cluster)
{
    if (!cluster->timeline && !cluster->reproducer)
        return;
    emit_open(json, "attachments", '[');
    put_attachment(json, places, cluster->timeline, "The execution, step by step.");
    put_attachment(json, places, cluster->reproducer, "A C program that shows it.");
    emit_close(json, ']');
}

/* ---- Beside it ----------------------------------------------------------------------------- */

static void put_provenance(struct emit_json *json, const struct triage_cluster *cluster)
{
    char first[TRIAGE_TIME], last[TRIAGE_TIME];
    triage_print_time(cluster->first, first);
    triage_print_time(cluster->last, last);
    emit_open(json, "provenance", '{');
    if (strchr(first, 'T'))
        emit_string(json, "firstDetectionTimeUtc", first);
    if (strchr(last, 'T'))
        emit_string(json, "lastDetectionTimeUtc", last);
    emit_close(json, '}');
}

static void put_matrix(struct emit_json *json, const struct triage *triage,
                       const struct triage_cluster *cluster)
{
    emit_open(json, "matrix", '{');
    for (unsigned b = 0; b < triage->build_count; b++) {
        char words[TRIAGE_CELL];
        triage_print_cell(&cluster->cell[b], words);
        emit_string(json, triage->build_names[b], words);
    }
    emit_close(json, '}');
}

static void put_properties(struct emit_json *json, const struct triage *triage,
                           const struct triage_cluster *cluster)
{
    enum clause clause = triage_clause(cluster->signature);
    emit_open(json, "properties", '{');
    if (cluster->kind == KIND_RACE) {
        emit_open(json, "tags", '[');
        emit_string(json, NULL, "race");
        emit_close(json, ']');
    }
    emit_string(json, "signature", cluster->signature);
    emit_string(json, "kind", triage_kind_name(cluster->kind));
    emit_string(json, "clause", clause == CLAUSES ? NULL : clause_text(clause)->id);
    emit_string(json, "depth", cluster->depth);
    emit_number(json, "inputs", cluster->count);
    emit_number(json, "unsteady", cluster->unsteady);
    emit_string(json, "trouble", cluster->trouble);
    put_matrix(json, triage, cluster);
    emit_close(json, '}');
}

/* The cause is the identity; it outlives every input. */
static void put_fingerprint(struct emit_json *json, const struct triage_cluster *cluster)
{
    char cause[TRIAGE_CAUSE];
    triage_print_cause(cluster, cause);
    emit_open(json, "partialFingerprints", '{');
    emit_string(json, "csqfuzzCause/v1", cause);
    emit_close(json, '}');
}

void sarif_result(struct emit_json *json, const struct triage *triage,
                  const struct sarif_places *places, uint32_t index)
{
    const struct triage_cluster *cluster = &triage->clusters[index];
    unsigned rule = sarif_rule_of(cluster->signature);
    emit_open(json, NULL, '{');
    emit_string(json, "ruleId", sarif_rule_id(rule));
    emit_number(json, "ruleIndex", rule);
    emit_string(json, "kind", "fail");
    emit_string(json, "level", sarif_level(cluster->kind));
    put_message(json, triage, cluster);
    put_locations(json, triage, places, cluster);
    put_fingerprint(json, cluster);
    sarif_flows(json, places, cluster);
    put_attachments(json, places, cluster);
    put_provenance(json, cluster);
    emit_number(json, "occurrenceCount", cluster->copies ? cluster->copies : 1);
    emit_number(json, "rank", 100 - 10 * (unsigned)cluster->kind);
    put_properties(json, triage, cluster);
    emit_close(json, '}');
}
