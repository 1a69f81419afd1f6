/* SPDX-License-Identifier: MIT */
/*
 * Where a program goes: what of its file is shown at which address, what is zeroes,
 * where its stack and its heap begin.
 *
 * Everything that a file's author could have rigged is decided here, before anything
 * is mapped; exec.c then does what the plan says, in its order. Pure: it reads the
 * file's headers and nothing else.
 *
 * Spec   System V ABI, "Program Loading"; AMD64 supplement, 3.3 and 3.4
 * Tests  load_test.c, on the host; tests/elf/load_fuzz.c
 */
#ifndef LINUX_LOAD_H
#define LINUX_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/elf.h"

#define LOAD_STACK_SIZE UINT64_C(0x800000)
#define LOAD_GUARD UINT64_C(0x100000) /* nothing, above and below the stack */

/* The addresses that are there for the program, [low, high): whole pages. */
struct load_limits {
    uint64_t low, high;
};

/*
 * Holds after load_decide() found nothing wrong:
 *   - every area is whole pages of [limits.low, stack_low - LOAD_GUARD)
 *   - areas ascend, except that one may begin in the last page of the one before it,
 *     which then is its page
 *   - what an area shows lies in the file
 *   - entry lies in an area that may be executed
 */
struct load_plan {
    struct elf_info info;
    uint64_t bias;        /* what is added to the addresses that the file names */
    uint64_t entry;       /* the first instruction */
    uint64_t headers;     /* AT_PHDR; 0: in no segment */
    uint64_t break_start; /* the heap's beginning, behind the last area */
    uint64_t stack_low, stack_top;
    bool execute_stack;
};

struct load_area {
    uint64_t address, length; /* whole pages, at least one */
    uint64_t offset;          /* in the file, of the first byte; whole pages */
    uint64_t content;         /* how many bytes of the file it may show, from the file's
                               * beginning; 0: it is zeroes */
    uint32_t protection;      /* PHX_PROT_* */
};

/* NULL, or what is wrong, as a sentence's end: "it is not an executable". */
const char *load_decide(const void *image, uint64_t size, const struct load_limits *limits,
                        struct load_plan *plan);

/* The areas in the order in which they are to be mapped, each over what is there: the
 * next one from *at on, which is 0 at first; false when there are no more. */
bool load_area(const struct load_plan *plan, unsigned *at, struct load_area *area);

#endif
