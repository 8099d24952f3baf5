/*
 * Words of the Windows compilers and headers that mean nothing here, or have another spelling.
 * A source may redefine any of them: before the include as it likes (hence #ifndef), after it
 * with #undef. The declarations in these headers use no calling-convention word, so redefining one
 * changes nobody's ABI but the source's own.
 */
#ifndef CSQFUZZ_WDM_WORDS_H
#define CSQFUZZ_WDM_WORDS_H

/* ---- Direction words before SAL ------------------------------------------------------------ */

#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif

/* ---- Calling conventions and linkage ------------------------------------------------------- */

#ifndef NTAPI
#define NTAPI
#endif
#ifndef FASTCALL
#define FASTCALL
#endif
#ifndef NTKERNELAPI
#define NTKERNELAPI
#endif
#ifndef NTSYSAPI
#define NTSYSAPI
#endif
#ifndef NTHALAPI
#define NTHALAPI
#endif
#ifndef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT
#endif
#ifndef __cdecl
#define __cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif
#ifndef __fastcall
#define __fastcall
#endif

/* ---- Inlining and layout ------------------------------------------------------------------- */

/* `__inline` is a keyword of gcc and clang already. */
#ifndef __forceinline
#define __forceinline inline __attribute__((always_inline))
#endif
#ifndef FORCEINLINE
#define FORCEINLINE __forceinline
#endif
#ifndef DECLSPEC_NOINLINE
#define DECLSPEC_NOINLINE __attribute__((noinline))
#endif
#ifndef DECLSPEC_NORETURN
#define DECLSPEC_NORETURN __attribute__((noreturn))
#endif
#ifndef DECLSPEC_ALIGN
#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#endif

/* ---- Spellings of ordinary things ---------------------------------------------------------- */

#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef __int64
#define __int64 long long
#endif

/* ---- What a build is ----------------------------------------------------------------------- */

/* 1 in a checked build (ASSERT and KdPrint act), else 0. Always defined: sources say `#if DBG`. */
#ifndef DBG
#define DBG 0
#endif

/* Pointers have 64 bits. */
#if !defined(_WIN64) && defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ == 8
#define _WIN64 1
#endif

#endif
