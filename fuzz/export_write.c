/* The parts of an exported program that differ from one to the next, and which of the others it
 * needs. */
#include "export.h"
#include "export_text.h"

#include "conformance/ledger.h"

#include <inttypes.h>
#include <string.h>

/* ---- Which parts ---------------------------------------------------------------------------- */

typedef bool test_operation(const struct export_operation *operation);

static bool any(test_operation *test)
{
    for (unsigned o = 0; o < export.program->operation_count; o++)
        if (export.operations[o].performed && test(&export.operations[o]))
            return true;
    for (unsigned i = 0; i < export.epilogue_count; i++)
        if (test(&export.epilogue[i]))
            return true;
    return false;
}

static bool is_insert(const struct export_operation *operation)
{
    return operation->what.kind == OP_INSERT || operation->what.kind == OP_INSERT_EX;
}

static const struct queue_shape *shape_of(const struct export_operation *operation)
{
    return &export.program->scenario.queue[operation->queue];
}

static bool is_remove(const struct export_operation *operation)
{
    return operation->what.kind == OP_REMOVE;
}

static bool is_take(const struct export_operation *operation)
{
    return is_remove(operation) || operation->what.kind == OP_REMOVE_NEXT ||
           operation->what.kind == OP_DRAIN;
}

static bool is_bind(const struct export_operation *operation)
{
    return is_insert(operation) && operation->context >= 0;
}

static bool is_match(const struct export_operation *operation)
{
    return operation->what.match != 0;
}

static bool is_cancel(const struct export_operation *operation)
{
    return operation->what.kind == OP_CANCEL;
}

static bool is_complete(const struct export_operation *operation)
{
    return operation->what.kind == OP_COMPLETE;
}

static bool is_failing(const struct export_operation *operation)
{
    return operation->what.kind == OP_INSERT_EX && shape_of(operation)->ex &&
           (operation->what.answer >= ANSWER_WARNING ||
            shape_of(operation)->store == STORE_LIMITED);
}

static bool is_renewed(const struct export_operation *operation)
{
    return operation->reused;
}

static bool is_new(const struct export_operation *operation)
{
    return operation->renewed;
}

static bool is_recycling(const struct export_operation *operation)
{
    return operation->what.fate == FATE_RECYCLE;
}

static bool is_nested_in_insert(const struct export_operation *operation)
{
    return operation->what.place == PLACE_IN_INSERT;
}

static bool is_nested_in_complete(const struct export_operation *operation)
{
    return operation->what.place == PLACE_IN_COMPLETE;
}

static bool is_nested_in_completion(const struct export_operation *operation)
{
    return operation->what.place == PLACE_IN_COMPLETION;
}

static bool is_nested(const struct export_operation *operation)
{
    return operation->what.place != PLACE_TOP;
}

static bool is_with_context(const struct export_operation *operation)
{
    return is_remove(operation) || is_bind(operation);
}

static bool is_locking_more(const struct export_operation *operation)
{
    return operation->other_lock >= 0;
}

static bool is_disposing(const struct export_operation *operation)
{
    return is_take(operation) || is_complete(operation) || is_failing(operation);
}

/* A word of operations. */
static const struct {
    const char *word;
    test_operation *test;
} operation_words[] = {{"remove", is_remove},
                       {"insert", is_insert},
                       {"new", is_new},
                       {"take", is_take},
                       {"bind", is_bind},
                       {"match", is_match},
                       {"cancel", is_cancel},
                       {"fail", is_failing},
                       {"renewed", is_renewed},
                       {"recycle", is_recycling},
                       {"nested", is_nested},
                       {"in_insert", is_nested_in_insert},
                       {"in_complete", is_nested_in_complete},
                       {"in_completion", is_nested_in_completion},
                       {"contexts", is_with_context},
                       {"dispose", is_disposing},
                       {"more_locks", is_locking_more}};

static bool any_queue(const char *word)
{
    for (unsigned q = 0; q < export.program->scenario.queues; q++) {
        const struct queue_shape *shape = &export.program->scenario.queue[q];
        if ((strcmp(word, program_words_lock[shape->lock]) == 0) ||
            (strcmp(word, program_words_store[shape->store]) == 0) ||
            (strcmp(word, "ex") == 0 && shape->ex) || (strcmp(word, "plain") == 0 && !shape->ex) ||
            (strcmp(word, "eager") == 0 && shape->eager))
            return true;
    }
    return false;
}

static bool is_end(const char *word)
{
    static const char *const words[] = {"clause", "bugcheck", "deadlock", "livelock",
                                        "signal", "asan",     "tsan"};
    return strcmp(word, words[export.end]) == 0;
}

