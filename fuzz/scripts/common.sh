# shellcheck shell=bash
# What build.sh and the scripts of its verbs share. Sourced from the project's root.

LANES="gcc clang asan tsan msan" # every test runs in each of these
MORE_LANES="ubsan coverage afl-asan afl-ubsan afl-msan afl-tsan afl-cmplog" # built where asked for

die() {
    echo "csqfuzz: $*" >&2
    exit 2
}

# ---- Packages ---------------------------------------------------------------------------------

# install_packages PACKAGE...: say so in one line and do it, or say what to do and stop.
install_packages() {
    local become=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            die "missing: $*; run: sudo apt-get install -y --no-install-recommends $*"
        fi
        become="sudo -n"
    fi
    command -v apt-get >/dev/null || die "missing: $*; install them with your package manager"
    echo "csqfuzz: installing $*" >&2
    mkdir -p build
    # shellcheck disable=SC2086
    if ! { $become apt-get update -q && DEBIAN_FRONTEND=noninteractive $become apt-get install -y \
        --no-install-recommends "$@"; } >build/apt.log 2>&1 </dev/null; then
        tail -n 3 build/apt.log >&2
        die "could not install: $* (see build/apt.log)"
    fi
}

# ensure COMMAND PACKAGE...: install the packages unless the command exists.
ensure() {
    local command=$1
    shift
    command -v "$command" >/dev/null 2>&1 || install_packages "$@"
}

ensure_base() {
    local packages=()
    command -v make >/dev/null 2>&1 || packages+=(make)
    [ -e /usr/include/stdio.h ] || packages+=(libc6-dev)
    [ -n "$(find /usr/lib /usr/local/lib -name libboost_context.a -print -quit 2>/dev/null)" ] ||
        packages+=(libboost-context-dev)
    [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

# clang 19: the first of Debian's whose ThreadSanitizer gets along with libFuzzer's counters.
ensure_clang() {
    local packages=()
    command -v clang-19 >/dev/null 2>&1 || packages+=(clang-19)
    command -v clang++-19 >/dev/null 2>&1 || packages+=(libstdc++-12-dev)
    [ -n "$(find /usr/lib/llvm-19 -name 'libclang_rt.fuzzer-*.a' -print -quit 2>/dev/null)" ] ||
        packages+=(libclang-rt-19-dev)
    command -v llvm-symbolizer-19 >/dev/null 2>&1 || packages+=(llvm-19)
    [ -d /usr/include/c++ ] || packages+=(libstdc++-12-dev)
    [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

# AFL++ as Debian packages it: afl-fuzz, and in $AFL_PATH the runtime and the driver for
# LLVMFuzzerTestOneInput.
export AFL_PATH=${AFL_PATH:-/usr/lib/afl}
ensure_afl() {
    ensure afl-fuzz afl++
    [ -e "$AFL_PATH/libAFLDriver.a" ] ||
        die "there is no $AFL_PATH/libAFLDriver.a; set AFL_PATH to where AFL++ keeps it"
}

# Validates JSON, for tests: of Debian's own python3, wherever another one comes first.
ensure_jsonschema() {
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || install_packages python3 python3-jsonschema
}

require_lane() {
    [[ " $LANES $MORE_LANES " = *" $1 "* ]] || die "\"$1\" is no lane; there are: $LANES $MORE_LANES"
}

ensure_lane() {
    require_lane "$1"
    ensure_base
    case $1 in
    gcc) ensure gcc gcc libc6-dev ;;
    *) ensure_clang ;;
    esac
    case $1 in
    afl-*) ensure_afl ;;
    esac
}

# ---- Compilers --------------------------------------------------------------------------------

require_compiler() {
    command -v "${1%% *}" >/dev/null 2>&1 || die "the compiler \"$1\" is not installed"
}

# ThreadSanitizer with coverage needs clang 18 or later: older ones report races on their own
# counters.
require_clang_for_threads() {
    local major
    major=$("$1" -dumpversion 2>/dev/null | cut -d. -f1)
    "$1" --version 2>/dev/null | grep -q clang || return 0
    [ "${major:-0}" -ge 18 ] ||
        die "$1 is clang $major: the thread sanitizer lane needs clang 18 or later (clang-19)"
}

# ---- Lanes ------------------------------------------------------------------------------------

# What OSS-Fuzz checks of undefined behaviour.
UNDEFINED=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return
UNDEFINED+=,returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound

# lane_settings LANE: sets CC CXX CFLAGS SANITIZER ENGINE LIB_FUZZING_ENGINE for make.
#
# The compiler is clang 19 for AFL++, too, whose packaged one has a ThreadSanitizer that reports
# false races; what AFL++ needs of a compiler is the calls of trace-pc-guard, which its runtime has.
# shellcheck disable=SC2034 # those who source this use it
lane_settings() {
    # Edges only: the input has no magic values for comparisons to reveal, and tracing them costs
    # a fifth of the time.
    local instrument="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp"
    require_lane "$1"
    CC=clang-19 CXX=clang++-19 ENGINE=fuzz/engine_libfuzzer.c LIB_FUZZING_ENGINE=-fsanitize=fuzzer
    case $1 in
    afl-*)
        instrument="-fsanitize-coverage=trace-pc-guard" ENGINE=fuzz/engine_afl_target.c
        LIB_FUZZING_ENGINE="$AFL_PATH/libAFLDriver.a $AFL_PATH/afl-compiler-rt.o"
        ;;
    esac
    instrument="-g -fno-omit-frame-pointer $instrument"
    case ${1#afl-} in
    gcc) CC=gcc CXX=g++ SANITIZER=none CFLAGS="-O2 -g" ;;
    clang) SANITIZER=none CFLAGS="-O2 -g" ;;
    asan)
        SANITIZER=address
        CFLAGS="-O2 $instrument -fsanitize=address,$UNDEFINED -fno-sanitize-recover=all"
        ;;
    ubsan)
        SANITIZER=undefined
        CFLAGS="-O2 $instrument -fsanitize=$UNDEFINED -fno-sanitize-recover=all"
        ;;
    tsan) SANITIZER=thread CFLAGS="-O2 $instrument -fsanitize=thread" ;;
    msan) SANITIZER=memory CFLAGS="-O1 $instrument -fsanitize=memory" ;;
    coverage)
        SANITIZER=coverage
        CFLAGS="-O1 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc"
        ;;
    cmplog) SANITIZER=none CFLAGS="-O2 $instrument,trace-cmp" ;;
    esac
    CXXFLAGS=$CFLAGS
}

