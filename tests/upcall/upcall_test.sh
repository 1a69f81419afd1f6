#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the upcall test on one core and on two, and passes on what it says.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
[ $# != 0 ] || set -- 1 2

for cores; do
    out=$(timeout 100 qemu-system-x86_64 -M q35 -m 128M -smp "$cores" -accel tcg -cpu max \
        -display none -no-reboot -kernel "$B/phoenix.elf" -initrd "$B/upcall.manifest" \
        -append "console=raw exit=0xf4 loglevel=0" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio </dev/null 2>&1)
    status=$?
    echo "$out" | tr -d '\r' | sed -n "s/^\(ok\|FAIL\) upcall\./\1 upcall.smp$cores./p"
    if [ $status != 21 ]; then
        echo "FAIL upcall.smp$cores.the_machine_ends_well status $status"
        echo "$out" | tail -n 20
        failed=1
    else
        echo "ok upcall.smp$cores.the_machine_ends_well"
    fi
done
exit ${failed:-0}
