/* SPDX-License-Identifier: MIT */
/*
 * Far jumps, far calls, far returns and `iret` to every code selector there could be:
 * the kernel's, the task's, local ones, none.
 *
 * Gets  # transfers refused
 */
#include "hostile.h"

#define CODE 0x23
/* With AC: QEMU's far returns read the stack with the kernel's rights, which SMAP would
 * otherwise refuse before the selector is looked at. */
#define ALLOW "pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\t"

static void far_return(uint64_t selector)
{
    __asm__ volatile(ALLOW "push %0\n\t"
                           "lea 1f(%%rip), %%rax\n\t"
                           "push %%rax\n\t"
                           "lretq\n"
                           "1:" ::"r"(selector)
                     : "rax", "memory");
}

static void far_jump(uint64_t selector)
{
    struct {
        uint64_t offset;
        uint16_t selector;
    } __attribute__((packed)) to;

    __asm__("lea 2f(%%rip), %0" : "=r"(to.offset));
    to.selector = (uint16_t)selector;
    __asm__ volatile(ALLOW "rex.W ljmp *%0\n2:" ::"m"(to) : "memory");
}

static void far_call(uint64_t selector)
{
    struct {
        uint64_t offset;
        uint16_t selector;
    } __attribute__((packed)) to;

    to.offset = (uint64_t)far_call;
    to.selector = (uint16_t)selector;
    __asm__ volatile(ALLOW "rex.W lcall *%0" ::"m"(to) : "memory");
}

static void interrupt_return(uint64_t selector)
{
    __asm__ volatile(ALLOW "mov %%rsp, %%rcx\n\t"
                           "push $0x1b\n\t"
                           "push %%rcx\n\t"
                           "pushf\n\t"
                           "push %0\n\t"
                           "lea 3f(%%rip), %%rax\n\t"
                           "push %%rax\n\t"
                           "iretq\n"
                           "3:" ::"r"(selector)
                     : "rax", "rcx", "memory");
}

/* With this stack selector instead, and with flags that ring 3 may not have. */
static void interrupt_return_stack(uint64_t selector)
{
    __asm__ volatile(ALLOW "mov %%rsp, %%rcx\n\t"
                           "push %0\n\t"
                           "push %%rcx\n\t"
                           "push $0x3202\n\t"
                           "push $0x23\n\t"
                           "lea 4f(%%rip), %%rax\n\t"
                           "push %%rax\n\t"
                           "iretq\n"
                           "4:" ::"r"(selector)
                     : "rax", "rcx", "memory");
}

int main(void)
{
    static void (*const ways[])(uint64_t) = {
        far_return, far_jump, far_call, interrupt_return, interrupt_return_stack};
    unsigned refused = 0;

    for (unsigned way = 0; way < COUNT(ways); way++)
        for (uint64_t selector = 0; selector < 0x60; selector++) {
            /* The program's own: a transfer like any other. */
            if (selector == CODE || (way == 4 && selector == 0x1b) ||
                (way < 3 && (selector | 3) == CODE))
                continue;
            struct trap t = attempt(ways[way], selector);

            MUST(t.kind != 0, "way %u to 0x%lx works", way, selector);
            MUST(t.vector == 13 || t.vector == 11 || t.vector == 14, "way %u to 0x%lx: vector %lu",
                way, selector, t.vector);
            refused++;
        }
    rt_print("%u transfers refused\n", refused);
    return 0;
}
