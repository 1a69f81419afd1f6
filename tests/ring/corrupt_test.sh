#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Rings that are overwritten by another core while the kernel works on them.
#
#   tests/ring/corrupt_test.sh [CORES...]   machines with so many; else 2
#   corrupt_soak.sh is this with ten million entries, on 2 and on 4 cores
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh

module=corrupt limit=100
if [[ $0 == *soak* ]]; then
    module=corrupt-soak limit=3000
    [ $# != 0 ] || set -- 2 4
fi
[ $# != 0 ] || set -- 2
for cores; do
    boots ring "smp$cores" $module $limit -M q35 -m 256M -smp "$cores"
done
exit $failed
