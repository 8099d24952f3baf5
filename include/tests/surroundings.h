/*
 * How a driver source may surround its includes, valid as C and as C++: words of its own before and
 * after, forwarders in any order, the C++ library beside them.
 */
#ifndef CSQFUZZ_TESTS_SURROUNDINGS_H
#define CSQFUZZ_TESTS_SURROUNDINGS_H

/* A source may bring its own words along, before the include ... */
#define NTAPI    __attribute__((visibility("default")))
#define FASTCALL __attribute__((visibility("default")))

#ifdef SURFACE_INSIDE_EXTERN_C
extern "C" {
#include <wdm.h>
}
#else
#include <wdm.h>
#endif

/* The forwarders may follow each other in any order. */
#include <csq.h>
#include <dontuse.h>
#include <initguid.h>
#include <ntddk.h>
#include <ntdef.h>
#include <ntifs.h>
#include <wdmsec.h>

/* ... and after it. */
#define IN
#define OUT
#define OPTIONAL
#undef FORCEINLINE
#define FORCEINLINE static inline
#undef NTKERNELAPI
#define NTKERNELAPI extern
#undef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT extern

#ifdef __cplusplus
#include <algorithm> /* neither min nor max nor an annotation may break the standard library */
#include <atomic>
#include <type_traits>
#include <vector>
#endif

#endif