run_make() {
    mkdir -p build
    if ! make -s -j"$(nproc)" "$@" >build/make.log 2>&1; then
        cat build/make.log >&2
        die "the build failed"
    fi
}

# build_lane LANE GOAL...: our own lanes treat warnings as errors.
build_lane() {
    local lane=$1
    shift
    lane_settings "$lane"
    run_make BUILD="build/$lane" CC="$CC" CXX="$CXX" CFLAGS="$CFLAGS -Werror" \
        CXXFLAGS="$CXXFLAGS" SANITIZER="$SANITIZER" \
        ENGINE="$ENGINE" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" "$@"
}

# How our fuzzers are run, wherever their speed or their findings count.
# shellcheck disable=SC2034 # those who source this use it
FUZZ_OPTIONS=(-len_control=0 -max_len=264 -timeout=10)

# ---- AFL++ ------------------------------------------------------------------------------------

# build_afl LANE TARGET [BUG]: a fuzz target, or its variant with a planted bug, for AFL++ in one of
# the lanes asan ubsan msan tsan. Sets AFL_TARGET, the binary to fuzz; AFL_CMPLOG, its companion for
# -c, which has no sanitizer; and AFL_MUTATOR, the custom mutator. Use:
#
#     build_afl tsan csq_schedule_fuzzer
#     afl_environment
#     afl-fuzz -i IN -o OUT "${AFL_OPTIONS[@]}" -c "$AFL_CMPLOG" -- "$AFL_TARGET"
#
# To replay what it found, build AFL_TARGET_standalone (AFL++'s driver reads a file where MSan does
# not see it).
# shellcheck disable=SC2034 # those who source this use it
build_afl() {
    local lane goals bug=${3:-} folder=${3:+mutants/$3/}
    for lane in "afl-$1" afl-cmplog; do
        ensure_lane "$lane"
        goals=("build/$lane/$2")
        [ -z "$bug" ] || goals=(mutant "MUTANT=$bug" "FUZZER=$2")
        build_lane "$lane" "${goals[@]}"
    done
    afl_paths "$@"
    build_lane afl-cmplog "${AFL_MUTATOR#"$PWD/"}"
}

# afl_paths LANE TARGET [BUG]: sets the same, where it has been built before.
# shellcheck disable=SC2034 # those who source this use it
afl_paths() {
    local folder=${3:+mutants/$3/}
    AFL_MUTATOR=$PWD/build/afl-cmplog/csqfuzz_afl_mutator.so
    AFL_TARGET=$PWD/build/afl-$1/$folder$2
    AFL_CMPLOG=$PWD/build/afl-cmplog/$folder$2
}

