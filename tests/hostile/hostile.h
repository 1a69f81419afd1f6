/* SPDX-License-Identifier: MIT */
/*
 * What the hostile programs share.
 *
 * Each is a native program in a file of its own. Its head comment is what the test
 * goes by: after `With` the capabilities that the shell gives it, after `Gets` exactly
 * what it and the shell say of it, a `#` for a number, lines that begin with `...` as
 * often as they come; after `Keys` what is typed when it has said `begun`. A program that
 * tries many things looks at each answer itself: the first that is not as it must be
 * ends it with one line and status 1, and that is never what `Gets` says.
 *
 * Its first argument, if it has one, is the seed of what it draws.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include "bytes.h"
#include "phoenix/layout.h"
#include "rt/rt.h"

#define USER_END PHX_USER_END
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One line, and the end with status 1. */
_Noreturn void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define MUST(condition, ...) ((condition) ? (void)0 : wrong(__VA_ARGS__))
/* The name of a negative result, or "success". */
const char *text_of(int64_t result);

/* --- what is drawn --------------------------------------------------------------- */

/* A number below `below`; the same numbers for the same seed. */
uint64_t draw(uint64_t below);
/* A word that is likely to be at some edge: of pages, of user memory, of what is
 * canonical, of 32 and 64 bits, or anything. */
uint64_t strange_word(void);

/* --- memory ------------------------------------------------------------------------- */

/* Zeroed pages at addresses that nothing else uses, with an unmapped page behind. */
uint8_t *pages(uint64_t count);
/* A new frame, and a child of it: what the child is used for ends when the frame is
 * revoked (what is done with the frame itself does not). */
struct lent {
    uint64_t frame, child;
};
struct lent lend(uint64_t count);
/* Addresses that are nowhere: the kernel's, and those that no pointer can have. */
extern const uint64_t nowhere[];
extern const unsigned nowhere_count;

/* --- faults of the first thread --------------------------------------------------------- */

/* How one attempt ended. */
struct trap {
    uint64_t kind; /* PHX_UPCALL_*; 0: it came back */
    uint64_t vector, error, address, rip, rflags, rsp;
};
/* Call f(argument) and look what comes of it. What it did to registers is undone;
 * segments, and anything in memory, are not. */
struct trap attempt(void (*f)(uint64_t), uint64_t argument);
/* The same for code that is bytes: they are run at `code`, a page to write to that is
 * made executable for it, and are followed by a return. */
struct trap attempt_bytes(const void *bytes, size_t length);

/* --- other threads, other processes --------------------------------------------------------- */

/* A thread that runs function(argument), or the end. */
uint64_t thread(void (*function)(void *), void *argument);
/* It has ended; false: not within ten seconds (needs a clock, else for ever). */
bool joined(uint64_t thread);
uint64_t now(void); /* needs `clock` */
/* A child of the account that was handed over, with these limits. */
uint64_t budget(uint64_t page_count, uint64_t holds, uint64_t threads);
uint64_t used(uint64_t account, unsigned resource);

/* A process of an account that runs these bytes of code, which need no data: mapped
 * at CHILD_CODE, with a stack. Its process and thread, 0 if the account has no more. */
#define CHILD_CODE 0x200000
#define CHILD_STACK_TOP 0x400000
struct child {
    uint64_t process, space, thread;
};
int64_t child_start(uint64_t account, const void *code, size_t length, struct child *child);

/* --- operations ------------------------------------------------------------------------- */

/* A register form with everything given: words[0..9] in, out; *cap too. */
int64_t operation(uint64_t op, uint64_t cap, const uint64_t words[PHX_WORDS]);
/* CALL with up to five words. */
int64_t call(uint64_t cap, unsigned method, uint64_t a, uint64_t b, uint64_t c);

/*
 * Every operation word, with every method that it can have, of this capability: those
 * that look at it must answer `error` (or `other`, 0: no other), the rest that they do
 * not exist or what they answer whatever it is. RELEASE comes last and must answer
 * `release`. Says how many were made.
 */
unsigned each_operation(uint64_t cap, int64_t error, int64_t other, int64_t release);

/* --- rings ------------------------------------------------------------------------------- */

/* The calling thread's ring, as its owner sees it. */
struct view {
    uint64_t ring, frame; /* revoking the frame takes the ring's memory away */
    struct phx_ring *shared;
    struct phx_entry *entries;
    struct phx_completion *completions;
    uint32_t submissions, completion_count;
};
struct view ring_open(uint32_t submissions, uint32_t completions);
/* Ring.enter: how many were taken, or a negative error. */
int64_t ring_enter_now(const struct view *v, uint64_t submit, uint64_t complete);

/* --- where the kernel takes addresses (places.c) --------------------------------------------- */

struct place {
    const char *name;
    int64_t (*look)(uint64_t address);
    bool writes;  /* it puts results there */
    bool aligned; /* wants a multiple of 8 */
};
extern const struct place places[];
extern const unsigned place_count;
/* Needs account, entropy and log. */
void places_begin(void);
/* Each place, at this address: BadAddress; InvalidArgument where it is not aligned. */
unsigned each_place_refuses(uint64_t address, bool only_writes);

#endif
