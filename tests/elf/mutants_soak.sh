#!/bin/bash
# SPDX-License-Identifier: MIT
#
# More damaged programs than in `make test`, with other seeds; and large ones, of glibc.
set -u
cd "$(dirname "$0")" || exit 1

build=${B:-build}
failed=0

# mutants NAME COUNT SEED [FOLDER]
mutants() {
    ./mutants_test.sh "${@:2}" | sed "s/ elf\./ elf.$1./"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
}

for seed in 1000000 2000000 3000000 4000000; do
    mutants seed$seed 20000 $seed
done
mutants glibc 5000 5000000 "$build/elf-glibc"
exit $failed
