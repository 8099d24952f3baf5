# shellcheck shell=bash disable=SC2154
# The checks of integration.sh that run a target. Sourced by it: they use its away (where $OUT is),
# scratch, engine, sanitizer and floor; each prints what is wrong.

# ---- Where targets run ------------------------------------------------------------------------

# seal COMMAND...: in a mount namespace of its own, as on a service's machine: every file system
# read-only but /tmp, the project gone, $OUT at /tmp/not-out.
seal() {
    local root=$scratch/root
    mount --rbind / "$root"
    mount -o remount,bind,ro "$root"
    mount -t tmpfs none "$root$PWD"
    mount -t tmpfs none "$root/tmp"
    mkdir "$root/tmp/not-out" "$root/tmp/files"
    mount --bind "$away" "$root/tmp/not-out"
    mount -o remount,bind,ro "$root/tmp/not-out"
    mount --bind "$scratch/files" "$root/tmp/files"
    # shellcheck disable=SC2016 # that shell's
    exec chroot "$root" bash -c 'cd / && exec "$@"' _ "$@"
}

unseal_with=()

# Where mount namespaces are not to be had, only the folder's place and the working directory are
# strange to the target.
choose_seal() {
    export -f seal
    export scratch away
    for with in "unshare -m" "unshare -rm"; do
        read -r -a unseal_with <<<"$with"
        if sealed true 2>/dev/null; then
            there=/tmp/not-out files=/tmp/files
            return
        fi
    done
    unseal_with=()
    there=$away files=$scratch/files
}

sealed() {
    if [ ${#unseal_with[@]} -gt 0 ]; then
        "${unseal_with[@]}" bash -euc 'seal "$@"' _ "$@"
    else
        (cd / && "$@")
    fi
}

# run TARGET NAME COMMAND...: in there, bounded; the log is $scratch/TARGET.NAME.
run() {
    local log=$scratch/$1.$2
    shift 2
    sealed timeout -s KILL 120 "$@" >"$log" 2>&1 </dev/null
}

# complain TARGET NAME SENTENCE: with the end of that run's log.
complain() {
    echo "$3"
    grep -aE 'ERROR|SUMMARY|ABORT|FATAL' "$scratch/$1.$2" | head -n 5 || true
    tail -n 3 "$scratch/$1.$2"
}

# options TARGET: its options and dictionary as arguments of libFuzzer, as services hand them over.
options() {
    sed -n 's/^\([a-z_]*\) = \(.*\)$/-\1=\2/p' "$away/$1.options"
    echo "-dict=$there/$1.dict"
}

# ---- Engines ----------------------------------------------------------------------------------

# with_afl TARGET NAME SEEDS EXECUTIONS: the fuzzer for so many; the options as it demands them.
with_afl() (
    extra=:abort_on_error=1:symbolize=0:detect_odr_violation=0
    rm -rf "$scratch/files/$1.$2"
    afl_manners
    export ASAN_OPTIONS=$ASAN_OPTIONS$extra MSAN_OPTIONS=$MSAN_OPTIONS$extra:exit_code=86
    run "$1" "$2" afl-fuzz -i "$files/$3" -o "$files/$1.$2" -m none -t 5000+ -s 1337 -E "$4" \
        -x "$there/$1.dict" -- "$there/$1"
)

not_starting_afl() {
    local log=$scratch/$1.start
    mkdir -p "$scratch/files/one"
    echo input >"$scratch/files/one/input"
    with_afl "$1" start one 1000 || complain "$1" start "afl-fuzz fails with it"
    grep -aq 'All set and ready to roll!' "$log" || echo "AFL++ does not get ready"
    ! grep -aE 'target binary (crashed|terminated)' "$log" || true
}

# As AFL++ sees it: every seed again takes the path that it took before.
unstable() {
    with_afl "$1" stability "seeds/$1" 1000 || complain "$1" stability "afl-fuzz fails with the seeds"
    grep -q '^stability *: 100.00%' "$scratch/files/$1.stability/default/fuzzer_stats" ||
        grep '^stability' "$scratch/files/$1.stability/default/fuzzer_stats"
}

not_starting_libfuzzer() {
    local arguments log=$scratch/$1.start counters
    mapfile -t arguments < <(options "$1")
    run "$1" start "$there/$1" -seed=1337 -runs=4 "${arguments[@]}" ||
        complain "$1" start "it fails in four runs"
    grep -aq 'Done 4 runs' "$log" || echo "it does not say: Done 4 runs"
    grep -a 'no interesting inputs were found' "$log" || true
    grep -a 'unrecognized flag' "$log" || true
    counters=$(grep -a -o -m 1 '[0-9]* inline 8-bit counters' "$log" | cut -d' ' -f1)
    [ "${counters:-0}" -ge 100 ] || echo "${counters:-0} coverage counters, fewer than 100"
}

not_starting() {
    case $engine in
    libfuzzer) not_starting_libfuzzer "$1" ;;
    afl) not_starting_afl "$1" ;;
    *)
        : >"$scratch/files/empty"
        run "$1" start "$there/$1" "$files/empty" ||
            complain "$1" start "it fails with an empty input"
        ;;
    esac
}

findings_in_seeds() {
    local arguments=()
    case $engine in
    libfuzzer) arguments=(-runs=0 "$files/seeds/$1") ;;
    none | honggfuzz) arguments=("$files/seeds/$1") ;;
    afl) mapfile -t arguments < <(find "$scratch/files/seeds/$1" -type f -printf "$files/seeds/$1/%P\n") ;;
    esac
    run "$1" replay "$there/$1" "${arguments[@]}" || complain "$1" replay "a seed makes it fail"
}

not_merging() {
    rm -rf "$scratch/files/merged"
    mkdir "$scratch/files/merged"
    run "$1" merge "$there/$1" -merge=1 -timeout=100 "$files/merged" "$files/seeds/$1" ||
        complain "$1" merge "the merge fails"
    [ -n "$(ls -A "$scratch/files/merged")" ] || echo "the merge keeps nothing"
}

valgrind_complaints() {
    run "$1" valgrind valgrind -q --error-exitcode=9 --vgdb=no "$there/$1" "$files/seeds/$1" ||
        complain "$1" valgrind "valgrind complains"
}

# Over a fixed number of executions, with starting and reading the seeds.
too_slow() {
    local start=${EPOCHREALTIME/[.,]/} runs=20000 arguments rate
    case $engine in
    libfuzzer)
        mapfile -t arguments < <(options "$1")
        run "$1" speed "$there/$1" -seed=1337 -runs=$runs "${arguments[@]}" "$files/seeds/$1" ||
            complain "$1" speed "it fails in $runs runs"
        ;;
    afl) with_afl "$1" speed "seeds/$1" $runs || complain "$1" speed "it fails in $runs runs" ;;
    esac
    rate=$((runs * 1000000 / (${EPOCHREALTIME/[.,]/} - start)))
    [ $rate -ge "$floor" ] || echo "$rate executions a second"
}
