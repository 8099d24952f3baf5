#!/usr/bin/env bash
# ./build.sh crashes: raw crash files of planted bugs, as the two engines leave them, for whoever
# sorts crash files and wants to know how well (fuzz/triage_score.md).
#
#   OUT/BUG/libfuzzer/crash-SHA1       one process a file, each with a seed of its own, in the bug's
#                                      lanes by turns; leak-, timeout- and oom- if libFuzzer says so
#   OUT/BUG/afl/default/...            one afl-fuzz, stopped when it has enough: crashes/id:..., and
#                                      what else it leaves
#   OUT/BUG/csq-builds                 NAME PATH a line: the builds of csq that show the files
#
# No two files have the same content. The true class of a file is the folder it is in: nothing inside
# of a file tells. Files that are there are not made again, so the same command goes on where it was
# stopped, and tops up what is lacking.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

target=csq_schedule_fuzzer
# Chosen by kind, before anybody had sorted what they leave: lost and doubled cancels, wrong order,
# associations that stay, locks that are not held, held for ever, or twice, drivers, the I/O manager,
# races. Each is found within seconds.
DEFAULT="A01 A02 A03 A04 A06 A08 A09 A11b A12 A13 A14 A20 A21 A24 A28 A29a A30 A32 A33a A36a A38 A42a
    A42d A43a B01 B04 B14 B16 B17 B24a B26 B28 B33 B44 C01 C02 C09a C13 C22 C27d D03 D07 D08 D12"
ROUNDS=3 # of making up for what is lacking

# ---- What is there --------------------------------------------------------------------------------

# made FOLDER BUG ENGINE: the files of that, sorted, one a line.
made() {
    case $3 in
    libfuzzer) find "$1/$2/libfuzzer" -regextype posix-extended -type f \
        -regex '.*/(crash|leak|timeout|oom)-[0-9a-f]{40}' ;;
    afl) find "$1/$2/afl/default/crashes" -type f -name 'id:*' ;;
    esac 2>/dev/null | sort
}

count() {
    made "$@" | wc -l
}

# ---- One bug, for xargs ---------------------------------------------------------------------------

# alive: is the script still there that all this is for?
alive() {
    kill -0 "$CRASHES_PID" 2>/dev/null
}

# first_seed BUG: with the same seed the engine starts alike on every bug, and would leave the same
# file for many of those that show at once.
first_seed() {
    echo $(($(cksum <<<"$1" | cut -d' ' -f1) % 1000000 * 1000))
}

# by_libfuzzer BUG WANTED: until there are so many or time is up. A seed brings a file at most, so as
# many as there are files were tried before.
by_libfuzzer() {
    local bug=$1 wanted=$2 folder=$CRASHES_OUT/$1/libfuzzer work=$CRASHES_OUT/.work/$1
    local seed end=$((SECONDS + CRASHES_SECONDS)) lanes before
    read -ra lanes < <(planted_field "$bug" Lanes)
    seed=$(count "$CRASHES_OUT" "$bug" libfuzzer)
    mkdir -p "$folder"
    while [ "$(count "$CRASHES_OUT" "$bug" libfuzzer)" -lt "$wanted" ] && [ $SECONDS -lt "$end" ]; do
        alive || exit 255
        seed=$((seed + 1)) before=$SECONDS
        rm -rf "$work"
        mkdir -p "$work/corpus"
        timeout -s KILL $((CRASHES_SECONDS + 30)) \
            "build/${lanes[seed % ${#lanes[@]}]}/mutants/$bug/$target" \
            -seed=$(($(first_seed "$bug") + seed)) -max_total_time=$((end - SECONDS)) \
            "${FUZZ_OPTIONS[@]}" -artifact_prefix="$work/" "$work/corpus" \
            >"$work/log" 2>&1 </dev/null || true
        find "$work" -maxdepth 1 -type f -name '*-*' -exec mv -t "$folder" {} +
        grep -a -q '^SUMMARY: \|^Done ' "$work/log" || [ $((SECONDS - before)) -ge "$CRASHES_SECONDS" ] ||
            die "libFuzzer on $bug ended without a word: $(tail -n 1 "$work/log")"
    done
}

