#!/usr/bin/env bash
# AFL++ beside libFuzzer: every target in every sanitizer's lane, the custom mutator at work, planted
# bugs found and replayed elsewhere, one corpus for both engines. Bounded in executions; the timeouts
# are for what hangs.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/afl-test
explanation=$work/err
rm -rf "$work"
mkdir -p "$work/none"
head -c 8 /dev/zero >"$work/none/none"
compile_seeds

# afl NAME IN EXECUTIONS: fuzz what build_afl built last, from the inputs in the folder IN.
afl() {
    rm -rf "${work:?}/$1"
    (
        afl_environment
        export AFL_BENCH_UNTIL_CRASH=1
        exec timeout -k 10 300 afl-fuzz -s 1 -i "$2" -o "$work/$1" -E "$3" "${AFL_OPTIONS[@]}" \
            -c "$AFL_CMPLOG" -- "$AFL_TARGET"
    ) >"$work/err" 2>&1 </dev/null
}

# says NAME KEY: what afl-fuzz says of that at the end.
says() {
    sed -n "s/^$2 *: //p" "$work/$1/default/fuzzer_stats"
}

sums() {
    find "$1" -maxdepth 1 -type f -exec sha1sum {} + | cut -d' ' -f1 | sort -u
}

# Where two folders have the same inputs, under whatever names.
in_common() {
    comm -12 <(sums "$1") <(sums "$2")
}

crash_of() {
    find "$work/$1/default/crashes" -name 'id:*' | head -n 1
}

# ---- Every target in every lane ----
works() {
    local name=$1-$2 executions=${3:-3000} in=build/seeds/$2
    [ -n "$(ls "$in")" ] || in=$work/none
    build_afl "$1" "$2"
    afl "$name" "$in" "$executions" || return 1
    grep -q 'Cmplog forkserver successfully started' "$work/err" &&
        [ "$(says "$name" target_mode)" = "persistent shmem_testcase deferred " ] &&
        [ "$(says "$name" stability)" = 100.00% ] || return 1
    case $2 in
    bluetooth*) [ -n "$(crash_of "$name")" ] ;; # its bug is meant to be there
    *) [ "$(says "$name" execs_done)" -ge "$executions" ] && [ "$(says "$name" saved_crashes)" = 0 ] ;;
    esac
}

for lane in asan ubsan msan tsan; do
    for target in $(fuzz_targets); do
        expect "$target works under AFL++ in the $lane lane" works "$lane" "$target"
    done
done
expect "50,000 executions are no race to ThreadSanitizer" works tsan csq_schedule_fuzzer 50000

