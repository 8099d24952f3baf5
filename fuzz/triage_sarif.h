/*
 * The parts of the SARIF report. Its shape is the standard's, 2.1.0; what is used of it stands in
 * fuzz/tests/sarif.schema.json.
 */
#ifndef CSQFUZZ_TRIAGE_SARIF_H
#define CSQFUZZ_TRIAGE_SARIF_H

#include "triage_report.h"

/* Where the files that results point to are. */
struct sarif_places {
    char *prefix; /* of the triage folder as seen from SRCROOT, "" or with a slash at its end; NULL:
                     it lies elsewhere, and has a base of its own, TRIAGE */
};

/* "KEY": {"text": TEXT} */
void sarif_text(struct emit_json *json, const char *key, const char *text);

/* The same for a message, in which brackets would be links and braces placeholders. */
void sarif_message(struct emit_json *json, const char *key, const char *text);

/* "KEY": {"uri": ..., "uriBaseId": ...} of a path relative to the triage folder. */
void sarif_artifact(struct emit_json *json, const struct sarif_places *places, const char *key,
                    const char *path);

/* ---- Rules (triage_sarif_rules.c) ---------------------------------------------------------- */

/* "rules": [...]: one each clause, in the table's order, then those of faults. */
void sarif_rules(struct emit_json *json);

/* Which of them a signature falls under. */
unsigned sarif_rule_of(const char *signature);
const char *sarif_rule_id(unsigned rule);

/* "error" or "warning" */
const char *sarif_level(enum triage_kind kind);

/* What rules and notifications begin with; left open. */
void sarif_descriptor(struct emit_json *json, const char *id, const char *level,
                      const char *sentence, const char *full);
void sarif_help(struct emit_json *json, const char *text, const char *markdown);

/* ---- Results (triage_sarif_result.c, triage_sarif_flow.c) ---------------------------------- */

void sarif_result(struct emit_json *json, const struct triage *triage,
                  const struct sarif_places *places, uint32_t cluster);

/* "codeFlows": the steps of the minimal program, a threadFlow a thread. */
void sarif_flows(struct emit_json *json, const struct sarif_places *places,
                 const struct triage_cluster *cluster);

#endif
