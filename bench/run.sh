#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Measures: one line a figure, tab-separated: name, value, unit, and where bench/peers.tsv
# has one, the peer's value and the ratio of ours to it. docs/PERFORMANCE.md says what
# each name means, and what is to be reached.
#
#   bench/run.sh                everything
#   bench/run.sh instructions   no times and no sizes
#
# Instructions are counted by machines that run under -icount, and repeat exactly. Each of
# these machines runs twice, the second time with a plugin of the emulator (weigh.c) that
# makes what is dear count as more: behind a figure NAME stands NAME.w. (With BENCH_CLOCK=count
# it is the plugin's own count, without weights, which is to be the same.)
#
# lock_hold_max is counted by another plugin on two cores (hold.py says where the rest of it is),
# and has no weight.
#
# Times are medians of BENCH_RUNS (5) runs of machines without all that, from the start of
# the emulator's process to its end.
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

what=${1:-everything}
case $# in
0 | 1) ;;
*) what= ;;
esac
case $what in
everything | instructions) ;;
*)
    echo "usage: bench/run.sh [instructions]" >&2
    exit 2
    ;;
esac

# The machine's memory is a file, which the plugin sees as well.
export BENCH_WEIGH=$B/bench/weigh.so,ram=$work/ram,clock=${BENCH_CLOCK:-weights}
weigh=(-object "memory-backend-file,id=ram,share=on,size=512M,mem-path=$work/ram"
    -machine memory-backend=ram -plugin "$BENCH_WEIGH")

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

# What a machine printed as `name TAB value TAB unit`, as figures; the names begin with
# PREFIX. What the same machine printed with weights is in $work/weighed.
figures() {
    local name value unit weighed
    tr -d '\r' <"$work/raw" | while IFS=$'\t' read -r name value unit; do
        [ -n "$unit" ] || continue
        figure "$1$name" "$value" "$unit"
        [ "$unit" = instructions ] || continue
        weighed=$(tr -d '\r' <"$work/weighed" | sed -n "s/^$name\t\([0-9]*\)\t.*/\1/p")
        figure "$1$name.w" "${weighed:-none}" "$unit"
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

# counted MODULE MACHINE FLAG...: the machine under which instructions are counted.
counted() { machine "$1" -M "$2" -m 512M -cpu "$count_cpu" "${count[@]}" "${@:3}" </dev/null; }

# instructions MODULE MACHINE [PREFIX]: its figures, raw and weighted.
instructions() {
    counted "$1" "$2" >"$work/raw" || [ $? = 1 ] || complain "$(tail -n 3 "$work/raw")"
    counted "$1" "$2" "${weigh[@]}" >"$work/weighed" || [ $? = 1 ] ||
        complain "$(tail -n 3 "$work/weighed")"
    figures "${3:-}"
}

# What a Linux program costs; $1: the emulator that is run.
linux() {
    PHOENIX_QEMU=$1 ./phoenix run --machine microvm --mem 512M --accel tcg --scratch 16M \
        "$PWD/$B/bench/linux" 2>&1
}

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

instructions bench q35
if linux bench/icount-qemu.sh >"$work/raw" && linux bench/weigh-qemu.sh >"$work/weighed"; then
    figures ""
else
    complain "$(cat "$work/raw" "$work/weighed")"
fi
instructions first q35
instructions first "$microvm" microvm_
[ "$what" = everything ] || exit $status

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
machine pair -M q35 -m 512M -cpu max -smp 2 </dev/null >"$work/raw" || [ $? = 1 ] ||
    complain "$(tail -n 3 "$work/raw")"
figures ""
if bench/hold.py >"$work/said" 2>&1; then
    figure lock_hold_max "$(sed -n 's/^lock_hold_max\t\([0-9]*\)\t.*/\1/p' "$work/said")" instructions
else
    complain "$(tail -n 3 "$work/said")"
fi
exit $status