bool export_needs(const char *word)
{
    for (unsigned i = 0; i < sizeof operation_words / sizeof operation_words[0]; i++)
        if (strcmp(word, operation_words[i].word) == 0)
            return any(operation_words[i].test);
    if (strcmp(word, "always") == 0)
        return true;
    if (strcmp(word, "files") == 0)
        return any(is_match) || any_queue("priority");
    if (strcmp(word, "diagram") == 0)
        return export.program->scenario.diagram;
    if (strcmp(word, "epilogue") == 0)
        return export.has_epilogue;
    return is_end(word) || any_queue(word);
}

/* ---- Generated parts ------------------------------------------------------------------------ */

static void put_schedule(FILE *out)
{
    const struct program *list = &export.list;
    fprintf(
        out,
        "/* The schedule: an operation, a kind of point, which of its visits there (from 0), and\n"
        " * the thread to run then. Elsewhere who runs goes on. t%u begins. */\n"
        "static const struct sched_preemption schedule[] = {\n",
        list->schedule.parameter);
    for (unsigned i = 0; i < list->preemption_count; i++) {
        const struct sched_preemption *p = &list->preemptions[i];
        const struct operation *operation = &list->operations[p->operation];
        fprintf(out, "    {%u, %s, %u, %u}, /* t%u %s %s: run t%u */\n", p->operation,
                export_point_symbol(p->kind), p->visit, p->to, operation->thread,
                p->kind == SCHED_BLOCK || p->kind == SCHED_EXIT ? "is" : "stands",
                export_point_words(p->kind, operation->kind), p->to);
    }
    if (list->preemption_count == 0)
        fprintf(out, "    {0, 0, 0, 0}, /* none */\n");
    fprintf(out, "};\n\n");
}

static const char *verdict(void)
{
    static const char *const verdicts[] = {
        [EXPORT_CLAUSE] = "true",
        [EXPORT_BUGCHECK] = "stopped_windows",
        [EXPORT_DEADLOCK] = "ended == SCHED_DEADLOCK",
        [EXPORT_LIVELOCK] = "ended == SCHED_LIVELOCK",
        [EXPORT_SIGNAL] = "false",
        [EXPORT_SANITIZER] = "false",
        [EXPORT_RACE] = "false",
    };
    return verdicts[export.end];
}

static void put_log(FILE *out)
{
    const struct scenario *scenario = &export.program->scenario;
    char signature[FINDING_SIGNATURE];
    unsigned threads = 0;
    finding_signature(&finding, signature, sizeof signature);
    for (unsigned o = 0; o < export.program->operation_count; o++)
        threads |= 1u << export.program->operations[o].thread;
    fprintf(out,
            "/* What the driver sees of it, line by line.%s */\nstatic const char *const "
            "expected[] = {\n",
            export.end == EXPORT_CLAUSE ? " The last line is where the clause breaks." : "");
    for (unsigned i = 0; i < export.line_count; i++)
        fprintf(out, "    \"%s\",\n", export.lines[i]);
    if (export.line_count == 0)
        fprintf(out, "    \"\", /* nothing */\n");
    fprintf(out, "};\n\nenum { LINES = %u, IRPS = %u, QUEUES = %u, OPERATIONS = %u };\n",
            export.line_count, scenario->irps, scenario->queues, export.program->operation_count);
    if (export_needs("contexts"))
        fprintf(out, "enum { CONTEXTS = %u };\n", scenario->contexts);
    fprintf(out, "#define PREEMPTIONS        %uu\n", export.list.preemption_count);
    fprintf(out, "#define THREADS            0x%xu /* a bit each */\n", threads);
    fprintf(out, "#define FIRST_THREAD       %u\n", export.list.schedule.parameter);
    fprintf(out, "#define STEP_LIMIT         %u /* what comes to more goes round for ever */\n",
            (unsigned)harness_step_limit(export.program->operation_count));
    fprintf(out, "#define SIGNATURE          \"%s\"\n", signature);
    fprintf(out, "#define VERDICT            %s\n", verdict());
    if (export.end == EXPORT_BUGCHECK)
        fprintf(out, "#define BUGCHECK           0x%X\n", (unsigned)finding.bugcheck);
    fprintf(out, "#define HASH               0x%016" PRIx64 "u\n\n", export.hash);
}

static void put_objects(FILE *out)
{
    const struct scenario *scenario = &export.program->scenario;
    fprintf(out, "static struct queue *queues[QUEUES];\nstatic struct request irps[IRPS];\n");
    if (export_needs("contexts"))
        fprintf(out, "static struct association contexts[CONTEXTS];\n");
    if (export_needs("files"))
        fprintf(out,
                "static FILE_OBJECT files[2]; /* to tell IRPs apart: even slots, odd slots */\n");
    if (export_needs("eager")) {
        fprintf(out, "static struct owner owners[QUEUES] = {");
        for (unsigned q = 0; q < scenario->queues; q++)
            fprintf(out, "%s{.eager = %s}", q ? ", " : "",
                    scenario->queue[q].eager ? "true" : "false");
        fprintf(out, "};\n");
    }
}

