/* SPDX-License-Identifier: MIT */
/*
 * A ring of thousands of entries that are always there, entered to take more than there
 * will ever be.
 *
 * Keys  ^C
 * Gets  run: enters_for_ever: interrupted
 */
#include "hostile.h"

#define SIZE 4096

static struct view v;

/* Gives back what was completed and says that as many are there again. */
static void refills(void *argument)
{
    (void)argument;
    for (;;) {
        uint32_t done = __atomic_load_n(&v.shared->complete_tail, __ATOMIC_ACQUIRE);

        __atomic_store_n(&v.shared->complete_head, done, __ATOMIC_RELEASE);
        __atomic_store_n(&v.shared->submit_tail, done + SIZE, __ATOMIC_RELEASE);
    }
}

int main(void)
{
    v = ring_open(SIZE, SIZE);
    for (unsigned i = 0; i < SIZE; i++)
        v.entries[i].op = PHX_OP_NOP;
    thread(refills, NULL);
    rt_print("begun\n");
    for (;;)
        ring_enter_now(&v, UINT64_MAX, SIZE);
}
