#!/usr/bin/env bash
# Bad input, as TAP: csq and the engine-free driver never crash on it, refuse it in one sentence
# that says where and why, and leave no half-written file behind.
#
#   bad_input.sh FOLDER      a built lane: csq and csq_schedule_fuzzer_standalone
set -u
lane=$(cd "${1:?usage: bad_input.sh FOLDER}" && pwd) || exit 2
csq=$lane/csq
driver=$lane/csq_schedule_fuzzer_standalone
if ! [ -x "$csq" ] || ! [ -x "$driver" ]; then
    echo "Bail out! $lane has not been built"
    exit 2
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
mkdir inputs
RANDOM=42
number=0 failed=0

# ok CONDITION-STATUS NAME: report; what the last attempt said is shown if it failed.
ok() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
        return
    fi
    failed=1
    echo "not ok $number - $2"
    echo "# ${what:0:80}: status $status"
    head -c 300 err | head -n 3 | tr -d '\0' | sed 's/^/# /'
}

# attempt COMMAND...: sets status; its output is in out and err.
what="" status=0
attempt() {
    what="${*##*/}"
    timeout 60 "$@" >out 2>err </dev/null
    status=$?
}

# One sentence on standard error, nothing on standard output, status 2. argp adds where to look.
refused() {
    [ "$status" -eq 2 ] && [ ! -s out ] && [ "$(grep -vc '^Try ' err)" -eq 1 ] &&
        [ "$(wc -c <err)" -lt 6000 ]
}

# refuses NAME PATTERN COMMAND...: that sentence matches.
refuses() {
    local name=$1 pattern=$2
    shift 2
    attempt "$@"
    refused && grep -qE -- "$pattern" err
    ok $? "$name"
}

random_bytes() { # COUNT
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%b' "\\x$(printf '%02x' $((RANDOM & 255)))"
    done
}

program() { # A program's lines, after "csq 1"
    printf 'csq 1\n'
    printf '%s\n' "$@"
}

# ---- Any bytes --------------------------------------------------------------------------------

make_inputs() {
    local i
    : >inputs/empty
    random_bytes 1000 >inputs/random-long
    for ((i = 0; i < 30; i++)); do
        head -c "$i" inputs/random-long >"inputs/truncated-$i"
    done
    for ((i = 0; i < 25; i++)); do
        random_bytes $((RANDOM % 120)) >"inputs/random-$i"
    done
    head -c 1048576 /dev/zero >inputs/mebibyte-zeros
    tr '\0' '\3' <inputs/mebibyte-zeros >inputs/mebibyte-preemptions
    tr '\0' '\377' <inputs/mebibyte-zeros >inputs/mebibyte-ones
    cp inputs/random-long seed
    while [ "$(wc -c <seed)" -lt 1048576 ]; do
        cat inputs/random-long seed seed >seed.next
        mv seed.next seed
    done
    head -c 1048576 seed >inputs/mebibyte-random
}
make_inputs

