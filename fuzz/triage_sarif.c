/*
 * The report as SARIF 2.1.0, for services that show results beside code: each cluster is a result
 * at line 1 of its minimal program. What could not be shown again or taken in is a notification.
 */
#define _GNU_SOURCE /* asprintf */
#include "triage_sarif.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define HOME "https://example.org/csqfuzz" /* as fuzz/oss-fuzz/project.yaml says */

/* ---- Shared with the parts ----------------------------------------------------------------- */

void sarif_text(struct emit_json *json, const char *key, const char *text)
{
    emit_open(json, key, '{');
    emit_string(json, "text", text);
    emit_close(json, '}');
}

void sarif_message(struct emit_json *json, const char *key, const char *text)
{
    char *escaped = malloc(2 * strlen(text) + 1), *end = escaped;
    for (const char *c = text; escaped && *c; c++) {
        if (strchr("[]\\{}", *c))
            *end++ = *c == '{' || *c == '}' ? *c : '\\';
        *end++ = *c;
    }
    if (escaped)
        *end = '\0';
    sarif_text(json, key, escaped ? escaped : "(no memory)");
    free(escaped);
}

void sarif_artifact(struct emit_json *json, const struct sarif_places *places, const char *key,
                    const char *path)
{
    char *full = NULL, *uri = NULL;
    if (asprintf(&full, "%s%s", places->prefix ? places->prefix : "", path) >= 0)
        uri = triage_uri(full);
    emit_open(json, key, '{');
    emit_string(json, "uri", uri ? uri : "");
    emit_string(json, "uriBaseId", places->prefix ? "SRCROOT" : "TRIAGE");
    emit_close(json, '}');
    free(full);
    free(uri);
}

/* ---- Places -------------------------------------------------------------------------------- */

static struct sarif_places find_places(const struct triage *triage)
{
    struct sarif_places places = {NULL};
    char *below = triage_below(triage->root, triage->folder);
    if (below && asprintf(&places.prefix, "%s%s", below, *below ? "/" : "") < 0)
        places.prefix = NULL;
    free(below);
    return places;
}

/* Only what lies outside of SRCROOT has an address of the machine it was made on: whoever reads the
 * report elsewhere says where SRCROOT is. */
static void put_bases(struct emit_json *json, const struct triage *triage,
                      const struct sarif_places *places)
{
    emit_open(json, "originalUriBaseIds", '{');
    emit_open(json, "SRCROOT", '{');
    sarif_text(json, "description", "The folder that csq triage was started in.");
    emit_close(json, '}');
    if (!places->prefix) {
        char *folder = triage_absolute(triage->root, triage->folder), *uri = NULL, *full = NULL;
        if (folder)
            uri = triage_uri(folder);
        if (uri && asprintf(&full, "file://%s/", uri) < 0)
            full = NULL;
        emit_open(json, "TRIAGE", '{');
        emit_string(json, "uri", full ? full : "file:///");
        sarif_text(json, "description", "The folder of the triage.");
        emit_close(json, '}');
        free(full), free(uri), free(folder);
    }
    emit_close(json, '}');
}

/* ---- Notifications ------------------------------------------------------------------------- */

enum notice { NOTICE_SILENT, NOTICE_REJECTED, NOTICE_TROUBLE, NOTICES };

static const struct {
    const char *id, *level, *sentence, *help;
} notices[NOTICES] = {
    {"SILENT", "note", "An input showed nothing in any build.",
     "What it once showed has been fixed, or needs a build that was not there."},
    {"REJECTED", "warning", "A file could not be taken in.", "The message says why."},
    {"TROUBLE", "warning", "A finding could not be minimized, drawn or exported.",
     "The message says of which, and what went wrong."},
};

static void put_notices(struct emit_json *json)
{
    emit_open(json, "notifications", '[');
    for (unsigned i = 0; i < NOTICES; i++) {
        char full[256];
        snprintf(full, sizeof full, "%s %s", notices[i].sentence, notices[i].help);
        sarif_descriptor(json, notices[i].id, notices[i].level, notices[i].sentence, full);
        sarif_help(json, full, full);
        emit_close(json, '}');
    }
    emit_close(json, ']');
}

