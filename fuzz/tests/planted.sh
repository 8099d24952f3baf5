# shellcheck shell=bash
# Planted bugs that a target finds from an empty corpus and that csq run replays. Sourced after
# common.sh and expect.sh by scripts that set $work, $limit (executions) and $seeds (runs).

# found TARGET MUTANT CLAUSE SEED: does the fuzzer stop for this clause?
# shellcheck disable=SC2154 # theirs
found() {
    mkdir -p "$work/$2-$4"
    "build/asan/mutants/$2/$1" -seed="$4" -runs="$limit" "${FUZZ_OPTIONS[@]}" \
        -artifact_prefix="$work/$2-$4/" >"$work/log" 2>&1 </dev/null
    grep -a -q "^SUMMARY: csqfuzz: $3 " "$work/log"
}

# found_always TARGET MUTANT CLAUSE
# shellcheck disable=SC2154 # theirs
found_always() {
    local seed
    for seed in $(seq "$seeds"); do
        found "$1" "$2" "$3" "$seed" || return 1
    done
}

# replays MUTANT CLAUSE OPTION: the inputs it saved, with the command that people are told.
replays() {
    local input
    for input in "$work/$1"-*/crash-*; do
        "build/asan/mutants/$1/csq" run "$3" "$input" >"$work/log" 2>&1
        grep -a -q "^SUMMARY: csqfuzz: $2 " "$work/log" || return 1
    done
}

# expect_planted TARGET OPTION: both of every bug and its clause on standard input; OPTION is what
# makes csq run do as this target does.
expect_planted() {
    local mutant clause
    while read -r mutant clause; do
        build_lane asan mutant "MUTANT=$mutant" FUZZER="$1" "build/asan/mutants/$mutant/csq"
        expect "$mutant: $clause from an empty corpus, $limit executions at most, $seeds of $seeds runs" \
            found_always "$1" "$mutant" "$clause"
        expect "$mutant: replayed by csq run $2" replays "$mutant" "$clause" "$2"
    done
}
