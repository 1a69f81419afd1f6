#!/bin/bash
# SPDX-License-Identifier: MIT
#
# ./phoenix with real machines: nothing stays behind whoever ends it and when, signals
# and terminals reach the program, many at once, and trees are as they are here.
set -u
cd "$(dirname "$0")/../.."
build=$PWD/${B:-build}
work=$(mktemp -d)
# Not in a child that is ended before it became another program.
trap '[ "$BASHPID" != $$ ] || rm -rf "$work"' EXIT
failures=0

phoenix=$build/tools/phoenix
busybox=/bin/busybox
export XDG_CACHE_HOME=$work/cache TMPDIR=$work/tmp
mkdir "$TMPDIR" "$work/here"

ok() { echo "ok machines.$1"; }
bad() {
    echo "FAIL machines.$1 ${2:0:400}"
    failures=$((failures + 1))
}
check() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "is <$2>, not <$3>"; fi; }
run() { timeout 100 "$phoenix" run --accel tcg "$@"; }

# Processes that were started with this mark in their environment, the emulator included.
marked() { grep -lsz "^PHX_MARK=$1\$" /proc/[0-9]*/environ | grep -o '[0-9]*'; }
# Nobody is left with that mark, within five seconds.
nobody_left() {
    local i
    for ((i = 0; i < 100; i++)); do
        [ -z "$(marked "$1")" ] && return
        sleep 0.05
    done
    return 1
}
# What is in the temporary folder, the cache (but for what is whole) and where it ran.
leftovers() {
    ls -A "$TMPDIR"
    find "$XDG_CACHE_HOME" -type f ! -name '*.trees' ! -name '*.index' 2>/dev/null
    ls -A /dev/shm "$work/here"
}

# end_at NAME SIGNAL WHOM: ends `launcher` or `machine` at each of some moments.
end_at() {
    local name=$1 signal=$2 whom=$3 delay pid victim good=0 all=0 mark
    leftovers >"$work/before"
    for delay in 0 0.01 0.02 0.03 0.05 0.08 0.15 0.3 0.8; do
        mark=$name-$delay-$$
        (cd "$work/here" && PHX_MARK=$mark exec "$phoenix" run --accel tcg --ro "$work/tree:/t" \
            $busybox sleep 60 </dev/null >"$work/out" 2>&1) &
        pid=$!
        sleep "$delay"
        victim=$pid
        [ "$whom" = machine ] && victim=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
        # One that was ended before it could ask for signals dies of them, too.
        [ -n "$victim" ] && kill "-$signal" $victim
        [ "$whom" = machine ] && [ -z "$victim" ] && kill -KILL $pid
        wait $pid 2>/dev/null
        all=$((all + 1))
        nobody_left "$mark" && good=$((good + 1))
    done
    leftovers >"$work/after"
    [ $good = $all ] && cmp -s "$work/before" "$work/after" && ok "nothing_stays_after_$name" ||
        bad "nothing_stays_after_$name" "$good of $all; $(diff "$work/before" "$work/after")"
}

ends() {
    mkdir -p "$work/tree" && head -c 6000000 /dev/urandom >"$work/tree/file"
    end_at kill KILL launcher
    end_at terminate TERM launcher
    end_at hangup HUP launcher
    end_at death_of_the_machine KILL machine
    local mark=pipe-$$ statuses
    PHX_MARK=$mark run $busybox yes 2>"$work/err" | head -c 10 >"$work/out"
    statuses=${PIPESTATUS[0]}
    check closed_pipe_is_141 "$statuses" 141
    nobody_left $mark && ok nothing_stays_after_a_closed_pipe || bad nothing_stays_after_a_closed_pipe "$(marked $mark)"
    PHX_MARK=$mark run --timeout 0.5 $busybox sleep 60 </dev/null
    check time_limit_is_124 $? 124
    nobody_left $mark && ok nothing_stays_after_a_time_limit || bad nothing_stays_after_a_time_limit "$(marked $mark)"
}

