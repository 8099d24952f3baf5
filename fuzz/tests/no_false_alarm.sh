#!/usr/bin/env bash
# Our own library under the fuzzers: no report. Bounded in executions; the long campaign is
# ./build.sh fuzz. The executions asked for must have happened.
set -u
cd "$(dirname "$0")/../.." || exit 2
work=build/no-false-alarm
runs=200000 number=0 failed=0

# quiet LANE TARGET
quiet() {
    number=$((number + 1))
    rm -rf "$work"
    mkdir -p "$work/corpus"
    if "build/$1/$2" -seed=7 -runs=$runs -len_control=0 -max_len=264 \
        -artifact_prefix="$work/" "$work/corpus" "build/seeds/$2" \
        >"$work/log" 2>&1 </dev/null && grep -q "^Done $runs runs" "$work/log"; then
        echo "ok $number - $1, $2: $runs executions from the seeds without a report"
    else
        echo "not ok $number - $1, $2: $(grep -a -m1 SUMMARY "$work/log" || tail -n 1 "$work/log")"
        failed=1
    fi
}

quiet asan csq_schedule_fuzzer
quiet tsan csq_schedule_fuzzer
quiet asan csq_sequential_fuzzer # one thread races with nobody: once is enough
quiet asan csq_substrate_fuzzer
quiet tsan csq_substrate_fuzzer
echo "1..$number"
exit "$failed"
