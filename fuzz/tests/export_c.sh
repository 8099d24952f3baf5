#!/usr/bin/env bash
# csq export-c, as TAP: each program compiles by the command in its header with gcc and clang without
# a warning, shows its finding 20 times of 20 with the planted bug, along the same trace, and does
# not show it with our own library.
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

# planted_tree BUG: headers and sources with the bug, beside ours.
planted_tree() {
    [ ! -d "$work/$1" ] || return 0
    mkdir "$work/$1" && cp -r include src "$work/$1"
    # A driver's bug is the program's own.
    grep -q '^+++ b/conformance/' "conformance/mutants/$1.patch" ||
        patch -s -d "$work/$1" -p1 -i "$PWD/conformance/mutants/$1.patch"
}

# compiles NAME BINARY COMPILER TREE: by the command in the header, as it stands there.
compiles() {
    sed -n '/^ \*   R=/,/libboost/s/^ \* //p' "$work/$1.c" | sed "s| -o test | -o $work/$2 |; s|kernel\.o|$work/$2.o|" \
        >"$work/$2.sh"
    CC="$3 -Wall -Wextra -Werror" R=$4 bash -e "$work/$2.sh" >"$work/$2.err" 2>&1
    [ -x "$work/$2" ] && [ ! -s "$work/$2.err" ] && return
    cat "$work/$2.err" >>"$work/err"
    return 1
}

# shows BINARY WORDS: 20 times of 20.
shows() {
    local round status
    for round in {1..20}; do
        status=0
        timeout 60 "$work/$1" >"$work/out" 2>&1 || status=$?
        [ "$status" -eq 1 ] && grep -q "$2" "$work/out" && continue
        { echo "round $round, status $status" && tail -n 3 "$work/out"; } >>"$work/err"
        return 1
    done
}

shows_not() { # BINARY
    run 0 timeout 60 "$work/$1" && grep -q '^not reproduced' "$work/out"
}

same_trace() { # LANE BUG NAME
    local hash
    hash=$("build/$1/mutants/$2/csq" run -q "$work/$3.csq" 2>&1 | sed -n 's/^trace hash: //p')
    grep -qx "trace hash: ${hash:-none}, as in the execution it was made from" "$work/out"
}

# exported NAME LANE BUG SIGNATURE: minimized and written; the program's text is on standard input.
exported() {
    local csq=build/$2/mutants/$3/csq
    cat >"$work/$1.txt"
    timeout 100 "$csq" minimize "$work/$1.txt" -o "$work/$1.csq" >/dev/null 2>"$work/err" || return 1
    run 0 "$csq" export-c "$work/$1.csq" -o "$work/$1.c" || return 1
    grep -qF " * $4, made by csq export-c from $1.csq" "$work/$1.c"
}

# The rest that is promised of it: NAME LANE BUG WORDS.
keeps_its_word() {
    planted_tree "$3"
    compiles "$1" "$1-gcc" gcc "$work/$3" &
    compiles "$1" "$1-clang" clang-19 "$work/$3" &
    compiles "$1" "$1-own" gcc . &
    wait
    expect "$1: compiles without a warning" [ -x "$work/$1-gcc" -a -x "$work/$1-clang" -a -x "$work/$1-own" ]
    cat "$work/$1"-*.err >>"$work/err" 2>/dev/null
    expect "$1: with gcc it shows 20 times of 20" shows "$1-gcc" "$4"
    expect "$1: with clang it shows 20 times of 20" shows "$1-clang" "$4"
}

# clause NAME LANE BUG SIGNATURE: a finding of the library that the program itself sees.
clause() {
    expect "$1: $4 is exported" exported "$@"
    keeps_its_word "$1" "$2" "$3" '^reproduced$'
    [ "${5:-}" = killed ] || expect "$1: along the same trace" same_trace "$2" "$3" "$1"
    expect "$1: not with our own library" shows_not "$1-own"
}

# sanitized NAME LANE BUG SIGNATURE REPORT
sanitized() {
    expect "$1: $4 is exported" exported "$@"
    keeps_its_word "$1" "$2" "$3" "SUMMARY: $5"
    expect "$1: not with our own library" shows_not "$1-own"
}

for bug in A01 A04 A20 A21 A23 A29a A32 B17 C01 C02; do
    build_lane gcc "build/gcc/mutants/$bug/csq" "MUTANT=$bug"
done
for bug in A06 A13; do
    build_lane asan "build/asan/mutants/$bug/csq" "MUTANT=$bug"
done
build_lane tsan build/tsan/mutants/A12/csq MUTANT=A12

# ---- Clauses --------------------------------------------------------------------------------------

clause lost gcc A01 'CSQ-INS-7 cancel|insert' <<'TEXT'
csq 1
t0 insert q0 irp0
    preempt swap.before run t1
t1 cancel irp0
TEXT
clause twice gcc A04 'CSQ-INS-10 cancel|insert' <<'TEXT'
csq 1
t0 insert q0 irp0
    preempt swap.after run t1
t1 cancel irp0
TEXT
clause removed gcc A20 'CSQ-REM-5 cancel|remove' <<'TEXT'
csq 1
t0 insert q0 irp0 ctx0
t0 cancel irp0
    preempt lock.want run t1
