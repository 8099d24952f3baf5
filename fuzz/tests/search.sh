#!/usr/bin/env bash
# search finds a planted bug, the same one for the same seed, saves it, and refuses bad options. TAP.
#
#   search.sh BUILD   a gcc lane's folder, which has search and csq
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${1:?a build folder}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
number=0 failed=0

# check NAME STATUS: ok if STATUS is 0.
check() {
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then echo "ok $number - $1"; else
        echo "not ok $number - $1"
        failed=1
    fi
}

make -s "BUILD=$build" CC=gcc CXX=g++ CFLAGS="-O2 -g" MUTANT=A23 "$build/search" \
    "$build/mutants/A23/search" "$build/mutants/A23/csq" || exit 2
found() { timeout 300 "$build/mutants/A23/search" --seed 7 --strategy "$1" --save "$work/$2" 2>"$work/log"; }
for strategy in walk pct2 pct3 pos sweep mix; do
    line=$(found "$strategy" one)
    [ $? -eq 1 ] && [[ $line == executions\ *CSQ-* ]]
    check "$strategy finds a planted bug" $?
done
found walk one >"$work/first"
found walk two >"$work/second"
[ "$(sed 's/cpu [0-9.]* //' "$work/first")" = "$(sed 's/cpu [0-9.]* //' "$work/second")" ]
check "the same seed finds the same" $?
cmp -s "$work/one" "$work/two"
check "and saves the same program" $?
"$build/mutants/A23/csq" run --quiet "$work/one" >"$work/log"
[ $? -eq 1 ]
check "which csq run reports" $?
line=$(timeout 300 "$build/search" --runs 2000 --strategy mix) && [[ $line == "executions 2000 "*" none" ]]
check "nothing is found in the sound build" $?
for options in "--seed" "--seed x" "--runs -1" "--strategy dfs" "--depth 3"; do
    # shellcheck disable=SC2086
    timeout 60 "$build/search" $options >"$work/out" 2>"$work/log"
    [ $? -eq 2 ] && [ "$(wc -l <"$work/log")" -eq 1 ]
    check "$options is refused in a sentence" $?
done
echo "1..$number"
exit "$failed"
