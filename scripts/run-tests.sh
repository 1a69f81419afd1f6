#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs test programs and adds up what they say.
#
#   scripts/run-tests.sh [--host PROGRAM...] [--boot PROGRAM...]
#
# A test program prints one line a test, `ok NAME` or `FAIL NAME why`, and ends
# with 0 when none failed. Anything else it prints is shown only when it fails.
# A program that ends badly without saying FAIL, or well without saying anything,
# is itself a failed test: silence never passes. Those after --boot start
# machines, one at a time each; two programs run at once, so never more than two
# machines do.
#
# Every program has a time limit (PHX_TEST_TIMEOUT, seconds). What it said is
# kept in $B/test/. The last line is `N passed, N failed`.
#
# Tests  tests/build/run_tests_test.sh
set -u
cd "$(dirname "$0")/.."

logs=${B:-build}/test
limit=${PHX_TEST_TIMEOUT:-300}
passed=0
failed=0
# What `phoenix run` keeps is the user's business; a test's is the build folder's.
export XDG_CACHE_HOME
XDG_CACHE_HOME=$(realpath -m "$logs/cache")

# Where a program's output goes: its path without what differs between builds.
log_of() {
    local name=${1#"${B:-build}/"}
    echo "$logs/${name//\//_}"
}

# Its status goes to a file, since whoever sees it end may not be who started it. Told
# to end, it ends the program and what that has started.
run_one() {
    local log program
    log=$(log_of "$1")
    timeout -k 10 "$limit" "$1" >"$log.log" 2>&1 </dev/null &
    program=$!
    trap 'kill $program; exit' TERM
    wait $program
    echo $? >"$log.status"
}

stop() {
    trap - TERM INT HUP
    kill $(jobs -rp) 2>/dev/null
    wait
    exit 143
}
trap stop TERM INT HUP

report() {
    local log status ok bad
    log=$(log_of "$1")
    status=$(cat "$log.status")
    ok=$(grep -ac '^ok ' "$log.log")
    bad=$(grep -ac '^FAIL ' "$log.log")
    grep -a '^ok ' "$log.log"
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok" = 0 ]; }; then
        bad=1
        case $status in
        0) echo "FAIL $1 said nothing" ;;
        124 | 137) echo "FAIL $1 was ended after $limit seconds" ;;
        *) echo "FAIL $1 ended with status $status" ;;
        esac
    fi
    grep -a '^FAIL ' "$log.log"
    if [ "$bad" != 0 ]; then
        grep -av -e '^ok ' -e '^FAIL ' "$log.log" | tail -n 40 | sed 's/^/    /'
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
}

# Two at a time; each is reported as soon as it and all before it have ended.
run_all() {
    local program next=0 programs=("$@")

    for program in "${programs[@]}"; do
        rm -f "$(log_of "$program").status" # of an earlier run
    done
    for program in "${programs[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
            wait -n
        done
        run_one "$program" &
        while [ -s "$(log_of "${programs[next]}").status" ]; do
            report "${programs[next]}"
            next=$((next + 1))
            [ $next -lt ${#programs[@]} ] || break
        done
    done
    wait
    while [ $next -lt ${#programs[@]} ]; do
        report "${programs[next]}"
        next=$((next + 1))
    done
}

mkdir -p "$logs"
host=()
boot=()
kind=
for word; do
    case $word in
    --host | --boot) kind=${word#--} ;;
    *)
        case $kind in
        host) host+=("$word") ;;
        boot) boot+=("$word") ;;
        *)
            echo "usage: scripts/run-tests.sh [--host PROGRAM...] [--boot PROGRAM...]" >&2
            exit 2
            ;;
        esac
        ;;
    esac
done

[ ${#host[@]} = 0 ] || run_all "${host[@]}"
[ ${#boot[@]} = 0 ] || run_all "${boot[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
