/* SPDX-License-Identifier: MIT */
/* The edu device: registers in memory, and a level interrupt. */
#include "devices.h"

#define CONFIG_ID 0
#define CONFIG_COMMAND 1 /* and status */
#define CONFIG_COMMAND_MEMORY 2
#define CONFIG_COMMAND_MASTER 4
#define CONFIG_BAR 4

#define EDU_PCI_ID 0x11e81234
#define EDU_VERSION 0x010000ed

bool edu_open(struct edu *edu, const char *config, const char *registers)
{
    struct device_memory_info_out info = {0};
    volatile uint32_t *words;

    edu->config = rt_window(rt_cap(config), 1, PHX_PROT_READ | PHX_PROT_WRITE);
    edu->registers = rt_window(rt_cap(registers), 1, PHX_PROT_READ | PHX_PROT_WRITE);
    words = edu->config;
    if (edu->config == NULL || edu->registers == NULL ||
        device_memory_info(rt_cap(registers), &info) < 0 || words[CONFIG_ID] != EDU_PCI_ID ||
        (words[CONFIG_BAR] & ~UINT32_C(15)) != info.physical)
        return false;
    words[CONFIG_COMMAND] = CONFIG_COMMAND_MEMORY | CONFIG_COMMAND_MASTER;
    return true;
}

void edu_close(struct edu *edu)
{
    rt_window_close(edu->config, 1);
    rt_window_close((void *)(uintptr_t)edu->registers, 1);
}

void edu_begin(struct edu *edu, uint64_t address, uint64_t count, bool to_memory)
{
    uint64_t source = to_memory ? EDU_BUFFER : address, target = to_memory ? address : EDU_BUFFER;

    *(volatile uint64_t *)&edu->registers[EDU_DMA_SOURCE / 4] = source;
    *(volatile uint64_t *)&edu->registers[EDU_DMA_TARGET / 4] = target;
    *(volatile uint64_t *)&edu->registers[EDU_DMA_COUNT / 4] = count;
    *(volatile uint64_t *)&edu->registers[EDU_DMA_COMMAND / 4] =
        EDU_DMA_RUN | (to_memory ? EDU_DMA_TO_MEMORY : 0);
}

void edu_finish(struct edu *edu)
{
    while (edu_read(edu, EDU_DMA_COMMAND) & EDU_DMA_RUN)
        sleep_ms(2);
}

void edu_transfer(struct edu *edu, uint64_t address, uint64_t count, bool to_memory)
{
    edu_begin(edu, address, count, to_memory);
    edu_finish(edu);
}

static void registers_work(struct edu *edu)
{
    check("registers_are_the_devices", edu_read(edu, EDU_ID) == EDU_VERSION, "0x%x",
        edu_read(edu, EDU_ID));
    edu_write(edu, EDU_LIVENESS, 0x12345678);
    check("what_is_written_comes_back_inverted", edu_read(edu, EDU_LIVENESS) == ~0x12345678u,
        "0x%x", edu_read(edu, EDU_LIVENESS));
    edu_write(edu, EDU_FACTORIAL, 10);
    while (edu_read(edu, EDU_STATUS) & EDU_STATUS_BUSY)
        sleep_ms(1);
    check("the_factorial_of_10_is_3628800", edu_read(edu, EDU_FACTORIAL) == 3628800, "%u",
        edu_read(edu, EDU_FACTORIAL));
}

static void refused_memory(uint64_t registers, const struct edu *edu)
{
    struct device_memory_info_out info = {0};
    struct device_memory_range_out range = {0};
    uint64_t at = 0x100000000, reader = without(registers, DEVICE_MEMORY_M_MAP_WRITE), page;

    device_memory_info(registers, &info);
    page = info.physical >> PHX_PAGE_SHIFT;
    check("pages_behind_the_range_are_refused",
        address_space_map(RT_SPACE, registers, at, info.pages, 1, 1) == -PHX_INVALID_ARGUMENT &&
            address_space_map(RT_SPACE, registers, at, 0, info.pages + 1, 1) ==
                -PHX_INVALID_ARGUMENT &&
            device_memory_range(registers, page - 1, 1, &range) == -PHX_PERMISSION_DENIED &&
            device_memory_range(registers, page, info.pages + 1, &range) == -PHX_PERMISSION_DENIED,
        "one was not");
    device_memory_info(rt_cap("config"), &info);
    check("a_driver_has_no_other_functions_configuration",
        device_memory_range(rt_cap("config"), (info.physical >> PHX_PAGE_SHIFT) + 8, 1, &range) ==
                -PHX_PERMISSION_DENIED &&
            address_space_map(RT_SPACE, rt_cap("config"), at, 8, 1, 1) == -PHX_INVALID_ARGUMENT,
        "it has");
    check("registers_are_never_executed_and_only_written_if_allowed",
        address_space_map(RT_SPACE, registers, at, 0, 1, 4) == -PHX_PERMISSION_DENIED &&
            address_space_map(RT_SPACE, reader, at, 0, 1, 2) == -PHX_PERMISSION_DENIED &&
            address_space_map(RT_SPACE, reader, at, 0, 1, 1) == 0 &&
            address_space_protect(RT_SPACE, at, 1, 2) == -PHX_PERMISSION_DENIED,
        "not so");
    check("registers_are_no_buffer",
        log_write(rt_cap("log"), (uint64_t)(uintptr_t)edu->registers, 4) == -PHX_BAD_ADDRESS,
        "the kernel read them");
    address_space_unmap(RT_SPACE, at, 1);
    phx_release(reader);
}

/* Raised five times, taken back five times; then raised and left alone. */
static void interrupts(struct edu *edu, uint64_t line)
{
    uint64_t told = notification(), rounds = 0;
    struct irq_info_out info = {0};

    irq_bind(line, told, 2);
    for (unsigned i = 1; i <= 5; i++) {
        edu_write(edu, EDU_INTERRUPT_RAISE, i);
        if (wait_ms(told, 500) != 2 || edu_read(edu, EDU_INTERRUPT_STATUS) != i)
            break;
        edu_write(edu, EDU_INTERRUPT_ACK, i);
        irq_ack(line);
        rounds++;
    }
    irq_info(line, &info);
    check("each_level_interrupt_comes_once", rounds == 5 && info.count == 5 && !poll(told),
        "%lu rounds, %lu counted", rounds, info.count);
    edu_write(edu, EDU_STATUS, EDU_STATUS_INTERRUPT);
    edu_write(edu, EDU_FACTORIAL, 5);
    check("the_factorial_tells_when_it_is_there",
        wait_ms(told, 500) == 2 && edu_read(edu, EDU_FACTORIAL) == 120, "%u",
        edu_read(edu, EDU_FACTORIAL));
    edu_write(edu, EDU_STATUS, 0);
    sleep_ms(50);
    irq_info(line, &info);
    check("a_level_line_is_masked_until_its_ack", info.count == 6 && info.lost == 0 && !poll(told),
        "%lu", info.count);
    irq_ack(line);
    check("and_comes_again_if_the_device_still_asks", wait_ms(told, 500) == 2, "it does not");
    edu_write(edu, EDU_INTERRUPT_ACK, ~0u);
    irq_ack(line);
    phx_release(told);
}

void test_edu(void)
{
    struct edu edu;

    check("the_driver_finds_its_device", edu_open(&edu, "config", "registers"), "it does not");
    registers_work(&edu);
    refused_memory(rt_cap("registers"), &edu);
    interrupts(&edu, rt_cap("line"));
    edu_close(&edu);
}
