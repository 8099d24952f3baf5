#!/usr/bin/env bash
# The yardstick: every search finds the race, ours within 3 schedules in the mean; on the fixed body
# no search finds anything, and those that end have seen all there is. The counts are the same in
# every lane; the fuzz target finds the race from an empty corpus and replays it. TAP output.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/yardstick
explanation=$work/err
target=bluetooth_driver_fuzzer
rm -rf "$work"
mkdir -p "$work"

# measure NAME COMMAND...: the table goes to NAME, and all of it has to come within two minutes.
measure() {
    local name=$1
    shift
    timeout 120 "$@" >"$work/$name" 2>"$work/err" </dev/null
}

# row NAME SEARCH: "found/seeds mean median worst ..." of a search
row() {
    sed -n "s/^$2  *//p" "$work/$1"
}

within() { # NAME SEARCH MEAN
    row "$1" "$2" | awk -v most="$3" '{ n++; if ($2 > most) high = 1 } END { exit !n || high }'
}

# exhausted NAME SEARCH: it found nothing, in all the schedules that it has
exhausted() {
    row "$1" "$2" | grep -q '^0/.*  all its schedules$'
}

same_hashes() { # NAME...
    local name hash first=""
    for name in "$@"; do
        hash=$(sed -n 's/^hash over all traces: //p' "$work/$name")
        [ -n "$hash" ] && [ "$hash" = "${first:=$hash}" ] || return 1
    done
}

one_sentence() { # COMMAND...: refused in one
    local status=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ "$status" -eq 2 ] && [ "$(grep -c . "$work/err")" -eq 1 ]
}

# ---- The table ----
expect "each search finds the race, for each of 200 seeds" measure racy build/gcc/yardstick
expect "with 13 searches" test "$(grep -c ' 200/200 ' "$work/racy")" -eq 13
expect "cuts: at most 3 schedules in the mean" within racy cuts 3
expect "the explorer: at most 5" within racy explore 5
expect "add counted in before it looks: no search finds anything" \
    measure fixed build/gcc/yardstick_fixed --seeds 20 --most 1000
expect "with 13 searches, again" test "$(grep -c ' 0/20 ' "$work/fixed")" -eq 13
for search in explore cuts enumerate-1; do
    expect "the fixed one: $search has run all that it would" exhausted fixed $search
done
expect "every interleaving of the fixed one, one by one" \
    measure all build/gcc/yardstick_fixed --seeds 2 --most 1000000 --search enumerate-all
expect "has been run, and nothing found" exhausted all enumerate-all

for lane in clang asan tsan; do
    measure "racy-$lane" "build/$lane/yardstick" --seeds 20
    measure "fixed-$lane" "build/$lane/yardstick_fixed" --seeds 2 --most 100
done
measure racy-gcc build/gcc/yardstick --seeds 20
measure fixed-gcc build/gcc/yardstick_fixed --seeds 2 --most 100
expect "gcc, clang, asan and tsan: the same traces" same_hashes racy-{gcc,clang,asan,tsan}
expect "of the fixed one, too" same_hashes fixed-{gcc,clang,asan,tsan}

# ---- The fuzz target ----

# finds LANE SEED: from an empty corpus, by its assertion
finds() {
    mkdir -p "$work/corpus-$1"
    ! timeout 120 "build/$1/$target" -seed="$2" -runs=1000000 -len_control=0 -max_len=264 \
        -artifact_prefix="$work/$1-" "$work/corpus-$1" >"$work/err" 2>&1 </dev/null &&
        grep -a -q '^ASSERTION FAILED: YARDSTICK-1 add|stop$' "$work/err"
}

replay() { # COMMAND...: the hash of the execution that it reports
    timeout 60 "$@" 2>&1 </dev/null | sed -n 's/^trace hash: //p'
}

replays() { # LANE
    local input hash
    input=$(find "$work" -name "$1-crash-*")
    [ -n "$input" ] || return 1
    hash=$(replay "build/$1/$target" "$input")
    [ -n "$hash" ] && [ "$(replay "build/gcc/${target}_standalone" "$input")" = "$hash" ]
}

for lane in asan tsan; do
    expect "$lane: the fuzz target finds the race from an empty corpus" finds $lane 1
    expect "$lane: and the input replays, in the gcc lane with the same trace" replays $lane
done
: >"$work/empty"
expect "no bytes, no finding" measure none "build/gcc/${target}_standalone" "$work/empty"

# ---- Usage ----
expect "a number that is none is refused in a sentence" one_sentence build/gcc/yardstick --seeds few
expect "so is an option without its value" one_sentence build/gcc/yardstick --most
expect "so is a search that is none" one_sentence build/gcc/yardstick --search guess
expect "so is an unknown option" one_sentence build/gcc/yardstick --frobnicate
full() { build/gcc/yardstick --seeds 1 >/dev/full; }
expect "so is a standard output that is full" one_sentence full
expect "a planted bug in a target that has its own, too" \
    one_sentence ./build.sh fuzz --target $target --planted A01
finish
