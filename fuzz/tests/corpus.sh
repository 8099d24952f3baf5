#!/usr/bin/env bash
# ./build.sh corpus, as TAP: what --merge adds and refuses, what --minimize takes out and keeps, bad
# input. On a small corpus of its own, made of seeds of the shipped one.
# shellcheck disable=SC2317 # functions are called by others
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh
work=build/corpus-test
rm -rf "$work"
mkdir -p "$work/new" "$work/corpus/csq_schedule_fuzzer"
shipped=corpus/csq_schedule_fuzzer
seeds=$work/corpus/csq_schedule_fuzzer
csq=build/seeds/csq # left there by the verb

corpus() { ./build.sh corpus --corpus "$work/corpus" "$@"; }

# says PATTERN OPTION...: what is wrong, unless the verb ends well and says that.
says() {
    local pattern=$1 status=0
    shift
    corpus "$@" >"$work/out" 2>&1 </dev/null || status=$?
    [ "$status" -eq 0 ] || echo "status $status"
    grep -q -E "$pattern" "$work/out" || { echo "does not say \"$pattern\":"; cat "$work/out"; }
}

names() { find "$seeds" -type f -printf '%f\n' | sort; }
added() { names | grep '^added-'; }
sums() { (cd "$work/corpus" && find . -type f -exec sha256sum {} + | sort -k 2); }
features() { sed -n 's/^csq_schedule_fuzzer:.* \([0-9]*\) features.*/\1/p' "$work/out"; }

# unchanged COMMAND...: what it prints, and what has become of the corpus meanwhile.
unchanged() {
    sums >"$work/before"
    "$@"
    diff "$work/before" <(sums)
}

# ---- The shipped corpus -----------------------------------------------------------------------

check "the shipped corpus is below 2 MiB, and its seeds are counted" < <(
    ./build.sh corpus >"$work/out" 2>&1 || echo "status $?"
    grep -q "^csq_schedule_fuzzer: $(find $shipped -name '*.csq' | wc -l) seeds, .* features$" \
        "$work/out" || cat "$work/out")

# ---- Merge ------------------------------------------------------------------------------------

cp $shipped/tr-01-insert.csq $shipped/tr-09-*.csq "$seeds"
"$csq" asm $shipped/tr-01-insert.csq -o "$work/new/known"
"$csq" asm $shipped/race-06-*.csq -o "$work/new/race"
cp $shipped/tr-01-insert.csq "$work/new/known.csq"
check "merging adds an input that has a new feature, and no other" < <(
    says '1 of 2 different inputs added' --merge "$work/new"
    [ "$(added | wc -l)" -eq 1 ] || names)
check "the features are more" < <(
    sed -n 's/^csq_schedule_fuzzer: .* \([0-9]*\) features before, \([0-9]*\) now$/\1 \2/p' "$work/out" |
        awk '$2 > $1 { more = 1 } END { if (!more) print "not more" }')
check "it is text, begins with a comment, and has the same bytes" < <(
    head -n 1 "$seeds/$(added)" | grep -v '^# '
    "$csq" asm "$seeds/$(added)" -o "$work/bytes" 2>&1
    cmp "$work/bytes" "$work/new/race")
check "it is named by its content" < <(
    [ "$(added)" = "added-$(sha1sum <"$work/new/race" | cut -c1-16).csq" ] || names)
check "merging again adds nothing" < <(
    unchanged says '0 of 2 different inputs added' --merge "$work/new")

# ---- Minimize ---------------------------------------------------------------------------------

needed=$(added)
printf 'csq 1\n' >"$seeds/added-0000000000000000.csq" # does nothing, which others do, too
{ cat $shipped/tr-01-insert.csq && echo 't1 cancel irp0' && echo 't1 cancel irp0'; } \
    >"$seeds/by-hand-and-redundant.csq"
printf '# by hand\ncsq 1\n' >"$seeds/by-hand-and-empty.csq"
corpus >"$work/out" 2>&1
before=$(features)
names >"$work/names"
check "minimizing removes a redundant seed that was added" < <(
    says '1 of 2 added seeds removed' --minimize
    [ "$(added)" = "$needed" ] || names)
check "and nothing else" < <(diff <(grep -v '^added-0000' "$work/names") <(names))
check "the features stay" < <(
    [ "$(features)" = "$before" ] || echo "$before features before, $(features) afterwards")
check "what was removed is kept aside" < <(
    [ -s build/corpus-work/removed/csq_schedule_fuzzer/added-0000000000000000.csq ] ||
        ls -R build/corpus-work/removed)
check "minimizing again removes nothing" < <(
    unchanged says '0 of 1 added seeds removed' --minimize)

# ---- Bad input --------------------------------------------------------------------------------

mkdir -p "$work/empty" "$work/text" "$work/large" "$work/mixed"
printf 'csq 1\nt0 insert q0 nowhere\n' >"$work/text/bad.csq"
head -c $((9 * 1024 * 1024)) /dev/zero >"$work/large/file"
cp $shipped/race-*.csq "$work/text/bad.csq" "$work/mixed"
check "a folder that is none" < <(unchanged refusal 'nowhere' corpus --merge nowhere)
check "a file in its place" < <(unchanged refusal 'build.sh' corpus --merge build.sh)
check "a folder without a file" < <(unchanged refusal 'empty' corpus --merge "$work/empty")
check "a text that is no program" < <(
    unchanged refusal 'bad.csq:2:[0-9]*: ' corpus --merge "$work/text")
check "one of them among programs: none is merged" < <(
    unchanged refusal 'nothing was merged' corpus --merge "$work/mixed")
check "a file that is too large" < <(unchanged refusal 'large/file' corpus --merge "$work/large")
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$work/text/bad.csq"
    check "a file that cannot be read" < <(unchanged refusal 'bad.csq' corpus --merge "$work/text")
    chmod 600 "$work/text/bad.csq"
fi
check "an option that is none" < <(unchanged refusal '--frob' corpus --frob 1)
check "an option without its value" < <(unchanged refusal '--merge' corpus --merge)
check "both at a time" < <(unchanged refusal 'one of' corpus --minimize --merge "$work/new")
check "a target that is none" < <(unchanged refusal 'no_fuzzer' corpus --target no_fuzzer)
check "a corpus that is none" < <(refusal 'nowhere' ./build.sh corpus --corpus nowhere)
rm "$work/mixed/bad.csq"
mkdir -p "$work/small"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=24k tmpfs "$work/small" 2>/dev/null; then
    cp -r "$work/corpus/." "$work/small"
    check "a disk that is full: a sentence, no half file, nothing lost" < <(
        refusal 'cannot write' ./build.sh corpus --corpus "$work/small" --merge "$work/mixed"
        find "$work/small" -name '*.part'
        diff -r "$work/corpus" "$work/small" | grep -v "^Only in $work/small")
    umount "$work/small"
fi
head -c $((2 * 1024 * 1024 - 3000)) /dev/zero >"$work/corpus/filler"
check "more than 2 MiB are refused, and nothing is merged" < <(
    unchanged refusal '2097152 is the limit' corpus --merge "$work/mixed")
check "a corpus that is too large already fails" < <(
    head -c 3000 /dev/zero >>"$work/corpus/filler"
    corpus >"$work/out" 2>&1 && cat "$work/out")

echo "1..$number"
exit "$failed"
