#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots boot_probe.elf on every kind of machine that is supported, with much and little
# memory, with processors and devices missing, and lets it die in every way.
#
#   tests/arch/boot_test.sh [PART]   only machines with that in their tests' names
set -u -o pipefail
cd "$(dirname "$0")/../.."

kernel=${B:-build}/tests/boot_probe.elf
microvm=microvm,acpi=on,isa-serial=on,rtc=on
only=${1:-}
failed=0

# boot MACHINE CPU KERNEL-WORDS [QEMU-OPTION...]: what the next verdict is to be about.
boot() {
    planned=("$@")
}

# What it printed is in $said, how the emulator ended in $status.
start() {
    local machine=$1 cpu=$2 words=$3
    shift 3
    said=$(timeout 60 qemu-system-x86_64 -accel tcg -M "$machine" -cpu "$cpu" -m 64M \
        -kernel "$kernel" -append "$words" -display none -serial stdio -no-reboot \
        -device isa-debug-exit,iobase=0xf4 "$@" 2>&1 </dev/null | tr -d '\0\r')
    status=$?
    said=$(scripts/names.sh "$kernel" <<<"$said")
}

# verdict NAME STATUS PATTERN...: booted, it ends so, says each pattern, and not FAIL.
verdict() {
    [[ $1 == *"$only"* ]] || return 0
    start "${planned[@]}"
    judge "$@"
}

# judge NAME STATUS PATTERN...: it ended so, each pattern is in $said, FAIL is not.
judge() {
    local name=$1 expected=$2 pattern
    shift 2
    if [ $status != $expected ]; then
        echo "FAIL arch.$name ended with $status, not $expected"
        failed=1
        return
    fi
    for pattern; do
        if ! grep -aqE -e "$pattern" <<<"$said"; then
            echo "FAIL arch.$name '$pattern' was not said"
            echo "$said" | tail -n 30
            failed=1
            return
        fi
    done
    if grep -aE 'FAIL|WRONG|NO$' <<<"$said"; then
        echo "FAIL arch.$name"
        failed=1
        return
    fi
    echo "ok arch.$name"
}

for machine in $microvm q35 pc; do
    name=${machine%%,*}
    for cores in 1 2 4; do
        boot "$machine" max exit=0xf4 -smp $cores
        verdict "${name}_${cores}_cores" 7 '^END$' "cores: $cores$" 'timer: 2 ms took about that' \
            "online $cores, wakeups $((cores - 1)), flushes $((cores - 1))" 'acpi: yes' \
            'window: yes'
    done
    for memory in 8M 16M 4G; do
        boot "$machine" max exit=0xf4 -m $memory
        verdict "${name}_$memory" 7 '^END$' 'cores: 1$'
    done
    boot "$machine" max exit=0xf4 -m 1M
    verdict "${name}_1M_is_refused" 251 'Phoenix needs 6 MiB of usable memory; .* 639 KiB'
    boot "$machine" max '' -m 64M
    verdict "${name}_powers_off" 0 '^END$'
    boot "$machine" max 'probe=reboot' -m 64M
    verdict "${name}_restarts" 0 'page tables made'
done

boot q35,memory-backend=ram max exit=0xf4 -smp 4 -m 64G \
    -object memory-backend-ram,id=ram,size=64G,reserve=off
verdict q35_64G 7 '^END$' 'direct map to 1[0-9a-f]{9}$'
boot q35 max exit=0xf4 -smp 70
verdict no_more_than_64_cores 7 '^END$' 'cores: 64$' 'online 64, wakeups 63, flushes 63'
boot q35 Skylake-Client exit=0xf4
verdict intel 7 '^END$'
boot pc max exit=0xf4 -no-acpi -smp 2
verdict pc_without_acpi 7 '^END$' 'acpi: no' 'cores: 1$'
boot pc max,-hypervisor exit=0xf4 -no-acpi
verdict clock_from_pit 7 '^END$' 'took about that'
boot q35 max,-hypervisor exit=0xf4
verdict clock_from_pit_with_acpi 7 '^END$' 'took about that'
boot microvm,acpi=off,pit=off,pic=off,rtc=off max exit=0xf4
verdict microvm_with_nothing 7 '^END$'
boot q35 max,-smap,-smep,-umip exit=0xf4
verdict without_smap 7 '^END$'

