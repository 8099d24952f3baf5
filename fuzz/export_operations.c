/* The operations as C: straight on, a function a thread, and one a nested operation. */
#include "export.h"

#include "conformance/ledger.h"

#include <string.h>

static const char *const kinds[OPERATION_KINDS] = {
    "INSERT", "INSERT_EX", "REMOVE", "REMOVE_NEXT", "CANCEL", "DRAIN", "COMPLETE", "CANCEL_LOCK",
};

static const char *const fates[OPERATION_FATES] = {"FREE", "REUSE", "KEEP"};

static bool is_insert(const struct export_operation *operation)
{
    return operation->what.kind == OP_INSERT || operation->what.kind == OP_INSERT_EX;
}

static bool is_removal(const struct export_operation *operation)
{
    return operation->what.kind == OP_REMOVE || operation->what.kind == OP_REMOVE_NEXT ||
           operation->what.kind == OP_DRAIN;
}

/* ---- What comes before and after the call --------------------------------------------------- */

/* With a mutex queue in play nothing runs above APC_LEVEL. */
static unsigned irql_of(const struct export_operation *operation)
{
    unsigned irql = operation->what.place == PLACE_TOP ? operation->what.irql : 0;
    for (unsigned q = 0; q < export.program->scenario.queues; q++)
        if (export.program->scenario.queue[q].lock == LOCK_MUTEX && irql > 1)
            irql = 1;
    return irql;
}

/* What a routine is given to tell IRPs apart, or to hand to the insert callback. */
static void put_argument(FILE *out, const struct export_operation *operation, unsigned index)
{
    if (operation->what.kind == OP_INSERT_EX)
        fprintf(out, "(PVOID)0x%x", 0x1000u + index);
    else if (operation->what.match)
        fprintf(out, "&files[%u]", operation->what.match - 1u);
    else
        fprintf(out, "NULL");
}

static void put_call(FILE *out, const struct export_operation *operation, unsigned index)
{
    fprintf(out,
            "        struct call call = {.operation = %u, .kind = %s, .queue = %d, .irp = %d,\n",
            index, kinds[operation->what.kind],
            is_insert(operation) || is_removal(operation) ? operation->queue : -1,
            is_removal(operation) ? -1 : operation->slot);
    fprintf(out, "                            .context = %d, .then = %s", operation->context,
            fates[operation->what.fate]);
    bool ex = operation->what.kind == OP_INSERT_EX && export_needs("ex");
    if (ex || operation->what.match) {
        fprintf(out, ", .argument = ");
        put_argument(out, operation, index);
    }
    if (ex) {
        static const char *const answers[OPERATION_ANSWERS] = {
            "STATUS_SUCCESS", "STATUS_PENDING", "STATUS_OBJECT_NAME_EXISTS",
            "STATUS_BUFFER_OVERFLOW", "STATUS_UNSUCCESSFUL"};
        fprintf(out, ",\n                            .answer = %s",
                answers[operation->what.answer]);
    }
    fprintf(out, "};\n        begin(&call);\n");
}

static void put_begin(FILE *out, const struct export_operation *operation)
{
    unsigned irql = irql_of(operation);
    if (irql)
        fprintf(out, "        KIRQL irql;\n        KeRaiseIrql(%s, &irql);\n",
                irql == 1 ? "APC_LEVEL" : "DISPATCH_LEVEL");
    if (export_needs("eager") && (is_insert(operation) || is_removal(operation)))
        fprintf(out, "        enter_queue(&call, %u);\n", operation->queue);
    if (is_insert(operation) && operation->context >= 0)
        fprintf(out, "        bind(%d, %u, %u, %s);\n", operation->context, operation->slot,
                operation->queue, operation->what.keep ? "true" : "false");
    if (operation->renewed)
        fprintf(out, "        new_irp(%u, %s);\n", operation->slot,
                operation->reused ? "true" : "false");
    if (operation->renewed && operation->what.kind == OP_CANCEL) /* not sent yet */
        fprintf(out, "        annotate_release(&irps[%u].handed);\n", operation->slot);
    if (operation->what.kind == OP_CANCEL)
        fprintf(out, "        PIRP irp = get_irp(&call);\n");
    else if (operation->what.kind == OP_REMOVE)
        fprintf(out, "        PIO_CSQ_IRP_CONTEXT context = get_context(%d);\n",
                operation->context);
    else if (!operation->renewed && (is_insert(operation) || operation->what.kind == OP_COMPLETE))
        fprintf(out, "        annotate_acquire(&irps[%u].handed);\n", operation->slot);
}

static void put_point(FILE *out, const struct export_operation *operation)
{
    unsigned object = is_removal(operation)                    ? 0x100 * (operation->queue + 1u)
                      : operation->what.kind == OP_CANCEL_LOCK ? 0
                                                               : operation->slot + 1u;
    fprintf(out, "        sched_point(SCHED_BEGIN, 0x%x, %s);\n", object,
            kinds[operation->what.kind]);
}

