#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs every hostile program, on one core and on two.
set -u
cd "$(dirname "$0")/../.."
test=${B:-build}/plain/tests/hostile/hostile_test
programs=$(find tests/hostile -name '*.c' ! -name hostile.c ! -name hostile_test.c \
    ! -name operations.c ! -name places.c | sort)

for cores in 1 2; do
    "$test" $cores 0 0 $programs || failed=1
done
exit ${failed:-0}
