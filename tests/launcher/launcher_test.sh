#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The launcher against a machine that is a small program (fake_qemu.c): options,
# statuses, streams, signals, and every way in which a machine can fail it.
#
#   tests/launcher/launcher_test.sh [PART...]   only those of the parts at its end
set -u
cd "$(dirname "$0")/../.."
build=$PWD/${B:-build}
work=$(mktemp -d)
# Not in a child that is ended before it became another program.
trap '[ "$BASHPID" != $$ ] || rm -rf "$work"' EXIT
failures=0

phoenix=$build/tools/phoenix
program=/bin/busybox
export PHOENIX_QEMU=$build/tests/launcher/fake_qemu
export PHOENIX_IMAGES=$work/images

# The system's parts need only be files here: nothing runs them. init is taken apart.
mkdir -p "$PHOENIX_IMAGES/boot"
for part in phoenix.elf boot/libos.elf boot/ramfs.elf boot/console.elf system.manifest; do
    head -c 8192 /bin/busybox >"$PHOENIX_IMAGES/$part"
done
gcc -static -nostdlib -Wl,-Ttext-segment=0x200000 -x c -o "$PHOENIX_IMAGES/boot/init.elf" - \
    <<<'void _start(void) { for (;;) {} }'

ok() { echo "ok launcher.$1"; }
bad() {
    echo "FAIL launcher.$1 $2"
    failures=$((failures + 1))
}

# run FAKE argument...: status in $status, streams in $work/out and $work/err.
run() {
    local fake=$1
    shift
    FAKE=$fake timeout 60 "$phoenix" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}

