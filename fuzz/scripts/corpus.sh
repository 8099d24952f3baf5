#!/usr/bin/env bash
# ./build.sh corpus: how large the shipped corpus is, and what it reaches; --merge FOLDER adds those
# inputs of a folder that bring something new, --minimize takes out what has become redundant.
#
# libFuzzer judges, in the asan lane: new is what has a feature (an edge, how often it was taken)
# that no seed of the target has. What is shipped is text: an input is written as "csq show" prints
# it, into added-HASH.csq, where HASH is the start of the SHA-1 of its bytes. Seeds of any other name
# were written by people, and are never taken out.
#
# Everything is worked out in $work first; the corpus changes only then, one whole file at a time.
#
#   corpus.sh [--merge FOLDER | --minimize] [--target NAME] [--corpus FOLDER]
set -eu
caller=${CSQFUZZ_CALLER:-$PWD}
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

LARGEST=$((2 * 1024 * 1024)) # of the whole corpus, in bytes
LONGEST=4096                 # of one input; a program has at most 3080 bytes
COMMENT="# Added by ./build.sh corpus --merge: it has features that no other seed had."

verb=show from="" target="" corpus=corpus
work=build/corpus-work

# ---- Options ----------------------------------------------------------------------------------

parse() {
    while [ $# -gt 0 ]; do
        if [ "$1" = --minimize ]; then
            choose minimize
            shift
            continue
        fi
        [ $# -gt 1 ] || die "$1 needs a value, or is no option; see ./build.sh help"
        case $1 in
        --merge)
            choose merge
            from=$(from_caller "$2")
            ;;
        --target) target=$2 ;;
        --corpus) corpus=$(from_caller "$2") ;;
        *) die "corpus does not know $1; see ./build.sh help" ;;
        esac
        shift 2
    done
    [ -z "$target" ] || service_targets | grep -q -x -F -e "$target" ||
        die "--target takes one of: $(service_targets | xargs); not \"$target\""
    [ -d "$corpus" ] || die "there is no folder $corpus"
    [ "$verb" != merge ] || [ -d "$from" ] || die "there is no folder $from"
    [ "$verb" != merge ] || [ -r "$from" ] || die "cannot read the folder $from"
}

choose() {
    [ "$verb" = show ] || die "corpus takes one of --merge and --minimize"
    verb=$1
}

# ---- What libFuzzer says ----------------------------------------------------------------------

# features TARGET FOLDER: how many the inputs there have.
features() {
    "build/asan/$1" -runs=0 -max_len="$LONGEST" -artifact_prefix="$work/" "$2" >"$work/log" 2>&1 \
        </dev/null || die "a seed of $1 is a finding: see $work/log"
    sed -n 's/.*INITED.* ft: \([0-9]*\).*/\1/p' "$work/log"
}

# add_new TARGET INTO FROM: copies into INTO, named by SHA-1, as few inputs as have together all the
# features that INTO has not. An input at which the target stops is left out.
add_new() {
    local stops
    "build/asan/$1" -set_cover_merge=1 -max_len="$LONGEST" -timeout=10 -artifact_prefix="$work/" \
        "$2" "$3" >"$work/log" 2>&1 </dev/null || die "libFuzzer could not merge: see $work/log"
    stops=$(find "$work" -maxdepth 1 -name '*-????????????????????????????????????????' | wc -l)
    [ "$stops" -eq 0 ] ||
        echo "csqfuzz: at $stops of the inputs the target stops: findings, which make no seeds" >&2
}

# ---- Programs ---------------------------------------------------------------------------------

# canonical FOLDER: its files as programs: the bytes in $work/in/SHA1, the text in $work/text.
canonical() {
    local file sum how=()
    mkdir -p "$work/in" "$work/text"
    find "$1/" -type f -print0 >"$work/files" 2>"$work/log" ||
        die "cannot read all of $1: $(head -n 1 "$work/log")"
    [ "$target" != csq_substrate_fuzzer ] || how=(--substrate)
    while IFS= read -r -d '' file; do
        if ! "$SEED_TOOL" show "${how[@]}" "$file" -o "$work/one.csq" 2>"$work/log" ||
            ! "$SEED_TOOL" asm "$work/one.csq" -o "$work/one" 2>"$work/log"; then
            die "nothing was merged: $(head -n 1 "$work/log")"
        fi
        sum=$(sha1sum <"$work/one" | cut -d' ' -f1)
        mv "$work/one" "$work/in/$sum"
        mv "$work/one.csq" "$work/text/$sum.csq"
    done <"$work/files"
    [ -n "$(ls "$work/in")" ] || die "there is no file in $1"
}

