#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The protocols of the kernel as models, gone through by SPIN in every order, and what
# each model is for planted as a bug that must be found.
#
#   tests/models/models_test.sh [long]      long: more steps, for make soak
#
# A model names the functions that it mirrors, in braces; each must still exist.
set -u
cd "$(dirname "$0")/../.."
top=$PWD
long=${1:-}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

# fail NAME why...
fail() {
    echo "FAIL models.$1 ${*:2}" | tr '\n' ' '
    echo
    failed=1
}

# check MODEL OPTIONS: verify it; what the verifier says is in $work/said. With `ltl` the
# progress that it claims under weak fairness, else its assertions and its ends.
check() {
    local model=$top/tests/models/$1.pml kind=-DSAFETY run=() optimize=-O2

    shift
    [[ $* == *ENDLESS* ]] && kind=-DNFAIR=5 run=(-a -f)
    [[ $* == *BUG_* ]] && optimize=-O0
    (
        cd "$work" && rm -f pan* ./*.trail && spin "$@" -a "$model" &&
            gcc $optimize -w $kind -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c &&
            ./pan "${run[@]}" -m200000 -w22
    ) >"$work/said" 2>&1
}

states() { grep -o '[0-9.e+]* states, stored' "$work/said"; }

# holds NAME MODEL OPTIONS: no error, and all of it was searched
holds() {
    check "${@:2}"
    if grep -q 'errors: 0' "$work/said" && ! grep -q 'Search not completed' "$work/said"; then
        echo "ok models.$1"
        echo "  $(states): all there are"
    else
        fail "$1" "$(grep -e '^pan:1' -e rror "$work/said" | head -n 3)"
    fi
}

# finds BUG MODEL OPTIONS
finds() {
    check "$2" "-DBUG_$1" "${@:3}"
    if grep -q '^pan:1: \(assertion violated\|invalid end state\|acceptance cycle\)' "$work/said"; then
        echo "ok models.$2_finds_${1,,}"
        echo "  after $(states): $(grep -o '^pan:1: [a-z ]*' "$work/said" | sed 's/^pan:1: //; s/ *$//')"
    else
        fail "$2_finds_${1,,}" "$(grep -e 'errors:' -e rror "$work/said" | head -n 3)"
    fi
}

for model in tests/models/*.pml; do
    name=$(basename "$model" .pml)
    gone=
    for function in $(grep -o '{[a-z_]*}' "$model" | tr -d '{}' | sort -u); do
        grep -qE "\b$function\(" engine/kernel/*.c engine/core/*.c engine/lib/rt/*.h || gone+=" $function"
    done
    if [ -z "$gone" ]; then
        echo "ok models.${name}_names_functions_that_exist"
    else
        fail "${name}_names_functions_that_exist" "not there:$gone"
    fi
done

if [ "$long" = long ]; then
    holds call_with_two_clients call -DCLIENTS=2 -DSERVERS=1 -DSTEPS=4
    holds call_with_two_servers call -DCLIENTS=1 -DSERVERS=2 -DSTEPS=3 -DROWS=1
    holds transfer transfer -DSTEPS=4
    holds revoke revoke -DCHECKS=3
    holds flush_on_two_cores flush -DCORES=2 -DASKS=7
    holds wakeup wakeup -DENTRIES=6
    holds leave leave -DNEWS=9 -DFAULTS=3
    exit $failed
fi
holds call_with_two_clients call -DCLIENTS=2 -DSERVERS=1
holds call_with_two_servers call -DCLIENTS=1 -DSERVERS=2 -DROWS=1
holds call_is_answered_at_last call -DENDLESS -DCLIENTS=2 -DSERVERS=2 -DROWS=1
for bug in KEEPS_CURRENT_CALL STALE_REPLY DROPPED_REPLY NO_DISCONNECT FORGETS_SERVED LOSES_CALL; do
    finds $bug call -DCLIENTS=1 -DSERVERS=2 -DROWS=1
done
finds LAST_FIRST call -DENDLESS -DCLIENTS=2 -DSERVERS=1 -DROWS=1
holds transfer transfer
for bug in UNLOCKED SAME_GENERATION NO_CHAIN CHECKED_BEFORE COPIES KEEPS_ROW; do
    finds $bug transfer
done
holds revoke_of_rows revoke
holds revoke_of_pins revoke -DPINS
for bug in COUNTER_FIRST STAMP_LATE ONE_LINK; do
    finds $bug revoke
done
for bug in PIN_UNCOUNTED DERIVES_LATER; do
    finds $bug revoke -DPINS
done
holds flush_on_two_cores flush -DCORES=2 -DASKS=4
holds flush_on_three_cores flush -DCORES=3
for bug in FREES_FIRST FLUSHES_FIRST NO_WAIT UNLOCKED FORGETS_OWN DEAF NO_UNLOAD; do
    finds $bug flush
done
holds wakeup wakeup
for bug in OWNER_WITHOUT_FENCE POLLER_WITHOUT_FENCE LOOKS_FIRST SIGNAL_NOT_KEPT; do
    finds $bug wakeup
done
holds leave leave
for bug in NOT_REWOUND TESTS_EARLY FAULT_OVER_FRAME FAULT_GOES_ON; do
    finds $bug leave
done
exit $failed
