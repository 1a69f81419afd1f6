#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The tests of machines pass with the sanitized kernel.
#
#   tests/fuzz/sanitized_test.sh [TEST...]    those only, as they are called otherwise
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
failures=0

# passes TEST: as it is, with the other kernel in the build folder: its lines are ours.
passes() {
    local said status
    said=$(PHOENIX_IMAGES=$PWD/$B/asan B=$B/asan "$@" 2>&1)
    status=$?
    sed -nE 's/^(ok|FAIL) /\1 sanitized./p' <<<"$said"
    if [ $status != 0 ]; then
        grep -q '^FAIL ' <<<"$said" || echo "FAIL sanitized.${1##*/} status $status"
        tail -n 40 <<<"$said"
        failures=1
    fi
}

[ $# -gt 0 ] || set -- tests/native/native_test.sh tests/boot/modules_test.sh \
    "$B/plain/tests/boot/shell_test" "$B/plain/tests/boot/restart_test" \
    tests/linux/programs_test.sh
for test; do
    passes "$test"
done
exit $failures
