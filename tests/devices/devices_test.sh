#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots the drivers of this folder in machines with an IOMMU and without, and passes on what
# they say; then manifests that grant what is nobody's, which must be refused.
#
#   tests/devices/devices_test.sh [ROUNDS SEED]   with more pages taken from transfers, only that
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}

# boot MANIFEST CORES QEMU-OPTION...
boot() {
    local module=$1 cores=$2

    shift 2
    timeout "${limit:-100}" qemu-system-x86_64 -M q35 -m 128M -smp "$cores" -accel tcg -cpu max \
        -display none -no-reboot -kernel "$B/phoenix.elf" -initrd "$module" \
        -append "console=raw exit=0xf4" -device isa-debug-exit,iobase=0xf4,iosize=4 "$@" \
        -device edu,addr=5 -device edu,addr=6 -serial stdio </dev/null 2>&1 | tr -d '\r'
    return "${PIPESTATUS[0]}"
}

say() { # NAME, whether, OUTPUT: a line, and what was said if it is a failure
    if [ "$2" = 0 ]; then
        echo "ok devices.$1"
    else
        echo "FAIL devices.$1"
        echo "$3"
        failed=1
    fi
}

# good NAME LEAST CORES QEMU-OPTION...: the programs' own lines, at least so many
good() {
    local name=$1 least=$2 out status

    shift 2
    out=$(boot "${module:-$B/devices.manifest}" "$@")
    status=$?
    last=$out
    echo "$out" | sed -n "s/^\(ok\|FAIL\) devices\./\1 devices.$name./p; s/^  [0-9a]/&/p"
    # 10 from the program, as isa-debug-exit passes it on.
    [ $status = 21 ] && [ "$(grep -c '^ok ' <<<"$out")" -ge "$least" ]
    say "$name.the_machine_ends_well" $? "status $status
$out"
}

# shown LINE...: what a program was handed, as it is told
shown() {
    local line

    for line; do
        grep -qF -- "$line" <<<"$last" || return 1
    done
}

# refused NAME GRANT FIRST COUNT WHY: at the machine, by init
refused() {
    local out

    node -e '
        const system = JSON.parse(require("fs").readFileSync(process.argv[1]));
        const service = system.services.find((s) => s.name === "devices");
        const grant = service.grants.find((g) => g.name === process.argv[2]);
        grant.first = Number(process.argv[3]);
        grant.count = Number(process.argv[4]);
        console.log(JSON.stringify(system));' "$B/devices.json" "$2" "$3" "$4" \
        >"$work/devices.json" &&
        "$B/tools/mkmanifest" --files "$B/boot" -o "$work/manifest" "$work/devices.json"
    out=$(boot "$work/manifest" 1 2>&1)
    grep -q "services\[0\]\.grants\[[0-9]*\]\.first: $5: the capability does not allow" <<<"$out"
    say "manifest.$1_are_not_granted" $? "$out"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unit="intel-iommu,intremap=off,aw-bits=48"
if [ $# = 2 ]; then
    node -e '
        const system = JSON.parse(require("fs").readFileSync(process.argv[1]));
        const service = system.services.find((s) => s.name === "devices");
        service.arguments = ["rounds", ...process.argv.slice(2)];
        console.log(JSON.stringify(system));' "$B/devices.json" "$1" "$2" >"$work/devices.json" &&
        "$B/tools/mkmanifest" --files "$B/boot" -o "$work/manifest" "$work/devices.json"
    limit=$((100 + $1 / 4))
    module=$work/manifest
    good smp2 50 2 -device $unit
    exit "${failed:-0}"
fi
good smp1 50 1 -device $unit
good smp2 50 2 -device $unit
good no_unit 2 1
shown 'rtcPorts     IoPort          0x70-0x71 in out range' \
    'rtcLine      Irq             8 bind ack info range' \
    'config       DeviceMemory    0xb0028000-0xb0028fff info mapRead mapWrite' \
    'function     PciFunction     00:05.0 attach range' \
    'function2    PciFunction     00:06.0 attachUnconfined identify'
say caps_shows_what_of_the_machine_it_is $? "$last"
# What VT-d cannot do here is no unit: three levels of tables only.
good small_unit 2 1 -device intel-iommu,intremap=off,aw-bits=39
refused ports_of_the_console rtcPorts 0x3f8 1 'ioPort 0x3f8 and 0 more'
refused ports_of_the_interrupt_controller rtcPorts 0x1c 8 'ioPort 0x1c and 7 more'
refused lines_that_are_not_there rtcLine 24 1 'irq 0x18 and 0 more'
refused pages_of_memory registers 0x1000 1 'deviceMemory 0x1000 and 0 more'
refused registers_of_the_interrupt_controller registers 0xfec00 1 'deviceMemory 0xfec00 and 0 more'
refused functions_that_are_not_there function 65536 1 'pciFunction 0x10000 and 0 more'
exit "${failed:-0}"
