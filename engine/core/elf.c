/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader. Headers are copied out of the image before anything looks at
 * them, so that they may lie at any address and are looked at once.
 */
#include "elf.h"

#include <phoenix/abi.h>

#include "bytes.h"

#define PAGE_MASK ((uint64_t)PHX_PAGE_SIZE - 1)
#define PHDRS_MAX (65536 / ELF_PHDR_SIZE) /* as many as Linux takes */
#define INTERPRETER_MAX 4096              /* bytes of its path */
#define SCRIPT_LINE_MAX 255

enum { CLASS_64 = 2, DATA_LITTLE = 1, VERSION = 1, MACHINE_X86_64 = 62 };
enum { TYPE_EXEC = 2, TYPE_DYN = 3 };

struct header {
    uint8_t magic[4], class, data, ident_version, os_abi, padding[8];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phdrs, sections;
    uint32_t flags;
    uint16_t size, phdr_size, phdr_count, section_size, section_count, names;
};

struct phdr {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, align;
};

enum {
    PT_LOAD = 1,
    PT_INTERP = 3,
    PT_TLS = 7,
    PT_GNU_STACK = 0x6474e551,
    PT_GNU_RELRO = 0x6474e552
};

_Static_assert(sizeof(struct header) == 64, "ELF-64 Object File Format, figure 2");
_Static_assert(sizeof(struct phdr) == ELF_PHDR_SIZE, "ELF-64 Object File Format, figure 6");

static uint64_t page_down(uint64_t address)
{
    return address & ~PAGE_MASK;
}

static uint64_t page_up(uint64_t address)
{
    return page_down(address + PAGE_MASK);
}

static struct phdr phdr_at(const struct elf_info *info, unsigned index)
{
    struct phdr phdr;

    memcpy(&phdr, info->image + info->phdr_offset + (uint64_t)index * ELF_PHDR_SIZE, sizeof(phdr));
    return phdr;
}

static struct elf_segment segment_of(const struct phdr *phdr)
{
    return (struct elf_segment){
        .address = phdr->address,
        .memory_size = phdr->memory_size,
        .offset = phdr->offset,
        .file_size = phdr->file_size,
        .align = phdr->align ? phdr->align : 1,
        .flags = phdr->flags & (ELF_READ | ELF_WRITE | ELF_EXECUTE),
    };
}

static enum elf_error check_header(struct elf_info *info, const struct header *header)
{
    if (header->class != CLASS_64)
        return ELF_NOT_64_BIT;
    if (header->data != DATA_LITTLE)
        return ELF_NOT_LITTLE_ENDIAN;
    if (header->ident_version != VERSION || header->version != VERSION)
        return ELF_BAD_VERSION;
    if (header->machine != MACHINE_X86_64)
        return ELF_NOT_X86_64;
    if (header->type != TYPE_EXEC && header->type != TYPE_DYN)
        return ELF_NOT_EXECUTABLE;
    if (header->phdr_size != ELF_PHDR_SIZE || header->phdr_count == 0 ||
        header->phdr_count > PHDRS_MAX || header->phdrs > info->size ||
        info->size - header->phdrs < (uint64_t)header->phdr_count * ELF_PHDR_SIZE)
        return ELF_BAD_PROGRAM_HEADERS;
    info->entry = header->entry;
    info->os_abi = header->os_abi;
    info->relocatable = header->type == TYPE_DYN;
    info->phdr_offset = header->phdrs;
    info->phdr_count = header->phdr_count;
    return ELF_OK;
}

/* The rules that a PT_LOAD and a PT_TLS have in common. */
static enum elf_error check_ranges(const struct elf_info *info, const struct phdr *phdr)
{
    if (phdr->file_size > phdr->memory_size)
        return ELF_BAD_SEGMENT_SIZE;
    if (phdr->offset > info->size || info->size - phdr->offset < phdr->file_size)
        return ELF_SEGMENT_OUTSIDE_FILE;
    if (phdr->address > PHX_USER_END || PHX_USER_END - phdr->address < phdr->memory_size)
        return ELF_SEGMENT_OUTSIDE_MEMORY;
    if (phdr->align & (phdr->align - 1))
        return ELF_BAD_ALIGNMENT;
    return ELF_OK;
}

