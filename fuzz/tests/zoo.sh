#!/usr/bin/env bash
# ./build.sh zoo, as TAP: its statistics against values computed by hand, a run that is killed and
# goes on, bad input, and a small real run.
# shellcheck disable=SC2317 # conditions are called by expect
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/tests/expect.sh
. fuzz/tests/expect.sh
work=build/zoo-test
explanation=$work/err
rm -rf "$work"
mkdir -p "$work"

# ---- Statistics ---------------------------------------------------------------------------------

# trials BUG START SEARCH FACTOR BOUND TIME...: in CPU seconds, a + where nothing was found; FACTOR
# executions a second.
trials() {
    local bug=$1 start=$2 search=$3 factor=$4 bound=$5 seed=0 time found
    shift 5
    for time in "$@"; do
        seed=$((seed + 1)) found=1
        [[ $time != *+ ]] || found=0
        time=${time%+}
        printf '%s\tasan\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%d\t%s\n' "$bug" "$start" "$search" $seed \
            $found $((time * factor)) "$time" CSQ-INS-7 "$bound" "${stamp:-11111111}"
    done
}

mkdir -p "$work/hand"
{
    stamp=00000000 trials A01 empty ours 100 60 1 1 1 1 1 1 1 1 # of a program that has changed
    trials A01 empty ours 100 60 59                            # tried again
    trials A01 empty ours 100 60 1 2 4 8 60+
    trials A01 - walk 1000 10 2 3+ 6 10+ 10+
    trials A12 empty ours 100 60 1
    trials A12 - walk 100 10 10
    trials A24 empty ours 100 60 2
    trials A24 - walk 100 10 1
    trials A24 - pos 100 10 4
    for time in 0 1 3; do # what starting pos costs: 1 s in the median
        printf 'A12\tasan\t-\tpos\t0\t0\t0\t%s\t-\t10\t11111111\n' $time
    done
    trials DEEP1 empty ours 100 60 60+
    trials DEEP1 - walk 100 10 10+
} >"$work/hand/results.tsv"
expect "results computed by hand are reported" \
    run 0 fuzz/scripts/zoo_report.pl "$work/hand/results.tsv" "$work/hand"

# field PERL: the value of an expression over $r, the report, and the functions below.
field() {
    perl -MJSON::PP -e 'local $/; open my $f, "<", shift; our $r = decode_json(<$f>);
        sub one { my ($list, %want) = @_;
            (grep { my $e = $_; !grep { $e->{$_} ne $want{$_} } keys %want } @{$r->{$list}})[0] }
        sub cell { one("cells", bug => $_[0], search => $_[1]) }
        sub versus { one("comparisons", bug => $_[0], baseline => $_[1]) }
        sub group { one("groups", group => $_[0], baseline => $_[1]) }
        sub survival { my ($side, $time, $s) = (@_, 1);
            $_->[0] <= $time and $s = $_->[1] for @{$side->{survival}}; $s }
        my $value = eval shift; die $@ if $@; print $value // "undefined"' "$work/hand/results.json" "$1"
}

# is NAME PERL VALUE: to six digits.
is() {
    local value
    value=$(field "$2" 2>&1)
    echo "$2 is $value, not $3" >"$work/err"
    # shellcheck disable=SC2016 # these are Perl's
    expect "$1" perl -e 'my ($a, $b) = @ARGV; my $n = qr/^-?[0-9.]+$/;
        exit !($a eq $b || $a =~ $n && $b =~ $n && abs($a - $b) < 1e-6 * (1 + abs $b))' -- "$value" "$3"
}

is "trials of another program, and those made again, do not count" 'cell("A01", "ours")->{count}' 5
is "nor do trials without a finding count as findings" 'cell("A01", "ours")->{found}' 4
is "Kaplan-Meier before the first finding" 'survival(cell("A01", "ours")->{cpu}, 0.9)' 1
is "Kaplan-Meier between two findings" 'survival(cell("A01", "ours")->{cpu}, 3)' 0.6
is "Kaplan-Meier at the last one" 'survival(cell("A01", "ours")->{cpu}, 8)' 0.2
is "Kaplan-Meier: a trial that gave up early is not at risk any more" \
    'survival(cell("A01", "walk")->{cpu}, 6)' 0.5333333333
