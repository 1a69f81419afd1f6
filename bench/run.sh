#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Measures: one line a figure, tab-separated: name, value, unit, and where bench/peers.tsv
# has one, the peer's value and the ratio of ours to it. docs/PERFORMANCE.md says what
# each name means, and what is to be reached.
#
# Instructions are counted by machines that run under -icount, and repeat exactly. Times
# are medians of BENCH_RUNS (5) runs of machines that do not, from the start of the
# emulator's process to its end.
#
# Tests  tests/bench/bench_test.sh
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
export PHOENIX_BUILD=$B
runs=${BENCH_RUNS:-5}
mem_most=64
status=0
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

count=(-icount 'shift=0,sleep=off' -seed 1 -rtc 'base=2026-01-01T00:00:00,clock=vm')
count_cpu=max,-erms,-fsrm
microvm=microvm,acpi=on,isa-serial=on,rtc=on

complain() {
    echo "bench: $*" >&2
    status=1
}

# figure NAME VALUE UNIT
figure() {
    awk -F '\t' -v OFS='\t' -v name="$1" -v value="$2" -v unit="$3" '
        $1 == name { peer = $2 }
        END {
            if (peer) print name, value, unit, peer, sprintf("%.3f", value / peer)
            else print name, value, unit
        }' bench/peers.tsv
}

# What a machine printed as `name TAB value TAB unit`, as figures.
figures() {
    local name value unit
    tr -d '\r' | while IFS=$'\t' read -r name value unit; do
        [ -n "$unit" ] && figure "$name" "$value" "$unit"
    done
}

# machine MODULE FLAG...: what it prints.
machine() {
    local module=$1
    shift
    timeout 60 qemu-system-x86_64 -accel tcg -nodefaults -display none -no-reboot \
        -kernel "$B/phoenix.elf" -initrd "$B/$module.manifest" \
        -append 'console=raw exit=0xf4' -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -serial stdio "$@" 2>&1
}

# counted MODULE MACHINE: the machine under which instructions are counted.
counted() { machine "$1" -M "$2" -m 512M -cpu "$count_cpu" "${count[@]}" </dev/null; }

# Milliseconds that a command takes, the median of all runs.
median_ms() {
    local i from
    for ((i = 0; i < runs; i++)); do
        from=${EPOCHREALTIME/./}
        "$@" >"$work/said" 2>&1
        echo $(((${EPOCHREALTIME/./} - from + 500) / 1000))
    done | sort -n | sed -n "$(((runs + 1) / 2))p"
}

first() { machine first -M "$1" -m 512M -cpu max </dev/null; }

# The shell, which is told to end with 7 as soon as it listens. The newlines are for the
# serial line's FIFO, which is emptied when the kernel sets it up.
shell() {
    printf '\r%.0s' {1..40}
    printf 'exit 7\r'
}
boots_shell() {
    machine system -M q35 -m "$1M" -cpu max < <(shell) >"$work/said"
    [ $? = 15 ] # 7, as isa-debug-exit passes it on
}

# The least memory that works, by halving: below `works` nothing is known to.
least_memory() {
    local works=$mem_most fails=1 middle
    boots_shell "$works" || return 1
    while [ $((works - fails)) -gt 1 ]; do
        middle=$(((works + fails) / 2))
        if boots_shell "$middle"; then works=$middle; else fails=$middle; fi
    done
    echo "$works"
}

# What of the kernel's file is loaded: without names and debugging information.
kernel_bytes() {
    local size total=0
    for size in $(readelf -lW "$B/phoenix.elf" | awk '$1 == "LOAD" { print $5 }'); do
        total=$((total + size))
    done
    echo $total
}

counted bench q35 >"$work/bench" || [ $? = 1 ] || complain "$(tail -n 3 "$work/bench")"
figures <"$work/bench"

if PHOENIX_QEMU=bench/icount-qemu.sh ./phoenix run --machine microvm --mem 512M \
    --accel tcg --scratch 16M "$PWD/$B/bench/linux" >"$work/linux" 2>&1; then
    figures <"$work/linux"
else
    complain "$(cat "$work/linux")"
fi

counted first q35 >"$work/first"
figures <"$work/first"
counted first "$microvm" | sed 's/^boot_insn/microvm_&/' >"$work/first"
figures <"$work/first"
figure boot_ms "$(median_ms first q35)" ms
figure microvm_boot_ms "$(median_ms first "$microvm")" ms
figure shell_ms "$(median_ms boots_shell 512)" ms
figure run_ms "$(median_ms ./phoenix run --accel tcg "$PWD/$B/bench/nothing")" ms
if memory=$(least_memory); then
    figure min_mem_mib "$memory" MiB
else
    complain "the shell does not start: $(tail -n 3 "$work/said")"
fi
figure kernel_bytes "$(kernel_bytes)" bytes
exit $status