# by_afl BUG WANTED: one afl-fuzz, stopped when it has saved so many or time is up; those it saved
# meanwhile go. What is there of a run that came to its end is all there will be.
by_afl() {
    local bug=$1 wanted=$2 work=$CRASHES_OUT/.work/$1 pid
    [ ! -d "$CRASHES_OUT/$bug/afl/default" ] || return 0
    afl_paths "$(afl_lane "$bug")" "$target" "$bug"
    rm -rf "$work"
    mkdir -p "$work/none" "$CRASHES_OUT/$bug"
    head -c 8 /dev/zero >"$work/none/none"
    (
        afl_environment
        exec afl-fuzz -s "$(first_seed "$bug")" -i "$work/none" -o "$work/afl" \
            -V "$CRASHES_SECONDS" "${AFL_OPTIONS[@]}" -c "$AFL_CMPLOG" -- "$AFL_TARGET"
    ) >"$work/log" 2>&1 </dev/null &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        if ! alive ||
            [ "$(find "$work/afl/default/crashes" -name 'id:*' 2>/dev/null | wc -l)" -ge "$wanted" ]; then
            kill -INT $pid 2>/dev/null || true
        fi
        sleep 0.2
    done
    wait $pid || true
    alive || exit 255
    [ -e "$work/afl/default/fuzzer_stats" ] ||
        die "afl-fuzz on $bug: $({ grep -a 'PROGRAM ABORT' || echo "ended at once"; } <"$work/log")"
    find "$work/afl/default/crashes" -name 'id:*' -print0 | sort -z | tail -z -n "+$((wanted + 1))" |
        xargs -0 -r rm
    rm -rf "${CRASHES_OUT:?}/$bug/afl"
    mv "$work/afl" "$CRASHES_OUT/$bug/afl"
}

# afl_lane BUG: the one in which AFL++ looks for it.
afl_lane() {
    [[ " $(planted_field "$1" Lanes) " = *" asan "* ]] && echo asan || echo tsan
}

one_bug() {
    local bug=$1 libfuzzer=$2 afl=$3
    alive || exit 255
    ulimit -c 0
    [ "$libfuzzer" -eq 0 ] || by_libfuzzer "$bug" "$libfuzzer"
    [ "$afl" -eq 0 ] || by_afl "$bug" "$afl"
    rm -rf "$CRASHES_OUT/.work/$bug"
    echo "crashes  $bug: $(count "$CRASHES_OUT" "$bug" libfuzzer) of libFuzzer," \
        "$(count "$CRASHES_OUT" "$bug" afl) of AFL++"
}

if [ "${1:-}" = --one ]; then
    shift
    die() { # xargs ends at 255, and the script says it once
        echo "$*" >"$CRASHES_OUT/.work/trouble"
        exit 255
    }
    one_bug "$@"
    exit 0
fi

# ---- What is asked for ----------------------------------------------------------------------------

caller=${CSQFUZZ_CALLER:-$PWD}
out="" files=300 seconds=20 engine=both bugs=()

number() {
    case $2 in
    "" | *[!0-9]*) die "$1 takes a number, not \"$2\"" ;;
    esac
    if [ "${#2}" -gt 6 ] || [ "$2" -eq 0 ]; then die "$1 takes a number from 1 to 999999"; fi
    echo $((10#$2))
}

add_bug() {
    require_planted "$1"
    [ "$(planted_field "$1" Lanes)" != none ] ||
        die "$target does not find the planted bug $1; see conformance/mutants/README.md"
    [[ " ${bugs[*]-} " = *" $1 "* ]] || bugs+=("$1")
}

while [ $# -gt 0 ]; do
    case $1 in
    --*) [ $# -gt 1 ] || die "$1 needs a value; see ./build.sh help" ;;
    *)
        add_bug "$1"
        shift
        continue
        ;;
    esac
    case $1 in
    --out) out=$(from_caller "$2") ;;
    --files) files=$(number "$1" "$2") ;;
    --seconds) seconds=$(number "$1" "$2") ;;
    --engine) engine=$2 ;;
    *) die "crashes does not know $1; see ./build.sh help" ;;
    esac
    shift 2
done
[[ " libfuzzer afl both " = *" $engine "* ]] ||
    die "--engine takes libfuzzer, afl or both, not \"$engine\""