# wait_for PATTERN: until the program's output has it.
wait_for() {
    local i
    for ((i = 0; i < 200; i++)); do
        grep -q "$1" "$work/out" && return
        sleep 0.05
    done
    return 1
}
# begin COMMAND...: `phoenix run` in the background, as $pid, with SIGINT as it is at a prompt.
begin() {
    : >"$work/out"
    env --default-signal=INT "$phoenix" run --accel tcg "$@" </dev/null >"$work/out" 2>"$work/err" &
    pid=$!
}

signals() {
    local pair signal
    for pair in TERM:143 HUP:129 INT:130; do
        signal=${pair%:*}
        begin $busybox sh -c 'echo ready; sleep 60 2>/dev/null; while :; do :; done'
        wait_for ready
        kill "-$signal" $pid
        wait $pid
        check "${signal}_ends_a_program" $? "${pair#*:}"
        begin $busybox sh -c "trap 'echo got $signal; exit 7' $signal; echo ready; while :; do :; done"
        wait_for ready
        kill "-$signal" $pid
        wait $pid
        check "${signal}_can_be_caught" "$? $(tail -n 1 "$work/out")" "7 got $signal"
    done
    begin $busybox sh -c 'echo ready; while :; do :; done'
    wait_for ready
    kill -TSTP $pid
    sleep 0.3
    local child
    child=$(cat "/proc/$pid/task/$pid/children")
    check stopped_together "$(sed -n 's/^State:\t\(.\).*/\1/p' /proc/$pid/status /proc/${child% }/status |
        tr -d '\n')" TT
    kill -CONT $pid
    sleep 0.2
    kill -TERM $pid
    wait $pid
    check goes_on_together $? 143
}

streams() {
    check end_of_file_at_once "$(run $busybox wc -c </dev/null)" 0
    check input_is_all "$(head -c 100000 /dev/zero | run $busybox wc -c)" 100000
    run $busybox sh -c 'echo before; echo error >&2; exit 9' >"$work/out" 2>"$work/err" </dev/null
    check streams_and_status "$? $(cat "$work/out") $(cat "$work/err")" '9 before error'
}

# say WAIT KEYS: to the terminal, once the output has that.
say() {
    wait_for "$1" || echo "machines: no <$1>" >>"$work/missing"
    printf "$2" >&3
}
# on_terminal COMMAND: with a terminal of script(1), keys from descriptor 3. Always bash: it
# waits for a program that a Ctrl-C of both has reached, where dash ends before it and says nothing.
on_terminal() {
    rm -f "$work/keys" "$work/missing"
    mkfifo "$work/keys"
    : >"$work/out"
    SHELL=$BASH timeout 60 script -qec "stty cols 91 rows 17; $1; echo status \$?" /dev/null \
        <"$work/keys" >"$work/out" 2>&1 &
    pid=$!
    exec 3>"$work/keys"
}
off_terminal() {
    wait_for 'status [0-9]' || echo 'machines: no status' >>"$work/missing"
    exec 3>&-
    wait $pid
    tr -d '\r' <"$work/out" >"$work/lines"
    [ ! -e "$work/missing" ] || cat "$work/missing" >>"$work/lines"
}

terminal() {
    local pid
    trap : PIPE # keys for one that has ended
    on_terminal "'$phoenix' run --accel tcg $busybox sh -c 'test -t 0 && test -t 1 && echo tty'"
    off_terminal
    check streams_are_terminals "$(head -n 1 "$work/lines")" tty

    on_terminal "'$phoenix' run --accel tcg $busybox cat"
    printf 'abx\177c\n' >&3
    say 'c.$' '\004'
    off_terminal
    # Once as it was echoed while it was typed, once as cat got it: a whole line.
    check echo_line_and_end "$(grep -c '^ab.*c$' "$work/lines") $(tail -n 1 "$work/lines")" '2 status 0'

    # In the background, until it is called to the foreground.
    on_terminal "bash -c 'set -m; \"$phoenix\" run --accel tcg $busybox sh -c \"echo begun; read a; echo got \\\$a\" &
        until [ -e $work/now ]; do sleep 0.05; done; jobs; fg >/dev/null'"
    say begun ''
    sleep 0.3
    : >"$work/now"
    say Running 'key\n'
    off_terminal
    check background_is_not_stopped "$(grep -c Running "$work/lines") $(tail -n 2 "$work/lines" | tr '\n' ' ')" \
        '1 got key status 0 '

    on_terminal "'$phoenix' run --accel tcg $busybox stty size"
    off_terminal
    check size_of_the_terminal "$(head -n 1 "$work/lines")" '17 91'

    on_terminal "'$phoenix' run --accel tcg $busybox sh -c 'echo ready; while :; do :; done'"
    say ready '\003'
    off_terminal
    check control_c_ends_it "$(tail -n 1 "$work/lines")" '^Cstatus 130'
}

