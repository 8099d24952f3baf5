#!/usr/bin/env bash
# ./build.sh test: build every lane, run every test under prove, count.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
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
ensure zip zip
ensure g++ g++ libc6-dev

for lane in $LANES; do
    echo "csqfuzz: building the $lane lane"
    case $lane in
    msan) build_lane msan standalone tests ;; # csq uses libc's argp, which MSan cannot see into
    asan | tsan) build_lane "$lane" all fuzzers ;;
    *) build_lane "$lane" all ;;
    esac
done
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
add_test no-false-alarm fuzz/tests/no_false_alarm.sh
# These build variants of their own: one at a time, beside the others.
add_test serial-detection fuzz/scripts/detect.sh --tap --runs 5
add_test serial-races fuzz/tests/races.sh
add_test serial-fuzz-verb fuzz/tests/fuzz_verb.sh
add_test serial-oss-fuzz fuzz/tests/oss_fuzz.sh

status=0
prove -j"$(nproc)" --rules "seq=$plan/serial-*" --rules 'par=**' --exec bash "$plan" || status=$?
passed=$(cat "$tap"/*.tap | grep -c '^ok ' || true)
failed=$(cat "$tap"/*.tap | grep -c '^not ok ' || true)
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1 # a test that died without saying which
echo "tests took $((SECONDS - start)) s with building"
echo "$passed passed, $failed failed"
exit "$status"
