# SPDX-License-Identifier: MIT
#
# The functions of a linked kernel (nm -n) as the table that backtrace.c reads. With no
# input: an empty table, for the first link.

BEGIN { count = 0 }

$2 ~ /^[tT]$/ && $1 >= "ffffffff80100000" && $3 != "kernel_start" && $3 != "kernel_text_end" {
    if ($1 == last)
        next
    last = $1
    address[count] = $1
    name[count] = $3
    count++
}

END {
    print "    .section .symbols, \"a\", @progbits"
    print "    .balign 4\n    .globl symbol_table\nsymbol_table:"
    print "    .long " count
    for (i = 0; i < count; i++) {
        printf "    .long 0x%s - 0xffffffff80100000, %d\n", address[i], place
        place += length(name[i]) + 1
    }
    for (i = 0; i < count; i++)
        printf "    .asciz \"%s\"\n", name[i]
    print "    .section .note.GNU-stack, \"\", @progbits"
}
