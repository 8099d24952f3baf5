#include "outcome.h"

#include "conformance/finding.h"
#include "format_writer.h"

#include <wdm.h>

#include <stdio.h>
#include <string.h>

/* ---- Words --------------------------------------------------------------------------------- */

struct result_word {
    const char *word;
    uint64_t result;
};

static const struct result_word cancel_words[] = {{"true", TRUE}, {"false", FALSE}, {NULL, 0}};
static const struct result_word removal_words[] = {{"null", 0}, {"irp0", 1}, {"irp1", 2},
                                                   {"irp2", 3}, {"irp3", 4}, {NULL, 0}};
static const struct result_word insert_words[] = {
    {"success", (uint32_t)STATUS_SUCCESS},
    {"pending", (uint32_t)STATUS_PENDING},
    {"information", (uint32_t)STATUS_OBJECT_NAME_EXISTS},
    {"warning", (uint32_t)STATUS_BUFFER_OVERFLOW},
    {"error", (uint32_t)STATUS_UNSUCCESSFUL},
    {"full", (uint32_t)STATUS_INSUFFICIENT_RESOURCES},
    {NULL, 0}};

/* What a drain returns last is always NULL, so it does not count. */
static const struct result_word *words_of(unsigned kind)
{
    static const struct result_word none[] = {{NULL, 0}};
    switch (kind) {
    case OP_CANCEL:
        return cancel_words;
    case OP_REMOVE:
    case OP_REMOVE_NEXT:
        return removal_words;
    case OP_INSERT_EX:
        return insert_words;
    default:
        return none;
    }
}

const char *outcome_word(unsigned operation_kind, uint64_t result)
{
    for (const struct result_word *w = words_of(operation_kind); w->word; w++)
        if (w->result == result)
            return w->word;
    return NULL;
}

bool outcome_result(unsigned operation_kind, const char *word, size_t length, uint64_t *result)
{
    for (const struct result_word *w = words_of(operation_kind); w->word; w++)
        if (strlen(w->word) == length && memcmp(w->word, word, length) == 0) {
            *result = w->result;
            return true;
        }
    return false;
}

const char *outcome_words(unsigned operation_kind)
{
    static char list[80];
    list[0] = '\0';
    for (const struct result_word *w = words_of(operation_kind); w->word; w++) {
        if (list[0])
            strcat(list, ", ");
        strcat(list, w->word);
    }
    return list;
}

/* ---- Reading the trace --------------------------------------------------------------------- */

/* What has to be known of each IRP while the trace is read. */
struct tracking {
    unsigned life[SCENARIO_IRPS];          /* how often its sender has had it back */
    bool flag[SCENARIO_IRPS];              /* Cancel, of the present life */
    int canceled_slot[OUTCOME_OPERATIONS]; /* what a cancel works on */
    unsigned canceled_life[OUTCOME_OPERATIONS];
};

static bool is_removal(const struct operation *operation)
{
    return operation->kind == OP_REMOVE || operation->kind == OP_REMOVE_NEXT ||
           operation->kind == OP_DRAIN;
}

/* The epilogue clears up; what it finds is where things were in the end. */
static void read_epilogue(struct outcome *outcome, const struct tracking *track,
                          const struct sched_event *event)
{
    int slot = (int)(event->object & 0xff) - 1;
    if (slot < 0)
        return;
    struct outcome_irp *irp = &outcome->irps[slot];
    if (event->kind == SCHED_REMOVE_IN)
        irp->queued = true;
    else if (event->kind == SCHED_BEGIN && event->value == OP_COMPLETE)
        irp->held = true;
    else if (event->kind == SCHED_COMPLETION_IN)
        irp->flagged = (uint8_t)(irp->flagged + track->flag[slot]);
}

static void read_callback(const struct program *program, struct outcome *outcome,
                          const struct sched_event *event)
{
    struct outcome_irp *irp = &outcome->irps[((event->object & 0xff) - 1) % SCENARIO_IRPS];
    uint64_t bit = 1ull << event->operation;
    switch (event->kind) {
    case SCHED_INSERT_IN:
        irp->inserts++;
        break;
    case SCHED_REMOVE_IN:
        irp->removes++;
        if (is_removal(&program->operations[event->operation]))
            irp->removed_by |= bit;
        break;
    default:
        irp->completes++;
        irp->canceled_by |= bit;
    }
}

/* Only a cancel that began in this life of the IRP can have set its flag. */
static void read_cancel(struct outcome *outcome, struct tracking *track,
                        const struct sched_event *event)
{
    int slot = (int)(event->object & 0xff) - 1;
    if (event->kind == SCHED_BEGIN) {
        track->canceled_slot[event->operation] = slot;
        track->canceled_life[event->operation] = track->life[slot];
    } else if (event->kind == SCHED_FLAG_AFTER) {
        slot = track->canceled_slot[event->operation];
        track->flag[slot] |= track->canceled_life[event->operation] == track->life[slot];
    } else {
        outcome->irps[slot].returns++;
        outcome->irps[slot].flagged = (uint8_t)(outcome->irps[slot].flagged + track->flag[slot]);
        track->flag[slot] = false;
        track->life[slot]++;
    }
}

