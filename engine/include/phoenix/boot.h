/* SPDX-License-Identifier: MIT */
/*
 * What a machine is started with: one module, in whole pages. Whoever makes it has read
 * and judged everything that is rich; what the kernel reads of it is one page of numbers.
 *
 *   page 0       struct phx_boot_header
 *   page 1       the start block of the first process (struct phx_start, its CapSet),
 *                which has ids in it that follow from the header's slots
 *   page 2 ...   the manifest, a Cap'n Proto message (schema/manifest.capnp) with all
 *                files: for init, which is the first process, and for tools
 *
 * The first process is what the header says: segments, a table of capabilities, and one
 * thread that begins at `entry` with rsp = PHX_NATIVE_STACK_TOP, rdi =
 * PHX_NATIVE_START_BLOCK, rsi = PHX_NATIVE_THREAD_PAGE. Stack and start block are segments
 * like text and data; only the thread page is the kernel's to make.
 *
 * Little endian; what no field covers is zero and not looked at.
 *
 * Spec   docs/ARCHITECTURE.md, "Boot"
 */
#ifndef PHOENIX_BOOT_H
#define PHOENIX_BOOT_H

#include <stdint.h>

#define PHX_BOOT_MAGIC UINT64_C(0x00746f6f62786870) /* "phxboot" */
#define PHX_BOOT_VERSION 1
#define PHX_BOOT_START_BLOCK 0x1000 /* where it is in the module */
#define PHX_BOOT_MANIFEST 0x2000

#define PHX_BOOT_SEGMENTS 16
#define PHX_BOOT_CAPABILITIES 32

/*
 * Pages of the first process, in ascending order, from PHX_NATIVE_IMAGE to the thread
 * page. Whole pages of the module that are not written to (bytes is all of `pages`) are
 * mapped where they lie; of all else the bytes are copied to fresh zeroed pages.
 */
struct phx_boot_segment {
    uint64_t address;    /* a multiple of a page, as is */
    uint64_t offset;     /* in the module */
    uint64_t bytes;      /* of the module */
    uint32_t pages;      /* at least one, with room for the bytes */
    uint32_t protection; /* PHX_PROT_READ, with _WRITE or _EXECUTE or neither */
};

/* A kernel object that the first process holds, with all methods. Each interface once. */
struct phx_boot_capability {
    uint16_t interface; /* its number */
    uint16_t slot;      /* row: a well-known one (enum Slot), each once, or else
                           PHX_SLOT_COUNT, and one more for the next such */
};

struct phx_boot_header {
    uint64_t magic;
    uint32_t version;
    uint32_t slots;   /* that each core's time is divided into: 1 to 16 */
    uint64_t slot_ns; /* how long each is: 100 us to 1 s */
    uint64_t bytes;   /* of the module, this included */
    uint64_t entry;   /* in a segment that is executed */
    uint32_t segment_count, capability_count;
    struct phx_boot_segment segments[PHX_BOOT_SEGMENTS];
    struct phx_boot_capability capabilities[PHX_BOOT_CAPABILITIES];
};

_Static_assert(sizeof(struct phx_boot_header) == 48 + 16 * 32 + 32 * 4, "no gaps");

#endif