# added TARGET: the seeds that --merge wrote, by name without .csq.
added() {
    find "$corpus/$1" -name 'added-*.csq' -printf '%f\n' | sed 's/\.csq$//' | sort
}

corpus_size() {
    find "$corpus" "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# ---- Merge ------------------------------------------------------------------------------------

# write_new: those of $work/all that are named by SHA-1 as text, into $work/new.
write_new() {
    local path name
    mkdir "$work/new"
    for path in "$work/all"/*; do
        name=$(basename "$path")
        [[ $name =~ ^[0-9a-f]{40}$ ]] || continue
        { echo "$COMMENT" && cat "$work/text/$name.csq"; } >"$work/new/added-${name:0:16}.csq" ||
            die "cannot write to $work"
    done
}

merge() {
    local before after path size
    target=${target:-csq_schedule_fuzzer}
    make_writable "$corpus/$target"
    canonical "$from"
    assemble_seeds "$corpus/$target" "$work/all"
    before=$(features "$target" "$work/all")
    add_new "$target" "$work/all" "$work/in"
    after=$(features "$target" "$work/all")
    write_new
    size=$(corpus_size "$work/new")
    [ "$size" -le "$LARGEST" ] ||
        die "nothing was merged: the corpus would have $size bytes, and $LARGEST is the limit"
    for path in "$work/new"/*; do
        [ ! -e "$path" ] || install_file "$path" "$corpus/$target/$(basename "$path")"
    done
    echo "$target: $(find "$work/new" -type f | wc -l) of $(find "$work/in" -type f | wc -l)" \
        "different inputs added, $before features before, $after now"
}

# ---- Minimize ---------------------------------------------------------------------------------

# minimize TARGET: what is taken out is kept in $work/removed.
minimize() {
    local name names before after count=0 removed=$work/removed/$1
    mapfile -t names < <(added "$1")
    rm -rf "$work/all" "$work/in"
    mkdir -p "$work/in" "$removed"
    assemble_seeds "$corpus/$1" "$work/all"
    before=$(features "$1" "$work/all")
    for name in "${names[@]}"; do
        mv "$work/all/$name" "$work/in/$name"
    done
    [ ${#names[@]} -eq 0 ] || add_new "$1" "$work/all" "$work/in"
    after=$(features "$1" "$work/all")
    [ "$after" -eq "$before" ] || die "$1 would lose features, $before to $after: nothing removed"
    for name in "${names[@]}"; do
        [ ! -e "$work/all/$(sha1sum <"$work/in/$name" | cut -d' ' -f1)" ] || continue
        mv "$corpus/$1/$name.csq" "$removed/" || die "cannot remove $corpus/$1/$name.csq"
        count=$((count + 1))
    done
    echo "$1: $count of ${#names[@]} added seeds removed, $after features as before"
    [ "$count" -eq 0 ] || echo "    what was removed is in $removed"
}

# ---- Show -------------------------------------------------------------------------------------

show() {
    assemble_seeds "$corpus/$1" "$work/$1"
    echo "$1: $(find "$work/$1" -type f | wc -l) seeds, $(added "$1" | wc -l) of them added by" \
        "--merge; $(features "$1" "$work/$1") features"
}

# ---- All --------------------------------------------------------------------------------------

parse "$@"
ensure_lane asan
rm -rf "$work"
make_writable "$work"
mapfile -t targets < <(echo "${target:-$(service_targets)}")
build_lane asan "${targets[@]/#/build/asan/}"
build_seed_tool
if [ "$verb" = merge ]; then
    merge
else
    for target in "${targets[@]}"; do "$verb" "$target"; done
fi
size=$(corpus_size)
echo "the corpus has $size bytes; $LARGEST is the limit"
[ "$size" -le "$LARGEST" ]
