# SPDX-License-Identifier: MIT
#
# The functions of a linked kernel (nm -n) as the table that backtrace.c reads: where
# each begins and its name, up to one that nothing is beyond. With no input only that
# one, for the first link.

$2 ~ /^[tT]$/ && $1 >= "ffffffff80100000" && $3 != "kernel_start" && $3 != "kernel_text_end" {
    if ($1 == last)
        next
    last = $1
    addresses = addresses sprintf("    .long 0x%s - 0xffffffff80000000, name_%d - symbol_table\n",
        $1, ++count)
    names = names sprintf("name_%d:\n    .asciz \"%s\"\n", count, $3)
}

END {
    print "    .section .symbols, \"a\", @progbits"
    print "    .balign 4\n    .globl symbol_table\nsymbol_table:"
    printf "%s    .long 0xffffffff, 0\n%s", addresses, names
    print "    .section .note.GNU-stack, \"\", @progbits"
}
