#!/usr/bin/env bash
# Same bytes, same trace hash: in every build, on every run, in any order, in a fresh process; and
# within a build the same coverage. Over every seed and regression and 10,000 random inputs.
set -u
cd "$(dirname "$0")/../.." || exit 2
work=build/determinism
number=0 failed=0
rm -rf "$work"
mkdir -p "$work"

same() {
    number=$((number + 1))
    if cmp -s "$2" "$3"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        diff "$2" "$3" | head -n 4 | sed 's/^/# /'
        failed=1
    fi
}

export LLVM_PROFILE_FILE=$PWD/$work/profile # the coverage lane's, which nobody reads

mapfile -t files < <(find build/seeds/*_fuzzer corpus/regressions -type f \
    ! -name '*.csq' ! -name '*.md' 2>/dev/null | sort)
inputs=("${files[@]}" "-r10000,2026")

for lane in gcc clang asan tsan msan coverage; do
    "build/$lane/hashes" "${inputs[@]}" >"$work/$lane" 2>"$work/$lane.log" ||
        { echo "# $lane: $(tail -n 1 "$work/$lane.log")"; : >"$work/$lane"; }
    cut -d' ' -f1,3 "$work/$lane" >"$work/$lane.trace"
done

number=1
if [ "$(wc -l <"$work/gcc")" -eq $((${#files[@]} + 10000)) ] && [ ${#files[@]} -ge 30 ]; then
    echo "ok 1 - ${#files[@]} corpus files and 10000 random inputs have a hash"
else
    echo "not ok 1 - $(wc -l <"$work/gcc") hashes for ${#files[@]} corpus files and 10000 random inputs"
    failed=1
fi
distinct=$(cut -d' ' -f1 "$work/gcc" | sort -u | wc -l)
number=2
if [ "$distinct" -gt 5000 ]; then
    echo "ok 2 - the hashes tell executions apart: $distinct different ones"
else
    echo "not ok 2 - only $distinct different hashes"
    failed=1
fi
for lane in clang asan tsan msan coverage; do
    same "gcc and $lane builds give the same trace hashes" "$work/gcc.trace" "$work/$lane.trace"
done
for lane in gcc asan tsan; do
    "build/$lane/hashes" --reverse "${inputs[@]}" >"$work/$lane.reverse" 2>/dev/null
    same "$lane: the opposite order gives the same hashes and coverage" "$work/$lane" \
        "$work/$lane.reverse"
    "build/$lane/hashes" --twice "${inputs[@]}" >"$work/$lane.twice" 2>/dev/null
    same "$lane: a second run in the same process gives the same" "$work/$lane" "$work/$lane.twice"
done
for file in "${files[@]}"; do
    build/asan/hashes "$file"
done >"$work/fresh" 2>/dev/null
head -n ${#files[@]} "$work/asan" >"$work/files"
same "asan: a fresh process for each corpus file gives the same" "$work/files" "$work/fresh"
number=$((number + 1))
if awk '$2 != "0000000000000000" { n++ } END { exit n < 10000 }' "$work/asan"; then
    echo "ok $number - coverage was measured"
else
    echo "not ok $number - coverage is 0: the asan lane is not instrumented"
    failed=1
fi
echo "1..$number"
exit "$failed"
