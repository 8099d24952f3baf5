#!/usr/bin/env bash
# Run every seed of every target, hold its callbacks against the target's EXPECTED; run all
# regressions. TAP output.
#
#   corpus/check_seeds.sh CSQ                  test; CSQ is the csq command
#   corpus/check_seeds.sh CSQ --print TARGET   print what EXPECTED of a target would have to say
#
# A line of EXPECTED is "NAME: TRACE". The trace has, in the order of execution, with t0..t3 before
# what another thread does than the one before:
#   A        CsqAcquireLock has the lock      I, Ix    CsqInsertIrp, CsqInsertIrpEx
#   L        CsqReleaseLock is called         Rm, C    CsqRemoveIrp, CsqCompleteCanceledIrp
#   Pk(x)    CsqPeekNextIrp from x: NULL or the number of an IRP's slot
#   cs+ cs-  the cancel spin lock was taken, is being dropped
#   ret      the operation is over, and the IRP that it got disposed of; a drain has one ret
# Where several IRPs are in play, I, Ix, Rm and C name theirs as Pk does; where there are two queues
# every callback says which: "Rm(1):q0". What the epilogue does to clean up is left out.
#
# Calls of csq_substrate_fuzzer have no such trace: the model judges each. TRACE is how many there are.
set -u
export LC_ALL=C

if [ $# -ne 1 ] && { [ $# -ne 3 ] || [ "$2" != --print ]; }; then
    echo "usage: corpus/check_seeds.sh CSQ [--print TARGET]" >&2
    exit 2
fi
csq=$1
corpus=$(dirname "$0")
mapfile -t targets < <(find "$corpus" -mindepth 1 -maxdepth 1 -name '*_fuzzer' | sort)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# compact < the program as "csq show" prints it, then the trace as "csq run" does
compact() {
    awk '
    $1 == "slots" { several_irps = $3 > 1 }
    $1 == "queue" { ex[$2] = $3 == "ex"; queues++ }
    $3 !~ /^[0-3]:$/ { next }
    {
        queue = irp = ""
        for (i = 5; i <= NF; i++) {
            if ($i ~ /^q[0-9]+$/) queue = $i
            if ($i ~ /^irp[0-9]+$/) irp = substr($i, 4)
        }
        subject = several_irps ? "(" irp ")" : ""
        where = queues > 1 ? ":" queue : ""
        if ($4 == "acquire.out") step = "A" where
        else if ($4 == "release.in") step = "L" where
        else if ($4 == "insert.in") step = (ex[queue] ? "Ix" : "I") subject where
        else if ($4 == "remove.in") step = "Rm" subject where
        else if ($4 == "complete.in") step = "C" subject where
        else if ($4 == "peek.in") step = "Pk(" (irp == "" ? "NULL" : irp) ")" where
        else if ($4 == "cancel-lock.got") step = "cs+"
        else if ($4 == "cancel-lock.drop") step = "cs-"
        else if ($4 == "end") step = "ret"
        else next
        if ($3 != before) line = line " t" substr($3, 1, 1)
        before = $3
        line = line " " step
    }
    END { print substr(line, 2) }'
}

# ---- What is wrong with a seed, if anything, on standard output -------------------------------

# Some clauses have no number; a regression may have ended before anybody could name one.
check_comment() {
    head -n 1 "$1" | grep -Eq '^# .*\b([A-Z]+(-[A-Z]+)*-[0-9]+|SUBSTRATE:)|^# (DEADLOCK|LIVELOCK|LEAK|BUGCHECK|HANG|SIGNAL [0-9]+|EXIT [0-9]+):' ||
        echo "its first line is no comment that names a clause"
}

# check_run SEED STATUS
check_run() {
    if [ "$2" -ne 0 ]; then
        echo "csq run ended with status $2:"
        tail -q -n 4 "$work/run" "$work/errors"
    fi
    grep -q 'skipped 0 ' "$work/run" || grep -q '^#.*skipped' "$1" ||
        echo "it skips operations, and no comment says why"
}

# check_regression TEXT STATUS: what was a finding goes another way where the bug is none any more, and
# need not meet its preemptions, if a comment says so.
check_regression() {
    local status=$2
    [ "$status" -ne 3 ] || ! grep -q '^#.*drifted' "$1" || status=0
    check_comment "$1"
    check_run "$1" "$status"
    "$csq" asm "$1" -o - 2>&1 | cmp - "${1%.csq}" 2>&1
}

# For csq run a preemption is met even if it runs another thread than it names, or changes nothing.
check_preemptions() {
    grep -q '^ *preempt' "$1" || return
    if ! diff <("$csq" show "$1") "$work/list" >"$work/diff" 2>&1; then
        echo "its preemptions (<) are not the switches of its run (>):"
        grep '^[<>]' "$work/diff"
    fi
}

# A seed of the sequential target must not rely on a schedule, which that target drops.
check_sequential() {
    ! grep -E '^ *(strategy|preempt|t[1-3] )' "$1" || echo "it is not of one thread"
}

# check_trace NAME TRACE EXPECTED
check_trace() {
    local expected
    expected=$(sed -n "s/^$1: //p" "$3")
    [ "$2" = "$expected" ] || printf 'expected: %s\nhas:      %s\n' "$expected" "$2"
}

# ---- TAP --------------------------------------------------------------------------------------

number=0 failed=0

# report DESCRIPTION PROBLEMS
report() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        failed=$((failed + 1))
    fi
}