/* ---- The calls ------------------------------------------------------------------------------ */

static void put_insertion(FILE *out, const struct export_operation *operation)
{
    unsigned slot = operation->slot;
    if (!operation->direct) {
        fprintf(out, "        IoCallDriver(&device, irps[%u].irp); /* to call_insert() */\n", slot);
    } else if (export_needs("fail")) {
        fprintf(out, "        NTSTATUS status = insert(irps[%u].irp);\n", slot);
        fprintf(out, "        if (!NT_SUCCESS(status))\n");
        fprintf(out, "            after_failed_insert(irps[%u].irp, status, false);\n", slot);
    } else {
        fprintf(out, "        insert(irps[%u].irp); /* to call_insert() */\n", slot);
    }
}

static void put_removal(FILE *out, const struct export_operation *operation, unsigned index)
{
    unsigned queue = operation->queue;
    fprintf(out,
            "        note(\"calls IoCsqRemoveIrp(q%u, ctx%d), IRQL %%u\", KeGetCurrentIrql());\n",
            queue, operation->context);
    fprintf(out, "        PIRP irp = IoCsqRemoveIrp(&queues[%u]->csq, context);\n", queue);
    fprintf(out, "        note_removed(&call, \"IoCsqRemoveIrp\", irp);\n");
    fprintf(out, "        put_context(%d);\n        take(irp);\n", operation->context);
    (void)index;
}

static void put_next_removal(FILE *out, const struct export_operation *operation, unsigned index)
{
    static const char *const matches[] = {"any", "even", "odd"};
    bool drains = operation->what.kind == OP_DRAIN;
    const char *indent = drains ? "            " : "        ";
    if (drains)
        fprintf(out, "        PIRP irp;\n        do {\n");
    fprintf(out, "%snote(\"calls IoCsqRemoveNextIrp(q%u, %s), IRQL %%u\", KeGetCurrentIrql());\n",
            indent, operation->queue, matches[operation->what.match]);
    fprintf(out, "%s%sirp = IoCsqRemoveNextIrp(&queues[%u]->csq, ", indent, drains ? "" : "PIRP ",
            operation->queue);
    put_argument(out, operation, index);
    fprintf(out, ");\n%snote_removed(&call, \"IoCsqRemoveNextIrp\", irp);\n%stake(irp);\n", indent,
            indent);
    if (drains)
        fprintf(out, "        } while (irp);\n");
}

static void put_cancel(FILE *out, const struct export_operation *operation)
{
    fprintf(out,
            "        note(\"calls IoCancelIrp(%%s), IRQL %%u\", about(irp), KeGetCurrentIrql());\n"
            "        call.result = IoCancelIrp(irp);\n"
            "        note(\"IoCancelIrp returns %%s, %%s, IRQL %%u%%s\", call.result ? \"TRUE\" : "
            "\"FALSE\",\n"
            "             about(irps[%u].irp), KeGetCurrentIrql(), held());\n"
            "        drop_irp(&call);\n",
            operation->slot);
}

static void put_routine(FILE *out, const struct export_operation *operation, unsigned index)
{
    if (is_insert(operation)) {
        put_insertion(out, operation);
    } else if (operation->what.kind == OP_REMOVE) {
        put_removal(out, operation, index);
    } else if (is_removal(operation)) {
        put_next_removal(out, operation, index);
    } else if (operation->what.kind == OP_CANCEL) {
        put_cancel(out, operation);
    } else if (operation->what.kind == OP_COMPLETE) {
        fprintf(out, "        dispose(%u, %s, STATUS_SUCCESS);\n", operation->slot,
                fates[operation->what.fate == FATE_HOLD ? FATE_FREE : operation->what.fate]);
    } else {
        fprintf(out, "        KIRQL old;\n        IoAcquireCancelSpinLock(&old);\n"
                     "        IoReleaseCancelSpinLock(old);\n");
    }
}

static void put_operation(FILE *out, const struct export_operation *operation, unsigned index)
{
    char words[64];
    export_call_words(operation, words, sizeof words);
    fprintf(out, "    { /* %s */\n", words);
    put_call(out, operation, index);
    put_begin(out, operation);
    /* The reference comes before the point, as everything that is the caller's side. */
    put_point(out, operation);
    put_routine(out, operation, index);
    if (irql_of(operation))
        fprintf(out, "        KeLowerIrql(irql);\n");
    fprintf(out, "        end(&call);\n    }\n");
}

/* ---- Functions ------------------------------------------------------------------------------ */

static bool is_nested(const struct export_operation *operation)
{
    return operation->performed && operation->what.place != PLACE_TOP;
}

