/* SPDX-License-Identifier: MIT */
/*
 * The first C that runs: 32-bit, in low memory, before anything that could hang.
 *
 * It looks whether this machine can run Phoenix, and where it cannot says so on COM1 and
 * ends; a machine with too little memory for the kernel itself comes this far too,
 * because this code needs none above 1 MiB. Then it fills the tables with which the
 * kernel starts. It is compiled and linked on its own (early.ld) and embedded as bytes
 * by start.S, which calls early_main at its first byte.
 *
 * Only constants: nothing here is written but the stack and the tables.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command_line.h"
#include "framing.h"
#include "pvh.h"
#include "uart.h"

/* Phoenix's own failure, as `phoenix run` numbers it; the debug exit has 7 bits. */
#define STATUS_FAILED 125

struct early_tables {
    uint64_t top[512], low[512], high[512], pages[512];
};

void early_main(const struct pvh_start_info *info, struct early_tables *tables);

static size_t length_of(const char *text)
{
    size_t n = 0;

    while (text[n] != 0)
        n++;
    return n;
}

static void write_text(const char *text)
{
    uart_write((const uint8_t *)text, length_of(text));
}

static void write_frame_header(uint8_t type, size_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE] = { type, (uint8_t)length, (uint8_t)(length >> 8) };

    uart_write(header, sizeof header);
}

static _Noreturn void refuse(const char *line, const char *text, const char *more)
{
    uint16_t port = command_line_exit_port(line);

    uart_init();
    if (command_line_is_framed(line)) {
        write_frame_header(FRAMING_READY, length_of(FRAMING_MAGIC));
        write_text(FRAMING_MAGIC);
        write_frame_header(FRAMING_EPITAPH, length_of(text) + length_of(more));
        write_text(text);
        write_text(more);
    } else {
        write_text(text);
        write_text(more);
        write_text("\r\n");
    }
    if (port != 0)
        out32(port, STATUS_FAILED);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

struct need {
    uint32_t leaf;
    uint8_t subleaf;
    uint8_t word; /* 0 eax, 1 ebx, 2 ecx, 3 edx */
    uint8_t bit;
    const char *name;
};

/* CPUID (SDM 2A). XSAVEOPT is not used, but came before FSGSBASE everywhere; QEMU 7.2
 * stands still when OSXSAVE is set without it. */
static const struct need needs[] = {
    { 1, 0, 3, 9, "a local APIC" },
    { 1, 0, 3, 13, "global pages (PGE)" },
    { 1, 0, 3, 26, "SSE2" },
    { 1, 0, 2, 26, "XSAVE" },
    { 13, 1, 0, 0, "XSAVEOPT" },
    { 0x80000001, 0, 3, 29, "64-bit mode" },
    { 0x80000001, 0, 3, 20, "no-execute pages (NX)" },
    { 7, 0, 1, 0, "FSGSBASE" },
};

static bool has(const struct need *need)
{
    if (cpuid(need->leaf & 0x80000000, 0).eax < need->leaf)
        return false;
    struct cpuid r = cpuid(need->leaf, need->subleaf);
    uint32_t words[] = { r.eax, r.ebx, r.ecx, r.edx };

    return words[need->word] >> need->bit & 1;
}

static uint32_t usable_kib(const struct pvh_start_info *info)
{
    const struct pvh_memory *memory = (const void *)(uint32_t)info->memory_map;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        if (memory[i].type == PVH_MEMORY_RAM)
            bytes += memory[i].size;
    }
    return bytes >> 42 ? ~0U : (uint32_t)(bytes >> 10);
}

/* The kernel reads all this through the early map. */
static bool is_reachable(const struct pvh_start_info *info)
{
    return ((uint32_t)info | info->modules | info->command_line | info->memory_map) <
           EARLY_MAP_BYTES;
}

static void check(const struct pvh_start_info *info)
{
    const char *line = (const char *)(uint32_t)info->command_line;
    char number[] = "0000000000 KiB";
    char *digit = number + 10;
    uint32_t kib = 0;

    if (info->magic != PVH_MAGIC)
        refuse("", "Phoenix needs a PVH loader, such as qemu-system-x86_64 -kernel", "");
    if (line == NULL)
        line = "";
    if (info->version < 1 || info->memory_map_count == 0)
        refuse(line, "Phoenix needs a PVH loader that passes a memory map", "");
    if (!is_reachable(info))
        refuse(line, "Phoenix needs what its loader passes below 1 GiB", "");
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (!has(&needs[i]))
            refuse(line, "Phoenix needs a processor with ", needs[i].name);
    }
    kib = usable_kib(info);
    if (kib >= MEMORY_MIN_BYTES >> 10)
        return;
    do {
        *--digit = (char)('0' + kib % 10);
        kib /= 10;
    } while (kib != 0);
    refuse(line, "Phoenix needs 6 MiB of usable memory; this machine has ", digit);
}

/* The first GiB, as it is, at DIRECT_BASE and at KERNEL_BASE: one table of 2 MiB pages. */
static void fill(struct early_tables *t)
{
    for (uint32_t i = 0; i < 512; i++)
        t->pages[i] = (uint64_t)i << 21 | PTE_P | PTE_W | PTE_PS;
    t->low[0] = (uint32_t)t->pages | PTE_P | PTE_W;
    t->high[KERNEL_BASE >> 30 & 511] = (uint32_t)t->pages | PTE_P | PTE_W;
    t->top[0] = (uint32_t)t->low | PTE_P | PTE_W;
    t->top[DIRECT_BASE >> 39 & 511] = (uint32_t)t->low | PTE_P | PTE_W;
    t->top[KERNEL_BASE >> 39 & 511] = (uint32_t)t->high | PTE_P | PTE_W;
}

__attribute__((section(".first"))) void early_main(const struct pvh_start_info *info,
                                                    struct early_tables *tables)
{
    check(info);
    fill(tables);
}
