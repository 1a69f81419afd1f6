#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Four times as many damaged programs as in `make test`, with other seeds.
cd "$(dirname "$0")" || exit 1

failed=0
for seed in 1000000 2000000 3000000 4000000; do
    ./mutants_test.sh 20000 $seed | sed "s/ elf\./ elf.seed$seed./"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
done
exit $failed
