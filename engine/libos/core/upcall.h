/* SPDX-License-Identifier: MIT */
/*
 * The edge between upcalls and the face that runs the program.
 */
#ifndef LIBOS_UPCALL_H
#define LIBOS_UPCALL_H

#include <stdint.h>

#include "phoenix/abi.h"

struct phx_start;

/* upcall.S */
void upcall_entry(void);
void upcall_entry_watched(void);
void thread_begin(void);
void thread_begin_helper(void);
extern const char restart_low[], restart_high[];

/* From upcall.S: what happened, but for system calls, which go to the face at once;
 * on return the frame's registers go on. */
void upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page);
/* Let the face do what thread.work says. */
void upcall_work(void);

/* --- the face ------------------------------------------------------------- */

/* A system call of the program: registers in, registers out. */
void face_syscall(struct phx_registers *registers);
/* The same, of a program that is watched. */
void face_syscall_watched(struct phx_registers *registers);
/* What the CPU or the memory refused the program: vector as the CPU numbers it, 14
 * with the address and what mm_fault() said. */
void face_fault(unsigned vector, uint64_t error, uint64_t address, int64_t reason);
/* thread.work is set, and the program is about to go on. */
void face_work(void);
/* The process has been set up; fills frame 0 of the first thread. */
void face_start(const struct phx_start *start);

#endif
