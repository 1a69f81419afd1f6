#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The ELF reader, and the libos's loader with the stack that it builds (load), fed
# by libFuzzer, from nothing and with a fixed seed. What it found is then run once more
# with every line counted: too few reached is a failure too, for then it looked at
# nothing.
#
#   fuzz_test.sh [RUNS [SEED]]
set -u
cd "$(dirname "$0")/../.."

build=${B:-build}
runs=${1:-200000}
seed=${2:-1}
least=98 # of 100 lines
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

# lines NAME: "98.7 % of 123 lines", and which not.
lines() {
    local here=$build/elf-coverage/$1

    find "$here" -name '*.gcda' -delete
    : >"$work/$1/empty"
    "$here/replay" "$work/$1" >"$work/replay" 2>&1 || return
    # A line in a header counts as reached if any object reaches it.
    find "$here" -name '*.gcda' -print0 | xargs -0 -n 1 gcov --stdout 2>/dev/null | awk -F: '
        { gsub(/ /, "", $1); gsub(/ /, "", $2) }
        $2 == 0 && $3 == "Source" { file = $4; wanted = file ~ /^engine\// && file !~ /_test\.c$/ }
        wanted && $2 > 0 && $1 != "-" {
            line = file ":" $2
            lines[line] = 1
            if ($1 !~ /^#|^=/) reached[line] = 1
        }
        END {
            for (line in lines)
                if (line in reached) good++; else { bad++; missed = missed " " line }
            all = good + bad
            printf "%.1f %% of %d lines%s\n", all ? 100 * good / all : 0, all, \
                missed == "" ? "" : ", not:" missed
        }'
}

fuzz() {
    local name=$1 reached share
    mkdir "$work/$name"
    if ! "$build/fuzz/tests/elf/$name" -runs="$runs" -seed="$seed" -max_len=2048 -timeout=10 \
        -artifact_prefix="$work/" "$work/$name" >"$work/log" 2>&1; then
        echo "FAIL elf.fuzz.$name $(grep -m 1 -e FAIL -e ERROR -e 'runtime error' "$work/log")"
        tail -n 30 "$work/log"
        for found in "$work"/crash-* "$work"/timeout-*; do
            [ -f "$found" ] && od -A x -t x8 -v "$found" | head -n 64
        done
        failed=1
        return
    fi
    reached=$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$work/log")
    share=$(lines "$name")
    if awk -v share="${share%% *}" -v least="$least" 'BEGIN { exit !(share >= least) }'; then
        echo "ok elf.fuzz.$name ($runs executions, seed $seed, $reached edges;" \
            "$(find "$work/$name" -type f | wc -l) inputs kept reach $share)"
    else
        echo "FAIL elf.fuzz.$name reaches only $share"
        failed=1
    fi
}

fuzz reader
fuzz load
exit $failed