# check NAME STATUS [stdout [pattern of stderr]]
check() {
    local name=$1 want=$2
    if [ "$status" != "$want" ]; then
        bad "$name" "status $status, not $want: $(head -c 300 "$work/err")"
    elif [ $# -ge 3 ] && [ "$(cat "$work/out")" != "$3" ]; then
        bad "$name" "stdout: $(head -c 300 "$work/out")"
    elif [ $# -ge 4 ] && ! grep -q -- "$4" "$work/err"; then
        bad "$name" "stderr: $(head -c 300 "$work/err")"
    elif [ $# -ge 4 ] && [ "$(wc -l <"$work/err")" != "${5:-1}" ]; then
        bad "$name" "stderr has $(wc -l <"$work/err") lines"
    else
        ok "$name"
    fi
}

wrong() {
    local name=$1 pattern=$2
    shift 2
    run echo "$@"
    check "refuses_$name" 125 '' "$pattern"
}

options() {
    run echo --help
    grep -q '^usage: phoenix run' "$work/out" && check help 0
    run echo run --help
    check help_of_run 0
    local option said=
    for option in $(grep -o -- '^  --[a-z-]*' "$work/out"); do
        run echo run "$option"
        [ $status = 125 ] && ! grep -q 'no such option' "$work/err" || said="$said $option"
    done
    [ -z "$said" ] && ok help_lists_what_there_is || bad help_lists_what_there_is "$said"
    run echo --version
    check version 0 'phoenix 0.1'
    wrong no_command 'say what to do'
    wrong unknown_command 'no such command: jump' jump
    wrong unknown_option 'no such option: --rw' run --rw x $program
    wrong value_of_a_bare_option '--trace-calls: takes no value' run --trace-calls=1 $program
    wrong stats_of_a_shell '--stats is an option of .phoenix run. only' shell --stats
    wrong missing_value '--mem: its value is missing' run --mem
    wrong missing_program 'say which program' run --mem 64M
    wrong bad_size 'not a size' run --mem 12Q $program
    wrong negative_size '--scratch: -1 is not between 1 and' run --scratch -1 $program
    wrong size_without_digits 'not a number' run --mem -x $program
    wrong size_of_zero 'not between' run --scratch 0 $program
    wrong size_that_wraps 'not between' run --mem 99999999999999G $program
    wrong bad_smp 'not between 1 and 64' run --smp 0 $program
    wrong bad_machine 'not one of microvm, q35, pc' run --machine pdp11 $program
    wrong bad_accel 'not one of auto, tcg, kvm' run --accel warp $program
    wrong bad_timeout 'not a number of seconds' run --timeout soon $program
    wrong zero_timeout 'not a number of seconds' run --timeout 0 $program
    wrong env_without_name 'has no name' run --env =x $program
    wrong relative_cwd 'does not begin with a slash' run --cwd tmp $program
    wrong cwd_without_files 'no folder /tmp without --ro or --scratch' run --cwd /tmp $program
    wrong ro_of_nothing 'cannot read /not/there' run --ro /not/there:/x $program
    wrong ro_without_guest 'no path behind the colon' run --ro /etc/passwd: $program
    wrong ro_twice 'given twice' run --ro /etc/passwd:/x --ro /etc/group:/x $program
    wrong ro_through_a_file 'leads through' run --ro /etc/passwd:/x --ro /etc/group:/x/y $program
    mkfifo "$work/pipe"
    wrong ro_of_a_pipe 'pipe is a device, a socket or a pipe' run --ro "$work/pipe:/x" $program
    wrong ro_of_a_device 'null is a device' run --ro /dev/null $program
    wrong ro_of_a_file_as_root 'no folder, so it cannot be `/`' run --ro /etc/passwd:/ $program
    wrong ro_of_an_untold_size 'cpuinfo does not tell its size' run --ro /proc/cpuinfo $program
    wrong too_little_memory 'is too little' run --mem 1M $program
    wrong too_little_for_the_kernel 'is too little; .* needs 7M' run --mem 6M $program
    wrong program_for_shell 'takes no program' shell $program
    wrong run_option_for_shell 'option of `phoenix run` only' shell --ro /etc:/etc
    wrong log_that_cannot_be '--log: cannot write' run --log /not/there/log $program
}

programs() {
    printf '#!/bin/sh\necho hi\n' >"$work/script"
    printf 'hello\n' >"$work/text"
    printf 'plain' >"$work/plain"
    chmod +x "$work/script" "$work/text"
    # 18 and 19 are e_machine, 4 is the class.
    head -c 4096 /bin/busybox >"$work/arm" && printf '\xb7\0' |
        dd of="$work/arm" bs=1 seek=18 conv=notrunc 2>/dev/null
    head -c 4096 /bin/busybox >"$work/i386" && printf '\x03\0' |
        dd of="$work/i386" bs=1 seek=18 conv=notrunc 2>/dev/null
    printf '\x01' | dd of="$work/i386" bs=1 seek=4 conv=notrunc 2>/dev/null
    head -c 100000 /bin/busybox >"$work/cut"
    chmod +x "$work/arm" "$work/i386" "$work/cut"

    run echo run "$work/nothing"
    check program_not_there 127 '' 'no such program'
    run echo run no-such-program-anywhere
    check program_not_on_path 127 '' 'no such program'
    run echo run "$work/plain"
    check program_without_permission 126 '' 'Permission denied'
    run echo run "$work"
    check program_is_a_folder 126 '' 'Is a directory'
    chmod +x "$work/pipe"
    run echo run "$work/pipe"
    check program_is_a_pipe 126 '' 'Permission denied'
    run echo run "$work/script"
    check program_is_a_script 126 '' 'is a script; .*/bin/sh'
    printf '#!/bin/\033[2J\ax\necho hi\n' >"$work/escape" && chmod +x "$work/escape"
    run echo run "$work/escape"
    check script_that_writes_to_the_terminal 126 '' 'interpreter instead (/bin/?\[2J?x)'
    run echo run "$work/text"
    check program_is_a_text 126 '' 'not an ELF program'
    run echo run /bin/ls
    check program_is_dynamic 126 '' 'is a dynamic program .*ld-linux'
    run echo run "$work/arm"
    check program_for_arm 126 '' 'another machine (aarch64)'
    run echo run "$work/i386"
    check program_for_i386 126 '' 'another machine (i386)'
    run echo run "$work/cut"
    check program_is_cut_off 126 '' 'cannot be run'
    run echo run busybox true
    check program_on_path 0
    run echo run -- $program
    check two_dashes 0
    mv "$PHOENIX_IMAGES/boot/libos.elf" "$work/kept"
    run echo run $program
    check part_that_is_missing 125 '' 'libos.elf is missing; .make. builds it'
    mv "$work/kept" "$PHOENIX_IMAGES/boot/libos.elf"
}

statuses() {
    local n
    for n in 0 1 127 255 139; do
        FAKE_ARG=$n run status run $program
        check "status_$n" "$n" ''
    done
    FAKE_ARG=256 run status run $program
    check status_above_255 125
    run epitaph run $program
    check epitaph 125 before 'the kernel died: test' 3
    PHOENIX_IMAGES=$build run epitaph run $program
    check epitaph_with_functions 125 before '^  [a-z_]*+0x1$' 3
    run midframe run $program
    check death_in_mid_frame 125 '' 'ended without saying'
    run reset run $program
    check machine_resets 125 '' 'ended without saying'
    run garbage run $program
    check line_out_of_step 125 '' 'out of step'
    run refuse run $program
    check death_before_ready 125 '' 'QEMU ended with status 1' 3
    grep -q 'something was wrong' "$work/err" && grep -q 'too little memory' "$work/err" &&
        ok death_before_ready_is_explained || bad death_before_ready_is_explained "$(cat "$work/err")"
    PHOENIX_QEMU=/not/there run echo run $program
    check no_qemu 125 '' 'apt-get install qemu-system-x86'
    run noise run $program
    check noise_before_ready 0 '' 
    run nothing run $program
    check qemu_that_does_nothing 125 '' 'ended without saying'
    FAKE_VERSION='QEMU emulator version 5.0.1' run nothing run $program
    check qemu_too_old 125 '' 'is QEMU 5.0, which is too old; 7.2 or newer is needed'
    FAKE_VERSION='QEMU emulator version 7.1.9' run refuse run $program
    check qemu_too_old_by_a_little 125 '' 'is QEMU 7.1, which is too old'
    FAKE_VERSION='true (GNU coreutils) 9.1' run nothing run $program
    check qemu_that_is_none 125 '' 'does not behave like QEMU'
    FAKE_ARG="qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory" run words run \
        --mem 9G $program
    check host_without_memory 125 '' 'this host cannot give the machine 9216M'
    FAKE_ARG="qemu: could not load PC BIOS 'bios-microvm.bin'" run words run $program
    check qemu_without_firmware 125 '' 'does not find its firmware; .apt-get install'
    printf 'plain' >"$work/plain" && chmod -x "$work/plain"
    PHOENIX_QEMU=$work/plain run echo run $program
    check qemu_without_permission 125 '' 'plain: Permission denied'
    run silent run --timeout 0.3 $program
    check timeout_before_ready 124 ''
    run hang run --timeout 0.3 $program
    check timeout 124 ''
    FAKE=flood timeout 60 "$phoenix" run $program 2>"$work/err" | head -c 100 >"$work/out"
    status=${PIPESTATUS[0]}
    check output_that_nobody_reads 141 "$(head -c 100 /dev/zero | tr '\0' y)"
    FAKE=flood run flood run --timeout 0.5 $program
    check timeout_in_a_flood 124
    run log run --log "$work/log" $program
    check log_status 3 out
    [ "$(cat "$work/log")" = "$(printf 'one\ntwo')" ] && ok log || bad log "$(cat "$work/log")"
    run log run --log /dev/full $program
    check log_that_is_full 3 out 'cannot write /dev/full: No space left'
    run log run $program
    check log_is_not_in_the_streams 3 out
    [ ! -s "$work/err" ] && ok log_is_not_on_stderr || bad log_is_not_on_stderr "$(cat "$work/err")"
}

# A machine that ends after each byte of what it had to say: its status is only believed
# when it came, and otherwise there is one line.
cuts() {
    local bytes wrong=0
    for ((bytes = 0; bytes <= 34; bytes++)); do
        FAKE_ARG=$bytes run cut run $program
        if ((bytes == 34)); then
            [ "$status" = 7 ] && [ "$(cat "$work/out" "$work/err")" = "$(printf 'out\nerr')" ]
        elif ((bytes < 7)); then
            [ "$status" = 125 ] && grep -q 'ended without saying' "$work/err"
        else
            [ "$status" = 125 ] && [ "$(grep -vxc err "$work/err")" = 1 ] &&
                [ "$(cat "$work/out")" = "$( ((bytes >= 20)) && echo out)" ]
        fi || { wrong=$((wrong + 1)) && echo "after $bytes bytes: $status, $(cat "$work/err")"; }
    done
    [ $wrong = 0 ] && ok every_cut_of_the_line || bad every_cut_of_the_line "$wrong cuts"
}

streams() {
    head -c 5000000 /dev/urandom >"$work/random"
    FAKE=echo timeout 60 "$phoenix" run $program <"$work/random" >"$work/out" 2>"$work/err"
    status=$?
    cmp -s "$work/random" "$work/out" && check five_megabytes_of_anything 0 ||
        bad five_megabytes_of_anything "differ"
    FAKE=echo2 timeout 60 "$phoenix" run $program <"$work/random" 2>"$work/err" >"$work/out"
    cmp -s "$work/random" "$work/err" && ok the_same_to_stderr || bad the_same_to_stderr "differ"
    (cat "$work/random" | FAKE=echo timeout 60 "$phoenix" run $program | cat) >"$work/out" 2>&1
    cmp -s "$work/random" "$work/out" && ok the_same_through_pipes || bad the_same_through_pipes differ
    printf '' | FAKE=echo timeout 60 "$phoenix" run $program >"$work/out" 2>"$work/err"
    status=$?
    check empty_input 0 ''
    FAKE=echo timeout 60 "$phoenix" run $program <&- >"$work/out" 2>"$work/err"
    status=$?
    check closed_input 0 ''
    FAKE=echo timeout 60 "$phoenix" run $program <"$work/random" >&- 2>&-
    status=$?
    check closed_output 125
    FAKE=echo timeout 60 "$phoenix" run $program <"$work/random" >&- 2>"$work/err"
    status=$?
    : >"$work/out"
    check closed_output_is_said 125 '' 'standard output: Bad file descriptor'
    FAKE=echo timeout 60 "$phoenix" run $program </dev/null >&- 2>&-
    status=$?
    check closed_output_that_is_not_used 0
    # Nobody reads stderr any more: the program would die of it on the host.
    FAKE=echo2 timeout 60 "$phoenix" run $program 2>&1 <"$work/random" >"$work/out" | sleep 0
    status=${PIPESTATUS[0]}
    check errors_that_nobody_reads 141 ''
    FAKE=turns timeout 60 "$phoenix" run $program </dev/null >"$work/out" 2>&1
    status=$?
    check one_file_keeps_the_order 0 123456789
    FAKE=turns timeout 60 "$phoenix" run $program 2>&1 </dev/null | cat >"$work/out"
    status=${PIPESTATUS[0]}
    check one_pipe_keeps_the_order 0 123456789
    FAKE=echo timeout 60 "$phoenix" run $program <"$work/random" >/dev/full 2>"$work/err"
    status=$?
    : >"$work/out"
    check full_output 125 '' 'cannot write to standard output'
}

# Whether a process has ended, waited for or not.
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }

# wait_for PATTERN: until the launcher's output has it.
wait_for() {
    local i
    for ((i = 0; i < 200; i++)); do
        grep -q "$1" "$work/out" && return
        sleep 0.05
    done
    return 1
}

# begin FAKE argument...: in the background, as $pid; what was said before is forgotten.
begin() {
    local fake=$1
    shift
    : >"$work/out"
    FAKE=$fake "$phoenix" "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
}

signals() {
    local pid child
    begin controls run $program
    wait_for terminal
    # A background job of a shell without job control has SIGINT ignored: as it should be.
    kill -WINCH $pid
    wait_for 'control 8'
    kill -TERM $pid
    wait $pid
    status=$?
    check signals_are_handed_on 143
    grep -q '^terminal 0 80 x 24$' "$work/out" && ok terminal_is_described_first ||
        bad terminal_is_described_first "$(cat "$work/out")"

    run ask run $program
    check terminal_is_described_when_asked 3

    begin controls run $program
    wait_for terminal
    kill -HUP $pid
    wait_for 'control 1$' && ok hangup_is_a_hangup || bad hangup_is_a_hangup "$(cat "$work/out")"
    kill -KILL $pid
    wait $pid 2>/dev/null

    begin controls shell
    wait_for terminal
    kill -TERM $pid
    wait $pid
    status=$?
    : >"$work/out"
    check one_signal_ends_a_shell 143 ''

    begin hang run $program
    sleep 0.3
    kill -TERM $pid
    sleep 0.1
    kill -TERM $pid
    sleep 0.1
    kill -TERM $pid
    wait $pid
    status=$?
    check third_signal_ends_it 143

    begin silent run $program
    sleep 0.3
    child=$(cat /proc/$pid/task/$pid/children)
    kill -TERM $pid
    wait $pid
    status=$?
    check signal_before_ready 143
    [ -n "$child" ] && is_gone ${child% } && ok machine_is_gone || bad machine_is_gone "$child"

    begin hang run $program
    sleep 0.3
    child=$(cat /proc/$pid/task/$pid/children)
    kill -KILL $pid
    wait $pid 2>/dev/null
    sleep 0.2
    [ -n "$child" ] && is_gone ${child% } && ok machine_dies_with_its_parent ||
        bad machine_dies_with_its_parent "$child"
}

# On a terminal of script(1): keys go to the machine, two of them mean something else,
# and the terminal is as before when it is over.
terminals() {
    mkfifo "$work/keys"
    SHELL=$BASH FAKE=controls timeout 20 script -qec "stty cols 91 rows 17; stty -g >$work/before
        $phoenix shell; echo status \$?; stty -g >$work/after" /dev/null <"$work/keys" >"$work/out" 2>&1 &
    exec 3>"$work/keys"
    wait_for 'terminal 7 91 x 17'
    printf 'a\003b' >&3
    wait_for 'control 2'
    printf '\035' >&3
    wait_for 'status 0'
    exec 3>&-
    wait
    grep -q 'terminal 7 91 x 17' "$work/out" && ok window_size || bad window_size "$(cat "$work/out")"
    grep -q 'control 2' "$work/out" && ok control_c_is_an_interrupt || bad control_c_is_an_interrupt
    grep -q 'status 0' "$work/out" && ok key_that_ends_it || bad key_that_ends_it
    cmp -s "$work/before" "$work/after" && ok terminal_is_restored || bad terminal_is_restored
}

has_argument() { grep -A1 -x -e "$1" "$work/out" | tail -n 1 | grep -qx -e "$2"; }

machines() {
    run arguments run --machine q35 --smp 4 --mem 200M --accel tcg $program
    has_argument -M q35 && has_argument -smp 4 && has_argument -m 200M &&
        has_argument -accel tcg && has_argument -append 'console=framed exit=0xf4' &&
        check machine_is_as_asked 0 || bad machine_is_as_asked "$(cat "$work/out")"
    run arguments run --accel=tcg $program
    has_argument -M 'microvm,.*' && has_argument -smp 1 && has_argument -m '6[5-9]M' &&
        ok machine_by_default || bad machine_by_default "$(cat "$work/out")"
    run arguments run --accel tcg --stats $program
    has_argument -name phoenix,debug-threads=on && ! grep -q -- -plugin "$work/out" &&
        ok stats_name_the_threads || bad stats_name_the_threads "$(cat "$work/out")"
    FAKE_ARG=7 run status run --accel tcg --stats $program
    check stats_without_the_plugin 7 '' 'not counted: tools/count.so is missing' 2
    mkdir "$work/images/tools" && : >"$work/images/tools/count.so"
    run arguments run --accel tcg --stats $program
    check stats_of_a_qemu_without_plugins 0 "$(cat "$work/out")" 'this QEMU loads no plugins' 2
    rm -r "$work/images/tools"
    run arguments run --accel tcg --scratch 100M $program
    has_argument -m '16[5-9]M' && ok scratch_is_added || bad scratch_is_added "$(cat "$work/out")"
}

# What the options grant, as capnp and node read it in the module.
grants() {
    mkdir -p "$work/tree/empty" "$work/tree/deep/er"
    printf 'one\n' >"$work/tree/one"
    ln "$work/tree/one" "$work/tree/deep/link"
    ln -s ../one "$work/tree/deep/symbolic"
    : >"$work/tree/deep/er/nothing"
    mkfifo "$work/tree/deep/pipe" # stays here
    printf 'odd' >"$work/tree/deep/a b:c$(printf '\303\251')"
    chmod 4751 "$work/tree/one" && chmod 1700 "$work/tree/empty"
    touch -d '2001-02-03 04:05:06.789 UTC' "$work/tree/one"
    head -c 300000 /dev/urandom >"$work/random"
    FAKE=module HOME=/home/me timeout 60 "$phoenix" run --ro "$work/tree:/t/u" --ro "$work/random:/f" \
        --ro "$work/tree/deep" --env A=1 --env B= --env HOME --env NOT_SET --env A=2=3 \
        --cwd /t/../t/u/ --scratch 2M --stats --trace-calls -- $program ls -l '' \
        >"$work/module" 2>"$work/err"
    status=$?
    : >"$work/out"
    check module 0 || cat "$work/err"
    # The manifest is behind the boot header.
    if ! tail -c +8193 "$work/module" | capnp convert binary:json schema/manifest.capnp \
        SystemManifest >"$work/module.json" 2>"$work/err"; then
        bad module_is_read_by_capnp "$(cat "$work/err")"
        return
    fi
    node tests/launcher/look.js "$work" >"$work/said" 2>&1
    grep -E '^(ok|FAIL) ' "$work/said"
    failures=$((failures + $(grep -c '^FAIL ' "$work/said")))
    grep -q '^ok launcher.run_is_all_of_it$' "$work/said" || bad module_as_asked "$(tail -n 3 "$work/said")"

    run module run $program
    tail -c +8193 "$work/out" | capnp convert binary:json schema/manifest.capnp SystemManifest \
        >"$work/module.json" 2>"$work/err"
    grep -q '"program": "program"' "$work/module.json" &&
        ! grep -q -e '"entries"' -e '"name": "ramfs"' "$work/module.json" &&
        ok no_option_no_files || bad no_option_no_files "$(cat "$work/err")"
}

from_anywhere() {
    ln -s "$PWD/phoenix" "$work/link"
    (cd / && PHOENIX_BUILD=${B:-build} "$work/link" --version) >"$work/out" 2>"$work/err"
    status=$?
    check through_a_symlink 0 'phoenix 0.1'
}

[ $# != 0 ] || set -- options programs statuses cuts streams signals terminals machines grants \
    from_anywhere
for part; do
    "$part"
done
[ $failures = 0 ]
