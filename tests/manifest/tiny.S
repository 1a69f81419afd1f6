/* SPDX-License-Identifier: MIT */
/* The smallest program, in place of each binary where nothing is started. */
.globl _start
_start:
    jmp _start
.section .note.GNU-stack,"",@progbits
