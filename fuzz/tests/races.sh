#!/usr/bin/env bash
# Five inputs that race in the build with the planted race A12 replay as the same race, each time.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
work=$PWD/build/races
planted=build/tsan/mutants/A12
replays=100 number=0 failed=0
rm -rf "$work"
mkdir -p "$work"
build_lane tsan mutant mutant_standalone MUTANT=A12

# What a report says, without what differs by process.
normal() {
    sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/pid=[0-9]+/pid/; s/==[0-9]+==/==/; s/\(BuildId[^)]*\)//' "$1"
}

for seed in 1 2 3 4 5; do
    mkdir -p "$work/$seed"
    "$planted/csq_schedule_fuzzer" -seed=$seed -runs=2000000 -len_control=0 -max_len=264 \
        -artifact_prefix="$work/$seed/" >"$work/$seed.find" 2>&1 </dev/null
    input=$(find "$work/$seed" -name 'crash-*' | head -n 1)
    same=0
    if [ -n "$input" ] && grep -q 'data race' "$work/$seed.find"; then
        for replay in $(seq $replays); do
            # In braces: the shell's own words about the signal go nowhere.
            { "$planted/csq_schedule_fuzzer_standalone" "$input" >"$work/log" 2>&1; } 2>/dev/null
            normal "$work/log" >"$work/normal"
            [ "$replay" -ne 1 ] || cp "$work/normal" "$work/first"
            grep -q 'data race' "$work/normal" && cmp -s "$work/first" "$work/normal" &&
                same=$((same + 1))
        done
    fi
    number=$((number + 1))
    verdict=ok
    [ "$same" -eq $replays ] || { verdict="not ok" failed=1; }
    echo "$verdict $number - input of seed $seed: the same race $same of $replays times"
done
echo "1..$number"
exit "$failed"
