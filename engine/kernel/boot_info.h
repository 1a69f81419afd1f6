/* SPDX-License-Identifier: MIT */
/*
 * What a boot path tells the kernel, whichever path it was (PVH today, Limine
 * later). All addresses are physical; the strings and the module stay where the
 * loader put them, and the kernel keeps off them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BOOT_REGIONS_MAX 64

struct boot_region {
    uint64_t base; /* page aligned, inward */
    uint64_t size; /* bytes, multiple of a page */
};

struct boot_info {
    const char *loader;    /* "PVH", for the log */
    uint64_t module_base;  /* the one module; 0 length: none */
    uint64_t module_size;  /* bytes */
    char command_line[512];
    uint64_t rsdp;         /* ACPI root pointer, 0: none */
    uint64_t memory_bytes; /* usable memory as the loader reported it */
    unsigned region_count; /* usable memory, ascending, not overlapping; the kernel
                              image, the module and early tables are cut out */
    struct boot_region regions[BOOT_REGIONS_MAX];
    bool is_open;          /* the processor lets programs guess the kernel's memory */
    uint64_t phys_end;     /* end of the direct map, a multiple of 2 MiB */
};

/* Whether `word` is one of the command line's, which have spaces between them. */
static inline bool boot_has_word(const char *line, const char *word)
{
    while (*line != 0) {
        unsigned i = 0;

        while (word[i] != 0 && line[i] == word[i])
            i++;
        if (word[i] == 0 && (line[i] == 0 || line[i] == ' '))
            return true;
        while (*line != 0 && *line++ != ' ')
            continue;
    }
    return false;
}
