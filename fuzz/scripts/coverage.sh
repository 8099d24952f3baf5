#!/usr/bin/env bash
# ./build.sh coverage: what the shipped corpus reaches of src/csq, src/io and src/ke, line by line.
#
# The service targets run their seeds in the coverage lane. corpus/UNCOVERED lists what that
# leaves out, each with a reason and the unit test that gets there; coverage_report.pl holds the list
# against both. Exit status: 0 all as promised, 1 not so, 2 could not be measured.
#
#   coverage.sh [--html FOLDER] [--inputs FOLDER] [--uncovered FILE] [--print]
set -eu
caller=${CSQFUZZ_CALLER:-$PWD}
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

html=build/coverage/html inputs="" uncovered=corpus/UNCOVERED report_options=()
work=build/coverage/report
measured=(src/csq src/io src/ke)

while [ $# -gt 0 ]; do
    if [ "$1" = --print ]; then
        report_options+=("$1")
        shift
        continue
    fi
    [ $# -gt 1 ] || die "$1 needs a value, or is no option; see ./build.sh help"
    case $1 in
    --html) html=$(from_caller "$2") ;;
    --inputs) inputs=$(from_caller "$2") ;;
    --uncovered) uncovered=$(from_caller "$2") ;;
    *) die "coverage does not know $1; see ./build.sh help" ;;
    esac
    shift 2
done

# ---- Build ------------------------------------------------------------------------------------

# tests_named: the unit tests that the list names.
tests_named() {
    sed -n 's/^\[[^ ]* [^ ]* \(test_[a-z_]*\)\].*/\1/p' "$uncovered" | sort -u
}

build() {
    local goals=() program
    for program in $(service_targets); do goals+=("build/coverage/${program}_standalone"); done
    for program in $(tests_named); do
        [ -e "src/tests/$program.c" ] || die "$uncovered names $program, which is no test of src/tests"
        goals+=("build/coverage/$program")
    done
    # Compiled each time: what its compiler cannot measure it says when it compiles, and only then.
    rm -f build/coverage/src/csq/csq.o
    build_lane coverage "${goals[@]}"
    if grep 'src/csq/.*unsupported MC/DC' build/make.log >&2; then
        die "the compiler cannot measure MC/DC there: write that condition more simply"
    fi
}

# ---- Measure ----------------------------------------------------------------------------------

# run NAME PROGRAM [ARGUMENT...]: what it has reached, into $work/NAME.profdata. A process each has a
# file of its own.
run() {
    local name=$1
    shift
    LLVM_PROFILE_FILE="$PWD/$work/$name-%p.profraw" "$@" >"$work/$name.log" 2>&1 </dev/null || {
        tail -n 5 "$work/$name.log" >&2
        die "$1 failed, so nothing can be said about what it reaches"
    }
    llvm-profdata-19 merge -o "$work/$name.profdata" "$work/$name"-*.profraw
}

# lines NAME PROGRAM...: as lcov's text.
lines() {
    export_as lcov "$@" >"$work/$1.info"
}

# export_as FORMAT NAME PROGRAM [-object PROGRAM]... [-OPTION]
export_as() {
    local format=$1 name=$2
    shift 2
    llvm-cov-19 export "-format=$format" "-instr-profile=$work/$name.profdata" "$@" "${measured[@]}"
}

# The seeds of all targets: one measure. It is what several processes have left.
measure_corpus() {
    local target objects=()
    for target in $(service_targets); do
        [ -d "$inputs/$target" ] || continue
        run "$target" "build/coverage/${target}_standalone" "$inputs/$target"
        objects+=(-object "build/coverage/${target}_standalone")
    done
    [ ${#objects[@]} -gt 0 ] || die "$inputs has no folder named like a target"
    llvm-profdata-19 merge -o "$work/corpus.profdata" "$work"/csq_*_fuzzer.profdata
    lines corpus "${objects[@]:1}"
    export_as text corpus "${objects[@]:1}" -summary-only >"$work/corpus.json"
    llvm-cov-19 show -format=html "-output-dir=$html" -show-branches=count -show-mcdc \
        "-instr-profile=$work/corpus.profdata" "${objects[@]:1}" "${measured[@]}"
}

measure_tests() {
    local program
    for program in $(tests_named); do
        run "$program" "build/coverage/$program"
        lines "$program" "build/coverage/$program"
    done
}

# ---- All --------------------------------------------------------------------------------------

[ -r "$uncovered" ] || die "cannot read $uncovered"
[ -z "$inputs" ] || [ -d "$inputs" ] || die "there is no folder $inputs"
make_writable "$html"
ensure_lane coverage
ensure llvm-cov-19 llvm-19
ensure json_pp perl
build
if [ -z "$inputs" ]; then
    compile_seeds
    inputs=build/seeds
fi
rm -rf "$work"
mkdir -p "$work"
measure_corpus
measure_tests
status=0
perl fuzz/scripts/coverage_report.pl "${report_options[@]}" "$work" "$uncovered" || status=$?
echo "each line, branch and condition: $html/index.html"
exit "$status"
