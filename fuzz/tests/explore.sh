#!/usr/bin/env bash
# csq explore, as TAP: killed and resumed it ends with the same counts; bad checkpoints, conditions and
# options are refused in a sentence; a planted bug is found and its reproducer replays.
#
#   explore.sh FOLDER [PLANTED]    a built lane: csq; a csq built with MUTANT=A23
# shellcheck disable=SC2317 # functions that expect calls
set -u
lane=$(cd "${1:?usage: explore.sh FOLDER [PLANTED]}" && pwd) || exit 2
planted=${2:+$(realpath "$2")}
litmus=$(cd "$(dirname "$0")/../../conformance/litmus" && pwd) || exit 2
# shellcheck source=fuzz/tests/expect.sh
. "$(dirname "$0")/expect.sh"
csq=$lane/csq
if ! [ -x "$csq" ]; then
    echo "Bail out! $lane has not been built"
    exit 2
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
explanation=$work/said

# status_of COMMAND...: what it says goes to out and said.
status=0
run() {
    timeout 300 "$@" >out 2>said </dev/null
    status=$?
}
says() { grep -qE -- "$1" out; }
complains() { [ "$status" -eq 2 ] && [ ! -s out ] && grep -qE -- "$1" said; }
same() { cmp -s "$1" "$2"; }

# ---- Killed and resumed -----------------------------------------------------------------------

cat >large.csq <<'TEXT'
csq 1
t0 insert q0 irp0 ctx0 keep
t0 remove ctx0
t1 cancel irp0
t2 cancel irp0
t3 remove-next q0
always irp0 returns = 1
TEXT

# killed_at SIGNAL SECONDS OPTION...: start it, or go on, and interrupt it, but not before it has left
# its first checkpoint.
killed_at() {
    local signal=$1 seconds=$2 process
    shift 2
    "$csq" explore large.csq --checkpoint state "$@" >out 2>said </dev/null &
    process=$!
    for _ in {1..300}; do
        [ ! -e state ] || break
        sleep 0.1
    done
    sleep "$seconds"
    kill "-$signal" "$process" 2>/dev/null
    wait "$process" 2>/dev/null
}

# survives NAME SIGNAL OPTION...: three times interrupted at a random moment, then left alone.
survives() {
    local name=$1 signal=$2 moment
    shift 2
    rm -f state
    timeout 300 "$csq" explore large.csq "$@" >reference 2>said </dev/null
    killed_at "$signal" "0.$((RANDOM % 80 + 10))" "$@"
    for _ in 1 2; do
        moment=0.$((RANDOM % 80 + 10))
        killed_at "$signal" "$moment" --resume "$@"
    done
    run "$csq" explore large.csq --checkpoint state --resume "$@"
    expect "$name: killed at any moment and resumed, it ends the same" same out reference
    run "$csq" explore large.csq --checkpoint state --resume "$@"
    expect "$name: resumed at its end, it says the same again" same out reference
}

survives "all" KILL --limit 400000
survives "all, by SIGTERM" TERM --limit 400000
survives "bounded" KILL --preemptions 2
survives "sampled" KILL --strategy random --seeds 300000

# ---- Checkpoints that are none ----------------------------------------------------------------

refuses_checkpoint() { # NAME PATTERN FILE OPTION...
    local name=$1 pattern=$2
    shift 2
    run "$csq" explore "$@" --checkpoint state --resume
    expect "$name" complains "$pattern"
}
run "$csq" explore large.csq --limit 1000 --checkpoint state
cp state good
sed 's/^t3 .*/t3 drain q0/' large.csq >other.csq
refuses_checkpoint "a checkpoint of another program" '^state: .*another program' other.csq
refuses_checkpoint "... of a search with other options" '^state: .*other options' large.csq -p 2
head -c 300 good >state
refuses_checkpoint "... that is cut off" '^state: not a checkpoint' large.csq
{ head -c 400 good && printf 'x' && tail -c +402 good; } >state
refuses_checkpoint "... with a byte changed" '^state: not a checkpoint' large.csq
: >state
refuses_checkpoint "... that is empty" '^state: not a checkpoint' large.csq
rm state
refuses_checkpoint "... that is not there" '^state: No such file' large.csq
run "$csq" explore large.csq --limit 1000 --checkpoint /nonexistent/state
expect "a checkpoint that cannot be written" complains '^/nonexistent/state: No such file'

# ---- Mistakes in conditions -------------------------------------------------------------------

