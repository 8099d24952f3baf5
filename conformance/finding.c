#include "finding.h"

#include "ledger.h"
#include "monitor.h"

#include "io/io.h"
#include "ke/ke.h"
#include "sched/sched.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct finding finding;

static struct {
    enum clause clause;
    char pair[64]; /* or cycle; empty: every one */
} muted[FINDING_MUTED];
static unsigned muted_entries;
static unsigned muted_now;
static const char *named;
static const char *other_named;

void finding_name_operation(const char *name)
{
    named = name;
}

const char *finding_named_operation(void)
{
    return named;
}

void finding_name_other(const char *name)
{
    other_named = name;
}

void finding_reset(void)
{
    named = NULL;
    other_named = NULL;
    finding.present = false;
    muted_now = 0;
}

unsigned finding_muted_count(void)
{
    return muted_now;
}

static void format_pair(char *buffer, size_t size, const char *const pair[2])
{
    snprintf(buffer, size, "%s%s%s", pair[0], pair[1] ? "|" : "", pair[1] ? pair[1] : "");
}

void finding_signature(const struct finding *what, char *buffer, size_t size)
{
    char pair[48];
    format_pair(pair, sizeof pair, what->pair);
    snprintf(buffer, size, "%s %s%s%s", clause_text(what->clause)->id,
             what->cycle[0] ? what->cycle : pair, what->fault[0] ? " " : "", what->fault);
}

bool finding_mute(const char *signature)
{
    char id[24];
    size_t length = strcspn(signature, " ");
    if (length >= sizeof id || muted_entries == sizeof muted / sizeof muted[0])
        return false;
    memcpy(id, signature, length);
    id[length] = '\0';
    enum clause clause = clause_find(id);
    if (clause == CLAUSES)
        return false;
    const char *pair = signature + length + strspn(signature + length, " ");
    muted[muted_entries].clause = clause;
    snprintf(muted[muted_entries].pair, sizeof muted[0].pair, "%.*s", (int)strcspn(pair, " "),
             pair);
    muted_entries++;
    return true;
}

static bool is_muted(enum clause clause, const char *pair)
{
    for (unsigned i = 0; i < muted_entries; i++) {
        if (muted[i].clause != clause)
            continue;
        if (muted[i].pair[0] == '\0')
            return true;
        if (strcmp(pair, muted[i].pair) == 0)
            return true;
    }
    return false;
}

bool finding_is_muted(enum clause clause, const char *const pair[2])
{
    char text[48];
    format_pair(text, sizeof text, pair);
    return is_muted(clause, text);
}

/* The latest operation of another thread, for a finding that concerns no IRP. */
static const char *other_running(int self)
{
    for (int t = 0; t < SCHED_PROGRAM_THREADS; t++)
        if (t != self && monitor_running(t))
            return operation_name(monitor_running(t)->kind);
    return NULL;
}

void finding_pair(int slot, const char *pair[2])
{
    int self = sched_self();
    if (named) {
        pair[0] = named;
        pair[1] = NULL;
        return;
    }
    const struct operation *running = monitor_running(self);
    unsigned current = monitor_running_index(self);
    pair[0] = running ? operation_name(running->kind) : "end";
    pair[1] = NULL;
    if (other_named) {
        pair[1] = other_named;
    } else if (slot >= 0 && io_irp_claimed(ledger.irps[slot].irp) &&
               !(running && running->kind == OP_CANCEL)) {
        pair[1] = operation_name(OP_CANCEL); /* whoever came last: it is the claimer's */
    } else if (slot >= 0) {
        const struct ledger_irp *entry = &ledger.irps[slot];
        int other = entry->recent[0] == current ? 1 : 0;
        if (entry->recent[other] != SCHED_NO_OPERATION)
            pair[1] = operation_name(entry->recent_kind[other]);
    } else {
        pair[1] = other_running(self);
    }
    if (pair[1] && strcmp(pair[0], pair[1]) > 0) {
        const char *kept = pair[0];
        pair[0] = pair[1];
        pair[1] = kept;
    }
}

/* Fill `finding` in, but for its message; FALSE if it is muted, or no more than advice. */
static bool record(enum clause clause, int slot, const char *cycle)
{
    const char *pair[2];
    finding_pair(slot, pair);
    if (clause_text(clause)->severity != SEVERITY_MUST || finding_is_muted(clause, pair) ||
        is_muted(clause, cycle)) {
        muted_now++;
        return false;
    }
    finding.present = true;
    finding.clause = clause;
    finding.bugcheck = 0;
    finding.pair[0] = pair[0];
    finding.pair[1] = pair[1];
    snprintf(finding.cycle, sizeof finding.cycle, "%s", cycle);
    finding.fault[0] = '\0';
    finding.thread = sched_self();
    finding.step = sched_trace()->event_count;
    finding.operation = monitor_running_index(sched_self());
    return true;
}

void finding_note(enum clause clause, int slot, const char *format, ...)
{
    va_list arguments;
    if (finding.present || !record(clause, slot, ""))
        return;
    va_start(arguments, format);
    vsnprintf(finding.message, sizeof finding.message, format, arguments);
    va_end(arguments);
}

void finding_note_cycle(enum clause clause, const char *cycle, const char *format, ...)
{
    va_list arguments;
    if (finding.present || !record(clause, LEDGER_NONE, cycle))
        return;
    va_start(arguments, format);
    vsnprintf(finding.message, sizeof finding.message, format, arguments);
    va_end(arguments);
}

void finding_raise(enum clause clause, int slot, const char *format, ...)
{
    va_list arguments;
    if (finding.present) /* noted by somebody who could not end the execution; the first counts */
        sched_stop();
    if (!record(clause, slot, ""))
        return;
    va_start(arguments, format);
    vsnprintf(finding.message, sizeof finding.message, format, arguments);
    va_end(arguments);
    sched_stop();
}

/* The clause that a bug check stands for. */
static enum clause clause_of_bugcheck(uint32_t code, uint64_t parameter)
{
    switch (code) {
    case MULTIPLE_IRP_COMPLETE_REQUESTS:
        return CLAUSE_COMP_8;
    case CANCEL_STATE_IN_COMPLETED_IRP:
        return CLAUSE_CAN_13;
    case DRIVER_RETURNED_HOLDING_CANCEL_LOCK:
        return CLAUSE_CAN_12;
    case SPIN_LOCK_ALREADY_OWNED:
    case SPIN_LOCK_NOT_OWNED:
        return CLAUSE_SPN_5;
    case KERNEL_SECURITY_CHECK_FAILURE:
        return CLAUSE_LST_7;
    case DRIVER_VERIFIER_IOMANAGER_VIOLATION:
        return parameter == 7 ? CLAUSE_COMP_7 : CLAUSE_BUGCHECK;
    default:
        return CLAUSE_BUGCHECK;
    }
}

void finding_raise_bugcheck(uint32_t code, const uint64_t parameter[4])
{
    int slot = ledger_find_irp((const IRP *)(uintptr_t)parameter[0]);
    if (!finding.present && record(clause_of_bugcheck(code, parameter[0]), slot, "")) {
        finding.bugcheck = code;
        if (finding.clause == CLAUSE_BUGCHECK) /* many of them share this one */
            snprintf(finding.fault, sizeof finding.fault, "%s", ke_bugcheck_name(code));
        snprintf(finding.message, sizeof finding.message, "Windows would stop here: 0x%X %s",
                 (unsigned)code, ke_bugcheck_name(code));
    }
    sched_stop();
}
