#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Modules that cannot be booted: the machine says which field it is, and ends. A bad boot
# header ends in the kernel's epitaph, a bad manifest in init's refusal.
#
#   tests/boot/modules_test.sh [PART]   of the changed ones only those with that in their names
set -u
suite=modules
only=${1:-}
. "$(dirname "$0")/../build/lib.sh"

cat >"$work/good.json" <<'JSON'
{
    "version": 1,
    "name": "test",
    "init": { "binary": "the-init",
              "capabilities": ["account", "pool", "console", "clock", "power", "log",
                               "bootPackage"] },
    "services": [
        { "name": "one", "binary": "caps", "provides": ["namespace"],
          "grants": [ { "name": "console", "source": "console", "methods": [] },
                      { "name": "other", "source": "launcher", "methods": ["RUN"] } ] },
        { "name": "two", "binary": "caps", "provides": ["launcher"],
          "grants": [ { "name": "pages", "source": "bootPackage", "methods": [] } ] }
    ],
    "binaries": [ { "name": "the-init", "file": "init.elf" },
                  { "name": "caps", "file": "caps.elf" } ],
    "files": []
}
JSON
"$build/tools/mkmanifest" --files "$build/boot" -o "$work/good" "$work/good.json" || exit 1

# boot [MODULE] [WORD]: with that word for the kernel; what it said is in $said, how it ended in $status; a hang is 124.
boot() {
    said=$(timeout 20 qemu-system-x86_64 -accel tcg -M microvm,acpi=on,isa-serial=on -cpu max \
        -m 32M -display none -no-reboot -nodefaults -serial stdio -kernel "$build/phoenix.elf" \
        -append "console=raw exit=0xf4 ${2:-}" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        ${1:+-initrd "$1"} 2>&1 </dev/null | tr -d '\0\r'
        exit "${PIPESTATUS[0]}")
    status=$?
}

# ends NAME STATUS LINE: as booted last, it said that line.
ends() {
    if [ $status != "$2" ]; then
        bad "$1" "ended with $status, not $2: $said"
    elif ! grep -qF -- "$3" <<<"$said"; then
        bad "$1" "\`$3\` was not said: $said"
    else
        ok "$1"
    fi
}

refused=251 # 125, as isa-debug-exit passes it on
# kernel NAME LINE CHANGE...: the good module so changed ends in an epitaph with that line.
kernel() {
    [[ kernel_refuses_$1 == *"$only"* ]] || return 0
    node tests/boot/damage.js "$work/good" "$work/bad" "${@:3}" || bad "$1"
    boot "$work/bad"
    ends "kernel_refuses_$1" $refused "Phoenix stopped: $2"
}
# init NAME LINE CHANGE...: the same, but init says it.
init() {
    [[ init_refuses_$1 == *"$only"* ]] || return 0
    node tests/boot/damage.js "$work/good" "$work/bad" "${@:3}" || bad "$1"
    boot "$work/bad"
    ends "init_refuses_$1" $refused "phoenix: manifest refused: $2"
}

# `two` provides the launcher and ends at once: that holds nothing up.
boot "$work/good"
ends the_good_one_runs_and_ends 1 'other        Launcher        create identify'

boot
ends kernel_refuses_no_module $refused 'Phoenix stopped: no boot module'
for place in fffffffffffff000+0000000000001000 0000000000100000+ffffffffffffffff rubbish; do
    boot '' module=$place
    ends "kernel_refuses_a_module_at_$place" $refused 'Phoenix stopped: no boot module'
done
: >"$work/bad"
boot "$work/bad"
ends kernel_refuses_an_empty_module $refused 'Phoenix stopped: no boot module'
# foreign NAME FILE: what is no module at all is called that.
foreign() {
    boot "$2"
    ends "kernel_refuses_$1" $refused \
        'Phoenix stopped: the boot module does not begin with a boot header; one made by mkmanifest does'
}
head -c 65536 <(yes 'not a manifest') >"$work/bad"
foreign a_text "$work/bad"
head -c 8192 /dev/zero >"$work/bad"
foreign zeroes "$work/bad"
foreign an_elf_file "$build/boot/init.elf"
tail -c +8193 "$work/good" >"$work/bad"
foreign a_bare_manifest "$work/bad"
head -c 4096 "$work/good" >"$work/bad"
foreign half_a_header "$work/bad"

