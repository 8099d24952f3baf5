#!/usr/bin/env bash
# ./build.sh zoo: how soon each planted bug is found, by our search and by those it has to beat.
#
# A trial is one search with one seed on one bug in one lane, until something is reported or its
# CPU seconds are used up. Every search is measured alike and from outside: CPU seconds of the whole
# process, executions as the program counts them in a file. A trial is one line, written at once at
# its end, so a run that is killed loses the trials in progress and counts none of them by half.
# The columns: bug, lane, start, search, seed, found, executions, CPU seconds, what reported it,
# the bound in seconds, and a stamp of program, seeds and options: a trial is repeated when they
# change. Seed 0 is a program that starts and ends without a search.
#
#   zoo.sh [options of ./build.sh zoo] [--out FOLDER] [--built FOLDER]
#
# --built has FOLDER/LANE/mutants/BUG/PROGRAM in the place of what would be built.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

SEARCHES="ours walk pct2 pct3 pos edges host"
ABLATIONS="feedback mutator" # of ours, the parts; edges has neither
BASELINE_SECONDS=10 # so that the whole fits a night on two cores
seeds=build/seeds/csq_schedule_fuzzer

# ---- One trial, for xargs -----------------------------------------------------------------------

# program SEARCH: what performs it.
program() {
    case $1 in
    ours) echo csq_schedule_fuzzer ;;
    edges | feedback | mutator) echo "csq_schedule_fuzzer_$1" ;;
    host) echo bench_host ;;
    *) echo search ;;
    esac
}

# has_engine SEARCH: is it libFuzzer's, which knows no bound in CPU seconds?
has_engine() {
    [[ $(program "$1") = csq_schedule_fuzzer* ]]
}

# search_command FOLDER BINARY START SEARCH SEED SECONDS: sets command and its bound in CPU seconds.
# The baselines stop by themselves; one that goes on is caught in a loop. Seed 0 is no trial: the
# program starts, searches nothing and ends, to know what that costs.
search_command() {
    local folder=$1 binary=$2 start=$3 search=$4 seed=$5 seconds=$6 runs=1000000000000 idle=()
    bound=$((seconds + 5))
    [ "$seed" != 0 ] || { runs=0 idle=(-runs=0) start=empty seconds=0; }
    case $search in
    ours | edges | feedback | mutator)
        [ "$seed" = 0 ] || bound=$seconds
        command=("$binary" -seed="$seed" "${FUZZ_OPTIONS[@]}" "${idle[@]}"
            -artifact_prefix="$folder/" "$folder/corpus")
        [ "$start" != corpus ] || command+=("$seeds")
        ;;
    host) command=("$binary" search "$seed" "$seconds") ;;
    *) command=("$binary" --strategy "$search" --seed "$seed" --runs "$runs" --seconds "$seconds") ;;
    esac
}

# perform FOLDER WALL: runs command; sets status, cpu and wall (seconds).
perform() {
    local TIMEFORMAT='%U %S %R' folder=$1
    status=0
    ulimit -c 0
    ulimit -S -t "$bound" # of each process by itself
    export CSQFUZZ_PROGRESS=$folder/progress
    { time timeout --foreground -s KILL "$2" "${command[@]}" >"$folder/log" 2>&1 </dev/null; } \
        2>"$folder/time" || status=$?
    read -r cpu wall < <(awk '/^[0-9.]+ [0-9.]+ [0-9.]+$/ { printf "%.3f %d\n", $1 + $2, $3 }' \
        "$folder/time")
}

# reporter LOG: who spoke, and for which clause.
reporter() {
    local log=$1 clause tool=""
    clause=$(sed -n 's/^SUMMARY: csqfuzz: \([^ ]*\).*/\1/p' "$log" | head -n 1)
    case $clause in
    DEADLOCK | LIVELOCK) clause=${clause,,} ;;
    esac
    if grep -a -q '^==.*ERROR: AddressSanitizer' "$log"; then
        tool=asan
    elif grep -a -q '^WARNING: ThreadSanitizer\|ERROR: ThreadSanitizer' "$log"; then
        tool=tsan
    elif grep -a -q 'runtime error: ' "$log"; then
        tool=ubsan
    elif [ -z "$clause" ]; then
        clause=crash
        grep -a -q '^SUMMARY: libFuzzer: timeout' "$log" && clause=hang
    fi
    echo "$tool${tool:+${clause:+:}}$clause"
}

# judge FOLDER SEARCH: sets found and reported from status, cpu and wall; fails if it was no trial.
judge() {
    found=0 reported=-
    case $status in
    0) ;;
    2 | 72 | 126 | 127 | 129 | 130 | 143) return 1 ;; # bad usage, interrupted, no program
    152)
        has_engine "$2" || { found=1 reported=hang cpu=$seconds; }
        ;;
    137)
        [ "$wall" -ge "$patience" ] || return 1
        # Nobody can go on, and nobody says so: a machine under load gives a process more than that.
        if awk -v cpu="$cpu" -v wall="$wall" 'BEGIN { exit cpu * 20 >= wall }'; then
            found=1 reported=hang
        fi
        ;;
    *) found=1 reported=$(reporter "$1/log") ;;
    esac
}

