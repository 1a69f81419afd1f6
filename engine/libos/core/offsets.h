/* SPDX-License-Identifier: MIT */
/*
 * Where assembly finds things in a thread page; thread.c holds these against the
 * structs.
 */
#ifndef LIBOS_OFFSETS_H
#define LIBOS_OFFSETS_H

#define FRAME_RIP PHX_REG_RIP
#define FRAME_RFLAGS PHX_REG_RFLAGS
#define FRAME_RSP PHX_REG_RSP

#define THREAD_LOCAL 832 /* struct thread, behind the four frames */
#define THREAD_IRET THREAD_LOCAL
#define THREAD_IRET_NESTED (THREAD_LOCAL + 40)
#define THREAD_FS (THREAD_LOCAL + 80)
#define THREAD_WORK (THREAD_LOCAL + 88)

#endif
