#!/usr/bin/env bash
# The deep planted bugs are real: each has a program with a named schedule, mutants/deep/ID.csq, on
# which its planted build reports a clause that its patch names, and the sound build reports nothing.
# TAP output.
#
#   check_deep.sh [BUILD]   the folder to build in, of gcc's objects (default: build/gcc)
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
build=${1:-build/gcc}
folder=conformance/mutants
number=0 failed=0

# verdict TROUBLE NAME: ok if there is no trouble.
verdict() {
    number=$((number + 1))
    if [ -z "$1" ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2: $1"
        failed=1
    fi
}

compile() {
    make -s "BUILD=$build" CC=gcc CXX=g++ CFLAGS="-O2 -g" "$@" 2>&1 | head -n 3
    return "${PIPESTATUS[0]}"
}

clauses() {
    sed -n 's/^Detector: .*(clauses\{0,1\} \(.*\))$/\1/p' "$folder/$1.patch" | sed 's/, */\n/g'
}

# trouble ID: says what is wrong with a mutant and its program; nothing if all is well.
trouble() {
    local planted=$build/mutants/$1/csq program=$folder/deep/$1.csq log status=0 clause
    [ -e "$program" ] || { echo "there is no $program" && return; }
    log=$(compile "MUTANT=$1" "$planted") || { echo "does not build: $log" && return; }
    log=$("$planted" run --quiet "$program" 2>&1) || status=$?
    clause=$(sed -n 's/^SUMMARY: csqfuzz: \([^ ]*\).*/\1/p' <<<"$log" | head -n 1)
    [ "$status" -eq 1 ] || echo "the planted build reports nothing (status $status)"
    ! grep -q drifted <<<"$log" || echo "the schedule has drifted"
    clauses "$1" | grep -q -x -F "${clause:-none}" ||
        echo "it reports ${clause:-no clause}, which the patch does not name"
    status=0
    log=$("$build/csq" run --quiet "$program" 2>&1) || status=$?
    grep -q '^verdict: no finding' <<<"$log" || echo "the sound build reports something (status $status)"
}

if ! log=$(compile "$build/csq"); then
    echo "Bail out! the build failed: $log"
    exit 2
fi
for patch in "$folder"/DEEP*.patch; do
    mutant=$(basename "$patch" .patch)
    verdict "$(trouble "$mutant" | tr '\n' ' ')" "$mutant is reported on its program, the sound build is not"
done
orphans=$(for program in "$folder"/deep/*.csq; do
    [ -e "$folder/$(basename "$program" .csq).patch" ] || echo "$program"
done)
verdict "$orphans" "every program in $folder/deep has its patch"
echo "1..$number"
exit "$failed"
