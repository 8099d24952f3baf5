#!/usr/bin/env bash
# csq triage from end to end, as TAP: what it takes in, what it makes of it, that it is the same the next
# time, and that nothing found in a folder can break it or get through it.
# shellcheck disable=SC2016,SC2317 # Perl; functions that expect calls
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
set +e
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # expect shows it
explanation=$work/err

for lane in gcc asan; do
    build_lane $lane build/$lane/csq
    for bug in A01 A20; do
        build_lane $lane "build/$lane/mutants/$bug/csq" "MUTANT=$bug"
    done
done
build_lane tsan build/tsan/mutants/A12/csq MUTANT=A12
root=$PWD
csq=$root/build/gcc/csq

# value FILE EXPRESSION: of the JSON in the file, which is $t.
value() {
    perl -MJSON::PP -e 'local $/; open my $f, "<", shift or die; my $t = JSON::PP->new->utf8->decode(<$f>);
        my $value = eval shift; die $@ if $@; print defined $value ? "$value\n" : "undef\n"' "$@"
}
# is EXPRESSION VALUE: of the last triage.
is() {
    local seen
    seen=$(value "$folder/triage.json" "$1")
    [ "$seen" = "$2" ] || echo "$1 is $seen, not $2" >>"$work/err"
    [ "$seen" = "$2" ]
}
said() { grep -q -- "$1" "$work/$2"; }

# ---- What there is to find ----------------------------------------------------------------------

raw=$work/raw
mkdir -p "$raw/A01/libfuzzer" "$raw/A01/afl/main/"{queue,crashes,hangs} "$raw/A12" "$raw/A20/plain"
for bug in A01 A20; do
    printf 'gcc %s\nasan %s\n' "$root/build/gcc/mutants/$bug/csq" "$root/build/asan/mutants/$bug/csq" \
        >"$raw/$bug/csq-builds"
done
printf '# comment\ntsan %s\n' "$root/build/tsan/mutants/A12/csq" >"$raw/A12/csq-builds"

lost() { # a program with A01's finding; $1 operations that have no part in it
    printf 'csq 1\nt0 insert %s irp0\n    preempt swap.before run t1\nt1 cancel irp0\n' q0
    for ((i = 0; i < $1; i++)); do echo "t2 remove-next q1"; done
}
as_bytes() { # NAME: a program on standard input
    cat >"$work/text.csq" && "$csq" asm "$work/text.csq" -o "$1"
}
lost 0 | as_bytes "$raw/A01/libfuzzer/crash-0123456789012345678901234567890123456789"
lost 2 | as_bytes "$raw/A01/libfuzzer/asan-crash-0123456789012345678901234567890123456788"
cp "$raw/A01/libfuzzer/crash-0123456789012345678901234567890123456789" "$raw/A01/libfuzzer/again"
lost 3 | sed 's/insert q0/insert-ex q0/' | as_bytes "$raw/A01/afl/main/crashes/id:000000,sig:06,src:000001"
lost 4 | as_bytes "$raw/A01/afl/main/hangs/id:000000,src:000002"
lost 5 | as_bytes "$raw/A01/afl/main/queue/id:000000,orig:none"
echo "Command line used" >"$raw/A01/afl/main/crashes/README.txt"
touch "$raw/A01/afl/main/fuzzer_stats" "$raw/A01/.hidden"
cp corpus/regressions/cancel-claims-before-the-locked-remove.csq "$raw/A12/race.csq"
printf 'csq 1\nt0 insert q0 irp0 ctx0\nt0 remove ctx0\n    preempt swap.before run t1\nt1 cancel irp0\n' \
    >"$raw/A20/plain/taken.csq"
touch -d 2026-01-02T03:04:05Z "$raw"/A01/libfuzzer/*
touch -d 2026-02-03T04:05:06Z "$raw"/A01/libfuzzer/asan* "$raw"/A01/afl/main/*/id* "$raw"/A12/* "$raw"/A20/*/*

folder=$work/triage
triage() { # STATUS ARGUMENTS...
    run "$1" "$csq" triage -o "$folder" "${@:2}"
}

