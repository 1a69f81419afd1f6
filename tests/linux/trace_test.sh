#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --trace-calls and --stats: the lines of the calls that watched.c makes are those that
# strace prints of the same program here, and the counts are those of the lines.

suite=trace
. "$(dirname "$0")/lib.sh"
watched=$programs/watched-glibc

# Addresses are what they happen to be, and so are process numbers, which change where a
# result stands. A wait that a signal ends has three names inside Linux, and one in the end.
plain() {
    local pid
    pid=$(sed -n 's/^getpid() *= //p' "$1" | head -n 1)
    pid=${pid:-none}
    sed -E -e 's/0x[0-9a-f]{5,}/0xN/g' -e "s/(si_pid=|^get[pt]id\(\) +=) ?$pid\b/\1PID/" \
        -e "s/^(tgkill\($pid, |kill\()$pid\b/kill(PID/" -e '/PID/s/  +=/ =/' \
        -e 's/= \? ERESTART(NOHAND|_RESTARTBLOCK) .*/= -1 EINTR (Interrupted system call)/' "$1"
}

# The lines from the first mark to the end.
marked() { plain "$1" | sed -n '/^close(-77)/,$p'; }

# Every call that the libos has is in the table of what its arguments are.
numbered() { grep -oE "$1\([0-9]+, [a-z0-9_]+" "$top/engine/libos/linux/$2" | sed 's/.*(//' | sort; }
unknown=$(comm -23 <(numbered X face.h) <(numbered '(CALL|GIVES|WAITS|ENDS)' trace_table.c))
[ -z "$unknown" ] && ok every_call_is_known || bad every_call_is_known "$unknown"

mkdir here && (cd here && strace -o ../host.trace "$watched") >host.out 2>host.err
echo $? >host.status
if ! grep -q '^+++ exited' host.trace; then
    bad strace "strace does not work here: $(head -n 1 host.err)"
    exit 1
fi
guest --trace-calls --scratch 4M "$watched" >guest.out 2>guest.trace
echo $? >guest.status
grep -x told guest.trace >guest.err # the program's own line
sed -i /^told$/d guest.trace
same own_output && ok own_output

marked host.trace >host.lines
marked guest.trace >guest.lines
count=$(wc -l <host.lines)
if cmp -s host.lines guest.lines; then
    ok lines_are_those_of_strace
    echo "# $count lines equal"
else
    bad lines_are_those_of_strace "$(diff host.lines guest.lines | head -n 6)"
fi
[ "$count" -gt 140 ] && ok enough_lines || bad enough_lines "$count"

# Programs that nobody wrote for this: what they do once they have begun.
started() {
    plain "$1" | grep -avE '^(execve|brk|arch_prctl|set_tid_address|set_robust_list|rseq)\(' |
        grep -avE '^(prlimit64|getrandom|mprotect|mmap|munmap|readlink\("/proc/self/exe")' |
        sed -E 's/ +=/ =/'
}
seq 300 >numbers
for job in 'wc numbers' 'md5sum numbers none' 'head -n 3 numbers' 'tail -n 2 numbers' \
    'grep -c 7 numbers' 'dd if=numbers of=/dev/null bs=100 count=2' 'stat -c %s numbers'; do
    # shellcheck disable=SC2086
    strace -o host.trace busybox $job 2>&1 | cat >host.out
    # shellcheck disable=SC2086
    guest --trace-calls --ro "$work/numbers:/numbers" busybox $job 2>guest.trace | cat >guest.out
    started host.trace >host.lines
    grep -aE '^([a-z0-9_]+\(|\+\+\+)' guest.trace >guest.calls
    started guest.calls >guest.lines
    if cmp -s host.lines guest.lines; then
        ok "busybox_${job%% *}"
    else
        bad "busybox_${job%% *}" "$(diff host.lines guest.lines | head -n 6)"
    fi
done

for way in fault abort; do
    (strace -o host.trace "$watched" $way; exit 0) 2>/dev/null
    guest --trace-calls "$watched" $way 2>guest.trace
    plain host.trace | tail -n 2 >host.lines
    plain guest.trace | tail -n 2 >guest.lines
    if cmp -s host.lines guest.lines; then ok end_by_$way
    else bad end_by_$way "$(diff host.lines guest.lines)"; fi
done

first=$(guest --trace-calls "$watched" fault two 2>&1 | head -n 1)
begins="execve(\"$watched\", [\"${watched:0:32}\"..., \"fault\", \"two\"], 0x"
case $first in
"$begins"*" /* 0 vars */) = 0") ok begins ;;
*) bad begins "$first" ;;
esac

# Where it hangs is to be seen while it does.
mkfifo never && exec 3<>never
"$top/phoenix" run --accel tcg --timeout $patience --trace-calls "$watched" wait \
    <&3 2>guest.trace &
for _ in {1..100}; do
    tail -n 1 guest.trace | grep -q '^read(0, $' && break
    sleep 0.1
done
tail -n 1 guest.trace >hangs
kill -TERM $!
wait
if grep -qx 'read(0, ' hangs &&
    grep -q '^--- SIGTERM {si_signo=SIGTERM, si_code=SI_KERNEL} ---$' guest.trace &&
    [ "$(tail -n 1 guest.trace)" = '+++ killed by SIGTERM +++' ]; then
    ok where_it_hangs
else
    bad where_it_hangs "$(cat hangs; tail -n 3 guest.trace)"
fi

