#!/usr/bin/env bash
# The one entry. Without an argument: the OSS-Fuzz build contract. With one: a verb for people.
# "./build.sh help" lists them.
set -eu
export CSQFUZZ_CALLER=$PWD # where the file names of a verb start
cd "$(dirname "$0")"
ROOT=$PWD
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

usage() {
    cat <<'TEXT'
./build.sh            build the fuzz targets as OSS-Fuzz does, into $OUT (default: build/out)
./build.sh fuzz       fuzz our library; options:
    --seconds N       for how long (default 60)
    --lane LANE       asan, tsan, ubsan, msan or all (default), which is the first two
    --engine ENGINE   libfuzzer (default), afl, or both on one corpus
    --target NAME     csq_schedule_fuzzer (default): calls and thread schedule; csq_sequential_fuzzer:
                      one thread, held against the sequential specification;
                      csq_substrate_fuzzer: what the queue stands on, held against a model;
                      bluetooth_driver_fuzzer: the yardstick, which has a bug on purpose
    --jobs N          processes (default: one a core, at least one a lane and engine)
    --ignore SIG      do not stop for this signature or clause; may be repeated
    --out FOLDER      where corpus and findings are kept (default: fuzz-out)
    --granularity G   memory: threads switch at loads and stores of the library, too; default sync
    --planted BUG     fuzz a variant with a planted bug instead, from an empty corpus: A01, ...
                      (conformance/mutants)
./build.sh conformance  judge our implementation, clause by clause; options:
    --impl FILE...    judge somebody else's instead: C or C++ sources, as they are
    --lane LANE       gcc clang asan (default) tsan msan
    --profile WORDS   demand text or diagram, nt_success or exact
    --fuzz N          then fuzz it for N seconds, looking past what deviates
    --expect FILE     fail on changes against these expected deviations; --write-expected FILE
    --junit FILE, --json FILE, --html FILE, --tap; --case PREFIX, --jobs N, --seconds N, ...:
                      see build/asan/conformance_suite --help
./build.sh test       build every lane and run all tests
./build.sh detect [--runs N] [BUG...]   how soon each planted bug, or these, is found from an
                      empty corpus: a table
./build.sh zoo [BUG...]   how soon every planted bug, or these, is found, beside other searches: a table,
                      build/zoo/results.json and index.html; goes on where it was stopped; options:
    --trials N        seeds each (default 10); --jobs N at a time (default: one a core)
    --seconds N       CPU seconds a trial (default 60; at most 10 for what ours is compared with)
    --lane LANE       asan, tsan or all (default)
    --start START     empty (corpus), corpus (the seeds) or both (default)
    --strategy LIST   some of ours,walk,pct2,pct3,pos,edges,host (default: all of these), and of
                      feedback and mutator: ours with only one of the two; edges has neither
    --out FOLDER      where results are kept (default: build/zoo)
./build.sh crashes [BUG...]   raw crash files of planted bugs, these or many kinds, as both engines leave
                      them: what to try a triage on (fuzz/triage_score.md); options:
    --out FOLDER      where they go (default: fuzz-out/crashes); the same command goes on there
    --files N         in all, no two alike (default 300); a third of them AFL++'s
    --seconds N       for each bug and engine, at most (default 20)
    --engine ENGINE   libfuzzer, afl or both (default)
./build.sh kills [BUG...]   which cases of the conformance suite notice which planted bug: a table
./build.sh explore-kills [BUG...]   which litmus test finds which planted interleaving bug, and after
                      how many executions: a table
./build.sh yardstick  how many schedules each search takes to the bluetooth_driver race; options:
    --seeds N         searches of each kind (default 200); more in fuzz/yardstick.md
./build.sh coverage   what the shipped corpus reaches of src/csq, src/io and src/ke: lines, branches and
                      MC/DC of each file; fails if corpus/UNCOVERED, the list of the rest, is not
                      exact; options:
    --html FOLDER     where each line can be seen (default: build/coverage/html)
    --inputs FOLDER   of other inputs: FOLDER/TARGET has those of a target, as fuzz-out/corpus has
    --print           show what the list lacks as it would have it
./build.sh corpus     how large the shipped corpus is, and how many features it has; options:
    --merge FOLDER    add those inputs of a folder (bytes, or text in .csq) that bring a new feature
    --minimize        take out what --merge has added and others have made redundant
    --target NAME     csq_schedule_fuzzer (default of --merge), csq_sequential_fuzzer or
                      csq_substrate_fuzzer
    --corpus FOLDER   of another corpus than the one shipped (default: corpus)
./build.sh check-integration  check what fuzzing services check of a build, for each engine with each
                      sanitizer, and that each build finds planted bugs; options:
    --engine E, --sanitizer S   only these
./build.sh bench      measure speed against goals; also writes build/bench.json
./build.sh lane LANE  build one lane: gcc clang asan tsan msan, or ubsan coverage, and for AFL++ afl-asan
                      afl-ubsan afl-msan afl-tsan and what its -c takes, afl-cmplog
./build.sh clean      remove what was built (fuzz-out stays)
./build.sh help       this text
TEXT
}

