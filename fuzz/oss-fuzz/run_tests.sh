#!/bin/bash -eu
# Copyright 2026 The csqfuzz authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
#
################################################################################

# The tests that need nothing but a compiler: units, the conformance suite, and the seeds. The rest,
# `./build.sh test`, wants several compilers and sanitizers of its own. Leaves the sources alone.
cd "$SRC/csqfuzz"
build=${WORK:-/tmp}/tests
make -s -j"$(nproc)" BUILD="$build" CC="$CC" CXX="$CXX" CFLAGS="-O1 -g" CXXFLAGS="-O1 -g" LDFLAGS= \
    SANITIZER=none tests standalone "$build/csq" "$build/conformance_suite" \
    "$build/csqfuzz_afl_mutator.so"
for program in "$build"/test_*; do
    case $program in *.d | *.o) continue ;; esac
    "$program"
done
"$build/conformance_suite"
for target in csq_schedule_fuzzer csq_sequential_fuzzer csq_substrate_fuzzer; do
    mkdir -p "$build/seeds/$target"
    for seed in corpus/"$target"/*.csq; do
        "$build/csq" asm "$seed" -o "$build/seeds/$target/$(basename "$seed" .csq)"
    done
    "$build/${target}_standalone" "$build/seeds/$target" corpus/regressions
done
