#!/usr/bin/env bash
# Our own library under the fuzzer: no report. Bounded in executions; the long campaign is
# ./build.sh fuzz. The executions asked for must have happened.
set -u
cd "$(dirname "$0")/../.." || exit 2
work=build/no-false-alarm
number=0 failed=0

for lane in asan tsan; do
    number=$((number + 1))
    rm -rf "$work"
    mkdir -p "$work/corpus"
    runs=200000
    if "build/$lane/csq_schedule_fuzzer" -seed=7 -runs=$runs -len_control=0 -max_len=264 \
        -artifact_prefix="$work/" "$work/corpus" build/seeds/csq_schedule_fuzzer \
        >"$work/log" 2>&1 </dev/null && grep -q "^Done $runs runs" "$work/log"; then
        echo "ok $number - $lane: $runs executions from the seeds without a report"
    else
        echo "not ok $number - $lane: $(grep -a -m1 SUMMARY "$work/log" || tail -n 1 "$work/log")"
        failed=1
    fi
done
echo "1..$number"
exit "$failed"
