#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packed trees that are kept: packed once, always right, never too much, and never
# needed. The machine is fake_qemu.c, which shows what it was given as memory.
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
export XDG_CACHE_HOME=$work/cache
kept=$work/cache/phoenix
mkdir "$work/tmp" && export TMPDIR=$work/tmp

ok() { echo "ok cache.$1"; }
bad() {
    echo "FAIL cache.$1 $2"
    failures=$((failures + 1))
}
check() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else bad "$name" "$(ls -l "$kept" 2>&1 | head -c 300)"; fi
}

# run FAKE argument...: status in $status, streams in $work/out and $work/err.
run() {
    local fake=$1
    shift
    FAKE=$fake timeout 60 "$phoenix" run "$@" $program >"$work/out" 2>"$work/err" </dev/null
    status=$?
}

# A tree of two files of 3 MB whose pages lie one behind the other when packed.
make_tree() {
    mkdir -p "$work/$1"
    head -c 3145728 /dev/urandom >"$work/$1/a"
    head -c 3145728 /dev/urandom >"$work/$1/b"
}
# The machine's memory has the tree as it is now.
right() {
    run trees --ro "$work/$1:/t"
    [ $status = 0 ] && cat "$work/$1/a" "$work/$1/b" | cmp -s - "$work/out"
}
# How much the launcher read, in bytes.
reads() {
    run reads --ro "$work/$1:/t"
    sed 's/rchar: //' "$work/out"
}
files() { find "$kept" -name "*.$1" 2>/dev/null | wc -l; }
is() { [ "$1" = "$2" ]; }
# Files look final two seconds after they were touched.
settle() { sleep 2.1; }

once() {
    local first again
    make_tree one
    check fresh_trees_are_not_kept eval 'right one && is "$(files trees)" 0'
    printf 'X' | dd of="$work/one/b" bs=1 seek=1000 conv=notrunc 2>/dev/null
    check change_within_a_tick_is_seen right one
    settle
    first=$(reads one)
    check trees_are_kept eval 'is "$(files trees)" 1 && is "$(files index)" 1'
    again=$(reads one)
    echo "# launcher.bytes_read_packing=$first launcher.bytes_read_again=$again"
    check trees_are_packed_once eval '((first > 6291456 && again < first - 6000000))'
    check kept_trees_are_right right one
    run reads --ro "$work/one:/t" --env A=1 --scratch 1M
    check other_options_find_them eval '(($(sed "s/rchar: //" "$work/out") < first - 6000000))'
}

changes() {
    printf 'Y' | dd of="$work/one/a" bs=1 seek=77 conv=notrunc 2>/dev/null
    check change_of_the_same_size_is_seen right one
    touch -r "$work/one/b" "$work/one/a"
    check change_under_an_old_time_is_seen right one
    mv "$work/one/a" "$work/x" && mv "$work/one/b" "$work/one/a" && mv "$work/x" "$work/one/b"
    check exchanged_names_are_seen right one
    cp -a "$work/one" "$work/two"
    settle
    rm -rf "$kept"
    check same_content_is_kept_once eval \
        'right one && right two && is "$(files trees)" 1 && is "$(files index)" 2'
    check of_same_content_both_are_right eval 'right one && right two'
}

