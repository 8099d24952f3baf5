#!/usr/bin/env bash
# The table of clauses against itself and against clauses.ids, the frozen list of IDs. TAP output.
#
#   check_clauses.sh [FOLDER]   FOLDER has clauses.def and clauses.ids (default: this script's own)
#
# Environment: CC (cc), to read the table as the library does.
set -u
# shellcheck source=conformance/tap_lines.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap_lines.sh"
cd "${1:-$(dirname "${BASH_SOURCE[0]}")}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT


# A row a line, fields separated by tabs: symbol id sentence page grade basis severity observed.
# The last is "yes" or "no:" and the reason.
cat >"$work/rows.c" <<'C'
#include <stdio.h>
#define OBSERVED             "yes"
#define NOT_OBSERVED(reason) "no:" reason
#define CLAUSE(symbol, id, sentence, page, grade, basis, severity, observed) \
    #symbol "\t" id "\t" sentence "\t" page "\t" grade "\t" #basis "\t" #severity "\t" observed,
static const char *const rows[] = {
#include "clauses.def"
};
int main(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        puts(rows[i]);
    return 0;
}
C
if ! "${CC:-cc}" -std=c11 -I. "$work/rows.c" -o "$work/rows" 2>"$work/log" ||
    ! "$work/rows" >"$work/table"; then
    sed 's/^/# /' "$work/log"
    echo "Bail out! clauses.def does not compile"
    exit 1
fi

field() { cut -f"$1" "$work/table"; }
twice() { field "$1" | sort | uniq -d; }

# rows AWK-CONDITION: the rows it holds for. The fields go by their names.
rows() {
    awk -F'\t' '{ symbol = $1; id = $2; sentence = $3; page = $4; grade = $5
                  basis = $6; severity = $7; observed = $8
                  underscored = id; gsub("-", "_", underscored)
                  expected = grade ~ /[TC]/ ? "DOCUMENTED" : grade ~ /D/ ? "DIAGRAM" : "DERIVED" }
        '"$1"' { print }' "$work/table"
}

frozen() { diff <(grep . clauses.ids) <(field 2) | grep '^[<>]'; }
check "the IDs are those of clauses.ids, in the same order" < <(frozen)

check "no ID stands twice" < <(twice 2)

check "each symbol is its ID with _ for -" < <(rows 'symbol != underscored')

unread() {
    local file
    for file in clauses/*.def; do
        [ "$(grep -c -x -F "#include \"$file\"" clauses.def)" -eq 1 ] || echo "$file"
    done
    [ "$(cat clauses.def clauses/*.def | grep -c '^CLAUSE(')" -eq "$(wc -l <"$work/table")" ] ||
        echo "a row is not at the start of a line, or is not included"
}
check "clauses.def includes every file of clauses/ once" < <(unread)

check "every sentence ends in a period" < <(rows 'sentence !~ /[^. ][.]$/')

check "no sentence stands twice" < <(twice 3)

check "no sentence has more than 160 characters" < <(rows 'length(sentence) > 160')

check "every page is named" < <(rows 'page !~ /[[:alnum:]]/')

# Every "derived from" and every clause named elsewhere in a page.
dangling() {
    field 4 | grep -o -E '(CSQ-[A-Z]+(-[A-Z]+)?|[A-Z]{2,4})-[0-9]+' | sort -u |
        grep -v -x -F -f <(field 2)
}
check "a page that names a clause names one of the table" < <(dangling)

check "every grade consists of the letters TDCX3, each once and in this order" \
    < <(rows 'grade == "" || grade !~ /^T?D?C?X?3?$/')

check "every basis follows from the grade, or is PROFILE or HARNESS" \
    < <(rows 'basis != expected && basis != "PROFILE" && basis != "HARNESS"')

check "every severity is MUST, ADVISORY or PROFILE_ONLY" \
    < <(rows 'severity !~ /^(MUST|ADVISORY|PROFILE_ONLY)$/')

check "what is PROFILE_ONLY has PROFILE as its basis" \
    < <(rows 'severity == "PROFILE_ONLY" && basis != "PROFILE"')

check "every NOT_OBSERVED has a reason" < <(rows 'observed != "yes" && observed !~ /^no:.*[[:alpha:]]/')

long() {
    awk 'length($0) > 100 { print FILENAME ":" FNR }' clauses.def clauses/*.def
    wc -l clauses.def clauses/*.def | awk '$2 != "total" && $1 >= 450 { print $2 " has " $1 " lines" }'
}
check "no file of the table has long lines or 450 lines" < <(long)

echo "1..$number"
exit "$failed"