static void read_event(const struct program *program, struct outcome *outcome,
                       struct tracking *track, const struct sched_event *event)
{
    if (event->thread == SCHED_EPILOGUE) {
        read_epilogue(outcome, track, event);
        return;
    }
    if (event->operation >= program->operation_count)
        return;
    switch (event->kind) {
    case SCHED_INSERT_IN:
    case SCHED_REMOVE_IN:
    case SCHED_COMPLETE_IN:
        read_callback(program, outcome, event);
        break;
    case SCHED_BEGIN:
        if (event->value != OP_CANCEL)
            break;
        read_cancel(outcome, track, event);
        break;
    case SCHED_FLAG_AFTER:
    case SCHED_COMPLETION_IN:
        read_cancel(outcome, track, event);
        break;
    case SCHED_END:
        outcome->results[event->operation] = event->object;
        break;
    default:;
    }
}

void outcome_read(const struct program *program, struct outcome *outcome)
{
    static struct tracking track;
    const struct sched_trace *trace = sched_trace();
    memset(outcome, 0, sizeof *outcome);
    if (finding.present) {
        finding_signature(&finding, outcome->violation, sizeof outcome->violation);
        return;
    }
    memset(&track, 0, sizeof track);
    for (unsigned o = 0; o < program->operation_count; o++)
        outcome->results[o] = OUTCOME_SKIPPED;
    for (uint64_t i = 0; i < sched_trace_kept(trace); i++)
        read_event(program, outcome, &track, &trace->events[i]);
}

/* ---- Names --------------------------------------------------------------------------------- */

struct outcome_name outcome_operation(const struct program *program, unsigned operation)
{
    struct outcome_name name;
    unsigned number = 0;
    unsigned thread = program->operations[operation].thread;
    for (unsigned o = 0; o < operation; o++)
        number += program->operations[o].thread == thread;
    snprintf(name.text, sizeof name.text, "t%u.%u", thread, number);
    return name;
}

unsigned outcome_find_operation(const struct program *program, unsigned thread, unsigned number)
{
    unsigned o = 0;
    for (; o < program->operation_count; o++)
        if (program->operations[o].thread == thread && number-- == 0)
            break;
    return o;
}

/* ---- Printing ------------------------------------------------------------------------------ */

/* Inserts and drains return nothing: only that they were skipped is worth a word. */
static void put_result(struct writer *writer, const struct program *program, unsigned o,
                       uint64_t result)
{
    unsigned kind = program->operations[o].kind;
    const char *word = result == OUTCOME_SKIPPED ? "skipped" : outcome_word(kind, result);
    if (!word && words_of(kind)->word == NULL)
        return;
    writer_put(writer, "%s=", outcome_operation(program, o).text);
    if (word)
        writer_put(writer, "%s ", word);
    else
        writer_put(writer, "0x%08X ", (unsigned)result);
}

static void put_set(struct writer *writer, const struct program *program, const char *what,
                    uint64_t operations)
{
    const char *between = what;
    for (unsigned o = 0; o < program->operation_count; o++)
        if (operations >> o & 1) {
            writer_put(writer, "%s%s", between, outcome_operation(program, o).text);
            between = " and ";
        }
}

static void put_callbacks(struct writer *writer, const struct outcome_irp *irp)
{
    const struct {
        const char *letters;
        unsigned count;
    } callbacks[] = {{"I", irp->inserts}, {"Rm", irp->removes}, {"C", irp->completes}};
    const char *between = " (";
    for (unsigned i = 0; i < 3; i++) {
        if (callbacks[i].count == 0)
            continue;
        writer_put(writer, "%s%s", between, callbacks[i].letters);
        if (callbacks[i].count > 1)
            writer_put(writer, "%u", callbacks[i].count);
        between = " ";
    }
    if (irp->inserts || irp->removes || irp->completes)
        writer_put(writer, ")");
}

static void put_irp(struct writer *writer, const struct program *program, unsigned slot,
                    const struct outcome_irp *irp)
{
    static const struct outcome_irp untouched;
    if (memcmp(irp, &untouched, sizeof untouched) == 0)
        return;
    writer_put(writer, "; irp%u", slot);
    put_set(writer, program, " removed by ", irp->removed_by);
    put_set(writer, program, irp->removed_by ? ", canceled by " : " canceled by ",
            irp->canceled_by);
    writer_put(writer, "%s%s", irp->queued ? " queued" : "", irp->held ? " held" : "");
    put_callbacks(writer, irp);
    if (irp->returns > 1)
        writer_put(writer, " returned %u times", irp->returns);
    if (irp->flagged)
        writer_put(writer, irp->flagged > 1 ? " flagged %u times" : " flagged", irp->flagged);
}

void outcome_print(const struct program *program, const struct outcome *outcome, char *buffer,
                   size_t size)
{
    struct writer w = {buffer, buffer + size};
    buffer[0] = '\0';
    if (outcome->violation[0]) {
        writer_put(&w, "violation %s", outcome->violation);
        return;
    }
    for (unsigned o = 0; o < program->operation_count; o++)
        put_result(&w, program, o, outcome->results[o]);
    if (w.at > buffer)
        *--w.at = '\0'; /* the blank after the last result */
    for (unsigned i = 0; i < SCENARIO_IRPS; i++)
        put_irp(&w, program, i, &outcome->irps[i]);
    if (buffer[0] == ';')
        memmove(buffer, buffer + 2, strlen(buffer) - 1);
}
