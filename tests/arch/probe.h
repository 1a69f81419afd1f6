/* SPDX-License-Identifier: MIT */
/*
 * What boot_probe.c and its ring 3 part, probe_user.S, have agreed on.
 */
#ifndef PROBE_H
#define PROBE_H

/* rax of a system call. */
#define PROBE_NOP 0
#define PROBE_REPORT 1    /* rdi: REPORT_*, rsi: value */
#define PROBE_WILD_RIP 2  /* return to an address that is none */
#define PROBE_BASES 3     /* rax: FS base ^ GS base; then FS += 8, GS += 16 */
#define PROBE_FAULTS 4    /* rax: how many faults of vector rdi there were */
#define PROBE_TIMER 5     /* an interrupt in 100 us */
#define PROBE_TIMERS 6    /* rax: how many came in ring 3 */
#define PROBE_SET_FLAGS 7 /* rflags = rdi, as far as allowed */

#define REPORT_FAIL 0
#define REPORT_OK 1
#define REPORT_CLOCK 2
#define REPORT_END 3

#define SYSCALLS 1000
#define VECTORS 256
#define VSYSCALL 0xffffffffff600000

#endif
