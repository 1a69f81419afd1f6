#!/bin/bash
# SPDX-License-Identifier: MIT
# QEMU as figures are measured with, for a launcher that was told PHOENIX_QEMU: one
# tick of the TSC is one guest instruction, and a whole run repeats (docs/PERFORMANCE.md).
arguments=()
for argument; do
    [ "$argument" = max ] && argument=max,-erms,-fsrm
    arguments+=("$argument")
done
exec qemu-system-x86_64 "${arguments[@]}" -icount shift=0,sleep=off -seed 1 \
    -rtc base=2026-01-01T00:00:00,clock=vm
