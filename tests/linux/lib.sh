# SPDX-License-Identifier: MIT
# What the tests of this folder share; to be sourced. `suite` names the tests.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/${B:-build}
export PHOENIX_BUILD=${B:-build}
programs=$build/tests/linux
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failures=0
patience=50 # seconds for one machine
cd "$work" || exit 1
umask 022

ok() { echo "ok $suite.$1"; }
bad() {
    echo "FAIL $suite.$1 ${*:2}" | tr '\n' ' '
    echo
    failures=$((failures + 1))
}

# guest OPTION... -- PROGRAM ARG...: in a machine; the log is in $work/log.
guest() {
    timeout -k 5 $((patience + 10)) \
        "$top/phoenix" run --accel tcg --timeout "$patience" --log "$work/log" "$@"
}

# same NAME: what host and guest left in host.* and guest.* is equal.
same() {
    local part what
    for part in status out err; do
        if ! cmp -s "host.$part" "guest.$part"; then
            what=$(diff -a "host.$part" "guest.$part" | tr -d '\000' | head -n 4 | cut -c1-300)
            bad "$1" "$part differs: $what; log: $(tail -n 2 log)"
            return 1
        fi
    done
}
