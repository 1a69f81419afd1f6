#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What operations cost with few and with many processes and holds; `make soak` with 5,000 and
# a million.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
said=$(timeout "${FLAT_SECONDS:-120}" qemu-system-x86_64 -M microvm,acpi=on,isa-serial=on,rtc=on \
    -m 512M -icount shift=0,sleep=off -accel tcg -cpu max,-erms,-fsrm -nodefaults -display none -no-reboot \
    -kernel "$B/phoenix.elf" -initrd "$B/${FLAT:-flat}.manifest" \
    -append "console=raw exit=0xf4 loglevel=0" -serial stdio \
    -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null 2>&1)
status=$?
echo "$said" | tr -d '\r'
if [ $status = 21 ]; then # 10 from the program, as isa-debug-exit passes it on
    echo "ok model.the_figures_end_well"
else
    echo "FAIL model.the_figures_end_well status $status"
    exit 1
fi
