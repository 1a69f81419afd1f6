#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What checks_test and the boots do, for an hour: two million changes on this machine, and
# six thousand machines. Seeds are those of 100, 101 ...
set -u
cd "$(dirname "$0")/../.." || exit 1
tests=${B:-build}/host/tests/manifest
failed=0

run() {
    "$@" || failed=1
}

for seed in $(seq 100 119); do
    TIMES=100000 run "$tests/checks_test" "$seed"
done
for seed in 100 101 102; do
    TEST_SEED=$seed TIMES=1000 run "$tests/boot_services_test"
    TEST_SEED=$seed TIMES=1000 run "$tests/boot_run_test"
done
exit $failed
