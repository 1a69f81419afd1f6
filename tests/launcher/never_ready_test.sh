#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A machine that never says that it is ready is given up after a minute, with one line.
set -u
cd "$(dirname "$0")/../.."
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export PHOENIX_QEMU=$PWD/${B:-build}/tests/launcher/fake_qemu

FAKE=silent timeout 100 "${B:-build}/tools/phoenix" run /bin/busybox >"$work/out" 2>"$work/err" </dev/null
status=$?
if [ $status = 125 ] && [ ! -s "$work/out" ] &&
    [ "$(cat "$work/err")" = 'phoenix: the machine was not ready after 60 seconds; this host may have too much other work' ]; then
    echo 'ok launcher.never_ready'
else
    echo "FAIL launcher.never_ready status $status: $(head -c 300 "$work/err")"
    exit 1
fi
