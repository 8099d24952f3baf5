/*
 * Atomic memory: the interlocked routines, the ordered reads and writes, and the barrier.
 *
 * Interlocked routines are full barriers, in any order with each other and at any IRQL. They are
 * functions in src/ke, since each is two schedule points (before and after) around one sequentially
 * consistent access. Reads and writes with a named order are no schedule points and live here.
 */
#ifndef CSQFUZZ_WDM_INTERLOCKED_H
#define CSQFUZZ_WDM_INTERLOCKED_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 32 bits (wdm.h, by the routine's name) ------------------------------------------------ */

/* Store Value, return what was there. */
LONG InterlockedExchange(LONG volatile *Target, LONG Value);

/* Store ExChange if the target equals Comperand; return what was there either way. */
LONG InterlockedCompareExchange(LONG volatile *Destination, LONG ExChange, LONG Comperand);

/* Add or subtract one, return the *new* value. */
LONG InterlockedIncrement(LONG volatile *Addend);
LONG InterlockedDecrement(LONG volatile *Addend);

/* Combine the target with Value, return what was there *before*. */
LONG InterlockedExchangeAdd(LONG volatile *Addend, LONG Value);
LONG InterlockedOr(LONG volatile *Destination, LONG Value);
LONG InterlockedAnd(LONG volatile *Destination, LONG Value);

/* ---- 64 bits, the same --------------------------------------------------------------------- */

LONG64 InterlockedExchange64(LONG64 volatile *Target, LONG64 Value);
LONG64 InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 ExChange,
                                    LONG64 Comperand);
LONG64 InterlockedIncrement64(LONG64 volatile *Addend);
LONG64 InterlockedDecrement64(LONG64 volatile *Addend);
LONG64 InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value);
LONG64 InterlockedOr64(LONG64 volatile *Destination, LONG64 Value);
LONG64 InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value);

/* ---- Pointers, the same -------------------------------------------------------------------- */

PVOID InterlockedExchangePointer(PVOID volatile *Target, PVOID Value);
PVOID InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID ExChange,
                                        PVOID Comperand);

/* ---- Reads and writes with a named order --------------------------------------------------- */

/*
 * Acquire: nothing after the read happens before it. Release: nothing before the write happens
 * after it. NoFence: atomic, no order. Raw: as NoFence here; on Windows not even atomic.
 * Any IRQL. (wdm.h, ReadAcquire and kin)
 */
#define WDM_DECLARE_ACCESS(type, acquire, release, read_no_fence, write_no_fence, read_raw,        \
                           write_raw)                                                              \
    static inline type acquire(type const volatile *Source)                                        \
    {                                                                                              \
        return __atomic_load_n(Source, __ATOMIC_ACQUIRE);                                          \
    }                                                                                              \
    static inline type read_no_fence(type const volatile *Source)                                  \
    {                                                                                              \
        return __atomic_load_n(Source, __ATOMIC_RELAXED);                                          \
    }                                                                                              \
    static inline type read_raw(type const volatile *Source)                                       \
    {                                                                                              \
        return __atomic_load_n(Source, __ATOMIC_RELAXED);                                          \
    }                                                                                              \
    static inline VOID release(type volatile *Destination, type Value)                             \
    {                                                                                              \
        __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);                                    \
    }                                                                                              \
    static inline VOID write_no_fence(type volatile *Destination, type Value)                      \
    {                                                                                              \
        __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);                                    \
    }                                                                                              \
    static inline VOID write_raw(type volatile *Destination, type Value)                           \
    {                                                                                              \
        __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);                                    \
    }

WDM_DECLARE_ACCESS(LONG, ReadAcquire, WriteRelease, ReadNoFence, WriteNoFence, ReadRaw, WriteRaw)
WDM_DECLARE_ACCESS(ULONG, ReadULongAcquire, WriteULongRelease, ReadULongNoFence, WriteULongNoFence,
                   ReadULongRaw, WriteULongRaw)
WDM_DECLARE_ACCESS(LONG64, ReadAcquire64, WriteRelease64, ReadNoFence64, WriteNoFence64, ReadRaw64,
                   WriteRaw64)
WDM_DECLARE_ACCESS(ULONG64, ReadULong64Acquire, WriteULong64Release, ReadULong64NoFence,
                   WriteULong64NoFence, ReadULong64Raw, WriteULong64Raw)
WDM_DECLARE_ACCESS(PVOID, ReadPointerAcquire, WritePointerRelease, ReadPointerNoFence,
                   WritePointerNoFence, ReadPointerRaw, WritePointerRaw)
WDM_DECLARE_ACCESS(BOOLEAN, ReadBooleanAcquire, WriteBooleanRelease, ReadBooleanNoFence,
                   WriteBooleanNoFence, ReadBooleanRaw, WriteBooleanRaw)

#undef WDM_DECLARE_ACCESS

/* ---- Barrier ------------------------------------------------------------------------------- */

/* No access before it is reordered with an access after it. Any IRQL. (wdm.h, KeMemoryBarrier) */
VOID KeMemoryBarrier(VOID);

#ifdef __cplusplus
}
#endif

#endif