# run_seed SEED TARGET: sets status, trace; leaves what csq wrote in $work.
run_seed() {
    local how=()
    [ "$2" != csq_sequential_fuzzer ] || how=(--sequential)
    rm -f "$work/list"
    status=0
    "$csq" run "${how[@]}" --list="$work/list" "$1" >"$work/run" 2>"$work/errors" || status=$?
    if [ "$2" = csq_substrate_fuzzer ]; then
        trace=$(sed -n 's/^performed \([0-9]*\) operations.*/\1 calls/p' "$work/run")
        return
    fi
    trace=$({ "$csq" show "$1" 2>/dev/null && cat "$work/run"; } | compact)
}

# added_problems BYTES TARGET: a seed that ./build.sh corpus --merge has written (added-HASH) has no
# trace that anybody has read. It must be what its name says and, as the bytes that it came from,
# no finding; preemptions that are not met are nothing special then.
added_problems() {
    local how=(-q)
    [ "$2" != csq_sequential_fuzzer ] || how+=(--sequential)
    [ "$2" != csq_substrate_fuzzer ] || how+=(--substrate)
    "$csq" run "${how[@]}" "$1" >"$work/run" 2>&1 || tail -n 4 "$work/run"
    [ "$(basename "$1")" = "added-$(sha1sum <"$1" | cut -c1-16)" ] ||
        echo "its name is not that of its bytes: who edits a seed gives it a name of its own"
}

# seed_problems SEED NAME TARGET
seed_problems() {
    check_comment "$1"
    check_run "$1" "$status"
    check_preemptions "$1"
    [ "$3" != csq_sequential_fuzzer ] || check_sequential "$1"
    check_trace "$2" "$trace" "$corpus/$3/EXPECTED"
}

# check_target TARGET: each of its seeds, and what they are together.
check_target() {
    local seed name bytes=$work/$1
    mkdir "$bytes"
    for seed in "$corpus/$1"/*.csq; do
        name=$(basename "$seed" .csq)
        "$csq" asm "$seed" -o "$bytes/$name" 2>/dev/null
        if [[ $name = added-* ]]; then
            report "$1: $name" "$(added_problems "$bytes/$name" "$1")"
            continue
        fi
        run_seed "$seed" "$1"
        report "$1: $name" "$(seed_problems "$seed" "$name" "$1")"
    done
    report "$1: EXPECTED names every seed that people wrote once, and no other" "$(
        diff <(sed 's/:.*//' "$corpus/$1/EXPECTED" | sort) \
            <(basename -a -s .csq "$corpus/$1"/*.csq | grep -v '^added-' | sort)
    )"
    report "$1: no two seeds have the same bytes" "$(
        cd "$bytes" && sha256sum -- * | sort | uniq -w 64 -D | sed 's/^[0-9a-f]* *//'
    )"
}

if [ $# -eq 3 ]; then
    for seed in "$corpus/$3"/*.csq; do
        [[ $seed != */added-* ]] || continue
        run_seed "$seed" "$3"
        echo "$(basename "$seed" .csq): $trace"
    done
    exit 0
fi

for target in "${targets[@]}"; do
    check_target "$(basename "$target")"
done
mapfile -t fixed < <(find "$corpus/regressions" -name '*.csq' 2>/dev/null | sort)
for text in "${fixed[@]}"; do
    "$csq" run "$text" >"$work/run" 2>"$work/errors"
    status=$?
    report "regression $(basename "$text" .csq)" "$(check_regression "$text" "$status")"
done
report "regressions: every file belongs to a text" "$(
    find "$corpus/regressions" -type f ! -name '*.csq' 2>/dev/null | while read -r file; do
        [ -e "${file%.md}.csq" ] || echo "$file"
    done
)"
echo "1..$number"
[ "$failed" -eq 0 ]