# ---- OSS-Fuzz ---------------------------------------------------------------------------------

# Everything comes from the environment; every default is here.
oss_fuzz() {
    local target suffix
    export SANITIZER=${SANITIZER:-none} OUT=${OUT:-$ROOT/build/out} WORK=${WORK:-$ROOT/build/work}
    if [ -z "${CC:-}" ]; then
        ensure_clang
        export CC=clang-19 CXX=clang++-19
    fi
    export CXX=${CXX:-c++} CFLAGS=${CFLAGS:--O1 -g} LIB_FUZZING_ENGINE=${LIB_FUZZING_ENGINE:-}
    export CXXFLAGS=${CXXFLAGS:-$CFLAGS}
    ensure_base
    ensure zip zip
    require_compiler "$CC"
    [ "$SANITIZER" != thread ] || require_clang_for_threads "$CC"
    make_writable "$OUT"
    make_writable "$WORK"
    if [ -n "$LIB_FUZZING_ENGINE" ]; then
        suffix=""
    else
        suffix=_standalone
    fi
    # shellcheck disable=SC2046 # names
    run_make BUILD="$WORK/csqfuzz" $(service_targets | sed "s|.*|$WORK/csqfuzz/&$suffix|")
    compile_seeds
    for target in $(service_targets); do
        install_file "$WORK/csqfuzz/$target$suffix" "$OUT/$target"
        install_file "fuzz/$target.dict" "$OUT/$target.dict"
        install_file "fuzz/$target.options" "$OUT/$target.options"
        rm -f "$OUT/${target}_seed_corpus.zip"
        (cd "build/seeds/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    done
    echo "csqfuzz: fuzz targets are in $OUT"
}

# ---- Verbs ------------------------------------------------------------------------------------

lane_verb() {
    [ $# -eq 1 ] || die "lane takes one of: $LANES $MORE_LANES"
    ensure_lane "$1"
    case $1 in
    afl-*) build_lane "$1" fuzzers standalone ;;
    *) build_lane "$1" all ;;
    esac
    echo "csqfuzz: built build/$1"
}

clean() {
    rm -rf build
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
"") oss_fuzz ;;
fuzz) exec fuzz/scripts/fuzz.sh "$@" ;;
test) exec fuzz/scripts/test.sh "$@" ;;
detect) exec fuzz/scripts/detect.sh "$@" ;;
kills) exec fuzz/scripts/kills.sh "$@" ;;
explore-kills) exec fuzz/scripts/litmus_kills.sh "$@" ;;
yardstick) exec fuzz/scripts/yardstick.sh "$@" ;;
zoo) exec fuzz/scripts/zoo.sh "$@" ;;
crashes) exec fuzz/scripts/crashes.sh "$@" ;;
coverage) exec fuzz/scripts/coverage.sh "$@" ;;
corpus) exec fuzz/scripts/corpus.sh "$@" ;;
check-integration) exec fuzz/scripts/check_integration.sh "$@" ;;
bench) exec fuzz/scripts/bench.sh "$@" ;;
conformance) exec fuzz/scripts/conformance.sh "$@" ;;
lane) lane_verb "$@" ;;
clean) clean ;;
help | --help | -h) usage ;;
*)
    usage >&2
    die "\"$verb\" is no verb"
    ;;
esac
