#!/usr/bin/env bash
# csq_sequential_fuzzer: bugs that one thread can show are found from an empty corpus, by the clause
# they violate, within so many executions; csq run --sequential shows the same.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/sequential
explanation=$work/log
limit=20000 seeds=5
rm -rf "$work"
mkdir -p "$work"

# found MUTANT CLAUSE SEED: does the fuzzer stop for this clause?
found() {
    mkdir -p "$work/$1-$3"
    "build/asan/mutants/$1/csq_sequential_fuzzer" -seed="$3" -runs="$limit" -len_control=0 \
        -max_len=264 -timeout=10 -artifact_prefix="$work/$1-$3/" >"$work/log" 2>&1 </dev/null
    grep -a -q "^SUMMARY: csqfuzz: $2 " "$work/log"
}

# found_always MUTANT CLAUSE
found_always() {
    local seed
    for seed in $(seq "$seeds"); do
        found "$1" "$2" "$seed" || return 1
    done
}

# replays MUTANT CLAUSE: the inputs it saved, with the command that people are told.
replays() {
    local input
    for input in "$work/$1"-*/crash-*; do
        "build/asan/mutants/$1/csq" run --sequential "$input" >"$work/log" 2>&1
        grep -a -q "^SUMMARY: csqfuzz: $2 " "$work/log" || return 1
    done
}

while read -r mutant clause; do
    build_lane asan mutant "MUTANT=$mutant" FUZZER=csq_sequential_fuzzer \
        "build/asan/mutants/$mutant/csq"
    expect "$mutant: $clause from an empty corpus, $limit executions at most, $seeds of $seeds runs" \
        found_always "$mutant" "$clause"
    expect "$mutant: replayed by csq run --sequential" replays "$mutant" "$clause"
done <<'BUGS'
A03 CSQ-INS-6
A07 CSQ-CB-CCI-4
A09 CSQ-INS-18
A10 CSQ-GEN-17
A13 CSQ-REM-8
A24 CSQ-RNX-5
BUGS
expect "it says what was expected, and what was seen instead" \
    grep -q '^  seen    at the end of A Pk(NULL) Rm: the Cancel routine of irp. is set, expected clear' \
    "$work/log"
finish
