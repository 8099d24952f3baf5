/*
 * Interlocked operations: one sequentially consistent access between two schedule points.
 *
 * The only file of this folder that ThreadSanitizer instruments: it must see the accesses, both to
 * take their ordering into account and to report a plain access that races with them. The value
 * recorded is the result of a 32-bit operation; wider ones may carry addresses, which would make
 * traces differ between runs.
 */
#include "../sched/sched.h"

#include <wdm.h>

#define SEQUENTIAL __ATOMIC_SEQ_CST

/* `expression` yields the result; `trace` is what of it may be recorded. */
#define BETWEEN_POINTS(type, expression, trace)                                                    \
    sched_point(SCHED_INTERLOCKED_BEFORE, 0, 0);                                                   \
    sched_writes(SCHED_OBJECT_ATOMIC, 0);                                                          \
    type result = (expression);                                                                    \
    sched_point(SCHED_INTERLOCKED_AFTER, 0, (trace));                                              \
    return result

/* Compare and exchange: after it `comperand` holds what was there, equal to it or not. */
#define BETWEEN_POINTS_COMPARE(destination, new, comperand, trace)                                 \
    sched_point(SCHED_INTERLOCKED_BEFORE, 0, 0);                                                   \
    sched_writes(SCHED_OBJECT_ATOMIC, 0);                                                          \
    (void)__atomic_compare_exchange_n((destination), &(comperand), (new), 0, SEQUENTIAL,           \
                                      SEQUENTIAL);                                                 \
    sched_point(SCHED_INTERLOCKED_AFTER, 0, (trace));                                              \
    return (comperand)

/* ---- 32 bits ------------------------------------------------------------------------------- */

LONG InterlockedExchange(LONG volatile *Target, LONG Value)
{
    BETWEEN_POINTS(LONG, __atomic_exchange_n(Target, Value, SEQUENTIAL), (ULONG)result);
}

LONG InterlockedCompareExchange(LONG volatile *Destination, LONG ExChange, LONG Comperand)
{
    BETWEEN_POINTS_COMPARE(Destination, ExChange, Comperand, (ULONG)Comperand);
}

LONG InterlockedIncrement(LONG volatile *Addend)
{
    BETWEEN_POINTS(LONG, __atomic_add_fetch(Addend, 1, SEQUENTIAL), (ULONG)result);
}

LONG InterlockedDecrement(LONG volatile *Addend)
{
    BETWEEN_POINTS(LONG, __atomic_sub_fetch(Addend, 1, SEQUENTIAL), (ULONG)result);
}

LONG InterlockedExchangeAdd(LONG volatile *Addend, LONG Value)
{
    BETWEEN_POINTS(LONG, __atomic_fetch_add(Addend, Value, SEQUENTIAL), (ULONG)result);
}

LONG InterlockedOr(LONG volatile *Destination, LONG Value)
{
    BETWEEN_POINTS(LONG, __atomic_fetch_or(Destination, Value, SEQUENTIAL), (ULONG)result);
}

LONG InterlockedAnd(LONG volatile *Destination, LONG Value)
{
    BETWEEN_POINTS(LONG, __atomic_fetch_and(Destination, Value, SEQUENTIAL), (ULONG)result);
}

/* ---- 64 bits ------------------------------------------------------------------------------- */

LONG64 InterlockedExchange64(LONG64 volatile *Target, LONG64 Value)
{
    BETWEEN_POINTS(LONG64, __atomic_exchange_n(Target, Value, SEQUENTIAL), 0);
}

LONG64 InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 ExChange, LONG64 Comperand)
{
    BETWEEN_POINTS_COMPARE(Destination, ExChange, Comperand, 0);
}

LONG64 InterlockedIncrement64(LONG64 volatile *Addend)
{
    BETWEEN_POINTS(LONG64, __atomic_add_fetch(Addend, 1, SEQUENTIAL), 0);
}

LONG64 InterlockedDecrement64(LONG64 volatile *Addend)
{
    BETWEEN_POINTS(LONG64, __atomic_sub_fetch(Addend, 1, SEQUENTIAL), 0);
}

LONG64 InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    BETWEEN_POINTS(LONG64, __atomic_fetch_add(Addend, Value, SEQUENTIAL), 0);
}

LONG64 InterlockedOr64(LONG64 volatile *Destination, LONG64 Value)
{
    BETWEEN_POINTS(LONG64, __atomic_fetch_or(Destination, Value, SEQUENTIAL), 0);
}

LONG64 InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value)
{
    BETWEEN_POINTS(LONG64, __atomic_fetch_and(Destination, Value, SEQUENTIAL), 0);
}

/* ---- Pointers: NULL or not is all that may be recorded -------------------------------------- */

PVOID InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    BETWEEN_POINTS(PVOID, __atomic_exchange_n(Target, Value, SEQUENTIAL), result != NULL);
}

PVOID InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID ExChange,
                                        PVOID Comperand)
{
    BETWEEN_POINTS_COMPARE(Destination, ExChange, Comperand, Comperand != NULL);
}

/* ---- Barrier ------------------------------------------------------------------------------- */

/* No point: it changes nothing that another thread could see. */
VOID KeMemoryBarrier(VOID)
{
    __sync_synchronize(); /* gcc warns of the other spelling: TSan knows no fences */
}
