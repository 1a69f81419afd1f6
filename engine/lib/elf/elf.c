/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader. Headers are copied out of the image before anything looks at
 * them, so that they may lie at any address and are looked at once.
 */
#include "elf.h"

#include <phoenix/abi.h>

#include "bytes.h"

#define PAGE_MASK ((uint64_t)PHX_PAGE_SIZE - 1)

enum { TYPE_EXEC = 2, TYPE_DYN = 3, MACHINE_X86_64 = 62 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };

struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phdrs, sections;
    uint32_t flags;
    uint16_t size, phdr_size, phdr_count, section_size, section_count, names;
};

_Static_assert(sizeof(struct header) == 64, "ELF-64 Object File Format, figure 2");
_Static_assert(sizeof(struct elf_segment) == 56, "ELF-64 Object File Format, figure 6");

static struct elf_segment phdr_at(const struct elf_info *info, unsigned index)
{
    struct elf_segment phdr;

    memcpy(&phdr, info->image + info->phdr_offset + index * sizeof(phdr), sizeof(phdr));
    return phdr;
}

static const char *check_header(struct elf_info *info)
{
    struct header h;

    if (info->size < sizeof(h))
        return "it is too short for an ELF file";
    memcpy(&h, info->image, sizeof(h));
    /* 64 bits, little-endian, version 1. */
    if (memcmp(h.ident, "\177ELF\2\1\1", 7) != 0 || h.version != 1 || h.machine != MACHINE_X86_64)
        return "it is no ELF file for x86-64";
    if (h.type != TYPE_EXEC && h.type != TYPE_DYN)
        return "it is not an executable";
    if (h.phdr_size != sizeof(struct elf_segment) || h.phdrs > info->size ||
        (info->size - h.phdrs) / sizeof(struct elf_segment) < h.phdr_count)
        return "its program headers are not of 56 bytes each, or outside the file";
    info->entry = h.entry;
    info->relocatable = h.type == TYPE_DYN;
    info->phdr_offset = h.phdrs;
    info->phdr_count = h.phdr_count;
    return NULL;
}

/* Segments come in ascending order; info->high is the end of those before. */
static const char *add_load(struct elf_info *info, const struct elf_segment *s)
{
    uint64_t headers = info->phdr_count * sizeof(*s), in_file = info->phdr_offset - s->offset;

    if (s->file_size > s->memory_size)
        return "a segment has more bytes in the file than in memory";
    if (s->offset > info->size || info->size - s->offset < s->file_size)
        return "a segment ends outside the file";
    if (s->address > PHX_USER_END || PHX_USER_END - s->address < s->memory_size)
        return "a segment ends outside the memory of programs";
    if ((s->align & (s->align - 1)) ||
        (s->file_size && ((s->address ^ s->offset) & PAGE_MASK)))
        return "a segment is not aligned in memory as in the file";
    if (s->memory_size == 0)
        return NULL;
    if (s->address < info->high)
        return "its segments overlap or do not ascend";
    if (info->high == 0)
        info->low = s->address;
    info->shared_page |= (s->address & ~PAGE_MASK) < info->high;
    info->high = s->address + s->memory_size;
    if (s->align > info->align)
        info->align = s->align;
    info->write_execute |= (s->flags & ELF_WRITE) && (s->flags & ELF_EXECUTE);
    if (headers <= s->file_size && in_file <= s->file_size - headers)
        info->phdr_address = s->address + in_file;
    return NULL;
}

static bool entry_is_executable(const struct elf_info *info)
{
    struct elf_segment s;

    for (unsigned at = 0; elf_segment(info, &at, &s);)
        if ((s.flags & ELF_EXECUTE) && info->entry - s.address < s.memory_size)
            return true;
    return false;
}

const char *elf_check(const void *image, uint64_t size, struct elf_info *info)
{
    *info = (struct elf_info){.image = image, .size = size, .align = PHX_PAGE_SIZE};
    const char *wrong = check_header(info);

    for (unsigned i = 0; !wrong && i < info->phdr_count; i++) {
        struct elf_segment s = phdr_at(info, i);

        if (s.type == PT_INTERP)
            wrong = "it is linked dynamically and needs an interpreter";
        else if (s.type == PT_GNU_STACK)
            info->execute_stack = s.flags & ELF_EXECUTE;
        else if (s.type == PT_LOAD)
            wrong = add_load(info, &s);
    }
    if (!wrong && !entry_is_executable(info))
        wrong = "its entry point is in no executable segment";
    return wrong;
}

bool elf_segment(const struct elf_info *info, unsigned *at, struct elf_segment *segment)
{
    while (*at < info->phdr_count) {
        *segment = phdr_at(info, (*at)++);
        if (segment->type == PT_LOAD && segment->memory_size > 0)
            return true;
    }
    return false;
}