# afl_manners: what afl-fuzz reads in its environment. It sets every sanitizer's options but
# ThreadSanitizer's (the target aborts after its reports; abort_on_error is for its own death), and
# it means to stop on machines that are not its own.
afl_manners() {
    export TSAN_OPTIONS=abort_on_error=1:symbolize=0
    export AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_FAST_CAL=1
    export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FORKSRV_INIT_TMOUT=60000
}

# afl_environment: that, and the mutator of build_afl. AFL++'s own mutations, of bytes, are left out:
# with them as many executions reach the same edges, with a tenth fewer inputs worth keeping.
afl_environment() {
    export AFL_CUSTOM_MUTATOR_LIBRARY=$AFL_MUTATOR AFL_CUSTOM_MUTATOR_ONLY=1
    afl_manners
}

# As FUZZ_OPTIONS.
# shellcheck disable=SC2034
AFL_OPTIONS=(-G 264 -t 10000 -m none)

# ---- Planted bugs -----------------------------------------------------------------------------

# planted_bugs: the IDs of all.
planted_bugs() {
    local patch
    for patch in conformance/mutants/*.patch; do
        basename "$patch" .patch
    done
}

# planted_field BUG KEY: a line of its header.
planted_field() {
    sed -n "s/^$2: //p" "conformance/mutants/$1.patch"
}

require_planted() {
    [[ $1 =~ ^[A-Za-z0-9]+$ && -e conformance/mutants/$1.patch ]] ||
        die "there is no planted bug \"$1\"; see conformance/mutants"
}

# fuzz_lanes WORD [LANE...]: the lanes that fuzz, of asan, tsan, these and all, which is the first two.
fuzz_lanes() {
    local known="asan tsan${2+ ${*:2}}"
    if [ "$1" = all ]; then
        echo "asan tsan"
    elif [[ $1 =~ ^[a-z]+$ && " $known " = *" $1 "* ]]; then
        echo "$1"
    else
        die "--lane takes one of: $known all; not \"$1\""
    fi
}

fuzz_targets() {
    local source
    for source in fuzz/*_fuzzer.c; do
        basename "$source" .c
    done
}

# What a fuzzing service is given. Not the yardstick: its bug is meant to be there, and would be
# reported for ever.
service_targets() {
    fuzz_targets | grep -vx bluetooth_driver_fuzzer
}

# ---- Files ------------------------------------------------------------------------------------

# from_caller FILE: as the caller of the script means it, whose folder the script keeps in $caller.
from_caller() {
    # shellcheck disable=SC2154 # set by those who source this
    case $1 in
    / | /* | -) echo "$1" ;;
    *) [ "$caller" = "$PWD" ] && echo "$1" || echo "$caller/$1" ;;
    esac
}

make_writable() {
    mkdir -p "$1" 2>/dev/null || die "cannot create the folder $1"
    [ -w "$1" ] || die "cannot write to the folder $1"
}

install_file() {
    if ! cp "$1" "$2.part" 2>/dev/null; then
        rm -f "$2.part" 2>/dev/null || true
        die "cannot write $2"
    fi
    mv "$2.part" "$2"
}

# The csq that assembles seeds: of any compiler, since it runs nothing.
SEED_TOOL=build/seeds/csq
build_seed_tool() {
    mkdir -p build/seeds
    [ -z "$(find "$SEED_TOOL" -newer fuzz/format_bytes.c -newer fuzz/format_parse.c \
        -newer fuzz/format_substrate.c -newer conformance/substrate.c 2>/dev/null)" ] ||
        return 0
    run_make BUILD=build/plain CC="${CC_FOR_BUILD:-$(command -v cc || command -v clang || command -v clang-19)}" \
        CFLAGS=-O1 CXXFLAGS=-O1 LDFLAGS= SANITIZER=none build/plain/csq
    cp build/plain/csq "$SEED_TOOL"
}

# assemble_seeds FROM TO: every FROM/*.csq to bytes in TO; what is there of seeds that are gone goes.
assemble_seeds() {
    local source seed
    mkdir -p "$2"
    for source in "$1"/*.csq; do
        [ -e "$source" ] || continue
        "$SEED_TOOL" asm "$source" -o "$2/$(basename "$source" .csq)" ||
            die "the seed $source is no program"
    done
    for seed in "$2"/*; do
        [ -e "$1/$(basename "$seed").csq" ] || rm -f "$seed"
    done
}

# compile_seeds: those of all targets, into build/seeds/TARGET.
compile_seeds() {
    local target
    build_seed_tool
    for target in $(fuzz_targets); do
        assemble_seeds "corpus/$target" "build/seeds/$target"
    done
}
