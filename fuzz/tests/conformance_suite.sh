#!/usr/bin/env bash
# The conformance suite as people and scripts meet it: our library, reports, expectations, usage.
#
#   conformance_suite.sh SUITE    a conformance_suite built with our library
# shellcheck disable=SC2317,SC2016 # conditions are called by expect; variables of Perl
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
suite=$PWD/$1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
explanation=$work/err

# run STATUS ARGUMENT...: does the suite end with this status? Output in out and err.
run() {
    local expected=$1 status=0
    shift
    timeout 300 "$suite" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ "$status" -eq "$expected" ] || echo "status $status instead of $expected" >>"$work/err"
    [ "$status" -eq "$expected" ]
}

said() { grep -q -E -- "$1" "$work/out"; }

one_sentence() {
    [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q -F -- "$1" "$work/err"
}

refused() { run 2 "${@:2}" && one_sentence "$1"; }

# ---- Our library ----
expect "our library conforms in both readings" run 0 --json "$work/both.json"
expect "the report names the profile" \
    said '^profile: reading text and diagram, as it is told; success nt_success$'
for reading in text diagram; do
    expect "and in the $reading reading alone" run 0 --profile "$reading"
    expect "which the report names" said "^profile: reading $reading, as it is told"
done
for seed in 1 2; do
    expect "order $seed of the cases: run" run 0 --shuffle "$seed" --json "$work/shuffled.json"
    expect "order $seed of the cases: the same report" cmp -s "$work/both.json" "$work/shuffled.json"
done
expect "what it does not do is a deviation when it is demanded" run 1 --profile exact --tap
expect "of AMB-6" said '^not ok 2 - AMB-6: nt_success; exact is demanded$'
expect "the profile can be asked for" run 0 --recognise
expect "in the fuzzers' words" said '^nt_success$'

# ---- Reports ----
parses() { perl -MJSON::PP -e 'local $/; decode_json(<STDIN>)' <"$1" 2>"$work/err"; }
in_json() { # EXPRESSION: of the report $r
    perl -MJSON::PP -e 'local $/; my $r = decode_json(<STDIN>); exit(eval($ARGV[0]) ? 0 : 1)' \
        "$1" <"$work/some.json"
}
clause_in_page() {
    local id
    while read -r id; do
        grep -q -F "id=\"$id\" data-verdict=" "$work/some.html" || return 1
    done <conformance/clauses.ids
}
proves() { prove --exec "" "$suite" :: "$@" >"$work/err" 2>&1; }
needs_nothing() { ! grep -E -i 'src=|href="[^#]|@import|url\(' "$work/some.html" >"$work/err"; }
expect "reports of a selection" run 0 --case csq_ins_ --case race_3_ \
    --name 'an "odd" <name> & \n' --json "$work/some.json" \
    --junit "$work/some.xml" --html "$work/some.html"
expect "the JSON parses" parses "$work/some.json"
expect "a name is what it was" in_json 'my $n = "an \"odd\" <name> & \\n"; $r->{implementation} eq $n'
expect "that of all cases, too" parses "$work/both.json"
expect "it has every clause" in_json \
    "@{\$r->{clauses}} == $(grep -c . conformance/clauses.ids)"
expect "and says so of those without a case here" in_json \
    '$r->{totals}{"no-case"} > 100 && $r->{totals}{conforms} > 15'
expect "the XML is well-formed" xmllint --noout "$work/some.xml"
expect "the name is there, too" grep -q 'an &quot;odd&quot; &lt;name&gt; &amp; ' "$work/some.xml"
expect "and in the page" grep -q '<h1>an &quot;odd&quot; &lt;name&gt; &amp; ' "$work/some.html"
expect "the page has every clause" clause_in_page
expect "and needs no other file" needs_nothing
expect "TAP has a plan that holds" proves --tap --case csq_ins_
expect "a report may go to standard output" run 0 --case csq_ins_8 --json -
cp "$work/out" "$work/piped.json"
expect "alone" parses "$work/piped.json"
expect "a report that cannot be written is one sentence" \
    refused "/nonexistent/x: No such file" --html /nonexistent/x --case csq_ins_8
expect "so is a full disk" refused "/dev/full: No space left" --html /dev/full --case csq_ins_8

# ---- Expectations ----
expected() { printf '%s\n' "$@" >"$work/expected"; }
expected "# nothing"
expect "as expected: nothing" run 0 --expect "$work/expected" --case csq_ins_8
expected "CSQ-INS-8 deviates # it will not"
expect "an expected deviation that now conforms is red" \
    run 1 --expect "$work/expected" --case csq_ins_8
expect "and is named" said "^CSQ-INS-8 conforms now: take it out of "
expected "CSQ-INS-9 crashed"
expect "one that was not selected is nobody's business" \
    run 0 --expect "$work/expected" --case csq_ins_8
expect "a deviation that was not expected is red" \
    run 1 --expect /dev/null --case csq_ins_8 --profile exact
expect "and is named, too" said "^AMB-6 deviates, which /dev/null does not expect$"
expected "AMB-6 deviates"
expect "if it is expected it is not" \
    run 0 --expect "$work/expected" --case csq_ins_8 --profile exact
expected "AMB-6 crashed"
expect "if it was something else it is" \
    run 1 --expect "$work/expected" --case csq_ins_8 --profile exact
expect "and says what" said '^AMB-6 deviates, where .* expects "crashed"$'
expect "what deviates can be written" \
    run 1 --case csq_ins_8 --profile exact --write-expected "$work/written"
expect "and expected" run 0 --expect "$work/written" --case csq_ins_8 --profile exact
expect "only the IDs, for scripts" run 1 --deviating --case csq_ins_8 --profile exact
expect "are what is printed" test "$(cat "$work/out")" = AMB-6
expected "" "CSQ-INS-8 differs"
expect "a line that is wrong: where" refused "expected:2: expected \"CSQ-INS-8 deviates\"" \
    --expect "$work/expected"
expected "CSQ-INS-99 deviates"
expect "a clause that is none" refused 'expected:1: there is no clause "CSQ-INS-99"' \
    --expect "$work/expected"
expected "CSQ-INS-8 hung" "CSQ-INS-8 hung"
expect "a clause twice" refused 'expected:2: CSQ-INS-8 stands there twice' --expect "$work/expected"
expected "CSQ-GEN-7 hung"
expect "one that cannot be observed" refused 'expected:1: CSQ-GEN-7 cannot be observed' \
    --expect "$work/expected"
expect "a file that is missing" refused 'missing: No such file' --expect missing

# ---- Usage ----
expect "cases are listed with their clauses" run 0 --list --case csq_ins_8
expect "a tab between" said $'^csq_ins_8_stays_queued\tCSQ-INS-8$'
expect "clauses are listed with their cases" run 0 --clauses
expect "as Markdown, too" run 0 --traceability
expect "every one in a row" test "$(grep -c '^| [A-Z]' "$work/out")" -eq \
    "$(grep -c . conformance/clauses.ids)"
expect "a case runs without a wall" run 0 --in-process csq_ins_8_stays_queued
expect "and shows its trace" said '^trace  *A I\(i0\) L$'
expect "an unknown case" refused 'there is no case "nothing"' --in-process nothing
expect "an unknown prefix" refused 'no case'"'"'s name begins with "nothing"' --case nothing
expect "an unknown option" refused "there is no option --frobnicate" --frobnicate
expect "a value that is missing" refused "--json needs a value" --json
expect "a value that is too much" refused "--tap=1 takes no value" --tap=1
expect "no number" refused '--jobs takes a whole number from 1 to 1000000, not "two"' --jobs two
expect "no number of seconds" refused '--seconds takes a number of seconds above 0' --seconds -1
expect "an unknown profile" refused 'not "windows"' --profile text,windows
expect "a profile against itself" refused 'one reading' --profile text,diagram
expect "two reports on one output" refused 'only one report' --json - --tap
expect "help is help" run 0 --help
finish
