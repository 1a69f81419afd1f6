#!/bin/bash
# SPDX-License-Identifier: MIT
# Counted authority in a storm of processes, on 1, 2 and 4 cores: STORM=storms in `make soak`.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
failed=0
for cores in 1 2 4; do
    said=$(timeout "${STORM_SECONDS:-100}" qemu-system-x86_64 -M q35 -m 256M -smp $cores -accel tcg \
        -cpu max -nodefaults -display none -no-reboot -kernel "$B/phoenix.elf" \
        -initrd "$B/${STORM:-storm}.manifest" -append "console=raw exit=0xf4 loglevel=0" \
        -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null 2>&1)
    status=$?
    echo "$said" | tr -d '\r' | sed "s/^\(ok\|FAIL\) model\./\1 model.smp$cores./"
    [ $status = 21 ] || { # 10 from the program, as isa-debug-exit passes it on
        echo "FAIL model.smp$cores.the_storm_ends_well status $status"
        failed=1
    }
done
exit $failed
