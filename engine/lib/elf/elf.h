/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: whether an image is one that can be started on x86-64 as it is,
 * and what goes where.
 *
 * elf_check() looks at every header once and refuses with a reason; after it, a
 * loader has no decision left that the image's author could have rigged: segments
 * are inside the image and inside the user's addresses, ascend, do not overlap,
 * and the entry is in one of them that can be executed. Nothing is ever read
 * outside [image, image + size). The image must not change while the info is used.
 *
 * Spec   System V ABI, "Object Files" and "Program Loading"; AMD64 supplement
 * Tests  elf_test.c on the host; elf_fuzz_test.c
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ELF_EXECUTE 1u
#define ELF_WRITE 2u
#define ELF_READ 4u

/* A program header, as it lies in the image. */
struct elf_segment {
    uint32_t type, flags;
    uint64_t offset;    /* in the image; same place within a page as address */
    uint64_t address;   /* before the load bias */
    uint64_t physical;
    uint64_t file_size, memory_size;
    uint64_t align;     /* a power of two, or 0 */
};

struct elf_info {
    const uint8_t *image;
    uint64_t size;
    uint64_t entry;          /* before the load bias, like all addresses here */
    uint64_t low, high;      /* all segments lie in [low, high), to the byte */
    uint64_t align;          /* of the load bias: greatest of the segments', at least a page */
    uint64_t phdr_offset;
    uint64_t phdr_address;   /* AT_PHDR; 0: in no segment */
    uint16_t phdr_count;     /* AT_PHNUM */
    bool relocatable;        /* ET_DYN: any bias that is a multiple of align; else 0 */
    bool write_execute;      /* some segment is both */
    bool execute_stack;      /* PT_GNU_STACK asks for it */
    bool shared_page;        /* two segments have a page in common */
};

/* NULL, or what is wrong: "its entry point is in no executable segment" ... */
const char *elf_check(const void *image, uint64_t size, struct elf_info *info);

/*
 * The segments to load that have at least one byte, in ascending order of address:
 * the next one from header *at on, which is 0 at first; false when there are no
 * more. Only when elf_check() found nothing wrong.
 */
bool elf_segment(const struct elf_info *info, unsigned *at, struct elf_segment *segment);
