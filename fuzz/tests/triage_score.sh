#!/usr/bin/env bash
# fuzz/scripts/triage_score.pl, as TAP, on triages written by hand: two bugs, X with four files and Y
# with two. What a csq would show of a file stands in the file, "BUILD'S BUG SIGNATURE" a line.
#
#   cluster one   x1 x2 y1    B-cubed precision of its files 2/3 2/3 1/3, recall 2/4 2/4 1/2
#   cluster two   x3                                         1                   1/4
#   cluster three y2                                         1                   1/2
#   silent        x4                                         1                   1/4
#
# Precision 14/18, recall 2.5/6, F1 2PR/(P+R) = 70/129. With X and Y as one class precision is 1,
# recall (3 * 3/6 + 3 * 1/6) / 6 = 1/3, F1 1/2.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$PWD/build/triage-score-test
explanation=$work/err
rm -rf "$work"
mkdir -p "$work/some builds" "$work/triage/clusters/one"
crashes=$work/crashes
signature="CSQ-INS-7 cancel|insert"

# csq BUG: run --quiet FILE.
csq() {
    local path="$work/some builds/$1"
    cat >"$path" <<TEXT
#!/bin/sh
grep -q '^$1 CRASH' "\$3" && kill -SEGV \$\$
sed -n 's/^$1 /SUMMARY: csqfuzz: /p' "\$3" >&2
exit 1
TEXT
    chmod +x "$path"
    mkdir -p "$crashes/$1/libfuzzer" "$crashes/$1/afl/default/crashes" "$crashes/$1/afl/default/queue"
    printf '%s\n' "gcc $work/some builds/sound" "asan $path" >"$crashes/$1/csq-builds"
    touch "$crashes/$1/afl/default/fuzzer_stats" "$crashes/$1/afl/default/queue/id:000000,orig:none"
}

printf '#!/bin/sh\n' >"$work/some builds/sound"
chmod +x "$work/some builds/sound"
csq X
csq Y
declare -A file=([x1]=X/libfuzzer/crash-1 [x2]=X/libfuzzer/leak-2 [x3]=X/libfuzzer/timeout-3
    [x4]="X/afl/default/crashes/id:000000,sig:06" [y1]=Y/libfuzzer/oom-1
    [y2]="Y/afl/default/crashes/id:000000,sig:06")
for name in "${!file[@]}"; do printf '%s %s\n' X "$signature" Y "$signature" >"$crashes/${file[$name]}"; done
cp "$crashes/${file[x1]}" "$work/triage/clusters/one/minimal.csq"

# cluster ID SIGNATURE MINIMAL NAME...: as JSON; the names are keys of file.
cluster() {
    local id=$1 title=$2 minimal=$3 separator=""
    shift 3
    printf '{"id": "%s", "signature": "%s", "count": %d, "minimal": %s, "files": [' "$id" "$title" \
        $# "$minimal"
    for name in "$@"; do
        printf '%s{"path": "crashes/%s", "hash": "0", "verdicts": []}' "$separator" "${file[$name]}"
        separator=", "
    done
    printf ']}'
}

# minimal ID OPERATIONS PREEMPTIONS
minimal() {
    printf '{"path": "clusters/%s/minimal.csq", "operations": %d, "threads": 2, ' "$1" "$2"
    printf '"preemptions": %d, "depth": "depth %d: shown"}' "$3" "$3"
}

triage() {
    printf '{"builds": ["gcc", "asan"], "clusters": [%s], "silent": [%s], "rejected": [%s]}\n' \
        "$1" "${2:-}" "${3:-}" >"$work/triage/triage.json"
}

score() {
    run "$1" fuzz/scripts/triage_score.pl "$work/triage/triage.json" "$crashes"
}

says() {
    grep -qxF -- "$1" "$work/out" && return
    { echo "not said: $1" && cat "$work/out"; } >>"$work/err"
    return 1
}

