#!/usr/bin/env bash
# Judges a folder of fuzz targets, $OUT, as a fuzzing service does before it takes a build, and a
# little more strictly. One line a check, as TAP.
#
#   integration.sh [--floor N] OUT ENGINE SANITIZER    N: executions a second that a target must reach
#
# The folder is moved away while this runs, and back at the end.
# shellcheck disable=SC2317 # checks are called by judge
set -eu
caller=$PWD
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/service.sh
. fuzz/scripts/service.sh
# shellcheck source=fuzz/scripts/integration_run.sh
. fuzz/scripts/integration_run.sh
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh

floor=0
if [ "${1:-}" = --floor ]; then
    floor=${2:-}
    [[ $floor =~ ^[1-9][0-9]{0,8}$ ]] || die "--floor takes a number above 0"
    shift 2
fi
[ $# -eq 3 ] || die "usage: integration.sh [--floor N] OUT ENGINE SANITIZER"
out=$(cd "$caller" && cd "$1" 2>/dev/null && pwd) || die "there is no folder $1"
engine=$2 sanitizer=$3
require_service_pair "$engine" "$sanitizer"
ensure_service "$engine"

# ---- What lies there --------------------------------------------------------------------------

# has_string FILE STRING: in its bytes.
has_string() {
    LC_ALL=C grep -a -qF -e "$2" "$1"
}

# The rule of the service: an executable ELF file or shell script with the entry point's name in it.
listed_targets() {
    find "$away" -type f -perm /111 ! -name '*.so' ! -name 'afl-*' ! -name llvm-symbolizer |
        while read -r file; do
            case $(head -c 4 "$file" | tr -d '\0') in
            $'\x7f'ELF | '#!'*) ! has_string "$file" LLVMFuzzerTestOneInput || basename "$file" ;;
            esac
        done | sort
}

misnamed() {
    listed_targets | LC_ALL=C grep -vx '[A-Za-z0-9_-]*' | sed 's/$/ is no name for a target/'
}

mislisted() {
    diff <(service_targets | sort) <(listed_targets) |
        sed -n 's/^< \(.*\)/\1 is not taken for a target/p; s/^> \(.*\)/\1 is taken for a target/p'
}

expected_files() {
    local target
    for target in $(service_targets); do
        printf '%s\n' "$target" "$target.dict" "$target.options" "${target}_seed_corpus.zip"
    done | sort
}

misplaced() {
    diff <(expected_files) <(find "$away" -mindepth 1 ! -name llvm-symbolizer -printf '%P\n' | sort) |
        sed -n 's/^< \(.*\)/\1 is missing/p; s/^> \(.*\)/\1 does not belong there/p'
}

# Nothing may know where it was built; debug information may.
baked_paths() {
    local file bare=$scratch/bare
    find "$away" -type f | while read -r file; do
        cp "$file" "$bare"
        objcopy --strip-debug "$bare" 2>/dev/null || true
        for path in "$PWD" "$out" "$away"; do
            ! has_string "$bare" "$path" || echo "$(basename "$file") names $path"
        done
    done
}

# ---- A target's binary ------------------------------------------------------------------------

# What every Debian has.
foreign_libraries() {
    readelf -d "$away/$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -vxE '(libstdc\+\+|libgcc_s|libm|libc|libresolv|libpthread|libdl|librt|ld-linux.*)\.so\.[0-9]+' |
        sed 's/^/needs /'
    readelf -d "$away/$1" 2>/dev/null | grep -E 'RPATH|RUNPATH' || true
}

wrong_machine() {
    local machine
    machine=$(LC_ALL=C readelf -h "$away/$1" 2>&1 | sed -n 's/^ *Machine: *//p')
    case "$(uname -m) $machine" in
    x86_64*X86-64 | aarch64*AArch64) ;;
    *) echo "built for \"$machine\"" ;;
    esac
}

disassemble() {
    objdump -dC "$away/$1" >"$scratch/$1.disassembly" 2>/dev/null || true
}

# routine TARGET [NAME]: its instructions; without a name, all.
routine() {
    awk -v name="${2:-}" '/^[0-9a-f]+ <.*>:$/ { on = !name || $2 == "<" name ">:" } on' \
        "$scratch/$1.disassembly"
}

# calls TARGET PREFIX [ROUTINE]: how many calls of functions that start so, of all or of one routine.
calls() {
    routine "$1" "${3:-}" | grep -cE "\s(callq?|bl)\s+[0-9a-f]+ <$2" || true
}

# The right sanitizer and no other, by the service's own numbers: a runtime alone makes thousands of
# calls, a stray object file hundreds, AFL++'s driver a few of AddressSanitizer's. For thread it has
# none; these are ours.
mixed_sanitizers() {
    local wanted name found least most
    case $sanitizer in
    address) wanted="__asan 1000 - __dfsan - 0 __msan - 3 __ubsan - 200 __tsan - 0" ;;
    memory) wanted="__msan 1000 - __dfsan - 0 __asan - 50 __ubsan - 200 __tsan - 0" ;;
    undefined) wanted="__ubsan 168 - __dfsan - 0 __asan - 50 __msan - 3 __tsan - 0" ;;
    thread) wanted="__tsan 1000 - __dfsan - 0 __asan - 50 __msan - 3 __ubsan - 200" ;;
    none) wanted="__asan - 50 __dfsan - 0 __msan - 0 __ubsan - 0 __tsan - 0" ;;
    esac
    # shellcheck disable=SC2086
    printf '%s %s %s\n' $wanted | while read -r name least most; do
        found=$(calls "$1" "$name")
        [ "$least" = - ] || [ "$found" -ge "$least" ] || echo "$found calls of $name, fewer than $least"
        [ "$most" = - ] || [ "$found" -le "$most" ] || echo "$found calls of $name, more than $most"
    done
}

