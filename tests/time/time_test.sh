#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the tests of time, on one core under a clock that counts instructions, and on two.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/harness/boots.sh
append="console=raw exit=0xf4"

boots time smp1 time 40 -M q35 -m 128M -cpu max,-erms,-fsrm -icount shift=0,sleep=off -seed 1
boots time smp2 cores 40 -M q35 -m 128M -cpu max,-erms,-fsrm -smp 2
exit $failed
