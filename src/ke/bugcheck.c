/* Bug checks: where Windows would stop, the execution stops. */
#include "thread.h"

#include <stdlib.h>

#define SPIN_LOCK_INIT_FAILURE                                0x00000081
#define DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS 0x000000CE
#define DRIVER_IRQL_NOT_LESS_OR_EQUAL                         0x000000D1

#define NAMED(code) {code, #code}

/* Those of the section on bug checks in the clauses, raised here or by a harness. */
static const struct {
    ULONG code;
    const char *name;
} names[] = {
    NAMED(IRQL_NOT_DISPATCH_LEVEL),
    NAMED(IRQL_NOT_GREATER_OR_EQUAL),
    NAMED(IRQL_NOT_LESS_OR_EQUAL),
    NAMED(SPIN_LOCK_ALREADY_OWNED),
    NAMED(SPIN_LOCK_NOT_OWNED),
    NAMED(INCONSISTENT_IRP),
    NAMED(NO_MORE_IRP_STACK_LOCATIONS),
    NAMED(MULTIPLE_IRP_COMPLETE_REQUESTS),
    NAMED(CANCEL_STATE_IN_COMPLETED_IRP),
    NAMED(SPIN_LOCK_INIT_FAILURE),
    NAMED(DRIVER_VERIFIER_DETECTED_VIOLATION),
    NAMED(IRQL_UNEXPECTED_VALUE),
    NAMED(DRIVER_VERIFIER_IOMANAGER_VIOLATION),
    NAMED(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS),
    NAMED(DRIVER_IRQL_NOT_LESS_OR_EQUAL),
    NAMED(MANUALLY_INITIATED_CRASH),
    NAMED(DRIVER_RETURNED_HOLDING_CANCEL_LOCK),
    NAMED(KERNEL_SECURITY_CHECK_FAILURE),
};

const char *ke_bugcheck_name(ULONG code)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return "UNKNOWN";
}

static void print_and_abort(const struct ke_bugcheck *bugcheck)
{
    unsigned long long p[4];
    for (int i = 0; i < 4; i++)
        p[i] = bugcheck->parameter[i];
    fprintf(stderr, "BUG CHECK 0x%X %s (0x%llX, 0x%llX, 0x%llX, 0x%llX)\n",
            (unsigned)bugcheck->code, ke_bugcheck_name(bugcheck->code), p[0], p[1], p[2], p[3]);
    abort();
}

static ke_bugcheck_handler *handler_now = print_and_abort;

void ke_set_bugcheck_handler(ke_bugcheck_handler *handler)
{
    handler_now = handler ? handler : print_and_abort;
}

VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
                  ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    struct ke_bugcheck bugcheck = {
        BugCheckCode,
        {BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4}};
    handler_now(&bugcheck);
    abort();
}

VOID KeBugCheck(ULONG BugCheckCode)
{
    KeBugCheckEx(BugCheckCode, 0, 0, 0, 0);
}

void ke_violation(enum ke_rule rule, const void *object, ULONG_PTR detail)
{
    KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, rule, KeGetCurrentIrql(), (ULONG_PTR)object,
                 detail);
}
