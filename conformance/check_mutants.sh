#!/usr/bin/env bash
# The planted bugs against themselves, the tree and the table of mutants/README.md. TAP output.
#
#   check_mutants.sh [FOLDER]   FOLDER has the patches and README.md (default: mutants, beside this)
set -u
folder=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/mutants}" && pwd) || exit 2
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh


mutants() {
    local patch
    for patch in "$folder"/*.patch; do
        basename "$patch" .patch
    done
}

field() { sed -n "s/^$2: //p" "$folder/$1.patch"; }
files() { sed -n 's|^+++ b/\([^ \t]*\).*|\1|p' "$folder/$1.patch"; }

# ---- Headers ----------------------------------------------------------------------------------

wrong_headers() {
    local mutant key line
    for mutant in $(mutants); do
        line=0
        for key in ID Bug Symptom Detector Lanes Seen; do
            line=$((line + 1))
            sed -n "${line}p" "$folder/$mutant.patch" | grep -q "^$key: [^ ]" ||
                echo "$mutant: line $line is not \"$key: \" and a text"
        done
        [ -z "$(sed -n 7p "$folder/$mutant.patch")" ] || echo "$mutant: line 7 is not empty"
        sed -n 8p "$folder/$mutant.patch" | grep -q '^--- a/' ||
            echo "$mutant: the diff does not begin on line 8"
        [ "$(field "$mutant" ID)" = "$mutant" ] || echo "$mutant: the ID is not the file's name"
    done
}
check "every patch has its six header lines, and its name for an ID" < <(wrong_headers)

wrong_lanes() {
    local mutant
    for mutant in $(mutants); do
        case $(field "$mutant" Lanes) in
        asan | tsan | "asan tsan" | none) ;;
        *) echo "$mutant" ;;
        esac
    done
}
check "every Lanes is asan, tsan, both or none" < <(wrong_lanes)

wrong_detectors() {
    local mutant
    for mutant in $(mutants); do
        field "$mutant" Detector |
            grep -q -E '^(single-threaded|single-threaded with ASan|an interleaving|TSan)(,|:| \()' ||
            echo "$mutant: of no known kind"
        field "$mutant" Detector | grep -q -E '\(clauses? [A-Z0-9, -]+\)$' ||
            echo "$mutant: ends in no clause"
        field "$mutant" Detector | sed 's/.*(clauses\{0,1\} \(.*\))$/\1/; s/, */\n/g' |
            grep -v -x -F -f conformance/clauses.ids | sed "s/^/$mutant: no such clause: /"
    done
}
check "every Detector is of a known kind and names clauses that exist" < <(wrong_detectors)

# ---- Diffs ------------------------------------------------------------------------------------

# One file, since the Makefile copies and patches one.
wrong_files() {
    local mutant
    for mutant in $(mutants); do
        [ "$(files "$mutant" | wc -l)" -eq 1 ] || echo "$mutant: changes more or less than one file"
        files "$mutant" | grep -v -E '^(src|include|conformance)/.+\.[ch]$' | sed "s/^/$mutant: /"
    done
}
check "every patch changes one file, below src, include or conformance" < <(wrong_files)

misfits() {
    local mutant file
    for mutant in $(mutants); do
        for file in $(files "$mutant"); do
            mkdir -p "$work/$(dirname "$file")"
            cp "$file" "$work/$file"
        done
        patch -s -d "$work" -p1 -F0 --dry-run -i "$folder/$mutant.patch" >"$work/log" 2>&1 ||
            { echo "$mutant:"; cat "$work/log"; }
    done
}
check "every patch applies to this tree, without fuzz" < <(misfits)

# ---- The table --------------------------------------------------------------------------------

# rows HEADING: the lines of the table under it, as "first column<TAB>second column".
rows() {
    awk -F' *[|] *' -v heading="## $1" '
        /^## / { inside = $0 == heading }
        inside && /^[|] [A-Z]+[0-9]/ { print $2 "\t" $3 }' "$folder/README.md"
}

# "row<TAB>patch" for all that the table says is planted.
planted() {
    local rows patches row
    rows "The catalogue" | while IFS=$'\t' read -r rows patches; do
        for row in $rows; do
            case $patches in
            "not planted: "*) ;;
            "by its own name") printf '%s\t%s\n' "$row" "$row" ;;
            "by its own name and a letter")
                { mutants | grep -x "${row}[a-z]" || echo "$row with a letter"; } | sed "s/^/$row\t/"
                ;;
            *) tr ' ' '\n' <<<"$patches" | sed "s/^/$row\t/" ;;
            esac
        done
    done
}

all_rows() { rows "The catalogue" | cut -f1 | tr ' ' '\n'; }

wrong_rows() {
    all_rows | grep -v -x -E '[ABC][0-9]{2}' | sed 's/$/: no row of the catalogue/'
    all_rows | sort | uniq -d | sed 's/$/: stands twice/'
    [ "$(all_rows | wc -l)" -eq 117 ] ||
        echo "$(all_rows | wc -l) rows, not the 44 of A, 47 of B and 26 of C"
    rows "The catalogue" | grep -E $'\t(not planted: *)?$'
    planted | cut -f2 | sort -u | grep -v -x -F -f <(mutants) | sed 's/$/: no such patch/'
}
check "every row of A, B and C has patches that exist, or a reason" < <(wrong_rows)

deep() { rows "The deep ones" | cut -f1 | tr ' ' '\n'; }
check "every patch is in the table" < <(mutants | grep -v -x -F -f <(planted | cut -f2; deep))
check "every deep one in the table has a patch" < <(deep | grep -v -x -F -f <(mutants))

found_by_none() {
    local mutant
    for mutant in $(mutants); do
        [ "$(field "$mutant" Lanes)" != none ] || echo "$mutant"
    done
}
elsewhere() { rows "Those with \`Lanes: none\`"; }
wrong_elsewhere() {
    diff <(found_by_none | sort) <(elsewhere | cut -f1 | tr ' ' '\n' | sort) | grep '^[<>]'
    elsewhere | cut -f2 | tr -d '`' | while read -r file; do
        [ -e "$file" ] || echo "$file does not exist"
    done
}
check "what no lane finds, and that alone, has a test that does" < <(wrong_elsewhere)

echo "1..$number"
exit "$failed"