# The console's driver loses its endpoint, ends, and another one asks the host for the terminal,
# which the shell waits for. What is typed meanwhile waits in the device.
driver() {
    local hold
    hold=$({ sleep 3; echo 'caps 4'; echo exit; } | timeout 100 "$phoenix" shell --accel tcg |
        sed -n 's/^#\([0-9]*\) *Endpoint .*/\1/p')
    check driver_is_ended_and_another_reads "$(
        { sleep 3; echo "revoke 4 $hold"; sleep 3; echo 'run /bin/busybox echo "read on"'; sleep 1; echo exit; } |
            timeout 100 "$phoenix" shell --accel tcg | tail -n 1)" 'read on'
}

at_once() {
    local i pids=() good=0 begun mark=twenty-$$
    begun=$(date +%s%N)
    for ((i = 1; i <= 20; i++)); do
        (out=$(PHX_MARK=$mark run --ro "$work/tree:/t" --env "I=$i" $busybox sh -c 'echo $I; exit $I' \
            </dev/null 2>&1); [ "$? $out" = "$i $i" ] || { echo "$out"; false; }) &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" && good=$((good + 1)); done
    echo "# machines.twenty_at_once_ms=$((($(date +%s%N) - begun) / 1000000))"
    check twenty_at_once $good 20
    nobody_left $mark && ok nothing_stays_after_twenty || bad nothing_stays_after_twenty "$(marked $mark)"
}

# A tree with everything that a tree can have.
make_tree() {
    local t=$work/all
    mkdir -p "$t/sub/deep" "$t/sticky" "$t/co:lon"
    printf 'text\n' >"$t/file"
    ln "$t/file" "$t/sub/hard"
    ln -s ../file "$t/sub/inside"
    ln -s /etc/passwd "$t/absolute"
    ln -s ../../../../../../etc/passwd "$t/upward"
    ln -s "$work/secret" "$t/beside"
    ln -s missing "$t/dangling"
    printf 'secret' >"$work/secret"
    printf 'x' >"$t/co:lon/na:me"
    truncate -s 100000000 "$t/sparse"
    printf 'middle' | dd of="$t/sparse" bs=1 seek=50000000 conv=notrunc 2>/dev/null
    printf 'end' | dd of="$t/sparse" bs=1 seek=99999997 conv=notrunc 2>/dev/null
    truncate -s 50000 "$t/hole"
    chmod 4751 "$t/file" && chmod 2750 "$t/sub" && chmod 1777 "$t/sticky" && chmod 0 "$t/co:lon/na:me"
    [ "$(id -u)" != 0 ] || chown 12:34 "$t/hole"
    touch -d '2001-02-03 04:05:06.789 UTC' "$t/file"
    touch -h -d '1999-12-31 23:59:59 UTC' "$t/dangling"
    touch -d '2010-10-10 10:10:10 UTC' "$t/sub/deep" "$t/sticky"
    [ "$(id -u)" = 0 ] || chmod 400 "$t/co:lon/na:me"
}

# What `stat` says of everything that keeps it, here or (as `run ...`) there.
attributes() {
    "$@" $busybox stat -c '%n %F %a %u %g %Y %h' "$t/file" "$t/sub/hard" "$t/sub/inside" "$t/absolute" \
        "$t/dangling" "$t/sparse" "$t/hole" "$t/co:lon/na:me" "$t/sub" "$t/sticky" "$t/sub/deep"
    "$@" $busybox stat -c '%n %s %b' "$t/sparse" "$t/hole" "$t/file"
    "$@" $busybox readlink "$t/upward"
}

