/* Words that more than one report of a triage uses. */
#include "triage_report.h"

#include <string.h>

const char *triage_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void triage_print_cell(const struct triage_cell *cell, char buffer[TRIAGE_CELL])
{
    uint32_t all = cell->reports + cell->silent + cell->differs;
    int at = 0;
    buffer[0] = '\0';
    if (all == 0)
        at = snprintf(buffer, TRIAGE_CELL, "not built");
    else if (cell->silent == all)
        at = snprintf(buffer, TRIAGE_CELL, "silent");
    else if (cell->differs == all)
        at = snprintf(buffer, TRIAGE_CELL, "differs");
    else
        at = snprintf(buffer, TRIAGE_CELL, "%u/%u", cell->reports, all);
    if (cell->silent && cell->silent != all)
        at += snprintf(buffer + at, TRIAGE_CELL - (size_t)at, ", %u silent", cell->silent);
    if (cell->differs && cell->differs != all)
        snprintf(buffer + at, TRIAGE_CELL - (size_t)at, ", %u differ%s", cell->differs,
                 cell->differs == 1 ? "s" : "");
}

/* Nothing to preempt on one thread. */
void triage_print_sizes(const struct triage_cluster *cluster, char buffer[TRIAGE_SIZES])
{
    int at = snprintf(buffer, TRIAGE_SIZES, "%u operation%s, %u thread%s", cluster->operations,
                      triage_plural(cluster->operations), cluster->threads,
                      triage_plural(cluster->threads));
    if (cluster->threads > 1 || cluster->preemptions)
        snprintf(buffer + at, TRIAGE_SIZES - (size_t)at, ", %u preemption%s", cluster->preemptions,
                 triage_plural(cluster->preemptions));
}

const char *triage_seen(const struct triage *triage, const struct triage_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->count; i++) {
        const struct triage_input *input = &triage->inputs[cluster->inputs[i]];
        if (input->shown_by >= 0 && input->verdict[input->shown_by].seen[0])
            return input->verdict[input->shown_by].seen;
    }
    return "";
}

void triage_print_cause(const struct triage_cluster *cluster, char buffer[TRIAGE_CAUSE])
{
    snprintf(buffer, TRIAGE_CAUSE, "%s%s%s", cluster->signature, cluster->window[0] ? " at " : "",
             cluster->window);
}

bool triage_next_operation(const char *signature, const char **place, char word[32])
{
    const char *at = *place;
    if (!at) /* behind the clause */
        at = signature + strcspn(signature, " ");
    if (*at == '\0' || (at[0] == ' ' && *place))
        return false;
    at++;
    size_t length = strcspn(at, "|> ");
    snprintf(word, 32, "%.*s", (int)(length < 31 ? length : 31), at);
    *place = at + length;
    return length > 0;
}

const char *triage_routine(const char *operation)
{
    static const char *const routines[][2] = {
        {"insert", "IoCsqInsertIrp"},      {"insert-ex", "IoCsqInsertIrpEx"},
        {"remove", "IoCsqRemoveIrp"},      {"remove-next", "IoCsqRemoveNextIrp"},
        {"cancel", "IoCancelIrp"},         {"drain", "IoCsqRemoveNextIrp"},
        {"complete", "IoCompleteRequest"}, {"cancel-lock", "IoAcquireCancelSpinLock"},
    };
    for (unsigned i = 0; i < sizeof routines / sizeof routines[0]; i++)
        if (strcmp(operation, routines[i][0]) == 0)
            return routines[i][1];
    return operation;
}

uint32_t triage_silent(const struct triage *triage)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < triage->input_count; i++)
        count += triage->inputs[i].cluster == TRIAGE_NO_CLUSTER;
    return count;
}
