/* SPDX-License-Identifier: MIT */
/*
 * Random programs for the kernel: what the parts of this one have for each other.
 *
 * One binary plays every part. The first process is the boss: it starts the workers, each
 * under an account of its own, starts them again when they are dead, kills those that
 * wait for what never comes, takes capabilities back. Workers do operations; those may
 * start children, which run a list of system calls and end.
 *
 * What operation number n is follows from the seed and n alone, not from what came
 * before; only which capabilities there are does. So a failing run is named by a seed and
 * a list of numbers, and is made smaller by leaving numbers out. Worker w does the
 * numbers n with n % WORKERS == w, in order, its threads taking turns.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "proc/package.h"
#include "proc/proc.h"
#include "rt/rt.h"

#define WORKERS 3
#define THREADS 3 /* of each worker */

/* Where things are in a worker. */
#define SHARED 0x2b5a3c40d000UL /* where no chance leads */
#define CODE 0x12000000UL   /* child.S, copied: what children and random threads run */
#define RINGS 0x14000000UL  /* one for each thread */
#define PLAY 0x3ffe0000UL   /* across two tables; what the operations map */
#define PLAY_PAGES 1024
#define WINDOW 0x50000000UL /* what a child gets, while it is filled */
/* In a child. */
#define CHILD_DATA 0x16000000UL /* its script, then its stack */
#define CHILD_PAGE 0x16010000UL

/* Of the machine, what no harm comes from: the timer's ports, and pages and functions that
 * nothing answers at; and that timer's line, so that interrupts come. */
#define FUZZ_PORTS 0x40
#define FUZZ_REGISTERS 0xfd000
#define FUZZ_LINE 2 /* else 0, where the tables say that it has this pin */

/* What the boss tells all workers, and they tell it; a frame that all have mapped. */
struct shared {
    uint64_t seed, last;          /* operations beyond `last` are not done */
    uint64_t next[WORKERS];       /* atomic: how many numbers each took */
    uint32_t range_count;
    struct {
        uint32_t from, to;        /* both included, ascending: what is done at all */
    } ranges[16000];
};
#define SHARED_PAGES ((sizeof(struct shared) + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE)

/* --- chance (words.c) ------------------------------------------------------------- */

struct chance {
    uint64_t state;
};
uint64_t chance_word(struct chance *c);
/* 0 to n - 1. */
uint64_t chance_below(struct chance *c, uint64_t n);
/* True once in n. */
bool chance_one_in(struct chance *c, uint64_t n);
struct chance chance_of(uint64_t seed, uint64_t number);

/* --- capabilities that may be good (words.c) --------------------------------------- */

#define NONE 0xff
#define SAME 0xfe         /* the interface of the capability that was asked */
#define IFACE_CLIENT 64   /* of whatever a worker serves */

void known_add(struct chance *c, uint64_t id, unsigned interface);
void known_forget(uint64_t id);
/* Of that interface, most times; NONE: of any. */
uint64_t known_cap(struct chance *c, unsigned interface);
unsigned known_interface(uint64_t id);

/* --- operations (words.c) ----------------------------------------------------------- */

struct method {
    uint8_t interface, method, nyx, words_in, words_out;
    uint8_t in[5], out[5];
};
extern const struct method methods[];
extern const unsigned method_count;

/* A system call in registers. */
struct shot {
    uint64_t op, cap, words[PHX_WORDS];
    const struct method *method; /* NULL: none of the kernel's */
};
/* A method of a capability that has it, or nearly. */
void shot_method(struct chance *c, struct shot *s);
/* Any word of anything. */
uint64_t wild_word(struct chance *c);
/* An address of a buffer. */
uint64_t buffer_address(struct chance *c);
/* How much of it. */
uint64_t length_word(struct chance *c);
/* A deadline that comes soon, came, or never comes. */
uint64_t soon(struct chance *c);
int64_t shoot(struct chance *c, struct shot *s);

extern uint8_t buffers[THREADS][8192];

/* --- the parts ---------------------------------------------------------------------- */

/* One thread of a worker. */
struct lane {
    unsigned number;
    uint64_t ring_cap, ring_parent;
    struct phx_ring *ring;
    struct phx_message *message;
    struct phx_entry *entry;
    struct phx_thread_page *page;
};
void operation(struct chance *c, struct lane *lane);       /* operate.c */
/* One mapping, cut by protections and gaps. */
void cut_up(struct chance *c);                             /* extremes.c */
void extreme(struct chance *c, struct lane *lane);
void child_new(struct chance *c);                          /* children.c */
void script_fill(struct chance *c, uint64_t *script, unsigned entries, bool is_child);
/* Upcalls of a thread page go to child.S, whose copy is at `code`. */
void page_fill(struct phx_thread_page *page, uint64_t code, uint64_t stack);
extern uint64_t code_frame;
int worker(void);                                          /* worker.c */

/* --- child.S ------------------------------------------------------------------------- */

extern const char fuzz_child[], fuzz_child_end[], fuzz_upcall[], fuzz_leave[], fuzz_leave_end[];
/* Each faults, or may, and returns once that was told. */
void fuzz_load(uint64_t address);
void fuzz_store(uint64_t address);
void fuzz_jump(uint64_t address);
void fuzz_trap(uint64_t which);
/* Uses extended state. */
void fuzz_extended(uint64_t value);
/* NOP from wherever this lies. */
void fuzz_foreign(void);
/* Interrupts the calling thread, whose restart range is [low, high). */
void fuzz_again(uint64_t thread);
extern const char fuzz_again_low[], fuzz_again_high[];

#endif