trees() {
    local t=$work/all
    make_tree
    attributes env >"$work/wanted"
    attributes run --ro "$t" >"$work/there" 2>&1
    cmp -s "$work/wanted" "$work/there" && ok attributes_are_kept ||
        bad attributes_are_kept "$(diff "$work/wanted" "$work/there")"
    check blocks_of_a_sparse_file "$(run --ro "$t" $busybox du -k "$t/sparse" | cut -f 1)" \
        "$(du -k "$t/sparse" | cut -f 1)"
    check bytes_of_a_sparse_file "$(run --ro "$t" $busybox sha1sum "$t/sparse" 2>&1)" \
        "$(sha1sum "$t/sparse")"
    run --mem 10M --ro "$t/sparse:/s" $busybox true && ok holes_take_no_memory || bad holes_take_no_memory "$?"
    local link
    for link in absolute upward beside; do
        run --ro "$t" $busybox cat "$t/$link" >"$work/out" 2>"$work/err"
        [ $? = 1 ] && [ ! -s "$work/out" ] && grep -q 'No such file' "$work/err" &&
            ok "link_${link}_leads_nowhere" || bad "link_${link}_leads_nowhere" "$(cat "$work/out" "$work/err")"
    done
    check name_with_a_colon "$(run --ro "$t/co:lon" $busybox ls "$t/co:lon")" 'na:me'
    check name_with_a_colon_elsewhere "$(run --ro "$t/co:lon:/a:b" $busybox ls /a:b)" 'na:me'
    run --ro "$t" --cwd "$t/file" $busybox true >"$work/out" 2>&1
    check folder_that_is_a_file "$? $(grep -c 'no directory' "$work/out")" '126 1'
    # What the user may not read, for which it must be somebody else than root.
    if unshare -U true 2>/dev/null; then
        chmod 0 "$t/sub/deep"
        unshare -U "$phoenix" run --ro "$t:/t" $busybox true >"$work/out" 2>&1
        check folder_that_cannot_be_read "$? $(sed "s|$t||" "$work/out")" \
            '125 phoenix: --ro: cannot read /sub/deep: Permission denied'
        chmod 700 "$t/sub/deep"
        unshare -U "$phoenix" run --ro "$t:/t" $busybox true >"$work/out" 2>&1
        check file_that_cannot_be_read "$? $(sed "s|$t||" "$work/out")" \
            '125 phoenix: --ro: cannot read /co:lon/na:me: Permission denied'
        cp $busybox "$work/unreadable" && chmod 111 "$work/unreadable"
        unshare -U "$phoenix" run "$work/unreadable" true >"$work/out" 2>&1
        check program_that_cannot_be_read "$? $(sed "s|$work||" "$work/out")" \
            '126 phoenix: /unreadable cannot be read: Permission denied'
        [ ! -e /dev/kvm ] || unshare -U bash -c 'exec 3<>/dev/kvm' 2>/dev/null || {
            unshare -U "$phoenix" run --accel kvm $busybox true >"$work/out" 2>&1
            check kvm_that_cannot_be_opened "$? $(cat "$work/out")" '125 phoenix: --accel kvm: /dev/kvm cannot be opened: Permission denied; --accel tcg does without it'
        }
    fi
    # What is said to be enough is enough.
    local size need
    need=$(run --mem 1M --scratch 30M $busybox true 2>&1 | sed -n 's/.* needs \([0-9]*M\)$/\1/p')
    run --mem "${need:-0}" --scratch 30M $busybox dd if=/dev/zero of=/f bs=1M count=29 >"$work/out" 2>&1 &&
        ok memory_for_a_scratch || bad memory_for_a_scratch "$need: $(cat "$work/out")"
    mkdir "$work/long" && cat $busybox /dev/zero | head -c 70000000 >"$work/long/busybox"
    chmod +x "$work/long/busybox"
    check long_program_and_trees "$(run --ro "$work/tree:/t" "$work/long/busybox" sha1sum /t/file 2>&1 |
        cut -d ' ' -f 1)" "$(sha1sum <"$work/tree/file" | cut -d ' ' -f 1)"
    check much_memory_beside_trees "$(run --mem 5G --ro "$work/tree:/t" $busybox sha1sum /t/file 2>&1 |
        cut -d ' ' -f 1)" "$(sha1sum <"$work/tree/file" | cut -d ' ' -f 1)"
    for size in 10000 3000000 30000000; do
        head -c $size /dev/urandom >"$work/size"
        need=$(run --mem 1M --ro "$work/size:/f" $busybox true 2>&1 | sed -n 's/.* needs \([0-9]*M\)$/\1/p')
        check "memory_for_$size" "$(run --mem "${need:-0}" --ro "$work/size:/f" $busybox sha1sum /f 2>&1 |
            cut -d ' ' -f 1)" "$(sha1sum <"$work/size" | cut -d ' ' -f 1)"
    done
}

