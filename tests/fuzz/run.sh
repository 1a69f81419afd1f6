#!/bin/bash
# SPDX-License-Identifier: MIT
#
# One machine of random programs, the same each time (nearly always: docs/TESTING.md).
#
#   tests/fuzz/run.sh KERNEL SEED INSTRUCTIONS [FROM-TO...]
#
# KERNEL is an image that build.mk makes; INSTRUCTIONS is where it ends (0: when all
# operations are done); what follows are the numbers of the operations that are done, all if
# there are none. Printed is what the machine says; the status is 0 when it came to its end
# and everything came back.
#
#   PHX_CORES=N      cores, 1 if not said; with more, the machine is a larger one, with an IOMMU,
#                    and no two runs are quite alike
#   PHX_LOGLEVEL=N   what the kernel logs, 0 to 2
#   PHX_FUZZ_SECONDS=N  when a machine that does not end is ended, 250 if not said
#   PHX_PLANT=NAME   a wrong for an image that has some (plant.c)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 2
B=${B:-build}
kernel=$1 seed=$2 instructions=$3
shift 3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

cat >"$work/fuzz.json" <<JSON
{ "version": 1, "name": "fuzz",
  "init": { "binary": "fuzz", "capabilities":
      ["account", "pool", "console", "clock", "entropy", "power", "log", "bootPackage",
       "irq", "ioPort", "deviceMemory", "pciFunction", "slots", "schedule"] },
  "time": { "slots": 4, "length": 1000000 },
  "services": [],
  "binaries": [ { "name": "fuzz", "file": "fuzz.elf" } ],
  "files": [ { "path": "/plan", "mode": 292,
      "text": "seed $seed\ninstructions $instructions\ndo ${*:-0-4000000000}\n" } ] }
JSON
"$B/tools/mkmanifest" --files "$B/boot" -o "$work/manifest" "$work/fuzz.json" || exit 2
# What of the host a machine could see is fixed: its clock, its random numbers, and how
# fast what it says is taken. Words come first that are nearly those that are known.
words="console loglevel=9 exit=0xf4x console=framed loglevel=${PHX_LOGLEVEL:-0} exit=0xf4"
words+=${PHX_PLANT:+" plant=$PHX_PLANT"}
machine=(-M "microvm,acpi=on,isa-serial=on,rtc=on")
[ "${PHX_CORES:-1}" = 1 ] || machine=(-M q35 -device "intel-iommu,intremap=off,aw-bits=48")
timeout "${PHX_FUZZ_SECONDS:-250}" qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off \
    "${machine[@]}" -m 16M -smp ${PHX_CORES:-1} -cpu max -seed 1 \
    -rtc base=2026-01-01,clock=vm -display none -no-reboot -nodefaults -serial "file:$work/said" \
    -kernel "$kernel" -initrd "$work/manifest" \
    -append "$words" \
    -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null
scripts/names.sh "$kernel" <"$work/said"
# The boss ends last, with a status that says what it found.
grep -aqF 'Phoenix stopped: the last process ended (status 10, signal 0)' "$work/said"
