#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A wrong that random programs come by is found, made small, and found again in the small
# run: a watch that does not count the notification it is to signal (plant.c).
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
kernel=$B/fuzz/asan/fuzz-planted.elf
seed=${TEST_SEED:-2}
export PHX_PLANT=watch

if ! said=$(node tests/fuzz/minimize.js "$kernel" "$seed" 1000000000 2>&1); then
    echo "FAIL fuzz.failing_run_is_made_small $said"
    exit 1
fi
echo "$said" | sed 's/^/# /'
before=$(sed -n 's/^\([0-9]*\) operations lead to it$/\1/p' <<<"$said")
after=$(sed -n 's/^\([0-9]*\) of them are needed.*/\1/p' <<<"$said")
if [ "${before:-0}" -gt 10 ] && [ "${after:-$before}" -le $((before / 2)) ]; then
    echo "ok fuzz.failing_run_is_made_small"
else
    echo "FAIL fuzz.failing_run_is_made_small from ${before:-none} to ${after:-none}"
    failed=1
fi
read -ra again <<<"$(sed -n 's/^again: PHX_PLANT=watch //p' <<<"$said")"
if "${again[@]}" | grep -aqE 'Phoenix stopped: (undefined|address)'; then
    echo "ok fuzz.small_run_fails_again"
else
    echo "FAIL fuzz.small_run_fails_again ${again[*]}"
    failed=1
fi
unset PHX_PLANT
if "${again[@]}" >/dev/null; then
    echo "ok fuzz.small_run_passes_without_the_wrong"
else
    echo "FAIL fuzz.small_run_passes_without_the_wrong ${again[*]}"
    failed=1
fi
exit ${failed:-0}
