/*
 * Macros without a subject of their own: find the structure around a field, assert at compile
 * time, silence a warning.
 */
#ifndef CSQFUZZ_WDM_UTIL_H
#define CSQFUZZ_WDM_UTIL_H

#include "types.h"

/* Byte offset of a field; a constant expression. */
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))

/* The structure of the given type whose field stands at this address. */
#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)(PVOID)((PCHAR)(address) - offsetof(type, field)))

#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array)     RTL_NUMBER_OF(array)

#define ARGUMENT_PRESENT(pointer) ((pointer) != NULL)

#define UNREFERENCED_PARAMETER(parameter)         ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter)     ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))

/* Refuses to compile when false; at file or block scope. */
#ifdef __cplusplus
#define C_ASSERT(expression) static_assert(expression, #expression)
#else
#define C_ASSERT(expression) _Static_assert(expression, #expression)
#endif

/* How an argument is aligned inside of IO_STACK_LOCATION. */
#define POINTER_ALIGNMENT __attribute__((aligned(__SIZEOF_POINTER__)))

/* Macros in C, as on Windows (an argument is evaluated twice). Functions in C++, where macros of
 * these names would break the standard library's headers. */
#ifndef NOMINMAX
#ifdef __cplusplus
extern "C++" {
/* The type that the usual arithmetic conversions give the two, as in the macros. */
template <typename A, typename B> using WdmCommon = decltype(true ? A() : B());

template <typename A, typename B> constexpr WdmCommon<A, B> min(A a, B b)
{
    using T = WdmCommon<A, B>;
    return static_cast<T>(a) < static_cast<T>(b) ? static_cast<T>(a) : static_cast<T>(b);
}

template <typename A, typename B> constexpr WdmCommon<A, B> max(A a, B b)
{
    using T = WdmCommon<A, B>;
    return static_cast<T>(a) > static_cast<T>(b) ? static_cast<T>(a) : static_cast<T>(b);
}
}
#else
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif
#endif

#endif
