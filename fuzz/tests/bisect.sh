#!/usr/bin/env bash
# csq bisect, as TAP: names the commit that brought a finding and the one that fixed it, past commits
# that cannot be judged; the checkout stays as it is, and nothing is left behind, also by Ctrl-C.
# shellcheck disable=SC2317 # functions that expect calls
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
ensure git git
ensure patch patch
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
explanation=$work/err
root=$PWD
build_lane gcc build/gcc/csq
build_lane asan build/asan/csq
csq=$root/build/gcc/csq
repository=$work/repository
export TMPDIR=$work/temporary GIT_CEILING_DIRECTORIES=$work GIT_CONFIG_GLOBAL=$work/config GIT_CONFIG_NOSYSTEM=1
mkdir "$TMPDIR" "$repository"
printf '[user]\n\tname = Somebody\n\temail = somebody@example.org\n[init]\n\tdefaultBranch = main\n' >"$work/config"

# A commit is built from its csq.c and what the lane has of the rest already. It may be of another
# format, or of other seeds; $work/slow says from which build on they take forever.
cat >"$work/build" <<BUILD
set -e
echo \$\$ >>"$work/builds"
[ ! -e "$work/slow" ] || [ "\$(wc -l <"$work/builds")" -lt "\$(cat "$work/slow")" ] || { sleep 300 & wait; }
lane=\${1:-gcc} tree=\$PWD
cd "$root"
. fuzz/scripts/common.sh
lane_settings "\$lane"
mkdir -p "\$tree/build/\$lane"
\$CC -std=c11 -Iinclude -Isrc -I. \$CFLAGS -c "\$tree/csq.c" -o "\$tree/csq.o"
# run_make has one log for all.
make -s BUILD="build/\$lane" CC="\$CC" CXX="\$CXX" CFLAGS="\$CFLAGS -Werror" CXXFLAGS="\$CXXFLAGS" \
    SANITIZER="\$SANITIZER" ENGINE="\$ENGINE" LIB_FUZZING_ENGINE="\$LIB_FUZZING_ENGINE" \
    IMPL_OBJECTS="\$tree/csq.o" IMPL_PROGRAMS="\$tree/build/\$lane" "\$tree/build/\$lane/csq"
[ -e "\$tree/wrapper" ] || exit 0
mv "\$tree/build/\$lane/csq" "\$tree/build/\$lane/real"
cp "\$tree/wrapper" "\$tree/build/\$lane/csq"
chmod +x "\$tree/build/\$lane/csq"
BUILD
builds=(--build "bash $work/build")

# ---- A history ----------------------------------------------------------------------------------

cd "$repository" || exit 2
commit() { # NAME SUBJECT
    git add -A
    git commit -q -m "$2" --date="2020-02-0$((++day)) 12:00:00 +0000" && git tag "$1"
}
plant() { patch -s -p3 "$@" csq.c <"$root/conformance/mutants/$bug.patch"; }
day=0 bug=A01
git init -q .
cp "$root/src/csq/csq.c" . && commit start "Six routines"
echo one >notes && commit notes "Notes"
echo '/* The end. */' >>csq.c && commit comment "A comment"
echo 'six routines' >>csq.c && commit unbuilt "In a hurry"
sed -i '/^six routines$/d' csq.c && commit built "Repaired"
plant && commit bug 'Test "Cancel" first'
printf '#!/bin/sh\necho "unknown format" >&2\nexit 2\n' >wrapper && commit format "Another format"
# shellcheck disable=SC2016 # the wrapper's
printf '#!/bin/sh\ngrep -q "strategy walk" "$3" && exit 0\nexec "$(dirname "$0")/real" "$@"\n' >wrapper
commit seeds "Seeds mean something else"
git rm -q -f wrapper && commit back "Seeds as before"
plant -R && day=0 && commit fix "Set the routine first"
echo two >notes && commit more "More notes"
echo three >notes && commit last "Yet more notes"
git checkout -q -b hidden start
echo 'six routines' >>csq.c && plant && commit hasty "Hasty"
sed -i '/^six routines$/d' csq.c && commit repaired "Repaired in a hurry"
git checkout -q -b faults start
bug=A11b
echo one >notes && commit calm "Notes" && plant && commit fault "Fault" && echo two >notes && commit late "Late"
git checkout -q main

printf 'csq 1\nt0 insert q0 irp0\n    preempt swap.before run t1\nt1 cancel irp0\n' >"$work/lost.csq"
"$csq" asm "$work/lost.csq" -o "$work/lost"
printf 'csq 1\nstrategy pos seed 5\nt0 insert q0 irp0\nt0 cancel irp0\nt1 cancel-lock\n' >"$work/fault.csq"
printf 'csq 1\nt0 insert q0 irp0\n' >"$work/sound.csq"

