/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel was: the chain of frame pointers. The functions' names are in the
 * kernel's file, and who shows this text has that: the launcher, or scripts/names.sh.
 *
 * Nothing here trusts what it reads: a chain is followed inside one core's stacks only.
 */
#include "machine.h"
#include "text.h"

#define FRAMES_MAX 32

static bool is_text(uint64_t address)
{
    return address >= (uint64_t)kernel_start && address < (uint64_t)kernel_text_end;
}

static void line_of_address(void (*line)(const char *text), uint64_t address)
{
    char text[24];

    text_fmt(text, sizeof text, "  0x%lx", address);
    line(text);
}

static bool is_stack(uint64_t address)
{
    return address % 8 == 0 && address >= STACKS_BASE &&
           address < STACKS_BASE + ((uint64_t)CPUS_MAX << STACKS_SLOT_SHIFT);
}

/* A frame begins with its caller's and has the return address next. */
static void walk(void (*line)(const char *text), const uint64_t *frame)
{
    uint64_t slot = (uint64_t)frame >> STACKS_SLOT_SHIFT;

    for (unsigned i = 0; i < FRAMES_MAX && is_stack((uint64_t)frame) && is_text(frame[1]) &&
                         (uint64_t)frame >> STACKS_SLOT_SHIFT == slot; i++) {
        line_of_address(line, frame[1]);
        frame = (const uint64_t *)frame[0];
    }
}

void arch_backtrace(const struct phx_registers *r, void (*line)(const char *text))
{
    if (r == NULL) {
        walk(line, __builtin_frame_address(0));
        return;
    }
    line_of_address(line, r->rip);
    /* A call to where no code is leaves its return address on top of the stack. */
    if (!is_text(r->rip) && is_stack(r->rsp) && is_text(*(const uint64_t *)r->rsp))
        line_of_address(line, *(const uint64_t *)r->rsp);
    walk(line, (const uint64_t *)r->rbp);
}
