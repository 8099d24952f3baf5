#!/usr/bin/env bash
# Style, as TAP: formatted, scripts clean, sizes kept, includes pointing downward.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh


sources() {
    git ls-files --cached --others --exclude-standard "$@" 2>/dev/null | grep -v '^corpus/' || true
}

c_files() { sources '*.c' '*.h'; }

unformatted() {
    c_files | while read -r f; do
        clang-format-19 --dry-run -Werror "$f" >/dev/null 2>&1 || echo "$f"
    done
}
check "clang-format 19 leaves every C file alone" < <(unformatted)

scripts() { { sources '*.sh'; echo .ci/run; } | xargs shellcheck -x 2>&1; }
check "shellcheck finds nothing in the scripts" < <(scripts)

long_files() {
    { c_files; sources '*.sh' Makefile; } | while read -r f; do
        lines=$(wc -l <"$f")
        [ "$lines" -le 500 ] || echo "$f has $lines lines"
    done
}
check "no file has more than 500 lines" < <(long_files)

# Who may include whom: fuzz -> conformance -> src -> include; src/io -> src/ke -> src/sched.
includes() { grep -n '^#include' "$@" /dev/null; }
upward() {
    sources include | grep '\.h$' | xargs grep -n '#include "' | grep -E '"(\.\./|src|ke|io|sched)'
    includes src/csq/*.[ch] | grep -v '<wdm.h>'
    includes src/sched/*.[ch] | grep -E '"(\.\./|ke/|io/|conformance/|fuzz/)'
    includes src/ke/*.[ch] | grep -E '"(\.\./)?(io|conformance|fuzz)/'
    includes src/io/*.[ch] | grep -E '"(\.\./)?(conformance|fuzz)/'
    includes conformance/*.[ch] conformance/*/*.[ch] | grep -E '"(\.\./)?fuzz/'
}
check "includes point downward" < <(upward)

# The files here describe the project, not the machine that somebody wrote them on.
paths() {
    sources | grep -v '^fuzz/tests/style.sh$' | xargs grep -n -I -E '/work/(main|shared)|\.\./shared'
}
check "no file names a path of the machine it was written on" < <(paths)

readmes() {
    for folder in include src/csq src/io src/ke src/sched conformance \
        conformance/suite conformance/alternative conformance/tests fuzz fuzz/oss-fuzz corpus; do
        if [ ! -s "$folder/README.md" ]; then
            echo "$folder has no README.md"
        elif [ "$(wc -l <"$folder/README.md")" -gt 80 ]; then
            echo "$folder/README.md is longer than a page"
        fi
    done
}
check "every folder has a README.md of at most a page" < <(readmes)

echo "1..$number"
exit "$failed"
