#!/usr/bin/env bash
# ./build.sh without an argument: the OSS-Fuzz contract, with and without an engine.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/service.sh
. fuzz/scripts/service.sh
work=$PWD/build/oss-fuzz
explanation=$work/log
rm -rf "$work"
mkdir -p "$work"

quietly() {
    "$@" >"$work/log" 2>&1
}

targets="csq_schedule_fuzzer csq_sequential_fuzzer csq_substrate_fuzzer"

is_contract() {
    local target file
    for target in $targets; do
        for file in $target $target.dict $target.options ${target}_seed_corpus.zip; do
            [ -s "$1/$file" ] || { echo "no $file"; return 1; }
        done
    done
    [ "$(find "$1" -type f | wc -l)" -eq 12 ]
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
    llvm-cov-19 export -format=lcov -instr-profile="$work/profdata" "${objects[@]:1}" \
        "${1%/out}/src/csqfuzz/src/csq/csq.c" \
        >"$work/lines" || return 1
    grep '^DA:' "$work/lines" && ! grep '^DA:[0-9]*,0$' "$work/lines"
}

for sanitizer in address undefined memory thread; do
    expect "$sanitizer with libFuzzer" quietly service_build libfuzzer $sanitizer build/oss-fuzz/$sanitizer
    mv "$work/$sanitizer/out" "$work/moved"
    expect "leaves targets, dictionaries, options and seeds, and nothing else" quietly is_contract "$work/moved"
    expect "the targets run from a folder they were moved to" quietly four_runs "$work/moved"
    rm -r "$work/moved"
done
expect "coverage with libFuzzer" quietly service_build libfuzzer coverage build/oss-fuzz/coverage
expect "its seeds reach every line of src/csq" quietly reaches_csq "$work/coverage/out"
expect "no sanitizer and no engine: the engine-free driver" quietly service_build none none build/oss-fuzz/none
expect "leaves the same files" quietly is_contract "$work/none/out"
expect "replays the seeds" quietly replays_seeds "$work/none/out"
finish
