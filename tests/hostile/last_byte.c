/* SPDX-License-Identifier: MIT */
/*
 * System calls from the last bytes that can be mapped, one of which is the last two, so
 * that the next instruction would be in the page that never is; and jumps beyond, up to
 * and over the end of the lower half.
 *
 * Gets  faults at 0x7ffffffff000; # jumps faulted
 */
#include "hostile.h"

#define LAST (USER_END - PHX_PAGE_SIZE)

static void jumps(uint64_t address)
{
    __asm__ volatile("call *%0" ::"r"(address), "a"((uint64_t)PHX_OP_NOP)
                     : "rcx", "r11", "memory", "cc");
}

static void fill(void)
{
    static const uint8_t syscall_and_return[] = {0x0f, 0x05, 0xc3};
    struct address_space_populate_out out = {0};
    int64_t result = address_space_populate(RT_SPACE, RT_POOL, LAST, 1, READ_WRITE, &out);
    uint8_t *page = (uint8_t *)LAST;

    MUST(result >= 0, "the last page: %s", text_of(result));
    memset(page, 0x90, PHX_PAGE_SIZE);
    memcpy(page, syscall_and_return, 3);
    memcpy(page + PHX_PAGE_SIZE - 2, syscall_and_return, 2);
    result = address_space_protect(RT_SPACE, LAST, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    MUST(result >= 0, "the last page: %s", text_of(result));
}

int main(void)
{
    static const uint64_t beyond[] = {USER_END, USER_END + 1, 0x7fffffffffff, 0x7ffffffffffe,
        0x800000000000, 0x800000000001, 0xffff7fffffffffff, 0xffff800000000000};
    struct address_space_populate_out out = {0};
    struct trap t;

    fill();
    t = attempt(jumps, LAST);
    MUST(t.kind == 0, "its first bytes: vector %lu", t.vector);
    t = attempt(jumps, USER_END - 2);
    MUST(t.kind == PHX_UPCALL_PAGE_FAULT && t.rip == USER_END, "kind %lu rip 0x%lx", t.kind, t.rip);
    rt_print("faults at 0x%lx; ", t.address);
    t = attempt(jumps, USER_END - 1); /* half an instruction */
    MUST(t.kind == PHX_UPCALL_PAGE_FAULT && t.address == USER_END, "half: 0x%lx", t.address);
    for (unsigned i = 0; i < COUNT(beyond); i++) {
        t = attempt(jumps, beyond[i]);
        MUST(t.kind != 0, "0x%lx can be called", beyond[i]);
    }
    MUST(address_space_populate(RT_SPACE, RT_POOL, USER_END, 1, READ_WRITE, &out) ==
             -PHX_INVALID_ARGUMENT,
        "the page below 2^47 can be mapped");
    rt_print("%u jumps faulted\n", (unsigned)COUNT(beyond));
    return 0;
}
