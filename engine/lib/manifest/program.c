/* SPDX-License-Identifier: MIT */
#include "manifest/program.h"

#include <stddef.h>

#include "elf/elf.h"

const char *program_problem(const void *image, uint64_t size, uint64_t low, uint64_t high)
{
    struct elf_info info;
    const char *wrong = elf_check(image, size, &info);

    if (wrong == NULL && (info.relocatable || info.shared_page || info.write_execute))
        wrong = "it has no fixed address, segments that share a page, or one to write and execute";
    if (wrong == NULL && (info.low < low || info.high > high))
        wrong = "it is not linked where such a program belongs";
    return wrong;
}
