#!/bin/bash
# SPDX-License-Identifier: MIT
#
# gdb on the kernel of a machine that has not begun: what `./phoenix gdb` does.
#
#   ./phoenix gdb [shell] [OPTION]...              a machine with the shell
#   ./phoenix gdb run [OPTION]... PROGRAM [ARG]... with one program
#
# The launcher starts the machine as ever, with a QEMU that waits for a debugger at a
# socket (qemu.sh); gdb takes this terminal, and everything ends with gdb. Input of the
# machine comes from a pipe that gdb's command `type` writes to. PHOENIX_GDB names
# another gdb.
#
# Tests  tests/gdb/gdb_test.sh      Text  docs/debugging.md
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/${PHOENIX_BUILD:-build}
gdb=${PHOENIX_GDB:-gdb}

die() {
    echo "phoenix: $*" >&2
    exit 125
}

command -v "$gdb" >/dev/null ||
    die "$gdb: No such file or directory; \`apt-get install gdb\` (as root) brings gdb"
case ${1:-shell} in
shell | run) ;;
-*) set -- shell "$@" ;;
*) die "gdb: \`$1\` is neither shell nor run; ./phoenix gdb run [OPTION]... PROGRAM" ;;
esac
[ $# -gt 0 ] || set -- shell

work=$(mktemp -d) || die "cannot make a folder for the sockets"
launcher=
debugger=
# However it comes to that: the launcher's end is the machine's.
finish() {
    [ -z "$debugger" ] || kill "$debugger" 2>/dev/null
    [ -z "$launcher" ] || kill "$launcher" 2>/dev/null
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM HUP
trap : INT # Ctrl-C is gdb's

mkfifo "$work/input"
exec 3<>"$work/input" # kept open, so that the machine's input does not end
export PHOENIX_GDB_SOCKET=$work/gdb PHOENIX_GDB_QEMU=${PHOENIX_QEMU:-qemu-system-x86_64}
# In a session of its own, Ctrl-C at the terminal does not reach it.
PHOENIX_QEMU=$top/tools/gdb/qemu.sh setsid "$build/tools/phoenix" "$@" <&3 &
launcher=$!
for ((i = 0; i < 500; i++)); do
    [ -S "$PHOENIX_GDB_SOCKET" ] && break
    if ! kill -0 $launcher 2>/dev/null; then
        wait $launcher
        status=$?
        launcher=
        exit $status # it has said why
    fi
    sleep 0.02
done
[ -S "$PHOENIX_GDB_SOCKET" ] || die "the machine did not start within ten seconds"

# Beside this script and not before it, so that a signal to it is not put off until gdb ends.
"$gdb" -q "$build/phoenix.elf" <&0 3<&- \
    -ex "set confirm off" -ex "set pagination off" -ex "directory $top" \
    -ex "python input_path = '$work/input'" -x "$top/tools/gdb/commands.py" \
    -ex "target remote $PHOENIX_GDB_SOCKET" &
debugger=$!
while kill -0 $debugger 2>/dev/null; do
    wait $debugger
done
debugger=
exit 0
