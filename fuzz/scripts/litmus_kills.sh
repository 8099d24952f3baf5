#!/usr/bin/env bash
# ./build.sh explore-kills: which litmus test finds which planted bug, and after how many executions.
# Prints a table, or TAP with --tap.
#
#   litmus_kills.sh [--tap] [BUG...]   these, or every bug whose patch names an interleaving or a race
#                                      or that mutants/README.md says a litmus test finds
#
# A bug is explored in the build that shows it, through the litmus tests from the smallest on, up to
# the first that does not end as demanded; and in that one twice, as an exploration is deterministic.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

work=build/explore-kills
bound=20000 # executions of one litmus test in which a bug must show

detector() { planted_field "$1" Detector; }

# flavour BUG: the lane that shows it.
flavour() {
    case $(detector "$1") in
    *TSan*) echo tsan ;;
    *ASan*) echo asan ;;
    *) echo gcc ;;
    esac
}

# Those that are to be found.
all_bugs() {
    local bug
    for bug in $(planted_bugs); do
        case $bug in DEEP*) continue ;; esac # harder than the programs here are meant to be
        case $(detector "$bug") in
        *"an interleaving"* | TSan*) echo "$bug" ;;
        esac
    done
    sed -n 's/^| \([A-Za-z0-9 ]*\) | `conformance\/litmus\/.*/\1/p' conformance/mutants/README.md |
        tr ' ' '\n'
}

# Litmus tests, the smallest first: by threads, then by operations.
litmus_tests() {
    awk '/^t[0-9] / { operations[FILENAME]++
            if (!seen[FILENAME, $1]++) threads[FILENAME]++ }
        END { for (name in operations) print threads[name], operations[name], name }' \
        conformance/litmus/*.csq | LC_ALL=C sort -k1,1n -k2,2n -k3 | cut -d' ' -f3
}

# variant BUG: its csq.
variant() { echo "build/$(flavour "$1")/mutants/$1/csq"; }

build_variant() {
    lane_settings "$(flavour "$1")"
    make -s BUILD="build/$(flavour "$1")" CC="$CC" CXX="$CXX" CFLAGS="$CFLAGS -Werror" \
        CXXFLAGS="$CXXFLAGS" SANITIZER="$SANITIZER" "MUTANT=$1" "$(variant "$1")"
}

# explore BUG TEST: what csq explore says of it, both streams.
explore() {
    mkdir -p "$work/$1"
    timeout -s KILL 120 "$(variant "$1")" explore --first --limit "$bound" --out "$work/$1" "$2" \
        2>&1 </dev/null || true
}

# judge: of what csq explore said, "executions<TAB>what spoke"; nothing if it said nothing bad.
judge() {
    awk '
        / executions/ && !executions {
            for (i = 2; i <= NF && !executions; i++)
                if ($i ~ /^executions/) executions = $(i - 1)
            unfinished = /stopped at the limit/
        }
        / a fault in execution [0-9]+$/ { executions = $NF }
        /^SUMMARY: csqfuzz: / && !spoke { spoke = $3 }
        /^SUMMARY: [A-Za-z]+Sanitizer: / { sanitizer = $2 " " $3 ($3 == "data" ? " " $4 : "") }
        /^  seen +(an invalid memory access|a fatal signal)/ { sanitizer = "a signal" }
        /^  failed: / && !spoke {
            spoke = $0
            sub(/^  failed: (violation )?/, "", spoke)
            sub(/^line [0-9]+, /, "", spoke)
        }
        END {
            sub(/:/, "", sanitizer)
            if (spoke != "" && !(unfinished && spoke ~ /^not so: sometimes /))
                print (executions ? executions : "?") "\t" spoke (sanitizer ? ", " sanitizer : "")
        }'
}

# One bug, for xargs: leaves "TEST<TAB>executions<TAB>what spoke" in ID.found, twice; or why it does
# not build in ID.broken.
if [ "${1:-}" = --one ]; then
    bug=$2
    if ! build_variant "$bug" >"$work/$bug.log" 2>&1; then
        mv "$work/$bug.log" "$work/$bug.broken"
        exit 0
    fi
    while read -r test; do
        found=$(explore "$bug" "$test" 2>/dev/null | judge)
        [ -n "$found" ] || continue
        again=$(explore "$bug" "$test" 2>/dev/null | judge)
        printf '%s\t%s\n' "$test" "$found" "$test" "$again" >"$work/$bug.found"
        break
    done < <(litmus_tests)
    exit 0
fi

tap=0 bugs=()
for argument in "$@"; do
    case $argument in
    --tap) tap=1 ;;
    -*) die "explore-kills does not know $argument; see ./build.sh help" ;;
    *)
        require_planted "$argument"
        bugs+=("$argument")
        ;;
    esac
done
if [ ${#bugs[@]} -eq 0 ]; then
    mapfile -t bugs < <(all_bugs | sort -u)
fi

rm -rf "$work"
mkdir -p "$work"
ensure patch patch
for lane in $(for bug in "${bugs[@]}"; do flavour "$bug"; done | sort -u); do
    ensure_lane "$lane"
    build_lane "$lane" "build/$lane/csq"
done
printf '%s\n' "${bugs[@]}" | xargs -P "$(nproc)" -n 1 "$0" --one

# ---- The verdicts -----------------------------------------------------------------------------

number=0 failed=0 largest=0
# verdict OK? TEXT
verdict() {
    number=$((number + 1))
    [ "$1" = 1 ] || failed=1
    if [ "$tap" = 1 ]; then
        [ "$1" = 1 ] || printf 'not '
        echo "ok $number - $2"
    elif [ "$1" != 1 ]; then
        echo "MISSED: $2"
    fi
}

[ "$tap" = 1 ] || printf '%-5s %-5s %-48s %10s  %s\n' bug build "litmus test" executions "what spoke"
for bug in "${bugs[@]}"; do
    if [ -e "$work/$bug.broken" ]; then
        verdict 0 "$bug does not build: $(grep -m1 -i error "$work/$bug.broken" || true)"
        continue
    elif ! [ -s "$work/$bug.found" ]; then
        verdict 0 "$bug is found by no litmus test within $bound executions ($(flavour "$bug"))"
        continue
    fi
    IFS=$'\t' read -r test executions spoke <"$work/$bug.found"
    test=$(basename "$test" .csq)
    if [ "$executions" = "?" ] || [ "$(sort -u "$work/$bug.found" | wc -l)" -ne 1 ]; then
        verdict 0 "$bug: $test does not say the same twice: $(cut -f2- "$work/$bug.found" | tr '\t\n' ' ;')"
        continue
    fi
    [ "$executions" -le "$largest" ] || largest=$executions
    [ "$tap" = 1 ] || printf '%-5s %-5s %-48s %10s  %s\n' "$bug" "$(flavour "$bug")" "$test" \
        "$executions" "$spoke"
    verdict 1 "$bug is found by $test in $executions executions ($(flavour "$bug")): $spoke"
done
echo "# ${#bugs[@]} bugs; at most $largest executions of the litmus test that finds one"
[ "$tap" = 0 ] || echo "1..$number"
exit "$failed"
