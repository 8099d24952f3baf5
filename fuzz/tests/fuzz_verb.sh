#!/usr/bin/env bash
# ./build.sh fuzz and build.sh itself as people meet them: options, endings, bad surroundings.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/fuzz-verb
explanation=$work/err
rm -rf "$work"
mkdir -p "$work"

not_empty() {
    [ -n "$(ls "$1" 2>/dev/null)" ]
}

# ---- Findings and none ----
expect "a short run on our library ends with status 0" \
    run 0 ./build.sh fuzz --seconds 4 --out "$work/clean"
expect "it says that there was no finding" grep -q '^no finding$' "$work/out"
expect "it shows a progress line for each lane" \
    grep -q -E '^tsan .* executions .*/s .* edges .* findings' "$work/out"
expect "the corpus it keeps consists of whole files" \
    whole_files "$work/clean/corpus/csq_schedule_fuzzer"
expect "a planted bug ends with status 1" \
    run 1 ./build.sh fuzz --seconds 20 --lane asan --planted A07 --out "$work/planted"
expect "the report names clause and operations" grep -q 'CSQ-CB-CCI-4 ' "$work/out"
command=$(sed -n 's/^ *show it: //p' "$work/out" | head -n 1)
# shellcheck disable=SC2086 # a command with its arguments
expect "the command it gives shows the finding" run 1 $command
expect "that shows the program and the steps" grep -q '^The last steps:' "$work/out"
expect "an ignored clause does not hide what lies behind it" run 1 ./build.sh fuzz --seconds 20 \
    --lane asan --planted A24 --ignore CSQ-RNX-5 --out "$work/ignored"
expect "nor is it reported" test "$(grep -c 'asan: CSQ-RNX-5' "$work/out")" -eq 0
expect "an ignored signature is ignored for its pair alone" run 1 ./build.sh fuzz --seconds 20 \
    --lane asan --planted A03 --ignore "CSQ-INS-6 insert-ex" --out "$work/pair"
expect "which leaves the other" grep -q 'asan: CSQ-INS-6 ' "$work/out"

expect "the sequential target finds a planted bug as well" \
    run 1 ./build.sh fuzz --seconds 20 --lane asan --target csq_sequential_fuzzer --planted A24 \
    --out "$work/sequential"
expect "it says so by what was expected" grep -q 'asan: CSQ-RNX-5 ' "$work/out"
command=$(sed -n 's/^ *show it: //p' "$work/out" | head -n 1)
# shellcheck disable=SC2086 # a command with its arguments
expect "the command it gives shows that" run 1 $command
expect "with the difference" grep -q 'at the end of A Pk(NULL) Rm: ' "$work/out"

# ---- Interrupted, killed, no room ----
setsid ./build.sh fuzz --seconds 60 --out "$work/interrupted" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_for test -e "$work/interrupted/work/1/log"
sleep 2
kill -TERM -- -$pid # like Ctrl-C: the script, its workers, and whatever command runs
status=0
wait $pid || status=$?
expect "an interrupted run ends with status 0" test $status -eq 0
expect "it still reports" grep -q '^corpus: ' "$work/out"

setsid ./build.sh fuzz --seconds 60 --out "$work/killed" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_for not_empty "$work/killed/corpus/csq_schedule_fuzzer"
kill -9 -- -$pid # its session: the script and the workers
wait $pid 2>/dev/null
echo half >"$work/killed/work/0/corpus/0123456789012345678901234567890123456789"
before=$(find "$work/killed/corpus" -type f | wc -l)
expect "a killed run leaves whole files only" \
    whole_files "$work/killed/corpus/csq_schedule_fuzzer"
expect "the next run takes up what the killed one left" \
    run 0 ./build.sh fuzz --seconds 3 --out "$work/killed"
expect "it has lost nothing" \
    test "$(find "$work/killed/corpus" -type f | wc -l)" -ge "$before"
expect "and keeps no half file" whole_files "$work/killed/corpus/csq_schedule_fuzzer"

if [ "$(id -u)" -eq 0 ] && mkdir -p "$work/small" && mount -t tmpfs -o size=1m tmpfs "$work/small" 2>/dev/null; then
    run 0 ./build.sh fuzz --seconds 6 --out "$work/small/out" || true
    expect "a full disk leaves whole files only" \
        no_half_files "$work/small/out/corpus/csq_schedule_fuzzer"
    umount "$work/small"
else
    skip "a full disk leaves whole files only" "cannot mount a small file system"
fi

# ---- Usage and surroundings ----
expect "an unknown verb is refused" run 2 ./build.sh frobnicate
expect "an unknown option is refused" run 2 ./build.sh fuzz --frobnicate 1
expect "in one sentence" one_sentence frobnicate
expect "so is a number that is none" run 2 ./build.sh fuzz --seconds soon
expect "in one sentence" one_sentence seconds
expect "so is a lane that is none" run 2 ./build.sh fuzz --lane lsan
expect "so is a target that is none" run 2 ./build.sh fuzz --target no_fuzzer
expect "which says which there are" one_sentence "csq_sequential_fuzzer"
expect "so is a clause that is none" run 1 ./build.sh fuzz --seconds 2 --ignore NO-SUCH --out "$work/none"
expect "a folder that cannot be written is one sentence" \
    run 2 ./build.sh fuzz --seconds 2 --out /proc/nowhere
expect "which names it" grep -q '^csqfuzz: .*/proc/nowhere' "$work/err"
expect "a missing compiler is one sentence" run 2 env CC=no-such-cc CXX=no-such-cxx OUT="$work/o" ./build.sh
expect "which names it" one_sentence no-such-cc
cat >"$work/old-clang" <<'OLD'
#!/bin/sh
case $1 in
-dumpversion) echo 14.0.6 ;;
--version) echo "Debian clang version 14.0.6" ;;
esac
OLD
chmod +x "$work/old-clang"
expect "a clang too old for threads is one sentence" \
    run 2 env CC="$work/old-clang" SANITIZER=thread OUT="$work/o" ./build.sh
expect "which says what is needed" one_sentence "clang 18 or later"
expect "help is help" run 0 ./build.sh help
finish