# Segments of init: read, execute, write (0 to 2), stack and start block behind them.
header='boot header:'
size=$(stat -c %s "$work/good")
kernel half_a_module "$header bytes $(printf '0x%x' "$size"); the module has only 0xea60" cut 60000
kernel version_2 "$header version 2; this kernel reads 1" header version 2
kernel no_slots "$header slots 0; 1 to 16 are expected" header slots 0
kernel short_slots "$header slot_ns 99999; 100000 to 1000000000 are expected" header slot_ns 99999
kernel many_segments "$header segment_count 17, capability_count 10; at most 16 and 32 are expected" \
    header segment_count 17
kernel segment_between_pages "$header segments[1]: address 0x201008, offset" \
    header 'segments[1].address' 0x201008
kernel segment_on_another "$header segments[1]: address 0x200000, pages" \
    header 'segments[1].address' 0x200000
kernel segment_on_the_thread_page "$header segments[4]: address 0x3f0000, pages 16; at least one page from 0x3e0000 to 0x3ff000 is expected" \
    header 'segments[4].pages' 16
kernel segment_behind_the_module "$header segments[1]: offset 0xfffffffffffff000, bytes" \
    header 'segments[1].offset' 0xfffffffffffff000
kernel segment_with_too_many_bytes "$header segments[2]: offset" \
    header 'segments[2].bytes' 0x10000
kernel segment_to_write_and_execute "$header segments[1]: protection 7; 1 to read, 3 to write as well or 5 to execute is expected" \
    header 'segments[1].protection' 7
kernel entry_on_the_stack "$header entry 0x3df000; an address in a segment to execute is expected" \
    header entry 0x3df000
kernel unknown_capability "$header capabilities[4]: interface 6; one that the kernel grants is expected, once" \
    header 'capabilities[4].interface' 6
kernel capability_twice "$header capabilities[4]: interface 1; one that the kernel grants is expected, once" \
    header 'capabilities[4].interface' 1
kernel row_twice "$header capabilities[4]: slot 1; a free one of 1 to 15 is expected, or 16" \
    header 'capabilities[4].slot' 1

# When nobody is left, nobody could turn the machine off.
node tests/boot/damage.js "$work/good" "$work/bad" entry 0 0x0f 0x0b
boot "$work/bad"
ends init_that_crashes_is_the_end $refused \
    'Phoenix stopped: the last process ended (status 0, signal 4)'
sed 's/"power", //' "$work/good.json" >"$work/powerless.json"
"$build/tools/mkmanifest" --files "$build/boot" -o "$work/powerless" "$work/powerless.json"
node tests/boot/damage.js "$work/powerless" "$work/bad" text caps cups
boot "$work/bad"
ends init_that_cannot_turn_off_is_the_end $refused \
    'Phoenix stopped: the last process ended (status 125, signal 0)'

init no_message "bootPackage: its manifest is no Cap'n Proto message" bytes 8192 0xff 0xff 0xff 0xff
init version_2 'version: 2, where 1 was expected' version 2
init init_that_is_not_there 'init.binary: no binary is called `the-iris`' text the-init the-iris
init capability_it_was_not_given 'init.capabilities[3]: the kernel gave no `moon`' text clock moon
init capability_twice 'init.capabilities[5]: `log` is there twice' text clock log
init init_between_pages 'binaries[0].content: `the-init` is not at a page boundary' shift 0
init changed_bytes 'binaries[1].sha256: not that of the bytes of `caps`' binary 1 8192 1 2 3 4
init changed_bytes_of_its_own 'binaries[0].sha256: not that of the bytes of `the-init`' \
    binary 0 9 0x55
init unknown_binary 'services[0].binary: no binary is called `cups`' text caps cups
init unknown_provision 'services[0].provides[0]: no interface is called `nemespace`' \
    text namespace nemespace
init unknown_source 'services[0].grants[1].source: nothing is called `moon`' text launcher moon
init grant_it_has_not 'services[1].grants[0].source: init was not granted `entropy`' \
    text bootPackage entropy 2
init unknown_method 'services[0].grants[1].methods[0]: Launcher has no `FLY`' text RUN FLY
init service_twice 'services[1].name: `one` is there twice' text two one
init a_circle 'services[0].grants: `one` needs itself, by way of others' \
    text bootPackage namespace 2
[ $failures = 0 ]
