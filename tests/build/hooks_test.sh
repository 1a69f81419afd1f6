#!/bin/bash
# SPDX-License-Identifier: MIT
# scripts/pre-commit.sh as git calls it, in a repository of its own: good files are
# committed, each kind of bad one is refused with its name and what is wrong.
set -u
suite=hooks
. "$(dirname "$0")/lib.sh"

repository=$work/repository
mkdir -p "$repository/scripts" && cd "$repository" || exit 1
cp "$top/scripts/pre-commit.sh" scripts
cp "$top/.clang-format" .
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q . && git config user.name tester && git config user.email tester@example.org

scripts/pre-commit.sh --install >"$work/said" 2>&1
[ $? = 0 ] && [ -x .git/hooks/pre-commit ] && ok installs || bad installs "$(cat "$work/said")"
check installs_again scripts/pre-commit.sh --install

spdx='/* SPDX-License-Identifier: MIT */'
try() { git add -A && git commit -q -m try >"$work/said" 2>&1; }

# What was refused is taken out again.
refuses() {
    local name=$1 pattern=$2

    if try; then
        bad "refuses_$name" 'it was committed'
        git reset -q --soft HEAD~1
    elif grep -qE "^pre-commit: $pattern" "$work/said"; then
        ok "refuses_$name"
    else
        bad "refuses_$name" "$(head -n 3 "$work/said")"
    fi
    git reset -q --hard
}

mkdir folder
printf '%s\n\nint five(void)\n{\n    return 5;\n}\n' "$spdx" >'folder/a good one.c'
printf '#!/bin/bash\n# SPDX-License-Identifier: MIT\necho "$1"\n' >good.sh
printf 'No line needed here.\n' >folder/README.md
try && ok commits_what_is_good || bad commits_what_is_good "$(cat "$work/said")"

printf '%s\nint x; \n' "$spdx" >folder/space.c
refuses trailing_space 'folder/space.c:2: trailing whitespace'
printf '%s\n<<<<<<< mine\n=======\n>>>>>>> theirs\n' "$spdx" >folder/conflict.h
refuses conflict_marks 'folder/conflict.h:2: leftover conflict marker'
printf 'int x;\n' >folder/bare.c
refuses no_spdx 'folder/bare.c:1: no line `SPDX-License-Identifier: MIT`'
if command -v git-clang-format >/dev/null; then
    printf '%s\nint  six( void ) { return 6; }\n' "$spdx" >folder/ugly.c
    refuses bad_format 'folder/ugly.c: what changed is not formatted'
    # An old line that is not as clang-format would have it is nobody's fault now.
    printf '%s\n\nint  old( void );\n' "$spdx" >folder/old.h
    git add -A && git commit -q --no-verify -m old
    printf 'int young(void);\n' >>folder/old.h
    try && ok old_lines_stay_as_they_are || bad old_lines_stay_as_they_are "$(cat "$work/said")"
fi
if command -v shellcheck >/dev/null; then
    printf '#!/bin/bash\n# SPDX-License-Identifier: MIT\nif true; then echo\n' >bad.sh
    refuses bad_shell 'bad.sh:[0-9]+:[0-9]+: error'
fi

# Only what is staged counts.
printf 'int x; \n' >folder/later.c
printf '%s\n' "$spdx" >folder/now.c
git add folder/now.c && git commit -q -m now >"$work/said" 2>&1 && ok looks_at_what_is_staged ||
    bad looks_at_what_is_staged "$(cat "$work/said")"
rm folder/later.c

# A test beside what changed is built and run, where there is something built.
mkdir build && echo cc >build/compiler && echo /build/ >.gitignore
printf 'build/host/folder/unit_test:\n\t@mkdir -p $(@D)\n\t@cp verdict $@\n\t@chmod +x $@\n' |
    cat <(echo '# SPDX-License-Identifier: MIT') - >Makefile
printf '%s\n' "$spdx" >folder/unit_test.c
printf '%s\n' "$spdx" >folder/unit.c
printf '#!/bin/sh\necho FAIL unit.holds it does not\nexit 1\n' >verdict
refuses failing_tests 'build/host/folder/unit_test: FAIL unit.holds it does not'

echo 'echo mine' >.git/hooks/pre-commit
scripts/pre-commit.sh --install >"$work/said" 2>&1
[ $? = 1 ] && grep -q 'is another already' "$work/said" && grep -q mine .git/hooks/pre-commit &&
    ok leaves_another_hook_alone || bad leaves_another_hook_alone "$(cat "$work/said")"
[ $failures = 0 ]
