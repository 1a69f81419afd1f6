#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Looks at what is about to be committed, before it is; `make hooks` has git ask it.
#
#   scripts/pre-commit.sh [--install]
#
# What is staged, and of C only the lines that changed: no space at the end of a line and
# no conflict marks, an SPDX line, clang-format and shellcheck as far as they are here,
# then the tests that stand beside what changed, if this tree was built. (Tests see the
# files as they lie there, staged or not.) One line says what is wrong and where;
# `git commit --no-verify` commits it all the same.
#
# Tests  tests/build/hooks_test.sh
set -u
cd "$(git rev-parse --show-toplevel)" || exit 1
build=${B:-build}
wrong=0

if [ "${1:-}" = --install ]; then
    hook=$(git rev-parse --git-path hooks/pre-commit)
    if [ -e "$hook" ] && ! grep -q 'scripts/pre-commit.sh' "$hook"; then
        echo "pre-commit: $hook is another already; have it call scripts/pre-commit.sh" >&2
        exit 1
    fi
    mkdir -p "$(dirname "$hook")" && printf '#!/bin/sh\nexec scripts/pre-commit.sh\n' >"$hook" &&
        chmod +x "$hook" && echo "$hook calls scripts/pre-commit.sh from now on"
    exit
fi

say() {
    echo "pre-commit: $*" >&2
    wrong=1
}

# Names with spaces in them are no trouble, those with newlines are.
mapfile -t files < <(git -c core.quotePath=off diff --cached --name-only --diff-filter=ACMR)

while read -r line; do
    say "$line"
done < <(git diff --cached --check -- . ':(exclude)*.patch' | grep -v '^[+]')

# Everything that can carry the line, but for the READMEs of folders.
for file in "${files[@]}"; do
    case $file in
    */README.md) continue ;;
    *.[chS] | *.cc | *.hpp | *.sh | *.py | *.js | *.mk | *.cue | *.pml | *.ld | *.md | Makefile) ;;
    *) continue ;;
    esac
    git show ":$file" | head -n 5 | grep -q 'SPDX-License-Identifier: MIT' ||
        say "$file:1: no line \`SPDX-License-Identifier: MIT\` in the first five"
done

if command -v git-clang-format >/dev/null && command -v clang-format >/dev/null; then
    while read -r file; do
        [ -z "$file" ] || say "$file: what changed is not formatted: \`git clang-format --staged -- $file\`"
    done < <(git clang-format --staged --diff -- '*.c' '*.h' 2>/dev/null | sed -n 's/^+++ b\///p')
fi

if command -v shellcheck >/dev/null; then
    for file in "${files[@]}"; do
        [[ $file == *.sh ]] || continue
        # Errors only; a file that is sourced has no first line with a shell.
        found=$(git show ":$file" | shellcheck -s bash -S error -f gcc -e SC2148 - 2>/dev/null)
        [ -z "$found" ] || say "$file:${found#-:}"
    done
fi

# The tests that stand beside what changed, once each.
tests_beside() {
    local file stem

    for file in "${files[@]}"; do
        stem=${file%.*}
        [ -e "${stem}_test.c" ] && echo "$build/host/${stem}_test"
        [[ $stem == *_test && $file == *.c && -e $file ]] && echo "$build/host/$stem"
        case $file in
        engine/kernel/*.[ch] | tests/kernel/*.[ch]) echo "$build/host/tests/kernel/methods_test" ;;
        schema/* | *.md) echo tests/docs/pages_test.sh ;;
        scripts/run-tests.sh) echo tests/build/run_tests_test.sh ;;
        scripts/setup.sh) echo tests/build/setup_test.sh ;;
        esac
    done | sort -u
}

if [ $wrong = 0 ] && [ -e "$build/compiler" ]; then
    # git tells a hook where its repository is, which is not meant for tests.
    unset $(git rev-parse --local-env-vars)
    compiler=$(cat "$build/compiler")
    log=$(mktemp) && trap 'rm -f "$log"' EXIT
    for test in $(tests_beside); do
        # Those that a fragment of the Makefile does not know are not run by it.
        make -n B="$build" CC="$compiler" "$test" >/dev/null 2>&1 || continue
        if ! make -s B="$build" CC="$compiler" "$test" >"$log" 2>&1; then
            say "$test does not build: $(grep -m 1 -i error "$log")"
        elif ! B=$build "$test" >"$log" 2>&1; then
            say "$test: $(grep -m 1 '^FAIL' "$log" || tail -n 1 "$log")"
        fi
    done
fi
exit $wrong
