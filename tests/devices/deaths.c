/* SPDX-License-Identifier: MIT */
/* A driver that dies in the middle of everything, and the one that is started after it. */
#include "devices.h"

#include "bytes.h"

#define NEAR 0x100000u
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)

/* Drives the first edu device: a page through it, an interrupt, and then a transfer and an
 * interrupt that it does not live to see. */
int role_driver(void)
{
    struct account_new_dma_domain_out domain = {0};
    struct frame_pool_alloc_out frame = {0};
    uint64_t told = notification();
    struct edu edu;
    uint8_t *memory;

    if (!edu_open(&edu, "config", "registers") || irq_bind(rt_cap("line"), told, 1) < 0)
        return 1;
    if (account_new_dma_domain(rt_cap("account"), 0, &domain) < 0 ||
        dma_domain_attach(domain.domain, rt_cap("function")) < 0)
        return 2;
    if (frame_pool_alloc(RT_POOL, 1, &frame) < 0 ||
        dma_domain_map(domain.domain, frame.frame, NEAR, 0, 1, READ_WRITE) < 0)
        return 3;
    memory = rt_window(frame.frame, 1, READ_WRITE);
    memset(memory, 0x5a, 64);
    edu_transfer(&edu, NEAR, 64, false);
    memset(memory, 0, 64);
    edu_transfer(&edu, NEAR, 64, true);
    if (memory[0] != 0x5a || memory[63] != 0x5a)
        return 4;
    edu_write(&edu, EDU_INTERRUPT_RAISE, 1);
    if (wait_ms(told, 500) != 1)
        return 5;
    edu_begin(&edu, NEAR, 64, true);
    notification_signal(rt_cap("ready"), 1);
    sleep_ms(10000);
    return 6;
}

/* Lives until it says that it is ready: its status then, 0 if it was killed as planned. */
static uint64_t life(void)
{
    uint64_t ready = notification();
    const struct proc_grant grants[] = {{"account", rt_cap("account"), ~UINT64_C(0), 0},
        {"clock", rt_cap("clock"), ~UINT64_C(0), 0}, {"config", rt_cap("config"), ~UINT64_C(0), 0},
        {"registers", rt_cap("registers"), ~UINT64_C(0), 0},
        {"line", rt_cap("line"), ~UINT64_C(0), 0},
        {"function", rt_cap("function"), ~UINT64_C(0), 0}, {"ready", ready, ~UINT64_C(0), 0}};
    struct proc proc;
    uint64_t status = ~UINT64_C(0);

    if (spawn("driver", grants, sizeof grants / sizeof grants[0], &proc)) {
        if (wait_ms(ready, 2000) == 1)
            process_exit(proc.process, 9);
        status = wait_dead(&proc);
    }
    phx_release(ready);
    return status;
}

void test_deaths(void)
{
    struct balance before = balance_now();
    uint64_t first = life(), line = rt_cap("line"), told;
    struct irq_info_out info = {0};
    bool returned = balance_returns(&before);

    check("a_driver_is_killed_while_its_device_works", first == 9, "status 0x%lx", first);
    check(
        "a_dead_drivers_line_is_masked_and_free", irq_ack(line) == -PHX_INVALID_STATE, "it is not");
    check("a_dead_driver_gives_all_back", returned, "it does not");
    sleep_ms(150); /* the transfer that it began is over, one way or the other */
    check("a_driver_after_it_has_the_device", life() == 9, "it has not");
    told = notification();
    irq_bind(line, told, 1);
    check("what_the_device_still_asks_for_comes_to_the_next", wait_ms(told, 500) == 1, "no");
    irq_info(line, &info);
    check("once", info.count == 1, "%lu times", info.count);
    phx_release(told);
    check("the_machine_is_as_it_was", balance_returns(&before), "it is not");
}
