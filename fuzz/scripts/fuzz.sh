#!/usr/bin/env bash
# ./build.sh fuzz: sanitizer lanes side by side, a progress line each, a report at the end.
#
# libFuzzer writes its corpus in place, so a kill or a full disk can leave half a file. Each worker
# therefore has a folder of its own, and only files whose SHA-1 is their name (libFuzzer's naming)
# are moved, by rename, into the corpus that is kept.
#
# AFL++'s workers have lanes of their own, afl-asan and so on, and the same kind of folder: what the
# others find turns up there, where the custom mutator takes it in, and AFL++'s queue is copied
# there under SHA-1 names.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

target=csq_schedule_fuzzer
seconds=60 lane=all engine=libfuzzer jobs="" ignore="" out=fuzz-out planted="" built=""

number() {
    case $2 in
    "" | *[!0-9]*) die "$1 takes a number, not \"$2\"" ;;
    esac
    [ "$2" -gt 0 ] || die "$1 takes a number above 0"
    echo "$2"
}

while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || die "$1 needs a value; see ./build.sh help"
    case $1 in
    --seconds) seconds=$(number "$1" "$2") ;;
    --jobs) jobs=$(number "$1" "$2") ;;
    --lane) lane=$2 ;;
    --engine) engine=$2 ;;
    --target) target=$2 ;;
    --ignore) ignore+="$2"$'\n' ;;
    --out) out=$2 ;;
    --planted) planted=$2 ;;
    --granularity)
        case $2 in
        sync | memory) export CSQFUZZ_GRANULARITY=$2 ;;
        *) die "--granularity takes sync or memory, not \"$2\"" ;;
        esac
        ;;
    --built) built=$2 ;; # for conformance.sh: programs in this folder of every lane, built already
    *) die "fuzz does not know $1; see ./build.sh help" ;;
    esac
    shift 2
done
lanes=$(fuzz_lanes "$lane" ubsan msan)
case $engine in
libfuzzer) ;;
afl) lanes=$(sed -E 's/\w+/afl-&/g' <<<"$lanes") ;;
both) lanes+=" $(sed -E 's/\w+/afl-&/g' <<<"$lanes")" ;;
*) die "--engine takes libfuzzer, afl or both, not \"$engine\"" ;;
esac
mapfile -t targets < <(fuzz_targets)
[[ " ${targets[*]} " = *" $target "* ]] ||
    die "--target takes one of: ${targets[*]}; not \"$target\""
[ -z "$planted" ] || [ "$target" != bluetooth_driver_fuzzer ] ||
    die "--planted is of no use with $target, which has a bug of its own"

# ---- Build ------------------------------------------------------------------------------------

binary() {
    if [ -n "$planted" ]; then
        echo "build/$1/mutants/$planted/$target"
    elif [ -n "$built" ]; then
        echo "build/$1/$built/$target"
    else
        echo "build/$1/$target"
    fi
}

# What AFL++ found is run by the engine-free driver: AFL++'s own reads files by system calls that
# MSan does not see.
driver() {
    case $1 in
    afl-*) echo "$(binary "$1")_standalone" ;;
    *) binary "$1" ;;
    esac
}

# In the lanes of MSan there is no csq: libc's argp is not instrumented.
build() {
    local l csq goals
    [ -z "$planted" ] || require_planted "$planted"
    for l in $lanes; do
        [ -z "$built" ] || break
        ensure_lane "$l"
        echo "csqfuzz: building the $l lane" >&2
        csq=$(dirname "$(binary "$l")")/csq
        goals=("$csq")
        [ "${l#afl-}" != msan ] || goals=()
        if [ -n "$planted" ]; then
            ensure patch patch
            goals+=("MUTANT=$planted" "FUZZER=$target")
        fi
        goals+=("$(binary "$l")" "$(driver "$l")")
        build_lane "$l" "${goals[@]}"
        [ "$l" = "${l#afl-}" ] || build_afl "${l#afl-}" "$target" "$planted"
    done
    compile_seeds
}

# ---- Workers ----------------------------------------------------------------------------------

declare -a worker_lane worker_pid worker_state

start_worker() {
    local w=$1 l=${worker_lane[$1]} folder=$out/work/$1
    mkdir -p "$folder/corpus" "$folder/incoming"
    head -c 8 /dev/zero >"$folder/progress" || die "cannot write to $out: is the disk full?"
    case $l in
    afl-*) start_afl "$l" "$absolute/work/$w" ;;
    *) start_libfuzzer "$l" "$folder" ;;
    esac
    worker_pid[w]=$!
    worker_state[w]=running
}

