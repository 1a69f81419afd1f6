/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel was: the chain of frame pointers with the names of functions, from a
 * table that the build makes of the kernel's own symbols.
 *
 * Nothing here trusts what it reads: a chain is followed upwards inside one stack only.
 */
#include "fmt.h"
#include "machine.h"

#define FRAMES_MAX 32

struct symbol {
    uint32_t offset; /* from kernel_start */
    uint32_t name;   /* from the end of the table */
};
extern const struct {
    uint32_t count;
    struct symbol symbols[];
} symbol_table;
extern const char kernel_start[], kernel_text_end[];

struct stack_frame {
    const struct stack_frame *next;
    uint64_t address;
};

static bool is_text(uint64_t address)
{
    return address >= (uint64_t)kernel_start && address < (uint64_t)kernel_text_end;
}

static void line_of_address(void (*line)(const char *text), uint64_t address)
{
    char text[112];
    uint32_t offset = (uint32_t)(address - (uint64_t)kernel_start), low = 0;
    uint32_t high = symbol_table.count;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;

        if (symbol_table.symbols[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    if (high == 0 || !is_text(address)) {
        fmt(text, sizeof text, "  0x%lx", address);
    } else {
        const char *names = (const char *)&symbol_table.symbols[symbol_table.count];

        fmt(text, sizeof text, "  %s+0x%x", names + symbol_table.symbols[low].name,
            offset - symbol_table.symbols[low].offset);
    }
    line(text);
}

static bool is_stack(uint64_t address)
{
    return address % 8 == 0 && address >= STACKS_BASE &&
           address < STACKS_BASE + ((uint64_t)CPUS_MAX << STACKS_SLOT_SHIFT);
}

static void walk(void (*line)(const char *text), const struct stack_frame *frame)
{
    for (unsigned i = 0; i < FRAMES_MAX && is_stack((uint64_t)frame); i++) {
        const struct stack_frame *next = frame->next;

        if (!is_text(frame->address))
            return;
        line_of_address(line, frame->address);
        if (next <= frame || ((uint64_t)next ^ (uint64_t)frame) >> STACKS_SLOT_SHIFT)
            return;
        frame = next;
    }
}

/* A call to where no code is leaves its return address on top of the stack. */
static void line_of_wild_call(void (*line)(const char *text), const struct phx_registers *r)
{
    if (!is_text(r->rip) && is_stack(r->rsp) && is_text(*(const uint64_t *)r->rsp))
        line_of_address(line, *(const uint64_t *)r->rsp);
}

void arch_backtrace(void (*line)(const char *text))
{
    const struct phx_registers *r = fault_registers;

    if (r == NULL) {
        walk(line, __builtin_frame_address(0));
        return;
    }
    line_of_address(line, r->rip);
    line_of_wild_call(line, r);
    walk(line, (const struct stack_frame *)r->rbp);
}
