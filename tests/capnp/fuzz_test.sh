#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Some seconds of fuzzing, from messages that were made or damaged on purpose.
# usage: fuzz_test.sh [SECONDS]
set -u
cd "$(dirname "$0")/../.."

here=${B:-build}/host/tests/capnp
seconds=${1:-8}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/peer_test" --damaged 200 "$work/seed" || exit 1
mkdir "$work/corpus"
if "$here/walk_fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=5 -seed=1 -verbosity=1 \
    -artifact_prefix="$work/" "$work/corpus" "$work" >"$work/log" 2>&1; then
    echo "ok capnp.fuzzed ($(grep -o 'Done .*' "$work/log"))"
else
    echo "FAIL capnp.fuzzed $(grep -m 1 -e ERROR -e ABORTING -e deadly "$work/log")"
    tail -n 30 "$work/log"
    for found in "$work"/crash-* "$work"/timeout-*; do
        [ -f "$found" ] && od -A x -t x8 -v "$found" | head -n 64
    done
    exit 1
fi