start_libfuzzer() {
    local l=$1 folder=$2 seeds=()
    [ -n "$planted" ] || seeds=("$out/corpus/$target" "build/seeds/$target")
    CSQFUZZ_PROGRESS=$folder/progress CSQFUZZ_IGNORE=$ignore "$(binary "$l")" \
        -max_total_time="$seconds" "${FUZZ_OPTIONS[@]}" -reload=1 \
        -print_final_stats=1 -artifact_prefix="$folder/artifact-" \
        "$folder/corpus" "${seeds[@]}" >"$folder/log" 2>&1 </dev/null &
}

# AFL++ starts from a program without operations. The corpus and the seeds come through the mutator
# as everything else does: a crash is a finding then, where afl-fuzz would refuse the seed. The
# mutator knows programs of queues alone; other bytes AFL++ mutates by itself, from the seeds on.
start_afl() {
    local l=$1 folder=$2 mutator=afl_environment more=()
    mkdir -p "$folder/none"
    head -c 8 /dev/zero >"$folder/none/none"
    if [ -z "$planted" ]; then
        find "build/seeds/$target" -type f -exec cp -t "$folder/incoming" {} +
        move_by_sum "$folder/incoming" "$folder/corpus"
        find "$out/corpus/$target" -type f -exec cp -t "$folder/corpus" {} +
    fi
    if [ "$target" = csq_substrate_fuzzer ]; then
        mutator=afl_manners more=(-x "fuzz/$target.dict")
        find "$folder/corpus" -type f -exec cp -t "$folder/none" {} +
    fi
    (
        "$mutator"
        export CSQFUZZ_PROGRESS=$folder/progress CSQFUZZ_IGNORE=$ignore AFL_BENCH_UNTIL_CRASH=1
        export CSQFUZZ_INTAKE=$folder/corpus
        exec afl-fuzz -i "$folder/none" -o "$folder/afl" -V "$seconds" "${AFL_OPTIONS[@]}" \
            "${more[@]}" -c "$AFL_CMPLOG" -- "$(binary "$l")"
    ) >"$folder/log" 2>&1 </dev/null &
}

start_workers() {
    local l w=0 count=${jobs:-$(nproc)}
    local lane_count
    lane_count=$(wc -w <<<"$lanes")
    [ "$count" -ge "$lane_count" ] || count=$lane_count
    while [ "$w" -lt "$count" ]; do
        for l in $lanes; do
            [ "$w" -lt "$count" ] || break
            worker_lane[w]=$l
            start_worker "$w"
            w=$((w + 1))
        done
    done
}

# shellcheck disable=SC2317 # called by the trap
stop_workers() {
    local w
    for w in "${!worker_pid[@]}"; do
        [ "${worker_state[$w]}" != running ] || kill -INT "${worker_pid[$w]}" 2>/dev/null || true
    done
}

# ---- Corpus -----------------------------------------------------------------------------------

# These rename by hundreds, every few seconds, beside the workers: a process a file would take a
# worker's core.

# Move from a folder every file whose SHA-1 is its name into another; the rest is no whole file.
move_whole_files() {
    find "$1" -type f -exec sha1sum {} + | perl -sne '
        my ($sum, $path) = /^(\w{40})  (.*)$/ or next;
        $path =~ m{/$sum$} ? rename $path, "$to/$sum" : unlink $path' -- -to="$2"
}

# Move every file of a folder into another, named by its SHA-1 as libFuzzer does.
move_by_sum() {
    find "$1" -type f -exec sha1sum {} + |
        perl -sne '/^(\w{40})  (.*)$/ and rename $2, "$to/$1"' -- -to="$2"
}

# Copy what AFL++ has added to its queue into its worker's corpus. It goes by name: numbered, and
# without blanks.
harvest() {
    local folder=$1 queue=$1/afl/default/queue
    [ -d "$queue" ] || return 0
    touch "$folder/harvested"
    find "$queue" -maxdepth 1 -name 'id:*' -printf '%f\n' | sort >"$folder/queue"
    comm -13 "$folder/harvested" "$folder/queue" | (cd "$queue" && xargs -r cp -t "../../../incoming")
    mv "$folder/queue" "$folder/harvested"
    move_by_sum "$folder/incoming" "$folder/corpus"
}

