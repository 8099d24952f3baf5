/* The I/O manager's own bug check, and which rule was broken: private to src/io. */
#ifndef CSQFUZZ_IO_RULES_H
#define CSQFUZZ_IO_RULES_H

#include <wdm.h>

/* Parameter 1 of DRIVER_VERIFIER_IOMANAGER_VIOLATION (DV-1..DV-12). */
enum io_rule {
    IO_RULE_FREE_NO_IRP = 0x01,
    IO_RULE_CALL_NO_IRP = 0x03,
    IO_RULE_CALL_NO_DEVICE = 0x04,
    IO_RULE_DISPATCH_CHANGED_IRQL = 0x05,
    IO_RULE_COMPLETE_STATUS = 0x06,
    IO_RULE_COMPLETE_CANCELABLE = 0x07,
    IO_RULE_COMPLETE_IRQL = 0x0E,
    IO_RULE_CALL_IRQL = 0x10,
    IO_RULE_CALL_CANCELABLE = 0x203,
    IO_RULE_FREE_IN_USE = 0x20A,
    IO_RULE_INITIALIZE_ALLOCATED = 0x20D,
    IO_RULE_DISPATCH_STATUS = 0x224,
    IO_RULE_DISPATCH_UNFINISHED = 0x226,
    IO_RULE_COMPLETION_PENDING = 0x228,
    IO_RULE_PENDING_UNMARKED = 0x23D,
    IO_RULE_MARKED_NOT_PENDING = 0x23E,
    IO_RULE_REUSE_IN_USE = 0x310,
};

/* The other parameters are the rule's; where it is broken says which. */
_Noreturn static inline void io_violation(enum io_rule rule, ULONG_PTR p2, ULONG_PTR p3,
                                          ULONG_PTR p4)
{
    KeBugCheckEx(DRIVER_VERIFIER_IOMANAGER_VIOLATION, rule, p2, p3, p4);
}

#endif
