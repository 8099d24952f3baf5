#!/usr/bin/env bash
# ./build.sh coverage, as TAP: what the shipped corpus reaches, that the list of the rest is exact, and
# that a list or a corpus that is not as it should be is noticed.
# shellcheck disable=SC2317 # functions are called by others
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh
work=build/coverage-test
rm -rf "$work"
mkdir -p "$work"

# quiet COMMAND...: what it says, if it fails.
quiet() {
    local status=0
    "$@" >"$work/out" 2>&1 </dev/null || status=$?
    [ "$status" -eq 0 ] || { echo "status $status"; grep -v -E '^(file|src[a-z/_.]*) +[a-z0-9]+ ' "$work/out"; }
}

# noticed PATTERN COMMAND...: what is missing of a report with status 1 that has such a line.
noticed() {
    local pattern=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 </dev/null || status=$?
    [ "$status" -eq 1 ] || echo "status $status instead of 1"
    grep -q -E "$pattern" "$work/out" || { echo "no line with \"$pattern\""; tail -n 5 "$work/out"; }
}

# with_list EDIT: the report of what was measured, held against corpus/UNCOVERED as sed edits it.
with_list() {
    sed "$1" corpus/UNCOVERED >"$work/list"
    perl fuzz/scripts/coverage_report.pl build/coverage/report "$work/list"
}

# ---- The shipped corpus -----------------------------------------------------------------------

check "the corpus reaches all of src/csq and 95 % of what it can of src/io and src/ke; the list is exact" \
    < <(quiet ./build.sh coverage --html "$work/html")
check "the table shows lines, branches and MC/DC of each file" < <(
    for file in src/csq/*.c src/io/*.c src/ke/*.c; do
        grep -q -E "^$file +[0-9]+ +[0-9]+ .* [0-9]+/[0-9]+ +[0-9]+/[0-9]+$" "$work/out" || echo "$file"
    done)
check "of src/csq there are some of each" < <(
    grep -E '^src/csq +([1-9][0-9]*) +\1 .* ([1-9][0-9]*)/\2 +([1-9][0-9]*)/\3$' "$work/out" \
        >"$work/row" || grep '^src/csq' "$work/out")
check "the pages show each line" < <(
    grep -l -r 'cancel_queued_irp' "$work/html" --include=csq.c.html | grep -q . || ls -R "$work/html")
check "nothing is left behind in the folder it was called from" < <(ls ./*.profraw 2>/dev/null)

# ---- The list ---------------------------------------------------------------------------------

check "an uncovered line without a reason is noticed" < <(
    noticed '^src/io/cancel.c:[0-9]+: IoCancelIrp: "KeBugCheckEx.CANCEL_STATE.*" is not reached' \
        with_list '/^IoCancelIrp: /d')
check "so is a function" < <(
    noticed '^src/ke/bugcheck.c:[0-9]+: ke_violation: .* is not reached' with_list '/^ke_violation: \*/d')
check "a reason for a line that is reached is noticed" < <(
    noticed 'list:[0-9]+: "target_of: .*" of src/io/cancel.c is reached' \
        with_list 's/^IoCancelIrp: .*/&\ntarget_of: if (irp->CurrentLocation > irp->StackCount)/')
check "so is one for a function that is called" < <(
    noticed 'list:[0-9]+: IoCancelIrp is called' with_list 's/^IoCancelIrp: .*/&\nIoCancelIrp: */')
check "and one for a file of which something is reached" < <(
    noticed 'list:[0-9]+: src/ke/event.c:[0-9]+ is reached' with_list 's/^require_may_wait: .*/*/')
check "a reason for a line that is not there is noticed" < <(
    noticed 'list:[0-9]+: .* not there' with_list 's/^IoCancelIrp: .*/&\nIoCancelIrp: return 1;/')
check "a reason given twice is noticed" < <(
    noticed 'list:[0-9]+: .* not there' with_list 's/^IoCancelIrp: .*/&\n&/')
check "a test that does not get there is noticed" < <(
    noticed 'list:[0-9]+: test_ke does not get to src/io/cancel.c:[0-9]+' \
        with_list 's/^\[src.io.cancel.c trap test_io\]/[src\/io\/cancel.c trap test_ke]/')
check "there is no exception for src/csq" < <(
    noticed 'list:[0-9]+: there is no exception for src/csq/csq.c' \
        with_list '1s|^|[src/csq/csq.c trap test_io] because\narm: *\n|')
check "what could be reached counts against the 95 %" < <(
    noticed '^src/ke: [89][0-9].[0-9] % .* 95 % are demanded' \
        with_list 's/^\[src.ke.bugcheck.c trap/[src\/ke\/bugcheck.c unreached/')

# ---- The corpus -------------------------------------------------------------------------------

mkdir -p "$work/inputs/csq_schedule_fuzzer"
cp build/seeds/csq_schedule_fuzzer/tr-01-* "$work/inputs/csq_schedule_fuzzer"
check "a corpus that leaves out a part of src/csq is noticed" < <(
    noticed '^src/csq: lines [0-9/]+, branches [0-9/]+, MC/DC [0-9/]+; all are demanded' \
        ./build.sh coverage --inputs "$work/inputs" --html "$work/html")

# ---- Bad input --------------------------------------------------------------------------------

check "an option that is none" < <(refusal '--frob' ./build.sh coverage --frob 1)
check "an option without its value" < <(refusal '--html' ./build.sh coverage --html)
check "a folder of inputs that is none" < <(refusal 'nowhere' ./build.sh coverage --inputs nowhere)
mkdir -p "$work/empty"
check "one that has no target's" < <(refusal 'like a target' ./build.sh coverage --inputs "$work/empty")
check "a folder that cannot be written" < <(refusal '/proc/html' ./build.sh coverage --html /proc/html)
check "a list that is none" < <(refusal 'no/list' ./build.sh coverage --uncovered no/list)
check "a list that cannot be read" < <(refusal 'list:3: expected' with_list '3s/.*/what is this/')
check "a kind that is none" < <(refusal 'whim' with_list 's/^\[src.ke.event.c trap/[src\/ke\/event.c whim/')
check "a list that names a test that is none" < <(
    sed 's/ test_io\]/ test_none]/' corpus/UNCOVERED >"$work/list"
    refusal 'test_none' ./build.sh coverage --uncovered "$work/list")

echo "1..$number"
exit "$failed"
