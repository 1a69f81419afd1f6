#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Names the functions of a kernel's backtrace: standard input, with `  0xADDRESS` lines as
# `  FUNCTION+0xOFFSET`.
#
#   qemu-system-x86_64 ... -serial stdio | scripts/names.sh build/phoenix.elf
#
# A kernel lies in the last 2 GiB of addresses, so eight digits say all.
set -u -o pipefail
exec 3<&0
nm -n "$1" | LC_ALL=C awk '
function number(digits,    i, n) {
    for (i = 1; i <= length(digits); i++)
        n = n * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
    return n
}
FNR == NR {
    if ($2 ~ /^[tT]$/ && $1 ~ /^ffffffff/) {
        at[++count] = number(substr($1, 9))
        name[count] = $3
    }
    next
}
match($0, /^  0xffffffff[0-9a-f]+/) && RLENGTH == 20 {
    address = number(substr($0, 13, 8))
    for (i = count; i > 0 && at[i] > address;)
        i--
    if (i > 0)
        $0 = sprintf("  %s+0x%x%s", name[i], address - at[i], substr($0, 21))
}
{ print; fflush() }' - /dev/fd/3