# What a processor must have.
refused() {
    boot q35 "$1" 'console=raw exit=0xf4'
    verdict "refused_$2" 251 "Phoenix needs a processor with .*$3"
}
refused max,-nx nx 'NX'
refused max,-fsgsbase fsgsbase FSGSBASE
refused max,-xsave xsave XSAVE
refused max,-xsaveopt,-xgetbv1 xsaveopt XSAVEOPT
refused max,-lm long_mode 64-bit
refused qemu32 qemu32 XSAVE
boot q35 max,-nx 'console=framed exit=0xf4'
verdict refused_before_it_was_ready 251 '^Phoenix needs a processor with no-execute pages \(NX\)$'

# The ways to die: who did it is named, with the address.
boot q35 max 'exit=0xf4 probe=fault' -smp 2
verdict epitaph_of_a_fault 85 'EPITAPH page fault at 0x123450 on core 0' '^  kernel_main\+0x' \
    '^  boot_devices\+0x'
boot q35 max 'exit=0xf4 probe=overflow'
verdict guard_page_below_the_stack 85 'EPITAPH kernel stack overflow' '^  overflow\+0x'
boot q35 max 'exit=0xf4 probe=smap'
verdict smap_holds 85 'EPITAPH page fault at 0x500000'
boot q35 max 'exit=0xf4 probe=smep'
verdict smep_holds 85 'EPITAPH page fault at 0x400000' '^  kernel_main\+0x'
boot q35 max 'exit=0xf4 probe=text'
verdict text_is_not_writable 85 'EPITAPH page fault at 0xffff8000001'
boot q35 max 'exit=0xf4 probe=constant'
verdict constants_are_not_writable 85 'EPITAPH page fault at 0xffffffff8'
boot q35 max 'exit=0xf4 probe=direct'
verdict direct_map_is_not_executable 85 'EPITAPH page fault at 0xffff8000001'
boot q35 max 'exit=0xf4 probe=ram'
verdict memory_is_not_executable 85 'EPITAPH page fault at 0xffff800003'

# The emulator's time jumps while the processor sleeps.
boot $microvm max 'exit=0xf4 probe=long' -icount shift=0,sleep=off
verdict timer_beyond_its_counter 7 '^20 s took 2000[0-9] ms$'

boot q35 max 'exit=0xf4 probe=stop' -smp 3
verdict others_stop_with_interrupts_off 7 '^others ran and stopped$'

[ -z "$only" ] || exit $failed

# Input comes by interrupt, and all of it that is sent once the machine asks.
bytes() { for i in {1..20000}; do printf '%d,' $i; done; printf Z; }
sum=$(bytes | od -An -v -tu1 -w1 | awk '{ s = (s * 31 + $1) % 1000003 } END { print s }')
out=$(mktemp)
asked() { for _ in {1..200}; do grep -aq '^send' "$out" && return; sleep 0.05; done; }
(asked; bytes) | timeout 60 qemu-system-x86_64 -accel tcg -M q35 -cpu max -m 64M \
    -kernel "$kernel" -append 'exit=0xf4 probe=input' -display none -serial stdio \
    -device isa-debug-exit,iobase=0xf4 >"$out" 2>&1
status=$?
said=$(<"$out")
rm "$out"
judge serial_input 1 "input: $(bytes | wc -c) bytes, sum $sum$"

# One tick is one instruction: a call of nothing, its loop and the probe's own switch.
start $microvm max,-erms,-fsrm exit=0xf4 -icount shift=0,sleep=off
ticks=$(sed -n 's/^null syscall: \([0-9]*\) .*/\1/p' <<<"$said")
if [ "${ticks:-1000000}" -le 57000 ]; then
    echo ok arch.null_syscall_instructions
else
    echo "FAIL arch.null_syscall_instructions $ticks for 1000"
    failed=1
fi
exit $failed
