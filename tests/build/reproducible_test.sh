#!/bin/bash
# SPDX-License-Identifier: MIT
# The tree built in another folder gives the same kernel, the same programs and the
# same boot module, to the byte.
set -u
suite=build
. "$(dirname "$0")/lib.sh"

other="$work/a folder/with another name"
other=${other// /_}
copy_tree "$other"
# Another time zone, locale and umask must not matter either.
if ! (umask 027 && cd "$other" && TZ=Asia/Tokyo LC_ALL=C.UTF-8 make -j2 CC="$(cat "$build/compiler")" \
    B=build all) >"$work/log" 2>&1; then
    bad builds_in_another_folder "$(tail -n 3 "$work/log")"
    exit 1
fi
ok builds_in_another_folder
for file in phoenix.elf libos.elf system.manifest; do
    if cmp "$build/$file" "$other/build/$file" >"$work/differ" 2>&1; then
        ok "${file}_is_reproducible"
    else
        bad "${file}_is_reproducible" "$(cat "$work/differ")"
    fi
done
check no_folder_name_in_the_kernel eval '! grep -aqF "$top" "$build/phoenix.elf"'
[ $failures = 0 ]