# COLUMN|what was expected|the condition
mistakes() {
    cat <<'TABLE'
6|an operation of this program|never
7|an operation of this program|never t9.0 skipped
7|an operation of this program|never t1.1 skipped
7|an operation of this program|never t1 skipped
7|an operation of this program|never irp1 queued
7|an operation of this program|never irp queued
12|one of: returned, skipped|never t1.0 canceled
11|one of: returned, skipped|never t1.0
21|one of: true, false|never t1.0 returned irp0
21|no result: insert returns none|never t0.0 returned true
21|one of: null, irp0|never t2.0 returned true
12|one of: removed, canceled|never irp0 gone
20|one of: =, !=|never irp0 inserts 1
22|one of: =, !=|never irp0 completes => 1
24|a number|never irp0 completes = one
24|a thread or an operation|never irp0 canceled by irp1
24|a thread or an operation|never irp0 canceled by t1.7
19|the end of the line|never irp0 queued irp0 held
22|an operation of this program|never irp0 queued and
20|")", "and"|never ( irp0 queued
7|an operation of this program|never )
TABLE
}
while IFS='|' read -r column expected condition; do
    printf 'csq 1\nt0 insert q0 irp0\nt1 cancel irp0\nt2 remove-next q0\n%s\n' "$condition" >bad.csq
    run "$csq" explore bad.csq
    at="bad.csq:5:$column: expected $expected"
    expect "5:$column: $condition" complains "^${at//)/\\)}"
    run "$csq" show bad.csq
    expect "... which csq show passes over" [ "$status" -eq 0 ]
done < <(mistakes)
{ echo 'csq 1'; echo 't0 cancel irp0'; printf 'never '; printf 'not %.0s' {1..30}; echo 'irp0 queued'; } >bad.csq
run "$csq" explore bad.csq
expect "too many nots" complains '^bad.csq:3:[0-9]*: expected at most 16'
{ echo 'csq 1'; for _ in {1..33}; do echo 'never irp0 queued'; done; } >bad.csq
run "$csq" explore bad.csq
expect "too many conditions" complains '^bad.csq:34:1: expected at most 32'

# ---- Options ----------------------------------------------------------------------------------

for option in --preemptions=x --limit=0 --jobs=0 --strategy=fifo --granularity=byte --seeds=-1 --resume; do
    run "$csq" explore large.csq "$option"
    expect "$option" complains "^csq explore: "
done
run "$csq" explore
expect "no program" complains '^csq explore: a program is needed'
run "$csq" explore large.csq other.csq --checkpoint state
expect "a checkpoint of two programs" complains 'one program at a time'
run "$csq" explore missing.csq
expect "a program that is missing" complains '^missing.csq: No such file'
{ echo 'csq 1'; for _ in {1..65}; do echo 't0 cancel irp0'; done; } >many.csq
run "$csq" explore many.csq
expect "too many operations" complains '^many.csq: 65 operations are too many'

# ---- Verdicts ---------------------------------------------------------------------------------

fails() { [ "$status" -eq 1 ] && says "$1"; }
cp "$litmus/insert+cancel.csq" wrong.csq
echo 'sometimes irp0 queued' >>wrong.csq
run "$csq" explore wrong.csq
expect "a sometimes that never came" fails 'failed: line [0-9]*, not so: sometimes irp0 queued'
cp "$litmus/insert+cancel.csq" wrong.csq
echo 'never irp0 canceled by t1' >>wrong.csq
run "$csq" explore wrong.csq
expect "a never that came" fails 'replay: csq run ./wrong-1.csq'
hash_of() { sed -n 's/^#* *trace hash: \([0-9a-f]*\).*/\1/p' "$1"; }
replays() { [ -n "$(hash_of "$2")" ] && [ "$(hash_of out)" = "$(hash_of "$2")" ] && [ "$status" -eq "$1" ]; }
run "$csq" run -q wrong-1.csq
expect "... its reproducer replays to the same trace" replays 0 wrong-1.csq
run "$csq" explore --limit 500 large.csq
expect "stopped at the limit: nothing is proven" fails 'not explored to the end'
run "$csq" explore --first wrong.csq
expect "--first stops" fails 'stopped at the first failure'
run "$csq" explore -p 1 "$litmus/insert+remove-next.csq"
expect "with at most one preemption" says 'with at most 1 preemptions, 2 outcomes; done'
run "$csq" explore --json "$litmus/insert+remove.csq" "$litmus/insert+remove-next.csq"
expect "as JSON" says '"programs_as_demanded": 2'

# ---- Memory granularity -----------------------------------------------------------------------

run "$csq" explore --granularity memory "$litmus/insert+cancel.csq"
memory() { says 'as demanded' || complains 'no memory granularity'; }
expect "memory granularity, or a sentence that this build has none" memory

# ---- A planted bug ----------------------------------------------------------------------------

if [ -n "$planted" ]; then
    run "$planted" explore "$litmus/insert_cancel+remove-next.csq"
    expect "a planted bug is found" fails 'failed: violation CSQ-RNX-6 cancel.remove-next'
    reproducer=insert_cancel+remove-next-1.csq
    run "$planted" run -q "$reproducer"
    expect "... its reproducer replays to the same trace" replays 1 "$reproducer"
    sed -i 's/preempt lock.want/preempt interlocked.before/' "$reproducer"
    run "$planted" run -q "$reproducer"
    expect "... and says when its schedule has drifted" says 'schedule drifted'
else
    skip "a planted bug is found" "no planted build was given"
fi
finish
