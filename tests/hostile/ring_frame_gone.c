/* SPDX-License-Identifier: MIT */
/*
 * Revokes the frame of its ring, with entries in flight and others to be taken: none is
 * taken from there any more, and nothing is written.
 *
 * With  account,clock
 * Gets  300 frames taken back, none written afterwards
 */
#include "hostile.h"

#define SIZE 8
#define TIMES 300

static uint64_t notification;

static void one(unsigned i)
{
    static uint64_t before[PHX_PAGE_SIZE / 8];
    struct view v = ring_open(SIZE, SIZE);

    for (unsigned k = 0; k < SIZE; k++)
        v.entries[k] = (struct phx_entry){.op = k % 2 ? PHX_OP_NYX(7) : PHX_OP_NOP,
            .cap = notification,
            .words = {1, PHX_FOREVER},
            .user = UINT64_MAX};
    __atomic_store_n(&v.shared->submit_tail, 1 + i % SIZE, __ATOMIC_RELEASE);
    ring_enter_now(&v, 1 + draw(SIZE), 0);
    MUST(capability_revoke(v.frame, 0) >= 0, "revoke");
    __atomic_store_n(&v.shared->submit_tail, SIZE, __ATOMIC_RELEASE);
    memcpy(before, v.shared, sizeof before);
    MUST(ring_enter_now(&v, UINT64_MAX, 0) == 0, "entries are taken from it");
    notification_signal(notification, 1);
    notification_poll(notification, 1, NULL);
    ring_enter_now(&v, UINT64_MAX, SIZE);
    MUST(ring_destroy(v.ring) >= 0, "destroy");
    MUST(memcmp(before, v.shared, sizeof before) == 0, "it was written");
    rt_window_close(v.shared, 1);
    phx_release(v.frame);
    phx_release(v.ring);
}

int main(void)
{
    struct account_new_notification_out out = {0};

    account_new_notification(rt_cap("account"), &out);
    notification = out.notification;
    for (unsigned i = 0; i < TIMES; i++)
        one(i);
    rt_print("%u frames taken back, none written afterwards\n", TIMES);
    return 0;
}