damage() {
    local file before
    file=$(find "$kept" -name '*.trees')
    printf 'damage' | dd of="$file" bs=1 seek=17000000 conv=notrunc 2>/dev/null
    check damage_is_noticed right one
    file=$(find "$kept" -name '*.trees')
    check damage_is_mended eval 'cat "$work/one/a" "$work/one/b" |
        cmp -s - <(tail -c +16777217 "$file" | head -c 6291456)'
    truncate -s 17000000 "$file"
    check short_file_is_noticed right one
    for file in "$kept"/*.index; do printf 'damage' | dd of="$file" bs=1 seek=20 conv=notrunc 2>/dev/null; done
    check damaged_index_is_noticed right one
    for file in "$kept"/*.index; do : >"$file"; done
    check empty_index_is_noticed right one
    right one
    before=$(reads one)
    touch "$kept"/*.trees
    # Hashed once because its time is another, then believed again.
    ((before + 6000000 < $(reads one))) && (($(reads one) <= before + 1000)) &&
        ok other_times_are_looked_into || bad other_times_are_looked_into "$before"
}

bounds() {
    local i used
    rm -rf "$kept"
    for i in 1 2 3 4; do make_tree "many$i"; done
    settle
    for i in 1 2 3 1 4; do
        PHOENIX_CACHE_SIZE=20M right "many$i" || bad "bounded_$i" "wrong bytes"
        sleep 0.02
    done
    used=$(du -s --block-size=1 "$kept" | cut -f 1)
    echo "# cache.bytes_with_a_limit_of_20M=$used"
    ((used < 21000000)) && is "$(files trees)" 3 && ok size_is_bounded || bad size_is_bounded "$used"
    (($(PHOENIX_CACHE_SIZE=20M reads many1) < 6000000)) &&
        (($(PHOENIX_CACHE_SIZE=20M reads many2) > 6000000)) &&
        ok longest_unused_went || bad longest_unused_went "$(ls -lu --full-time "$kept")"
    rm -rf "$kept"
    PHOENIX_CACHE_SIZE=5M right many1
    check larger_than_the_limit_is_not_kept is "$(files trees)" 0
    PHOENIX_CACHE_SIZE=0 right many1
    check none_is_kept_with_a_size_of_0 eval 'is "$(files trees)" 0'
    PHOENIX_CACHE_SIZE=lots run trees --ro "$work/many1:/t"
    is $status 125 && grep -q 'PHOENIX_CACHE_SIZE: .lots. is not a number' "$work/err" &&
        ok bad_size_is_said || bad bad_size_is_said "$status"
}

# Each of these works as ever, only that nothing is kept.
without() {
    (unset XDG_CACHE_HOME HOME && right many1) && ok no_home || bad no_home "$(cat "$work/err")"
    XDG_CACHE_HOME='' HOME=/dev/null right many1 && ok home_is_no_folder || bad home_is_no_folder ''
    XDG_CACHE_HOME=/proc right many1 && ok folder_cannot_be_made || bad folder_cannot_be_made ''
    mkdir -p "$work/open/phoenix" && chmod 777 "$work/open/phoenix"
    XDG_CACHE_HOME=$work/open right many1 && [ -z "$(ls "$work/open/phoenix")" ] &&
        ok folder_of_everybody_is_not_used || bad folder_of_everybody_is_not_used ''
    # A file system of its own, where a user may have one.
    mkdir "$work/small"
    if unshare -rm true 2>/dev/null; then
        export -f run right
        export work phoenix program
        unshare -rm bash -c 'mount -t tmpfs -o size=4m none "$work/small" &&
            XDG_CACHE_HOME=$work/small right many1 && [ -z "$(ls -A $work/small/phoenix)" ]' &&
            ok full_file_system || bad full_file_system "$(cat "$work/err")"
        unshare -rm bash -c 'mount -t tmpfs -o ro none "$work/small" &&
            XDG_CACHE_HOME=$work/small right many1' &&
            ok read_only_file_system || bad read_only_file_system "$(cat "$work/err")"
    fi
}

at_once() {
    local i pids=() good=0
    rm -rf "$kept"
    for i in 1 2 3 4 5 6 7 8; do
        (FAKE=trees timeout 60 "$phoenix" run --ro "$work/many1:/t" $program \
            </dev/null 2>&1 | cmp -s - <(cat "$work/many1/a" "$work/many1/b")) &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" && good=$((good + 1)); done
    is $good 8 && is "$(files trees)" 1 && ok eight_at_once || bad eight_at_once "$good good"
    right many1 && (($(reads many1) < 6000000)) && ok what_they_kept_is_right ||
        bad what_they_kept_is_right ''
    run trees --mem 200M --ro "$work/many1:/t"
    run trees --mem 100M --ro "$work/many1:/t"
    is "$(stat -c %s "$kept"/*.trees)" $((200 << 20)) && (($(reads many1) < 6000000)) &&
        ok longest_memory_counts || bad longest_memory_counts "$(ls -l "$kept")"
}

# Killed at any moment of packing: whole files or none, and nothing elsewhere.
killed() {
    local i delay good=0 all=0 whole=0
    head -c 60002304 /dev/urandom >"$work/many2/b"
    settle
    for ((i = 0; i < 24; i++)); do
        rm -rf "$kept"
        delay=$(printf '0.%03d' $((i * 20)))
        FAKE=hang "$phoenix" run --ro "$work/many2:/t" $program </dev/null >/dev/null 2>&1 &
        sleep "$delay"
        kill -KILL $!
        wait $! 2>/dev/null
        all=$((all + 1))
        [ -z "$(find "$kept" -type f ! -name '*.trees' ! -name '*.index' 2>/dev/null)" ] &&
            [ -z "$(ls -A "$TMPDIR")" ] && good=$((good + 1))
        [ "$(files trees)" = 1 ] || continue
        whole=$((whole + 1))
        cat "$work/many2/a" "$work/many2/b" | cmp -s - <(tail -c +16777217 "$kept"/*.trees |
            head -c 63148032) || good=$((good - 1))
    done
    is $good $all && right many2 && ok killed_at_24_moments || bad killed_at_24_moments "$good good"
    echo "# cache.whole_after_kill=$whole of $all"
}

too_big() {
    mkdir "$work/huge"
    fallocate -l 2500M "$work/huge/file" 2>/dev/null || return
    run trees --ro "$work/huge:/t"
    is $status 125 && grep -q -- '--ro: the files have 2500M; what a machine can be given .* is 20[0-9]*M' \
        "$work/err" && ok too_big_is_said_with_the_sizes || bad too_big_is_said_with_the_sizes "$(cat "$work/err")"
    rm -r "$work/huge"
}

once
changes
damage
bounds
without
at_once
killed
too_big
[ $failures = 0 ]