is "the median is where half have a finding" 'cell("A01", "ours")->{cpu}{median}' 4
is "in executions, too" 'cell("A01", "ours")->{executions}{median}' 400
is "there is none where less than half have one" 'cell("A01", "walk")->{cpu}{median}' undefined
is "the restricted mean is the area below the curve" 'cell("A01", "ours")->{cpu}{restricted_mean}' 15
is "with censored trials, too" 'cell("A01", "walk")->{cpu}{restricted_mean}' 7.3333333333
is "log-rank: chi-square" 'versus("A01", "walk")->{cpu}{log_rank}' 1.0314263412
is "log-rank: p" 'sprintf "%.4f", versus("A01", "walk")->{cpu}{p}' 0.3098
is "A12, with a tie and open pairs" 'versus("A01", "walk")->{cpu}{a12}' 0.68
is "a ratio against a median that was not reached" 'versus("A01", "walk")->{cpu}{ratio}' 2.5
is "is a lower bound" 'versus("A01", "walk")->{cpu}{relation}' '>='
is "in executions it counts from where the baseline gave up" \
    'versus("A01", "walk")->{executions}{ratio}' 25
is "a ratio of two medians" 'versus("A12", "walk")->{cpu}{relation}' '='
is "the geometric mean over interleavings" 'group("interleaving", "walk")->{cpu}{ratio}' 5
is "says how many bounds are in it" 'group("interleaving", "walk")->{cpu}{at_least}' 1
is "the single-threaded apart" 'group("single-threaded", "walk")->{cpu}{ratio}' 0.5
is "the best baseline of a bug is the soonest" 'group("single-threaded", "best")->{cpu}{ratio}' 0.5
is "what it takes to start a program can be left out" 'cell("A24", "pos")->{net}{median}' 3
is "and is no trial" 'cell("A12", "pos")' undefined
is "the deep ones apart, without a ratio where nobody finds it" 'group("deep", "walk")->{cpu}{neither}' 1
is "the score of ours" 'one("scores", search => "ours (empty)")->{score}' 55
is "the score of a baseline" 'one("scores", search => "walk")->{score}' 29.1666666667
expect "the text shows what was not reached as a bound" \
    grep -q -E '^A01 .* walk +2/5 +>10000 +>10.0 +7.33 ' "$work/out"
expect "the page is well-formed" xmllint --noout "$work/hand/index.html"
expect "it loads nothing" sh -c "! grep -E 'https?:|src=|@import|<script' $work/hand/index.html"
expect "it has a curve for every bug and search, and each group" \
    test "$(grep -c '<path ' "$work/hand/index.html")" -eq 16
printf 'A01\tasan\n' >"$work/hand/bad.tsv"
expect "a line that is no trial is refused" \
    run 2 fuzz/scripts/zoo_report.pl "$work/hand/bad.tsv" "$work/hand"
expect "in one sentence" one_sentence "bad.tsv:1: "

# ---- Killed, and on again -----------------------------------------------------------------------

# Programs that find something or not, by their seed, in no time or in a while.
fake=$work/fake/asan/mutants/A01
mkdir -p "$fake"
cat >"$fake/search" <<'FAKE'
#!/usr/bin/env bash
while [ $# -gt 0 ]; do
    case $1 in
    -seed=*) seed=${1#-seed=} ;;
    --seed) seed=$2 ;;
    esac
    shift
done
# The later ones wait, so that there is somebody to kill.
while [ "$seed" -gt 2 ] && [ -e build/zoo-test/gate ]; do sleep 0.1; done
printf '\x2a\0\0\0\0\0\0\0' | dd of="$CSQFUZZ_PROGRESS" conv=notrunc status=none
[ $((seed % 2)) -eq 1 ] || exit 0
echo "==1==ERROR: AddressSanitizer: heap-use-after-free" >&2
echo "SUMMARY: csqfuzz: CSQ-CAN-11 cancel|remove" >&2
exit 77
FAKE
chmod +x "$fake/search"
cp "$fake/search" "$fake/csq_schedule_fuzzer"
zoo=(./build.sh zoo --lane asan --start empty --strategy "ours,pos" --built "$work/fake" --jobs 2)

# outcome FOLDER: the trials, and what came of them.
outcome() {
    cut -f1-7,9-11 "$1/results.tsv" | sort
}

some_trials() {
    [ "$(wc -l <"$1/results.tsv")" -eq 6 ]
} 2>/dev/null

expect "a whole run" run 0 "${zoo[@]}" --trials 8 --out "$work/whole" A01
expect "makes every trial once" test "$(outcome "$work/whole" | cut -f1-5 | uniq | wc -l)" -eq 18
expect "it counts executions, and says who reported what" grep -q -P \
    '^A01\tasan\t-\tpos\t3\t1\t42\t[0-9.]+\tasan:CSQ-CAN-11\t10\t' "$work/whole/results.tsv"
expect "and what is not found" \
    grep -q -P '^A01\tasan\tempty\tours\t4\t0\t42\t[0-9.]+\t-\t60\t' "$work/whole/results.tsv"
