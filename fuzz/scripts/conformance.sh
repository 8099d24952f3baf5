#!/usr/bin/env bash
# ./build.sh conformance: build the conformance suite with our implementation, or somebody else's,
# run it, and fuzz what it has found sound. conformance/suite/README.md says what it prints.
#
# Environment: CSQFUZZ_CALLER, the folder that relative file names start from (build.sh sets it).
set -eu -o pipefail
caller=${CSQFUZZ_CALLER:-$PWD}
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/impl.sh
. fuzz/scripts/impl.sh

lane=asan lane_chosen=0 fuzz=0 out=fuzz-out/conformance written="" files=() sources=() suite_options=()

# ---- Options ----------------------------------------------------------------------------------

parse() {
    while [ $# -gt 0 ]; do
        case $1 in
        --tap | --deviating | --list | --clauses | --traceability | --check-traceability)
            suite_options+=("$1")
            shift
            continue
            ;;
        esac
        [ $# -gt 1 ] || die "$1 needs a value, or is no option; see ./build.sh help"
        case $1 in
        --impl)
            shift
            while [ $# -gt 0 ] && [ "${1#--}" = "$1" ]; do
                files+=("$1")
                sources+=("$(from_caller "$1")")
                shift
            done
            [ ${#files[@]} -gt 0 ] || die "--impl needs a file"
            continue
            ;;
        --fuzz)
            case $2 in
            "" | 0 | *[!0-9]*) die "--fuzz takes a number of seconds, not \"$2\"" ;;
            esac
            fuzz=$2
            ;;
        --lane) lane=$2 lane_chosen=1 ;;
        --out) out=$(from_caller "$2") ;;
        --write-expected) written=$(from_caller "$2") ;;
        --junit | --json | --html | --expect)
            suite_options+=("$1" "$(from_caller "$2")")
            ;;
        --profile | --case | --seconds | --jobs | --preemptions | --shuffle | --granularity)
            suite_options+=("$1" "$2")
            ;;
        *) die "conformance does not know $1; see ./build.sh help" ;;
        esac
        shift 2
    done
    case " $LANES " in
    *" $lane "*) ;;
    *) die "\"$lane\" is no lane; there are: $LANES" ;;
    esac
}

# ---- Build ------------------------------------------------------------------------------------

# build_programs LANE PROGRAM...: with ours or theirs; sets folder to where they are.
build_programs() {
    local l=$1 program goals=()
    shift
    ensure_lane "$l"
    echo "csqfuzz: building the $l lane" >&2
    folder=build/$l
    if [ ${#sources[@]} -gt 0 ]; then
        folder=build/$l/impl
        compile_impl "$l" "$folder" "${sources[@]}"
        check_routines "${files[@]}"
    fi
    for program in "$@"; do goals+=("build/$l/$program"); done
    build_lane "$l" "${goals[@]}" # with ours first: a fault of ours is not theirs
    [ ${#sources[@]} -eq 0 ] || link_impl "$l" "$folder" "$@"
}

# ---- Fuzzing ----------------------------------------------------------------------------------

# The findings in the report of fuzz.sh, "asan: CSQ-INS-7 cancel|insert".
findings_in() {
    sed -n '/^findings:$/,$ s/^  \([a-z]*: .*\)/\1/p' "$1"
}

# One run after the other until the time is up: a clause that one has found, the next one looks past.
# What is no clause (a sanitizer's report) cannot be looked past, and ends it.
fuzz_implementation() {
    local log=$1/fuzz.log found=$1/found id line left=$fuzz start
    local ignore=() known=0 built=()
    while read -r id _; do
        case $id in "" | \#*) ;; *) ignore+=(--ignore "$id") ;; esac
    done <"$written"
    [ ${#sources[@]} -eq 0 ] || built=(--built impl)
    : >"$found"
    while [ "$left" -gt 0 ] && [ "$known" = 0 ]; do
        start=$SECONDS
        fuzz/scripts/fuzz.sh --seconds "$left" --out "$out" ${built[@]+"${built[@]}"} \
            ${ignore[@]+"${ignore[@]}"} 2>&1 | tee "$log" && break
        findings_in "$log" >"$log.new"
        [ -s "$log.new" ] || die "fuzzing could not run"
        known=1
        while read -r line; do
            grep -q -x -F -- "$line" "$found" && continue
            echo "$line" >>"$found"
            [[ ${line#*: } =~ ^[A-Z]+(-[A-Z]+)*(-[0-9]+)?( |$) ]] || continue
            ignore+=(--ignore "$(cut -d' ' -f2 <<<"$line")")
            known=0
        done <"$log.new"
        left=$((left - (SECONDS - start)))
    done
}

report_fuzzing() {
    local found=$1/found
    echo
    if [ -s "$found" ]; then
        echo "fuzzing for $fuzz s found, besides:"
        sed 's/^/  /' "$found"
        echo "inputs: $out/findings; show one: ${folder}/csq run FILE"
        return 1
    fi
    echo "fuzzing for $fuzz s found nothing besides"
}

# ---- All --------------------------------------------------------------------------------------

parse "$@"
[ "$lane_chosen" = 1 ] ||
    echo "csqfuzz: the asan lane (AddressSanitizer and UBSan); --lane chooses another: $LANES" >&2
name="src/csq/csq.c"
[ ${#files[@]} -eq 0 ] || name="${files[*]}"
work=build/conformance
rm -rf "$work"
mkdir -p "$work"
[ "$fuzz" = 0 ] || [ "$written" != - ] || die "--fuzz needs a file to --write-expected to"
[ "$fuzz" = 0 ] || [ -n "$written" ] || written=$work/deviating
[ -z "$written" ] || suite_options+=(--write-expected "$written")
build_programs "$lane" conformance_suite
suite=$folder/conformance_suite
status=0
"$suite" --name "$name" ${suite_options[@]+"${suite_options[@]}"} || status=$?
[ "$status" -le 1 ] || exit "$status"
if [ "$fuzz" -gt 0 ]; then
    CSQFUZZ_PROFILE=$("$suite" --recognise)
    export CSQFUZZ_PROFILE
    for l in tsan asan; do # asan last: its folder is the one that is named
        build_programs "$l" csq_schedule_fuzzer csq
    done
    fuzz_implementation "$work"
    report_fuzzing "$work" || status=1
fi
exit "$status"
