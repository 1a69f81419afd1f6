#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random programs for as long as one likes: four seeds of ten minutes each on the sanitized
# kernel, two at once, on one core and on two by turns. A seed is many runs of 1 G
# instructions, of seeds that follow from it. What fails is said with the line that makes
# it small.
#
#   PHX_SOAK_SECONDS=60 tests/fuzz/soak_test.sh      a minute each
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
kernel=$B/fuzz/asan/fuzz.elf
seconds=${PHX_SOAK_SECONDS:-600}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

# soak SEED: an ok or a FAIL line, with what was done.
soak() {
    local end=$((SECONDS + seconds)) runs=0 operations=0 seed cores done
    while [ $SECONDS -lt $end ]; do
        seed=$(($1 * 1000 + runs))
        cores=$((1 + runs % 2))
        if ! PHX_CORES=$cores tests/fuzz/run.sh "$kernel" $seed 1000000000 >"$work/$1"; then
            echo "FAIL fuzz.soak.seed$1 run $runs, $cores cores:" \
                "$(grep -aE -A 12 'stopped|not every' "$work/$1" | tr -c '[:print:]' ' ')" \
                "-- node tests/fuzz/minimize.js $kernel $seed 1000000000"
            return 1
        fi
        done=$(sed -n 's/.*fuzz: \([0-9]*\) operations.*/\1/p' <(tr '\0\r' '\n\n' <"$work/$1"))
        operations=$((operations + ${done:-0}))
        runs=$((runs + 1))
    done
    echo "# seed $1: $runs runs, $operations operations"
    echo "ok fuzz.soak.seed$1"
}

failed=0
for pair in '1 2' '3 4'; do
    for seed in $pair; do
        soak "$seed" &
    done
    for job in $(jobs -p); do
        wait "$job" || failed=1
    done
done
exit $failed
