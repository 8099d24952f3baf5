/* The report as JSON: for programs, so members are added and never changed. */
#include "triage_report.h"

#include <inttypes.h>

static void put_hash(struct emit_json *json, const char *key, uint64_t hash)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, hash);
    emit_string(json, key, digits);
}

static void put_time(struct emit_json *json, const char *key, int64_t seconds)
{
    char time[TRIAGE_TIME];
    triage_print_time(seconds, time);
    emit_string(json, key, time);
}

/* ---- Inputs -------------------------------------------------------------------------------- */

static void put_verdict(struct emit_json *json, const char *build,
                        const struct triage_verdict *verdict)
{
    emit_open(json, NULL, '{');
    emit_string(json, "build", build);
    emit_string(json, "signature", verdict->signature);
    emit_number(json, "shown", verdict->shown);
    emit_number(json, "of", verdict->of);
    if (verdict->hash)
        put_hash(json, "trace_hash", verdict->hash);
    else
        emit_string(json, "trace_hash", NULL);
    emit_string(json, "seen", verdict->seen);
    emit_close(json, '}');
}

static void put_input(const struct triage *triage, struct emit_json *json,
                      const struct triage_input *input)
{
    emit_open(json, NULL, '{');
    emit_string(json, "path", input->path);
    emit_string(json, "stored", input->stored);
    put_hash(json, "hash", input->hash);
    emit_number(json, "size", input->size);
    emit_string(json, "engine", triage_engine_name((enum triage_engine)input->engine));
    emit_string(json, "artefact", triage_artefact_name((enum triage_artefact)input->artefact));
    emit_string(json, "target", triage_mode_name((enum triage_mode)input->mode));
    emit_number(json, "copies", input->copies);
    put_time(json, "first_seen", input->first);
    put_time(json, "last_seen", input->last);
    emit_string(json, "shown_by",
                input->shown_by < 0 ? NULL : triage->build_names[input->shown_by]);
    emit_string(json, "minimal", input->minimal);
    emit_string(json, "trouble", input->trouble);
    emit_open(json, "verdicts", '[');
    for (unsigned b = 0; b < triage->build_count; b++)
        if (input->verdict[b].of > 0) /* built */
            put_verdict(json, triage->build_names[b], &input->verdict[b]);
    emit_close(json, ']');
    emit_close(json, '}');
}

/* ---- Clusters ------------------------------------------------------------------------------ */

static void put_clause(struct emit_json *json, const char *signature)
{
    enum clause clause = triage_clause(signature);
    const struct clause_text *text = clause == CLAUSES ? NULL : clause_text(clause);
    emit_string(json, "clause", text ? text->id : NULL);
    emit_string(json, "sentence", text ? text->sentence : NULL);
    emit_string(json, "page", text ? text->page : NULL);
}

static void put_matrix(const struct triage *triage, struct emit_json *json,
                       const struct triage_cluster *cluster)
{
    emit_open(json, "matrix", '[');
    for (unsigned b = 0; b < triage->build_count; b++) {
        emit_open(json, NULL, '{');
        emit_string(json, "build", triage->build_names[b]);
        emit_number(json, "reports", cluster->cell[b].reports);
        emit_number(json, "silent", cluster->cell[b].silent);
        emit_number(json, "differs", cluster->cell[b].differs);
        emit_close(json, '}');
    }
    emit_close(json, ']');
}

static void put_made(struct emit_json *json, const struct triage_cluster *cluster)
{
    if (cluster->minimal) {
        emit_open(json, "minimal", '{');
        emit_string(json, "path", cluster->minimal);
        emit_number(json, "operations", cluster->operations);
        emit_number(json, "threads", cluster->threads);
        emit_number(json, "preemptions", cluster->preemptions);
        emit_string(json, "depth", cluster->depth);
        emit_close(json, '}');
    } else {
        emit_string(json, "minimal", NULL);
    }
    emit_string(json, "timeline", cluster->timeline);
    emit_string(json, "reproducer", cluster->reproducer);
    emit_string(json, "trouble", cluster->trouble);
}

static void put_counts(struct emit_json *json, const struct triage_cluster *cluster)
{
    emit_number(json, "count", cluster->count);
    emit_number(json, "copies", cluster->copies);
    put_time(json, "first_seen", cluster->first);
    put_time(json, "last_seen", cluster->last);
    emit_number(json, "unsteady", cluster->unsteady);
}

static void put_cluster(const struct triage *triage, struct emit_json *json, uint32_t index)
{
    const struct triage_cluster *cluster = &triage->clusters[index];
    emit_open(json, NULL, '{');
    emit_string(json, "id", cluster->id);
    emit_string(json, "signature", cluster->signature);
    emit_string(json, "window", cluster->window);
    put_clause(json, cluster->signature);
    emit_string(json, "kind", triage_kind_name(cluster->kind));
    emit_number(json, "severity", (unsigned)cluster->kind + 1);
    put_counts(json, cluster);
    put_matrix(triage, json, cluster);
    emit_open(json, "also", '[');
    for (uint32_t i = 0; i < cluster->also_count; i++)
        emit_string(json, NULL, cluster->also[i]);
    emit_close(json, ']');
    put_made(json, cluster);
    emit_open(json, "files", '[');
    for (uint32_t i = 0; i < cluster->count; i++)
        put_input(triage, json, &triage->inputs[cluster->inputs[i]]);
    emit_close(json, ']');
    emit_close(json, '}');
}

/* ---- All of it ----------------------------------------------------------------------------- */

static void put_head(const struct triage *triage, struct emit_json *json)
{
    emit_number(json, "version", 1);
    emit_string(json, "heuristic", TRIAGE_HEURISTIC);
    emit_open(json, "builds", '[');
    for (unsigned b = 0; b < triage->build_count; b++)
        emit_string(json, NULL, triage->build_names[b]);
    emit_close(json, ']');
    emit_number(json, "replays", triage->replays);
}

static void print(const struct triage *triage, FILE *out)
{
    struct emit_json json = {.out = out};
    emit_open(&json, NULL, '{');
    put_head(triage, &json);
    emit_open(&json, "clusters", '[');
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        put_cluster(triage, &json, i);
    emit_close(&json, ']');
    emit_open(&json, "silent", '[');
    for (uint32_t i = 0; i < triage->input_count; i++)
        if (triage->inputs[i].cluster == TRIAGE_NO_CLUSTER)
            put_input(triage, &json, &triage->inputs[i]);
    emit_close(&json, ']');
    emit_open(&json, "rejected", '[');
    for (uint32_t i = 0; i < triage->rejected_count; i++) {
        emit_open(&json, NULL, '{');
        emit_string(&json, "path", triage->rejected[i].path);
        emit_string(&json, "reason", triage->rejected[i].reason);
        emit_close(&json, '}');
    }
    emit_close(&json, ']');
    emit_close(&json, '}');
}

bool triage_write_json(const struct triage *triage, FILE *out)
{
    return triage_print_valid(triage, print, MEDIUM_DATA, out);
}