# A finding after the bound, or time that a tick of the clock has added, is as good as none.
one_trial() {
    local bug=$1 lane=$2 start=$3 search=$4 seed=$5 seconds=$6 stamp=$7 executions
    local folder=$ZOO_OUT/work/$bug-$lane-$start-$search-$seed patience
    kill -0 "$ZOO_PID" 2>/dev/null || exit 255
    rm -rf "$folder"
    mkdir -p "$folder/corpus"
    head -c 8 /dev/zero >"$folder/progress"
    patience=$((20 * seconds + 20))
    search_command "$folder" "$ZOO_BUILT/$lane/mutants/$bug/$(program "$search")" "$start" \
        "$search" "$seed" "$seconds"
    perform "$folder" "$patience"
    if ! judge "$folder" "$search"; then
        echo "$search on $bug ($lane) ended with status $status: $(tail -n 1 "$folder/log")" \
            >"$ZOO_OUT/trouble"
        exit 255
    fi
    executions=$(od -An -t u8 "$folder/progress" | tr -d ' ')
    [ "$found" = 1 ] || cpu=$(awk -v a="$cpu" -v b="$seconds" 'BEGIN { print a < b ? a : b }')
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$bug" "$lane" "$start" "$search" "$seed" \
        "$found" "$executions" "$cpu" "$reported" "$seconds" "$stamp" >>"$ZOO_OUT/results.tsv"
    rm -rf "$folder"
}

if [ "${1:-}" = --one ]; then
    shift
    one_trial "$@"
    exit 0
fi

# ---- What is asked for --------------------------------------------------------------------------

trials=10 seconds=60 lane=all start=both strategy=${SEARCHES// /,} jobs=$(nproc)
out=build/zoo built="" bugs=()

number() {
    case $2 in
    "" | *[!0-9]*) die "$1 takes a number, not \"$2\"" ;;
    esac
    if [ "$2" -eq 0 ] || [ "$2" -gt 1000000 ]; then die "$1 takes a number from 1 to 1000000"; fi
    echo "$2"
}

while [ $# -gt 0 ]; do
    case $1 in
    --*) [ $# -gt 1 ] || die "$1 needs a value; see ./build.sh help" ;;
    *)
        require_planted "$1"
        bugs+=("$1")
        shift
        continue
        ;;
    esac
    case $1 in
    --trials) trials=$(number "$1" "$2") ;;
    --seconds) seconds=$(number "$1" "$2") ;;
    --jobs) jobs=$(number "$1" "$2") ;;
    --lane) lane=$2 ;;
    --start) start=$2 ;;
    --strategy) strategy=$2 ;;
    --out) out=$2 ;;
    --built) built=$2 ;;
    *) die "zoo does not know $1; see ./build.sh help" ;;
    esac
    shift 2
