/* SPDX-License-Identifier: MIT */
/*
 * Six threads that populate and unmap thousands of pages, signal, yield and fault for
 * ever: the kernel is never without work.
 *
 * With  account
 * Keys  ^C
 * Gets  run: works_for_ever: interrupted
 */
#include "hostile.h"

#define AT UINT64_C(0x300000000000)
#define LONG 700

static uint64_t notification;

static void populates(void *argument)
{
    uint64_t base = AT + (uint64_t)argument * LONG * PHX_PAGE_SIZE;

    for (;;) {
        address_space_populate(RT_SPACE, RT_POOL, base, LONG, READ_WRITE, NULL);
        address_space_unmap(RT_SPACE, base, LONG);
    }
}

static void signals(void *argument)
{
    for (;;) {
        notification_signal(notification, (uint64_t)argument);
        notification_wait(notification, ~UINT64_C(0), 1, NULL);
        thread_control_yield(RT_THREAD);
    }
}

static void faults(uint64_t argument)
{
    __asm__ volatile("ud2" ::"r"(argument));
}

int main(void)
{
    struct account_new_notification_out made = {0};

    account_new_notification(rt_cap("account"), &made);
    notification = made.notification;
    for (uint64_t i = 0; i < 3; i++) {
        thread(populates, (void *)i);
        thread(signals, (void *)(i + 1));
    }
    rt_print("begun\n");
    for (;;)
        attempt(faults, 0);
}
