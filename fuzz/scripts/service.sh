# shellcheck shell=bash disable=SC2034
# How fuzzing services build: the environment that OSS-Fuzz's images give to build.sh and to the
# targets, with Debian's tools in the place of theirs. Sourced after common.sh.

# What can be built and judged here. A fleet pairs libFuzzer with all but thread, which its own tools
# build and run all the same, and AFL++ with address. Of honggfuzz, which Debian lacks, the
# instrumentation and the way to link are tried, with our engine-free driver for an engine.
SERVICE_PAIRS="libfuzzer-address libfuzzer-undefined libfuzzer-memory libfuzzer-thread
    afl-address afl-thread honggfuzz-address none-none"

SERVICE_SANITIZERS="address undefined memory thread none"
SERVICE_ENGINES="libfuzzer afl honggfuzz none"

require_service_pair() {
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' $SERVICE_PAIRS | grep -qx -e "$1-$2" ||
        die "there is no build for the engine \"$1\" with the sanitizer \"$2\""
}

ensure_service() {
    ensure_base
    ensure_clang
    ensure zip zip
    ensure unzip unzip
    ensure readelf binutils
    ensure unshare util-linux
    case $1 in
    afl)
        ensure afl-fuzz afl++
        [ -n "$(find /usr/lib/llvm-14 -name 'libclang_rt.asan-*.a' -print -quit 2>/dev/null)" ] ||
            install_packages libclang-rt-14-dev
        ;;
    none) ensure valgrind valgrind ;;
    esac
}

# sanitizer_flags SANITIZER: what the images compile with.
sanitizer_flags() {
    case $1 in
    undefined)
        echo "-fsanitize=$UNDEFINED,unsigned-integer-overflow -fno-sanitize-recover=$UNDEFINED"
        ;;
    memory) echo "-fsanitize=memory -fsanitize-memory-track-origins" ;;
    address | thread) echo "-fsanitize=$1" ;;
    coverage) echo "-fprofile-instr-generate -fcoverage-mapping" ;;
    esac
}

# service_settings ENGINE SANITIZER FOLDER: exports what a build finds in its environment; FOLDER is
# for an engine that has to be made first.
service_settings() {
    local flags="-O1 -fno-omit-frame-pointer -gline-tables-only"
    flags+=" -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION $(sanitizer_flags "$2")"
    export SANITIZER=$2 FUZZING_ENGINE=$1 FUZZING_LANGUAGE=c ARCHITECTURE=x86_64
    export CC=clang-19 CXX=clang++-19 LIB_FUZZING_ENGINE="" LDFLAGS=""
    case $1 in
    libfuzzer)
        LIB_FUZZING_ENGINE=-fsanitize=fuzzer
        [ "$2" = coverage ] || flags+=" -fsanitize=fuzzer-no-link"
        ;;
    afl)
        LIB_FUZZING_ENGINE=$AFL_PATH/libAFLDriver.a
        if [ "$2" = thread ]; then # afl-clang-fast is clang 14, whose ThreadSanitizer does not do
            LIB_FUZZING_ENGINE+=" $AFL_PATH/afl-compiler-rt.o"
            flags+=" -fsanitize-coverage=trace-pc-guard,trace-cmp"
        else
            CC=afl-clang-fast CXX=afl-clang-fast++
            export AFL_QUIET=1
        fi
        ;;
    honggfuzz)
        LIB_FUZZING_ENGINE=$3/libFuzzingEngine.a
        flags+=" -fsanitize-coverage=trace-pc-guard,indirect-calls,trace-cmp"
        mkdir -p "$3"
        clang-19 -O1 -c fuzz/standalone.c -o "$3/standalone.o"
        rm -f "$LIB_FUZZING_ENGINE"
        ar rc "$LIB_FUZZING_ENGINE" "$3/standalone.o"
        ;;
    esac
    [ "$1" != none ] || flags+=" -gdwarf-4" # valgrind cannot read clang 19's own
    export CFLAGS=$flags CXXFLAGS=$flags
}

# service_build ENGINE SANITIZER FOLDER: what the fleet does, with $OUT and $WORK in FOLDER. The
# project lies in $SRC under its name, the build script beside it.
service_build() (
    folder=$PWD/$3
    mkdir -p "$folder/src"
    service_settings "$1" "$2" "$folder"
    ln -sfn "$PWD" "$folder/src/csqfuzz"
    cp fuzz/oss-fuzz/build.sh "$folder/src/build.sh"
    export SRC=$folder/src OUT=$folder/out WORK=$folder/work
    # make does not know when flags change.
    [ "$CC $CFLAGS" = "$(cat "$folder/flags" 2>/dev/null)" ] || rm -rf "$WORK"
    echo "$CC $CFLAGS" >"$folder/flags"
    rm -rf "$OUT"
    bash -eu "$SRC/build.sh" >"$folder/build.log" 2>&1 && return
    tail -n 20 "$folder/build.log" >&2
    die "the build for $1 with $2 failed: see $3/build.log"
)

# service_planted ENGINE SANITIZER FOLDER BUG: the same build with a planted bug, beside the sound
# one's objects; prints where the target is.
service_planted() (
    service_settings "$1" "$2" "$PWD/$3"
    run_make BUILD="$3/work/csqfuzz" MUTANT="$4" mutant
    echo "$3/work/csqfuzz/mutants/$4/csq_schedule_fuzzer"
)

# What the fleet's runner sets for the targets' runtimes; nothing for thread, which it does not run.
runner_environment() {
    local common=symbolize=1:dedup_token_length=3 asan
    asan=alloc_dealloc_mismatch=0:allocator_may_return_null=1:check_malloc_usable_size=0
    asan+=:detect_odr_violation=2:detect_leaks=1:detect_stack_use_after_return=1
    asan+=:allocator_release_to_os_interval_ms=500:fast_unwind_on_fatal=0:handle_abort=2
    asan+=:handle_segv=2:handle_sigill=2:max_uar_stack_size_log=16:print_scariness=1
    asan+=:quarantine_size_mb=10:strict_memcmp=1:symbolize_inline_frames=true:use_sigaltstack=1
    export ASAN_OPTIONS=$asan:$common MSAN_OPTIONS=print_stats=1:$common
    export UBSAN_OPTIONS=print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1:$common
    unset TSAN_OPTIONS
}
