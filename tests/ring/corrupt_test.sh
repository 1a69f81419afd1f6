#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Rings that are overwritten by another core while the kernel works on them.
#
#   tests/ring/corrupt_test.sh [CORES...]   machines with so many; else 2
#   corrupt_soak.sh is this with ten million entries, on 2 and on 4 cores
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
name=corrupt limit=100
if [[ $0 == *soak* ]]; then
    name=corrupt-soak limit=3000
    [ $# != 0 ] || set -- 2 4
fi
[ $# != 0 ] || set -- 2

for cores; do
    out=$(timeout $limit qemu-system-x86_64 -M q35 -m 256M -smp $cores -accel tcg -cpu max \
        -display none -no-reboot -kernel "$B/phoenix.elf" -initrd "$B/$name.manifest" \
        -append "console=raw exit=0xf4 loglevel=0" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio </dev/null 2>&1)
    status=$?
    echo "$out" | tr -d '\r' | sed -n "s/^\(ok\|FAIL\) model\./\1 ring.smp$cores./p; /^# seed/p"
    if [ $status != 21 ]; then
        echo "FAIL ring.smp$cores.the_machine_ends_well status $status"
        echo "$out" | tail -n 30
        failed=1
    else
        echo "ok ring.smp$cores.the_machine_ends_well"
    fi
done
exit ${failed:-0}