expect "a triage of three bugs ends with status 1" triage 1 --folder-builds "$raw"
lost='(grep { $_->{signature} eq "CSQ-INS-7 cancel|insert" } @{$t->{clusters}})[0]'
race='(grep { $_->{kind} eq "race" } @{$t->{clusters}})[0]'
expect "three causes" is 'scalar @{$t->{clusters}}' 3
expect "inserts and their like are one cause" is "$lost->{count}" 4
expect "the same bytes count once" is "$lost->{copies}" 5
expect "it opens where flag and routine are set" is "$lost->{window}" swap.before
expect "AFL++'s queue, notes and hidden files are no inputs" is \
    'join " ", scalar(map { @{$_->{files}} } @{$t->{clusters}}), scalar @{$t->{silent}}, scalar @{$t->{rejected}}' "6 0 0"
expect "engines and artefacts are told apart" is \
    "join ' ', sort map { \"\$_->{engine}:\$_->{artefact}\" } @{$lost->{files}}" \
    "AFL++:crash AFL++:timeout libFuzzer:crash libFuzzer:crash"
expect "first seen is the oldest file's time" is "$lost->{first_seen}" 2026-01-02T03:04:05Z
expect "last seen is the latest's" is "$lost->{last_seen}" 2026-02-03T04:05:06Z
expect "the matrix: all four show it in both builds, which ThreadSanitizer's is none of" is \
    "join ' ', map { \"\$_->{build}\$_->{reports}\" } @{$lost->{matrix}}" "gcc4 asan4 tsan0"
expect "each came 3 times of 3" is \
    'join " ", map { map { map { "$_->{shown}/$_->{of}" } @{$_->{verdicts}} } @{$_->{files}} } @{$t->{clusters}}' \
    "$(printf '3/3 %.0s' {1..11} | sed 's/ $//')"
expect "the smallest program: two operations, one preemption, and its depth proven" is \
    "join ' ', @{$lost->{minimal}}{qw(operations preemptions)}, substr($lost->{minimal}{depth}, 0, 50)" \
    "2 1 depth 1: shown with 1 preemption; no schedule with"
expect "a race is a race" is "$race->{signature}" \
    "CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp"
expect "lost IRPs come before races" is "join ' ', map { \$_->{kind} } @{\$t->{clusters}}" \
    "$(value "$folder/triage.json" 'join " ", map { $_->{kind} } sort { $a->{severity} <=> $b->{severity} } @{$t->{clusters}}')"
for file in minimal.csq timeline.html reproducer.c; do
    expect "each cause has its $file" \
        [ "$(find "$folder/clusters" -name $file -size +0 | wc -l)" -eq 3 ]
done
expect "nothing troubles" is 'join " ", map { $_->{trouble} // () } @{$t->{clusters}}' ""
expect "the table names the causes" said "CSQ-INS-7 cancel|insert at swap.before" out

cat >"$work/later.csq" <<'TEXT'
csq 1
strategy list first t1
t0 remove ctx0
t0 cancel irp0
t1 insert q0 irp0 ctx0
t1 cancel irp0
    preempt cancel-lock.free run t0
TEXT
run 1 build/tsan/mutants/A12/csq run -q "$work/later.csq" || true # as ThreadSanitizer ends it
expect "a race is between the two that race, whoever has come after them" \
    grep -aq "^SUMMARY: csqfuzz: CSQ-CAN-4 cancel|remove data-race" "$work/out" "$work/err"

# ---- The next time ------------------------------------------------------------------------------

cp -r "$folder" "$work/before"
minimal=$(find "$folder/minimal" -name '*.csq' | sort | head -n 1)
touch -d 2020-01-01 "$minimal"
expect "the same triage again" triage 1 --folder-builds "$raw"
for file in triage.json triage.sarif index.html inputs.tsv; do
    expect "$file is the same as before" cmp -s "$folder/$file" "$work/before/$file"
done
expect "programs are the same as before" diff -r "$folder/clusters" "$work/before/clusters"
expect "what was minimized is not minimized again" [ "$minimal" -ot "$root/README.md" ]