# ---- Figures ----
by_hand() {
    triage "$(cluster one "$signature" "$(minimal one 6 2)" x1 x2 y1),
        $(cluster two "CSQ-GEN-15 insert" "$(minimal two 7 2)" x3), $(cluster three LEAK null y2)" \
        "{\"path\": \"crashes/${file[x4]}\"}" '{"path": "crashes/X/csq-builds", "reason": "no program"}'
}
by_hand
expect "two bugs that show the same are no failure" score 0
expect "files, silent ones and others are counted" \
    says "files: 6; in clusters 5, silent 1, rejected 0, left out 0"
expect "a cluster of several bugs is named" says "several bugs: $signature: X 2, Y 1"
expect "the same observable is shown both ways" says "same observable: X Y $signature (shown both ways)"
expect "B-cubed is what it is by hand" says "B-cubed: precision 0.7778, recall 0.4167, F1 0.5426"
expect "B-cubed of the merged bugs is what it is by hand" \
    says "B-cubed, 1 bugs merged into one that shows the same: precision 1.0000, recall 0.3333, F1 0.5000"
expect "clusters a bug: their median" says "clusters of a bug: median 2"
expect "small representatives are counted" \
    says "representatives: 1 of 3 have at most 6 operations and 2 preemptions; not"
expect "a large one comes with its depth" says "  CSQ-GEN-15 insert: 7 operations, 2 preemptions; depth 2: shown"
expect "a missing one is said" says "  LEAK: none"

triage "$(cluster one "$signature" null x1 x2)"
score 0
expect "what the triage leaves out is by itself" says "B-cubed: precision 1.0000, recall 0.4167, F1 0.5882"
expect "... and is counted" says "files: 6; in clusters 2, silent 0, rejected 0, left out 4"

torn() {
    mkdir -p "$work/one/X/libfuzzer"
    touch "$work/one/X/libfuzzer/crash-"{1,2,3,4}
    sed "s|crashes/X/[^\"]*/|X/libfuzzer/|g; s|leak-|crash-|; s|timeout-|crash-|; s|id:000000,sig:06|crash-4|" \
        "$work/triage/triage.json" >"$work/one/triage.json"
    run "$1" fuzz/scripts/triage_score.pl "$work/one/triage.json" "$work/one/" # with a slash at its end
}
triage "$(cluster a A null x1), $(cluster b B null x2), $(cluster c C null x3 x4)"
expect "three clusters of a bug are no failure" torn 0
triage "$(cluster a A null x1), $(cluster b B null x2), $(cluster c C null x3), $(cluster d D null x4)"
expect "four clusters of a bug, in the median, are a failure" torn 1

# ---- Two bugs that do not show the same ----
by_hand
echo "X $signature" >"$work/triage/clusters/one/minimal.csq"
expect "a minimal program that shows one bug alone is a failure" score 1
expect "... which is explained" says "NOT the same: X Y $signature (the minimal program not in Y)"
printf 'X CRASH\nY %s\n' "$signature" >"$crashes/${file[y1]}"
printf '%s\n' "X $signature" "Y $signature" >"$work/triage/clusters/one/minimal.csq"
expect "a file that shows another signature with the other bug is a failure" score 1
expect "... which is explained, too" says "NOT the same: X Y $signature (no file of Y in X)"
expect "... and nothing is merged" \
    says "B-cubed, 0 bugs merged into one that shows the same: precision 0.7778, recall 0.4167, F1 0.5426"
printf '%s\n' "X CRASH" "Y CRASH" | tee "$crashes/${file[x1]}" "$crashes/${file[y1]}" >/dev/null
triage "$(cluster one "CRASH SIGSEGV" null x1 y1)"
expect "a crash without a report has a signature" score 0

# ---- Bad input ----
refuses() {
    local sentence=$1
    shift
    run 2 fuzz/scripts/triage_score.pl "$@" && one_sentence "$sentence"
}
triage "$(cluster one A null x1 x2), $(cluster two B null x1)"
expect "a file twice is refused" refuses "twice" "$work/triage/triage.json" "$crashes"
expect "a folder without crash files is refused" \
    refuses "no crash file" "$work/triage/triage.json" "$work/triage"
expect "what is no JSON is refused" refuses "no JSON" "$crashes/${file[x1]}" "$crashes"
triage "$(cluster one "$signature" null x1 y1)"
rm "$work/some builds/Y"
expect "a build that is gone is refused" \
    refuses "cannot run .*some builds/Y" "$work/triage/triage.json" "$crashes"
finish
