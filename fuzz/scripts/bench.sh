#!/usr/bin/env bash
# ./build.sh bench: speed, beside goals. One line a figure: name, value, goal, ok or short; the same
# as JSON in build/bench.json. Ratios compare what was measured in this run, medians of interleaved
# repetitions. Nothing here is a test: machines differ.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
[ $# -eq 0 ] || die "bench takes no options"

lanes="clang asan tsan"
json=build/bench.json
repetitions=3
work=build/bench-work

build() {
    local lane
    ensure patch patch
    for lane in $lanes; do
        ensure_lane "$lane"
        echo "csqfuzz: building the $lane lane" >&2
        build_lane "$lane" "build/$lane/bench" "build/$lane/bench_host"
        [ "$lane" = clang ] || build_lane "$lane" fuzzers
    done
    build_lane clang build/clang/bench_explore
    build_lane tsan mutant build/tsan/mutants/A12/bench_host MUTANT=A12
}

# figure NAME VALUE [RELATION GOAL]: print it, and add it to the JSON.
figure() {
    local name=$1 value=$2 relation=${3:-} goal=${4:-} verdict=""
    if [ -n "$goal" ]; then
        verdict=$(awk -v v="$value" -v g="$goal" -v r="$relation" \
            'BEGIN { print (r == ">=" ? v >= g : v <= g) ? "ok" : "short" }')
    fi
    printf '%-74s %12s  %-10s %s\n' "$name" "$value" "${relation:+$relation $goal}" "$verdict"
    printf '%s  {"name": "%s", "value": %s, "goal": %s, "relation": "%s", "verdict": "%s"}' \
        "$separator" "$name" "$value" "${goal:-null}" "$relation" "$verdict" >>"$json"
    separator=$',\n'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b ? a / b : 0 }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ---- Loops ------------------------------------------------------------------------------------

# Each repetition measures everything once, so that a disturbance hits all alike.
measure_loops() {
    local lane size round count
    for round in $(seq $repetitions); do
        for lane in $lanes; do
            for size in 2 6; do
                count=$((lane_count / size))
                "build/$lane/bench" loop $size 1 $count >>"$work/$lane-$size-on"
                "build/$lane/bench" loop $size 0 $count >>"$work/$lane-$size-off"
                "build/$lane/bench_host" loop $size 0 8000 >>"$work/$lane-$size-host"
            done
            build/clang/bench long 10 20000 >>"$work/long-10"
            build/clang/bench long 200 1000 >>"$work/long-200"
            build/clang/bench switch 20000000 >>"$work/switch"
        done
    done
}
lane_count=200000

loop_figures() {
    local lane size on off host
    for lane in $lanes; do
        for size in 2 6; do
            on=$(cut -d' ' -f1 "$work/$lane-$size-on" | median)
            off=$(cut -d' ' -f1 "$work/$lane-$size-off" | median)
            host=$(cut -d' ' -f1 "$work/$lane-$size-host" | median)
            figure "$lane 3x$size: executions/s, bare loop, oracle on" "$on"
            figure "$lane 3x$size: executions/s, bare loop, oracle off" "$off"
            figure "$lane 3x$size: executions/s, pooled host threads, oracle off" "$host"
            figure "$lane 3x$size: oracle on against oracle off" "$(ratio "$on" "$off")" ">=" 0.6
            case $lane-$size in
            asan-2) figure "$lane 3x$size: fibers (one core) against host threads" "$(ratio "$off" "$host")" ">=" 25 ;;
            tsan-2 | asan-6) figure "$lane 3x$size: fibers (one core) against host threads" "$(ratio "$off" "$host")" ">=" 10 ;;
            tsan-6) figure "$lane 3x$size: fibers (one core) against host threads" "$(ratio "$off" "$host")" ">=" 5 ;;
            *) figure "$lane 3x$size: fibers (one core) against host threads" "$(ratio "$off" "$host")" ;;
            esac
        done
    done
}

point_figures() {
    local point switch
    point=$(cut -d' ' -f2 "$work/clang-2-on" | median)
    switch=$(median <"$work/switch")
    figure "plain: ns a schedule point, everything included" "$point"
    figure "plain: ns a bare context switch (two contexts, back and forth)" "$switch"
    figure "plain: a schedule point against a bare switch" "$(ratio "$point" "$switch")" "<=" 2.5
    figure "plain: an operation among 200 against one among 10" \
        "$(ratio "$(median <"$work/long-200")" "$(median <"$work/long-10")")" "<=" 1.1
}

