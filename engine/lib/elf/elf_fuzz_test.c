/* SPDX-License-Identifier: MIT */
/*
 * What must be true of any bytes at all that are handed to the ELF reader. Runs
 * under libFuzzer (tests/elf/fuzz_test.sh), and elf_test.c calls it with mutated
 * programs.
 */
#include "elf.h"

#include <phoenix/abi.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition) \
    do { \
        if (!(condition)) { \
            printf("FAIL elf.fuzz %s:%d %s\n", __FILE__, __LINE__, #condition); \
            fflush(stdout); \
            abort(); \
        } \
    } while (0)

static volatile uint64_t sum;

/* Every byte is looked at, so that the address sanitizer sees each range. */
static void touch(const uint8_t *data, uint64_t offset, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        sum += data[offset + i];
}

static void check_segments(const struct elf_info *info)
{
    struct elf_segment s;
    uint64_t end = 0;
    bool entry = false;

    for (unsigned at = 0; elf_segment(info, &at, &s);) {
        MUST(s.memory_size > 0 && s.file_size <= s.memory_size);
        MUST(s.address >= end);
        end = s.address + s.memory_size;
        MUST(end > s.address && end <= PHX_USER_END);
        MUST(s.address >= info->low && end <= info->high);
        MUST(!(s.align & (s.align - 1)) && s.align <= info->align);
        MUST(!s.file_size || s.address % PHX_PAGE_SIZE == s.offset % PHX_PAGE_SIZE);
        touch(info->image, s.offset, s.file_size);
        entry |= (s.flags & ELF_EXECUTE) && info->entry >= s.address && info->entry < end;
    }
    MUST(entry && info->high == end);
}

static void check_info(const struct elf_info *info)
{
    check_segments(info);
    MUST(info->low < info->high && info->high <= PHX_USER_END);
    MUST(info->align >= PHX_PAGE_SIZE && !(info->align & (info->align - 1)));
    touch(info->image, info->phdr_offset, info->phdr_count * sizeof(struct elf_segment));
    MUST(!info->phdr_address ||
         (info->phdr_address >= info->low && info->phdr_address < info->high));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_info info;

    if (!elf_check(data, size, &info))
        check_info(&info);
    return 0;
}