# Two threads: each line says whose it is, and a line that another breaks is told as that.
(sleep 2 && echo x) | guest --trace-calls "$watched" threads >guest.out 2>guest.trace
for line in \
    '(\[pid +[0-9]+\] )?clone3\(\{flags=CLONE_VM\|.*, exit_signal=0, stack=0x.* => .*, 88\) = [0-9]+' \
    '\[pid +[0-9]+\] read\(0,  <unfinished \.\.\.>' \
    '\[pid +[0-9]+\] write\(1, "meanwhile\\n", 10\) += 10' \
    '\[pid +[0-9]+\] <\.\.\. read resumed>"x", 1\) += 1' '\[pid +[0-9]+\] exit\(0\) += \?' \
    '\[pid +[0-9]+\] \+\+\+ exited with 0 \+\+\+' '\+\+\+ exited with 0 \+\+\+'; do
    grep -qxE "$line" guest.trace || missing="${missing:-} $line"
done
if [ -z "${missing:-}" ]; then ok threads
else bad threads "there is no line$missing: $(tail -n 20 guest.trace)"; fi

# --- statistics ----------------------------------------------------------------

# "calls errors name" of strace's own table, and of ours.
(cd here && strace -c -o ../host.counts "$watched") 2>/dev/null
sed -n 's/^ *[0-9.]* *[0-9.]* *[0-9]* *//p' host.counts |
    awk 'NF == 3 { print $1, $2, $3 } NF == 2 { print $1, 0, $2 }' >host.all
guest --stats --scratch 4M "$watched" >guest.out 2>guest.stats
sed -nE 's/^phoenix: +([0-9]+) +([0-9]+)  ([a-z0-9_]+).*/\1 \2 \3/p' guest.stats >guest.all
# What a C library asks at its start is not the same on every system.
startup='brk|execve|exit_group|in|mprotect|prlimit64|readlink|restart_syscall|rseq|total|unknown'
for side in host guest; do
    grep -vE " ($startup)$" $side.all | sort >$side.counts
done
if [ -s host.counts ] && cmp -s host.counts guest.counts; then
    ok counts_are_those_of_strace
    echo "# $(wc -l <host.counts) kinds of calls equal"
else
    bad counts_are_those_of_strace "$(diff host.counts guest.counts | head)"
fi
sort -c -s -k1,1nr <(head -n -1 guest.all) && ok counts_are_in_order || bad counts_are_in_order
if grep -qE '^phoenix: +1 +1  rseq \(not there: ENOSYS\)$' guest.stats; then
    ok missing_calls_are_marked
else
    bad missing_calls_are_marked "$(grep rseq guest.stats)"
fi

guest --stats "$watched" memory >guest.out 2>guest.stats && ok most_memory_of_getrusage ||
    bad most_memory_of_getrusage "status $?"
most=$(sed -n 's/^phoenix: memory of the program: \([0-9]*\) KiB at most.*/\1/p' guest.stats)
if [ "${most:-0}" -ge 24576 ] && [ "${most:-0}" -le 26624 ]; then
    ok most_memory
    echo "# $most KiB of 24 MiB and itself"
else
    bad most_memory "${most:-none} KiB: $(tail -n 3 guest.stats)"
fi

all=$(sed -n 's/^phoenix: memory of the system: \([0-9]*\) KiB at most.*/\1/p' guest.stats)
if [ "${all:-0}" -ge 24576 ] && [ "$all" -le 26624 ]; then
    ok most_memory_of_the_system
    echo "# $all KiB"
else
    bad most_memory_of_the_system "${all:-none} KiB"
fi

# Of 20 million instructions each is counted, and the same number again.
instructions() {
    guest --stats "$@" "$watched" count >guest.out 2>guest.stats
    sed -nE 's/^phoenix: instructions: [0-9]+ \(program ([0-9]+), .*/\1/p' guest.stats
}
once=$(instructions) twice=$(instructions)
if [ "${once:-0}" -ge 20000000 ] && [ "$once" -le 20020000 ] && [ "$once" = "$twice" ]; then
    ok instructions
    echo "# $once instructions of 20000000 and a C library's"
else
    bad instructions "${once:-none}, then ${twice:-none}: $(tail -n 2 guest.stats)"
fi
once=$(instructions --smp 2)
if [ "${once:-0}" -ge 20000000 ] && [ "$once" -le 20100000 ]; then ok instructions_of_two_processors
else bad instructions_of_two_processors "${once:-none}: $(tail -n 2 guest.stats)"; fi
if grep -qE '^phoenix: machine: [0-9.]+ s, of which its processors ran [0-9.]+ s$' guest.stats; then
    ok processors_time
else
    bad processors_time "$(grep machine guest.stats)"
fi
guest --stats --timeout 4 "$watched" wait <never >guest.out 2>guest.stats 3<>never
[ $? = 124 ] && grep -q '^phoenix: instructions: [1-9]' guest.stats && ok stats_of_a_killed_machine ||
    bad stats_of_a_killed_machine "$(cat guest.stats)"

# Being watched changes nothing for the program.
for name in signals memory pipes; do
    for side in host guest; do
        options=()
        [ $side = guest ] && options=(--trace-calls --stats)
        guest "${options[@]}" --scratch 1M --mem 256M "$programs/$name-glibc" one \
            >$side.out 2>/dev/null
        echo $? >$side.status
    done
    cmp -s host.out guest.out && cmp -s host.status guest.status && ok "watched_$name" ||
        bad "watched_$name" "$(diff host.out guest.out | head -n 4)"
done

guest "$watched" memory >guest.out 2>guest.err
[ ! -s guest.err ] && ok silent_without || bad silent_without "$(head -n 2 guest.err)"
[ $failures = 0 ]
