# shellcheck shell=bash
# Somebody else's implementation of the six routines: compiled as it wants to be, checked, linked in
# the place of ours. Sourced by conformance.sh after common.sh.

ROUTINES="IoCsqInitialize IoCsqInitializeEx IoCsqInsertIrp IoCsqInsertIrpEx IoCsqRemoveIrp
    IoCsqRemoveNextIrp"

# indent FILE LINES: the first lines of it, for people.
indent() {
    head -n "$2" "$1" | sed 's/^/    /' >&2
}

# compile_source LANE FILE OBJECT: its warnings are its author's business.
compile_source() {
    local file=$2 object=$3 log=$3.log memory=""
    local include=(-Iinclude "-I$(dirname "$file")")
    lane_settings "$1"
    case $CC,$CFLAGS in # as the Makefile does: loads and stores can be schedule points
    clang*,*fuzzer-no-link*) memory=trace-loads,trace-stores ;;
    clang*) memory=func,trace-loads,trace-stores ;;
    esac
    if [ -n "$memory" ]; then
        CFLAGS+=" -fsanitize-coverage=$memory"
        CXXFLAGS+=" -fsanitize-coverage=$memory"
    fi
    case $file in
    *.c)
        # shellcheck disable=SC2086 # flags are words
        $CC -std=gnu17 "${include[@]}" $CFLAGS -c "$file" -o "$object" >"$log" 2>&1
        ;;
    *.cc | *.cpp | *.cxx | *.C)
        # shellcheck disable=SC2086
        $CXX -std=gnu++17 "${include[@]}" $CXXFLAGS -c "$file" -o "$object" >"$log" 2>&1
        ;;
    *) die "--impl takes C or C++ sources (.c .cc .cpp .cxx), not \"$file\"" ;;
    esac && return 0
    echo "csqfuzz: $file does not compile:" >&2
    grep 'error: ' "$log" >"$log.errors" || cp "$log" "$log.errors"
    indent "$log.errors" 5
    exit 2
}

# compile_impl LANE FOLDER FILE...: sets impl_objects and impl_link.
compile_impl() {
    local lane=$1 folder=$2 file number=0
    shift 2
    rm -rf "$folder"
    mkdir -p "$folder"
    impl_objects=()
    lane_settings "$lane"
    impl_link=$CC
    for file in "$@"; do
        [ -r "$file" ] || die "cannot read $file"
        number=$((number + 1))
        compile_source "$lane" "$file" "$folder/$number.o"
        impl_objects+=("$folder/$number.o")
        case $file in *.c) ;; *) impl_link=$CXX ;; esac
    done
}

# check_routines FILE...: are all six defined by impl_objects? The files are named if not.
check_routines() {
    local defined routine missing=()
    defined=$(nm -g --defined-only "${impl_objects[@]}" | awk 'NF == 3 { print $3 }')
    for routine in $ROUTINES; do
        grep -q -x "$routine" <<<"$defined" || missing+=("$routine")
    done
    [ ${#missing[@]} -eq 0 ] || die "$* does not define ${missing[*]}"
}

# Names after a linker's phrase, each once.
names_after() {
    { grep -o -E "$1[:]? ['\`\"]?[A-Za-z_][A-Za-z0-9_:]*" "$2" || true; } |
        { grep -o -E '[A-Za-z0-9_:]+$' || true; } | sort -u | paste -s -d ' '
}

# link_impl LANE FOLDER PROGRAM...: our own objects must be built already.
link_impl() {
    local lane=$1 folder=$2 program names log=$2/link.log programs=()
    shift 2
    for program in "$@"; do programs+=("$folder/$program"); done
    lane_settings "$lane"
    make -s -j"$(nproc)" BUILD="build/$lane" CC="$CC" CXX="$CXX" CFLAGS="$CFLAGS -Werror" \
        CXXFLAGS="$CXXFLAGS" SANITIZER="$SANITIZER" LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
        IMPL_OBJECTS="${impl_objects[*]}" IMPL_PROGRAMS="$folder" IMPL_LINK="$impl_link" \
        "${programs[@]}" >"$log" 2>&1 && return 0
    names=$(names_after 'undefined (reference to|symbol)' "$log")
    [ -z "$names" ] || die "it needs what the substrate does not have: $names"
    names=$(names_after '(multiple definition of|duplicate symbol)' "$log")
    [ -z "$names" ] || die "it defines what the substrate has, too: $names"
    echo "csqfuzz: it does not link:" >&2
    indent "$log" 8
    exit 2
}