# Numbers of the whole say nothing of the code under test, so look at that.
unseen_routine() {
    local name=
    case $sanitizer in
    address) name=__asan_ ;;
    memory) name=__msan_ ;;
    undefined) name=__ubsan_ ;;
    thread) name=__tsan_ ;;
    esac
    [ -z "$name" ] || [ "$(calls "$1" "$name" IoCsqInsertIrpEx)" -gt 0 ] ||
        echo "IoCsqInsertIrpEx makes no call of $name"
}

# branches TARGET: how many of the routine's the engine counts.
branches() {
    case $engine-$sanitizer in
    libfuzzer-*)
        routine "$1" IoCsqInsertIrpEx | grep -cE '\s(incb|addb)\s' || true
        ;;
    afl-address) routine "$1" IoCsqInsertIrpEx | grep -c __afl_area_ptr || true ;;
    none-*) echo 1000 ;;
    *) calls "$1" __sanitizer_cov_trace_pc_guard IoCsqInsertIrpEx ;;
    esac
}

uncounted_branches() {
    [ "$(branches "$1")" -ge 10 ] || echo "$(branches "$1") branches of IoCsqInsertIrpEx are counted"
}

# ---- What lies beside it ----------------------------------------------------------------------

# Each engine reads dictionaries its own way; this is what all of them take.
bad_dictionary() {
    local entry='([A-Za-z0-9_]+(@[0-9]+)?=)?"([^"\\]|\\\\|\\"|\\x[0-9A-Fa-f]{2})+"'
    LC_ALL=C grep -nvE "^\s*(#.*)?\$|^\s*$entry\s*\$" "$away/$1.dict" | sed 's/^/line /'
    LC_ALL=C grep -q '^[^#]*=' "$away/$1.dict" || echo "there is no entry"
}

# Sections and keys that services look at, and no file name: they are given the folder's own.
bad_options() {
    LC_ALL=C grep -nvE '^\[libfuzzer\]$|^(max_len|len_control|timeout|detect_leaks) = [0-9]+$' \
        "$away/$1.options" | sed 's/^/line /'
}

unpack_seeds() {
    mkdir -p "$scratch/files/seeds/$1"
    unzip -q -o "$away/${1}_seed_corpus.zip" -d "$scratch/files/seeds/$1" 2>&1
}

bad_seeds() {
    unpack_seeds "$1"
    [ -n "$(ls -A "$scratch/files/seeds/$1")" ] || echo "there is no seed"
    find "$scratch/files/seeds/$1" -mindepth 1 -type d -printf '%P is a folder\n'
}

# ---- All of it --------------------------------------------------------------------------------

# judge NAME FUNCTION [TARGET]: the function prints what is wrong.
judge() {
    check "$engine $sanitizer${3:+ $3}: $1" < <("$2" "${3:-}" 2>&1 || echo "this check fails itself")
}

judge_target() {
    disassemble "$1"
    judge "needs nothing but the C and C++ runtimes" foreign_libraries "$1"
    judge "is built for this machine" wrong_machine "$1"
    judge "has the calls of its sanitizer and of no other" mixed_sanitizers "$1"
    judge "has the routines under test instrumented by the sanitizer" unseen_routine "$1"
    judge "has the branches of the routines counted by the engine" uncounted_branches "$1"
    judge "has a dictionary without a bad line" bad_dictionary "$1"
    judge "has options that services read" bad_options "$1"
    judge "has a flat archive of seeds" bad_seeds "$1"
    judge "starts where it was not built, with nothing writable but /tmp" not_starting "$1"
    judge "replays its seeds without a finding" findings_in_seeds "$1"
    case $engine in
    libfuzzer) judge "merges its seeds" not_merging "$1" ;;
    afl) judge "takes the same path each time" unstable "$1" ;;
    none) judge "replays its seeds under valgrind" valgrind_complaints "$1" ;;
    esac
    case $floor-$engine in
    0-* | *-none | *-honggfuzz) ;;
    *) judge "reaches $floor executions a second" too_slow "$1" ;;
    esac
}

scratch=$(mktemp -d /tmp/csqfuzz-integration.XXXXXX)
away=$(mktemp -d "$(dirname "$out")/not-out.XXXXXX")/$RANDOM
mkdir "$scratch/root" "$scratch/files"
trap 'mv "$away" "$out" && rmdir "${away%/*}"; rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 2' PIPE HUP INT TERM # so that the folder comes back then, too
mv "$out" "$away"
runner_environment
choose_seal

judge "the folder holds target, dictionary, options and seeds, and nothing else" misplaced
judge "the names of the targets are names that services take" misnamed
judge "the targets, and nothing else, are taken for targets" mislisted
judge "no file names a folder that it was built in" baked_paths
for target in $(service_targets); do
    judge_target "$target"
done
echo "1..$number"
exit "$failed"
