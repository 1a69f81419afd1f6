#!/bin/bash
# SPDX-License-Identifier: MIT
# scripts/setup.sh finds what is missing, installs that only, and says what to type
# where it cannot. The package tools are pretended: they write down what they were
# asked.
set -u
suite=setup
. "$(dirname "$0")/lib.sh"

# A path with everything that the script itself and the goals need, to take from.
bin=$work/bin
mkdir "$bin"
for tool in bash env dirname id mktemp rm touch tail command cat gcc strip g++ make ld.lld capnp node npm \
    qemu-system-x86_64 clang clang++ musl-gcc strace gdb spin cloc; do
    path=$(command -v "$tool") && [ -x "$path" ] && ln -s "$path" "$bin/$tool"
done

# pretend STATUS: an apt-get that ends so.
pretend() {
    printf '#!/bin/bash\necho "apt-get $*" >>"%s/asked"\nexit %s\n' "$work" "$1" >"$bin/apt-get"
    chmod +x "$bin/apt-get"
    : >"$work/asked"
}
setup() { env PATH="$bin" "$bin/bash" scripts/setup.sh "$@" >"$work/said" 2>&1; }

pretend 0
for goal in build run test; do
    setup $goal && [ ! -s "$work/asked" ] && ok "nothing_for_$goal" ||
        bad "nothing_for_$goal" "$(cat "$work/asked" "$work/said")"
done

rm "$bin/capnp" "$bin/ld.lld"
setup --list build
[ "$(tr '\n' ' ' <"$work/said")" = 'lld capnproto ' ] && ok lists_what_is_missing ||
    bad lists_what_is_missing "$(cat "$work/said")"
[ ! -s "$work/asked" ] && ok listing_installs_nothing || bad listing_installs_nothing
setup build
[ "$(cat "$work/asked")" = 'apt-get install -y --no-install-recommends lld capnproto' ] &&
    ok installs_what_is_missing || bad installs_what_is_missing "$(cat "$work/asked" "$work/said")"

rm "$bin/qemu-system-x86_64"
setup --list build
grep -q qemu "$work/said" && bad build_needs_no_machine || ok build_needs_no_machine
setup --list run
grep -q qemu-system-x86 "$work/said" && ok run_needs_a_machine || bad run_needs_a_machine

pretend 1
setup build
status=$?
[ $status = 1 ] && [ "$(tail -n 1 "$work/said")" = \
    'setup: cannot install what is missing; as root, type: apt-get install -y --no-install-recommends lld capnproto' ] &&
    ok says_what_to_type || bad says_what_to_type "$status: $(cat "$work/said")"
rm "$bin/apt-get"
setup build
[ $? = 1 ] && grep -q 'as root, type: apt-get install' "$work/said" && ok without_apt ||
    bad without_apt "$(cat "$work/said")"
setup nonsense
[ $? = 2 ] && ok unknown_goal || bad unknown_goal
[ $failures = 0 ]
