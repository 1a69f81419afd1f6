#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A ring between threads under ThreadSanitizer: as it is, with millions of entries, and
# with each of its eight memory orders taken away, which the sanitizer must notice.
set -u
cd "$(dirname "$0")/../.."
programs=${B:-build}/tests/ring
export TSAN_OPTIONS=halt_on_error=1:exitcode=66
failed=0

said=$("$programs/threads_test" 2>&1)
status=$?
printf '%s\n' "$said"
[ $status = 0 ] || failed=1

for program in "$programs"/weak/*; do
    side=$(basename "$program")
    word=${side#*-}
    name=ring.race_is_found_without_${side%%-*}_order_of_$word
    said=$(RING_ENTRIES=200000 timeout 60 "$program" 2>&1)
    status=$?
    if [ $status = 66 ] && [[ $said == *'data race'* ]]; then
        echo "ok $name"
    else
        echo "FAIL $name status $status, not a data race"
        printf '%s\n' "$said" | tail -n 5
        failed=1
    fi
done
exit $failed
