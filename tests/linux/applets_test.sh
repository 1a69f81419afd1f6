#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian's busybox-static, as it is: the jobs of applets.list, here and in a machine,
# with equal output, messages and status. The host's files are a copy that may be
# spoilt; the machine's are the originals, to read, and memory over them.
#
#   applets_test.sh [PART]     only the jobs with PART in their names
#
# How many applets were asked for, and how many of them with standard input, a file and
# an option each, is counted; fewer than 44 of the latter is a failure.

suite=applets
. "$(dirname "$0")/lib.sh"
list=$top/tests/linux/applets.list
busybox=/bin/busybox
part=${1:-}

make_files() {
    local i
    mkdir -p data/tmp data/tree/a data/tree/b && cd data || exit 1
    for i in $(seq 1000); do echo "$i"; done >numbers
    for i in $(seq 300); do echo "key$((i % 17)),$((i * i % 1000)).5,line $i"; done >table.csv
    printf '%s\n' zero one two three four five six seven eight nine ten one seven >words
    LC_ALL=C sort words >sorted
    printf 'alpha beta\ngamma delta\nepsilon zeta\nwith  spaces, and longer at the end\n' >text
    : >empty
    awk 'BEGIN { srand(7); for (i = 0; i < 60000; i++) printf "%c", int(rand() * 255) + 1 }' >random
    base64 random >random.b64
    gzip -n -k text && bzip2 -k text
    echo 'a deep file' >tree/b/deep.txt
    seq 5000 >tree/a/long.txt
    echo other >tree/a/other.dat
    ln -s a/other.dat tree/link
    printf 'text\nwords\n' >list
    make_more_files
    find . -exec touch -h -d @1600000000 {} +
    tar --sort=name --owner=0 --group=0 --numeric-owner -C tree -cf tree.tar .
    find . -exec touch -h -d @1600000000 {} +
    cd ..
}

# For those that read a format of their own.
make_more_files() {
    md5sum words >md5.list && sha1sum words random >sha1.list
    sha256sum words random >sha256.list && sha512sum words random >sha512.list
    xz -k text && xz -k --format=lzma text
    printf 'a\tb\n\tc  d\te\n' >tabs && expand tabs >spaces
    printf 'one\r\ntwo\r\n' >crlf && head -n 1 text >text.one
    "$busybox" uuencode text text.out >text.uu
    "$busybox" cpio -o -H newc <list >list.cpio 2>/dev/null
    printf 'scale = 20\n4 * a(1)\n2 ^ 200 %% 10007\nfor (i = 0; i < 5; ++i) i ^ 3\n' >sums
    printf '10 3 / p 2 64 ^ p [la1+dsap10>x]sx 0salxx k 5 v p\n' >calculation
    printf '1,$s/a/A/\n2d\n,p\nw\nq\n' >edits
    printf -- '--- a/text\n+++ b/text\n@@ -1,2 +1,2 @@\n-alpha beta\n+ALPHA beta\n gamma delta\n' \
        >change
    printf '%s\n' 'read a; echo "$# $2 $a"; read b || exit 4' 'echo $((6 * 7)); false || echo no' \
        'exit 3' >script.sh
}

# one NAME INPUT WRITES SORTS ARG...
one() {
    local name=$1 input=$2 writes=$3 sorts=$4
    local options=(--ro "$work/data:/data" --ro /etc/passwd --ro /etc/group --cwd /data)
    shift 4
    [ "$writes" = 0 ] || options+=(--scratch 4M --ro "$work/data/tmp:/tmp")
    rm -rf copy && cp -a data copy
    (cd copy && exec env -i PATH=/bin "$busybox" "$@") <"$input" >host.out 2>host.err
    echo $? >host.status
    guest "${options[@]}" --env PATH=/bin "$busybox" "$@" <"$input" >guest.out 2>guest.err
    echo $? >guest.status
    if [ "$sorts" = 1 ]; then
        LC_ALL=C sort -o host.out host.out
        LC_ALL=C sort -o guest.out guest.out
    fi
    same "$name" || return
    ok "$name"
    note "$input" "$@"
}

# What the applet has now been seen to do as the host does.
declare -A seen
note() {
    local input=$1 applet=$2 word
    [ "$input" = /dev/null ] || seen[$applet]+=i
    seen[$applet]+=-
    for word in "${@:3}"; do
        if [[ $word == -?* ]]; then
            seen[$applet]+=o
        elif [ -n "$word" ] && [ -e "data/$word" ]; then
            seen[$applet]+=f
        fi
    done
}

count_applets() {
    local applet all=0
    unset "seen[nosuchapplet]"
    for applet in "${!seen[@]}"; do
        [[ ${seen[$applet]} == *i* && ${seen[$applet]} == *o* && ${seen[$applet]} == *f* ]] &&
            all=$((all + 1))
    done
    if [ $all -ge 44 ]; then
        ok "are_as_on_the_host ($all with standard input, a file and options, of ${#seen[@]})"
    else
        bad are_as_on_the_host "only $all with standard input, a file and options"
    fi
}

make_files

large() {
    # What one machine of a run says about all: the speed of large input and files.
    head -c 5000000 /dev/urandom >large
    sha256sum <large >host.out
    patience=150 # the serial line is slow when the host is busy
    guest "$busybox" sha256sum <large >guest.out 2>guest.err
    patience=50
    if cmp -s host.out guest.out; then ok large_stdin; else bad large_stdin "$(cat guest.err)"; fi
    guest --ro "$work/large:/f" "$busybox" sha256sum /f >guest.out 2>guest.err
    if [ "$(cut -d' ' -f1 host.out)" = "$(cut -d' ' -f1 guest.out)" ]; then
        ok large_file
    else
        bad large_file "$(cat guest.err)"
    fi
}
[ -n "$part" ] || large

while read -r name rest; do
    case $name in '#'* | '') continue ;; esac
    [[ $name == *"$part"* ]] || continue
    input=/dev/null writes=0 sorts=0
    if [[ $rest == '<'* ]]; then
        input=$work/data/${rest%% *}
        input=${input/</}
        rest=${rest#* }
    fi
    if [[ $rest == 'w '* ]]; then
        writes=1
        rest=${rest#w }
    fi
    if [[ $rest == 's '* ]]; then
        sorts=1
        rest=${rest#s }
    fi
    eval "words=($rest)"
    one "$name" "$input" "$writes" "$sorts" "${words[@]}"
done <"$list"

[ -n "$part" ] || count_applets
exit $((failures > 0))
