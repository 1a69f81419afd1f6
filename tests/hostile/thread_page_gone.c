/* SPDX-License-Identifier: MIT */
/*
 * Takes the frame of its own thread page back, maps something else there, and faults:
 * the kernel has nowhere to write any more, and nothing is written into that memory.
 *
 * With  account
 * Gets  process #: exception at 0x0 (rip #) and no way to tell it
 *       a thread stopped, 512 words of the page are still zero
 *       process #: exception at 0x0 (rip #) and no way to tell it
 *       run: thread_page_gone: illegal instruction
 */
#include "hostile.h"

static void faults(void)
{
    __asm__ volatile("1: ud2\n\tjmp 1b");
}

int main(void)
{
    struct account_new_notification_out out = {0};
    struct capability_derive_out keeper = {0};
    struct frame_pool_alloc_out frame = {0}, next = {0};
    struct process_new_thread_out made = {0};
    struct phx_thread_page *page;
    uint64_t *words;
    unsigned zero = 0;

    account_new_notification(rt_cap("account"), &out);
    capability_derive(out.notification, NOTIFICATION_M_SIGNAL, 0, &keeper);
    process_keeper(RT_PROCESS, keeper.capability, 1);
    frame_pool_alloc(RT_POOL, 1, &frame);
    page = rt_window(frame.frame, 1, READ_WRITE);
    process_new_thread(RT_PROCESS, (uint64_t)faults, 0, 0, frame.frame, (uint64_t)page, &made);
    page->entry = (uint64_t)faults;
    MUST(capability_revoke(frame.frame, 1) >= 0, "revoke");
    frame_pool_alloc(RT_POOL, 1, &next);
    words = rt_window(next.frame, 1, READ_WRITE);
    thread_start(made.thread);
    MUST(notification_wait(out.notification, 1, PHX_FOREVER, NULL) >= 0, "its keeper");
    while (zero < PHX_PAGE_SIZE / 8 && words[zero] == 0)
        zero++;
    rt_print("a thread stopped, %u words of the page are still zero\n", zero);
    capability_revoke(out.notification, 0); /* and with it goes the keeper */
    address_space_unmap(RT_SPACE, PHX_NATIVE_THREAD_PAGE, 1);
    __asm__ volatile("ud2");
    return 0;
}
