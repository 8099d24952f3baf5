#!/usr/bin/env bash
# ./build.sh yardstick: build the clang lane's yardstick and run it; fuzz/yardstick.md explains it.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=fuzz/scripts/common.sh
. fuzz/scripts/common.sh

ensure_lane clang
build_lane clang build/clang/yardstick
exec build/clang/yardstick "$@"
