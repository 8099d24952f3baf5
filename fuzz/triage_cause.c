/* What a finding and its minimal program say of the cause. */
#include "program.h"
#include "triage_internal.h"
#include "triage_report.h"

#include <stdlib.h>
#include <string.h>

/* Operations by their bits, so that a set prints in one order. IoCsqInsertIrpEx is IoCsqInsertIrp
 * with an answer, a drain is one remove-next after the other. */
static unsigned operation_bit(unsigned kind)
{
    if (kind == OP_INSERT_EX)
        kind = OP_INSERT;
    return 1u << (kind == OP_DRAIN ? OP_REMOVE_NEXT : kind);
}

static unsigned operations_of(const struct program *program)
{
    unsigned set = 0;
    for (unsigned o = 0; o < program->operation_count; o++)
        set |= operation_bit(program->operations[o].kind);
    return set;
}

/* The operation of this name; OPERATION_KINDS if there is none. */
static unsigned find_operation(const char *name, size_t length)
{
    unsigned kind = 0;
    while (kind < OPERATION_KINDS && (strlen(operation_name(kind)) != length ||
                                      strncmp(operation_name(kind), name, length) != 0))
        kind++;
    return kind;
}

/* The set of "cancel|insert-ex"; *other is set if there are names of no operation. */
static unsigned operations_named(const char *names, size_t length, bool *other)
{
    unsigned set = 0;
    for (size_t at = 0; at < length;) {
        size_t size = strcspn(names + at, "|> ");
        unsigned kind = find_operation(names + at, size);
        if (kind < OPERATION_KINDS)
            set |= operation_bit(kind);
        else
            *other = true;
        at += size + 1;
    }
    return set;
}

/* The points at which Cancel flag and Cancel routine are handled: which of them a bug's window
 * opens at tells it from others with the same outcome. Elsewhere, at locks and callbacks, many
 * points do the same. */
static bool is_telling(unsigned kind)
{
    static const char *const parts[] = {"swap.", "flag.", "claim.", "call."};
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(sched_kind_label(kind), parts[i], strlen(parts[i])) == 0)
            return true;
    return false;
}

/* Do the operations need both queues? Else minimizing has moved them to one. */
static bool crosses_queues(const struct program *program)
{
    unsigned queues = 0;
    for (unsigned o = 0; o < program->operation_count; o++)
        queues |= 1u << program->operations[o].queue % program->scenario.queues;
    return queues == 3;
}

/* What CsqInsertIrpEx has to answer, where STATUS_SUCCESS would not do: minimizing has tried. */
static const char *answer_needed(const struct program *program)
{
    const char *needed = NULL;
    for (unsigned o = 0; o < program->operation_count; o++)
        if (program->operations[o].kind == OP_INSERT_EX && program->operations[o].answer)
            needed = program->operations[o].answer >= ANSWER_WARNING ? "failing-insert"
                                                                     : "other-success";
    return needed;
}

static size_t list_labels(const struct program *program, const char *labels[SCHED_KINDS])
{
    bool seen[SCHED_KINDS] = {false};
    size_t count = 0;
    for (unsigned p = 0; p < program->preemption_count; p++) {
        unsigned kind = program->preemptions[p].kind;
        if (!seen[kind] && is_telling(kind))
            labels[count++] = sched_kind_label(kind);
        seen[kind] = true;
    }
    return count;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* `told`: the signature tells more than the points would. */
static void print_window(const struct program *program, bool told, char window[TRIAGE_WINDOW])
{
    const char *labels[SCHED_KINDS + 2];
    size_t count = told ? 0 : list_labels(program, labels), length = 0;
    const char *answer = answer_needed(program);
    if (crosses_queues(program))
        labels[count++] = "two-queues";
    if (answer)
        labels[count++] = answer;
    qsort(labels, count, sizeof labels[0], by_name);
    window[0] = '\0';
    for (size_t i = 0; i < count && length < TRIAGE_WINDOW; i++)
        length += (size_t)snprintf(window + length, TRIAGE_WINDOW - length, "%s%s", i ? "+" : "",
                                   labels[i]);
}

/* "insert-ex>remove" with the same operations for its like: a cycle says more than a set. */
static void print_cycle(const char *names, size_t length, char *text, size_t size)
{
    static const char *const plain[OPERATION_KINDS] = {
        [OP_INSERT_EX] = "insert", [OP_DRAIN] = "remove-next"};
    size_t written = 0;
    for (size_t at = 0; at < length && written < size;) {
        size_t word = strcspn(names + at, "> ");
        unsigned kind = find_operation(names + at, word);
        bool replaced = kind < OPERATION_KINDS && plain[kind];
        written += (size_t)snprintf(text + written, size - written, "%s%.*s", at ? ">" : "",
                                    replaced ? 32 : (int)word, replaced ? plain[kind] : names + at);
        at += word + 1;
    }
}

/* Does the signature name those that matter itself? A race is one between two operations, a
 * livelock of those that go round, whatever else it takes for them to come about. */
static bool names_itself(const char *signature)
{
    return strstr(signature, " data-race") || strncmp(signature, "LIVELOCK ", 9) == 0;
}

/* The operations that a cause names; false if the signature names none that could be replaced. */
static bool replace_operations(const char *names, size_t length, const struct program *minimal,
                               char *text, size_t size)
{
    bool other = false;
    unsigned set = operations_named(names, length, &other);
    if (memchr(names, '>', length)) {
        print_cycle(names, length, text, size);
        return true;
    }
    if (!set || (other && !minimal))
        return false;
    operation_print_set(minimal ? operations_of(minimal) : set, text, size);
    return true;
}

/* "CLAUSE op|op" and "CLAUSE op|op FAULT" have their operations replaced; what names none stays as
 * it is. */
void triage_find_cause(struct triage_input *input, const struct program *minimal)
{
    const char *signature = triage_shown(input)->signature;
    const char *names = signature + strcspn(signature, " ");
    char operations[96];
    names += *names == ' ';
    size_t length = strcspn(names, " ");
    bool itself = names_itself(signature);
    if (replace_operations(names, length, itself ? NULL : minimal, operations, sizeof operations))
        snprintf(input->cause, sizeof input->cause, "%.*s%s%s", (int)(names - signature), signature,
                 operations, names + length);
    else
        snprintf(input->cause, sizeof input->cause, "%s", signature);
    input->window[0] = '\0';
    if (minimal)
        print_window(minimal, itself || *triage_fault(signature), input->window);
}
