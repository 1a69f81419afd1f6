#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the upcall test on one core and on two, and passes on what it says.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh

[ $# != 0 ] || set -- 1 2
for cores; do
    boots upcall "smp$cores" upcall 100 -M q35 -m 128M -smp "$cores"
done
exit $failed
