#!/usr/bin/env bash
# What OSS-Fuzz's presubmit and ClusterFuzzLite look for in the files that are made for them, as TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=conformance/tap_lines.sh
. conformance/tap_lines.sh
project=fuzz/oss-fuzz
lite=.clusterfuzzlite

missing() {
    for file in $project/{project.yaml,Dockerfile,build.sh,run_tests.sh} \
        $lite/{project.yaml,Dockerfile,build.sh}; do
        [ -s "$file" ] || echo "there is no $file"
    done
    cmp $project/build.sh $lite/build.sh 2>&1
}
check "both projects are whole, with the same build script" < <(missing)

# They want the licence in these, by its address.
unlicensed() {
    grep -L 'http://www.apache.org/licenses/LICENSE-2.0' $project/{Dockerfile,build.sh,run_tests.sh} \
        $lite/{Dockerfile,build.sh}
}
check "each file that services take has the licence's header" < <(unlicensed)

bad_images() {
    for file in $project/Dockerfile $lite/Dockerfile; do
        grep -qE '^FROM gcr\.io/oss-fuzz-base/base-builder(:v1)?$' "$file" || echo "$file: another image"
        grep -n 'apt-get install' "$file" | grep -v 'apt-get update &&'
        for package in make zip libboost-context-dev; do # what build.sh would install itself
            grep -qw -e "$package" "$file" || echo "$file does not install $package"
        done
    done
}
check "the images have what the build needs" < <(bad_images)

# items KEY: of a list in project.yaml.
items() {
    sed -n "/^$1:\$/,/^[^ ]/s/^  - //p" $project/project.yaml
}

bad_project() {
    grep -nvE '^(homepage|main_repo|primary_contact|language|sanitizers|fuzzing_engines):|^  - |^#' \
        $project/project.yaml
    items sanitizers | grep -vxE 'address|undefined|memory|thread'
    items fuzzing_engines | grep -vxE 'libfuzzer|afl|honggfuzz|centipede'
    for file in $project/project.yaml $lite/project.yaml; do
        grep -qx 'language: c' "$file" || echo "$file names another language"
    done
    repository=$(sed -n 's/^main_repo: "\(.*\)"$/\1/p' $project/project.yaml)
    grep -qF -e "${repository:-none}" $project/Dockerfile || echo "the image clones another repository"
}
check "project.yaml says what OSS-Fuzz understands" < <(bad_project)

bad_workflows() {
    local mode
    for mode in code-change batch prune coverage; do
        grep -q "mode: $mode\$" .github/workflows/*.yml || echo "there is no run of $mode"
    done
    grep -hE '^ *sanitizer: ' .github/workflows/*.yml | tr -d '[],' | tr ' ' '\n' |
        grep -vxE "|sanitizer:|address|undefined|memory|coverage|\\\$\{\{|matrix.sanitizer|\}\}"
    grep -hoE '\./build\.sh [a-z-]+' .github/workflows/*.yml | sort -u | while read -r command; do
        ./build.sh help | grep -qF -e "$command" || echo "there is no $command"
    done
}
check "the workflows run every mode, with sanitizers and verbs that there are" < <(bad_workflows)

# The build makes the archives, and does not choose the engine.
strays() {
    git ls-files | grep '_seed_corpus\.zip$'
    git grep -l -e '-lFuzzing[E]ngine'
}
check "no seed archive and no name of an engine's library is kept" < <(strays)

echo "1..$number"
exit "$failed"
