#!/bin/bash
# SPDX-License-Identifier: MIT
# QEMU, stopped before its first instruction and waiting for gdb; see gdb.sh.
exec "$PHOENIX_GDB_QEMU" "$@" -S -gdb "unix:$PHOENIX_GDB_SOCKET,server=on,wait=off"
