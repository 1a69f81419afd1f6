#!/bin/bash
# SPDX-License-Identifier: MIT
# `./phoenix gdb`: breakpoints in the kernel and in programs, cores as threads, input, and
# that nothing stays behind.
set -u
cd "$(dirname "$0")/../.."
export PHOENIX_BUILD=${B:-build} TMPDIR
TMPDIR=$(mktemp -d) && trap 'rm -rf "$TMPDIR"' EXIT # where the sockets lie, too
said=$TMPDIR/said
failed=0

ok() { echo "ok gdb.$1"; }
bad() {
    echo "FAIL gdb.$1 ${*:2} $(tail -n 5 "$said")" | tr '\n' ' '
    echo
    failed=1
}
# session OPTION...: gdb's commands come from stdin
session() { timeout 120 ./phoenix gdb "$@" >"$said" 2>&1; }
# says NAME TEXT...: each of them, in this order
says() {
    local name=$1 rest
    rest=$(tr '\n' ' ' <"$said")
    shift
    for text; do
        case $rest in
        *"$text"*) rest=${rest#*"$text"} ;;
        *)
            bad "$name" "does not say: $text;"
            return
            ;;
        esac
    done
    ok "$name"
}

session --smp 2 <<'END'
break kernel_main
continue
backtrace
list kernel_main,+1
tbreak op_power_shutdown
type exit 3
continue
info threads
backtrace 2
continue
END
says kernel_stops_at_a_breakpoint 'hit Breakpoint 1, kernel_main' '#0  kernel_main' 'main.c' \
    '#1 ' 'boot_main' 'kernel.boot = info'
says what_is_typed_reaches_the_shell 'op_power_shutdown' '#0  op_power_shutdown'
says cores_are_threads 'CPU#0' 'CPU#1'

session run /bin/busybox echo hello <<'END'
tbreak kernel_main
continue
program libos
break call_write
continue
backtrace 2
delete
continue
END
says a_program_runs_to_its_end 'kernel_main' '#0  call_write' 'engine/libos' 'hello'

session <<'END'
program shell
tbreak main
continue
backtrace 1
program nothing
END
says native_program_stops_at_a_breakpoint 'add symbol table' '#0  main ' 'engine/user/shell/main.c' \
    'program: nothing is no program'

PHOENIX_GDB=no-such-gdb ./phoenix gdb >"$said" 2>&1 </dev/null
status=$?
if [ $status = 125 ] && [ "$(cat "$said")" = \
    'phoenix: no-such-gdb: No such file or directory; `apt-get install gdb` (as root) brings gdb' ]; then
    ok missing_gdb_is_one_line
else
    bad missing_gdb_is_one_line "$status"
fi
session frobnicate </dev/null
status=$?
[ $status = 125 ] && [ "$(wc -l <"$said")" = 1 ] && ok wrong_word_is_one_line ||
    bad wrong_word_is_one_line "$status"
session run /no/such/program </dev/null
status=$?
[ $status = 127 ] && ok launcher_says_what_is_wrong || bad launcher_says_what_is_wrong "$status"

# Ended from outside, in the middle of a session.
mkfifo "$TMPDIR/keys"
./phoenix gdb <"$TMPDIR/keys" >"$said" 2>&1 &
debugged=$!
exec 4>"$TMPDIR/keys"
for ((i = 0; i < 200; i++)); do
    grep -q 'Remote debugging' "$said" && break
    sleep 0.05
done
kill $debugged
wait $debugged
status=$?
left=$(ps -eo args | grep -F "$TMPDIR" | grep -v grep)
if [ $status = 143 ] && [ -z "$left" ] && [ "$(ls "$TMPDIR")" = $'keys\nsaid' ]; then
    ok nothing_stays_behind
else
    bad nothing_stays_behind "$status, $left, $(ls "$TMPDIR")"
fi
exit $failed
