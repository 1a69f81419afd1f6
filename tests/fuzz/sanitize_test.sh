#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The kernel with address sanitizer and trapping UBSan finds each kind of wrong that is
# planted in it and names the function, and stands random programs.
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
failures=0

# planted NAME PATTERN: with that at boot it stops and says so, with the function.
planted() {
    local said status
    said=$(timeout 60 qemu-system-x86_64 -M microvm,acpi=on,isa-serial=on -m 64M -accel tcg \
        -cpu max -display none -no-reboot -nodefaults -kernel "$B/fuzz/asan/planted.elf" \
        -append "console=raw exit=0xf4 plant=$1" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio </dev/null 2>&1 | tr -d '\r'; exit "${PIPESTATUS[0]}")
    status=$?
    said=$(scripts/names.sh "$B/fuzz/asan/planted.elf" <<<"$said")
    if [ $status = 251 ] && grep -qE "^Phoenix stopped: $2" <<<"$said" &&
        { [ "$1" = none ] || grep -q "^  plant_$1+0x" <<<"$said"; }; then
        echo "ok sanitize.planted_$1"
    else
        echo "FAIL sanitize.planted_$1 status $status: $(grep -m 1 stopped <<<"$said")"
        failures=1
    fi
}

address='address sanitizer: (read|write) of [0-9]+ bytes at 0x[0-9a-f]+:'
planted none 'no boot module'
planted global "$address outside of a global"
planted stack "$address outside of a variable on the stack"
planted object "$address a kernel object that was freed"
planted twice "$address an object that is freed a second time"
planted gap "$address outside of a kernel object"
planted page "$address a page that was freed"
planted copy "$address outside of a global"
planted user "$address no address of the kernel"
planted shift 'undefined behaviour: shift out of bounds'
planted add 'undefined behaviour: addition overflows'
planted index 'undefined behaviour: index out of bounds'

# Random programs find nothing, on one core and on two.
for cores in 1 2; do
    if said=$(PHX_CORES=$cores tests/fuzz/run.sh "$B/fuzz/asan/fuzz.elf" 1 500000000 |
        tr -d '\0\r'); then
        echo "ok sanitize.random_programs_find_nothing.cores$cores"
    else
        echo "FAIL sanitize.random_programs_find_nothing.cores$cores" \
            "$(grep -aE -A 8 'stopped|not everything' <<<"$said" | tr '\n' ' ')"
        failures=1
    fi
done

exit $failures
