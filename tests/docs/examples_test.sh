#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does what docs/write-a-*.md say, from an empty folder, literally.
#
# Of the blocks between ``` lines, one with a name behind its language is a file of that
# name; `sh` is typed, by one shell from the top of the page to its end; `text` is what the
# block of `sh` before it prints. The machine's own time limit is longer than any of them.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
export PHOENIX=$top PHOENIX_BUILD=${B:-build}
unset MAKEFLAGS MAKELEVEL MFLAGS
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

# The page as a script: files by here-documents, the n-th `sh` into said.n.
script_of() {
    awk -v work="$2" '
        /^```[a-z]+ / && !inside { inside = 1; name = $2; print "cat >" name " <<\"END OF FILE\""; kind = "file"; next }
        /^```sh$/ && !inside { inside = 1; kind = "sh"; n++; print "{"; next }
        /^```text$/ && !inside { inside = 1; kind = "text"; expected = work "/expected." n; printf "" >expected; next }
        /^```/ && !inside { print "echo unknown block >&2; exit 1"; exit }
        /^```$/ && inside {
            if (kind == "file") print "END OF FILE"
            if (kind == "sh") print "} >" work "/said." n " 2>&1 </dev/null || { echo " n " >" work "/stopped; exit 1; }"
            inside = 0
            next
        }
        !inside { next }
        kind == "text" { print >expected; next }
        { print }
        END { print "exit 0" }
    ' "$1"
}

for page in "$top"/docs/write-a-*.md; do
    name=$(basename "$page" .md)
    mkdir -p "$work/$name/empty" "$work/$name/out"
    out=$work/$name/out
    script_of "$page" "$out" >"$work/$name/script"
    (cd "$work/$name/empty" && timeout 200 bash -e "$work/$name/script") >"$out/all" 2>&1
    status=$?
    wrong=
    count=0
    for expected in "$out"/expected.*; do
        count=$((count + 1))
        said=$out/said.${expected##*.}
        cmp -s "$expected" "$said" || wrong+=" block ${expected##*.}: $(diff "$expected" "$said" 2>&1 | head -n 8)"
    done
    if [ $status = 0 ] && [ -z "$wrong" ] && [ $count -ge 2 ]; then
        echo "ok docs.${name//-/_}_works_as_it_is_written"
        echo "  $(ls "$out" | grep -c said) blocks typed, $count compared"
    else
        echo "FAIL docs.${name//-/_}_works_as_it_is_written status $status;$wrong $(tail -n 3 "$out/all")" | tr '\n' ' '
        echo
        stopped=$(cat "$out/stopped" 2>/dev/null) && cat "$out/said.$stopped"
        failed=1
    fi
done
exit $failed
