#!/usr/bin/env bash
# The reports of a triage as others read them, as TAP: JSON and SARIF by a parser and a schema, the page by
# an XML parser and a browser. What the reports are of was never found: triage_fixtures.h makes it up.
#
#   triage_report.sh FOLDER     a built lane: test_triage_report
# shellcheck disable=SC2317 # functions that expect calls
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
# shellcheck source=fuzz/tests/look.sh
. fuzz/tests/look.sh
lane=${1:?usage: triage_report.sh FOLDER}
program=$PWD/$lane/test_triage_report
tests=$PWD/fuzz/tests
if ! [ -x "$program" ]; then
    echo "Bail out! $lane has not been built"
    exit 2
fi
ensure xmllint libxml2-utils
ensure_jsonschema
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
explanation=$work/err

expect "the reports of four triages are written" run 0 "$program" "$work"
holds() { # FILE TEXT...
    local file=$1 text
    shift
    for text; do
        grep -qF -- "$text" "$file" || { echo "$file lacks: $text" >>err; return 1; }
    done
}
lacks() { ! grep -qiE -- "$2" "$1"; }

# ---- JSON -----------------------------------------------------------------------------------------

# An expression over the parsed report, which is x.
json() { # FILE EXPRESSION
    run 0 /usr/bin/python3 -c 'import json, sys
x = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}
for name in empty one kinds hostile; do
    expect "$name.json has its members" json $name.json "x['version'] == 1 and x['replays'] == 3 and
[*x] == ['version', 'heuristic', 'builds', 'replays', 'clusters', 'silent', 'rejected']"
done
expect "a cluster has all that is known of it" json one.json "
(c := x['clusters'][0]) and c['signature'] == 'CSQ-INS-7 cancel|insert' and c['clause'] == 'CSQ-INS-7' and
c['kind'] == 'lost IRP' and c['severity'] == 5 and c['count'] == 1 and c['trouble'] is None and
c['first_seen'] == '2025-11-21T13:00:00Z' and c['matrix'][1] == dict(build='asan', reports=1, silent=0,
differs=0) and c['minimal'] == dict(path='clusters/cause-0/minimal.csq', operations=2, threads=2,
preemptions=1, depth=c['minimal']['depth']) and c['files'][0]['hash'] == '0123456789abcdef' and
c['files'][0]['verdicts'][1]['trace_hash'] == 'feedfacecafebeef'"
expect "clusters come in their order, the silent and the rejected behind them" json kinds.json "
len(x['clusters']) == 11 and len(x['silent']) == 7 and len(x['rejected']) == 1 and
x['clusters'][3]['minimal'] is None and x['clusters'][3]['clause'] is None and
len(x['clusters'][5]['also']) == 2"
expect "what a name holds is there as it was, but for bytes that are no character" json hostile.json "
(p := x['rejected'][0]['path']).startswith('a</pre></script><img src=x onerror=alert(1)>&') and
p.count('\\ufffd') == 12 and '\\x1b[2J' in p and '\\U0001f41b' in p and
len(x['rejected'][1]['path']) == 4096"

# ---- SARIF ----------------------------------------------------------------------------------------

check() { run 0 /usr/bin/python3 "$tests/sarif_check.py" "$tests/sarif.schema.json" "$@"; }
for name in empty one kinds hostile; do
    expect "$name.sarif is SARIF 2.1.0" check $name.sarif
done
noticed() { # MISTAKE: a substitution of sed's
    sed "$1" kinds.sarif >mistake.sarif && ! cmp -s kinds.sarif mistake.sarif &&
        run 1 /usr/bin/python3 "$tests/sarif_check.py" "$tests/sarif.schema.json" mistake.sarif
}
# Each a mistake that has been made somewhere: the check must be able to fail.
for mistake in 's/"executionOrder": 1,/"executionOrder": 0,/' 's/"executionOrder": 3,/"executionOrder": 2,/' \
    's/"ruleIndex": [0-9]*/"ruleIndex": 7/' 's/"level": "error"/"level": "fatal"/' 's/"uriBaseId"/"uriBaseID"/' \
    's/"startLine": 1/"startLine": 0/' 's|"uri": "out/|"uri": "/out/|' 's|"uri": "out/|"uri": "o ut/|' \
    's/"SRCROOT"/"TRIAGE"/' '/"version": "2.1.0"/d' 's/"security-severity": "9.3"/"security-severity": 9.3/'; do
    expect "... and this mistake is noticed: $mistake" noticed "$mistake"
done
expect "rules are of clauses, deadlocks, races and the other faults" json kinds.sarif "
[r['ruleId'] for r in x['runs'][0]['results']] == ['CSQ-GEN-14', 'MEMORY', 'MEMORY', 'CRASH', 'CSQ-INS-7',
'DATA-RACE', 'DEADLOCK', 'CSQ-IRQL-5', 'LEAK', 'TIMEOUT', 'BUGCHECK']"
expect "each clause is a rule" json empty.sarif \
    "len(x['runs'][0]['tool']['driver']['rules']) == $(wc -l <"$tests/../../conformance/clauses.ids") + 5"
expect "what a name holds is percent-encoded, its brackets are no link" json hostile.sarif "
(r := x['runs'][0]) and r['originalUriBaseIds']['TRIAGE']['uri'] ==
'file:///home/somebody/else%22where%20%3C%1B%FF%3E/' and
'\\\\[x\\\\](http' in r['results'][0]['message']['text']"

# ---- The page -------------------------------------------------------------------------------------

for name in empty one kinds hostile; do
    expect "$name.html is well-formed" run 0 xmllint --noout $name.html
    expect "... and asks for nothing" lacks $name.html '(src|srcset|action)="|url\(|@import|<script|<link|href="[a-z]+:'
done
expect "it has a policy that forbids whatever else" holds one.html \
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\""
expect "it has the clause, its source, the report, the depth, the program, links" holds one.html \
    'tests whether the IRP has been canceled.' 'rule IrpCancelField' 'irp0 stays queued' 'depth 1: shown with' \
    'preempt swap.before run t1' 'href="clusters/cause-0/timeline.html"' 'href="clusters/cause-0/reproducer.c"'
expect "the matrix says in words what it says in colours" holds kinds.html '<td class="silent">silent</td>' \
    '<td class="differs">differs</td>' '<td class="shown">1/2, 1 differs</td>' '<td class="none">not built</td>'
expect "without a finding it says so" holds empty.html '<h1>No cause found</h1>'
expect "what comes from files is escaped" holds hostile.html \
    '<code>a&lt;/pre&gt;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;'
expect "... and cannot be run" lacks hostile.html '<img|<script|</script'
leads_somewhere() { # every anchor of the page has its place
    local anchor
    grep -o 'href="#[^"]*' kinds.html | sed 's/.*#//' | sort -u >anchors
    [ -s anchors ] && while read -r anchor; do holds kinds.html "id=\"$anchor\"" || return 1; done <anchors
}
expect "each link within the page leads somewhere" leads_somewhere
for name in kinds hostile; do
    for width in 1280 400; do
        expect_look "nothing overlaps or is cut, $name.html at $width pixels" $name.html $width
    done
done
finish
