#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Sabotage: shows for each patch of this folder, which makes one thing wrong, that a
# test notices.
#
#   tests/mutants/mutants.sh [--quick | NAME...]
#
# Each is applied to a copy of the tree, what it concerns is built, and the tests that its
# head names are run; one of them must fail. Without any patch they must pass. A patch
# that cannot be applied or compiled, and a test that fails without it, fail the run as a
# wrong does that nobody notices. --quick: those whose head says `Quick: yes`.
#
# The copy is kept in $B/mutants/ with what was built in it, so that a wrong costs the
# compilation of one file. What was built with a wrong is deleted behind it.
#
# Prints what test programs print (scripts/run-tests.sh), then how many in how long.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
from=$top/${B:-build} # what is built already
limit=${PHX_MUTANT_TIMEOUT:-120} # seconds for one test
patches=$top/tests/mutants
cd "$top" || exit 1
compiler=$(cat "$from/compiler") || exit 1
export B=build # in the copy
# A make that runs this says things to its children that are not meant for ours.
unset MAKEFLAGS MAKELEVEL MFLAGS

declare -A alone # by test: what is wrong with it in the tree as it is
tried=0
noticed=0
failures=0

ok() {
    echo "ok mutants.$1 $2" | cut -c1-200
}
bad() {
    tr '\n' ' ' <<<"FAIL mutants.$1 $2" | cut -c1-400
    failures=$((failures + 1))
}

# head NAME PATCH: what the head says of that.
head_of() {
    sed -n "/^--- /q; s/^$1: //p" "$patches/$2.patch"
}

# --- the copy -----------------------------------------------------------------------

# What was built since the stamp, with a wrong in the source, goes.
forget() {
    [ -e "$copy/wrong" ] || return 0
    find "$copy/build" -type f -newer "$copy/wrong" -delete
    rm -f "$copy/wrong"
}

# The tree as it is, without what is built, in another folder; with its times.
copy_sources() {
    mkdir -p "$1"
    tar -cf - --exclude=./build --exclude='./build-*' --exclude="./${from##*/}" --exclude=./.git \
        --exclude=./node_modules . | tar -C "$1" -xf -
}

# What has changed since is new, whatever its time is: objects may have been built of
# what was here before, later than somebody changed it there.
update_sources() {
    local file now=$copy/build/now

    rm -rf "$now" && copy_sources "$now"
    while read -r file; do
        [ -e "$now/$file" ] || rm -f "$copy/$file"
    done < <(cd "$copy" &&
        find . \( -path ./build -o -path ./node_modules \) -prune -o -type f -print)
    while read -r file; do
        cmp -s "$now/$file" "$copy/$file" && continue
        mkdir -p "$(dirname "$copy/$file")"
        cp -a "$now/$file" "$copy/$file" && touch "$copy/$file"
    done < <(cd "$now" && find . -type f)
    rm -rf "$now"
}

# At first with what is built already: make then has little to do.
make_copy() {
    local part

    if [ -e "$copy/build/compiler" ]; then
        forget
        update_sources
        return
    fi
    rm -rf "$copy" && copy_sources "$copy"
    # Names of its own, so that whoever installs there leaves ours alone.
    cp -al node_modules "$copy/" 2>/dev/null || cp -a node_modules "$copy/"
    for part in $parts compiler; do
        [ -e "$from/$part" ] || continue
        mkdir -p "$(dirname "$copy/build/$part")"
        cp -a "$from/$part" "$copy/build/$part"
    done
}

# What make must bring up to date for a test; a script wants what is booted, too.
targets_of() {
    case $1 in
    *.sh) echo "all $1" ;;
    *) echo "$1" ;;
    esac
}

# run COMMAND: builds and runs a test in the copy. True when it passes; else $said is the
# line that tells why not, and $outcome what went wrong: build or test.
run() {
    local status log=$copy/log

    # shellcheck disable=SC2046,SC2086
    if ! (cd "$copy" && make -j2 CC="$compiler" $(targets_of ${1%% *})) >"$log" 2>&1; then
        outcome=build
        said=$(grep -am1 'error' "$log" || tail -n 1 "$log")
        return 1
    fi
    # What the shell says of a test that was ended by a signal goes nowhere.
    # shellcheck disable=SC2086
    { (cd "$copy" && timeout -k 10 "$limit" $1) >"$log" 2>&1 </dev/null; } 2>/dev/null
    status=$?
    outcome=test
    said=$(grep -am1 '^FAIL ' "$log" || grep -am1 -e 'runtime error:' -e 'ERROR: ' "$log")
    [ -n "$said" ] || case $status in
    0) grep -aq '^ok ' "$log" && return 0
        said="$1 said nothing" ;;
    124 | 137) said="$1 was ended after $limit seconds" ;;
    *) said="$1 ended with status $status" ;;
    esac
    return 1
}

# --- wrongs -------------------------------------------------------------------------

# The tests of a patch pass without it; each is run once.
passes_alone() {
    local command

    while read -r command; do
        if [ -z "${alone[$command]+seen}" ]; then
            alone[$command]=
            run "$command" || alone[$command]=$said
        fi
        if [ -n "${alone[$command]}" ]; then
            bad "$1" "$command fails without it: ${alone[$command]}"
            return 1
        fi
    done < <(head_of Caught-by "$1")
}

# Says of a patch whether a test notices what it makes wrong.
try() {
    local command file

    tried=$((tried + 1))
    passes_alone "$1" || return
    file=$(sed -n 's/^+++ b\///p' "$patches/$1.patch")
    if ! cp -p "$copy/$file" "$copy/as-it-was"; then
        bad "$1" "there is no $file"
        return
    fi
    touch "$copy/wrong"
    if ! said=$(node "$patches/patch.js" "$copy" "$patches/$1.patch"); then
        bad "$1" "does not apply: ${said#*: }"
    else
        outcome=
        while read -r command; do
            run "$command" || break
            outcome=
        done < <(head_of Caught-by "$1")
        case $outcome in
        test)
            ok "$1" "${said#FAIL }"
            noticed=$((noticed + 1)) ;;
        build) bad "$1" "cannot be compiled: $said" ;;
        *) bad "$1" "nobody notices: $(head_of Breaks "$1")" ;;
        esac
    fi
    cp -p "$copy/as-it-was" "$copy/$file"
    forget
}

all_names() {
    local patch

    for patch in "$patches"/*.patch; do
        basename "$patch" .patch
    done
}

copy=$from/mutants/all
parts='gen tools plain host engine libos user lib boot'
chosen=$(all_names)
case ${1:-} in
--quick)
    copy=$from/mutants/quick
    parts='gen tools host/tools host/engine/core host/tests/harness'
    chosen=$(for name in $(all_names); do
        [ -z "$(head_of Quick "$name")" ] || echo "$name"
    done) ;;
?*) chosen=$* ;;
esac

began=$SECONDS
make_copy
for name in $chosen; do
    if [ -e "$patches/$name.patch" ]; then
        try "$name"
    else
        bad "$name" "there is no tests/mutants/$name.patch"
    fi
done
echo "# $tried wrongs, $noticed noticed, in $((SECONDS - began)) seconds"
[ $failures = 0 ] && [ $tried != 0 ]