# ---- The mutator ----
build_afl ubsan csq_schedule_fuzzer
mkdir -p "$work/long"
cat build/seeds/csq_schedule_fuzzer/* | head -c 264 >"$work/long/seed"
trims() {
    afl trimmed "$work/long" 20000 &&
        [ "$(find "$work/trimmed/default/queue" -name '*orig:seed*' -size -264c | wc -l)" -eq 1 ]
}
expect "a long seed is trimmed" trims
takes_in() {
    CSQFUZZ_INTAKE=$PWD/build/seeds/csq_schedule_fuzzer afl intake "$work/none" 3000
    [ -n "$(in_common "$work/intake/default/queue" build/seeds/csq_schedule_fuzzer)" ]
}
expect "what lies in the intake reaches AFL++'s queue" takes_in

# ---- Planted bugs, and what replays them ----
# As sanitizers and clauses have it: the signature and the hash of the trace up to there.
identity() {
    timeout 60 "$@" 2>&1 </dev/null | grep -a -E '^(SUMMARY: csqfuzz|trace hash): '
}

finds() {
    build_afl "$1" csq_schedule_fuzzer "$2"
    afl "$2" "$work/none" 200000
    [ -n "$(crash_of "$2")" ] || return 1
    echo "# $1 $2: found after $(says "$2" execs_done) executions"
}

replays_as_one() {
    local planted=build/$1/mutants/$2 crash
    crash=$(crash_of "$2")
    build_lane "$1" mutant mutant_standalone "$planted/csq" "MUTANT=$2"
    identity "$planted/csq_schedule_fuzzer" "$crash" >"$work/libfuzzer"
    identity "$planted/csq_schedule_fuzzer_standalone" "$crash" >"$work/standalone"
    identity "$planted/csq" run "$crash" >"$work/csq"
    head -n 9 "$work/libfuzzer" "$work/standalone" "$work/csq" >"$work/err"
    [ "$(wc -l <"$work/csq")" -eq 2 ] && grep -q "$3" "$work/csq" &&
        cmp -s "$work/csq" "$work/standalone" && cmp -s "$work/csq" "$work/libfuzzer"
}

expect "a lost cancel is found" finds asan A01
expect "libFuzzer's target, the engine-free driver and csq run replay it as one" \
    replays_as_one asan A01 CSQ-
expect "a double completion is found" finds asan A04
expect "and replays as one" replays_as_one asan A04 CSQ-
races() {
    timeout 60 build/tsan/mutants/A12/csq_schedule_fuzzer "$(crash_of A12)" >"$work/err" 2>&1 </dev/null
    grep -q '^SUMMARY: ThreadSanitizer: data race' "$work/err"
}
expect "a race is found" finds tsan A12
expect "and replays as one" replays_as_one tsan A12 CSQ-CAN-4
expect "it is a race to ThreadSanitizer" races

# ---- Both engines ----
no_afl_left() {
    [ -z "$(find /proc -maxdepth 2 -name exe -lname "$PWD/build/afl-*" 2>/dev/null)" ]
}

# Inputs that AFL++ found are with libFuzzer, and others than AFL++'s are where AFL++ takes them in.
both_ways() {
    local folder=$work/both/work
    [ -n "$(in_common "$folder/1/afl/default/queue" "$folder/0/corpus")" ] &&
        [ -n "$(comm -13 <({ sums "$folder/1/afl/default/queue"; sums build/seeds/csq_schedule_fuzzer
            } | sort) <(sums "$folder/1/corpus"))" ]
} 2>/dev/null

setsid ./build.sh fuzz --engine both --lane asan --seconds 600 --out "$work/both" \
    >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_for both_ways
expect "the engines have each other's inputs while they run" both_ways
kill -INT -- -$pid
status=0
wait $pid || status=$?
expect "an interrupted run ends with status 0" test $status -eq 0
expect "with a line for each engine" \
    test "$(grep -c -E '^(afl-)?asan .* executions .*/s .* edges .* findings' "$work/out")" -ge 2
expect "one corpus, of whole files" whole_files "$work/both/corpus/csq_schedule_fuzzer"
wait_for no_afl_left
expect "and no process" no_afl_left

queue_fills() {
    [ "$(find "$work/killed/work/0/afl/default/queue" -type f 2>/dev/null | wc -l)" -gt 50 ]
}
setsid ./build.sh fuzz --engine afl --lane asan --jobs 1 --seconds 600 --out "$work/killed" \
    >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_for queue_fills
kill -9 -- -$pid
wait $pid 2>/dev/null
wait_for no_afl_left
expect "a killed run leaves no process" no_afl_left
sums "$work/killed/work/0/afl/default/queue" >"$work/before"
expect "the next run takes up what it left" \
    run 0 ./build.sh fuzz --engine libfuzzer --lane asan --seconds 1 --out "$work/killed"
expect "it has lost nothing" test -z \
    "$(comm -23 "$work/before" <(sums "$work/killed/corpus/csq_schedule_fuzzer"))"

expect "a planted bug ends with status 1" run 1 ./build.sh fuzz --engine both --lane asan \
    --planted A07 --seconds 120 --out "$work/planted"
for lane in asan afl-asan; do
    expect "$lane has found it" grep -q "^  $lane: CSQ-CB-CCI-4 " "$work/out"
    expect "and kept the input" test -n "$(ls "$work/planted/findings/$lane-crash-"*)"
done
while read -r command; do
    # shellcheck disable=SC2086 # a command with its arguments
    expect "the command it gives shows the finding" run 1 $command
done < <(sed -n 's/^ *show it: //p' "$work/out")
expect "an engine that is none is refused" run 2 ./build.sh fuzz --engine honggfuzz
expect "in one sentence" one_sentence "--engine takes libfuzzer, afl or both"
expect "a lane that is none is refused with AFL++, too" run 2 ./build.sh fuzz --engine afl --lane lsan
expect "in one sentence" one_sentence "--lane takes"
finish