survives() {
    local file bad=""
    for file in inputs/*; do
        attempt "$@" "$file"
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || bad="$bad $file:$status"
    done
    what="$*$bad"
    [ -z "$bad" ]
}
survives "$csq" show -o shown
ok $? "csq show prints any bytes as a program"
survives "$csq" asm -o assembled
ok $? "csq asm takes any bytes"
survives "$csq" run -q
ok $? "csq run runs any bytes"
survives "$csq" run
ok $? "csq run prints the steps of any bytes"

attempt "$driver" inputs
count=$(find inputs -type f | wc -l)
[ "$status" -eq 0 ] && [ "$count" -gt 50 ] && grep -q "^$count inputs run, no finding" out
ok $? "the driver runs a folder of any bytes"
attempt "$driver" inputs/empty inputs/mebibyte-random inputs/empty
[ "$status" -eq 0 ] && grep -q '^3 inputs run' out
ok $? "the driver runs files"

# ---- Mistakes in text -------------------------------------------------------------------------

# LINE:COLUMN|what was expected there|the text
mistakes() {
    cat <<'TABLE'
1:5|1|csq 2
1:5|1|csq one
1:4|1|csq
1:7|the end of the line|csq 1 strategy list
3:4|1|# comment\n\ncsq\n
2:1|t0 to t3|csq 1\nstrateggy list
2:9|one of: list, walk, pct, pos, sweep|csq 1\nstrategy
2:10|one of: list, walk, pct, pos, sweep|csq 1\nstrategy fifo
2:21|t0 to t3|csq 1\nstrategy list first t4
2:21|t0 to t3|csq 1\nstrategy list first 1
2:15|the end of the line|csq 1\nstrategy list t0
2:15|"rate"|csq 1\nstrategy walk seed 1
2:20|a number from 1 to 8|csq 1\nstrategy walk rate 9 seed 1
2:20|a number from 1 to 8|csq 1\nstrategy walk rate 0 seed 1
2:21|"seed"|csq 1\nstrategy walk rate 3\n
2:27|a number from 0 to 4294967295|csq 1\nstrategy walk rate 3 seed 4294967296
2:27|a number from 0 to 4294967295|csq 1\nstrategy walk rate 3 seed -1
2:27|a number from 0 to 4294967295|csq 1\nstrategy walk rate 3 seed 99999999999999999999999
2:20|a number from 2 to 5|csq 1\nstrategy pct depth 1 seed 1
2:20|a number from 2 to 5|csq 1\nstrategy pct depth 6 seed 1
2:14|"seed"|csq 1\nstrategy pos number 1
2:16|"number"|csq 1\nstrategy sweep seed 1
2:9|one of: text, diagram|csq 1\nreading words
2:7|"irps"|csq 1\nslots contexts 1 irps 1
2:12|a number from 1 to 4|csq 1\nslots irps 0 contexts 1
2:12|a number from 1 to 4|csq 1\nslots irps 5 contexts 1
2:13|"contexts"|csq 1\nslots irps 1
2:23|a number from 1 to 4|csq 1\nslots irps 1 contexts 1x
2:7|q0 to q1|csq 1\nqueue q2 plain spin fifo
2:10|one of: plain, ex|csq 1\nqueue q0 spin plain fifo
2:16|one of: spin, queued, mutex|csq 1\nqueue q0 plain fifo
2:21|one of: fifo, lifo, priority, limited|csq 1\nqueue q0 plain spin heap
2:32|the end of the line|csq 1\nqueue q0 plain spin fifo eager eager
2:1|t0 to t3|csq 1\nt4 insert q0 irp0
2:1|t0 to t3|csq 1\nt insert q0 irp0
2:4|one of: insert, insert-ex|csq 1\nt0 push q0 irp0
2:3|one of: insert, insert-ex|csq 1\nt0
2:11|q0 to q1|csq 1\nt0 insert irp0
2:14|irp0 to irp3|csq 1\nt0 insert q0 irp4
2:13|irp0 to irp3|csq 1\nt0 insert q0
2:10|ctx0 to ctx3|csq 1\nt0 remove
2:11|ctx0 to ctx3|csq 1\nt0 remove ctx4
2:11|irp0 to irp3|csq 1\nt0 cancel q0
2:16|q0 to q1|csq 1\nt0 remove-next irp0
2:19|something else|csq 1\nt0 insert q0 irp0 keep
2:19|something else|csq 1\nt0 insert q0 irp0 answer error
2:16|something else|csq 1\nt0 cancel irp0 then hold
2:34|one of: success, pending|csq 1\nt0 insert-ex q0 irp0 ctx1 answer maybe
2:25|one of: any, even, odd|csq 1\nt0 remove-next q0 match all
2:22|one of: passive, apc, dispatch|csq 1\nt0 insert q0 irp0 at high
2:24|one of: free, recycle, hold|csq 1\nt0 insert q0 irp0 then leak
2:19|the end of the line or one of|csq 1\nt0 insert q0 irp0 quickly
2:19|the end of the line or one of|csq 1\nt0 insert q0 irp0 irp1
2:7|one of: top, insert, complete, completion|csq 1\nt0 in call cancel irp0
2:14|"cancel"|csq 1\nt0 in insert remove ctx0
2:21|the end of the line or one of|csq 1\nt0 in insert cancel irp0
2:28|something else|csq 1\nt0 in complete cancel irp0 at apc
2:1|an operation before|csq 1\npreempt begin run t1
4:3|no preemption|csq 1\nstrategy pos seed 1\nt0 cancel irp0\n  preempt begin run t1
3:9|a schedule point's label|csq 1\nt0 cancel irp0\npreempt nowhere run t1
3:21|a number from 0 to 8|csq 1\nt0 cancel irp0\npreempt begin visit 9 run t1
3:15|"run"|csq 1\nt0 cancel irp0\npreempt begin t1
3:19|t0 to t3|csq 1\nt0 cancel irp0\npreempt begin run t4
3:22|the end of the line|csq 1\nt0 cancel irp0\npreempt begin run t1 visit 1
3:1|no strategy here|csq 1\nt0 cancel irp0\nstrategy list
3:1|t0 to t3|csq 1\nt0 cancel irp0\ncsq 1
2:4|one of: insert|csq 1\r\nt0 \vcancel irp0\r\n
2:12|irp0 to irp3|csq 1\r\nt0 cancel \r\n
2:11|irp0 to irp3|csq 1\nt0\tcancel\tirp\n
3:4|one of: insert|csq 1\nt0 cancel irp0\nt1 can\0cel irp0\n
2:11|irp0 to irp3|csq 1\nt0 cancel irp0\0\n
1:5|1|csq 1\0\n
TABLE
}

while IFS='|' read -r place expected text; do
    printf '%b' "$text" >mistake.csq
    attempt "$csq" asm mistake.csq -o never
    refused && [ ! -e never ] && grep -qF "mistake.csq:$place: expected $expected" err
    ok $? "$place: $text"
done < <(mistakes)

for command in show run; do
    program "t0 push" >mistake.csq
    refuses "csq $command refuses text, too" '^mistake.csq:2:4: expected ' "$csq" "$command" \
        mistake.csq
done
echo "csq 1" >many.csq
for ((i = 0; i < 257; i++)); do echo "t0 cancel irp0"; done >>many.csq
refuses "257 operations" '^many.csq:258:1: expected at most 256' "$csq" show many.csq
program "t0 cancel irp0" >many.csq
for ((i = 0; i < 513; i++)); do echo "preempt begin run t1"; done >>many.csq
refuses "513 preemptions" '^many.csq:515:1: expected at most 512' "$csq" show many.csq

# ---- Odd but right text -----------------------------------------------------------------------

operations=("queue q0 ex queued lifo eager" "t0 insert-ex q0 irp0 ctx0 answer pending"
    "  preempt swap.after run t1" "t1 remove ctx0 then recycle")
program "${operations[@]}" >plain.csq
"$csq" show plain.csq >plain.canonical
same_program() {
    attempt "$csq" show "$1"
    [ "$status" -eq 0 ] && cmp -s out plain.canonical
}
sed 's/$/\r/' plain.csq >crlf.csq
same_program crlf.csq
ok $? "lines that end in CR LF"
printf '%s' "$(cat plain.csq)" >unended.csq
same_program unended.csq
ok $? "a last line without an end"
{ printf '#'; head -c 1048576 /dev/zero | tr '\0' 'x'; echo; cat plain.csq; } >comment.csq
same_program comment.csq
ok $? "a comment of a mebibyte"
{ head -c 100000 /dev/zero | tr '\0' ' '; cat plain.csq; } >blanks.csq
same_program blanks.csq
ok $? "a hundred thousand blanks"
{ head -c 100000 /dev/zero | tr '\0' '\n'; cat plain.csq; } >newlines.csq
same_program newlines.csq
ok $? "a hundred thousand empty lines"
{ echo "csq 1"; head -c 1048576 /dev/zero | tr '\0' 't'; } >word.csq
refuses "a word of a mebibyte" '^word.csq:2:1: expected ' "$csq" show word.csq
{ echo "csq 1"; head -c 100000 /dev/zero | tr '\0' ' '; echo "t9 cancel"; } >far.csq
refuses "a mistake far to the right" '^far.csq:2:100001: expected ' "$csq" show far.csq
{ head -c 100000 /dev/zero | tr '\0' '\n'; echo "csq 2"; } >deep.csq
refuses "a mistake far down" '^deep.csq:100001:5: expected ' "$csq" show deep.csq
printf '# only\n# comments' >comments.csq
attempt "$csq" show comments.csq
[ "$status" -eq 0 ] || refused
ok $? "only comments: bytes or refused"

# ---- Files ------------------------------------------------------------------------------------

head -c 9000000 /dev/zero >large
mkdir folder
for command in show run asm; do
    refuses "csq $command: a file that is missing" '^missing: No such file' \
        "$csq" "$command" missing -o never
    refuses "csq $command: a folder" '^folder: Is a directory' "$csq" "$command" folder -o never
    refuses "csq $command: a file that cannot be read" '^/proc/self/mem: Input/output error' \
        "$csq" "$command" /proc/self/mem -o never
    refuses "csq $command: a file that is too large" '^large: larger than' \
        "$csq" "$command" large -o never
done
if [ "$(id -u)" -ne 0 ]; then
    : >secret
    chmod 000 secret
    refuses "csq show: a file without permission" '^secret: Permission denied' "$csq" show secret
fi
attempt "$driver" missing inputs/empty
[ "$status" -ne 0 ] && [ "$(cat err)" = "missing: No such file or directory" ] &&
    grep -q '^1 inputs run' out
ok $? "the driver: a file that is missing does not stop the others"
attempt "$driver" /proc/self/mem
[ "$status" -ne 0 ] && [ "$(cat err)" = "/proc/self/mem: Input/output error" ]
ok $? "the driver: a file that cannot be read"
attempt setsid -w "$driver" /dev/tty # which cannot be opened without a terminal
[ "$status" -ne 0 ] && [ "$(cat err)" = "/dev/tty: No such device or address" ]
ok $? "the driver: a file that cannot be opened"

# ---- Output that cannot be written ------------------------------------------------------------

long=$(head -c 5000 /dev/zero | tr '\0' 'x')
for command in show asm; do
    refuses "csq $command: a folder that is missing" '^/nonexistent/x: No such file' \
        "$csq" "$command" plain.csq -o /nonexistent/x
    refuses "csq $command: a folder as output" '^folder: Is a directory' \
        "$csq" "$command" plain.csq -o folder
    refuses "csq $command: a name that is too long" 'File name too long' \
        "$csq" "$command" plain.csq -o "$long"
done

# By a link, since a program that replaced the device itself would spoil the machine.
ln -s /dev/full full
refuses "csq asm: a full device" '^full: No space left' "$csq" asm plain.csq -o full
[ -L full ]
ok $? "and it is still a link to the device"

# refuses_full NAME COMMAND...: with a standard output that is full.
refuses_full() {
    local name=$1
    shift
    what="${*##*/} >/dev/full"
    : >out
    timeout 60 "$@" >/dev/full 2>err </dev/null
    status=$?
    refused && grep -q 'No space left' err
    ok $? "$name"
}
refuses_full "csq show: standard output is full" "$csq" show plain.csq
refuses_full "csq asm: standard output is full" "$csq" asm plain.csq -o -
refuses_full "csq run: standard output is full" "$csq" run plain.csq
refuses_full "csq run --list: standard output is full" "$csq" run -q plain.csq -l -
attempt "$csq" run -q plain.csq --list /nonexistent/x
[ "$status" -eq 2 ] && [ "$(cat err)" = "/nonexistent/x: No such file or directory" ]
ok $? "csq run: a list that cannot be written"

