#!/bin/bash
# SPDX-License-Identifier: MIT
# Counted authority in a storm of processes, on 1, 2 and 4 cores: STORM=storms in `make soak`.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh

for cores in 1 2 4; do
    boots model smp$cores "${STORM:-storm}" "${STORM_SECONDS:-100}" -M q35 -m 256M -smp $cores \
        -nodefaults
done
exit $failed
