/* SPDX-License-Identifier: MIT */
/*
 * Building a process, from user land and with nothing but kernel methods.
 *
 * A process is an account's; its image is mapped from the frames that hold the
 * file (text and constants shared, data copied), its capabilities are granted one
 * by one, and a page it can only read says which they are (CapSet) and what it was
 * asked to do (Startup). The CapSet lists exactly what was granted: there is no
 * other way in which a process comes to have anything.
 *
 * Every process has four capabilities that are authority over itself alone:
 * process, thread, space and pool (memory that its account pays for). A libos has a
 * fifth: to make notifications that its account pays for, on which the threads of
 * its program wait. All else is in `grants`.
 *
 * A build that fails leaves nothing: the half-made process is ended, which frees
 * its frames, tables and rows, and what the builder held for it is released.
 *
 * Tests  tests/native, in a machine; proc_start_test.c, the start block, on the host
 */
#ifndef PROC_PROC_H
#define PROC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capnp/read.h"

/* An ELF file: its bytes as the builder sees them, and the frame that holds them. */
struct proc_image {
    const uint8_t *bytes; /* page aligned, whole pages are mapped */
    uint64_t size;
    uint64_t frame; /* Frame, from the file's first page; mapRead, mapExecute */
};

struct proc_grant {
    const char *name;
    uint64_t capability; /* the builder's; needs the `grant` method */
    uint64_t methods;    /* at most these; what the builder has not is left out */
    unsigned slot;       /* enum Slot, 0: any row */
};

struct proc_text {
    const char *text;
    size_t length;
};

/* What the process is told. */
struct proc_startup {
    const struct proc_text *arguments, *environment;
    size_t argument_count, environment_count;
    struct proc_text directory, program;
    uint64_t flags; /* PROC_* */
};
/* schema/start.capnp, Startup.flags */
#define PROC_RAW_TERMINAL 1
#define PROC_TRACE 2
#define PROC_STATS 4

struct proc_plan {
    uint64_t account;                /* newProcess: what pays */
    uint64_t pool;                   /* of that account */
    struct proc_image image;         /* a native program, or the libos */
    struct proc_image linux_program; /* only its frame counts; size 0: a native program */
    const struct proc_grant *grants;
    size_t grant_count;
    struct proc_startup startup;
};

struct proc {
    uint64_t process, thread; /* the builder's; thread is stopped */
    uint64_t pid;
};

/* 0, or a negative error; *reason is then a sentence for people. */
int64_t proc_build(const struct proc_plan *plan, struct proc *proc, const char **reason);
/* Let it run; what watches it is set before. */
int64_t proc_start(const struct proc *proc);
/* End it if it still lives, and let go of both capabilities. */
void proc_end(struct proc *proc, unsigned status);

/* The well-known row that a name stands for ("clock": 6), 0 if for none. */
unsigned proc_slot(const char *name);

/* --- the pieces ------------------------------------------------------------ */

/* proc_image.c: map an ELF's segments into a space. Where it begins, and how many pages
 * of stack it asks for (the size of its PT_GNU_STACK; 0: it does not say). */
struct proc_loaded {
    uint64_t entry, stack_pages;
};
int64_t proc_load(uint64_t space, uint64_t pool, const struct proc_image *image,
    struct proc_loaded *loaded, const char **reason);
/* Frames of a pool with these bytes (and zeroes), mapped into a space; at least one page. */
int64_t proc_map_copy(uint64_t space, uint64_t pool, uint64_t address, const void *bytes,
    uint64_t length, uint64_t pages, unsigned protection);

/* proc_start.c: what goes into the start block. */
struct proc_held {
    const char *name;
    uint64_t id, methods, badge; /* as the new process holds it */
    uint16_t interface;
};
struct proc_program_image {
    uint64_t address, size; /* of a Linux program's file; 0, 0: none */
};
/* How long the block is, or 0 if it does not fit. The buffer is 8-byte aligned. */
size_t proc_start_block(void *buffer, size_t capacity, const struct proc_held *held,
    size_t held_count, const struct proc_startup *startup,
    const struct proc_program_image *program);
/* An upper bound of that length. */
size_t proc_start_size(
    const struct proc_held *held, size_t held_count, const struct proc_startup *startup);

#endif
