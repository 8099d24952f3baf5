#!/usr/bin/env bash
# Every litmus test, explored to the end, as TAP: one line a test with its executions and outcomes, and
# in the end the number of distinct interleavings.
#
#   litmus.sh FOLDER [OPTION...]   a built lane: csq; options for csq explore
set -u
lane=$(cd "${1:?usage: litmus.sh FOLDER [OPTION...]}" && pwd) || exit 2
shift
cd "$(dirname "$0")/../.." || exit 2
if ! [ -x "$lane/csq" ]; then
    echo "Bail out! $lane has not been built"
    exit 2
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
timeout 1200 "$lane/csq" explore --jobs "$(nproc)" --out "$work" "$@" conformance/litmus/*.csq \
    >"$work/report" 2>"$work/said" </dev/null
status=$?

# A test's line says how far it went, its last one the verdict; a process that died has neither.
awk -v status="$status" '
    function finish() {
        if (name == "")
            return
        count++
        printf "%sok %d - %s: %s\n", verdict == "as demanded" ? "" : "not ", count, name, search
        if (verdict != "as demanded") {
            printf "%s", text
            failed = 1
        }
        name = ""
    }
    /^conformance\/litmus\/[^ ]*: / {
        finish()
        name = $1
        sub(/^conformance\/litmus\//, "", name)
        sub(/\.csq:$/, "", name)
        search = $0
        sub(/^[^ ]* /, "", search)
        sub(/; explored to the end$/, "", search)
        text = verdict = ""
        next
    }
    /^  verdict: / {
        verdict = $0
        sub(/^  verdict: /, "", verdict)
    }
    /^[0-9]+ programs, / {
        finish()
        summary = $0
        programs = $1
    }
    { text = text "# " $0 "\n" }
    END {
        finish()
        count++
        all = status == 0 && programs > 0 && programs == count - 1
        printf "%sok %d - %s\n1..%d\n", all ? "" : "not ", count, summary, count
        exit failed || !all
    }' "$work/report"
verdict=$?
[ "$verdict" -eq 0 ] || sed 's/^/# /' "$work/said" | head -n 40
exit "$verdict"
