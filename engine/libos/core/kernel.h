/* SPDX-License-Identifier: MIT */
/*
 * What the libos asks of the kernel, in the libos's terms: results, or -E_*.
 * All authority is in `caps`, filled once at the start from the CapSet; 0 is what
 * the process was not given.
 */
#ifndef LIBOS_KERNEL_H
#define LIBOS_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "phoenix/abi.h"

struct caps {
    uint64_t process, control, space, pool, account;
    uint64_t clock, log, entropy, names; /* names: the Namespace */
    bool names_writable;
    uint64_t streams[3];  /* stdin (a Terminal), stdout, stderr (Consoles) */
    uint64_t events;      /* a Terminal whose events may be watched */
    uint64_t image;       /* the program file's pages */
};

extern struct caps caps;

/* 0, or -E_* of an error on the wire; `detail` is a service's own errno, or 0. */
int64_t error_of(int64_t result, uint64_t detail);
/* The same of a call that fills in `detail`, which is read after it. */
#define SERVED(detail, call) \
    __extension__({ \
        int64_t served_ = (call); \
        error_of(served_, detail); \
    })

/* How many pages, at least 1. */
int64_t sys_populate(uint64_t address, uint64_t pages, uint32_t protection);
int64_t sys_map(uint64_t frame, uint64_t address, uint64_t offset, uint64_t pages,
                uint32_t protection);
int64_t sys_unmap(uint64_t address, uint64_t pages);
int64_t sys_protect(uint64_t address, uint64_t pages, uint32_t protection);
int64_t sys_frame(uint64_t pages, uint64_t *frame);
void sys_memory(uint64_t *free_pages, uint64_t *total_pages);
void sys_release(uint64_t capability);

/* One line of at most 1024 bytes to the Log; without one, nothing. */
void libos_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "name[pid]: " and the line. */
void program_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* To the program's own stderr, if it has one. */
void program_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern const char *program_name;
extern uint64_t program_pid;

/* Status as wait(2) has it. */
_Noreturn void process_end(unsigned status);
/* Called before the end, if somebody wants to know of it; NULL: nobody. */
extern void (*process_ending)(unsigned status);

#endif
