#include "operation.h"

const char *operation_name(unsigned kind)
{
    static const char *const names[OPERATION_KINDS] = {
        [OP_INSERT] = "insert",           [OP_INSERT_EX] = "insert-ex",     [OP_REMOVE] = "remove",
        [OP_REMOVE_NEXT] = "remove-next", [OP_CANCEL] = "cancel",           [OP_DRAIN] = "drain",
        [OP_COMPLETE] = "complete",       [OP_CANCEL_LOCK] = "cancel-lock",
    };
    return kind < OPERATION_KINDS ? names[kind] : "?";
}
