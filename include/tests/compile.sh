#!/usr/bin/env bash
# Are the headers what they promise to be to those who include them? Prints TAP.
#
# Compiles, warnings being errors: each header alone; surface.c and queue.c, which use every name as driver
# sources do; and builds and runs inline.c, which exercises what the headers implement themselves.
# Each with both compilers, as C11, C17, C++17 and C++17 inside of extern "C".
#
# Environment: GCC (gcc), CLANG (clang-19). A compiler that is absent is skipped.
set -u

include=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
cd "$include" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

flags=(-Wall -Wextra -Werror -I "$include")
compilers=("${GCC:-gcc}" "${CLANG:-clang-19}")
modes=(c11 c17 c++17 extern-c)
headers=(*.h wdm/*.h)
tests=0
failures=0

# language MODE: the compiler's options for a mode, into the array `language`.
language() {
    case $1 in
    c*++*) language=(-x c++ "-std=$1") ;;
    extern-c) language=(-x c++ -std=c++17 -DSURFACE_INSIDE_EXTERN_C) ;;
    *) language=(-x c "-std=$1") ;;
    esac
}

# report NAME COMMAND...: runs the command as one test; its output is shown if it fails.
report() {
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@" >"$scratch/output" 2>&1; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        sed 's/^/# /' "$scratch/output"
        failures=$((failures + 1))
    fi
}

skip() {
    tests=$((tests + 1))
    echo "ok $tests # skip $1"
}

# header COMPILER MODE HEADER: the header alone, before anything else is included.
header() {
    local source="#include <$3>"
    [ "$2" != extern-c ] || source=$'extern "C" {\n'"$source"$'\n}'
    language "$2"
    "$1" "${language[@]}" "${flags[@]}" -fsyntax-only - <<<"$source"
}

# source_file NAME COMPILER MODE [OPTION...]
source_file() {
    local name=$1 compiler=$2
    language "$3"
    shift 3
    "$compiler" "${language[@]}" "${flags[@]}" -fsyntax-only "$@" "tests/$name"
}

# inline_c COMPILER MODE [OPTION...]: also under the sanitizer for undefined behaviour.
inline_c() {
    local compiler=$1
    language "$2"
    shift 2
    "$compiler" "${language[@]}" "${flags[@]}" "$@" -fsanitize=undefined \
        -fno-sanitize-recover=undefined -o "$scratch/inline" tests/inline.c || return
    "$scratch/inline" >"$scratch/tap" || { cat "$scratch/tap"; return 1; }
}

# irp_as_context COMPILER MODE: a context may be passed to IoCsqRemoveIrp, an IRP in its place may not.
irp_as_context() {
    local start='#include <wdm.h>
PIRP take(PIO_CSQ Csq, PVOID Any); PIRP take(PIO_CSQ Csq, PVOID Any) { return IoCsqRemoveIrp(Csq, '
    language "$2"
    "$1" "${language[@]}" "${flags[@]}" -fsyntax-only - <<<"$start(PIO_CSQ_IRP_CONTEXT)Any); }" || return
    ! "$1" "${language[@]}" "${flags[@]}" -fsyntax-only - <<<"$start(PIRP)Any); }"
}

for compiler in "${compilers[@]}"; do
    if ! command -v "$compiler" >/dev/null; then
        skip "$compiler is not installed"
        continue
    fi
    for mode in "${modes[@]}"; do
        for name in "${headers[@]}"; do
            report "$compiler $mode: <$name> alone" header "$compiler" "$mode" "$name"
        done
        for name in surface.c queue.c; do
            report "$compiler $mode: $name" source_file $name "$compiler" "$mode"
            report "$compiler $mode: $name, checked build" source_file $name "$compiler" "$mode" -DDBG=1
            report "$compiler $mode: $name, pedantic" source_file $name "$compiler" "$mode" -Wpedantic
            report "$compiler $mode: $name, 16-bit wchar_t" \
                source_file $name "$compiler" "$mode" -fshort-wchar
        done
    done
    for mode in c11 c++17; do
        report "$compiler $mode: B31: an IRP in the place of a context does not compile" \
            irp_as_context "$compiler" "$mode"
        report "$compiler $mode: inline.c" inline_c "$compiler" "$mode"
        report "$compiler $mode: inline.c, checked build" inline_c "$compiler" "$mode" -DDBG=1
    done
done

echo "1..$tests"
[ "$failures" -eq 0 ]