done
lanes=$(fuzz_lanes "$lane")
case $start in
empty | corpus) starts=$start ;;
both) starts="empty corpus" ;;
*) die "--start takes empty, corpus or both, not \"$start\"" ;;
esac
searches=${strategy//,/ }
[ -n "${searches// /}" ] || die "--strategy needs a search; there are: $SEARCHES $ABLATIONS"
known="$SEARCHES $ABLATIONS"
for search in $searches; do
    [[ " $known " = *" $search "* ]] ||
        die "--strategy takes some of ${known// /,}, not \"$search\""
done

# ---- Build --------------------------------------------------------------------------------------

# bug_lanes BUG: those of the lanes asked for in which the fuzzer can find it.
bug_lanes() {
    local named l
    named=$(planted_field "$1" Lanes)
    for l in $lanes; do
        [[ " $named " != *" $l "* ]] || echo "$l"
    done
}

all_bugs() {
    if [ ${#bugs[@]} -gt 0 ]; then
        printf '%s\n' "${bugs[@]}" | awk '!seen[$0]++'
    else
        planted_bugs
    fi
}

programs() {
    local search
    for search in $searches; do program "$search"; done | sort -u
}

# check_buildable: a program that the Makefile cannot make is worth a sentence, not its output.
check_buildable() {
    local lane=$1 bug=$2 search
    lane_settings "$lane"
    for search in $searches; do
        make -n -s BUILD="build/$lane" CC="$CC" CXX="$CXX" MUTANT="$bug" \
            "build/$lane/mutants/$bug/$(program "$search")" >/dev/null 2>&1 ||
            die "the search \"$search\" needs a program \"$(program "$search")\", which cannot be built"
    done
}

build() {
    local bug l p goals checked=""
    ensure patch patch
    for l in $lanes; do ensure_lane "$l"; done
    for bug in $(all_bugs); do
        for l in $(bug_lanes "$bug"); do
            goals=()
            [ -n "$checked" ] || check_buildable "$l" "$bug"
            checked=1
            for p in $(programs); do goals+=("build/$l/mutants/$bug/$p"); done
            echo "csqfuzz: building $bug in the $l lane" >&2
            build_lane "$l" "${goals[@]}" "MUTANT=$bug"
        done
    done
}

# ---- The plan -----------------------------------------------------------------------------------

# "bug lane start search seconds stamp" for all that is to be tried with each seed.
combinations() {
    local bug l search s bound stamp binary
    for bug in $(all_bugs); do
        for l in $(bug_lanes "$bug"); do
            for search in $searches; do
                binary=$built/$l/mutants/$bug/$(program "$search")
                [ -x "$binary" ] ||
                    die "the search \"$search\" needs $binary, which is not there"
                bound=$seconds
                [ "$search" = ours ] || [ "$seconds" -le $BASELINE_SECONDS ] ||
                    bound=$BASELINE_SECONDS
                stamp=$(sha1sum <"$binary")
                if [ "$search" = ours ]; then
                    for s in $starts; do
                        echo "$bug $l $s $search $bound" "$(stamp_start "$s" "$stamp")"
                    done
                else
                    echo "$bug $l - $search $bound ${stamp:0:8}" # random programs: no corpus
                fi
            done
        done
    done
}

# stamp_start START STAMP: our search also depends on its options and its seeds.
stamp_start() {
    {
        echo "$2" "${FUZZ_OPTIONS[@]}"
        [ "$1" = empty ] || cat "$seeds"/*
    } | sha1sum | cut -c1-8
}

# plan: one line a trial that has not been made, seed by seed, so that a part is a fair part.
plan() {
    local seed
    for seed in $(seq 0 "$trials"); do
        awk -v seed="$seed" '{ print $1, $2, $3, $4, seed, $5, $6 }' "$out/combinations"
    done | awk -F'[ \t]' 'FILENAME != "-" { done[$1, $2, $3, $4, $5, $10, $11]; next }
        !(($1, $2, $3, $4, $5, $6, $7) in done)' "$out/results.tsv" -
}

# What is left by a full disk or a power cut: only whole lines count.
repair() {
    [ -e "$out/results.tsv" ] || : >"$out/results.tsv"
    awk -F'\t' 'NF == 11 && $11 ~ /^[0-9a-f]+$/ && length($11) == 8' "$out/results.tsv" \
        >"$out/results.part"
    mv "$out/results.part" "$out/results.tsv"
}

# ---- Progress -----------------------------------------------------------------------------------

# progress_line: how many trials, and how long the rest will take if it goes on like this search by
# search: a trial of a search that has not been measured yet is taken to last till its bound.
progress_line() {
    tail -n "+$((before + 1))" "$out/results.tsv" | awk -F'[ \t]' -v jobs="$jobs" \
        -v elapsed=$((SECONDS - begun)) '
        FILENAME == "-" { n[$4]++; cpu[$4] += $8 + 0.2; done++; next }
        { all++; planned[$4]++; bound[$4] = $6 }
        END { for (s in planned)
                  left += (planned[s] - n[s]) * (n[s] ? cpu[s] / n[s] : bound[s])
              left = int(left / jobs)
              printf "zoo  %d/%d trials  %d s  about %d:%02d:%02d to go\n", done, all, elapsed,
                  left / 3600, left % 3600 / 60, left % 60 }' - "$out/plan"
}

watch_progress() {
    local ticks=0
    while kill -0 $$ 2>/dev/null; do
        if [ -t 1 ]; then
            printf '\r\033[K%s' "$(progress_line)"
        elif [ $((ticks % 15)) -eq 14 ]; then
            progress_line
        fi
        ticks=$((ticks + 1))
        sleep 1
    done
}

run_plan() {
    local watcher status=0
    before=$(wc -l <"$out/results.tsv") begun=$SECONDS
    watch_progress 9>&- &
    watcher=$!
    export ZOO_OUT=$out ZOO_BUILT=$built ZOO_PID=$$
    # In front, so that Ctrl-C ends it together with this script.
    xargs -P "$jobs" -L 1 fuzz/scripts/zoo.sh --one <"$out/plan" 2>"$out/xargs.log" || status=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r\033[K'
    progress_line
    [ ! -s "$out/trouble" ] || die "$(cat "$out/trouble")"
    [ "$status" -eq 0 ] || die "interrupted; the same command goes on where this one stopped"
}

ensure perl perl
make_writable "$out"
exec 9>"$out/lock"
flock -n 9 || die "another zoo is still at work in $out"
if [ -z "$built" ]; then
    built=build
    build
fi
[[ " $starts " != *" corpus "* ]] || compile_seeds
rm -rf "$out/work" "$out/trouble"
repair
combinations >"$out/combinations"
[ -s "$out/combinations" ] || die "none of these bugs shows in the ${lanes// / or } lane"
plan >"$out/plan"
[ ! -s "$out/plan" ] || run_plan
perl fuzz/scripts/zoo_report.pl "$out/results.tsv" "$out"
