#!/usr/bin/env bash
# ./build.sh conformance --impl: sound implementations of another make conform, and nothing that
# one does keeps the suite from an answer. Each `timeout` is a bound, not a goal.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/conformance-impl
explanation=$work/err
rm -rf "$work"
mkdir -p "$work"

# judge STATUS FILE OPTION...: does `./build.sh conformance --impl FILE` end with this status?
judge() {
    local expected=$1 file=$2 status=0
    shift 2
    timeout 600 ./build.sh conformance --impl "conformance/$file" "$@" \
        >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ "$status" -eq "$expected" ] || echo "status $status instead of $expected" >>"$work/err"
    [ "$status" -eq "$expected" ]
}

said() { grep -q -E -- "$1" "$work/out"; }
not_said() { ! said "$@"; }
complained() { grep -q -E -- "^csqfuzz: $1" "$work/err"; }
count() { sed -n 's/^all  *//p' "$work/out"; }

# ---- Sound ----
expect "an implementation of another structure conforms" judge 0 alternative/csq.c
expect "its reading is recognised" said '^profile: reading text; success nt_success$'
expect "one in C++ conforms" judge 0 tests/impl/thin.cpp --json "$work/thin.json"
expect "its reading and its test of success are recognised" \
    said '^profile: reading diagram; success exact$'
expect "the profile that it has may be demanded" \
    judge 0 tests/impl/thin.cpp --profile diagram,exact --case csq_ins_
expect "another one may not" judge 1 tests/impl/thin.cpp --profile text --case csq_ins_
expect "which is a deviation of AMB-1" said '^AMB-1 deviates: '
expect "one with warnings and an include style of its own conforms" judge 0 tests/impl/odd/odd.c
expect "one that prints garbage conforms" judge 0 tests/impl/prints.c --json "$work/prints.json" \
    --junit "$work/prints.xml"
expect "and garbles nothing" perl -MJSON::PP -e 'local $/; decode_json(<>)' "$work/prints.json"
expect "neither there" xmllint --noout "$work/prints.xml"
expect "nor here" not_said 'not ours'
expect "one that raves and then exits: status 1" judge 1 tests/impl/raves.c --lane gcc \
    --json "$work/raves.json" --junit "$work/raves.xml"
expect "its last words are kept" said '^  *said  *not ours'
expect "and garble nothing" perl -MJSON::PP -e 'local $/; decode_json(<>)' "$work/raves.json"
expect "neither there" xmllint --noout "$work/raves.xml"
expect "TAP with them" judge 1 tests/impl/raves.c --lane gcc --tap
expect "is nothing but ours" not_said '^ok [0-9]* - not ours'

# ---- Not to be built ----
expect "one that does not compile: status 2" judge 2 tests/impl/does_not_compile.c
expect "it says so" complained 'conformance/tests/impl/does_not_compile.c does not compile:$'
expect "with the compiler's first error" grep -q 'NoSuchMember' "$work/err"
expect "one that lacks routines: status 2" judge 2 tests/impl/lacks_removal.c
expect "it names them" complained '.* does not define IoCsqRemoveIrp IoCsqRemoveNextIrp$'
expect "one that needs more: status 2" judge 2 tests/impl/needs_more.c
expect "it names what" complained 'it needs what the substrate does not have: KeFrobnicateQueue$'
expect "one that defines too much: status 2" judge 2 tests/impl/defines_too_much.c
expect "it names what" complained 'it defines what the substrate has, too: IoCancelIrp$'
expect "no such file: status 2" judge 2 tests/impl/nothing.c
expect "it names it" complained 'cannot read .*tests/impl/nothing.c$'

# ---- Unsound ----
expect "one that exits in the middle: status 1" judge 1 tests/impl/exits.c
expect "the cases that met it say so" said '^      crashed  *it called exit\(0\) in the middle$'
expect "how far they got, too" said '^      trace  *A I\(i0\) L'
expect "the others have run" test "$(count | awk '{ print ($1 > 50 && $3 > 20) }')" = 1
expect "one that crashes: status 1" judge 1 tests/impl/crashes.c --case csq_rnx_
expect "the sanitizer's words are kept" \
    said '^      crashed  *AddressSanitizer: SEGV .*crashes.c:[0-9:]* in IoCsqRemoveNextIrp$'
expect "with its stack" said '^  *said  *ERROR: AddressSanitizer'
expect "without a sanitizer: status 1" judge 1 tests/impl/crashes.c --lane gcc
expect "the signal is named" said '^      crashed  *signal 11: Segmentation fault$'
expect "and the trace is there" said '^      trace  *A I\(i0\) L'
expect "one that loops for ever: status 1" judge 1 tests/impl/loops.c --lane gcc \
    --case csq_ins_ --case csq_inx_
expect "the cases that met it hang" said '^      hung  *a loop: '
expect "the others have run" test "$(count | awk '{ print ($1 > 10 && $4 > 10) }')" = 1
expect "one that sleeps for ever: status 1" \
    judge 1 tests/impl/sleeps.c --lane gcc --case csq_ins_1 --case csq_rem_ --seconds 0.5
expect "likewise" said '^      hung  *it had not ended after 0.5 s$'

# ---- Fuzzing ----
expect "what conforms is fuzzed, too" judge 0 tests/impl/thin.cpp --case csq_ins_ --fuzz 6 \
    --out "$work/fuzz"
expect "and holds" said '^fuzzing for 6 s found nothing besides$'
expect "what deviates is looked past" judge 1 tests/impl/deviates_twice.c --case csq_inx_ --fuzz 10 \
    --out "$work/fuzz-twice"
expect "the case's clause" said '^CSQ-INX-4 deviates'
expect "and what lies behind" said '^  [at]san: CSQ-RNX-'
expect "not the same again" test "$(grep -c '^  [at]san: CSQ-INX-4' "$work/out")" -eq 0

# ---- Usage ----
expect "no file: status 2" judge 2 "" --impl
expect "a folder: status 2" judge 2 tests/impl
expect "an unknown option: status 2" judge 2 alternative/csq.c --frobnicate 1
expect "it names it" complained 'conformance does not know --frobnicate'
expect "an unknown lane: status 2" judge 2 alternative/csq.c --lane lsan
expect "an option of the suite that is wrong: status 2" judge 2 alternative/csq.c --jobs none
from_there() {
    env -C conformance/alternative ../../build.sh conformance --impl csq.c --case csq_ins_8 \
        >"$work/out" 2>"$work/err"
}
expect "a path is one from the caller's folder" from_there
finish
