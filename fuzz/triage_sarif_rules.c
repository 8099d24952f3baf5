/*
 * The rules: each clause is one, whether it was broken or not, so that a service knows them all.
 * What a sanitizer or a signal reports has rules of its own, since the clause in its signature is
 * only the nearest one.
 */
#include "triage_sarif.h"

#include <ctype.h>
#include <string.h>

enum fault_rule { RULE_RACE, RULE_MEMORY, RULE_CRASH, RULE_TIMEOUT, RULE_OTHER, FAULT_RULES };

static const struct fault_text {
    const char *id, *sentence, *help;
    enum triage_kind kind;
} faults[FAULT_RULES] = {
    [RULE_RACE] = {"DATA-RACE", "Two threads access the same memory and nothing orders them.",
                   "ThreadSanitizer has seen both accesses under the schedule of the program.",
                   KIND_RACE},
    [RULE_MEMORY] = {"MEMORY", "Memory is accessed out of its bounds or after it was freed.",
                     "A sanitizer has seen the access. The contract allows the other side to free "
                     "the memory at that moment.",
                     KIND_WRITE_AFTER_FREE},
    [RULE_CRASH] = {"CRASH", "The process ends by a signal or by undefined behaviour.",
                    "The report, if there was one, says where.", KIND_CRASH},
    [RULE_TIMEOUT] = {"TIMEOUT", "The execution does not end in its time.",
                      "Where no lock is waited for, it loops outside of what is scheduled.",
                      KIND_DEADLOCK},
    [RULE_OTHER] = {"OTHER", "The input shows something that no other rule describes.",
                    "The signature says what.", KIND_WRONG_STATE},
};

#define RULES (CLAUSES + FAULT_RULES)

/* ---- Which rule ---------------------------------------------------------------------------- */

static enum fault_rule fault_rule_of(const char *signature)
{
    switch (triage_kind_of(signature, "")) {
    case KIND_RACE:
        return RULE_RACE;
    case KIND_DOUBLE_COMPLETION:
    case KIND_WRITE_AFTER_FREE:
    case KIND_READ_AFTER_FREE:
        return RULE_MEMORY;
    case KIND_CRASH:
        return RULE_CRASH;
    case KIND_DEADLOCK:
        return RULE_TIMEOUT;
    default:
        return RULE_OTHER;
    }
}

/* Behind BUGCHECK stands which one it was: no fault that was seen by somebody else. */
unsigned sarif_rule_of(const char *signature)
{
    enum clause clause = triage_clause(signature);
    if (clause != CLAUSES && (clause == CLAUSE_BUGCHECK || !*triage_fault(signature)))
        return clause;
    return CLAUSES + fault_rule_of(signature);
}

const char *sarif_rule_id(unsigned rule)
{
    return rule < CLAUSES ? clause_text((enum clause)rule)->id : faults[rule - CLAUSES].id;
}

const char *sarif_level(enum triage_kind kind)
{
    return kind < KIND_WRONG_STATE ? "error" : "warning";
}

/* ---- What is said of it -------------------------------------------------------------------- */

/* "CsqfuzzCsqIns7" of "CSQ-INS-7": names have no hyphens, and differ from the ID. */
static void print_name(const char *id, char *name, size_t size)
{
    size_t length = (size_t)snprintf(name, size, "Csqfuzz");
    bool first = true;
    for (; *id && length + 1 < size; id++) {
        if (*id != '-')
            name[length++] = (char)(first ? *id : tolower((unsigned char)*id));
        first = *id == '-';
    }
    name[length] = '\0';
}