[ ${#bugs[@]} -gt 0 ] || for bug in $DEFAULT; do add_bug "$bug"; done

# ---- Build ----------------------------------------------------------------------------------------

# Of the sanitizers' lanes the fuzzer where it finds the bug, csq everywhere.
build_bug() {
    local bug=$1 lane goals
    for lane in gcc asan tsan; do
        goals=("build/$lane/mutants/$bug/csq")
        [[ $engine = afl || " $(planted_field "$bug" Lanes) " != *" $lane "* ]] ||
            goals+=("build/$lane/mutants/$bug/$target")
        build_lane "$lane" "${goals[@]}" "MUTANT=$bug"
        echo "$lane $PWD/build/$lane/mutants/$bug/csq"
    done >"$out/$bug/csq-builds.part"
    [ "$engine" = libfuzzer ] || build_afl "$(afl_lane "$bug")" "$target" "$bug"
    mv "$out/$bug/csq-builds.part" "$out/$bug/csq-builds"
}

build() {
    local bug lane n=0
    ensure patch patch
    for lane in gcc asan tsan; do ensure_lane "$lane"; done
    for bug in "${bugs[@]}"; do
        n=$((n + 1))
        echo "csqfuzz: building $bug, $n of ${#bugs[@]}" >&2
        mkdir -p "$out/$bug"
        build_bug "$bug"
    done
}

# ---- How many of what -----------------------------------------------------------------------------

# plan: "BUG LIBFUZZER AFL" a line, which add up to the files asked for, a third of them AFL++'s.
plan() {
    printf '%s\n' "${bugs[@]}" | awk -v files="$files" -v bugs=${#bugs[@]} -v engine="$engine" '
        function afl(n) { return engine == "afl" ? n : engine == "both" ? int(n / 3) : 0 }
        { before = int(files * (NR - 1) / bugs); now = int(files * NR / bugs)
          share = afl(now) - afl(before)
          print $1, now - before - share, share }'
}

all_files() {
    local bug
    for bug in "${bugs[@]}"; do
        made "$out" "$bug" libfuzzer
        made "$out" "$bug" afl
    done
}

lack() {
    echo $((files - $(all_files | wc -l)))
}

# drop_copies: of files with the same content the first stays.
drop_copies() {
    all_files | tr '\n' '\0' | xargs -0 -r sha1sum | awk 'seen[$1]++' | cut -c43- |
        tr '\n' '\0' | xargs -0 -r rm -f
}

# extended: a plan that makes up for what is lacking, by libFuzzer, one file a bug by turns, where the
# plan before came true; else nothing.
extended() {
    local bug libfuzzer afl there willing=()
    while read -r bug libfuzzer afl; do
        there=$(count "$out" "$bug" libfuzzer)
        [ "$there" -lt "$libfuzzer" ] || willing+=("$bug $there")
    done <"$out/.work/plan"
    [ ${#willing[@]} -gt 0 ] || return 0
    printf '%s\n' "${willing[@]}" | awk -v lack="$(lack)" -v bugs=${#willing[@]} '
        { more = int(lack / bugs) + (NR <= lack % bugs) } more { print $1, $2 + more, 0 }'
}

run_plan() {
    local status=0
    export CRASHES_OUT=$out CRASHES_SECONDS=$seconds CRASHES_PID=$$
    xargs -P "$(nproc)" -L 1 fuzz/scripts/crashes.sh --one <"$out/.work/plan" 2>"$out/.work/log" ||
        status=$?
    [ ! -s "$out/.work/trouble" ] || die "$(cat "$out/.work/trouble")"
    [ "$status" -eq 0 ] || die "interrupted; the same command goes on where this one stopped"
    drop_copies
    echo "crashes  $(all_files | wc -l) of $files files, $SECONDS s"
}

generate() {
    local round
    plan >"$out/.work/plan"
    run_plan
    for ((round = 0; round < ROUNDS; round++)); do
        if [ "$engine" = afl ] || [ "$(lack)" -le 0 ]; then break; fi
        extended >"$out/.work/extended"
        [ -s "$out/.work/extended" ] || break
        mv "$out/.work/extended" "$out/.work/plan"
        run_plan
    done
}

[ -n "$out" ] || out=$PWD/fuzz-out/crashes
make_writable "$out"
exec 9<"$out"
flock -n 9 || die "another run is still at work in $out"
rm -rf "$out/.work"
mkdir -p "$out/.work"
build
drop_copies # of a run that was stopped before it came to that
[ "$(lack)" -le 0 ] || generate
lacking=$(lack)
rm -rf "$out/.work"
echo "crashes  $(all_files | wc -l) files of ${#bugs[@]} bugs in $out, made in $SECONDS s"
[ "$lacking" -le 0 ] || echo "crashes  lacking: $lacking; more --seconds, or other bugs, may bring them"