/* ---- The driver's parts --------------------------------------------------------------------- */

/* One body for all queues, or one each. */
static void put_by_queue(FILE *out, void (*put)(FILE *, const struct queue_shape *, const char *),
                         bool same)
{
    const struct scenario *scenario = &export.program->scenario;
    if (scenario->queues == 1 || same) {
        put(out, &scenario->queue[0], "    ");
        return;
    }
    fprintf(out, "    if (queue->number == 0) {\n");
    put(out, &scenario->queue[0], "        ");
    fprintf(out, "    } else {\n");
    put(out, &scenario->queue[1], "        ");
    fprintf(out, "    }\n");
}

static void put_lock(FILE *out, const struct queue_shape *shape, const char *indent)
{
    if (shape->lock == LOCK_SPIN)
        fprintf(out,
                "%sKIRQL irql;\n%sKeAcquireSpinLock(&queue->spin, &irql);\n%squeue->irql = irql;\n",
                indent, indent, indent);
    else if (shape->lock == LOCK_QUEUED)
        fprintf(out,
                "%sKeAcquireInStackQueuedSpinLock(&queue->spin, &queue->handles[sched_self()]);\n",
                indent);
    else
        fprintf(out, "%sExAcquireFastMutex(&queue->mutex);\n", indent);
}

static void put_unlock(FILE *out, const struct queue_shape *shape, const char *indent)
{
    if (shape->lock == LOCK_SPIN)
        fprintf(out, "%sKeReleaseSpinLock(&queue->spin, queue->irql);\n", indent);
    else if (shape->lock == LOCK_QUEUED)
        fprintf(out, "%sKeReleaseInStackQueuedSpinLock(&queue->handles[sched_self()]);\n", indent);
    else
        fprintf(out, "%sExReleaseFastMutex(&queue->mutex);\n", indent);
}

static void put_locks(FILE *out)
{
    const struct queue_shape *queue = export.program->scenario.queue;
    bool same = queue[0].lock == queue[1].lock;
    fprintf(out, "static void lock_queue(struct queue *queue)\n{\n");
    put_by_queue(out, put_lock, same);
    fprintf(out, "}\n\nstatic void unlock_queue(struct queue *queue)\n{\n");
    put_by_queue(out, put_unlock, same);
    fprintf(out, "}\n\n");
}

static void put_store(FILE *out, const struct queue_shape *shape, const char *indent)
{
    if (shape->store == STORE_LIFO)
        fprintf(out, "%sInsertHeadList(&queue->irps, entry);\n", indent);
    else if (shape->store == STORE_PRIORITY)
        fprintf(out, "%sInsertTailList(place_by_priority(queue, irp), entry);\n", indent);
    else
        fprintf(out, "%sInsertTailList(&queue->irps, entry);\n", indent);
}

static void put_storing(FILE *out)
{
    const struct queue_shape *queue = export.program->scenario.queue;
    put_by_queue(out, put_store, queue[0].store == queue[1].store);
}

/* The locks that this driver's insert callback took besides. */
static void put_more_locks(FILE *out)
{
    for (unsigned o = 0; o < export.program->operation_count; o++)
        if (export.operations[o].performed && export.operations[o].other_lock >= 0)
            fprintf(out,
                    "    if (this_call()->operation == %u) {\n"
                    "        lock_queue(queues[%d]);\n        unlock_queue(queues[%d]);\n    }\n",
                    o, export.operations[o].other_lock, export.operations[o].other_lock);
}

static void put_initialize(FILE *out)
{
    const struct scenario *scenario = &export.program->scenario;
    for (unsigned q = 0; q < scenario->queues; q++) {
        bool ex = scenario->queue[q].ex;
        if (scenario->queues == 2 && scenario->queue[0].ex != scenario->queue[1].ex)
            fprintf(out, "    if (number == %u)\n    ", q);
        else if (q == 1)
            break;
        fprintf(out,
                "    IoCsqInitialize%s(&queue->csq, csq_insert%s, csq_remove, csq_peek, "
                "csq_acquire_lock,\n                      csq_release_lock, csq_complete);\n",
                ex ? "Ex" : "", ex ? "_ex" : "");
    }
}

/* ---- Putting it together -------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*put)(FILE *out);
} inserts[] = {{"schedule", put_schedule},    {"log", put_log},
               {"objects", put_objects},      {"locks", put_locks},
               {"storing", put_storing},      {"more_locks", put_more_locks},
               {"calls", export_calls},       {"threads", export_threads},
               {"initialize", put_initialize}};

bool export_insert(const char *name, FILE *out)
{
    for (unsigned i = 0; i < sizeof inserts / sizeof inserts[0]; i++)
        if (strcmp(name, inserts[i].name) == 0) {
            inserts[i].put(out);
            return true;
        }
    return false;
}
