#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every hostile program again and again, on four cores and on one, with other random
# numbers each time. The seed is printed; TEST_SEED and SECONDS_EACH are taken.
set -u
cd "$(dirname "$0")/../.."
test=${B:-build}/plain/tests/hostile/hostile_test
programs=$(find tests/hostile -name '*.c' ! -name hostile.c ! -name hostile_test.c \
    ! -name operations.c ! -name places.c | sort)
seed=${TEST_SEED:-$((RANDOM * 32768 + RANDOM + 1))}

echo "seed $seed"
for cores in 4 1; do
    "$test" $cores "$seed" "${SECONDS_EACH:-600}" $programs || failed=1
done
exit ${failed:-0}
