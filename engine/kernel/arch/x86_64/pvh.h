/* SPDX-License-Identifier: MIT */
/*
 * What a PVH loader leaves behind, as the Xen project defines it
 * (xen/include/public/arch-x86/hvm/start_info.h); all addresses are physical.
 */
#ifndef ARCH_PVH_H
#define ARCH_PVH_H

#include <stdint.h>

#define PVH_MAGIC 0x336ec578

struct pvh_start_info {
    uint32_t magic;
    uint32_t version;         /* the memory map is there since 1 */
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;         /* of struct pvh_module */
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory_map;      /* of struct pvh_memory */
    uint32_t memory_map_count;
    uint32_t reserved;
};

struct pvh_module {
    uint64_t base, size;
    uint64_t command_line;
    uint64_t reserved;
};

struct pvh_memory {
    uint64_t base, size;
    uint32_t type;
    uint32_t reserved;
};
#define PVH_MEMORY_RAM 1

/* What boot.c and early.c call too little memory and too high a place. */
#define MEMORY_MIN_BYTES (6UL << 20)
#define EARLY_MAP_BYTES (1UL << 30)

#endif
