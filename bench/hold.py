#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
How long the kernel keeps its lock, in instructions, over everything that takes long.

    bench/hold.py [--functions]

Boots build/hard.manifest (tests/model/hard.c) on two cores under a plugin of the emulator
that counts from where the lock is taken to where it is given (bench/hold.c). Prints what the
program says, but for its names of phases, a line for each phase, with --functions also where
the longest of it was spent, and at the end lock_hold_max as a figure.

Instructions that wait for another core, in loops around PAUSE, are counted apart: `waited`.
"""
import bisect
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ.get("B", "build")
SECONDS = int(os.environ.get("HOLD_SECONDS", "200"))


def symbols(path):
    names = []
    for line in subprocess.check_output(["nm", "-n", path], text=True).splitlines():
        address, kind, name = line.split()
        if kind in "tT":
            names.append((int(address, 16), name))
        if name == "kernel" and kind in "bBdD":
            lock = address
    return names, lock


def machine(lock, out):
    """What the program said, and how the machine ended."""
    kernel = BUILD + "/phoenix.elf"
    return subprocess.run(
        ["timeout", str(SECONDS), "qemu-system-x86_64", "-accel", "tcg", "-smp", "2", "-M",
         "microvm,acpi=on,isa-serial=on,rtc=on", "-m", "512M", "-cpu", "max,-erms,-fsrm",
         "-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel, "-initrd",
         BUILD + "/hard.manifest", "-append", "console=raw exit=0xf4 loglevel=0", "-serial",
         "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-plugin",
         f"{BUILD}/bench/hold.so,lock={lock},out={out}"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def phases(path):
    found = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == "phase":
                found.append((int(words[1]), int(words[2]), int(words[3]), []))
            else:
                found[-1][3].append((int(words[0], 16), int(words[1])))
    return found


def functions(blocks, names):
    starts = [address for address, _ in names]
    counts = {}
    for address, size in blocks:
        name = names[bisect.bisect_right(starts, address) - 1][1]
        counts[name] = counts.get(name, 0) + size
    return sorted(counts.items(), key=lambda item: -item[1])[:8]


def main():
    names, lock = symbols(BUILD + "/phoenix.elf")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "holds")
        ended = machine(lock, out)
        said = ended.stdout.decode(errors="replace").replace("\r", "")
        titles = dict(re.findall(r"^phase (\d+) (.*)$", said, re.M))
        print(re.sub(r"^phase .*\n", "", said, flags=re.M).strip("\n"))
        if ended.returncode != 21: # 10 from the program, as isa-debug-exit passes it on
            sys.exit(f"hold: the machine ended with {ended.returncode}, in phase "
                     f"{list(titles.values())[-1] if titles else 'none'}")
        most = 0
        for number, held, waited, blocks in phases(out):
            title = titles.get(str(number), "boot")
            print(f"# {held:7} held, {waited:5} waited: {title}")
            if title != "boot":
                most = max(most, held)
            if "--functions" in sys.argv:
                for name, count in functions(blocks, names):
                    print(f"# {count:15} {name}")
        print(f"lock_hold_max\t{most}\tinstructions")


main()
