#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the tests of time, on one core under a clock that counts instructions, and on two.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}

# boots NAME MODULE FLAG...
boots() {
    local out status name=$1 module=$2
    shift 2
    out=$(timeout 40 qemu-system-x86_64 -M q35 -m 128M -accel tcg -cpu max,-erms,-fsrm \
        -display none -no-reboot -kernel "$B/phoenix.elf" -initrd "$B/$module.manifest" \
        -append "console=raw exit=0xf4" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio "$@" </dev/null 2>&1)
    status=$?
    echo "$out" | tr -d '\r' | sed -n "s/^\(ok\|FAIL\) time\./\1 time.$name./p; /^#/p"
    # 10 from the program, as isa-debug-exit passes it on.
    if [ $status = 21 ]; then
        echo "ok time.$name.the_machine_ends_well"
    else
        echo "FAIL time.$name.the_machine_ends_well status $status"
        echo "$out"
        failed=1
    fi
}

boots smp1 time -icount shift=0,sleep=off -seed 1
boots smp2 cores -smp 2
exit ${failed:-0}
