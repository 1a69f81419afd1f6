/* SPDX-License-Identifier: MIT */
/*
 * A thread that faults all the time, with a page that another thread overwrites all the
 * time, with anything and with what is nearly right. Whenever it cannot be told, it
 * stops, and is started again.
 *
 * With  account,clock
 * Gets  ...process #: exception at # (rip #) and no way to tell it
 *       ...process #: page fault at # (rip #) and no way to tell it
 *       100 rounds, each over
 */
#include "hostile.h"

#define ROUNDS 100

static uint64_t notification;
static struct phx_thread_page *page;
static bool over;

/* Whatever it does, it faults soon: where nothing is, and in its handler. */
void victim_entry(void);
__asm__("victim_entry:\n\t"
        "movl $0, 20(%rdx)\n\t" /* depth */
        "nop\n\t"
        "movb $1, 0\n\t"
        "ud2");

static void forge(void *argument)
{
    uint64_t *words = (uint64_t *)(void *)page;

    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        for (unsigned i = 0; i < 100; i++) {
            uint64_t word = draw(2) ? strange_word() : (uint64_t)victim_entry;

            __atomic_store_n(&words[draw(draw(2) ? 8 : PHX_PAGE_SIZE / 8)], word, __ATOMIC_RELAXED);
            if (draw(4) != 0)
                continue;
            __atomic_store_n(&page->depth, (uint32_t)draw(5), __ATOMIC_RELAXED);
            __atomic_store_n(&page->disabled, (uint32_t)draw(2), __ATOMIC_RELAXED);
            __atomic_store_n(&page->restart_low, (uint64_t)victim_entry, __ATOMIC_RELAXED);
            __atomic_store_n(
                &page->restart_high, (uint64_t)victim_entry + draw(8), __ATOMIC_RELAXED);
            __atomic_store_n(&page->entry, (uint64_t)victim_entry, __ATOMIC_RELAXED);
        }
        if (draw(8) == 0)
            thread_control_yield(RT_THREAD);
    }
}

static void round_once(uint64_t victim)
{
    struct phx_registers r = {.rip = (uint64_t)victim_entry, .rdx = (uint64_t)page};
    struct notification_wait_out out = {0};
    int64_t result;

    page->depth = 0;
    r.rflags = strange_word();
    r.rsp = strange_word();
    result = thread_registers(victim, (uint64_t)&r, 1);
    MUST(result >= 0, "registers: %s", text_of(result));
    MUST(thread_start(victim) >= 0, "start");
    for (unsigned i = 0; i < 2; i++) {
        thread_interrupt(victim, strange_word());
        if (notification_wait(notification, 1, now() + 200000, &out) >= 0)
            return;
    }
    thread_stop(victim);
    while (thread_registers(victim, (uint64_t)&r, 0) == -PHX_INVALID_STATE)
        thread_control_yield(RT_THREAD);
    notification_poll(notification, 1, NULL);
}

int main(void)
{
    struct account_new_notification_out out = {0};
    struct frame_pool_alloc_out frame = {0};
    struct process_new_thread_out made = {0};
    uint64_t forger;

    account_new_notification(rt_cap("account"), &out);
    notification = out.notification;
    process_keeper(RT_PROCESS, notification, 1);
    frame_pool_alloc(RT_POOL, 1, &frame);
    page = rt_window(frame.frame, 1, READ_WRITE);
    MUST(process_new_thread(
             RT_PROCESS, (uint64_t)victim_entry, 0, 0, frame.frame, (uint64_t)page, &made) >= 0,
        "no thread");
    forger = thread(forge, NULL);
    for (unsigned i = 0; i < ROUNDS; i++)
        round_once(made.thread);
    over = true;
    MUST(joined(forger), "the forger is lost");
    rt_print("%u rounds, each over\n", ROUNDS);
    return 0;
}
