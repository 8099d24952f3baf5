#!/usr/bin/env bash
# A report of ThreadSanitizer's becomes a finding like any other: named, saved, and the process ends.
# It holds locks while it reports; ending there would hang now and then, after a use after free above
# all. The planted bug A14 is one, seen in some of these runs by ThreadSanitizer first.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
work=$PWD/build/reports
explanation=$work/err
planted=build/tsan/mutants/A14
fuzzer=$planted/csq_schedule_fuzzer
rm -rf "$work"
mkdir -p "$work"
build_lane tsan mutant mutant_standalone "$planted/csq" MUTANT=A14

# A process that hangs is killed, which is not the status it is to end with.
bounded() {
    timeout -s KILL 120 "$@"
}

search() {
    mkdir -p "$work/$1"
    run 77 bounded "$fuzzer" -seed="$1" -runs=200000 "${FUZZ_OPTIONS[@]}" -exact_artifact_path="$work/$1/found"
    local verdict=$?
    cp "$work/err" "$work/$1/log"
    return "$verdict"
}

is_use_after_free() {
    grep -q '^SUMMARY: ThreadSanitizer: heap-use-after-free' "$1"
}

# The finding, once, after whatever ThreadSanitizer said.
told_once() {
    awk '/^SUMMARY: ThreadSanitizer/ { sanitizer = NR } /^SUMMARY: csqfuzz: CSQ-/ { ours = NR; n++ }
        END { exit !(n == 1 && sanitizer < ours) }' "$1"
}

signature() {
    grep -a '^SUMMARY: csqfuzz: ' "$1" | sort -u
}

same_signature() {
    [ -n "$(signature "$1")" ] && [ "$(signature "$1")" = "$(signature "$2")" ]
}

input="" log=""
for seed in 1 2 3 4 5 6 7 8; do
    expect "seed $seed: the fuzzer finds it and ends" search $seed
    expect "it has saved the input" test -s "$work/$seed/found"
    expect "and named it once, at the end" told_once "$work/$seed/log"
    if [ -z "$input" ] && is_use_after_free "$work/$seed/log"; then
        input=$work/$seed/found log=$work/$seed/log
    fi
done
expect "one of them is a use after free to ThreadSanitizer" test -n "$input"

replays() {
    run "$@" && is_use_after_free "$work/err" && same_signature "$work/err" "$log"
}

# 134: of SIGABRT; 66: of ThreadSanitizer's own.
expect "libFuzzer's target replays it" \
    replays 77 bounded "$fuzzer" "$input"
expect "the engine-free driver replays it" replays 134 bounded "${fuzzer}_standalone" "$input"
expect "so does csq run" replays 134 bounded "$planted/csq" run "$input"
expect "and with halt_on_error=1" \
    replays 66 env TSAN_OPTIONS=halt_on_error=1 timeout -s KILL 120 "${fuzzer}_standalone" "$input"

# What is ignored is no finding, but the memory is no better for that.
ignored() {
    local name
    name=$(signature "$log" | sed 's/^SUMMARY: csqfuzz: //')
    run 134 env CSQFUZZ_IGNORE="$name" timeout -s KILL 120 "${fuzzer}_standalone" "$input" &&
        [ -z "$(signature "$work/err")" ]
}
expect "if it is ignored the process ends all the same" ignored
finish