echo "as it was" >kept
(
    trap '' XFSZ
    ulimit -f 0
    timeout 60 "$csq" asm plain.csq -o kept 2>&1 >/dev/null
    echo "status $?"
) 2>/dev/null | cat >said
grep -q '^status 2' said && grep -q '^kept: File too large' said
ok $? "csq asm: a write that fails is said"
[ "$(cat kept)" = "as it was" ] && [ -z "$(find . -name '*.part*')" ]
ok $? "and leaves the old file and no other behind"

# ---- Usage ------------------------------------------------------------------------------------

refuses "no arguments" 'a command and a file are needed' "$csq"
refuses "no file" 'a command and a file are needed' "$csq" show
refuses "two files" 'one file at a time' "$csq" show plain.csq plain.csq
refuses "an unknown command" '"frobnicate" is no command' "$csq" frobnicate plain.csq
refuses "an unknown command and a missing file" '"frobnicate" is no command' "$csq" frobnicate x
refuses "an unknown option" "option" "$csq" show --frobnicate plain.csq
refuses "an option without its value" "requires an argument" "$csq" asm plain.csq -o
refuses "asm without an output" 'asm needs -o FILE' "$csq" asm plain.csq
refuses "a signature to ignore that no clause has" 'cannot ignore "NO-SUCH-1"' \
    env CSQFUZZ_IGNORE=NO-SUCH-1 "$csq" run plain.csq
