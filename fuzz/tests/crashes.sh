#!/usr/bin/env bash
# ./build.sh crashes, as TAP: a few files of two bugs from both engines, of which one is a race that only
# ThreadSanitizer sees.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/crashes-test
explanation=$work/err
out="$work/raw crashes"
rm -rf "$work"
mkdir -p "$work"

crashes() {
    run 0 ./build.sh crashes --out "$out" "$@"
}

files() {
    find "$out" -type f -regextype posix-extended \
        -regex '.*/libfuzzer/(crash|leak|timeout|oom)-[0-9a-f]{40}|.*/afl/default/crashes/id:.*' 2>/dev/null | sort
}

# has NUMBER PATTERN: so many of the files match.
has() {
    [ "$(files | grep -c "$2")" -eq "$1" ] || { files >>"$work/err" && false; }
}

distinct() {
    local sums
    sums=$(files | tr '\n' '\0' | xargs -0 sha1sum | cut -d' ' -f1 | sort)
    [ "$sums" = "$(uniq <<<"$sums")" ]
}

named_by_content() {
    local path
    while read -r path; do
        [ "${path##*-}" = "$(sha1sum <"$path" | cut -d' ' -f1)" ] || return 1
    done < <(files | grep /libfuzzer/)
}

left_by_afl() {
    local bug
    for bug in A01 A12; do
        [ -s "$out/$bug/afl/default/crashes/README.txt" ] &&
            [ -s "$out/$bug/afl/default/fuzzer_stats" ] && [ -d "$out/$bug/afl/default/queue" ] || return 1
    done
}

# The builds that the folder of a bug names, which are there and whose names are these.
builds_are_named() {
    local bug
    for bug in A01 A12; do
        [ "$(cut -d' ' -f1 "$out/$bug/csq-builds" | xargs)" = "gcc asan tsan" ] || return 1
        while read -r _ path; do
            [[ $path = /* && -x $path ]] || return 1
        done <"$out/$bug/csq-builds"
    done
}

# finding FILE: a build named beside it shows it.
finding() {
    local bug=${1#"$out/"} path
    while read -r _ path; do
        "$path" run --quiet "$1" 2>&1 </dev/null | grep -a -q '^SUMMARY: csqfuzz: ' && return
    done <"$out/${bug%%/*}/csq-builds"
    echo "no build shows $1" >>"$work/err"
    return 1
}

all_are_findings() {
    local path
    while read -r path; do finding "$path" || return 1; done < <(files)
}

expect "6 files of two bugs" crashes --files 6 A01 A12
expect "... four of them libFuzzer's" has 4 /libfuzzer/
expect "... two AFL++'s, one a bug" has 1 A01/afl/
expect "... of both bugs" has 3 /A12/
expect "no two are alike" distinct
expect "libFuzzer's are named by their contents" named_by_content
expect "AFL++ leaves what it leaves" left_by_afl
expect "three builds of each bug are named" builds_are_named
expect "a build shows each file" all_are_findings
nothing_else() { [ "$(find "$out" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" = "A01 A12" ]; }
expect "nothing else is left" nothing_else

# ---- The same command again ----
stamps() { files | tr '\n' '\0' | xargs -0 stat -c '%i %y'; }
before=$(stamps)
nothing_new() { crashes --files 6 A01 A12 && [ "$(stamps)" = "$before" ]; }
expect "what is there is not made again" nothing_new
rm "$(files | grep A12/libfuzzer | head -n 1)"
came_back() { crashes --files 6 A01 A12 && has 2 A12/libfuzzer && has 6 . && distinct; }
expect "what is gone is made up for" came_back

# All that AFL++ has found are copies.
copies() {
    local bug
    for bug in A01 A12; do
        rm "$out/$bug/afl/default/crashes"/id:*
        cp "$(files | grep "$bug/libfuzzer" | head -n 1)" "$out/$bug/afl/default/crashes/id:000000,copy"
    done
    has 6 . && crashes --files 6 A01 A12 && has 6 /libfuzzer/ && has 0 /afl/ && distinct && all_are_findings
}
expect "copies go, and libFuzzer makes up for what is lacking" copies

# What a bug will leave again is already another's.
twice() {
    out=$work/twice
    crashes --engine libfuzzer --files 2 A01 A12 || return 1
    rm "$out"/A12/libfuzzer/*
    mv "$out"/A01/libfuzzer/* "$out/A12/libfuzzer"
    crashes --engine libfuzzer --files 2 A01 A12 && has 2 A01/libfuzzer && distinct
}
expect "a file that two bugs leave counts once" twice

# Killed in the middle, it goes on.
some() { [ "$(files | wc -l)" -ge 5 ]; }
over() { flock -n "$out" true; }
goes_on() {
    out="$work/killed"
    ./build.sh crashes --out "$out" --files 60 A01 A12 >/dev/null 2>&1 &
    local pid=$!
    wait_for some
    { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
    wait_for over
    [ "$(files | wc -l)" -lt 60 ] || return 1
    before=$(files | xargs sha1sum)
    crashes --files 60 A01 A12 && has 60 . && has 20 /afl/ && distinct && named_by_content &&
        sha1sum --status -c <<<"$before"
}
expect "killed in the middle, it goes on" goes_on
lacking() {
    out=$work/lacking
    crashes --engine afl --files 900 --seconds 1 A12 && has 0 /libfuzzer/ &&
        grep -q "^crashes  lacking: $((900 - $(files | wc -l)));" "$work/out"
}
expect "what is lacking at the end is said" lacking

# ---- Bad input ----
refuses() {
    local sentence=$1
    shift
    run 2 ./build.sh crashes --out "$work/none" "$@" && one_sentence "$sentence"
}
expect "an unknown bug is refused" refuses 'no planted bug "A999"' A999
expect "a bug that the fuzzer does not find is refused" refuses "does not find .*B05" B05
expect "an unknown engine is refused" refuses "takes libfuzzer, afl or both" --engine honggfuzz A01
expect "no number is refused" refuses "a number" --files none A01
expect "0 files are refused" refuses "a number from 1" --files 0 A01
expect "an unknown option is refused" refuses "does not know --bugs" --bugs A01
at_work() {
    mkdir -p "$work/busy"
    flock "$work/busy" ./build.sh crashes --out "$work/busy" A01 2>"$work/err" && return 1
    one_sentence "still at work"
}
expect "two at once in one folder are refused" at_work
finish