mkdir "$raw/A01/later"
lost 6 | as_bytes "$raw/A01/later/new"
cp "$raw/A01/later/new" "$raw/A01/later/copy"
touch -d 2026-03-04T05:06:07Z "$raw"/A01/later/*
expect "a triage of what is new" triage 1 --folder-builds "$raw/A01"
expect "is added to what is known" is "join ' ', @{$lost}{qw(count copies first_seen last_seen)}" \
    "5 7 2026-01-02T03:04:05Z 2026-03-04T05:06:07Z"
expect "and forgets nothing" is 'scalar @{$t->{clusters}}' 3
rm -r "$raw"
expect "the files that it was made from are needed no more" triage 1
expect "and again it is all there" is "join ' ', scalar @{\$t->{clusters}}, $lost->{count}" "3 5"

# ---- Builds -------------------------------------------------------------------------------------

folder=$work/sound
mkdir "$work/files"
lost 1 | as_bytes "$work/files/one"
expect "with our own library there is no finding" triage 0 "$work/files"
expect "and the input is silent" is 'join " ", scalar @{$t->{clusters}}, scalar @{$t->{silent}}' "0 1"
expect "the builds beside the one that runs were asked" is 'join " ", grep { /^(gcc|asan)$/ } @{$t->{builds}}' "gcc asan"
expect "the bug comes" triage 1 --build "bad=$root/build/gcc/mutants/A01/csq"
expect "and is found in what is known" is '$t->{clusters}[0]{files}[0]{shown_by}' bad
made() { find "$folder/clusters" -name "*.$1" | wc -l; }
expect "and is drawn" [ "$(made html)" -eq 1 ]
expect "the bug goes" triage 0
expect "and what was drawn of it" [ "$(made html)" -eq 0 ]
expect "but not the smallest program that shows it" [ -s "$folder/minimal/$(ls "$folder/inputs").csq" ]

# pretend BODY: a csq that does that when it is told to run something.
pretend() {
    printf '#!/bin/bash\n[ "$1" = run ] || exec %s "$@"\n%s\n' "$csq" "$1" >"$work/pretender"
    chmod +x "$work/pretender"
    folder=$(mktemp -d "$work/pretend.XXX")
}
pretend 'sleep 60'
expect "a replay that does not end" triage 1 --quick --seconds 1 -n 1 --build "x=$work/pretender" "$work/files"
expect "is a timeout" is 'join " ", $t->{clusters}[0]{signature}, $t->{clusters}[0]{kind}' "TIMEOUT deadlock"
pretend 'kill -SEGV $$'
expect "one that dies" triage 1 --quick --build "x=$work/pretender" "$work/files"
expect "died of something" is '$t->{clusters}[0]{signature}' "CRASH SIGSEGV"
pretend 'echo "SUMMARY: AddressSanitizer: stack-overflow (/some/where+0x1234) in f"; exit 1'
expect "one whose sanitizer speaks" triage 1 --quick --build "x=$work/pretender" "$work/files"
expect "is named by it, without places" is '$t->{clusters}[0]{signature}' "CRASH AddressSanitizer: stack-overflow "
pretend "n=\$(cat $work/n 2>/dev/null || echo 0); echo \$((n + 1)) >$work/n
[ \$((n % 2)) = 0 ] || { echo 'SUMMARY: csqfuzz: LEAK end'; exit 1; }"
expect "one that comes every other time" triage 1 --quick -n 6 --build "x=$work/pretender" "$work/files"
expect "came 3 times of 6" is 'my $v = $t->{clusters}[0]{files}[0]{verdicts}[0]; "$v->{shown}/$v->{of}"' 3/6
expect "and counts as unsteady" is '$t->{clusters}[0]{unsteady}' 1
pretend 'head -c 3000000 /dev/zero | tr "\0" x; echo; exit 0'
expect "one that talks without end is no trouble" triage 0 --quick --build "x=$work/pretender" "$work/files"

pretend ':'
driver=$work/csq_schedule_fuzzer_standalone
printf '#!/bin/sh\necho "SUMMARY: MemorySanitizer: use-of-uninitialized-value (x+0x1) in f"\nexit 77\n' >"$driver"
chmod +x "$driver"
mkdir "$work/two"
cp "$work/files/one" "$work/two"
lost 1 >"$work/two/text.csq"
expect "where there is no csq, an engine-free driver replays" triage 1 --build "m=$driver" "$work/two"
expect "what is bytes" is 'join " ", $t->{clusters}[0]{signature}, $t->{clusters}[0]{count}, scalar @{$t->{silent}}' \
    "CRASH MemorySanitizer: use-of-uninitialized-value  1 1"

# ---- Hostile files ------------------------------------------------------------------------------

folder=$work/hostile
files=$work/'ho"stile <b>'
mkdir -p "$files/deep"
markup='</script><img src=x onerror=alert(1)>'
{ lost 0 | head -n 1; echo "# $markup"; lost 0 | tail -n +2; } >"$files/markup.csq"
lost 7 | as_bytes "$files/$(printf 'new\nline\x1b[31m\xff')"
lost 8 | as_bytes "$files/<img src=x onerror=alert(2)>"
lost 9 | as_bytes "$files/-rf"
lost 2 | as_bytes "$files/deep/%41 %"
printf 'csq 1\nt0 insert <b>nowhere</b>\n' >"$files/broken.csq"
lost 0 | head -c 30 >"$files/truncated.csq"
head -c 9000000 /dev/zero >"$files/large"
head -c 300 /dev/urandom >"$files/noise"
: >"$files/empty"
ln -s nowhere "$files/dangling"
ln -s . "$files/loop"
mkfifo "$files/pipe"
expect "a folder of hostile files" triage 1 --build "gcc=$root/build/gcc/mutants/A01/csq" "$files"
expect "all five with the finding are there" is "$lost->{count}" 5
for file in broken.csq truncated.csq large dangling pipe; do
    expect "$file is rejected with a reason" is \
        "scalar grep { \$_->{path} =~ m{/$file\$} && length \$_->{reason} > 5 } @{\$t->{rejected}}" 1
done
expect "nothing else is" is 'scalar grep { $_->{path} !~ m{/(broken.csq|truncated.csq|large|dangling|pipe|loop)$} } @{$t->{rejected}}' 0
expect "no markup gets into the page" bash -c '! grep -rqE "<img|</script><" "$1" --include=*.html' - "$folder"
expect "no control character gets to the terminal" bash -c '! LC_ALL=C grep -q "[[:cntrl:]]" <(tr -d "\n" <"$1")' - "$work/out"
expect "a second look is the same" triage 1 --build "gcc=$root/build/gcc/mutants/A01/csq" "$files"
expect "with names of all kinds" is "$lost->{count} . ' ' . $lost->{copies}" "5 5"

# ---- What cannot be done ------------------------------------------------------------------------

one_line() { [ "$(grep -c . "$work/err")" -eq 1 ] && said "$1" err; }
folder=$work/sound
expect "no such file: status 2" triage 2 "$work/nowhere"
expect "in one sentence" one_line nowhere
expect "a build that is none: status 2" triage 2 --build "x=$work/nowhere"
expect "in one sentence" one_line -- "--build takes"
folder=$work/files
expect "a folder with something else in it: status 2" triage 2
expect "in one sentence" one_line "no triage folder"
expect "is left as it is" [ "$(ls "$work/files")" = one ]
folder=$work/spoiled
cp -r "$work/sound" "$folder"
echo "something else" >>"$folder/inputs.tsv"
expect "a memory that somebody has edited: status 2" triage 2
expect "in one sentence, with the line" one_line "inputs.tsv:3: "

folder=$work/stopped
timeout -s INT --preserve-status 2 "$csq" triage -o "$folder" -n 1000 "$work/files" "$files" >/dev/null 2>&1 </dev/null
expect "interrupted, it ends as it was told to" [ $? -eq 130 ]
expect "and goes on from there" triage 0 --quick -n 1
finish
