#!/usr/bin/env bash
# The conformance suite passes however it is built: compilers, optimization levels, link-time
# optimization, every sanitizer, and, a selection of it, under Valgrind. TAP output. Needs the lanes
# of ./build.sh test; builds the rest into build/suite.
# shellcheck disable=SC2317 # conditions are called by expect
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
explanation=build/suite/log
mkdir -p build/suite

ensure valgrind valgrind

# conforms SUITE OPTION...: does it say so, and nothing on stderr?
conforms() {
    timeout 600 "$@" >build/suite/log 2>&1 </dev/null
}

build_with() { # NAME CFLAGS
    run_make BUILD="build/suite/$1" CC=gcc CXX=g++ CFLAGS="$2 -Werror" SANITIZER=none \
        "build/suite/$1/conformance_suite"
}

for lane in gcc clang asan tsan msan; do
    ensure_lane "$lane"
    build_lane "$lane" "build/$lane/conformance_suite"
    expect "conforms: $lane lane" conforms "build/$lane/conformance_suite"
done
expect "conforms: clang lane, threads switch at loads and stores" \
    conforms build/clang/conformance_suite --granularity memory
refuses() {
    timeout 60 build/gcc/conformance_suite --granularity memory 2>build/suite/log >/dev/null
    [ $? -eq 2 ] && grep -q 'compile with clang' build/suite/log
}
expect "gcc shows no loads and stores, and that is said" refuses
for level in O0 O3; do
    build_with "$level" "-$level"
    expect "conforms: gcc -$level" conforms "build/suite/$level/conformance_suite"
done
build_with lto "-O2 -flto=auto -ffat-lto-objects"
expect "conforms: gcc -O2 -flto" conforms build/suite/lto/conformance_suite

# Without preemptions beyond the forced ones: Valgrind is some fifty times slower.
expect "conforms: a selection under Valgrind" conforms \
    valgrind -q --error-exitcode=9 build/gcc/conformance_suite --preemptions 0 --seconds 60 \
    --profile text --case csq_ins_ --case csq_rem_ --case csq_can_ --case race_
finish