# Somebody is in the middle of something.
git bisect start last start >"$work/out" 2>&1
echo staged >staged && git add staged
echo changed >>csq.c
echo new >untracked
mkdir -p .git/hooks
printf '#!/bin/sh\ntouch %s\n' "$work/hooked" >.git/hooks/post-checkout
chmod +x .git/hooks/post-checkout
everything() {
    git status --porcelain && git for-each-ref && git worktree list && git bisect log && git stash list
    find . -path ./.git/objects -prune -o -type f -print0 | sort -z | xargs -0 sha1sum
    find . -type d -not -path './.git/objects/*' | sort
}
everything >"$work/before"
untouched() { everything >"$work/after" 2>&1 && diff "$work/before" "$work/after" >>"$work/err" && [ ! -e "$work/hooked" ]; }
nothing_left() { [ -z "$(ls -A "$TMPDIR")" ]; }

# ---- Found --------------------------------------------------------------------------------------

lost='CSQ-INS-7 cancel|insert'
# finds WORDS COMMIT SUBJECT-AND-DATE ARGUMENT...: the answer is one paragraph; no log is talked of.
finds() {
    local words=$1 commit=$2 rest=$3
    shift 3
    run 0 "$csq" bisect "${builds[@]}" "$@" || return 1
    cat "$work/out" >>"$work/err"
    head -n 1 "$work/out" | grep -qxF "$words by commit $(git rev-parse "$commit") $rest"
}
lines() { [ "$(wc -l <"$work/out")" = "$1" ]; }
brought_by='"Test "Cancel" first", 2020-02-06 12:00:00 +0000'
fixed_by='"Set the routine first", 2020-02-01 12:00:00 +0000'
expect "what brought it" finds "$lost was brought" bug "$brought_by" start back "$work/lost.csq"
expect "... in one paragraph" lines 2
expect "... that says which could not be judged" grep -qE '^[12] commits? could not be judged; see /.*\.log$' "$work/out"
log_says() { grep -qF "$1" "$(sed -n 's/.*; see //p' "$work/$2")"; }
expect "... and where builds have said why" log_says "ended with status" out
expect "... the checkout is as it was" untouched
rm -f "$TMPDIR"/*.log
expect "... and all else has been put away" nothing_left
expect "of neighbours the second" finds "$lost was brought" bug "$brought_by" built bug "$work/lost.csq"
expect "... without a log" nothing_left
expect "what fixed it" finds "$lost was fixed" fix "$fixed_by" back last "$work/lost.csq"
expect "... in one line" lines 1
expect "... and nothing is left" nothing_left
expect "what fixed it, the fixed one given as GOOD" finds "$lost was fixed" fix "$fixed_by" last back "$work/lost.csq"
expect "bytes" finds "$lost was fixed" fix "$fixed_by" back more "$work/lost"

# Some seed of the walk shows it; which one, is not what is tested here.
mkdir "$work/bug" && git show bug:csq.c >"$work/bug/csq.c"
(cd "$work/bug" && bash "$work/build") >"$work/out" 2>"$work/err" || exit 2
for seed in {1..1000}; do
    printf 'csq 1\nstrategy walk rate 1 seed %d\nt0 insert q0 irp0\nt1 cancel irp0\n' "$seed" >"$work/walk.csq"
    ! "$work/bug/build/gcc/csq" run -q "$work/walk.csq" | grep -qxF "SUMMARY: csqfuzz: $lost" || break
done
expect "a seed, where it means something else in between" \
    finds "$lost was brought" bug "$brought_by" notes back "$work/walk.csq"
expect "... which a fixed library does not show at first" \
    finds "$lost was fixed" fix "$fixed_by" back last "$work/walk.csq"
rm -f "$TMPDIR"/*.log
asan_fault() {
    local builds=(--build "bash $work/build asan" --lane asan)
    finds 'CSQ-CB-CCI-8 cancel|insert heap-use-after-free write irp.DriverContext was brought' fault \
        '"Fault", 2020-02-07 12:00:00 +0000' start late "$work/fault.csq"
}
expect "a seed of a run that kills the process, in the asan lane" asan_fault
in_a_hook() { GIT_DIR=$repository/.git GIT_INDEX_FILE=$repository/.git/index finds "$@"; }
expect "with GIT_DIR set" in_a_hook "$lost was fixed" fix "$fixed_by" back last "$work/lost.csq"
below() { (mkdir "$work/more" && git worktree add -q "$work/more" last && rm -f "$work/hooked" && cd "$work/more" && finds "$@"); }
expect "from another worktree" below "$lost was fixed" fix "$fixed_by" back last "$work/lost.csq"
git worktree remove --force "$work/more"
expect "the checkout is as it was" untouched

several() {
    run 3 "$csq" bisect "${builds[@]}" start repaired "$work/lost.csq" &&
        [ "$(grep -cE "^($(git rev-parse hasty)|$(git rev-parse repaired)) " "$work/out")" = 2 ] &&
        head -n 1 "$work/out" | grep -qxF "$lost was brought by one of these commits:"
}
expect "where it cannot be told, those that may be it" several
expect "... the log has the compiler's words" log_says "six routines" out
rm -f "$TMPDIR"/*.log

# ---- Not found ----------------------------------------------------------------------------------

# refuses NAME STATUS PATTERN ARGUMENT...: one sentence on standard error, nothing left.
refuses() {
    local name=$1 status=$2 pattern=$3
    shift 3
    refused() {
        run "$status" "$csq" bisect "${builds[@]}" "$@" && [ ! -s "$work/out" ] &&
            [ "$(grep -vc '^Try ' "$work/err")" = 1 ] && grep -qE -- "$pattern" "$work/err" && nothing_left
    }
    expect "$name" refused "$@"
}
refuses "both ends show it" 1 "lost.csq: .* shows at bug and at back" bug back "$work/lost.csq"
refuses "neither does" 1 "no finding at start or comment" start comment "$work/lost.csq"
refuses "nothing to be found" 1 "no finding at start or back" start back "$work/sound.csq"
refuses "a revision that is none" 2 '"nonsense" names no commit' start nonsense "$work/lost.csq"
refuses "a revision like an option" 2 '"--all" names no commit' -- start --all "$work/lost.csq"
refuses "one commit twice" 2 'back and main~3 are the same commit' back main~3 "$work/lost.csq"
refuses "two branches" 2 'neither of repaired and last' repaired last "$work/lost.csq"
refuses "a missing file" 2 'missing: No such file' start back "$work/missing"
echo 'csq 1 and more' >"$work/bad.csq"
refuses "a text that is no program" 2 'bad.csq:1:7: expected' start back "$work/bad.csq"
refuses "too little" 2 'GOOD BAD FILE' start back
refuses "too much" 2 'one file' start back "$work/lost.csq" "$work/lost.csq"
refuses "a lane that is none" 2 '--lane takes' --lane 'a b' start back "$work/lost.csq"
cd "$work" || exit 2
refuses "no repository" 2 'no git repository here' start back "$work/lost.csq"
cd "$repository" || exit 2
unbuilt() {
    run 2 "$csq" bisect "${builds[@]}" start unbuilt "$work/lost.csq" && log_says "six routines" err &&
        [ "$(grep -c 'unbuilt does not build; see' "$work/err")" = 1 ]
}
expect "an end that does not build: the log says why" unbuilt
unknown() {
    run 2 "$csq" bisect "${builds[@]}" start format "$work/lost.csq" &&
        [ "$(grep -c 'format cannot run the program; see' "$work/err")" = 1 ]
}
expect "an end that does not know the format" unknown
rm -f "$TMPDIR"/*.log
no_room() { TMPDIR=$work/nowhere run 2 "$csq" bisect start back "$work/lost.csq" && [ "$(wc -l <"$work/err")" = 1 ]; }
expect "no temporary folder" no_room
nobody_told() { "$csq" bisect "${builds[@]}" built bug "$work/lost.csq" >/dev/full 2>"$work/err"; [ $? -eq 2 ]; }
expect "standard output that takes nothing" nobody_told
expect "nothing is left of all these" nothing_left

# ---- Interrupted --------------------------------------------------------------------------------

builds_are() { [ -e "$work/builds" ] && [ "$(wc -l <"$work/builds")" -ge "$1" ]; }
ended() { ! kill -0 "$(tail -n 1 "$work/builds")" 2>/dev/null; }
# interrupt SIGNAL BUILD: while this build is running, the first at BAD, the third for git bisect run.
interrupt() {
    local process status
    rm -f "$work/builds"
    echo "$2" >"$work/slow"
    "$csq" bisect "${builds[@]}" start back "$work/lost.csq" >"$work/out" 2>"$work/err" &
    process=$!
    wait_for builds_are "$2"
    kill "-$1" -- "-$process"
    wait "$process" 2>/dev/null
    status=$?
    [ "$status" -eq $((128 + $(kill -l "$1"))) ] || echo "status $status" >>"$work/err"
    [ "$status" -eq $((128 + $(kill -l "$1"))) ] && [ ! -s "$work/out" ]
}
set -m # or SIGINT is ignored in the background
for build in 1 3; do
    for signal in INT TERM; do
        expect "SIG$signal in build $build ends it" interrupt "$signal" "$build"
        expect "... and the build" ended
        expect "... nothing is left" nothing_left
        expect "... not of the worktree, either" untouched
    done
done
set +m
finish
