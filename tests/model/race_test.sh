#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two cores fight for one thing, and revoke what is in use, in a machine; `make soak` with a
# million rounds.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
said=$(timeout "${RACE_SECONDS:-120}" qemu-system-x86_64 -M microvm,acpi=on,isa-serial=on,rtc=on \
    -m 512M -smp 2 -accel tcg -cpu max -nodefaults -display none -no-reboot \
    -kernel "$B/phoenix.elf" -initrd "$B/${RACE:-race}.manifest" \
    -append "console=raw exit=0xf4 loglevel=0" -serial stdio \
    -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null 2>&1)
status=$?
echo "$said" | tr -d '\r'
if [ $status = 21 ]; then # 10 from the program, as isa-debug-exit passes it on
    echo "ok model.the_races_end_well"
else
    echo "FAIL model.the_races_end_well status $status"
    exit 1
fi
