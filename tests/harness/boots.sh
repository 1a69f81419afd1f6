# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# For scripts that boot a program which tests in a machine and says so (user_check.h): sourced,
# from the top of the tree, with B.
#
#   boots GROUP NAME MODULE SECONDS OPTION...
#
# Boots $B/MODULE.manifest with these options of the emulator, and passes on what it says, as
# GROUP.NAME, with its figures; then whether the machine ended as it should.

append="console=raw exit=0xf4 loglevel=0"
failed=0

boots() {
    local group=$1 name=$2 module=$3 seconds=$4 said status
    shift 4
    said=$(timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu max "$@" -display none \
        -no-reboot -kernel "$B/phoenix.elf" -initrd "$B/$module.manifest" -append "$append" \
        -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null 2>&1 | tr -d '\r'
        exit "${PIPESTATUS[0]}")
    status=$?
    sed -n "s/^\(ok\|FAIL\) [a-z]*\./\1 $group.$name./p; /^#/p" <<<"$said"
    if [ $status = 21 ]; then # 10 from the program, as isa-debug-exit passes it on
        echo "ok $group.$name.the_machine_ends_well"
    else
        echo "FAIL $group.$name.the_machine_ends_well status $status"
        tail -n 30 <<<"$said"
        failed=1
    fi
}
