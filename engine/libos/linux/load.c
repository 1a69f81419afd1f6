/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stddef.h>

#include "phoenix/abi.h"

#define PIE_BASE UINT64_C(0x555555554000)

static uint64_t page_down(uint64_t n)
{
    return n & -(uint64_t)PHX_PAGE_SIZE;
}

static uint64_t page_up(uint64_t n)
{
    return page_down(n + PHX_PAGE_SIZE - 1);
}

/* The lowest segment goes to PIE_BASE, or as little above it as its alignment allows. */
static uint64_t bias_of(const struct elf_info *info)
{
    if (!info->relocatable)
        return 0;
    return ((PIE_BASE + info->align - 1) & -info->align) - (info->low & -info->align);
}

/* An alignment may be so large that the bias is far outside, so nothing is added up
 * before it is known to fit. */
static bool fits(const struct elf_info *info, uint64_t bias, uint64_t low, uint64_t high)
{
    uint64_t first = bias + page_down(info->low), length = info->high - page_down(info->low);

    return first >= low && first <= high && length <= high - first;
}

const char *load_decide(const void *image, uint64_t size, const struct load_limits *limits,
                        struct load_plan *plan)
{
    const char *wrong = elf_check(image, size, &plan->info);
    const struct elf_info *info = &plan->info;

    if (wrong)
        return wrong;
    if (limits->high < limits->low || limits->high - limits->low < LOAD_STACK_SIZE + 2 * LOAD_GUARD)
        return "there is no room for its stack";
    plan->bias = bias_of(info);
    plan->stack_top = limits->high - LOAD_GUARD;
    plan->stack_low = plan->stack_top - LOAD_STACK_SIZE;
    if (!fits(info, plan->bias, limits->low, plan->stack_low - LOAD_GUARD))
        return "it wants addresses that are the system's";
    plan->entry = plan->bias + info->entry;
    plan->headers = info->phdr_address == 0 ? 0 : plan->bias + info->phdr_address;
    plan->break_start = plan->bias + page_up(info->high);
    plan->execute_stack = info->execute_stack;
    return NULL;
}

static uint32_t protection_of(uint32_t flags)
{
    return ((flags & ELF_READ) != 0 ? PHX_PROT_READ : 0u) |
           ((flags & ELF_WRITE) != 0 ? PHX_PROT_WRITE : 0u) |
           ((flags & ELF_EXECUTE) != 0 ? PHX_PROT_EXECUTE : 0u);
}

/* Behind the segment's bytes a page that may be written is zeroes, whatever the file
 * has there; pages that are never written show the file, whose own pages they are. */
static bool file_part(const struct load_plan *plan, const struct elf_segment *s,
                      struct load_area *area)
{
    uint64_t start = page_down(s->address);

    area->address = plan->bias + start;
    area->length = page_up(s->address + s->file_size) - start;
    area->offset = page_down(s->offset);
    area->content = (s->flags & ELF_WRITE) != 0 ? s->offset + s->file_size : plan->info.size;
    return s->file_size > 0;
}

static bool zero_part(const struct load_plan *plan, const struct elf_segment *s,
                      struct load_area *area)
{
    uint64_t start = s->file_size == 0 ? page_down(s->address)
                                       : page_up(s->address + s->file_size);
    uint64_t end = page_up(s->address + s->memory_size);

    area->address = plan->bias + start;
    area->length = end - start;
    area->offset = area->content = 0;
    return end > start;
}

/* *at counts half segments: the file's part, then the zeroes. */
bool load_area(const struct load_plan *plan, unsigned *at, struct load_area *area)
{
    unsigned header = *at / 2;
    bool zeroes_only = *at % 2;
    struct elf_segment s;

    while (elf_segment(&plan->info, &header, &s)) {
        area->protection = protection_of(s.flags);
        if (!zeroes_only && file_part(plan, &s, area)) {
            *at = 2 * header - 1;
            return true;
        }
        if (zero_part(plan, &s, area)) {
            *at = 2 * header;
            return true;
        }
        zeroes_only = false;
    }
    return false;
}
