#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two cores fight for one thing, and revoke what is in use, in a machine; `make soak` with a
# million rounds.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh

boots model race "${RACE:-race}" "${RACE_SECONDS:-120}" -M microvm,acpi=on,isa-serial=on,rtc=on \
    -m 512M -smp 2 -nodefaults
exit $failed
