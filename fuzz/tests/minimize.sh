#!/usr/bin/env bash
# csq minimize, as TAP: small, of the same signature, the same again and again, of the depth it says;
# interrupted it keeps the smallest so far; what kills a candidate does not kill it.
# shellcheck disable=SC2317 # functions that expect calls
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # expect shows it
explanation=$work/err
deep=conformance/mutants/deep

build_lane clang build/clang/csq
for bug in A01 B17 DEEP02; do
    build_lane clang "build/clang/mutants/$bug/csq" "MUTANT=$bug"
done
build_lane asan build/asan/mutants/A11b/csq MUTANT=A11b
build_lane tsan build/tsan/mutants/A12/csq MUTANT=A12

# csq LANE BUG ARGUMENT...
csq() {
    timeout 300 "build/$1/mutants/$2/csq" "${@:3}" 2>"$work/err"
}
# reported LANE BUG FILE WORDS: what a run says after these words, wherever it says it.
reported() {
    timeout 300 "build/$1/mutants/$2/csq" run -q "$3" 2>&1 | sed -n "s/^$4: //p" | head -n 1
}
signature_of() { reported "$@" "SUMMARY: csqfuzz"; }
hash_of() { reported "$@" "trace hash"; }
header() { sed -n "s/^# $1: //p" "$2"; }
operations() { grep -cE '^t[0-3] ' "$1"; }
same() { cmp -s "$1" "$2"; }

minimizes() { csq "$1" "$2" minimize "$3" -o "$4" >"$work/out" && [ -s "$work/out" ]; }

# Everything that is promised of a result but its size: NAME LANE BUG FILE.
keeps_its_word() {
    local name=$1 lane=$2 bug=$3 input=$4 result=$work/$3.csq signature
    signature=$(signature_of "$lane" "$bug" "$input")
    expect "$name: is minimized" minimizes "$lane" "$bug" "$input" "$result"
    expect "$name: the same signature" \
        [ "${signature:-none}" = "$(signature_of "$lane" "$bug" "$result")" ]
    expect "$name: the file names it" \
        [ "$(header signature "$result")" = "$(signature_of "$lane" "$bug" "$result")" ]
    expect "$name: and its trace" [ "$(header 'trace hash' "$result")" = "$(hash_of "$lane" "$bug" "$result")" ]
    csq "$lane" "$bug" minimize "$input" >"$work/again"
    expect "$name: deterministic" same "$result" "$work/again"
    csq "$lane" "$bug" minimize "$result" >"$work/again"
    expect "$name: minimized again, nothing changes" same "$result" "$work/again"
    sed '/^#/d' "$result" >"$work/bare.csq"
    csq "$lane" "$bug" minimize "$work/bare.csq" | sed '/^#/d' >"$work/again"
    expect "$name: nor if the file does not say that it is a result" same "$work/bare.csq" "$work/again"
}

# ---- Bugs of all kinds --------------------------------------------------------------------------

cat >"$work/large.csq" <<'TEXT'
csq 1
strategy walk rate 1 seed 14
reading text
slots irps 3 contexts 2
queue q0 ex queued lifo eager
t0 insert-ex q0 irp2 ctx1 keep answer pending at apc
t0 remove ctx1 then recycle
t3 cancel irp2
t1 remove-next q0 match even at dispatch
t1 insert q0 irp1
t2 drain q0
t2 cancel irp1
t3 cancel-lock
t0 insert q0 irp0 at dispatch
t3 cancel irp0
TEXT
# Some seed of the walk shows A01; which one, is not what is tested here.
for seed in {1..400}; do
    sed -i "s/^strategy.*/strategy walk rate 1 seed $seed/" "$work/large.csq"
    [ "$(signature_of clang A01 "$work/large.csq")" != "CSQ-INS-7 cancel|insert" ] || break
done
keeps_its_word A01 clang A01 "$work/large.csq"
expect "A01: at most 3 operations" [ "$(operations "$work/A01.csq")" -le 3 ]
expect "A01: the plainest of queues" grep -qx 'queue q0 plain spin fifo' "$work/A01.csq"
expect "A01: depth 1, and 0 does not show it" \
    grep -qE '^# depth 1: shown with 1 preemption; no schedule with 0 shows it \([0-9]+ executions\)$' "$work/A01.csq"

# Preemptions at a thread's blocking or ending are none.
depth_is() { # BUG DEPTH: does the explorer agree?
    local bug=$1 depth=$2
    sed '/^ *preempt/d; /^strategy/d' "$work/$bug.csq" >"$work/plain.csq"
    csq clang "$bug" explore -o "$work" -p "$depth" "$work/plain.csq" |
        grep -qF "violation $(header signature "$work/$bug.csq")" || return 1
    ! csq clang "$bug" explore -o "$work" -p $((depth - 1)) "$work/plain.csq" |
        grep -qF "violation $(header signature "$work/$bug.csq")"
}
expect "A01: csq explore finds the same depth" depth_is A01 1
expect "A bug that needs 2: is minimized" minimizes clang DEEP02 "$deep/DEEP02.csq" "$work/DEEP02.csq"
expect "... depth 2, and 1 does not show it" \
    grep -qE '^# depth 2: shown with 2 preemptions; no schedule with at most 1 shows it' "$work/DEEP02.csq"