# ---- Inside libFuzzer -------------------------------------------------------------------------

fuzzer_figures() {
    local lane round goal
    for lane in asan tsan; do
        for round in $(seq $repetitions); do
            mkdir -p "$work/corpus-$lane-$round"
            "build/$lane/csq_schedule_fuzzer" -seed="$round" -max_total_time=8 -len_control=0 \
                -max_len=32 -print_final_stats=1 "$work/corpus-$lane-$round" 2>&1 </dev/null |
                sed -n 's/^stat::average_exec_per_sec: *//p' >>"$work/fuzzer-$lane"
        done
        goal=300000
        [ "$lane" = asan ] || goal=130000
        figure "$lane: executions/s inside libFuzzer, up to 6 operations" \
            "$(median <"$work/fuzzer-$lane")" ">=" $goal
    done
}

# ---- A planted race, and memory -----------------------------------------------------------------

# cpu_seconds COMMAND...: user and system time of the command, however it ends.
cpu_seconds() {
    local TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>/dev/null </dev/null || true; } 2>&1 | awk '{ printf "%.3f\n", $1 + $2 }'
}

race_figures() {
    local seed cap=10 fibers host caught=0 planted=build/tsan/mutants/A12
    for seed in 1 2 3 4 5; do
        mkdir -p "$work/race-$seed"
        cpu_seconds "$planted/csq_schedule_fuzzer" -seed=$seed -len_control=0 -max_len=264 \
            -runs=5000000 -artifact_prefix="$work/race-$seed/" "$work/race-$seed" >>"$work/race-fibers"
        cpu_seconds "$planted/bench_host" search $seed $cap >>"$work/race-host"
    done
    fibers=$(median <"$work/race-fibers")
    host=$(median <"$work/race-host")
    caught=$(awk -v cap=$cap '$1 < cap { n++ } END { print n + 0 }' "$work/race-host")
    figure "tsan: CPU seconds to the planted race A12, fuzzer from an empty corpus" "$fibers"
    figure "tsan: CPU seconds to A12, random programs on host threads ($caught of 5 within $cap s)" "$host"
    figure "tsan: host against fuzzer, CPU seconds to A12 (a lower bound where censored)" \
        "$(ratio "$host" "$fibers")"
}

memory_figures() {
    local lane before after
    for lane in asan tsan; do
        read -r before after < <("build/$lane/bench" memory 100000 5000000)
        figure "$lane: resident KiB after 100,000 executions" "$before"
        figure "$lane: resident KiB after 5 million executions" "$after"
        figure "$lane: resident memory, 5 million against 100,000" "$(ratio "$after" "$before")" "<=" 1.1
    done
}

# ---- The explorer -------------------------------------------------------------------------------

explore_figures() {
    local litmus=conformance/litmus name explored walked all two three any round
    for name in insert+remove-next+cancel insert_cancel+cancel+remove insert_insert_cancel+cancel+drain; do
        for round in $(seq $repetitions); do
            build/clang/bench_explore rate "$litmus/$name.csq" 60000 >>"$work/explore-$name"
        done
        explored=$(cut -d' ' -f1 "$work/explore-$name" | median)
        walked=$(cut -d' ' -f2 "$work/explore-$name" | median)
        figure "plain $name: explorer, executions/s" "$explored"
        figure "plain $name: explorer against fuzzer, executions/s" \
            "$(ratio "$explored" "$walked")" ">=" 0.7
    done
    printf '\n%-40s %9s %9s %9s %9s\n' "executions, at most 3000000" reduced "2 preemp." "3 preemp." all
    for name in insert+remove insert+cancel insert_cancel+remove insert+remove-next+cancel \
        insert_remove+remove-next+cancel; do
        read -r all two three any < <(build/clang/bench_explore count "$litmus/$name.csq" 3000000)
        printf '%-40s %9s %9s %9s %9s\n' "$name" "$all" "$two" "$three" "$any"
        printf '%s  {"name": "executions: %s", "reduced": %s, "two": %s, "three": %s, "all": %s}' \
            "$separator" "$name" "$all" "$two" "$three" "$any" >>"$json"
    done
}

build
rm -rf "$work"
mkdir -p "$work"
separator=$'\n'
printf '[' >"$json"
measure_loops
loop_figures
point_figures
fuzzer_figures
race_figures
memory_figures
explore_figures
printf '\n]\n' >>"$json"
echo "csqfuzz: the same figures are in $json"
