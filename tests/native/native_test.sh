#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the native tests in a machine and passes on what they say.
#
#   tests/native/native_test.sh [CORES...]   machines with so many; else 1, 2 and 4
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh
append="console=raw exit=0xf4"

[ $# != 0 ] || set -- 1 2 4
for cores; do
    boots native "smp$cores" native 100 -M q35 -m 128M -smp "$cores"
done
exit $failed
