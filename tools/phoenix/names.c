/* SPDX-License-Identifier: MIT */
/* See names.h. The file is looked at anew for each line: they are few, and then the end. */
#include "names.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS_MOST 16

struct file {
    const uint8_t *bytes;
    uint64_t size;
};

static bool file_open(struct file *f, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    void *bytes = MAP_FAILED;

    if (fd < 0)
        return false;
    if (fstat(fd, &s) == 0 && s.st_size > 0)
        bytes = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    *f = (struct file){bytes, (uint64_t)s.st_size};
    return bytes != MAP_FAILED;
}

/* So much of the file from there, or NULL where it has not. */
static const void *part(const struct file *f, uint64_t at, uint64_t size)
{
    return at <= f->size && size <= f->size - at ? f->bytes + at : NULL;
}

/* The last function that begins no later. */
static bool nearest(const struct file *f, const Elf64_Shdr *table, const char *texts,
    uint64_t texts_size, uint64_t address, const char **name, uint64_t *offset)
{
    const uint8_t *symbols = part(f, table->sh_offset, table->sh_size);

    *name = NULL;
    for (uint64_t at = 0; symbols && at + sizeof(Elf64_Sym) <= table->sh_size;
         at += sizeof(Elf64_Sym)) {
        Elf64_Sym s;

        memcpy(&s, symbols + at, sizeof s);
        if (ELF64_ST_TYPE(s.st_info) > STT_FUNC || ELF64_ST_TYPE(s.st_info) == STT_OBJECT ||
            s.st_shndx == SHN_UNDEF || s.st_shndx >= SHN_LORESERVE || s.st_value > address ||
            s.st_name >= texts_size || texts[s.st_name] == 0 ||
            (*name && address - s.st_value >= *offset))
            continue;
        *name = texts + s.st_name;
        *offset = address - s.st_value;
    }
    return *name != NULL;
}

static bool look(const struct file *f, uint64_t address, char *out, size_t size)
{
    const Elf64_Ehdr *header = part(f, 0, sizeof *header);
    const Elf64_Shdr *sections;
    const char *name, *texts;
    uint64_t offset;

    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_shoff % 8 != 0)
        return false;
    sections = part(f, header->e_shoff, header->e_shnum * sizeof *sections);
    for (unsigned i = 0; sections && i < header->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i], *strings = &sections[table->sh_link];

        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum)
            continue;
        texts = part(f, strings->sh_offset, strings->sh_size);
        if (!texts || strings->sh_size == 0 || texts[strings->sh_size - 1] != 0 ||
            !nearest(f, table, texts, strings->sh_size, address, &name, &offset))
            return false;
        snprintf(out, size, "  %s+0x%llx", name, (unsigned long long)offset);
        return true;
    }
    return false;
}

bool names_line(const char *kernel, const uint8_t *line, size_t length, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t address = 0;
    struct file f;
    bool found;

    if (length < 5 || length > 4 + DIGITS_MOST || memcmp(line, "  0x", 4) != 0)
        return false;
    for (size_t i = 4; i < length; i++) {
        const char *digit = memchr(digits, line[i], 16);

        if (!digit)
            return false;
        address = address << 4 | (uint64_t)(digit - digits);
    }
    if (!file_open(&f, kernel))
        return false;
    found = look(&f, address, out, size);
    munmap((void *)(uintptr_t)f.bytes, f.size);
    return found;
}
