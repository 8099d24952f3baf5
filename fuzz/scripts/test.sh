#!/usr/bin/env bash
# ./build.sh test: build every lane, run every test under prove, count.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/service.sh
. fuzz/scripts/service.sh
[ $# -eq 0 ] || die "test takes no options"

tap=build/tap
plan=build/tests
start=$SECONDS

ensure prove perl
for lane in $LANES; do
    ensure_lane "$lane"
done
ensure clang-format-19 clang-format-19
ensure shellcheck shellcheck
ensure patch patch
ensure git git
ensure_service libfuzzer
ensure xmllint libxml2-utils
ensure_jsonschema
ensure valgrind valgrind
ensure llvm-cov-19 llvm-19
ensure g++ g++ libc6-dev
ensure_afl

for lane in $LANES; do
    echo "csqfuzz: building the $lane lane"
    case $lane in
    msan) build_lane msan standalone tests ;; # csq uses libc's argp, which MSan cannot see into
    asan | tsan) build_lane "$lane" all fuzzers ;;
    *) build_lane "$lane" all ;;
    esac
done
build_lane clang build/clang/mutants/A23/csq MUTANT=A23
build_lane coverage build/coverage/hashes
compile_seeds

# One file a test: prove runs them, each prints TAP. The name is what a reader sees.
rm -rf "$tap" "$plan"
mkdir -p "$tap" "$plan"
add_test() {
    local name=$1
    shift
    printf '#!/usr/bin/env bash\nset -o pipefail\n%s 2>&1 | tee "%s"\n' "$*" "$tap/$name.tap" \
        >"$plan/$name.t"
}

add_test style fuzz/tests/style.sh
add_test headers include/tests/compile.sh
add_test clauses conformance/check_clauses.sh
add_test mutants conformance/check_mutants.sh
add_test conformance-traceability build/gcc/conformance_suite --check-traceability
add_test conformance-suite fuzz/tests/conformance_suite.sh build/gcc/conformance_suite
for lane in $LANES; do
    for program in build/"$lane"/test_*; do
        case $program in *.d | *.o) continue ;; esac
        add_test "$lane-$(basename "$program")" "$program"
    done
done
add_test determinism fuzz/tests/determinism.sh
add_test seeds corpus/check_seeds.sh build/gcc/csq
for lane in gcc asan; do
    add_test "bad-input-$lane" fuzz/tests/bad_input.sh "build/$lane"
done
for lane in gcc asan tsan; do
    add_test "litmus-$lane" fuzz/tests/litmus.sh "build/$lane"
done
add_test triage-report fuzz/tests/triage_report.sh build/gcc
add_test litmus-memory fuzz/tests/litmus.sh build/clang --granularity memory
add_test yardstick fuzz/tests/yardstick.sh
add_test triage-score fuzz/tests/triage_score.sh
add_test no-false-alarm fuzz/tests/no_false_alarm.sh
# These build variants of their own: one at a time, beside the others.
add_test serial-detection fuzz/scripts/detect.sh --tap --runs 5 \
    A01 A03 A04 A06 A07 A09 A10 A12 A13 A20 A24 C01 # the rest: ./build.sh detect, by hand
add_test serial-sequential fuzz/tests/sequential.sh
add_test serial-substrate fuzz/tests/substrate.sh
add_test serial-explore fuzz/tests/explore.sh build/clang build/clang/mutants/A23/csq
add_test serial-minimize fuzz/tests/minimize.sh
add_test serial-triage fuzz/tests/triage.sh
add_test serial-promote fuzz/tests/promote.sh
add_test serial-bisect fuzz/tests/bisect.sh
add_test serial-deep conformance/check_deep.sh build/gcc
add_test serial-export-c fuzz/tests/export_c.sh
add_test serial-timeline fuzz/tests/timeline.sh build/asan # whose report A11b needs
add_test serial-search fuzz/tests/search.sh build/gcc
add_test serial-races fuzz/tests/races.sh
add_test serial-reports fuzz/tests/reports.sh
add_test serial-fuzz-verb fuzz/tests/fuzz_verb.sh
add_test serial-afl fuzz/tests/afl.sh
add_test serial-zoo fuzz/tests/zoo.sh
add_test serial-crashes fuzz/tests/crashes.sh
add_test serial-oss-fuzz fuzz/tests/oss_fuzz.sh
add_test serial-coverage fuzz/tests/coverage.sh
add_test serial-corpus fuzz/tests/corpus.sh
add_test serial-check-integration fuzz/tests/check_integration.sh
add_test oss-fuzz-files fuzz/tests/oss_fuzz_files.sh
add_test serial-kills fuzz/scripts/kills.sh --tap
add_test serial-explore-kills fuzz/scripts/litmus_kills.sh --tap
add_test serial-conformance-impl fuzz/tests/conformance_impl.sh
add_test serial-conformance-builds fuzz/tests/conformance_builds.sh

status=0
prove -j"$(nproc)" --rules "seq=$plan/serial-*" --rules 'par=**' --exec bash "$plan" || status=$?
passed=$(cat "$tap"/*.tap | grep -c '^ok ' || true)
failed=$(cat "$tap"/*.tap | grep -c '^not ok ' || true)
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1 # a test that died without saying which
echo "tests took $((SECONDS - start)) s with building"
echo "$passed passed, $failed failed"
exit "$status"
