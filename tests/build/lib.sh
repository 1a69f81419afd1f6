# SPDX-License-Identifier: MIT
# What the tests of this folder share; to be sourced. `suite` names the tests.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/${B:-build}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failures=0
# A make that runs the tests says things to its children that are not meant for ours.
unset MAKEFLAGS MAKELEVEL MFLAGS
cd "$top" || exit 1

ok() { echo "ok $suite.$1"; }
bad() {
    echo "FAIL $suite.$1 ${*:2}" | tr '\n' ' '
    echo
    failures=$((failures + 1))
}

# check NAME command...: passes when the command does.
check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then ok "$name"; else bad "$name" "$(tail -n 3 <<<"$said")"; fi
}

# The tree as it is, without what is built, in another folder.
copy_tree() {
    mkdir -p "$1"
    tar -C "$top" --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=./node_modules \
        -cf - . | tar -C "$1" -xf -
    ln -s "$top/node_modules" "$1/node_modules"
}