/* Segments come in ascending order; info->high is the end of those before, `end`
 * the same to the byte. */
static enum elf_error add_load(struct elf_info *info, const struct phdr *phdr, uint64_t *end)
{
    enum elf_error error = check_ranges(info, phdr);
    uint64_t headers = (uint64_t)info->phdr_count * ELF_PHDR_SIZE;

    if (error)
        return error;
    if (phdr->file_size && ((phdr->address ^ phdr->offset) & PAGE_MASK))
        return ELF_BAD_ALIGNMENT;
    if (phdr->memory_size == 0)
        return ELF_OK;
    if (phdr->address < *end)
        return ELF_OVERLAP;
    if (info->segment_count == 0)
        info->low = page_down(phdr->address);
    else if (page_down(phdr->address) < info->high)
        info->shared_page = true;
    *end = phdr->address + phdr->memory_size;
    info->high = page_up(*end);
    info->segment_count++;
    if (phdr->align > info->align)
        info->align = phdr->align;
    if ((phdr->flags & ELF_WRITE) && (phdr->flags & ELF_EXECUTE))
        info->write_execute = true;
    if (info->phdr_offset >= phdr->offset && phdr->file_size >= headers &&
        info->phdr_offset - phdr->offset <= phdr->file_size - headers)
        info->phdr_address = phdr->address + (info->phdr_offset - phdr->offset);
    return ELF_OK;
}

static enum elf_error add_interpreter(struct elf_info *info, const struct phdr *phdr)
{
    if (info->interpreter.file_size)
        return ELF_OK; /* the first one counts, as in Linux */
    if (phdr->file_size < 2 || phdr->file_size > INTERPRETER_MAX || phdr->offset > info->size ||
        info->size - phdr->offset < phdr->file_size ||
        info->image[phdr->offset + phdr->file_size - 1] != 0)
        return ELF_BAD_INTERPRETER;
    info->interpreter = segment_of(phdr);
    return ELF_OK;
}

static enum elf_error add_tls(struct elf_info *info, const struct phdr *phdr)
{
    if (phdr->memory_size == 0)
        return ELF_OK;
    if (info->tls.memory_size || check_ranges(info, phdr))
        return ELF_BAD_TLS;
    info->tls = segment_of(phdr);
    return ELF_OK;
}

static enum elf_error check_phdrs(struct elf_info *info)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < info->phdr_count; i++) {
        struct phdr phdr = phdr_at(info, i);
        enum elf_error error = ELF_OK;

        if (phdr.type == PT_LOAD)
            error = add_load(info, &phdr, &end);
        else if (phdr.type == PT_INTERP)
            error = add_interpreter(info, &phdr);
        else if (phdr.type == PT_TLS)
            error = add_tls(info, &phdr);
        else if (phdr.type == PT_GNU_STACK)
            info->execute_stack = phdr.flags & ELF_EXECUTE;
        else if (phdr.type == PT_GNU_RELRO)
            info->relro = segment_of(&phdr);
        if (error)
            return error;
    }
    return info->segment_count ? ELF_OK : ELF_NO_SEGMENTS;
}

/* Is [address, address + size) in one segment with those flags, whose end counts up
 * to the page if `whole_pages`? */
static bool in_segment(const struct elf_info *info, uint64_t address, uint64_t size,
                       uint32_t flags, bool whole_pages)
{
    for (unsigned i = 0; i < info->phdr_count; i++) {
        struct phdr phdr = phdr_at(info, i);
        uint64_t end = phdr.address + phdr.memory_size;

        if (phdr.type != PT_LOAD || (phdr.flags & flags) != flags)
            continue;
        if (whole_pages)
            end = page_up(end);
        if (address >= phdr.address && address < end && size <= end - address)
            return true;
    }
    return false;
}

enum elf_error elf_check(const void *image, uint64_t size, struct elf_info *info)
{
    struct header header;
    enum elf_error error;
    const uint8_t *bytes = image;