static void put_nested(FILE *out)
{
    static const char *const places[OPERATION_PLACES] = {"", "IN_INSERT", "IN_COMPLETE",
                                                         "IN_COMPLETION"};
    unsigned count = export.program->operation_count;
    for (unsigned o = 0; o < count; o++) {
        if (!is_nested(&export.operations[o]))
            continue;
        fprintf(out, "HARNESS static void nested_%u(void)\n{\n", o);
        put_operation(out, &export.operations[o], o);
        fprintf(out, "}\n\n");
    }
    fprintf(out, "/* A callback is where operations nest: each once. */\n"
                 "HARNESS static void nested(enum place place)\n{\n"
                 "    static bool done[OPERATIONS];\n"
                 "    struct call *call = this_call();\n");
    for (unsigned o = 0; o < count; o++)
        if (is_nested(&export.operations[o]))
            fprintf(out,
                    "    if (!done[%u] && call && call->operation == %u && place == %s) {\n"
                    "        done[%u] = true;\n        nested_%u();\n    }\n",
                    o, export.operations[o].parent, places[export.operations[o].what.place], o, o);
    fprintf(out, "}\n\n");
}

static bool put_thread(FILE *out, unsigned thread)
{
    unsigned last = SCHED_NO_OPERATION;
    bool present = false;
    for (unsigned o = 0; o < export.program->operation_count; o++)
        present |= export.operations[o].what.thread == thread;
    if (!present)
        return false;
    fprintf(out, "HARNESS static void thread_%u(void)\n{\n", thread);
    for (unsigned o = 0; o < export.program->operation_count; o++) {
        const struct export_operation *operation = &export.operations[o];
        if (operation->what.thread != thread || !operation->performed ||
            operation->what.place != PLACE_TOP)
            continue;
        put_operation(out, operation, o);
        last = o;
    }
    if (export.last_of[thread] != SCHED_NO_OPERATION && export.last_of[thread] != last)
        fprintf(out, "    sched_set_operation(%u); /* which was skipped */\n",
                export.last_of[thread]);
    fprintf(out, "}\n\n");
    return true;
}

static void put_epilogue(FILE *out)
{
    int slot;
    fprintf(out, "/* When all threads have ended: the queues are emptied. */\n"
                 "HARNESS static void clean_up(void *argument, unsigned thread)\n{\n"
                 "    (void)argument, (void)thread;\n");
    for (unsigned i = 0; i < export.epilogue_count; i++)
        put_operation(out, &export.epilogue[i], SCHED_NO_OPERATION - 1);
    if (finding.clause == CLAUSE_LEAK && sscanf(finding.message, "irp%d", &slot) == 1)
        fprintf(out, "    if (irps[%d].live)\n        note(\"irp%d was never given back\");\n",
                slot, slot);
    fprintf(out, "}\n\n");
}

void export_threads(FILE *out)
{
    unsigned threads = 0;
    if (export_needs("nested"))
        put_nested(out);
    for (unsigned t = 0; t < SCHED_PROGRAM_THREADS; t++)
        threads |= (unsigned)put_thread(out, t) << t;
    fprintf(out, "HARNESS static void run_thread(void *argument, unsigned thread)\n{\n"
                 "    static void (*const threads[])(void) = {");
    for (unsigned t = 0; threads >> t; t++)
        if (threads >> t & 1)
            fprintf(out, "%s[%u] = thread_%u", (threads & ((1u << t) - 1)) ? ", " : "", t, t);
    fprintf(out, "};\n    (void)argument;\n    threads[thread]();\n}\n\n");
    if (export.has_epilogue)
        put_epilogue(out);
}

void export_calls(FILE *out)
{
    fprintf(out, "/* What the driver calls to queue an IRP: each operation once. */\n"
                 "HARNESS static NTSTATUS call_insert(unsigned operation, PIRP irp)\n{\n"
                 "    switch (operation) {\n");
    for (unsigned o = 0; o < export.program->operation_count; o++) {
        const struct export_operation *operation = &export.operations[o];
        char context[32] = "NULL";
        if (!operation->performed || !is_insert(operation))
            continue;
        if (operation->context >= 0)
            snprintf(context, sizeof context, "contexts[%d].context", operation->context);
        fprintf(out, "    case %u:\n", o);
        if (operation->what.kind == OP_INSERT) {
            fprintf(out, "        IoCsqInsertIrp(&queues[%u]->csq, irp, %s);\n", operation->queue,
                    context);
            fprintf(out, "        return STATUS_SUCCESS;\n");
            continue;
        }
        fprintf(out, "        return IoCsqInsertIrpEx(&queues[%u]->csq, irp, %s, ",
                operation->queue, context);
        put_argument(out, operation, o);
        fprintf(out, ");\n");
    }
    fprintf(out,
            "    default:\n        (void)irp;\n        return STATUS_UNSUCCESSFUL;\n    }\n}\n\n");
}
