#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What operations cost with few and with many processes and holds; `make soak` with 5,000 and
# a million.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh

boots model flat "${FLAT:-flat}" "${FLAT_SECONDS:-120}" -M microvm,acpi=on,isa-serial=on,rtc=on \
    -m 512M -icount shift=0,sleep=off -cpu max,-erms,-fsrm -nodefaults
exit $failed