    *info = (struct elf_info){.image = image, .size = size, .align = PHX_PAGE_SIZE};
    if (size >= 2 && bytes[0] == '#' && bytes[1] == '!')
        return ELF_SCRIPT;
    if (size >= 4 && memcmp(bytes, "\177ELF", 4) != 0)
        return ELF_BAD_MAGIC;
    if (size < sizeof(header))
        return ELF_TOO_SHORT;
    memcpy(&header, bytes, sizeof(header));
    if ((error = check_header(info, &header)) || (error = check_phdrs(info)))
        return error;
    if (!in_segment(info, info->entry, 1, ELF_EXECUTE, false))
        return ELF_BAD_ENTRY;
    if (info->tls.file_size &&
        !in_segment(info, info->tls.address, info->tls.file_size, ELF_READ, false))
        return ELF_BAD_TLS;
    /* Only a wish to have less: one that fits no segment is as if it were not there. */
    if (!in_segment(info, info->relro.address, info->relro.memory_size, 0, true))
        info->relro = (struct elf_segment){0};
    return info->interpreter.file_size ? ELF_DYNAMIC : ELF_OK;
}

bool elf_segment(const struct elf_info *info, unsigned index, struct elf_segment *segment)
{
    for (unsigned i = 0; i < info->phdr_count && index < info->segment_count; i++) {
        struct phdr phdr = phdr_at(info, i);

        if (phdr.type != PT_LOAD || phdr.memory_size == 0)
            continue;
        if (index-- == 0) {
            *segment = segment_of(&phdr);
            return true;
        }
    }
    return false;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool elf_script(const void *image, uint64_t size, struct elf_script *script)
{
    const uint8_t *text = image;
    uint64_t at = 2, end = 0;

    if (size < 2 || text[0] != '#' || text[1] != '!')
        return false;
    for (; end < size && text[end] != '\n'; end++)
        if (end >= SCRIPT_LINE_MAX || text[end] == 0)
            return false;
    while (end > at && is_blank(text[end - 1]))
        end--;
    while (at < end && is_blank(text[at]))
        at++;
    script->interpreter = at;
    while (at < end && !is_blank(text[at]))
        at++;
    script->interpreter_size = at - script->interpreter;
    while (at < end && is_blank(text[at]))
        at++;
    script->argument = at;
    script->argument_size = end - at;
    return script->interpreter_size > 0;
}

const char *elf_error_text(enum elf_error error)
{
    static const char *const texts[ELF_ERRORS] = {
        [ELF_OK] = "a program that can be started",
        [ELF_DYNAMIC] = "it is linked dynamically and needs an interpreter",
        [ELF_SCRIPT] = "it is a script",
        [ELF_TOO_SHORT] = "it is too short for an ELF file",
        [ELF_BAD_MAGIC] = "it is no ELF file",
        [ELF_NOT_64_BIT] = "it is not a 64-bit program",
        [ELF_NOT_LITTLE_ENDIAN] = "it is not little-endian",
        [ELF_BAD_VERSION] = "its ELF version is unknown",
        [ELF_NOT_X86_64] = "it is for another processor than x86-64",
        [ELF_NOT_EXECUTABLE] = "it is not an executable",
        [ELF_BAD_PROGRAM_HEADERS] = "its program headers are missing, too many or outside the file",
        [ELF_BAD_SEGMENT_SIZE] = "a segment has more bytes in the file than in memory",
        [ELF_SEGMENT_OUTSIDE_FILE] = "a segment ends outside the file",
        [ELF_SEGMENT_OUTSIDE_MEMORY] = "a segment ends outside the memory of programs",
        [ELF_BAD_ALIGNMENT] = "a segment is not aligned in memory as in the file",
        [ELF_OVERLAP] = "its segments overlap or do not ascend",
        [ELF_NO_SEGMENTS] = "it has no segments to load",
        [ELF_BAD_ENTRY] = "its entry point is in no executable segment",
        [ELF_BAD_TLS] = "its thread-local storage is malformed",
        [ELF_BAD_INTERPRETER] = "the name of its interpreter is malformed",
    };

    return (unsigned)error < ELF_ERRORS ? texts[error] : "an unknown error";
}
