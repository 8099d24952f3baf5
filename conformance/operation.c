#include "operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *operation_name(unsigned kind)
{
    static const char *const names[OPERATION_KINDS] = {
        [OP_INSERT] = "insert",           [OP_INSERT_EX] = "insert-ex",     [OP_REMOVE] = "remove",
        [OP_REMOVE_NEXT] = "remove-next", [OP_CANCEL] = "cancel",           [OP_DRAIN] = "drain",
        [OP_COMPLETE] = "complete",       [OP_CANCEL_LOCK] = "cancel-lock",
    };
    return kind < OPERATION_KINDS ? names[kind] : "?";
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void operation_print_set(unsigned set, char *buffer, size_t size)
{
    const char *names[OPERATION_KINDS];
    size_t count = 0, length = 0;
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
        if (set & 1u << kind)
            names[count++] = operation_name(kind);
    qsort(names, count, sizeof names[0], by_name);
    buffer[0] = '\0';
    for (size_t i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(buffer + length, size - length, "%s%s", i ? "|" : "", names[i]);
}
