/* Events in letters. */
#include "sequential_internal.h"

#include <stdio.h>
#include <string.h>

static void append(char *text, size_t size, const char *more)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

static const char *irp_name(int irp)
{
    static const char *const names[SCENARIO_IRPS] = {"irp0", "irp1", "irp2", "irp3"};
    if (irp == SEQUENTIAL_NONE)
        return "NULL";
    return irp < 0 || irp >= SCENARIO_IRPS ? "an unknown IRP" : names[irp];
}

static void print_return(char *text, size_t size, const struct sequential_call *call,
                         const struct sequential_event *event)
{
    char value[32] = "ret";
    if (call->kind == OP_INSERT_EX)
        snprintf(value, sizeof value, "ret(0x%08X)", (unsigned)event->status);
    else if (call->kind == OP_CANCEL)
        snprintf(value, sizeof value, "ret(%s)", event->status ? "TRUE" : "FALSE");
    else if (call->kind != OP_INSERT)
        snprintf(value, sizeof value, "ret(%s)", irp_name(event->irp));
    append(text, size, value);
}

void sequential_print(char *text, size_t size, const struct sequential_call *call,
                      const struct sequential_event *event)
{
    static const char *const letters[] = {"A", "I", "Ix", "Rm", "Pk", "L", "C", "ret"};
    bool takes_irp = event->kind >= SEQUENTIAL_I && event->kind <= SEQUENTIAL_PK;
    bool own = event->irp == call->irp && event->kind != SEQUENTIAL_PK;
    if (text[0])
        append(text, size, " ");
    if (event->kind == SEQUENTIAL_RET) {
        print_return(text, size, call, event);
        return;
    }
    append(text, size, letters[event->kind]);
    if (own || !(takes_irp || event->kind == SEQUENTIAL_C))
        return;
    append(text, size, "(");
    append(text, size, irp_name(event->irp));
    append(text, size, ")");
}

void sequential_print_rest(char *text, size_t size, const struct sequential_state *state,
                           const struct sequential_call *call)
{
    struct sequential_state later = *state;
    struct sequential_call rest = *call;
    while (rest.step != SEQUENTIAL_OVER) {
        struct sequential_event event = sequential_next(&rest);
        sequential_print(text, size, &rest, &event);
        sequential_choose(&later, &rest, event.kind);
        sequential_take(&later, &rest);
        if (sequential_is_asking(&rest))
            sequential_answered(&later, &rest, sequential_answer(&later, &rest));
    }
}

void sequential_print_trace(char *text, const struct sequential_frame *frame,
                            const struct sequential_event *last)
{
    text[0] = '\0';
    for (unsigned i = 0; i < frame->count; i++)
        sequential_print(text, SEQUENTIAL_TRACE, &frame->call, &frame->seen[i]);
    if (last)
        sequential_print(text, SEQUENTIAL_TRACE, &frame->call, last);
}
