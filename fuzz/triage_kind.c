/*
 * What sort of finding a signature is: by the fault that it names, else by its clause. A heuristic:
 * a clause says what was demanded, not what becomes of a driver that relied on it.
 */
#define _GNU_SOURCE /* gmtime_r */
#include "triage_report.h"

#include "conformance/clauses.h"

#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- By the clause ------------------------------------------------------------------------- */

/* Two have the IRP, and both will complete it: it has left by two doors, was given out while a
 * canceller has it, or can still be canceled after it was given out. */
static const enum clause twice[] = {
    CLAUSE_COMP_8,       CLAUSE_CSQ_GEN_14,   CLAUSE_CSQ_CB_CCI_1, CLAUSE_CSQ_CB_CCI_5,
    CLAUSE_CSQ_CB_REM_1, CLAUSE_CSQ_CB_REM_2, CLAUSE_CSQ_CAN_8,    CLAUSE_CSQ_INS_10,
    CLAUSE_CSQ_INX_11,   CLAUSE_CSQ_REM_5,    CLAUSE_CSQ_REM_6,    CLAUSE_CSQ_REM_7,
    CLAUSE_CSQ_REM_9,    CLAUSE_CSQ_RNX_5,    CLAUSE_CSQ_RNX_6,    CLAUSE_CSQ_RNX_8,
    CLAUSE_CSQ_RNX_12,   CLAUSE_CSQ_RNX_15,   CLAUSE_RACE_7,       CLAUSE_RACE_8,
    CLAUSE_RACE_10,      CLAUSE_RACE_11,      CLAUSE_RACE_12,      CLAUSE_RACE_13,
    CLAUSE_RACE_14,      CLAUSE_CAN_8,        CLAUSE_CAN_9,        CLAUSE_COMP_9,
    CLAUSE_SCR_2,        CLAUSE_TR_10,        CLAUSE_TR_11,        CLAUSE_TR_16,
};

/* Nobody has it: canceled, it stays parked, or it can be neither canceled nor found. */
static const enum clause lost[] = {
    CLAUSE_CSQ_GEN_2,  CLAUSE_CSQ_GEN_15, CLAUSE_CSQ_INS_6,  CLAUSE_CSQ_INS_7,  CLAUSE_CSQ_INS_8,
    CLAUSE_CSQ_INS_9,  CLAUSE_CSQ_INS_14, CLAUSE_CSQ_INS_15, CLAUSE_CSQ_INX_14, CLAUSE_CSQ_CAN_1,
    CLAUSE_CSQ_CAN_9,  CLAUSE_CSQ_CAN_11, CLAUSE_CSQ_REM_4,  CLAUSE_CSQ_REM_11, CLAUSE_CSQ_RNX_9,
    CLAUSE_CSQ_RNX_10, CLAUSE_CSQ_RNX_13, CLAUSE_CSQ_RNX_18, CLAUSE_RACE_1,     CLAUSE_RACE_2,
    CLAUSE_RACE_4,     CLAUSE_RACE_5,     CLAUSE_RACE_6,     CLAUSE_RACE_9,     CLAUSE_RACE_17,
    CLAUSE_CAN_1,      CLAUSE_CAN_2,      CLAUSE_TR_5,       CLAUSE_TR_6,       CLAUSE_TR_7,
    CLAUSE_TR_18,
};

/* Somebody waits for ever, or for himself. */
static const enum clause stuck[] = {
    CLAUSE_DEADLOCK,     CLAUSE_LIVELOCK,     CLAUSE_SPN_5,
    CLAUSE_CSQ_CB_ACQ_3, CLAUSE_CSQ_CB_CCI_7, CLAUSE_TR_19,
};

static bool is_among(enum clause clause, const enum clause *clauses, size_t count)
{
    while (count > 0)
        if (clauses[--count] == clause)
            return true;
    return false;
}

/* The report's own words decide where a clause has been broken in either of two ways. */
static enum triage_kind kind_of_clause(enum clause clause, const char *seen)
{
    if (strstr(seen, "is skipped with its Cancel routine set"))
        return KIND_LOST_IRP;
    if (is_among(clause, twice, COUNT(twice)))
        return KIND_DOUBLE_COMPLETION;
    if (is_among(clause, lost, COUNT(lost)))
        return KIND_LOST_IRP;
    if (is_among(clause, stuck, COUNT(stuck)))
        return KIND_DEADLOCK;
    if (clause == CLAUSE_BUGCHECK || clause == CLAUSE_LST_7)
        return KIND_CRASH;
    return clause == CLAUSE_LEAK ? KIND_LEAK : KIND_WRONG_STATE;
}

/* ---- By the fault -------------------------------------------------------------------------- */

