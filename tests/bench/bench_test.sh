#!/bin/bash
# SPDX-License-Identifier: MIT
# bench/run.sh prints every figure that it promises, in its form, and those that tell
# whether a mechanism is the designed one are within the limits of docs/PERFORMANCE.md.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failures=0

ok() { echo "ok bench.$1"; }
bad() {
    echo "FAIL bench.$1 ${*:2}" | tr '\n' ' '
    echo
    failures=$((failures + 1))
}

BENCH_RUNS=1 B=${B:-build} bench/run.sh >"$work/figures" 2>"$work/said" && ok runs ||
    bad runs "$(cat "$work/said")"

form='\t[0-9]+\t[a-zA-Z]+(\t[0-9]+\t[0-9]+\.[0-9]{3})?$'
for name in null_op ring_1 ring_32 ring_256 call_reply call_reply_64 call_reply_4k fault_upcall \
    getppid_trap boot_insn boot_ms microvm_boot_insn microvm_boot_ms min_mem_mib kernel_bytes \
    process_pages; do
    if [ "$(grep -cP "^$name$form" "$work/figures")" = 1 ]; then
        ok "$name"
    else
        bad "$name" "is not there once: $(grep "^$name" "$work/figures")"
    fi
done
if other=$(grep -vP "^[a-z][a-z0-9_]*$form" "$work/figures"); then
    bad form "$other"
else
    ok form
fi

# at_most NAME LIMIT
at_most() {
    local value
    value=$(awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$work/figures")
    if [ "${value:-999999999}" -le "$2" ]; then
        ok "$1_at_most_$2"
    else
        bad "$1_at_most_$2" "$value"
    fi
}
at_most null_op 120
at_most fault_upcall 500
at_most call_reply 600
at_most min_mem_mib 16
at_most process_pages 10
[ $failures = 0 ]
