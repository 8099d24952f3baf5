#!/usr/bin/env bash
# ./build.sh without an argument: the OSS-Fuzz contract, with and without an engine.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/oss-fuzz
explanation=$work/log
rm -rf "$work"
mkdir -p "$work"

quietly() {
    "$@" >"$work/log" 2>&1
}

# build NAME SANITIZER ENGINE CFLAGS
build() {
    env CC=clang-19 CXX=clang++-19 SANITIZER="$2" LIB_FUZZING_ENGINE="$3" CFLAGS="$4" \
        CXXFLAGS="$4" OUT="$work/$1" WORK="$work/$1-work" ./build.sh
}

targets="csq_schedule_fuzzer csq_sequential_fuzzer"

is_contract() {
    local target file
    for target in $targets; do
        for file in $target $target.dict $target.options ${target}_seed_corpus.zip; do
            [ -s "$1/$file" ] || { echo "no $file"; return 1; }
        done
    done
    [ "$(find "$1" -type f | wc -l)" -eq 8 ]
}

four_runs() {
    local target
    for target in $targets; do
        (cd / && "$1/$target" -seed=1337 -runs=4 2>&1) | grep 'Done 4 runs' || return 1
    done
}

replays_seeds() {
    local target
    for target in $targets; do
        "$1/$target" "build/seeds/$target" || return 1
    done
}

# reaches_csq FOLDER: what its targets reach of src/csq from the seeds, measured as OSS-Fuzz does.
reaches_csq() {
    local target objects=()
    for target in $targets; do
        LLVM_PROFILE_FILE=$work/$target.profraw "$1/$target" -runs=0 "build/seeds/$target" || return 1
        objects+=(-object "$1/$target")
    done
    llvm-profdata-19 merge -o "$work/profdata" "$work"/*.profraw || return 1
    llvm-cov-19 export -format=lcov -instr-profile="$work/profdata" "${objects[@]:1}" src/csq \
        >"$work/lines" || return 1
    grep '^DA:' "$work/lines" && ! grep '^DA:[0-9]*,0$' "$work/lines"
}

flags="-O1 -fno-omit-frame-pointer -gline-tables-only"
expect "address with libFuzzer" quietly build address address -fsanitize=fuzzer \
    "$flags -fsanitize=address -fsanitize=fuzzer-no-link"
expect "leaves targets, dictionaries, options and seeds, and nothing else" quietly is_contract "$work/address"
mv "$work/address" "$work/moved"
expect "the targets run from a folder they were moved to" quietly four_runs "$work/moved"
expect "undefined with libFuzzer" quietly build undefined undefined -fsanitize=fuzzer \
    "$flags -fsanitize=undefined -fsanitize=fuzzer-no-link"
expect "runs" quietly four_runs "$work/undefined"
expect "memory with libFuzzer" quietly build memory memory -fsanitize=fuzzer \
    "$flags -fsanitize=memory -fsanitize=fuzzer-no-link"
expect "runs" quietly four_runs "$work/memory"
expect "thread with libFuzzer" quietly build thread thread -fsanitize=fuzzer \
    "$flags -fsanitize=thread -fsanitize=fuzzer-no-link"
expect "runs" quietly four_runs "$work/thread"
expect "coverage with libFuzzer" quietly build coverage coverage -fsanitize=fuzzer \
    "$flags -fprofile-instr-generate -fcoverage-mapping"
expect "its seeds reach every line of src/csq" quietly reaches_csq "$work/coverage"
expect "no sanitizer and no engine: the engine-free driver" quietly build none none "" "$flags"
expect "leaves the same files" quietly is_contract "$work/none"
expect "replays the seeds" quietly replays_seeds "$work/none"
finish
