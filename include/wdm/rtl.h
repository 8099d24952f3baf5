/*
 * Memory, by the names drivers use for the C library's functions. Any IRQL, as long as the memory
 * is resident, which in user mode it is.
 */
#ifndef CSQFUZZ_WDM_RTL_H
#define CSQFUZZ_WDM_RTL_H

#include <string.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Set Length bytes to zero. (wdm.h, RtlZeroMemory) */
static inline VOID RtlZeroMemory(PVOID Destination, SIZE_T Length)
{
    memset(Destination, 0, Length);
}

/* Set Length bytes to Fill; mind the order, which is not memset's. (wdm.h, RtlFillMemory) */
static inline VOID RtlFillMemory(PVOID Destination, SIZE_T Length, UCHAR Fill)
{
    memset(Destination, Fill, Length);
}

/* Copy between regions that do not overlap. (wdm.h, RtlCopyMemory) */
static inline VOID RtlCopyMemory(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    memcpy(Destination, Source, Length);
}

/* Copy between regions that may overlap. (wdm.h, RtlMoveMemory) */
static inline VOID RtlMoveMemory(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    memmove(Destination, Source, Length);
}

#ifdef __cplusplus
}
#endif

#endif
