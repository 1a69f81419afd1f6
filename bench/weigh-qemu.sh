#!/bin/bash
# SPDX-License-Identifier: MIT
# The QEMU of icount-qemu.sh, with the plugin that weighs instructions: BENCH_WEIGH is
# what -plugin is given (run.sh).
ram=${BENCH_WEIGH#*,ram=}
exec "$(dirname "$0")/icount-qemu.sh" "$@" -machine memory-backend=ram -plugin "$BENCH_WEIGH" \
    -object "memory-backend-file,id=ram,share=on,size=512M,mem-path=${ram%%,*}"
