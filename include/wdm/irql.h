/*
 * IRQL, the interrupt request level: per thread here, per processor on Windows. Raising it keeps
 * lower levels out; at DISPATCH_LEVEL and above nothing may wait.
 */
#ifndef CSQFUZZ_WDM_IRQL_H
#define CSQFUZZ_WDM_IRQL_H

#include "bugcheck.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Levels (TYP-14) ----------------------------------------------------------------------- */

#define PASSIVE_LEVEL  0 /* ordinary threads; waiting allowed */
#define LOW_LEVEL      0
#define APC_LEVEL      1 /* inside of a fast mutex; waiting still allowed */
#define DISPATCH_LEVEL 2 /* holding a spin lock; no waiting */
#ifdef _WIN64
#define HIGH_LEVEL 15
#else
#define HIGH_LEVEL 31
#endif

/* ---- Routines ------------------------------------------------------------------------------ */

/* The level the caller runs at. Any IRQL. (IRQ-1) */
KIRQL KeGetCurrentIrql(VOID);

/*
 * Raise to NewIrql and store the level left into *OldIrql, for the matching KeLowerIrql. At or
 * below NewIrql; else DRIVER_VERIFIER_DETECTED_VIOLATION/0x30. (IRQ-2, DV-14)
 */
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql);

/*
 * Return to the level stored by the immediately preceding raise, and to no other; a higher one is
 * DRIVER_VERIFIER_DETECTED_VIOLATION/0x31. (IRQ-3, DV-14)
 */
VOID KeLowerIrql(KIRQL NewIrql);

/*
 * Raise to DISPATCH_LEVEL, return the level left. At or below DISPATCH_LEVEL; else
 * IRQL_NOT_LESS_OR_EQUAL. (IRQ-4)
 */
KIRQL KeRaiseIrqlToDpcLevel(VOID);

/* Opens code that may be paged out; with DBG 1 asserts IRQL <= APC_LEVEL. (wdm.h, PAGED_CODE) */
#define PAGED_CODE() ASSERT(KeGetCurrentIrql() <= APC_LEVEL)

#ifdef __cplusplus
}
#endif

#endif
