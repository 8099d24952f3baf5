/*
 * Stopping: bug checks, assertions, and the debugger's print.
 *
 * Where Windows would stop with a blue screen, the substrate raises the bug check Windows
 * documents, with its number and parameters; the harness turns it into a report.
 */
#ifndef CSQFUZZ_WDM_BUGCHECK_H
#define CSQFUZZ_WDM_BUGCHECK_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Codes that the substrate raises (semantics: section 17) ------------------------------- */

#define IRQL_NOT_DISPATCH_LEVEL             0x00000008 /* BUG-6 */
#define IRQL_NOT_GREATER_OR_EQUAL           0x00000009 /* BUG-6 */
#define IRQL_NOT_LESS_OR_EQUAL              0x0000000A /* BUG-7: p2 IRQL */
#define SPIN_LOCK_ALREADY_OWNED             0x0000000F /* BUG-4: recursive acquisition */
#define SPIN_LOCK_NOT_OWNED                 0x00000010 /* BUG-5 */
#define NO_MORE_IRP_STACK_LOCATIONS         0x00000035 /* BUG-9: p1 IRP */
#define MULTIPLE_IRP_COMPLETE_REQUESTS      0x00000044 /* BUG-1: p1 IRP */
#define CANCEL_STATE_IN_COMPLETED_IRP       0x00000048 /* BUG-2: p1 IRP, p2 routine */
#define DRIVER_VERIFIER_DETECTED_VIOLATION  0x000000C4 /* DV-13, DV-14: p1 which rule */
#define IRQL_UNEXPECTED_VALUE               0x000000C8 /* BUG-8 */
#define DRIVER_VERIFIER_IOMANAGER_VIOLATION 0x000000C9 /* DV-1..DV-12: p1 which rule */
#define MANUALLY_INITIATED_CRASH            0x000000E2 /* an ASSERT that failed */
#define DRIVER_RETURNED_HOLDING_CANCEL_LOCK 0x0000011B /* BUG-3: p1 IRP, p2 routine */
#define KERNEL_SECURITY_CHECK_FAILURE       0x00000139 /* BUG-11: p1 = 3, list corruption */

/* ---- Raising one --------------------------------------------------------------------------- */

/*
 * Stop the system, here: the execution. Never returns and keeps every lock held. Any IRQL.
 * The meaning of the parameters is the code's. (wdm.h, KeBugCheckEx)
 */
DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                                    ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                                    ULONG_PTR BugCheckParameter4);

/* KeBugCheckEx with four zeroes. Never returns. Any IRQL. (ntddk.h, KeBugCheck) */
DECLSPEC_NORETURN VOID KeBugCheck(ULONG BugCheckCode);

/* ---- Assertions ---------------------------------------------------------------------------- */

/*
 * What a failed ASSERT calls: raises MANUALLY_INITIATED_CRASH with the four arguments as its
 * parameters. Any IRQL. FailedAssertion and FileName are C strings; Message may be NULL.
 */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PCHAR Message);

/* Statements. With DBG 0 the expression is not evaluated, except by NT_VERIFY. */
#if DBG
#define ASSERTMSG(message, expression)                                                             \
    ((expression) ? (void)0                                                                        \
                  : RtlAssert((PVOID) #expression, (PVOID)__FILE__, __LINE__, (PCHAR)(message)))
#define NT_VERIFY(expression) ASSERTMSG(NULL, expression)
#else
#define ASSERTMSG(message, expression) ((void)0)
#define NT_VERIFY(expression)          ((void)(expression))
#endif
#define ASSERT(expression)                ASSERTMSG(NULL, expression)
#define NT_ASSERT(expression)             ASSERTMSG(NULL, expression)
#define NT_ASSERTMSG(message, expression) ASSERTMSG(message, expression)

/* ---- The debugger's print ------------------------------------------------------------------ */

/*
 * Print to the kernel debugger, here: to wherever the harness sends diagnostics, or nowhere.
 * Windows' formats (%wZ, %I64d) are allowed, so compilers are not asked to check them. Never
 * influences an execution. Any IRQL for narrow strings. Returns STATUS_SUCCESS. (wdm.h, DbgPrint)
 */
ULONG DbgPrint(PCSTR Format, ...);

/* KdPrint(("format", ...)), two pairs of parentheses: DbgPrint if DBG is 1, else nothing. */
#if DBG
#define KdPrint(arguments) ((void)(DbgPrint arguments))
#else
#define KdPrint(arguments) ((void)0)
#endif

#ifdef __cplusplus
}
#endif

#endif
