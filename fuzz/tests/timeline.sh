#!/usr/bin/env bash
# csq timeline and csq run --timeline, as TAP: the page tells what went wrong, is well-formed, asks the
# network for nothing, escapes what comes from the input, is the same each time, and nothing of it
# overlaps in a browser, wide or narrow.
#
#   timeline.sh FOLDER     a built lane: csq; builds the planted bugs that it needs beside it
# shellcheck disable=SC2317 # functions that expect calls
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
lane=${1:?usage: timeline.sh FOLDER}
csq=$PWD/$lane/csq
seeds=$PWD/corpus/csq_schedule_fuzzer
tests=$PWD/fuzz/tests
if ! [ -x "$csq" ]; then
    echo "Bail out! $lane has not been built"
    exit 2
fi
ensure xmllint libxml2-utils
for bug in A01 A11b B17; do
    build_lane "$(basename "$lane")" "$lane/mutants/$bug/csq" "MUTANT=$bug"
done
planted() { echo "$root/$lane/mutants/$1/csq"; }
root=$PWD
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
explanation=$work/err

page_of() { # STATUS CSQ FILE NAME
    run "$1" timeout 60 "$2" timeline "$3" --html "$4.html" --svg "$4.svg"
}
holds() { # FILE TEXT...
    local file=$1 text
    shift
    for text; do
        grep -qF -- "$text" "$file" || { echo "$file lacks: $text" >>"$work/err"; return 1; }
    done
}
lacks() { ! grep -qiE -- "$2" "$1"; }
well_formed() { xmllint --noout "$@" 2>>"$work/err"; }
one_line() { [ ! -s out ] && [ "$(grep -vc '^Try ' err)" -eq 1 ]; }

# ---- The planted A01 ------------------------------------------------------------------------------

lost=$seeds/race-17-canceled-between-callback-and-set.csq
expect "a lost cancel becomes a page and a picture" page_of 1 "$(planted A01)" "$lost" a01
expect "the page opens with what went wrong" holds a01.html \
    '<h1 class="bad">irp0 stays queued although it was canceled before its Cancel routine was set.</h1>'
expect "it has the clause, its source, both operations" holds a01.html '<code>CSQ-INS-7</code>' \
    'tests whether the IRP has been canceled.' 'rule IrpCancelField' 'cancel and insert'
expect "it tells the steps that met, in order" holds a01.html \
    'IoCancelIrp finds no Cancel routine in irp0 <span class="mark">1</span>' \
    "sets irp0&#39;s Cancel routine <span class=\"mark\">2</span>" 'and is preempted: t1 goes on'
expect "it has the program and what runs it again" holds a01.html 'preempt swap.before run t1' \
    "run --timeline $lost"
expect "a table says what the picture says" holds a01.html '<table>' \
    '<td>13</td><td>t1</td><td>IoCancelIrp sets Cancel of irp0</td><td>irp0: queued, Cancel is set</td>'
expect "both are well-formed" well_formed a01.html a01.svg
no_request() { lacks "$1" '(src|href|srcset|action)=|url\(|@import|<script|<link'; }
expect "neither asks for anything else" no_request a01.html
expect "... nor the picture" no_request a01.svg
same_again() {
    cp a01.html first.html && cp a01.svg first.svg && page_of 1 "$(planted A01)" "$lost" a01 &&
        cmp a01.html first.html && cmp a01.svg first.svg
}
expect "the same input gives the same bytes" same_again

# ---- The terminal ---------------------------------------------------------------------------------

terminal() { # WANTED [VARIABLE=VALUE] CSQ ARGUMENTS...
    local wanted=$1
    shift
    run 1 env "$@" "$lost" && diff "$wanted" out >>err
}
expect "the terminal's rendering is as written down" terminal "$tests/timeline.utf8" \
    LC_ALL=C.UTF-8 "$(planted A01)" timeline
expect "... in ASCII where the locale is not UTF-8" terminal "$tests/timeline.ascii" \
    LC_ALL=C "$(planted A01)" timeline
expect "... or where it is asked for" terminal "$tests/timeline.ascii" \
    LC_ALL=C.UTF-8 "$(planted A01)" timeline --ascii
instead_of_steps() {
    run 1 "$(planted A01)" run --quiet --timeline --ascii "$lost" &&
        head -n "$(wc -l <"$tests/timeline.ascii")" out | cmp - "$tests/timeline.ascii" &&
        holds out 'SUMMARY: csqfuzz: CSQ-INS-7 cancel|insert'
}
expect "csq run --timeline shows it before its report" instead_of_steps