static bool has_any(const char *text, const char *const *words, size_t count)
{
    while (count > 0)
        if (strstr(text, words[--count]))
            return true;
    return false;
}

/* Of an access that is not named the worse is taken. */
static enum triage_kind kind_of_fault(const char *fault)
{
    static const char *const memory[] = {"use-after-", "buffer-overflow", "buffer-underflow",
                                         "out-of-bounds", "container-overflow"};
    static const char *const freed[] = {"double-free", "bad-free", "bad-malloc"};
    if (strstr(fault, "data-race"))
        return KIND_RACE;
    if (strstr(fault, "MULTIPLE_IRP_COMPLETE_REQUESTS"))
        return KIND_DOUBLE_COMPLETION;
    if (has_any(fault, freed, COUNT(freed)))
        return KIND_WRITE_AFTER_FREE;
    if (strstr(fault, "uninitialized"))
        return KIND_WRONG_STATE;
    if (!has_any(fault, memory, COUNT(memory)))
        return KIND_CRASH;
    return strstr(fault, " read") && !strstr(fault, "write") ? KIND_READ_AFTER_FREE
                                                             : KIND_WRITE_AFTER_FREE;
}

const char *triage_fault(const char *signature)
{
    const char *pair = signature + strcspn(signature, " ");
    pair += *pair == ' ';
    const char *fault = pair + strcspn(pair, " ");
    return fault + (*fault == ' ');
}

/* ---- All of it ----------------------------------------------------------------------------- */

enum clause triage_clause(const char *signature)
{
    char id[24];
    size_t length = strcspn(signature, " ");
    if (length >= sizeof id)
        return CLAUSES;
    memcpy(id, signature, length);
    id[length] = '\0';
    return clause_find(id);
}

enum triage_kind triage_kind_of(const char *signature, const char *seen)
{
    enum clause clause = triage_clause(signature);
    const char *fault = triage_fault(signature);
    if (strncmp(signature, "TIMEOUT", 7) == 0)
        return KIND_DEADLOCK;
    if (strncmp(signature, "CRASH", 5) == 0)
        return KIND_CRASH;
    if (clause == CLAUSES)
        return KIND_WRONG_STATE;
    if (*fault)
        return kind_of_fault(fault);
    return kind_of_clause(clause, seen);
}

/* ---- Names --------------------------------------------------------------------------------- */

const char *triage_kind_name(enum triage_kind kind)
{
    static const char *const names[TRIAGE_KINDS] = {
        [KIND_DOUBLE_COMPLETION] = "double completion",
        [KIND_WRITE_AFTER_FREE] = "write after free",
        [KIND_READ_AFTER_FREE] = "read after free",
        [KIND_CRASH] = "crash",
        [KIND_LOST_IRP] = "lost IRP",
        [KIND_RACE] = "race",
        [KIND_DEADLOCK] = "deadlock",
        [KIND_WRONG_STATE] = "wrong state",
        [KIND_LEAK] = "leak",
    };
    return kind < TRIAGE_KINDS ? names[kind] : "?";
}

const char *triage_artefact_name(enum triage_artefact kind)
{
    static const char *const names[TRIAGE_ARTEFACTS] = {
        [ARTEFACT_PLAIN] = "plain", [ARTEFACT_CRASH] = "crash",     [ARTEFACT_LEAK] = "leak",
        [ARTEFACT_OOM] = "oom",     [ARTEFACT_TIMEOUT] = "timeout", [ARTEFACT_SLOW] = "slow-unit",
    };
    return kind < TRIAGE_ARTEFACTS ? names[kind] : "?";
}

const char *triage_engine_name(enum triage_engine engine)
{
    static const char *const names[TRIAGE_ENGINES] = {
        [FROM_FOLDER] = "folder", [FROM_LIBFUZZER] = "libFuzzer", [FROM_AFL] = "AFL++"};
    return engine < TRIAGE_ENGINES ? names[engine] : "?";
}

const char *triage_mode_name(enum triage_mode mode)
{
    static const char *const names[TRIAGE_MODES] = {[MODE_SCHEDULE] = "csq_schedule_fuzzer",
                                                    [MODE_SEQUENTIAL] = "csq_sequential_fuzzer",
                                                    [MODE_SUBSTRATE] = "csq_substrate_fuzzer"};
    return mode < TRIAGE_MODES ? names[mode] : "?";
}

void triage_print_time(int64_t seconds, char buffer[TRIAGE_TIME])
{
    time_t when = (time_t)seconds;
    struct tm parts;
    /* Years of five digits would not fit, and are nobody's. */
    if (!gmtime_r(&when, &parts) || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900 ||
        strftime(buffer, TRIAGE_TIME, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        memcpy(buffer, "unknown", sizeof "unknown");
}