# Copy the new files of worker w into the kept corpus and to the other workers.
share_worker() {
    local w=$1 other folder=$out/work/$1 fresh=()
    harvest "$folder"
    mapfile -t fresh < <(comm -23 <(ls "$folder/corpus") <(ls "$out/corpus/$target"))
    [ ${#fresh[@]} -gt 0 ] || return 0
    (cd "$folder/corpus" && cp -t "$absolute/incoming" "${fresh[@]}" 2>/dev/null) || true
    move_whole_files "$out/incoming" "$out/corpus/$target"
    for other in "${!worker_pid[@]}"; do
        [ "$other" != "$w" ] || continue
        (cd "$out/corpus/$target" &&
            cp -t "$absolute/work/$other/incoming" "${fresh[@]}" 2>/dev/null) || true
        move_whole_files "$out/work/$other/incoming" "$out/work/$other/corpus"
    done
}

share() {
    local w
    [ -z "$planted" ] || return 0
    for w in "${!worker_pid[@]}"; do
        share_worker "$w"
    done
}

# What an earlier run left behind when it was killed.
recover() {
    local folder
    rm -rf "$out/incoming"
    mkdir -p "$out/incoming"
    for folder in "$out"/work/*/; do
        [ -d "$folder/corpus" ] || continue
        harvest "$folder"
        move_whole_files "$folder/corpus" "$out/corpus/$target"
        keep_artifacts "$folder"
    done
    rm -rf "$out/work"
}

# ---- Findings ---------------------------------------------------------------------------------

# Name what AFL++ saved as libFuzzer does.
gather_afl() {
    local folder=$1 path kind
    for path in "$folder"/afl/default/{crashes,hangs}/id:*; do
        [ -e "$path" ] || continue
        kind=crash
        [[ $path != */hangs/* ]] || kind=timeout
        cp "$path" "$folder/artifact-$kind-$(sha1sum <"$path" | cut -d' ' -f1)"
    done
}

# Move what the engine saved to the findings, prefixed with the lane: LANE-crash-SHA1.
keep_artifacts() {
    local folder=$1 l=${2:-earlier} path name
    gather_afl "$folder"
    for path in "$folder"/artifact-*; do
        [ -e "$path" ] || continue
        name=$(basename "$path")
        mv -f "$path" "$out/findings/$l-${name#artifact-}"
        kept+=("$out/findings/$l-${name#artifact-}")
    done
}

signature_of() {
    local log=$1 text
    text=$(grep -a -m1 '^SUMMARY: csqfuzz: ' "$log" || grep -a -m1 'SUMMARY: ' "$log" || true)
    [ -n "$text" ] || text="SUMMARY: csqfuzz: worker failed: $(last_words "$log")"
    text=${text#SUMMARY: }
    echo "${text#csqfuzz: }"
}

# The last line of a log, or why afl-fuzz gave up; without its colours.
last_words() {
    { grep -a 'PROGRAM ABORT' "$1" || tail -n 1 "$1"; } | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' | cut -c1-160
}

# AFL++ keeps the input alone: run it, for the report that libFuzzer would have left in the log.
replay() {
    local status=0
    # In braces the shell's own words about the signal go to the log, too.
    { CSQFUZZ_IGNORE=$ignore timeout 30 "$(driver "$1")" "$2"; } >"$3" 2>&1 </dev/null || status=$?
    case $status in
    0) echo "SUMMARY: csqfuzz: AFL++ saw a crash, which did not come again" >>"$3" ;;
    124) echo "SUMMARY: csqfuzz: timeout" >>"$3" ;;
    esac
}

# How people see a finding's steps: csq run as the target ran it.
show_command() {
    local how=""
    # What the yardstick runs is no program of csq's, and MSan's lanes have no csq.
    if [ "$target" = bluetooth_driver_fuzzer ] || [ "${1#afl-}" = msan ]; then
        echo "$(driver "$1") $2"
        return
    fi
    [ "$target" != csq_sequential_fuzzer ] || how=" --sequential"
    [ "$target" != csq_substrate_fuzzer ] || how=" --substrate"
    [ "${CSQFUZZ_GRANULARITY:-sync}" = sync ] || how+=" -g memory"
    echo "$(dirname "$(binary "$1")")/csq run$how $2"
}

# The next step: what they have in common. Where the only csq is another lane's, it is not offered.
show_triage() {
    local l csq
    [ "$target" != bluetooth_driver_fuzzer ] || return 0
    for l in $lanes; do
        csq=$(dirname "$(binary "$l")")/csq
        [ -x "$csq" ] || continue
        echo "sort them: $csq triage --target $target $out/findings"
        return
    done
}

declare -a kept=() found_text=()
failed=0

# A worker has ended: was it time, the user, or a finding?
collect() {
    local w=$1 status=0 l=${worker_lane[$1]} folder=$out/work/$1
    wait "${worker_pid[$w]}" || status=$?
    worker_state[w]=ended
    kept=()
    case $l,$status in
    afl-*) keep_artifacts "$folder" "$l" ;; # whose status after a crash is 0
    *,0 | *,72) ;;
    *) keep_artifacts "$folder" "$l" ;;
    esac
    if [ ${#kept[@]} -eq 0 ]; then
        [ "$status" -ne 0 ] && [ "$status" -ne 72 ] || return 0
        failed=1
        [ "$stopping" = 1 ] && return 0
        found_text+=("$l: no input saved; its log ends: $(last_words "$folder/log")")
        return 0
    fi
    [ "$l" = "${l#afl-}" ] || replay "$l" "${kept[0]}" "$folder/log"
    found_text+=("$l: $(signature_of "$folder/log")")
    found_text+=("    show it: $(show_command "$l" "${kept[0]}")")
    worker_state[w]=found
    failed=1
}

# ---- Progress ---------------------------------------------------------------------------------

executions_of() {
    od -An -t u8 "$out/work/$1/progress" 2>/dev/null | tr -d ' '
}

# Nothing if not known yet: AFL++ says it once a minute, and at the end.
edges_of() {
    local stats=$out/work/$1/afl/default/fuzzer_stats
    if [ -e "$stats" ]; then
        awk '$1 == "run_time" { later = $3 > 0 } $1 == "edges_found" && later { print $3 }' "$stats"
        return
    fi
    grep -a -o 'cov: [0-9]*' "$out/work/$1/log" | tail -n 1 | cut -d' ' -f2
}

progress_line() {
    local l=$1 elapsed=$2 w executions=0 edges=0 findings=0 e
    for w in "${!worker_pid[@]}"; do
        [ "${worker_lane[$w]}" = "$l" ] || continue
        e=$(executions_of "$w")
        executions=$((executions + ${e:-0}))
        e=$(edges_of "$w")
        [ "${e:-0}" -le "$edges" ] || edges=$e
        [ "${worker_state[$w]}" != found ] || findings=$((findings + 1))
    done
    [ "$edges" -gt 0 ] || edges=-
    printf '%s  %3d/%d s  %d executions  %d/s  %s edges  %d findings\n' "$l" "$elapsed" \
        "$seconds" "$executions" $((executions / (elapsed > 0 ? elapsed : 1))) "$edges" "$findings"
}

print_progress() {
    local l
    for l in $lanes; do
        if [ -t 1 ]; then printf '\r\033[K'; fi
        progress_line "$l" "$1"
    done
}

watch_workers() {
    local start=$SECONDS w running elapsed lines shown=0
    lines=$(wc -w <<<"$lanes")
    while :; do
        running=0
        for w in "${!worker_pid[@]}"; do
            [ "${worker_state[$w]}" = running ] || continue
            if kill -0 "${worker_pid[$w]}" 2>/dev/null; then
                running=1
            else
                collect "$w"
            fi
        done
        elapsed=$((SECONDS - start))
        [ "$elapsed" -le "$seconds" ] || elapsed=$seconds
        if [ -t 1 ]; then
            [ "$shown" -eq 0 ] || printf '\033[%dA' "$lines"
            print_progress "$elapsed"
        elif [ $((shown % 10)) -eq 9 ]; then
            print_progress "$elapsed"
        fi
        shown=$((shown + 1))
        [ "$running" = 1 ] || break
        [ $((shown % 5)) -ne 0 ] || share
        sleep 1 || true
    done
    [ -t 1 ] || print_progress "$elapsed"
}

report() {
    local line
    echo
    echo "corpus: $(find "$out/corpus/$target" -type f | wc -l) files in $out/corpus/$target"
    if [ ${#found_text[@]} -eq 0 ]; then
        echo "no finding"
        return
    fi
    echo "findings:"
    for line in "${found_text[@]}"; do
        echo "  $line"
    done
    show_triage
}

stopping=0
# shellcheck disable=SC2317
interrupt() {
    stopping=1
    stop_workers
}

build
make_writable "$out"
absolute=$(cd "$out" && pwd)
make_writable "$out/corpus/$target"
make_writable "$out/findings"
recover
trap interrupt INT TERM
start_workers
set +e # Ctrl-C reaches whatever command runs at the moment, too: the report must still come
watch_workers
share
report
rm -rf "$out/work" "$out/incoming"
exit "$failed"
