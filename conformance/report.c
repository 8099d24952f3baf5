#include "report.h"

#include "operation.h"

#include "ke/ke.h"
#include "sched/sched.h"

#include <inttypes.h>

#define LAST_STEPS 24

/* ---- Steps --------------------------------------------------------------------------------- */

/* Which of the meanings that events have for their object and value a kind uses. */
enum meaning { MEANS_NOTHING, MEANS_LOCK, MEANS_QUEUE_IRP, MEANS_IRP };

static enum meaning meaning_of(unsigned kind)
{
    switch (kind) {
    case SCHED_LOCK_WANT:
    case SCHED_LOCK_GOT:
    case SCHED_LOCK_DROP:
    case SCHED_LOCK_FREE:
        return MEANS_LOCK;
    case SCHED_BEGIN:
    case SCHED_ACQUIRE_IN:
    case SCHED_ACQUIRE_OUT:
    case SCHED_RELEASE_IN:
    case SCHED_RELEASE_OUT:
    case SCHED_INSERT_IN:
    case SCHED_INSERT_OUT:
    case SCHED_REMOVE_IN:
    case SCHED_REMOVE_OUT:
    case SCHED_PEEK_IN:
    case SCHED_PEEK_OUT:
    case SCHED_COMPLETE_IN:
    case SCHED_COMPLETE_OUT:
        return MEANS_QUEUE_IRP;
    case SCHED_COMPLETION_IN:
    case SCHED_COMPLETION_OUT:
        return MEANS_IRP;
    default:
        return MEANS_NOTHING;
    }
}

static void print_object(FILE *out, const struct sched_event *event)
{
    unsigned queue = event->object >> 8;
    unsigned irp = event->object & 0xff;
    enum meaning meaning = meaning_of(event->kind);
    if (meaning == MEANS_LOCK)
        fprintf(out, " lock %u", event->object);
    if (meaning == MEANS_QUEUE_IRP && queue)
        fprintf(out, " q%u", queue - 1);
    if ((meaning == MEANS_QUEUE_IRP || meaning == MEANS_IRP) && irp)
        fprintf(out, " irp%u", irp - 1);
}

/* What an operation's routine returned: an event's object, since its value is the kind. */
static void print_result(FILE *out, unsigned kind, uint32_t result)
{
    fprintf(out, " %s", operation_name(kind));
    if (kind == OP_INSERT_EX)
        fprintf(out, ", returned 0x%08X", (unsigned)result);
    else if (kind == OP_CANCEL)
        fprintf(out, ", returned %s", result ? "TRUE" : "FALSE");
    else if ((kind == OP_REMOVE || kind == OP_REMOVE_NEXT) && result)
        fprintf(out, ", returned irp%u", (unsigned)result - 1);
    else if (kind == OP_REMOVE || kind == OP_REMOVE_NEXT)
        fprintf(out, ", returned NULL");
}

static void print_value(FILE *out, const struct sched_event *event)
{
    switch (event->kind) {
    case SCHED_BEGIN:
        fprintf(out, " %s", operation_name((unsigned)event->value));
        break;
    case SCHED_END:
        print_result(out, (unsigned)event->value, event->object);
        break;
    case SCHED_INSERT_IN:
        fprintf(out, event->value ? " CsqInsertIrpEx" : " CsqInsertIrp");
        break;
    case SCHED_INSERT_OUT:
    case SCHED_COMPLETION_IN:
        fprintf(out, " status 0x%08X", (unsigned)event->value);
        break;
    case SCHED_CLAIM_AFTER:
        fprintf(out, event->value ? " took the Cancel routine" : " found no Cancel routine");
        break;
    default:
        break;
    }
}

static void print_operation_number(FILE *out, const struct sched_event *event)
{
    if (event->operation >= SCHED_NO_OPERATION - 1)
        fprintf(out, "   -");
    else
        fprintf(out, "%4u", event->operation);
}

void report_trace(FILE *out, uint64_t from, uint64_t to)
{
    const struct sched_trace *trace = sched_trace();
    if (to > trace->event_count)
        to = trace->event_count;
    if (to > SCHED_TRACE_CAPACITY && from < to - SCHED_TRACE_CAPACITY)
        from = to - SCHED_TRACE_CAPACITY;
    if (from >= to)
        return;
    fprintf(out, "  step  op  thread 0 | 1 | 2 | 3 (4: the epilogue)\n");
    for (uint64_t i = from; i < to; i++) {
        const struct sched_event *event = &trace->events[i % SCHED_TRACE_CAPACITY];
        fprintf(out, "%6llu", (unsigned long long)i + 1);
        print_operation_number(out, event);
        fprintf(out, "  %*s%u: %s", event->thread * 4, "", event->thread,
                sched_kind_label(event->kind));
        print_object(out, event);
        print_value(out, event);
        fputc('\n', out);
    }
}

/* ---- Findings ------------------------------------------------------------------------------ */

static bool same_step(const struct sched_event *a, const struct sched_event *b)
{
    return a->thread == b->thread && a->kind == b->kind && a->operation == b->operation &&
           a->object == b->object;
}

/* The shortest period with which the trace ends three times over, 0 if there is none. */
static unsigned loop_length(const struct sched_trace *trace)
{
    uint64_t end = trace->event_count;
    for (unsigned period = 1; period <= 256 && 3ull * period < SCHED_TRACE_CAPACITY; period++) {
        unsigned i = 0;
        while (i < 2 * period && 3ull * period <= end &&
               same_step(&trace->events[(end - 1 - i) % SCHED_TRACE_CAPACITY],
                         &trace->events[(end - 1 - i - period) % SCHED_TRACE_CAPACITY]))
            i++;
        if (i == 2 * period)
            return period;
    }
    return 0;
}

static void print_last_steps(FILE *out, const struct finding *what)
{
    uint64_t end = sched_trace()->event_count;
    unsigned loop = what->clause == CLAUSE_LIVELOCK ? loop_length(sched_trace()) : 0;
    uint64_t count = loop ? loop : LAST_STEPS;
    fprintf(out, loop ? "The loop:\n" : "The last steps:\n");
    report_trace(out, end > count ? end - count : 0, end);
}

void report_hash(FILE *out)
{
    fprintf(out, "trace hash: %016" PRIx64 "\n", sched_trace()->hash);
}

void report_finding(FILE *out, const struct finding *what, report_describe *describe, void *context)
{
    const struct clause_text *clause = clause_text(what->clause);
    char signature[FINDING_SIGNATURE];
    finding_signature(what, signature, sizeof signature);
    fprintf(out, "SUMMARY: csqfuzz: %s\nASSERTION FAILED: %s\n", signature, signature);
    fprintf(out, "  clause  %s: %s\n", clause->id, clause->sentence);
    fprintf(out, "  source  %s\n", clause->page);
    fprintf(out, "  seen    %s\n", what->message);
    if (what->thread < SCHED_OUTSIDE)
        fprintf(out, "  where   thread %d, step %llu\n", what->thread,
                (unsigned long long)what->step);
    if (what->bugcheck)
        fprintf(out, "  Windows bug check 0x%X %s\n", (unsigned)what->bugcheck,
                ke_bugcheck_name(what->bugcheck));
    if (describe) {
        fprintf(out, "The program:\n");
        describe(out, context);
    }
    print_last_steps(out, what);
    report_hash(out);
}
