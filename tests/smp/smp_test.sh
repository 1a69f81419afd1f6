#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Threads that wander between cores, and machines of every size that is meant: each
# boots, hashes a file, and ends with the right sum.

top=$(cd "$(dirname "$0")/../.." && pwd)
export PHOENIX_BUILD=${B:-build}
program=$top/${B:-build}/tests/smp/migrate
failures=0

# check NAME EXPECTED COMMAND...
check() {
    local name=$1 expected=$2 got
    got=$(timeout -k 5 90 "${@:3}" 2>&1)
    if [ "$got" = "$expected" ]; then
        echo "ok smp.$name"
    else
        echo "FAIL smp.$name said: ${got:0:200}" | tr '\n' ' '
        echo
        failures=$((failures + 1))
    fi
}

phoenix() { check "$1" "$2" "$top/phoenix" run --accel tcg --timeout 80 "${@:3}"; }

sums=$("$program")
for cores in 2 4; do
    for turn in 1 2 3; do
        phoenix "doubles_wander_$cores.$turn" "$sums" --smp $cores "$program"
    done
done

file=$top/LICENSE
sum="$(sha256sum <"$file" | cut -d' ' -f1)  /f"
for machine in microvm q35 pc; do
    for cores in 1 2 4; do
        phoenix "$machine.$cores" "$sum" --machine $machine --smp $cores --ro "$file:/f" \
            /bin/busybox sha256sum /f
    done
    for memory in 16M 64M 1G 4G; do
        phoenix "$machine.$memory" "$sum" --machine $machine --mem $memory --ro "$file:/f" \
            /bin/busybox sha256sum /f
    done
done

exit $((failures > 0))
