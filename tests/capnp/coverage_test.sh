#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How many lines of the runtime (reader and builder, their headers included) the
# tests reach: at least 95 of 100, or this fails and lists those that they do not.
set -u
cd "$(dirname "$0")/../.."

build=${B:-build}
here=$build/coverage
least=95

find "$here" -name '*.gcda' -delete
"$here/runtime_test" >"$here/log" 2>&1 && "$here/peer_test" 200 2000 >>"$here/log" 2>&1 || {
    echo "FAIL capnp.coverage its tests fail"
    cat "$here/log"
    exit 1
}

# A line in a header counts as reached if any object reaches it.
find "$here" -name '*.gcda' -print0 | xargs -0 -n 1 gcov --stdout 2>"$here/gcov.log" |
    awk -F: -v least=$least '
    { gsub(/ /, "", $1); gsub(/ /, "", $2) }
    $2 == 0 && $3 == "Source" { file = $4; wanted = file ~ /lib\/capnp\/(build|read)\.[ch]$/ }
    wanted && $2 > 0 && $1 != "-" {
        line = file ":" $2
        lines[line] = 1
        if ($1 !~ /^#|^=/) reached[line] = 1
    }
    END {
        for (line in lines) { all++; if (line in reached) good++; else missed = missed " " line }
        share = all ? 100 * good / all : 0
        if (share < least)
            printf "FAIL capnp.coverage %.1f %% of %d lines, not:%s\n", share, all, missed
        else
            printf "ok capnp.coverage (%.1f %% of %d lines%s)\n", share, all, \
                missed == "" ? "" : ", not:" missed
        exit share < least
    }'
