#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Takes a memory order away: tests/ring/weaken.sh FILE WORD
#
# Prints FILE with every __ATOMIC_ACQUIRE or __ATOMIC_RELEASE access to the ring's WORD
# made relaxed. Fails if there is none, so that no test passes because of a name that
# has moved.
set -eu

changed=$(sed -zE "s/($2,[^;]*)__ATOMIC_(ACQUIRE|RELEASE)/\1__ATOMIC_RELAXED/g" "$1" && echo .)
if [ "$changed" = "$(cat "$1" && echo .)" ]; then
    echo "weaken.sh: $1 has no ordered access to $2" >&2
    exit 1
fi
printf %s "${changed%.}"