t1 remove ctx0
TEXT
clause next gcc A21 'CSQ-RNX-6 cancel|remove-next' <<'TEXT'
csq 1
t0 insert q0 irp0
t0 cancel irp0
    preempt claim.before run t1
t1 remove-next q0
TEXT
clause round gcc A23 'CSQ-RNX-6 cancel|remove-next' <<'TEXT'
csq 1
t0 insert q0 irp0
t0 remove-next q0
    preempt swap.before run t1
t1 cancel irp0
TEXT
clause manager gcc C01 'CSQ-GEN-15 cancel|insert' <<'TEXT'
csq 1
t0 cancel irp0
    preempt flag.before run t1
t1 insert q0 irp0
TEXT
clause nowhere gcc A32 'CSQ-GEN-14 cancel|insert an-invalid-memory-access' killed <<'TEXT'
csq 1
t0 insert q0 irp0
    preempt swap.after run t1
t1 cancel irp0
TEXT

clause stop gcc A29a 'BUGCHECK cancel DRIVER_VERIFIER_DETECTED_VIOLATION' <<'TEXT'
csq 1
t0 insert q0 irp0
t0 cancel irp0 at apc
TEXT
clause leak gcc C02 'LEAK end|remove-next' <<'TEXT'
csq 1
t0 insert q0 irp0
t0 cancel irp0
TEXT
export CSQFUZZ_IGNORE=$'CSQ-RNX-6\nCSQ-CB-PEEK-3' # or the first step round would be the finding
clause livelock gcc A23 'LIVELOCK remove-next' <<'TEXT'
csq 1
t0 insert q0 irp0
t0 remove-next q0
    preempt swap.before run t1
t1 cancel irp0
TEXT
unset CSQFUZZ_IGNORE

# ---- Everything that a driver may do, not minimized ------------------------------------------------

cat >"$work/rich.csq" <<'TEXT'
csq 1
slots irps 3 contexts 2
queue q0 ex queued priority eager
queue q1 plain mutex limited
t0 insert-ex q0 irp0 answer error then hold
t0 insert-ex q0 irp0 ctx0 keep answer pending at apc
t0 insert q1 irp2
t0 remove ctx0 then recycle
t0 in completion insert-ex q0 irp1 ctx1 answer information
    preempt swap.before run t1
t0 insert q0 irp0
t1 drain q1 match even
t1 cancel-lock
t1 cancel irp1
TEXT
expect "rich: is exported" run 0 build/gcc/mutants/A01/csq export-c "$work/rich.csq" -o "$work/rich.c"
keeps_its_word rich gcc A01 '^reproduced$'
expect "rich: along the same trace" same_trace gcc A01 rich
expect "rich: not with our own library" shows_not rich-own

# ---- Deadlock, sanitizers -------------------------------------------------------------------------

expect "deadlock: is exported" exported deadlock gcc B17 'DEADLOCK insert>insert' <<'TEXT'
csq 1
slots irps 2 contexts 1
queue q0 plain queued fifo
queue q1 plain spin fifo
t0 insert q0 irp0
    preempt acquire.out run t1
t1 insert q1 irp1
TEXT
keeps_its_word deadlock gcc B17 '^reproduced$'
expect "deadlock: along the same trace" same_trace gcc B17 deadlock
expect "deadlock: the driver's own lock is in the program" grep -q 'What this driver took besides' "$work/deadlock.c"

sanitized freed asan A06 'CSQ-INS-17 insert|remove-next heap-use-after-free read irp.Cancel' \
    'AddressSanitizer: heap-use-after-free' <<'TEXT'
csq 1
t0 insert q0 irp0
    preempt release.out run t1
t1 remove-next q0
TEXT
sanitized stale asan A13 'CSQ-REM-8 cancel|remove heap-use-after-free read irp' \
    'AddressSanitizer: heap-use-after-free' <<'TEXT'
csq 1
t0 insert q0 irp0 ctx0 keep
t0 cancel irp0
t0 remove ctx0
TEXT
sanitized race tsan A12 'CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp' \
    'ThreadSanitizer: data race' <<'TEXT'
csq 1
t0 insert q0 irp0 ctx0
t0 cancel irp0
    preempt lock.want run t1
t1 remove ctx0
TEXT

# ---- Not to be exported ---------------------------------------------------------------------------

# says STATUS PATTERN ARGUMENT...: one sentence on standard error, nothing else.
says() {
    run "$1" timeout 60 build/gcc/mutants/A01/csq export-c "${@:3}" &&
        [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -qE -- "$2" "$work/err"
}
printf 'csq 1\nt0 insert q0 irp0\n' >"$work/clean.csq"
printf 'substrate 1\n' >"$work/substrate.csq"
echo 'csq 1 and more' >"$work/bad.csq"
expect "no finding" says 1 'clean.csq: no finding' "$work/clean.csq" -o "$work/clean.c"
expect "... and no file" [ ! -e "$work/clean.c" ]
expect "a file that is missing" says 2 'missing: No such file' "$work/missing"
expect "a text that is no program" says 2 'bad.csq:1:7: expected' "$work/bad.csq"
expect "a program of the substrate's" says 2 "substrate.csq: a program of the substrate's" "$work/substrate.csq"
expect "a file that cannot be written" says 2 '^/nonexistent/out' "$work/lost.csq" -o /nonexistent/out
finish
