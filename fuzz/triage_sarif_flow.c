/*
 * How it comes about, for those who show a path beside a result: the lines of the minimal program,
 * a path a thread, numbered in the order of the execution as far as the text tells.
 */
#include "triage_sarif.h"

#include <stdlib.h>
#include <string.h>

static void put_region(struct emit_json *json, const struct triage_step *step, const char *text)
{
    emit_open(json, "region", '{');
    emit_number(json, "startLine", step->line);
    emit_number(json, "startColumn", step->column);
    emit_number(json, "endColumn", step->column + step->length);
    sarif_text(json, "snippet", text);
    emit_close(json, '}');
}

static void put_step(struct emit_json *json, const struct sarif_places *places,
                     const struct triage_cluster *cluster, const struct triage_step *step)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)step->length, step->text);
    emit_open(json, NULL, '{');
    emit_open(json, "location", '{');
    emit_open(json, "physicalLocation", '{');
    sarif_artifact(json, places, "artifactLocation", cluster->minimal);
    put_region(json, step, text);
    emit_close(json, '}');
    sarif_message(json, "message", text);
    emit_close(json, '}');
    emit_number(json, "nestingLevel", step->preemption);
    emit_number(json, "executionOrder", step->order);
    emit_string(json, "importance", step->preemption ? "essential" : "important");
    emit_close(json, '}');
}

static bool has_steps(const struct triage_step *steps, uint32_t count, unsigned thread)
{
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].thread == thread)
            return true;
    return false;
}

static void put_thread(struct emit_json *json, const struct sarif_places *places,
                       const struct triage_cluster *cluster, const struct triage_step *steps,
                       uint32_t count, unsigned thread)
{
    char name[16];
    if (!has_steps(steps, count, thread))
        return;
    snprintf(name, sizeof name, "t%u", thread);
    emit_open(json, NULL, '{');
    emit_string(json, "id", name);
    emit_open(json, "locations", '[');
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].thread == thread)
            put_step(json, places, cluster, &steps[i]);
    emit_close(json, ']');
    emit_close(json, '}');
}

void sarif_flows(struct emit_json *json, const struct sarif_places *places,
                 const struct triage_cluster *cluster)
{
    uint32_t count = 0;
    struct triage_step *steps =
        cluster->program && cluster->minimal ? triage_steps(cluster->program, &count) : NULL;
    if (!steps)
        return;
    emit_open(json, "codeFlows", '[');
    emit_open(json, NULL, '{');
    sarif_message(json, "message",
                  "The minimal program; the order of its steps is nearly that of the execution.");
    emit_open(json, "threadFlows", '[');
    for (unsigned t = 0; t < TRIAGE_THREADS; t++)
        put_thread(json, places, cluster, steps, count, t);
    emit_close(json, ']');
    emit_close(json, '}');
    emit_close(json, ']');
    free(steps);
}
