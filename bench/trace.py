#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Where the instructions of one operation go, function by function, or, with --lines, source
line by source line.

    bench/trace.py [--lines] PART LOOP [ENTRIES]

Boots build/bench.manifest in an emulator that names every instruction it executes, waits
until the benchmark program enters the function PART, lets LOOP be entered some times more,
and then counts what is executed from one entry of LOOP to the next, or to the one that is
ENTRIES further where an operation has several. The names that docs/PERFORMANCE.md uses:

    null_op             bench/trace.py null_op syscall_entry
    call_reply          bench/trace.py calls_in_registers syscall_entry 2
    call_reply_64, _4k  bench/trace.py calls_with_bytes phx_send_message 2
    fault_upcall        bench/trace.py faults bench_fault
    ring_1              bench/trace.py rings syscall_entry

Below the counts are the instructions that cost more than one in truth, as far as the
instruction alone tells; an access to a device's memory looks like any other.
"""
import bisect
import os
import re
import subprocess
import sys
import tempfile

SKIP = 60 # entries of LOOP: caches of the program and of the kernel are warm then
MOST = 100000 # instructions of one operation
SECONDS = 120
BUILD = os.environ.get("B", "build")
DEAR = [("CR3 load", 200, r"mov\s+%r\w+,%cr3"), ("iretq", 80, r"iretq"),
        ("xsave, xrstor", 100, r"xsave|xrstor"), ("locked", 20, r"lock |xchg\s+%\w+,.*\("),
        ("port", 300, r"^(in|out)\s"), ("MSR", 300, r"rdmsr|wrmsr"),
        ("swapgs, sysret", 1, r"swapgs|sysret"), ("page invalidated", 1, r"invlpg")]


class Image:
    """Functions and instructions of an ELF file."""

    def __init__(self, path):
        names = {}
        for line in subprocess.check_output(["nm", "-n", path], text=True).splitlines():
            address, kind, name = line.split()
            if kind in "tT" or int(address, 16) not in names:
                names[int(address, 16)] = name
        self.starts = sorted(names)
        self.names = names
        self.path = path

    def address(self, name):
        return next((a for a, n in self.names.items() if n == name), None)

    def function(self, pc):
        i = bisect.bisect_right(self.starts, pc) - 1
        return self.names[self.starts[i]] if i >= 0 else "?"

    def lines(self, addresses):
        """The source line of each address, inlined functions' own."""
        addresses = sorted(addresses)
        said = subprocess.run(["addr2line", "-e", self.path], text=True, check=True,
                              capture_output=True,
                              input="".join(f"{a:x}\n" for a in addresses)).stdout
        return dict(zip(addresses, (re.sub(r" \(discr.*", "", line).removeprefix("./")
                                    for line in said.splitlines())))

    def instructions(self):
        text = subprocess.check_output(["objdump", "-d", "--no-show-raw-insn", self.path],
                                       text=True)
        return {int(a, 16): what.strip()
                for a, what in re.findall(r"^ *([0-9a-f]+):\t(.*)$", text, re.M)}


def operation(lines, part, loop, entries):
    """The addresses of one operation."""
    armed, left, record = False, SKIP, []
    for line in lines:
        at = line.find(b"/")
        if at < 0 or not line.startswith(b"Trace"):
            continue
        pc = int(line[at + 1:at + 17], 16)
        armed = armed or pc == part
        if armed and pc == loop:
            if record:
                entries -= 1
            if entries == 0:
                return record
            left = max(left - 1, 0)
        if armed and left == 0:
            record.append(pc)
            if len(record) > MOST:
                sys.exit("trace: the operation does not come to an end")
    sys.exit("trace: the machine ended before")


def run(part, loop, entries):
    with tempfile.TemporaryDirectory() as folder:
        pipe = os.path.join(folder, "log")
        os.mkfifo(pipe)
        machine = subprocess.Popen(
            ["timeout", str(SECONDS), "qemu-system-x86_64", "-accel", "tcg", "-icount",
             "shift=0,sleep=off", "-cpu", "max,-erms,-fsrm", "-M",
             "microvm,acpi=on,isa-serial=on,rtc=on", "-m", "512M", "-nodefaults", "-display",
             "none", "-singlestep", "-d", "exec,nochain", "-D", pipe,
             "-kernel", BUILD + "/phoenix.elf", "-initrd", BUILD + "/bench.manifest", "-append",
             "console=raw", "-serial", "null"], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            with open(pipe, "rb", buffering=1 << 20) as log:
                return operation(log, part, loop, entries)
        finally:
            machine.terminate() # which `timeout` passes on
            machine.wait()


def print_lines(trace, images):
    """In the order in which they were first reached, with what is written there."""
    counts, sources = {}, {}
    for image, addresses in images:
        lines = image.lines(set(addresses))
        for address in addresses:
            counts[lines[address]] = counts.get(lines[address], 0) + 1
        sources.update(lines)
    for line in dict.fromkeys(sources[pc] for pc in trace):
        path, _, number = line.rpartition(":")
        text = ""
        if os.path.exists(path) and number.isdigit() and int(number):
            with open(path, encoding="utf-8") as source:
                text = source.readlines()[int(number) - 1].strip()
        print(f"{counts[line]:6} {path.split('/')[-1]}:{number:4} {text}")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--lines"]
    if len(arguments) not in (2, 3):
        sys.exit("usage: bench/trace.py [--lines] PART LOOP [ENTRIES]")
    kernel, program = Image(BUILD + "/phoenix.elf"), Image(BUILD + "/user/bench.elf")
    part = program.address(arguments[0])
    loop = program.address(arguments[1]) or kernel.address(arguments[1])
    if part is None or loop is None:
        sys.exit("trace: there is no such function")
    counts, text, dear = {}, {}, {}
    for image in (kernel, program):
        text.update(image.instructions())
    trace = run(part, loop, int(arguments[2]) if len(arguments) == 3 else 1)
    for pc in trace:
        where = "kernel " + kernel.function(pc) if pc >> 63 else "user   " + program.function(pc)
        counts[where] = counts.get(where, 0) + 1
        for name, _, pattern in DEAR:
            if re.search(pattern, text.get(pc, "")):
                dear[name] = dear.get(name, 0) + 1
    if "--lines" in sys.argv:
        print_lines(trace, ((kernel, [pc for pc in trace if pc >> 63]),
                            (program, [pc for pc in trace if not pc >> 63])))
    for where, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"{count:6} {where}")
    print(f"{len(trace):6} in all")
    for name, weight, _ in DEAR:
        if name in dear:
            print(f"{dear[name]:6} {name}" + (f" ({weight} each)" if weight > 1 else ""))


main()