/* `path` NULL: nowhere in the triage folder. */
static void put_notification(struct emit_json *json, const struct sarif_places *places,
                             enum notice notice, const char *path, const char *what)
{
    char *message = NULL;
    if (asprintf(&message, "%s %s", notices[notice].sentence, what) < 0)
        message = NULL;
    emit_open(json, NULL, '{');
    emit_open(json, "descriptor", '{');
    emit_string(json, "id", notices[notice].id);
    emit_number(json, "index", notice);
    emit_close(json, '}');
    emit_string(json, "level", notices[notice].level);
    sarif_message(json, "message", message ? message : notices[notice].sentence);
    if (path) {
        emit_open(json, "locations", '[');
        emit_open(json, NULL, '{');
        emit_open(json, "physicalLocation", '{');
        sarif_artifact(json, places, "artifactLocation", path);
        emit_close(json, '}');
        emit_close(json, '}');
        emit_close(json, ']');
    }
    emit_close(json, '}');
    free(message);
}

/* "'WHOSE': WHAT": a file's or a signature's. */
static void put_named(struct emit_json *json, const struct sarif_places *places, enum notice notice,
                      const char *whose, const char *what)
{
    char *text = NULL;
    if (asprintf(&text, "'%s': %s", whose, what) < 0)
        text = NULL;
    put_notification(json, places, notice, NULL, text ? text : "");
    free(text);
}

static void put_invocation(struct emit_json *json, const struct triage *triage,
                           const struct sarif_places *places)
{
    emit_open(json, "invocations", '[');
    emit_open(json, NULL, '{');
    emit_boolean(json, "executionSuccessful", true);
    emit_open(json, "toolExecutionNotifications", '[');
    for (uint32_t i = 0; i < triage->input_count; i++)
        if (triage->inputs[i].cluster == TRIAGE_NO_CLUSTER)
            put_notification(json, places, NOTICE_SILENT, triage->inputs[i].stored,
                             triage->inputs[i].path);
    for (uint32_t i = 0; i < triage->rejected_count; i++)
        put_named(json, places, NOTICE_REJECTED, triage->rejected[i].path,
                  triage->rejected[i].reason);
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        if (triage->clusters[i].trouble)
            put_named(json, places, NOTICE_TROUBLE, triage->clusters[i].signature,
                      triage->clusters[i].trouble);
    emit_close(json, ']');
    emit_close(json, '}');
    emit_close(json, ']');
}

/* ---- All of it ----------------------------------------------------------------------------- */

static void put_tool(struct emit_json *json)
{
    emit_open(json, "tool", '{');
    emit_open(json, "driver", '{');
    emit_string(json, "name", "csqfuzz");
    emit_string(json, "fullName", "csqfuzz triage");
    emit_string(json, "informationUri", HOME);
    emit_string(json, "semanticVersion", "1.0.0");
    sarif_rules(json);
    put_notices(json);
    emit_close(json, '}');
    emit_close(json, '}');
}

static void put_run(struct emit_json *json, const struct triage *triage)
{
    struct sarif_places places = find_places(triage);
    emit_open(json, NULL, '{');
    put_tool(json);
    put_invocation(json, triage, &places);
    emit_open(json, "automationDetails", '{');
    emit_string(json, "id", "csqfuzz-triage/");
    emit_close(json, '}');
    put_bases(json, triage, &places);
    emit_string(json, "columnKind", "utf16CodeUnits");
    emit_open(json, "results", '[');
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        sarif_result(json, triage, &places, i);
    emit_close(json, ']');
    emit_close(json, '}');
    free(places.prefix);
}

static void print(const struct triage *triage, FILE *out)
{
    struct emit_json json = {.out = out};
    emit_open(&json, NULL, '{');
    emit_string(&json, "$schema", SCHEMA);
    emit_string(&json, "version", "2.1.0");
    emit_open(&json, "runs", '[');
    put_run(&json, triage);
    emit_close(&json, ']');
    emit_close(&json, '}');
}

bool triage_write_sarif(const struct triage *triage, FILE *out)
{
    return triage_print_valid(triage, print, MEDIUM_DATA, out);
}
