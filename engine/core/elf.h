/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: whether an image is one that can be started on x86-64, and what
 * goes where.
 *
 * elf_check() looks at every header once and refuses with a reason; after it, a
 * loader has no decision left that the image's author could have rigged: segments
 * are inside the image and inside the user's addresses, ascend, do not overlap,
 * and the entry is in one of them that can be executed. Nothing is ever read
 * outside [image, image + size). The image must not change while the info is used.
 *
 * Spec   System V ABI, "Object Files" and "Program Loading"; AMD64 supplement
 * Tests  elf_test.c on the host; elf_fuzz.c
 */
#ifndef CORE_ELF_H
#define CORE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_error {
    ELF_OK,
    ELF_DYNAMIC, /* wants an interpreter; all else is right and `info` is complete */
    ELF_SCRIPT,  /* begins with #!, see elf_script() */
    ELF_TOO_SHORT,
    ELF_BAD_MAGIC,
    ELF_NOT_64_BIT,
    ELF_NOT_LITTLE_ENDIAN,
    ELF_BAD_VERSION,
    ELF_NOT_X86_64,
    ELF_NOT_EXECUTABLE, /* an object file, a core dump ... */
    ELF_BAD_PROGRAM_HEADERS,
    ELF_BAD_SEGMENT_SIZE,    /* more bytes in the file than in memory */
    ELF_SEGMENT_OUTSIDE_FILE,
    ELF_SEGMENT_OUTSIDE_MEMORY, /* wraps, or ends above the user's addresses */
    ELF_BAD_ALIGNMENT, /* no power of two, or file and memory differ within a page */
    ELF_OVERLAP,       /* segments overlap or do not ascend */
    ELF_NO_SEGMENTS,
    ELF_BAD_ENTRY,     /* in no executable segment */
    ELF_BAD_TLS,
    ELF_BAD_INTERPRETER,
    ELF_ERRORS
};

/* "the entry point is in no executable segment" ...; never NULL. */
const char *elf_error_text(enum elf_error error);

#define ELF_EXECUTE 1 /* as in p_flags */
#define ELF_WRITE 2
#define ELF_READ 4

/* A PT_LOAD of at least one byte, or another header with the same fields. */
struct elf_segment {
    uint64_t address; /* before the load bias */
    uint64_t memory_size;
    uint64_t offset;  /* in the image; same place within a page as address */
    uint64_t file_size;
    uint64_t align;   /* a power of two */
    uint32_t flags;
};

struct elf_info {
    const uint8_t *image;
    uint64_t size;
    uint64_t entry;          /* before the load bias, like all addresses here */
    uint64_t low, high;      /* all segments lie in [low, high), rounded to pages */
    uint64_t align;          /* of the load bias: greatest of the segments', at least a page */
    uint64_t phdr_offset;
    uint64_t phdr_address;   /* AT_PHDR; 0: in no segment */
    uint16_t phdr_count;     /* AT_PHNUM; each has ELF_PHDR_SIZE */
    uint16_t segment_count;
    uint8_t os_abi;          /* 0 System V, 3 Linux, 9 FreeBSD */
    bool relocatable;        /* ET_DYN: any bias that is a multiple of align; else 0 */
    bool write_execute;      /* some segment is both */
    bool execute_stack;      /* PT_GNU_STACK asks for it */
    bool shared_page;        /* two segments have a page in common */
    struct elf_segment tls;         /* memory_size 0: none */
    struct elf_segment relro;       /* memory_size 0: none */
    struct elf_segment interpreter; /* file_size 0: none; a string with its 0 at `offset` */
};

#define ELF_PHDR_SIZE 56

enum elf_error elf_check(const void *image, uint64_t size, struct elf_info *info);

/* The segment with that index, in ascending order of address; false when there are
 * no more than that. Only after ELF_OK or ELF_DYNAMIC. */
bool elf_segment(const struct elf_info *info, unsigned index, struct elf_segment *segment);

/* Of a script, "#! interpreter [argument]": both as places in the image, without
 * blanks around; argument_size 0: none. */
struct elf_script {
    uint64_t interpreter, interpreter_size;
    uint64_t argument, argument_size;
};

/* False if the image is no script, names no interpreter, or its first line has
 * more than 255 bytes or a 0. */
bool elf_script(const void *image, uint64_t size, struct elf_script *script);

#endif
