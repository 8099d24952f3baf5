#!/usr/bin/env bash
# ./build.sh kills: which cases of the conformance suite notice which planted bug. Prints a table,
# or TAP with --tap; the whole matrix, case by bug, is left in build/kills/matrix.tsv.
#
# Every bug that one thread or one interleaving shows must be noticed by a case. A case that notices
# none of them stays only if conformance/cases/idle.txt says why.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

work=build/kills
idle=conformance/cases/idle.txt

# flavour BUG: the build that shows it, or "none" if a suite without ThreadSanitizer cannot; nor does
# the suite judge the driver, where the bugs of section B are.
flavour() {
    case $1:$(planted_field "$1" Detector) in
    B* | *:TSan*) echo none ;;
    *ASan*) echo asan ;;
    *) echo gcc ;;
    esac
}

# flavour_make FLAVOUR GOAL...: optimised little, as most of the time goes into building.
flavour_make() {
    local flavour=$1
    shift
    lane_settings "$flavour"
    [ "$flavour" = asan ] || CFLAGS=-O1
    make -s BUILD="$work/$flavour" CC="$CC" CXX="$CXX" CFLAGS="$CFLAGS" CXXFLAGS="$CFLAGS" \
        SANITIZER="$SANITIZER" "$@"
}

# noticed SUITE READING: the names of the cases that fail, or that give advice.
noticed() {
    { "$1" --jobs 3 --seconds 5 --profile "$2,nt_success" --tap 2>/dev/null </dev/null || true; } |
        awk '/^(not )?ok / { name = $0; sub(/^[^-]*- /, "", name); sub(/[,:].*/, "", name) }
            /^not ok / || /^# *advice/ { print name }'
}

# One bug, for xargs: leaves the names of the cases that fail in ID.killers, or the reason why the
# variant does not build in ID.broken.
if [ "${1:-}" = --one ]; then
    bug=$2
    flavour=$(flavour "$bug")
    suite=$work/$flavour/mutants/$bug/conformance_suite
    if ! flavour_make "$flavour" "MUTANT=$bug" "$suite" >"$work/$bug.log" 2>&1; then
        mv "$work/$bug.log" "$work/$bug.broken"
        exit 0
    fi
    for reading in text diagram; do
        noticed "$suite" "$reading" | sort -u | comm -23 - "$work/always" >"$work/$bug.killers"
        [ ! -s "$work/$bug.killers" ] || break
    done
    rm -f "$suite"
    exit 0
fi

tap=0 bugs=()
for argument in "$@"; do
    case $argument in
    --tap) tap=1 ;;
    -*) die "kills does not know $argument; see ./build.sh help" ;;
    *)
        require_planted "$argument"
        bugs+=("$argument")
        ;;
    esac
done
whole=0
if [ ${#bugs[@]} -eq 0 ]; then
    whole=1
    # the deep ones are for fuzzers: no case of a suite is to know them
    mapfile -t bugs < <(planted_bugs | sed '/^DEEP/d')
fi

rm -rf "${work:?}"/*.killers "${work:?}"/*.broken
mkdir -p "$work"
ensure patch patch
judged=()
for flavour in gcc asan; do
    ensure_lane "$flavour"
    flavour_make "$flavour" -j"$(nproc)" "$work/$flavour/conformance_suite" >build/make.log 2>&1 || {
        cat build/make.log >&2
        die "the build failed"
    }
done
for bug in "${bugs[@]}"; do
    [ "$(flavour "$bug")" = none ] || judged+=("$bug")
done
noticed "$work/gcc/conformance_suite" text | sort -u >"$work/always"
printf '%s\n' "${judged[@]}" | xargs -P "$(nproc)" -n 1 "$0" --one
"$work/gcc/conformance_suite" --list | cut -f1 | sort -u >"$work/cases"

# ---- The verdicts -----------------------------------------------------------------------------

number=0 failed=0
# verdict OK? TEXT
verdict() {
    number=$((number + 1))
    if [ "$1" = 1 ]; then
        [ "$tap" = 0 ] || echo "ok $number - $2"
    else
        failed=1
        if [ "$tap" = 1 ]; then echo "not ok $number - $2"; else echo "MISSED: $2"; fi
    fi
}

clauses_of() {
    grep '^AMB' "$1" | tr '\n' ' ' || true
    "$work/gcc/conformance_suite" --list | awk -F'\t' 'NR == FNR { killer[$1]; next }
        $1 in killer { print $2 }' "$1" - | sed 's|[, ]|\n|g' | sed '/^$/d' | sort -uV | head -n 4 |
        tr '\n' ' '
}

[ "$tap" = 1 ] || printf '%-6s %-6s %5s  %s\n' bug build cases "clauses, the first few"
: >"$work/matrix.tsv"
for bug in "${judged[@]}"; do
    if [ -e "$work/$bug.broken" ]; then
        verdict 0 "$bug does not build: $(grep -m1 -i error "$work/$bug.broken" || true)"
        continue
    fi
    count=$(wc -l <"$work/$bug.killers")
    sed "s/^/$bug\t/" "$work/$bug.killers" >>"$work/matrix.tsv"
    clauses=$(clauses_of "$work/$bug.killers")
    [ "$tap" = 1 ] || printf '%-6s %-6s %5s  %s\n' "$bug" "$(flavour "$bug")" "$count" "$clauses"
    verdict "$([ "$count" -gt 0 ] && echo 1 || echo 0)" \
        "$bug is noticed by $count cases: $clauses"
done

# The idle ones: a name a line, or a prefix that ends in *, a colon, the reason.
if [ "$whole" = 1 ]; then
    cut -f2 "$work/matrix.tsv" | sort -u >"$work/killers"
    comm -23 "$work/cases" "$work/killers" >"$work/idle"
    unexplained="" stale=""
    while read -r case; do
        awk -F: -v name="$case" '/^[^#]/ { n = length($1)
            if ($1 == name || (substr($1, n) == "*" && index(name, substr($1, 1, n - 1)) == 1))
                found = 1 } END { exit !found }' "$idle" || unexplained="$unexplained $case"
    done <"$work/idle"
    while IFS=: read -r name _; do
        case $name in
        "" | "#"*) continue ;;
        *"*") grep -q "^${name%\*}" "$work/idle" || stale="$stale $name" ;;
        *) grep -qx "$name" "$work/idle" || stale="$stale $name" ;;
        esac
    done <"$idle"
    verdict "$([ -z "$unexplained" ] && echo 1 || echo 0)" \
        "every case notices some planted bug, or $idle says why it stays${unexplained:+; not:$unexplained}"
    verdict "$([ -z "$stale" ] && echo 1 || echo 0)" \
        "what $idle names notices nothing${stale:+; but:$stale}"
    echo "# $(wc -l <"$work/killers") of $(wc -l <"$work/cases") cases notice a planted bug; ${#judged[@]} bugs"
fi
[ "$tap" = 0 ] || echo "1..$number"
exit "$failed"
