#!/bin/bash
# SPDX-License-Identifier: MIT
# For how long the kernel's lock is held, whatever programs do. 5,000 instructions are the goal;
# what is above it (each part of the program has a line) is in docs/PERFORMANCE.md.
set -u
cd "$(dirname "$0")/../.." || exit 1
most=10000

said=$(B=${B:-build} bench/hold.py 2>&1)
status=$?
echo "$said" | grep -v '^lock_hold_max'
held=$(echo "$said" | sed -n 's/^lock_hold_max\t\([0-9]*\)\t.*/\1/p')
echo "# lock_hold_max ${held:-none}"
if [ $status != 0 ] || [ -z "$held" ]; then
    echo "FAIL model.the_lock_is_measured status $status"
    exit 1
fi
echo "ok model.the_lock_is_measured"
if [ "$held" -le $most ]; then
    echo "ok model.the_lock_is_held_for_at_most_${most}_instructions"
else
    echo "FAIL model.the_lock_is_held_for_at_most_${most}_instructions $held"
    exit 1
fi
