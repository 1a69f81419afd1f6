#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The ELF fuzzers for longer: four seeds.
cd "$(dirname "$0")" || exit 1

failed=0
for seed in 11 12 13 14; do
    ./fuzz_test.sh 20000000 $seed | sed "s/elf\.fuzz\./elf.fuzz.seed$seed./"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
done
exit $failed
