#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every patch of this folder can still be applied, and a few of them show that tests
# notice; `make mutants` shows it of all.
set -u
cd "$(dirname "$0")/../.."

if wrong=$(node tests/mutants/patch.js --check . tests/mutants/*.patch 2>&1); then
    echo "ok mutants.every_patch_applies ($(ls tests/mutants/*.patch | wc -l) of them)"
    failed=0
else
    echo "FAIL mutants.every_patch_applies $(head -n 1 <<<"$wrong")"
    echo "$wrong"
    failed=1
fi
tests/mutants/mutants.sh --quick || failed=1
exit $failed
