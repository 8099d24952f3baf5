#!/usr/bin/env bash
# The judge of check-integration takes a sound $OUT and goes red for each way of spoiling it, as TAP.
# One build, by libFuzzer with AddressSanitizer; the whole is for ./build.sh check-integration.
# shellcheck disable=SC2317 # ways of spoiling are called by spoiled
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh
# shellcheck source=fuzz/scripts/service.sh
. fuzz/scripts/service.sh
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh
work=build/integration-test
sound=$work/out
one=csq_schedule_fuzzer
other=csq_sequential_fuzzer

# judged FOLDER: the judge's red lines, and its exit status.
judged() {
    local status=0
    fuzz/scripts/integration.sh "$1" libfuzzer address >"$work/log" 2>&1 || status=$?
    grep -A 3 '^not ok' "$work/log"
    [ $status -eq 0 ] || echo "exit status $status"
}

check "a build is there" < <(service_build libfuzzer address $work 2>&1)
check "the judge takes it" < <(judged $sound)
check "the judge puts it back" < <([ -x $sound/$one ] || echo "there is no $one")

# spoiled NAME WORDS COMMAND...: on a copy of the folder, the judge fails the check with these words.
spoiled() {
    local name=$1 words=$2
    shift 2
    rm -rf $work/spoiled
    cp -r $sound $work/spoiled
    check "it goes red for $name" < <(
        (cd $work/spoiled && "$@") 2>&1
        judged $work/spoiled >$work/verdict
        grep -q '^exit status 1$' $work/verdict || echo "the exit status is not 1"
        grep -q -e "^not ok .*$words" $work/verdict || cat $work/verdict
    )
}

# An object of the code under test that the sanitizer has not seen, in an otherwise sound target.
blind_object() {
    cp -r $work/work $work/blind
    rm $work/blind/csqfuzz/src/csq/csq.o
    service_settings libfuzzer address $work
    run_make BUILD=$work/blind/csqfuzz SANITIZER=address CFLAGS="${CFLAGS/-fsanitize=address /}" \
        $work/blind/csqfuzz/src/csq/csq.o
    run_make BUILD=$work/blind/csqfuzz $work/blind/csqfuzz/$one
}
rm -rf $work/blind
(blind_object)
planted=$(service_planted libfuzzer address $work A04)

dotted() { mv "$one" csq_schedule.v2_fuzzer; }
stray() { cp "$one" helper; }
without_seeds() { rm "${other}_seed_corpus.zip"; }
without_sanitizer() { cp "../blind/csqfuzz/$one" "$one"; }
another_sanitizer() { cp "../../tsan/$one" "$one"; }
crashing_seed() { cp "$OLDPWD/$planted" "$one"; }
absolute_path() { echo "dict = $PWD/$other.dict" >>"$other.options"; }
baked_path() { printf '#!/bin/sh\nexec %s "$@" # LLVMFuzzerTestOneInput\n' "$PWD/$other" >"$one"; }
bad_dictionary() { echo 'broken="' >>"$one.dict"; }
bad_option() { sed -i 's/^max_len/maxlen/' "$one.options"; }

spoiled "a dot in a target's name" "names that services take" dotted
spoiled "a program that looks like a target" "and nothing else, are taken for targets" stray
spoiled "a missing archive" "and nothing else" without_seeds
spoiled "routines that the sanitizer does not see" "$one: has the routines" without_sanitizer
spoiled "another sanitizer" "$one: has the calls of its sanitizer" another_sanitizer
spoiled "a seed that crashes the target" "$one: replays its seeds" crashing_seed
spoiled "an absolute path in the options" "no file names a folder" absolute_path
spoiled "a target that needs the folder it was built in" "$one: starts" baked_path
spoiled "a broken line in the dictionary" "$one: has a dictionary" bad_dictionary
spoiled "an option that no service reads" "$one: has options" bad_option

# refused SENTENCE ARGUMENT...: in one line, with an exit status above 0.
refused() {
    local sentence=$1 said
    shift
    if said=$(fuzz/scripts/integration.sh "$@" 2>&1); then
        echo "exit status 0"
    fi
    [ "$said" = "csqfuzz: $sentence" ] || echo "$said"
}
check "a folder that is not there is refused" < <(refused "there is no folder nowhere" nowhere libfuzzer address)
check "a pair that nobody builds is refused" < <(
    refused 'there is no build for the engine "afl" with the sanitizer "memory"' $sound afl memory
)

echo "1..$number"
exit "$failed"
