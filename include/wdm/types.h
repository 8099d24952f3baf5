/*
 * The basic types, with the sizes they have on Windows: LONG and ULONG are 32 bits on every host,
 * the *_PTR types are as wide as a pointer. Structures are little-endian hosts' only.
 */
#ifndef CSQFUZZ_WDM_TYPES_H
#define CSQFUZZ_WDM_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "words.h"

/* ---- Integers and characters --------------------------------------------------------------- */

typedef char CHAR, *PCHAR, *PSTR;
typedef const char *PCSTR, *PCCH;
typedef signed char CCHAR, *PCCHAR; /* signed on every host: stack locations are counted in it */
typedef unsigned char UCHAR, *PUCHAR;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef short SHORT, *PSHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef int INT, BOOL, *PBOOL;
typedef unsigned int UINT;
typedef int32_t LONG, *PLONG;
typedef uint32_t ULONG, *PULONG, LOGICAL;

/* As wide as the compiler has it: two bytes, as on Windows, only with -fshort-wchar. */
typedef wchar_t WCHAR, *PWCHAR, *PWCH, *PWSTR;
typedef const wchar_t *PCWSTR;

typedef int8_t INT8, *PINT8;
typedef uint8_t UINT8, *PUINT8;
typedef int16_t INT16, *PINT16;
typedef uint16_t UINT16, *PUINT16;
typedef int32_t INT32, *PINT32;
typedef uint32_t UINT32, *PUINT32;

/* One type for every 64-bit name, as on Windows: a PLONGLONG is a PLONG64. */
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG;
typedef LONGLONG LONG64, *PLONG64, INT64, *PINT64;
typedef ULONGLONG ULONG64, *PULONG64, UINT64, *PUINT64;

typedef intptr_t LONG_PTR, *PLONG_PTR, INT_PTR, *PINT_PTR, SSIZE_T;
typedef uintptr_t ULONG_PTR, *PULONG_PTR, UINT_PTR, *PUINT_PTR;
typedef size_t SIZE_T, *PSIZE_T;

/* ---- What the kernel names ----------------------------------------------------------------- */

typedef void *PVOID;
typedef const void *PCVOID;
typedef PVOID HANDLE, *PHANDLE;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef int32_t NTSTATUS, *PNTSTATUS; /* negative: warning or error; see status.h */
typedef UCHAR KIRQL, *PKIRQL;         /* TYP-14; levels in irql.h */
typedef LONG KPRIORITY;               /* a boost, which this substrate ignores */
typedef CCHAR KPROCESSOR_MODE;        /* a value of MODE */

typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

typedef struct _ETHREAD *PETHREAD; /* opaque; the simulator has threads of its own */

/* ---- Small structures ---------------------------------------------------------------------- */

typedef union _LARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

/* Counted, in bytes; not terminated. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

/* A head, or a link inside of an element (LST-1); see list.h. */
typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* ---- Constants of these types -------------------------------------------------------------- */

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define MINLONG   ((LONG)0x80000000)
#define MAXLONG   0x7fffffff
#define MAXULONG  0xffffffff
#define MAXUSHORT 0xffff

#ifndef PAGE_SIZE
#define PAGE_SIZE 0x1000
#endif

#endif
