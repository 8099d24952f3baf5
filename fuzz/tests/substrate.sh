#!/usr/bin/env bash
# csq_substrate_fuzzer: bugs of what the queue stands on are found from an empty corpus, by the clause
# they violate, within so many executions; csq run --substrate shows the same. Its text is its bytes.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
# shellcheck source=fuzz/tests/planted.sh
. fuzz/tests/planted.sh
work=$PWD/build/substrate
explanation=$work/log
limit=50000 seeds=3
csq=build/asan/csq
rm -rf "$work"
mkdir -p "$work"

expect_planted csq_substrate_fuzzer --substrate <<'BUGS'
C12a IRP-4
C17a CR-2
C20a CR-1
C30b IRP-[16]
BUGS
expect "it says what was expected" grep -q '^  seen    DriverContext of a new IRP' "$work/log"
expect "and the program, as text" grep -q '^  substrate 1$' "$work/log"

# ---- The two spellings ------------------------------------------------------------------------

# same_bytes FILE...: bytes to text to bytes.
same_bytes() {
    local file
    for file in "$@"; do
        "$csq" show --substrate "$file" -o "$work/text" && "$csq" asm "$work/text" -o "$work/bytes" &&
            cmp "$file" "$work/bytes" || return 1
    done >"$work/log" 2>&1
}

# total: any bytes are a program, and run alike twice.
total() {
    local i
    for i in $(seq 40); do
        perl -e 'srand shift; print map { chr rand 256 } 1 .. shift' "$i" $((i * 13)) >"$work/any"
        "$csq" run --substrate "$work/any" >"$work/log" 2>&1 || return 1
        "$csq" run --substrate "$work/any" | cmp - "$work/log" || return 1
    done
}

# refused TEXT WHERE
refused() {
    printf '%b' "$1" >"$work/text"
    run 2 "$csq" asm "$work/text" -o "$work/bytes" && grep -q "$2" "$work/err"
}

build_lane asan "$csq"
compile_seeds
expect "bytes to text to bytes: every seed" same_bytes build/seeds/csq_substrate_fuzzer/*
expect "40 files of random bytes run, twice alike, without a finding" total
expect "a word that is no call is refused" refused 'substrate 1\nfrob 1\n' ':2:1: expected the name'
expect "so is an operand that is missing" refused 'substrate 1\nspin-test\n' ':2:10: expected 0 to 255: LOCK'
expect "one that is too large" refused 'substrate 1\nspin-test 256\n' ':2:11: expected'
expect "one too many" refused 'substrate 1\nspin-test 1 2\n' ':2:13: expected the end of the line'
expect "another version" refused '# 2\nsubstrate 2\n' ':2:11: expected substrate 1'
finish
