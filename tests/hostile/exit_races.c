/* SPDX-License-Identifier: MIT */
/*
 * Children of four threads that all end their process at once, are ended by it, by its
 * account, and by whoever lets go of them, at a moment that is drawn.
 *
 * With  account,clock
 * Gets  200 children, 0 pages left
 */
#include "hostile.h"

#define CHILDREN 200

/* Waits a little, asks for the end of its process, and again. */
static const uint8_t code[] = {
    0x48, 0xc7, 0xc1, 0x00, 0x08, 0x00, 0x00,                   /* mov $0x800, %rcx */
    0xe2, 0xfe,                                                 /* loop . */
    0x48, 0xbf, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, /* mov $slot 1, %rdi */
    0xb8, 0x02, 0x02, 0x00, 0x01,                               /* CALL exit, one word */
    0x0f, 0x05,                                                 /* syscall */
    0xeb, 0xe4,                                                 /* from the beginning */
};

static void end_somehow(uint64_t account, struct child *child)
{
    uint64_t until = now() + draw(300000);

    while (now() < until)
        if (draw(4) == 0)
            thread_control_yield(RT_THREAD);
    switch (draw(4)) {
    case 0:
        process_exit(child->process, 9);
        break;
    case 1:
        account_destroy(account);
        break;
    case 2:
        thread_stop(child->thread);
        break;
    default:
        break;
    }
    phx_release(child->process);
    phx_release(child->space);
    phx_release(child->thread);
}

int main(void)
{
    uint64_t all = budget(3000, 500, 100), end = now() + UINT64_C(30000000000);
    unsigned children = 0;

    for (; children < CHILDREN; children++) {
        struct account_create_out own = {0};
        struct capability_grant_out granted = {0};
        struct child child;

        while (account_create(all, 100, 30, 6, 0, &own) < 0 && now() < end)
            thread_control_yield(RT_THREAD);
        MUST(child_start(own.account, code, sizeof code, &child) >= 0, "child %u", children);
        for (unsigned i = 0; i < 3; i++) {
            struct process_new_thread_out more = {0};

            if (process_new_thread(child.process, CHILD_CODE, 0, 0, 0, 0, &more) >= 0)
                thread_start(more.thread);
            phx_release(more.thread);
        }
        capability_grant(child.process, child.process, PROCESS_M_EXIT, SLOT_PROCESS, &granted);
        end_somehow(own.account, &child);
        account_destroy(own.account);
        phx_release(own.account);
    }
    while (used(all, RESOURCE_PAGES) > 0 && now() < end)
        thread_control_yield(RT_THREAD);
    rt_print("%u children, %lu pages left\n", children, used(all, RESOURCE_PAGES));
    return 0;
}