refuses "a profile that is none" 'CSQFUZZ_PROFILE knows text, diagram, nt_success and exact' \
    env CSQFUZZ_PROFILE=text,windows "$csq" run plain.csq
refuses "a file for progress that is missing" 'cannot map missing' \
    env CSQFUZZ_PROGRESS=missing "$csq" run plain.csq
refuses "the driver: no arguments" '^usage: ' "$driver"
refuses "the driver: a signature to ignore that no clause has" 'cannot ignore "NO-SUCH-1"' \
    env CSQFUZZ_IGNORE=NO-SUCH-1 "$driver" inputs/empty
attempt "$csq" --help
[ "$status" -eq 0 ] && grep -q 'csq show FILE' out && grep -q 'Exit status' out
ok $? "--help explains commands and exit statuses"

# ---- There and back ---------------------------------------------------------------------------

there_and_back() {
    local i=0 file
    for file in inputs/random-* inputs/truncated-* inputs/mebibyte-*; do
        "$csq" show "$file" >canonical.csq &&
            "$csq" asm canonical.csq -o canonical && "$csq" show canonical >back.csq &&
            "$csq" show canonical.csq >again.csq && "$csq" asm canonical -o canonical.again &&
            cmp -s canonical.csq back.csq && cmp -s canonical.csq again.csq &&
            cmp -s canonical canonical.again || return 1
        i=$((i + 1))
    done
    [ "$i" -gt 50 ]
}
there_and_back
ok $? "asm and show undo each other"

