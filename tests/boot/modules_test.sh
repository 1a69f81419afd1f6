#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Modules that cannot be booted: the machine says which field it is, and ends. What
# the kernel looks at itself ends in its epitaph, the rest in init's refusal.
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
head -c 65536 <(yes 'not a manifest') >"$work/bad"
boot "$work/bad"
ends kernel_refuses_a_text $refused "Phoenix stopped: boot module: not a Cap'n Proto message"
head -c 8192 /dev/zero >"$work/bad"
boot "$work/bad"
ends kernel_refuses_zeroes $refused 'Phoenix stopped: boot module: SystemManifest: damaged'

module='boot module:'
kernel three_bytes "$module not a Cap'n Proto message" cut 3
kernel half_a_module "$module not a Cap'n Proto message" cut 60000
kernel version_2 "$module version: 2, but this kernel reads 1" version 2
kernel init_that_is_not_there "$module init.binary: no entry of binaries is named \"the-iris\"" \
    text the-init the-iris
kernel init_that_is_no_program "$module init.binary: it is no ELF file for x86-64" \
    binary 0 0 0x23 0x21
kernel init_for_another_processor "$module init.binary: it is no ELF file for x86-64" \
    binary 0 18 183
kernel init_that_is_an_object "$module init.binary: it is not an executable" binary 0 16 1
kernel init_that_is_dynamic "$module init.binary: it is linked dynamically" binary 0 64 3
kernel init_at_any_address "$module init.binary: must have a fixed address" binary 0 16 3
kernel init_that_writes_and_executes "$module init.binary: must have a fixed address" binary 0 180 7
kernel init_between_pages "$module init.binary: its content is not at a page boundary" shift 0
kernel unknown_capability "$module init.capabilities: there is no \"moon\"" text clock moon
kernel capability_twice "$module init.capabilities: log is named twice" text clock log


# When nobody is left, nobody could turn the machine off.
node tests/boot/damage.js "$work/good" "$work/bad" entry 0 0x0f 0x0b
boot "$work/bad"
ends init_that_crashes_is_the_end $refused \
    'Phoenix stopped: the last process ended (status 0, signal 4)'
node tests/boot/damage.js "$work/good" "$work/powerless" text power entropy
node tests/boot/damage.js "$work/powerless" "$work/bad" text caps cups
boot "$work/bad"
ends init_that_cannot_turn_off_is_the_end $refused \
    'Phoenix stopped: the last process ended (status 125, signal 0)'

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
