#!/bin/bash
# SPDX-License-Identifier: MIT
# scripts/run-tests.sh counts what programs say, and what they do not say.
set -u
suite=run_tests
. "$(dirname "$0")/lib.sh"

# program NAME LINE...: a test program of these lines of sh.
program() {
    local file=$work/$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$file"
    chmod +x "$file"
}

# says NAME STATUS 'LAST LINE' argument...
says() {
    local name=$1 want=$2 last=$3 status
    shift 3
    B=$work/out PHX_TEST_TIMEOUT=2 scripts/run-tests.sh "$@" >"$work/said" 2>&1
    status=$?
    if [ $status = "$want" ] && [ "$(tail -n 1 "$work/said")" = "$last" ] &&
        [ "$(grep -c 'passed, .*failed$' "$work/said")" = 1 ]; then
        ok "$name"
    else
        bad "$name" "status $status: $(cat "$work/said")"
    fi
}

program good 'echo ok a' 'echo noise' 'echo ok b'
program fails 'echo ok a' 'echo FAIL b because' 'exit 1'
program dies 'echo ok a' 'kill -SEGV $$'
program silent 'exit 0'
program lies 'echo ok a' 'exit 3'
program hangs 'echo ok a' 'sleep 60'

says good 0 '2 passed, 0 failed' --host "$work/good"
says both_kinds 0 '4 passed, 0 failed' --host "$work/good" --boot "$work/good"
says failed_test 1 '1 passed, 1 failed' --host "$work/fails"
grep -q '^FAIL b because$' "$work/said" && ok reason_is_shown || bad reason_is_shown
says dead_program 1 '1 passed, 1 failed' --boot "$work/dies"
says silent_program 1 '0 passed, 1 failed' --host "$work/silent"
says status_without_reason 1 '1 passed, 1 failed' --host "$work/lies"
says program_that_hangs 1 '1 passed, 1 failed' --host "$work/hangs"
says missing_program 1 '0 passed, 1 failed' --host "$work/nothing"
says no_program 1 '0 passed, 0 failed'
says all_of_them 1 '7 passed, 5 failed' --host "$work"/good "$work"/fails "$work"/dies \
    "$work"/silent "$work"/lies "$work"/nothing --boot "$work"/good

# Told to end, it takes its programs along.
program sleeps 'exec sleep 1234'
B=$work/out scripts/run-tests.sh --host "$work/sleeps" >/dev/null 2>&1 &
runner=$!
sleep 0.5
kill $runner && wait $runner
status=$?
sleep 0.2
[ $status = 143 ] && ! pgrep -f '^sleep 1234$' >/dev/null && ok ends_its_programs ||
    bad ends_its_programs "$status"

# Never more than two at once.
program counts "cd $work && mkdir run.\$\$ && ls -d run.* | wc -l >>seen; sleep 0.2; rmdir run.\$\$" \
    'echo ok'
cp "$work/counts" "$work/counts2" && cp "$work/counts" "$work/counts3" && cp "$work/counts" "$work/counts4"
sed -i 's/echo ok/echo ok x/' "$work"/counts*
says four_programs 0 '4 passed, 0 failed' --boot "$work"/counts "$work"/counts2 "$work"/counts3 \
    "$work"/counts4
[ "$(sort -n "$work/seen" | tail -n 1)" -le 2 ] && ok two_at_once || bad two_at_once "$(cat "$work/seen")"
[ $failures = 0 ]