# ---- Other ends -----------------------------------------------------------------------------------

expect "an execution without a finding has one, too" page_of 0 "$csq" "$lost" clean
expect "... which says so" holds clean.html '<h1 class="good">Nothing went wrong in this execution.</h1>'
expect "a deadlock has one" page_of 1 "$(planted B17)" "$seeds/gen-13-two-queues-at-once.csq" b17
expect "... with who waits for whom" holds b17.html "waits for ever for q1&#39;s lock, which t1 holds" \
    "waits for ever for q0&#39;s lock, which t0 holds"
expect "... and an arrow for each" [ "$(grep -c '"waits-tip"' b17.svg)" -eq 2 ]
cut_off() {
    ! timeout 60 "$(planted A11b)" timeline \
        "$seeds/cb-cci-8-slot-filled-again-before-cancel-returns.csq" --html a11b.html >out 2>err &&
        well_formed a11b.html && holds a11b.html 'Nearest clause' 'cut off here'
}
expect "where a sanitizer or a signal ends the execution the page is written all the same" cut_off

{
    printf 'csq 1\nstrategy walk rate 1 seed 7\nslots irps 4 contexts 4\n'
    for i in {0..60}; do
        printf 't%d insert q0 irp%d\nt%d cancel irp%d\n' $((i % 4)) $((i % 4)) $((i * 7 % 4)) $((i % 4))
        printf 't%d drain q0\n' $((i * 3 % 4))
    done
} >long.csq
expect "a long execution becomes a page" page_of 0 "$csq" "$PWD/long.csq" long
few_rows() {
    [ "$(grep -c '^<tr' long.html)" -le 242 ] && grep -qE 'It had [0-9]+ steps; [0-9]+ of them are folded' long.html
}
expect "... of few rows, and says so" few_rows
steps_add_up() { # every step is in a row, folded, or quiet: numbers only grow, to the last
    sed -n 's|^<tr[^>]*><td>\([0-9]\+\)</td>.*|\1|p' long.html >numbers && sort -nu numbers | cmp - numbers
}
expect "... in order" steps_add_up

# ---- Hostile input --------------------------------------------------------------------------------

mkdir -p "./<img src=x onerror='alert(1)'>&\"\$(id)"
hostile="./<img src=x onerror='alert(1)'>&\"\$(id)/x.csq"
printf '# </pre><script>alert(1)</script> ]]> &amp; bytes: \xff\xc0\x80\xed\xa0\x80 bidi: \xe2\x80\xae\n' \
    >"$hostile"
cat "$lost" >>"$hostile"
expect "comments and names may hold anything" page_of 1 "$(planted A01)" "$hostile" hostile
# shellcheck disable=SC2016 # as it stands there
expect "... which is escaped" holds hostile.html '&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;' \
    '&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;$(id)' '&amp;amp; bytes: ?????? bidi: ???'
expect "... and nowhere else" lacks hostile.html '<script|<img'
expect "... and well-formed" well_formed hostile.html hostile.svg
replays() {
    local command
    command=$(sed -n 's|.*<pre tabindex="0">\(.* run --timeline .*\)</pre>.*|\1|p' hostile.html |
        sed "s/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&#39;/'/g; s/&amp;/\&/g")
    run 1 bash -c "$command" && holds out 'CSQ-INS-7'
}
expect "the command that the page gives runs it again" replays

# ---- Bad usage ------------------------------------------------------------------------------------

refused() { run 2 "$@" && one_line; }
expect "a file that is not there is one sentence" refused "$csq" timeline missing.csq
expect "a page that cannot be written is one sentence" refused "$csq" timeline "$lost" --html /nowhere/x.html
expect "an option without its file is one sentence" refused "$csq" timeline "$lost" --html
drifted() {
    printf 'csq 1\nt0 cancel irp0\n    preempt swap.after run t1\nt1 insert q0 irp0\n' >drift.csq
    run 3 "$csq" timeline drift.csq && grep -q '^schedule drifted' err
}
expect "a schedule that has drifted is told" drifted

# ---- In a browser ---------------------------------------------------------------------------------

# shellcheck source=fuzz/tests/look.sh
. "$tests/look.sh"
for page in a01 b17 long hostile; do
    for width in 1280 400; do
        name="nothing overlaps or is cut, $page at $width pixels"
        expect_look "$name" "$page.html" "$width"
    done
done
finish
