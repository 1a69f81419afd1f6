/* SPDX-License-Identifier: MIT */
/*
 * What the 32-bit code that runs first (early.c) and the kernel share: instructions that
 * have no C, the way out through COM1, and what a PVH loader leaves behind. Ports are those
 * of whoever includes it: ports.h, or a test's.
 *
 * Spec   PC16550D; xen/include/public/arch-x86/hvm/start_info.h
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "regs.h"

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

/* An empty transmitter takes a whole FIFO's worth without being asked again. Where no
 * COM1 is, it always seems to be empty. */
static inline void uart_write(const uint8_t *bytes, size_t length)
{
    while (length != 0) {
        while (!(arch_port_in(UART_LSR, 1) & UART_LSR_THR_EMPTY))
            __asm__ volatile("pause");
        for (unsigned i = 0; i < UART_FIFO && length != 0; i++, length--)
            arch_port_out(UART_DATA, 1, *bytes++);
    }
}

/* All addresses are physical; no loader promises that they are aligned. */
struct pvh_start_info {
    uint32_t magic;
    uint32_t version; /* the memory map is there since 1 */
    uint32_t flags, module_count;
    uint64_t modules; /* of struct pvh_module */
    uint64_t command_line, rsdp;
    uint64_t memory_map; /* of struct pvh_memory */
    uint32_t memory_map_count, reserved;
} __attribute__((packed));
#define PVH_MAGIC 0x336ec578

struct pvh_module {
    uint64_t base, size, command_line, reserved;
} __attribute__((packed));

struct pvh_memory {
    uint64_t base, size;
    uint32_t type, reserved;
} __attribute__((packed));
#define PVH_MEMORY_RAM 1
