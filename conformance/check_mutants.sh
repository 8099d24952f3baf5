#!/usr/bin/env bash
# The planted bugs against themselves, the tree and the tables of mutants/CATALOGUE.md and
# mutants/README.md. TAP output.
#
#   check_mutants.sh [FOLDER]   FOLDER has the patches and both tables (default: mutants, beside this)
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

# ---- The catalogue ------------------------------------------------------------------------------

# labelled: "row<TAB>label<TAB>planted as, shown by, or why" for each row of the catalogue's table.
labelled() {
    awk -F' *[|] *' '/^[|] [A-Z][0-9]/ {
        count = split($2, names, " ")
        for (i = 1; i <= count; i++) print names[i] "\t" $3 "\t" $4 }' "$folder/CATALOGUE.md"
}

# The catalogue's rows: numbers were given once, and some of them taken back.
catalogue() {
    { printf '%s\n' A{01..50} B{01..50} C{01..30} D{01..15}; } | grep -v -x -E \
        'A(18|22|31|41|46|47)|B(06|13|37)|C(04|05|23|29)|D(06|10)'
}

wrong_rows() {
    diff <(catalogue) <(labelled | cut -f1 | sort) |
        sed -n 's/^< \(.*\)/\1 is missing/p; s/^> \(.*\)/\1 is no row, or stands twice/p'
}
check "every row of A, B, C and D stands in the catalogue once" < <(wrong_rows)

wrong_labels() {
    labelled | while IFS=$'\t' read -r row label what; do
        case $label in
        fuzz | "negative test" | deferred | equivalent) ;;
        *) echo "$row: \"$label\" is no label" ;;
        esac
        [ -n "$what" ] || echo "$row: nothing says where it is, or why not"
    done
}
check "every row has one of the four labels, and what goes with it" < <(wrong_labels)

# planted: "row<TAB>patch" for all that is labelled fuzz.
planted() {
    local row label patches
    labelled | while IFS=$'\t' read -r row label patches; do
        [ "$label" = fuzz ] || continue
        case $patches in
        "by its own name") printf '%s\t%s\n' "$row" "$row" ;;
        "by its own name and a letter")
            { mutants | grep -x "${row}[a-z]" || echo "$row with a letter"; } | sed "s/^/$row\t/"
            ;;
        *) tr ' ' '\n' <<<"$patches" | sed "s/^/$row\t/" ;;
        esac
    done
}
check "every row labelled fuzz has patches that exist" \
    < <(planted | cut -f2 | sort -u | grep -v -x -F -f <(mutants) | sed 's/$/: no such patch/')

# A test's line is a string with the row's name in it.
wrong_tests() {
    local row label what file
    labelled | while IFS=$'\t' read -r row label what; do
        [ "$label" = "negative test" ] || continue
        what=${what#?} # a file's name between backticks
        file=${what%%[!A-Za-z0-9_/.]*}
        if [ ! -f "$file" ]; then
            echo "$row: \"$file\" is no file"
        elif ! grep -q -E "\"[^\"]*\<$row\>[^\"]*: " "$file"; then
            echo "$row: no test in $file is named after it"
        fi
    done
}
check "every row labelled negative test has a test that is named after it" < <(wrong_tests)

# ---- The tables of the README ----------------------------------------------------------------------

# rows HEADING: the lines of the table under it, as "first column<TAB>second column".
rows() {
    awk -F' *[|] *' -v heading="## $1" '
        /^## / { inside = $0 == heading }
        inside && /^[|] [A-Z]+[0-9]/ { print $2 "\t" $3 }' "$folder/README.md"
}

deep() { rows "The deep ones" | cut -f1 | tr ' ' '\n'; }
check "every patch is in a table" < <(mutants | grep -v -x -F -f <(planted | cut -f2; deep))
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
