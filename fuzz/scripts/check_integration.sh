#!/usr/bin/env bash
# ./build.sh check-integration: builds the targets as fuzzing services do, for each engine with each
# sanitizer, judges each $OUT (integration.sh), and shows that each build finds what it is for: planted
# bugs, within a fixed number of executions.
#
#   check_integration.sh [--engine E] [--sanitizer S]    only these; S may be coverage, with libfuzzer
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/service.sh
. fuzz/scripts/service.sh
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh

only_engine="" only_sanitizer=""
while [ $# -gt 0 ]; do
    # shellcheck disable=SC2086 # lists of words
    case $1 in
    --engine)
        only_engine=${2:-}
        printf '%s\n' $SERVICE_ENGINES | grep -qx -e "$only_engine" ||
            die "--engine takes one of: $SERVICE_ENGINES"
        ;;
    --sanitizer)
        only_sanitizer=${2:-}
        printf '%s\n' $SERVICE_SANITIZERS coverage | grep -qx -e "$only_sanitizer" ||
            die "--sanitizer takes one of: $SERVICE_SANITIZERS coverage"
        ;;
    *) die "check-integration takes --engine and --sanitizer, not \"$1\"" ;;
    esac
    shift 2
done

work=build/integration
floor=1000 # executions a second: what a fleet asks of a target
start=$SECONDS

# One kind of bug a line: engine, sanitizer, kind, the planted bug, what its report says.
planted() {
    cat <<'TABLE'
libfuzzer address double-completion A04 CSQ-INS-10
libfuzzer address use-after-free A11b AddressSanitizer: heap-use-after-free
libfuzzer address deadlock B17 SUMMARY: csqfuzz: DEADLOCK
libfuzzer undefined double-completion A04 CSQ-INS-10
libfuzzer undefined null-pointer A49b runtime error: member access within null pointer
libfuzzer memory double-completion A04 CSQ-INS-10
libfuzzer memory uninitialized-read A10 MemorySanitizer: use-of-uninitialized-value
libfuzzer thread data-race A12 ThreadSanitizer: data race
libfuzzer thread deadlock B17 SUMMARY: csqfuzz: DEADLOCK
afl address use-after-free A11b AddressSanitizer: heap-use-after-free
afl thread data-race A12 ThreadSanitizer: data race
TABLE
}
limit=100000

# ---- What must be found -----------------------------------------------------------------------

# search ENGINE TARGET FOLDER: the engine's search from an empty corpus; prints the input it saved.
search() {
    case $1 in
    libfuzzer)
        timeout -s KILL 300 "$2" -seed=1337 -runs=$limit "${FUZZ_OPTIONS[@]}" \
            -artifact_prefix="$3/" >"$3/log" 2>&1 </dev/null || true
        find "$3" -name 'crash-*'
        ;;
    afl)
        mkdir "$3/in"
        echo input >"$3/in/input"
        (
            afl_manners
            export AFL_BENCH_UNTIL_CRASH=1
            unset ASAN_OPTIONS MSAN_OPTIONS UBSAN_OPTIONS # its own
            timeout -s KILL 300 afl-fuzz -i "$3/in" -o "$3/out" "${AFL_OPTIONS[@]}" -s 1337 \
                -E $limit -- "$2" >"$3/log" 2>&1 </dev/null || true
        )
        find "$3/out/default/crashes" -name 'id:*' 2>/dev/null | head -n 1
        ;;
    esac
}

# overlooked ENGINE SANITIZER BUG SAYS: why this bug does not count as found.
overlooked() {
    local target input folder=$work/$1-$2/planted-$3
    runner_environment
    target=$(service_planted "$1" "$2" "$work/$1-$2" "$3") || return
    rm -rf "$folder"
    mkdir -p "$folder"
    input=$(search "$1" "$target" "$folder")
    if [ ! -s "$input" ]; then
        echo "no input was saved"
        tail -n 3 "$folder/log"
        return
    fi
    ! "$target" "$input" >"$folder/replay" 2>&1 </dev/null || echo "the input that was saved fails no more"
    grep -aqF -e "$4" "$folder/replay" || {
        echo "the input that was saved does not report \"$4\" but"
        grep -aE 'SUMMARY|ERROR' "$folder/replay"
    }
}

# ---- Coverage ---------------------------------------------------------------------------------