/* A scale of services, from 0.1 to 10: our order of kinds, laid onto it. */
static const char *security_severity(enum triage_kind kind)
{
    static const char *const severities[TRIAGE_KINDS] = {[KIND_DOUBLE_COMPLETION] = "9.3",
                                                         [KIND_WRITE_AFTER_FREE] = "9.0",
                                                         [KIND_READ_AFTER_FREE] = "7.5",
                                                         [KIND_CRASH] = "7.0",
                                                         [KIND_LOST_IRP] = "6.5",
                                                         [KIND_RACE] = "6.0",
                                                         [KIND_DEADLOCK] = "5.5",
                                                         [KIND_WRONG_STATE] = "4.0",
                                                         [KIND_LEAK] = "3.0"};
    return severities[kind];
}

static void put_tag(struct emit_json *json, const char *words)
{
    char tag[32];
    snprintf(tag, sizeof tag, "%s", words);
    for (char *c = tag; *c; c++)
        *c = *c == ' ' ? '-' : (char)tolower((unsigned char)*c);
    emit_string(json, NULL, tag);
}

static void put_properties(struct emit_json *json, enum triage_kind kind)
{
    emit_open(json, "properties", '{');
    emit_open(json, "tags", '[');
    put_tag(json, "security");
    put_tag(json, "cancel safe queue");
    put_tag(json, triage_kind_name(kind));
    emit_close(json, ']');
    emit_string(json, "precision", "high");
    emit_string(json, "problem.severity", sarif_level(kind));
    emit_string(json, "security-severity", security_severity(kind));
    emit_close(json, '}');
}

void sarif_descriptor(struct emit_json *json, const char *id, const char *level,
                      const char *sentence, const char *full)
{
    char name[40];
    print_name(id, name, sizeof name);
    emit_open(json, NULL, '{');
    emit_string(json, "id", id);
    emit_string(json, "name", name);
    sarif_text(json, "shortDescription", sentence);
    sarif_text(json, "fullDescription", full);
    emit_open(json, "defaultConfiguration", '{');
    emit_string(json, "level", level);
    emit_close(json, '}');
}

void sarif_help(struct emit_json *json, const char *text, const char *markdown)
{
    emit_open(json, "help", '{');
    emit_string(json, "text", text);
    emit_string(json, "markdown", markdown);
    emit_close(json, '}');
}

static void put_clause(struct emit_json *json, enum clause clause)
{
    const struct clause_text *text = clause_text(clause);
    enum triage_kind kind = triage_kind_of(text->id, "");
    char full[640], help[768], markdown[1024];
    snprintf(full, sizeof full, "%s Source: %s.", text->sentence, text->page);
    snprintf(help, sizeof help, "%s Basis: %s; severity: %s.", full, clause_basis_name(text->basis),
             clause_severity_name(text->severity));
    snprintf(markdown, sizeof markdown,
             "**%s** %s\n\n| Source | Basis | Severity | Kind |\n|---|---|---|---|\n"
             "| %s | %s | %s | %s |\n\n" TRIAGE_HEURISTIC "\n",
             text->id, text->sentence, text->page, clause_basis_name(text->basis),
             clause_severity_name(text->severity), triage_kind_name(kind));
    sarif_descriptor(json, text->id, sarif_level(kind), text->sentence, full);
    sarif_help(json, help, markdown);
    put_properties(json, kind);
    emit_close(json, '}');
}

static void put_fault(struct emit_json *json, const struct fault_text *fault)
{
    char full[640], markdown[1024];
    snprintf(full, sizeof full, "%s %s", fault->sentence, fault->help);
    snprintf(markdown, sizeof markdown, "**%s** %s\n\n%s\n\n" TRIAGE_HEURISTIC "\n", fault->id,
             fault->sentence, fault->help);
    sarif_descriptor(json, fault->id, sarif_level(fault->kind), fault->sentence, full);
    sarif_help(json, full, markdown);
    put_properties(json, fault->kind);
    emit_close(json, '}');
}

void sarif_rules(struct emit_json *json)
{
    emit_open(json, "rules", '[');
    for (unsigned i = 0; i < CLAUSES; i++)
        put_clause(json, (enum clause)i);
    for (unsigned i = 0; i < FAULT_RULES; i++)
        put_fault(json, &faults[i]);
    emit_close(json, ']');
}
