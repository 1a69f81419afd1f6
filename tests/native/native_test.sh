#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the native tests in a machine and passes on what they say.
#
#   tests/native/native_test.sh [CORES...]   machines with so many; else 1, 2 and 4
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
[ $# != 0 ] || set -- 1 2 4

for cores; do
    out=$(timeout 100 qemu-system-x86_64 -M q35 -m 128M -smp $cores -accel tcg -cpu max \
        -display none -no-reboot -kernel "$B/phoenix.elf" -initrd "$B/native.manifest" \
        -append "console=raw exit=0xf4" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio </dev/null 2>&1)
    status=$?
    echo "$out" | tr -d '\r' | sed -n "s/^\(ok\|FAIL\) native\./\1 native.smp$cores./p"
    # 10 from the program, as isa-debug-exit passes it on.
    if [ $status != 21 ]; then
        echo "FAIL native.smp$cores.the_machine_ends_well status $status"
        echo "$out"
        failed=1
    else
        echo "ok native.smp$cores.the_machine_ends_well"
    fi
done
exit ${failed:-0}
