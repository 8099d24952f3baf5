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
# shellcheck source=fuzz/tests/planted.sh
. fuzz/tests/planted.sh
work=$PWD/build/sequential
explanation=$work/log
limit=20000 seeds=5
rm -rf "$work"
mkdir -p "$work"

expect_planted csq_sequential_fuzzer --sequential <<'BUGS'
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

# ---- The next steps -------------------------------------------------------------------------------

a24=build/asan/mutants/A24/csq
for input in "$work"/A24-1/crash-*; do break; done
signature() { "$a24" run -q --sequential "$1" 2>&1 | sed -n 's/^SUMMARY: csqfuzz: //p'; }
expect "csq minimize --sequential makes such an input small" \
    run 0 "$a24" minimize --sequential "$input" -o "$work/small.csq"
expect "two operations at the most" [ "$(grep -c '^t0 ' "$work/small.csq")" -le 2 ]
expect "with the same signature" [ "$(signature "$work/small.csq")" = "$(signature "$input")" ]
mkdir "$work/csq_sequential_fuzzer"
cp "$input" "$work/csq_sequential_fuzzer"
expect "csq triage knows by the path what it is for" \
    run 1 "$a24" triage --build "asan=$a24" -o "$work/triage" "$work/csq_sequential_fuzzer"
expect "minimizes it, too" grep -q 'csq run --sequential' "$work"/triage/clusters/*/minimal.csq
expect "and draws it" grep -q 'CSQ-RNX-5' "$work"/triage/clusters/*/timeline.html
finish
