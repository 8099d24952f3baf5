#!/usr/bin/env bash
# ./build.sh without an argument: the OSS-Fuzz contract, with and without an engine.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
work=$PWD/build/oss-fuzz
number=0 failed=0
rm -rf "$work"
mkdir -p "$work"

expect() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 5 "$work/log" | sed 's/^/# /'
        failed=1
    fi
}

# build NAME SANITIZER ENGINE CFLAGS
build() {
    env CC=clang-19 CXX=clang++-19 SANITIZER="$2" LIB_FUZZING_ENGINE="$3" CFLAGS="$4" \
        CXXFLAGS="$4" OUT="$work/$1" WORK="$work/$1-work" ./build.sh
}

is_contract() {
    local file
    for file in csq_schedule_fuzzer csq_schedule_fuzzer.dict csq_schedule_fuzzer.options \
        csq_schedule_fuzzer_seed_corpus.zip; do
        [ -s "$1/$file" ] || { echo "no $file"; return 1; }
    done
    [ "$(find "$1" -type f | wc -l)" -eq 4 ]
}

four_runs() {
    (cd / && "$1/csq_schedule_fuzzer" -seed=1337 -runs=4 2>&1) | grep 'Done 4 runs'
}

flags="-O1 -fno-omit-frame-pointer -gline-tables-only"
expect "address with libFuzzer" build address address -fsanitize=fuzzer \
    "$flags -fsanitize=address -fsanitize=fuzzer-no-link"
expect "leaves target, dictionary, options and seeds, and nothing else" is_contract "$work/address"
mv "$work/address" "$work/moved"
expect "the target runs from a folder it was moved to" four_runs "$work/moved"
expect "undefined with libFuzzer" build undefined undefined -fsanitize=fuzzer \
    "$flags -fsanitize=undefined -fsanitize=fuzzer-no-link"
expect "runs" four_runs "$work/undefined"
expect "memory with libFuzzer" build memory memory -fsanitize=fuzzer \
    "$flags -fsanitize=memory -fsanitize=fuzzer-no-link"
expect "runs" four_runs "$work/memory"
expect "thread with libFuzzer" build thread thread -fsanitize=fuzzer \
    "$flags -fsanitize=thread -fsanitize=fuzzer-no-link"
expect "runs" four_runs "$work/thread"
expect "no sanitizer and no engine: the engine-free driver" build none none "" "$flags"
expect "leaves the same four files" is_contract "$work/none"
expect "replays the seeds" "$work/none/csq_schedule_fuzzer" build/seeds/csq_schedule_fuzzer
echo "1..$number"
exit "$failed"
