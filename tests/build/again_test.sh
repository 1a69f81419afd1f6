#!/bin/bash
# SPDX-License-Identifier: MIT
# A second `make` does nothing, and needs neither network nor package tools for it.
set -u
suite=build
. "$(dirname "$0")/lib.sh"

check second_make_does_nothing make -q B="${B:-build}" all
mkdir "$work/bin"
for tool in apt-get sudo npm; do
    printf '#!/bin/sh\necho %s was called >&2\nexit 1\n' $tool >"$work/bin/$tool"
    chmod +x "$work/bin/$tool"
done
check second_make_installs_nothing env PATH="$work/bin:$PATH" make B="${B:-build}" all
[ $failures = 0 ]
