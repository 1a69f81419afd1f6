/* SPDX-License-Identifier: MIT */
/*
 * Takes the frame of a thread's page back, and the thread faults: the kernel has nowhere
 * to write any more, nothing is written into that memory, and nobody runs at the entry
 * that it names. Then the first thread unmaps its own page and faults.
 *
 * With  account
 * Gets  a thread stopped, its page is as it was
 *       process #: exception at 0x0 (rip #) and no way to tell it
 *       run: thread_page_gone: illegal instruction
 */
#include "hostile.h"

static volatile bool told;

static void faults(void)
{
    __asm__ volatile("1: ud2\n\tjmp 1b");
}

static void hears(void)
{
    told = true;
    for (;;)
        __asm__ volatile("pause");
}

/* A page that is filled with something, and is its thread's no more. */
static uint64_t taken_back(struct phx_thread_page **page)
{
    struct lent memory = lend(1);
    struct process_new_thread_out made = {0};
    uint64_t *words = rt_window(memory.frame, 1, READ_WRITE);

    *page = (struct phx_thread_page *)(void *)words;
    process_new_thread(RT_PROCESS, (uint64_t)faults, 0, 0, memory.child, (uint64_t)words, &made);
    for (unsigned i = 8; i < PHX_PAGE_SIZE / 8; i++)
        words[i] = i;
    (*page)->entry = (uint64_t)hears;
    (*page)->stack = (uint64_t)pages(1) + PHX_PAGE_SIZE;
    MUST(capability_revoke(memory.frame, 0) >= 0, "revoke");
    return made.thread;
}

int main(void)
{
    static uint8_t before[PHX_PAGE_SIZE];
    struct account_new_notification_out out = {0};
    struct capability_derive_out keeper = {0};
    struct phx_thread_page *page;
    uint64_t victim;

    account_new_notification(rt_cap("account"), &out);
    capability_derive(out.notification, NOTIFICATION_M_SIGNAL, 0, &keeper);
    process_keeper(RT_PROCESS, keeper.capability, 1);
    victim = taken_back(&page);
    memcpy(before, page, sizeof before);
    thread_start(victim);
    for (unsigned i = 0; i < 20; i++)
        thread_control_yield(RT_THREAD);
    MUST(!told, "the thread was told");
    MUST(notification_wait(out.notification, 1, PHX_FOREVER, NULL) >= 0, "its keeper");
    MUST(memcmp(before, page, sizeof before) == 0, "its page was written");
    rt_print("a thread stopped, its page is as it was\n");
    capability_revoke(out.notification, 0); /* and with it goes the keeper */
    address_space_unmap(RT_SPACE, PHX_NATIVE_THREAD_PAGE, 1);
    __asm__ volatile("ud2");
    return 0;
}