expect "... csq explore finds the same depth" depth_is DEEP02 2

cat >"$work/deadlock.csq" <<'TEXT'
csq 1
slots irps 2 contexts 1
queue q0 plain queued fifo
queue q1 plain spin fifo
t0 insert q0 irp0
    preempt acquire.out run t1
t1 insert q1 irp1
t1 cancel irp1
TEXT
keeps_its_word "a deadlock" clang B17 "$work/deadlock.csq"
expect "a deadlock: two inserts, in a cycle" \
    [ "$(header signature "$work/B17.csq") $(operations "$work/B17.csq")" = "DEADLOCK insert>insert 2" ]

printf 'csq 1\nt0 insert q0 irp0\nt1 cancel irp0\nt1 cancel-lock\nt2 remove-next q0\n' >"$work/fault.csq"
keeps_its_word "a sanitizer's report" asan A11b "$work/fault.csq"
expect "a sanitizer's report: two operations on one thread" [ "$(grep -cE '^t0 ' "$work/A11b.csq")" = 2 ]
expect "a sanitizer's report: kind, access, place" \
    [ "$(header signature "$work/A11b.csq")" = "CSQ-CB-CCI-8 cancel|insert heap-use-after-free write irp.DriverContext" ]

cat >"$work/race.csq" <<'TEXT'
csq 1
strategy list
slots irps 2 contexts 1
t0 insert q0 irp0 ctx0
t0 remove ctx0
    preempt swap.before run t1
t1 cancel irp0
t1 insert q0 irp1
TEXT
keeps_its_word "a race" tsan A12 "$work/race.csq"
expect "a race: both accesses" \
    [ "$(header signature "$work/A12.csq")" = "CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp" ]

# ---- Interrupted --------------------------------------------------------------------------------

# killed_by SIGNAL: in the middle, once it has tried some candidates.
interrupt() {
    local process status
    rm -f "$work/part.csq"
    "build/clang/mutants/DEEP02/csq" minimize "$deep/DEEP02.csq" -o "$work/part.csq" >"$work/out" 2>"$work/err" &
    process=$!
    sleep 1
    kill "-$1" "$process"
    wait "$process"
    status=$?
    [ "$status" -eq $((128 + $(kill -l "$1"))) ] || echo "status $status" >>"$work/err"
    [ "$status" -eq $((128 + $(kill -l "$1"))) ]
}
set -m # or SIGINT is ignored in the background
expect "SIGTERM ends it" interrupt TERM
expect "... the smallest so far has the signature" \
    [ "$(signature_of clang DEEP02 "$work/part.csq")" = "CSQ-CB-PEEK-3 cancel|remove-next" ]
expect "Ctrl-C ends it" interrupt INT
set +m
expect "... the smallest so far has the signature" \
    [ "$(signature_of clang DEEP02 "$work/part.csq")" = "CSQ-CB-PEEK-3 cancel|remove-next" ]
expect "... and does not claim a depth" grep -q '^# depth at most .* stopped' "$work/part.csq"
stopped() { grep -q 'stopped before the end' "$work/out"; }
csq clang A01 minimize --steps 3 "$work/large.csq" -o "$work/part.csq" >"$work/out"
expect "--steps 3 stops after three candidates" stopped
expect "... which is not the end" [ "$(operations "$work/part.csq")" -gt 2 ]

# ---- Not to be minimized ------------------------------------------------------------------------

# says STATUS PATTERN ARGUMENT...: one sentence on standard error, nothing else.
says() {
    local expected=$1 pattern=$2 status=0
    shift 2
    timeout 60 build/clang/csq minimize "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ "$status" -eq "$expected" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
        grep -qE -- "$pattern" "$work/err"
}
expect "no finding" says 1 'A01.csq: no finding' "$work/A01.csq"
expect "a file that is missing" says 2 'missing: No such file' "$work/missing"
echo 'csq 1 and more' >"$work/bad.csq"
expect "a text that is no program" says 2 'bad.csq:1:7: expected' "$work/bad.csq"
cp "$work/B17.csq" "$work/"$'two\nlines\\'
sed -i '/^#/d' "$work/"$'two\nlines\\'
csq clang B17 minimize "$work/"$'two\nlines\\' >"$work/out"
expect "a name with a newline in it stays in its line" \
    grep -qF '# minimized from two\x0alines\x5c: 2 operations' "$work/out"
csq clang A01 minimize "$work/A01.csq" -o /nonexistent/out
expect "a file that cannot be written" grep -q '^/nonexistent/out' "$work/err"
finish