# ms NAME COMMAND...: the shortest of three runs, into $NAME; the least that one used of
# processors, its machine included, into ${NAME}_cpu.
ms() {
    local name=$1 best=999999 least=999999 i begun took TIMEFORMAT='%U %S'
    shift
    for i in 1 2 3; do
        begun=$(date +%s%N)
        { time "$@" 2>"$work/said"; } 2>"$work/took" || best=9999999
        took=$((($(date +%s%N) - begun) / 1000000))
        ((took < best)) && best=$took
        took=$(awk '{ print int(($1 + $2) * 1000) }' "$work/took")
        ((took < least)) && least=$took
    done
    printf -v "$name" %s $best
    printf -v "${name}_cpu" %s $least
}

# 400 MB in files of which some are small.
large() {
    local i empty first again pid child anonymous q35 empty_cpu first_cpu again_cpu q35_cpu
    mkdir "$work/large"
    for i in 1 2 3 4; do head -c 99000000 /dev/urandom >"$work/large/$i"; done
    for ((i = 0; i < 400; i++)); do head -c 10000 "$work/large/1" >"$work/large/small$i"; done
    sleep 2.1
    ms empty run $busybox true
    ms first eval 'rm -rf "$XDG_CACHE_HOME"; run --ro "$work/large:/t" $busybox true'
    ms again run --ro "$work/large:/t" $busybox true
    ms q35 run --machine q35 --ro "$work/large:/t" $busybox true
    echo "# launcher.ms_empty=$empty launcher.ms_400mb_first=$first launcher.ms_400mb_again=$again" \
        "launcher.ms_400mb_again_q35=$q35"
    echo "# of processors: launcher.ms_empty=$empty_cpu launcher.ms_400mb_first=$first_cpu" \
        "launcher.ms_400mb_again=$again_cpu"
    # By the clock it is less too where nothing else runs, but a clock decides no test.
    ((first_cpu - empty_cpu < 2000)) && ok large_tree_first_adds_less_than_2_s || bad large_tree_first_adds_less_than_2_s "$first_cpu"
    ((again_cpu - empty_cpu < 2000)) && ok large_tree_adds_less_than_2_s || bad large_tree_adds_less_than_2_s "$again_cpu"
    # 8 MB beside it: no room for a second copy in the machine.
    check large_tree_is_in_place "$(run --mem 416M --ro "$work/large:/t" $busybox sha1sum /t/4 |
        cut -d ' ' -f 1)" "$(sha1sum <"$work/large/4" | cut -d ' ' -f 1)"
    begin --ro "$work/large:/t" $busybox sh -c 'echo ready; while :; do :; done'
    wait_for ready
    child=$(cat "/proc/$pid/task/$pid/children")
    anonymous=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/${child% }/status")
    kill -KILL $pid
    wait $pid 2>/dev/null
    echo "# launcher.kb_of_the_host_for_400mb=$anonymous"
    ((anonymous < 150000)) && ok large_tree_is_shared_with_the_host || bad large_tree_is_shared_with_the_host "$anonymous kB"
}

# A minute in which the rest is done; its machine is only a program that says nothing.
PHOENIX_QEMU=$build/tests/launcher/fake_qemu FAKE=silent "$phoenix" run $busybox </dev/null \
    >"$work/never" 2>&1 &
never=$!

ends
signals
streams
terminal
driver
at_once
trees
large
wait $never
check never_ready "$? $(cat "$work/never")" \
    '125 phoenix: the machine was not ready after 60 seconds; this host may have too much other work'
[ $failures = 0 ]
