#!/bin/bash
# SPDX-License-Identifier: MIT
# Both compilers build everything, and neither has anything to say.
set -u
suite=build
. "$(dirname "$0")/lib.sh"

case $(cat "$build/compiler") in
clang*) compiler=gcc ;;
*) compiler=clang ;;
esac
copy_tree "$work/tree"
if make -C "$work/tree" -j2 CC=$compiler B=build-$compiler all >"$work/log" 2>&1; then
    ok "$compiler"
else
    bad "$compiler" "$(grep -m 3 -i error "$work/log")"
fi
if grep -qi warning "$work/log"; then
    bad "${compiler}_is_silent" "$(grep -i -m 1 warning "$work/log")"
else
    ok "${compiler}_is_silent"
fi
[ $failures = 0 ]
