/* SPDX-License-Identifier: MIT */
/*
 * The first C that runs: 32-bit, in low memory, before anything that could hang.
 *
 * It sets up COM1, once, because emptying its FIFOs again would lose what is in them. It
 * looks whether this machine can run Phoenix, and where it cannot says so and ends; a
 * machine with too little memory for the kernel itself comes this far too, because this
 * code needs none above 1 MiB. Then it fills the tables with which the kernel starts. It
 * is compiled and linked on its own (early.ld) and embedded as bytes by start.S, which
 * calls early_main at its first byte.
 *
 * Only constants: nothing here is written but the stack and the tables.
 */
#include "boot_info.h"
#include "ports.h"
#include "pc.h"

/* Phoenix's own failure, as `phoenix run` numbers it; the debug exit has 7 bits. */
#define STATUS_FAILED 125
#define MEMORY_MIN_KIB (6 << 10)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void early_main(const struct pvh_start_info *info, uint64_t tables[3][512]);

static void write_text(const char *text)
{
    for (; *text != 0; text++)
        uart_write((const uint8_t *)text, 1);
}

/* A launcher shows what a machine said before it was ready. */
static _Noreturn void refuse(const char *line, const char *text, const char *more)
{
    write_text(text);
    write_text(more);
    write_text("\r\n");
    if (boot_has_word(line, "exit=0xf4"))
        arch_port_out(DEBUG_EXIT, 1, STATUS_FAILED);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

/* CPUID (SDM 2A). XSAVEOPT is not used, but came before FSGSBASE everywhere; QEMU 7.2
 * stands still when OSXSAVE is set without it. */
enum { EAX, EBX, ECX, EDX };
static const struct need {
    uint32_t leaf;
    uint8_t subleaf, word, bit;
    const char *name;
} needs[] = {
    { 1, 0, EDX, 9, "a local APIC" },
    { 1, 0, EDX, 13, "global pages (PGE)" },
    { 1, 0, EDX, 26, "SSE2" },
    { 1, 0, ECX, 26, "XSAVE" },
    { 13, 1, EAX, 0, "XSAVEOPT" },
    { 0x80000001, 0, EDX, 29, "64-bit mode" },
    { 0x80000001, 0, EDX, 20, "no-execute pages (NX)" },
    { 7, 0, EBX, 0, "FSGSBASE" },
};

static bool has(const struct need *need)
{
    struct cpuid r = cpuid(need->leaf, need->subleaf);
    uint32_t words[] = { r.eax, r.ebx, r.ecx, r.edx };

    return cpuid(need->leaf & 0x80000000, 0).eax >= need->leaf &&
           words[need->word] >> need->bit & 1;
}

static void check_memory(const struct pvh_start_info *info, const char *line)
{
    const struct pvh_memory *memory = (const void *)(uint32_t)info->memory_map;
    char number[] = "0000000000 KiB";
    char *digit = number + 10;
    uint64_t kib = 0;

    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        if (memory[i].type == PVH_MEMORY_RAM)
            kib += memory[i].size >> 10;
    }
    if (kib >= MEMORY_MIN_KIB)
        return;
    for (uint32_t rest = (uint32_t)kib; rest != 0; rest /= 10)
        *--digit = (char)('0' + rest % 10);
    refuse(line, "Phoenix needs 6 MiB of usable memory; this machine has ", digit);
}

static void check(const struct pvh_start_info *info)
{
    const char *line = (const char *)(uint32_t)info->command_line;

    if (info->magic != PVH_MAGIC || info->version < 1)
        refuse("", "Phoenix needs a PVH loader, such as qemu-system-x86_64 -kernel", "");
    if (line == NULL)
        line = "";
    for (size_t i = 0; i < COUNT(needs); i++) {
        if (!has(&needs[i]))
            refuse(line, "Phoenix needs a processor with ", needs[i].name);
    }
    check_memory(info, line);
}

/* 115200 baud, 8N1; its interrupt is masked where it arrives. */
static void uart_init(void)
{
    static const uint16_t setup[][2] = {
        { UART_LCR, UART_LCR_DIVISOR }, { UART_DATA, 1 }, { UART_IER, 0 },
        { UART_LCR, UART_LCR_8N1 }, { UART_IER, UART_IER_RECEIVE }, { UART_FCR, UART_FCR_SETUP },
        { UART_MCR, UART_MCR_SETUP },
    };

    for (size_t i = 0; i < COUNT(setup); i++)
        arch_port_out(setup[i][0], 1, setup[i][1]);
}

/* The first GiB, as it is, at 0, DIRECT_BASE and KERNEL_BASE: one table of 2 MiB pages. */
static void fill(uint64_t *top, uint64_t *middle, uint64_t *pages)
{
    for (uint32_t i = 0; i < 512; i++)
        pages[i] = (uint64_t)i << 21 | PTE_P | PTE_W | PTE_PS;
    middle[0] = middle[KERNEL_BASE >> 30 & 511] = (uint32_t)pages | PTE_P | PTE_W;
    top[0] = top[DIRECT_BASE >> 39 & 511] = top[KERNEL_BASE >> 39 & 511] =
        (uint32_t)middle | PTE_P | PTE_W;
}

__attribute__((section(".first"))) void early_main(const struct pvh_start_info *info,
                                                    uint64_t tables[3][512])
{
    uart_init();
    check(info);
    fill(tables[0], tables[1], tables[2]);
}
