#!/usr/bin/env bash
# ./build.sh detect: how soon the fuzzer, started from an empty corpus, finds each planted bug.
# Prints a table, or TAP with --tap. A run is bounded in executions, not in time;
# but a fuzzer that hangs is killed, and has found nothing.
#
#   detect.sh [--tap] [--runs N] [ID...]   all bugs, or those; in the lanes that their patch names
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

runs=10 tap=0 limit=2000000 chosen=()
while [ $# -gt 0 ]; do
    case $1 in
    --runs)
        runs=${2:-}
        case $runs in
        "" | 0 | *[!0-9]*) die "--runs takes a number above 0" ;;
        esac
        shift 2
        ;;
    --tap)
        tap=1
        shift
        ;;
    *)
        [ -e "conformance/mutants/$1.patch" ] ||
            die "detect does not know $1; see ./build.sh help and conformance/mutants"
        chosen+=("$1")
        shift
        ;;
    esac
done

work=build/detect
rm -rf "$work"
mkdir -p "$work"

# lanes MUTANT: those in which its patch says that the fuzzer finds it.
lanes() {
    planted_field "$1" Lanes | sed '/^none$/d'
}

mutants() {
    if [ ${#chosen[@]} -gt 0 ]; then
        printf '%s\n' "${chosen[@]}"
        return
    fi
    planted_bugs | sed '/^DEEP/d' # they take minutes each: name them
}

# one_run LANE MUTANT SEED: appends "executions microseconds signature" to the results.
one_run() {
    local folder=$work/run start end executions signature
    rm -rf "$folder"
    mkdir -p "$folder/corpus"
    start=${EPOCHREALTIME/[.,]/}
    timeout -s KILL 150 "build/$1/mutants/$2/csq_schedule_fuzzer" -seed="$3" -runs="$limit" \
        "${FUZZ_OPTIONS[@]}" -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/corpus" >"$folder/log" 2>&1 </dev/null || true
    end=${EPOCHREALTIME/[.,]/}
    executions=$(grep -a -m1 -o 'number_of_executed_units: [0-9]*' "$folder/log" | cut -d' ' -f2)
    signature=$(sed -n 's/^SUMMARY: csqfuzz: \([^ ]*\).*/\1/p' "$folder/log" | head -n 1)
    [ -z "$executions" ] || [ -z "$signature" ] || echo "$executions $((end - start)) $signature"
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "-" }'
}

# detect LANE MUTANT: sets found, and the columns of the table.
detect() {
    local lane=$1 mutant=$2 seed results=$work/$1-$2
    : >"$results"
    for seed in $(seq "$runs"); do
        one_run "$lane" "$mutant" "$seed" >>"$results"
    done
    found=$(wc -l <"$results")
    executions=$(cut -d' ' -f1 "$results" | median)
    seconds=$(cut -d' ' -f2 "$results" | median | awk '{ printf "%.2f", $1 / 1e6 }')
    worst=$(cut -d' ' -f2 "$results" | sort -n | tail -n 1 | awk '{ printf "%.2f", $1 / 1e6 }')
    clauses=$(cut -d' ' -f3 "$results" | sort | uniq -c | sort -rn | awk '{ printf "%s ", $2 }')
}

build() {
    local lane mutant
    ensure patch patch
    for lane in asan tsan; do
        ensure_lane "$lane"
        build_lane "$lane" fuzzers
    done
    for mutant in $(mutants); do
        for lane in $(lanes "$mutant"); do
            build_lane "$lane" mutant "MUTANT=$mutant"
        done
    done
}

build
missed=0 number=0
[ "$tap" = 1 ] ||
    printf '%-5s %-5s %7s %11s %9s %8s  %s\n' bug lane found executions seconds worst clauses
for mutant in $(mutants); do
    for lane in $(lanes "$mutant"); do
        detect "$lane" "$mutant"
        number=$((number + 1))
        verdict=ok
        [ "$found" -eq "$runs" ] || { verdict="not ok" missed=1; }
        if [ "$tap" = 1 ]; then
            echo "$verdict $number - $mutant is found in the $lane lane, $found of $runs runs, median $executions executions: $clauses"
        else
            printf '%-5s %-5s %7s %11s %9s %8s  %s\n' "$mutant" "$lane" "$found/$runs" \
                "$executions" "$seconds" "$worst" "$clauses"
        fi
    done
done
[ "$tap" = 0 ] || echo "1..$number"
exit "$missed"
