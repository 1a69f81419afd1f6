#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Our reader and builder against the `capnp` tools: what we built they decode, what
# they encoded or converted we read, with equal values; damaged messages are
# refused by both or by neither. usage: tools_test.sh [MESSAGES [DAMAGED]]
set -u
cd "$(dirname "$0")/../.."

here=${B:-build}/host/tests/capnp
schema=tests/capnp/all.capnp
messages=${1:-40}
damaged=${2:-120}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

walk() {
    "$here/walk_tool" walk
}

verdict() { # NAME, why it failed or nothing
    if [ -z "$2" ]; then
        echo "ok $1"
    else
        echo "FAIL $1 $2"
        failed=1
    fi
}

# Everything that `capnp` can make of a message comes back with the same values.
forms() {
    local number text form
    for ((number = 0; number < messages; number++)); do
        "$here/walk_tool" take $number <"$work/plain" >"$work/one"
        text=$(walk <"$work/one")
        for form in packed text json; do
            capnp convert binary:$form "$schema" All <"$work/one" >"$work/form"
            capnp convert $form:binary "$schema" All <"$work/form" >"$work/back"
            [ "$(walk <"$work/back")" = "$text" ] || { echo "message $number: $form"; return; }
        done
        capnp convert binary:canonical "$schema" All <"$work/one" |
            "$here/walk_tool" frame >"$work/back"
        [ "$(walk <"$work/back")" = "$text" ] || { echo "message $number: canonical"; return; }
    done
}

built() {
    "$here/walk_tool" copy <"$work/plain" >"$work/copy" || { echo "cannot be built"; return; }
    capnp decode "$schema" All <"$work/plain" >"$work/plain.text"
    capnp decode "$schema" All <"$work/copy" >"$work/copy.text"
    [ -s "$work/plain.text" ] || echo "capnp decode says nothing"
    cmp "$work/plain.text" "$work/copy.text"
}

damage() {
    local number ours theirs refused=0
    "$here/peer_test" --damaged "$damaged" "$work/damaged"
    for ((number = 0; number < damaged; number++)); do
        ours=$("$here/walk_tool" judge <"$work/damaged.$number")
        [ "$ours" != unsure ] || continue
        theirs=ok # unless it refuses to believe that this is a message at all
        capnp decode "$schema" All <"$work/damaged.$number" >"$work/out" 2>&1 || theirs=bad
        ! grep -q 'is not in "binary" format' "$work/out" || ours=$theirs
        [ "$ours" = "$theirs" ] || { echo "damaged $number: ours $ours, theirs $theirs"; return; }
        [ "$ours" != bad ] || refused=$((refused + 1))
    done
    [ $refused -gt 0 ] && [ $refused -lt "$damaged" ] || echo "refused $refused of $damaged"
}

"$here/peer_test" --emit "$messages" >"$work/plain"
verdict capnp.tools_forms "$(forms 2>&1)"
verdict capnp.tools_decode_what_we_build "$(built 2>&1)"
verdict capnp.tools_refuse_what_we_refuse "$(damage 2>&1)"
exit $failed
