#!/bin/bash
# SPDX-License-Identifier: MIT
#
# C programs, static with glibc and with musl, at a fixed address and not: run here
# and in a machine, with the same arguments and files, they say the same and end
# alike. (What a signal makes of a status is the same 128 + n for both.)
#
#   tests/linux/programs_test.sh [PART]   only programs with that in their names

suite=linux
only=${1:-}
. "$(dirname "$0")/lib.sh"

# run_host DIRECTORY PROGRAM ARG... and run_guest OPTIONS PROGRAM ARG...
run_host() {
    (cd "$1" && exec env -i A=1 HOME=/root "${@:2}") <input >host.out 2>host.err
    echo $? >host.status
} 2>/dev/null

run_guest() {
    # shellcheck disable=SC2086
    guest $1 --env A=1 --env HOME=/root "${@:2}" <input >guest.out 2>guest.err
    echo $? >guest.status
}

# Every line of a program says what is true.
all_true() {
    ! grep -aq -e ': NO$' -e 'SUCCEEDED$' -e '^  expected' guest.out
}

chosen() { [[ $1 == *"$only"* ]]; }

compare() {
    local name=$1 options=$2 program=$3
    chosen "$name" || return 0
    rm -rf folder && mkdir folder && cp numbers folder/
    run_host folder "$program" "${@:4}"
    run_guest "$options" "$program" "${@:4}"
    same "$name" || return
    if all_true; then ok "$name"; else bad "$name" "$(grep -a -m1 -e NO -e expected guest.out)"; fi
}

printf 'some input\nof two lines\n' >input
seq 5000 >numbers # what a program spoils is a copy

for kind in glibc musl pie; do
    for name in arguments numbers threads signals pipes clocks identity; do
        compare "$name.$kind" "" "$programs/$name-$kind" one "two words" ""
    done
    compare "files.$kind" "--scratch 32M --ro $work/numbers:/numbers" \
        "$programs/files-$kind" numbers
    compare "memory.$kind" "--scratch 1M --mem 256M" "$programs/memory-$kind"
done

for kind in glibc musl; do
    for way in abort null address divide illegal kill stack thread text pipe "status 77"; do
        # shellcheck disable=SC2086
        compare "end.${way% *}.$kind" "" "$programs/end-$kind" $way
    done
done
# Called by a relative name; the C library asks where it lies.
if chosen relative_name; then
    ln -s "$programs/arguments-glibc" relative
    run_host . ./relative one
    run_guest "--scratch 1M" ./relative one
    same relative_name && ok relative_name
fi
compare "threads.smp4" "--smp 4" "$programs/threads-glibc" one "two words" ""

# --- what only a machine has ------------------------------------------------------

guest_only() {
    chosen "$1" || return 0
    run_guest "" "$programs/$1-musl"
    if [ "$(cat guest.status)" = 0 ] && all_true; then
        ok "$1"
    else
        bad "$1" "status $(cat guest.status) $(grep -a -m1 -e NO -e expected guest.out)"
    fi
}
guest_only nothing
guest_only root
guest_only calls

# Nothing that a program asks for brings the libos down.
for seed in 1 2 3; do
    chosen "hostile.$seed" || continue
    run_guest "--scratch 4M --smp $seed" "$programs/hostile-musl" "$seed"
    if [ "$(cat guest.status)" = 0 ] && all_true && ! grep -q 'fault in the libos' log; then
        ok "hostile.$seed"
    else
        bad "hostile.$seed" "status $(cat guest.status); $(tail -n 1 log)"
    fi
done
[ -z "$only" ] || exit $((failures > 0))

# A fault's address is told in the log.
run_guest "" "$programs/end-musl" address
if grep -q 'end-musl\[[0-9]*\]: segmentation fault at 0x123456789000, rip 0x' log; then
    ok fault_is_logged
else
    bad fault_is_logged "$(tail -n 1 log)"
fi
# So is a call that is not there, once.
run_guest "" "$programs/identity-musl"
if [ "$(grep -c 'system call 1000 is not there yet (ENOSYS)' log)" = 1 ]; then
    ok missing_call_is_logged
else
    bad missing_call_is_logged "$(tail -n 1 log)"
fi
# Memory that the machine has not: an end with a reason, not a hang.
run_guest "" "$programs/end-musl" exhaust
if [ "$(cat guest.status)" = 137 ] && grep -q 'out of memory at 0x' log; then
    ok out_of_memory
else
    bad out_of_memory "status $(cat guest.status) $(tail -n 1 log)"
fi
# Or asked for at once: refused, and named, though not each time.
run_guest "" "$programs/end-musl" large
if [ "$(cat guest.status)" = 3 ] &&
    [ "$(grep -c 'an area of 1048576 MiB is refused' log)" = 1 ]; then
    ok refused_area_is_logged
else
    bad refused_area_is_logged "status $(cat guest.status) $(tail -n 1 log)"
fi

# A shell without a terminal reads commands as a script has them.
shell() {
    timeout 60 "$top/phoenix" shell --accel tcg --timeout "$patience" >guest.out 2>guest.err
    echo $? >guest.status
}
printf 'exit 3' | shell
if [ "$(cat guest.status)" = 3 ]; then
    ok shell_last_line_without_end
else
    bad shell_last_line_without_end "status $(cat guest.status)"
fi
printf 'help %01100d\nexit 4\n' 0 | shell
if [ "$(cat guest.status)" = 4 ] && grep -q 'this one has more' guest.out guest.err; then
    ok shell_line_too_long
else
    bad shell_line_too_long "status $(cat guest.status) $(head -c 200 guest.err)"
fi

exit $((failures > 0))