# ---- Replay -----------------------------------------------------------------------------------

hash_of() { # FILE
    sed -n 's/^trace hash: //p' "$1"
}

program "t0 insert q0 irp0" "  preempt peek.in run t1" "  preempt begin run t1" "t1 cancel irp0" \
    >drifted.csq
attempt "$csq" run -q drifted.csq
[ "$status" -eq 3 ] && grep -qx 'schedule drifted: 1 of 2 preemptions were not met' out
ok $? "a preemption that is not met: status 3 and \"schedule drifted\""
program "t0 insert q0 irp0" "  preempt begin run t2" "t1 cancel irp0" >substituted.csq
attempt "$csq" run -q substituted.csq
[ "$status" -eq 3 ] && grep -q '^schedule drifted: 1 of 1 preemptions name a thread that' out
ok $? "a preemption for a thread that cannot run: likewise"
"$csq" asm drifted.csq -o drifted
attempt "$csq" run -q drifted
[ "$status" -eq 0 ] && ! grep -q drifted out
ok $? "bytes name preemptions at random: no drift"
program "t0 insert q0 irp0" "  preempt begin run t1" "t1 cancel irp0" >met.csq
attempt "$csq" run -q met.csq
[ "$status" -eq 0 ] && ! grep -q drifted out && grep -qx 'verdict: no finding' out
ok $? "preemptions that are met: status 0"

replays() {
    local seed strategy replayed=0
    for seed in 1 2 3 4 5 6 7 8 9 10; do
        for strategy in "walk rate 1 seed $seed" "walk rate 3 seed $seed" "pct depth 4 seed $seed" \
            "pos seed $seed" "sweep number ${seed}77"; do
            program "strategy $strategy" "slots irps 2 contexts 1" "t0 insert q0 irp0 ctx0" \
                "t0 remove ctx0" "t1 cancel irp0" "t1 insert q0 irp1" "t2 drain q0" \
                "t3 cancel irp1" >seeded.csq
            "$csq" run -q seeded.csq --list list.csq >seeded.out && "$csq" run -q list.csq \
                >list.out && [ -n "$(hash_of list.out)" ] &&
                [ "$(hash_of seeded.out)" = "$(hash_of list.out)" ] &&
                grep -q '^strategy list' list.csq || return 1
            replayed=$((replayed + $(grep -c preempt list.csq)))
        done
    done
    [ "$replayed" -gt 50 ]
}
replays
ok $? "a run's --list replays with the same trace hash"
attempt "$csq" run -q seeded.csq --list -
sed -n '/^csq 1$/,$p' out >list.csq
[ "$status" -eq 0 ] && grep -q '^strategy list' list.csq
ok $? "--list - prints the list"
[ "$("$csq" run -q list.csq | hash_of /dev/stdin)" = "$(hash_of out)" ]
ok $? "which replays, too"

echo "1..$number"
exit "$failed"