expect "it shows progress and what remains" \
    grep -q '^zoo  18/18 trials  .* about 0:00:00 to go' "$work/out"
touch "$work/gate"
setsid "${zoo[@]}" --trials 8 --out "$work/killed" A01 >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_for some_trials "$work/killed"
expect "a second one in the same folder is refused" \
    run 2 timeout 60 "${zoo[@]}" --trials 8 --out "$work/killed" A01
expect "in one sentence" one_sentence "still at work"
kill -9 -- -$pid
wait $pid 2>/dev/null
rm "$work/gate"
before=$(wc -l <"$work/killed/results.tsv")
expect "a killed run has made a part of them" test "$before" -le 6
head -n "$before" "$work/killed/results.tsv" >"$work/kept"
printf 'A01\tasan\tempty\tours\t8\t1\t4' >>"$work/killed/results.tsv" # as a full disk leaves it
expect "the next one goes on" run 0 "${zoo[@]}" --trials 8 --out "$work/killed" A01
expect "keeps what there was" cmp -s <(head -n "$before" "$work/killed/results.tsv") "$work/kept"
expect "and ends with the same trials" \
    cmp -s <(outcome "$work/whole") <(outcome "$work/killed")
cp "$work/whole/results.tsv" "$work/before"
expect "once more" run 0 "${zoo[@]}" --trials 8 --out "$work/whole" A01
expect "makes none" cmp -s "$work/before" "$work/whole/results.tsv"
echo "# changed" >>"$fake/search"
expect "with a program that has changed" run 0 "${zoo[@]}" --trials 2 --out "$work/whole" A01
expect "it makes those again" test "$(wc -l <"$work/whole/results.tsv")" -eq 21 # its start and 2 seeds

printf '#!/bin/sh\nwhile :; do :; done\n' >"$fake/csq_schedule_fuzzer"
cp "$fake/csq_schedule_fuzzer" "$fake/search"
expect "a search that does not stop is stopped" \
    run 0 "${zoo[@]}" --trials 1 --seconds 1 --out "$work/endless" A01
expect "it is ours that has found nothing" \
    grep -q -P '\tours\t1\t0\t0\t[0-9.]+\t-\t1\t' "$work/endless/results.tsv"
expect "a baseline, which would have ended by itself, hangs" \
    grep -q -P '\tpos\t1\t1\t0\t1\thang\t1\t' "$work/endless/results.tsv"
printf '#!/bin/sh\necho search: no such option >&2\nexit 2\n' >"$fake/search"
expect "a program that does not start ends the run" \
    run 2 "${zoo[@]}" --trials 1 --seconds 1 --out "$work/broken" A01
expect "in one sentence with its own words" one_sentence "pos on A01 .asan. .*no such option"
expect "which counts no trial of it" test "$(grep -c pos "$work/broken/results.tsv")" -eq 0

# ---- Bad input ----------------------------------------------------------------------------------

# refused WORD ARGUMENT...
refused() {
    local word=$1
    shift
    run 2 ./build.sh zoo --out "$work/refused" "$@" && one_sentence "$word"
}
expect "an unknown bug is refused in one sentence" refused '"A00"' A00
expect "so is a path in the place of a bug" refused '"../mutants/A01"' ../mutants/A01
expect "an unknown option" refused frobnicate --frobnicate 1
expect "a missing value" refused trials --trials
expect "a number that is none" refused seconds --seconds soon
expect "a number that is 0" refused trials --trials 0
expect "an unknown lane" refused msan --lane msan
expect "an unknown start" refused middle --start middle
expect "an unknown search" refused '"dfs"' --strategy walk,dfs
expect "no search at all" refused strategy --strategy ''
expect "a bug that no lane shows" refused lane --built "$work/fake" --lane asan --strategy ours A12
expect "a search whose program is not there" refused bench_host --built "$work/fake" --lane asan \
    --strategy host A01
expect "a folder that cannot be written" run 2 ./build.sh zoo --out /proc/nowhere A01

# ---- For real -----------------------------------------------------------------------------------

expect "a small real run" run 0 ./build.sh zoo --trials 1 --seconds 5 --lane asan --start both \
    --strategy ours,host --out "$work/real" A01 A24
expect "finds both bugs from both starts" \
    test "$(grep -c -P '\tours\t1\t1\t[1-9]\d*\t\d.*\tCSQ-' "$work/real/results.tsv")" -eq 4
expect "and has counted what the host threads did" \
    test "$(grep -c -P '\t-\thost\t1\t[01]\t[1-9]' "$work/real/results.tsv")" -eq 2
finish