# not_merging TARGET: takes its coverage as a fleet does, while it merges its seeds.
not_merging() {
    local out=$work/libfuzzer-coverage/out folder=$work/libfuzzer-coverage/run-$1
    rm -rf "$folder"
    mkdir -p "$folder/seeds" "$folder/merged"
    unzip -q "$out/${1}_seed_corpus.zip" -d "$folder/seeds"
    LLVM_PROFILE_FILE="$folder/%1m.profraw" "$out/$1" -merge=1 -timeout=100 "$folder/merged" \
        "$folder/seeds" >"$folder/log" 2>&1 </dev/null || tail -n 3 "$folder/log"
    grep -q '^MERGE-OUTER: [0-9]* new files' "$folder/log" || echo "the merge does not end"
}

# Lines of the routines that no seed of any target reaches.
uncovered() {
    local folder=$PWD/$work/libfuzzer-coverage objects=() target
    for target in $(service_targets); do
        objects+=(-object "$folder/out/$target")
    done
    llvm-profdata-19 merge -sparse "$folder"/run-*/*.profraw -o "$folder/profile" 2>&1
    llvm-cov-19 show "${objects[@]}" -instr-profile="$folder/profile" \
        -sources "$folder/src/csqfuzz/src/csq/csq.c" >"$folder/lines" 2>&1
    grep -qE '^ *[0-9]+\| +[1-9]' "$folder/lines" || echo "there is no line with a count"
    grep -E '^ *[0-9]+\| +0\|' "$folder/lines" || true
}

# ---- All of it --------------------------------------------------------------------------------

check_build() {
    check "$1 $2: is built" < <(service_build "$1" "$2" "$work/$1-$2" 2>&1 || echo "the build fails")
    [ -d "$work/$1-$2/out" ]
}

check_pair() {
    local engine sanitizer kind bug says
    check_build "$1" "$2" || return 0
    fuzz/scripts/integration.sh --floor $floor "$work/$1-$2/out" "$1" "$2" || [ $? -eq 1 ] ||
        echo "not ok - $1 $2: is judged"
    while read -r engine sanitizer kind bug says; do
        [ "$engine-$sanitizer" = "$1-$2" ] || continue
        check "$1 $2: finds a planted $kind ($bug) within $limit executions" \
            < <(overlooked "$1" "$2" "$bug" "$says" 2>&1)
    done < <(planted)
}

check_coverage() {
    local target
    check_build libfuzzer coverage || return 0
    for target in $(service_targets); do
        check "libfuzzer coverage $target: merges its seeds" < <(not_merging "$target")
    done
    check "libfuzzer coverage: the seeds reach every line of the routines" < <(uncovered)
}

# run_tests.sh as a fleet runs it: after a build, with that build's environment.
# shellcheck disable=SC2031 # it sets its own
tests_complaints() (
    before=$(git status --porcelain)
    service_settings libfuzzer address "$work"
    export SRC=$PWD/$work/libfuzzer-address/src OUT=$PWD/$work/tests/out WORK=$PWD/$work/tests/work
    mkdir -p "$OUT" "$WORK"
    bash -eu fuzz/oss-fuzz/run_tests.sh >"$work/tests/log" 2>&1 || {
        echo "it fails"
        tail -n 5 "$work/tests/log"
    }
    [ "$before" = "$(git status --porcelain)" ] || git status --porcelain
)

# wanted ENGINE SANITIZER: not ruled out by an option.
wanted() {
    [ "${only_engine:-$1}" = "$1" ] && [ "${only_sanitizer:-$2}" = "$2" ]
}

check_all() {
    local pair
    for pair in $SERVICE_PAIRS; do
        ! wanted "${pair%-*}" "${pair#*-}" || check_pair "${pair%-*}" "${pair#*-}"
    done
    ! wanted libfuzzer coverage || check_coverage
    [ -z "$only_engine$only_sanitizer" ] || return 0
    check "run_tests.sh passes and leaves the tree as it was" < <(tests_complaints 2>&1)
    fuzz/tests/oss_fuzz_files.sh || true
}

some=0
for pair in $SERVICE_PAIRS libfuzzer-coverage; do
    wanted "${pair%-*}" "${pair#*-}" || continue
    ensure_service "${pair%-*}"
    some=1
done
[ "$some" = 1 ] || die "no service builds for $only_engine with $only_sanitizer"
ensure patch patch
mkdir -p "$work"
check_all 2>&1 | sed -u -E '/^1\.\./d; s/^((not )?ok) [0-9]+ - /\1 - /' | tee "$work/log"
passed=$(grep -c '^ok - ' "$work/log" || true)
failed=$(grep -c '^not ok - ' "$work/log" || true)
echo "took $((SECONDS - start)) s with building"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
