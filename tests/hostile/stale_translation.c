/* SPDX-License-Identifier: MIT */
/*
 * A thread that reads, all the time, pages that are unmapped, protected and revoked
 * under it, and are then full of what is not its business. It may read what was there,
 * or fault; never what came after.
 *
 * With  account,clock
 * Gets  60 pages taken away, # words read, no secret
 */
#include "hostile.h"

#define AT 0x600000000000
#define TIMES 60
#define SECRET 0x5ec2e75ec2e75ec2

static uint64_t *counts; /* 0: words read, 1: secrets seen, 2: faults */

/* rdi is AT, rsi the counts, rdx the secret; a fault begins again. */
void reader_begins(void);
void reader_faults(void);
__asm__("reader_begins:\n"
        "    mov %rdi, %rbx\n"
        "    mov %rsi, %rbp\n"
        "    mov $0x5ec2e75ec2e75ec2, %r12\n"
        "1:  mov (%rbx), %rax\n"
        "    lock incq (%rbp)\n"
        "    cmp %r12, %rax\n"
        "    jne 1b\n"
        "    lock incq 8(%rbp)\n"
        "    jmp 1b\n"
        "reader_faults:\n"        /* rdi the frame, rdx the thread page */
        "    movl $0, 20(%rdx)\n" /* depth */
        "    mov 80(%rdi), %rbp\n"
        "    mov 40(%rdi), %rbx\n"
        "    mov 48(%rdi), %r12\n"
        "    lock incq 16(%rbp)\n"
        "    pause\n"
        "    jmp 1b\n");

static void reader(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct process_new_thread_out made = {0};
    struct phx_registers r = {.rip = (uint64_t)reader_begins, .rflags = 0x202};
    struct phx_thread_page *page;

    frame_pool_alloc(RT_POOL, 1, &frame);
    page = rt_window(frame.frame, 1, READ_WRITE);
    page->entry = (uint64_t)reader_faults;
    page->disabled = 1;
    r.rsp = (uint64_t)pages(1) + PHX_PAGE_SIZE;
    r.rdi = AT;
    r.rsi = (uint64_t)counts;
    MUST(process_new_thread(RT_PROCESS, r.rip, r.rsp, 0, frame.frame, (uint64_t)page, &made) >= 0,
        "no thread");
    MUST(thread_registers(made.thread, (uint64_t)&r, 1) >= 0, "registers");
    MUST(thread_start(made.thread) >= 0, "start");
}

static void wait_for_reads(void)
{
    uint64_t before = __atomic_load_n(&counts[0], __ATOMIC_RELAXED), end = now() + 20000000;

    while (__atomic_load_n(&counts[0], __ATOMIC_RELAXED) == before && now() < end)
        thread_control_yield(RT_THREAD);
}

/* The page's memory, where it can be written, after it is gone at AT. */
static void take_away(unsigned how)
{
    struct frame_pool_alloc_out frame = {0};
    struct capability_derive_out shown = {0};
    uint64_t *window;

    MUST(frame_pool_alloc(RT_POOL, 1, &frame) >= 0, "alloc");
    MUST(capability_derive(frame.frame, FRAME_M_MAP_READ, 0, &shown) >= 0, "derive");
    window = rt_window(frame.frame, 1, READ_WRITE);
    MUST(address_space_map(RT_SPACE, shown.capability, AT, 0, 1, PHX_PROT_READ) >= 0, "map");
    wait_for_reads();
    switch (how) {
    case 0:
        address_space_unmap(RT_SPACE, AT, 1);
        break;
    case 1:
        capability_revoke(frame.frame, 0);
        break;
    default:
        address_space_protect(RT_SPACE, AT, 1, 0);
    }
    for (unsigned i = 0; i < PHX_PAGE_SIZE / 8; i++)
        __atomic_store_n(&window[i], SECRET, __ATOMIC_RELAXED);
    if (how == 2) {
        thread_control_yield(RT_THREAD);
        address_space_unmap(RT_SPACE, AT, 1);
    }
    rt_window_close(window, 1);
    phx_release(shown.capability);
    phx_release(frame.frame);
}

int main(void)
{
    counts = (uint64_t *)(void *)pages(1);
    reader();
    for (unsigned i = 0; i < TIMES; i++)
        take_away(i % 3);
    MUST(counts[2] > 0, "it never faulted");
    rt_print("%u pages taken away, %lu words read, %s\n", TIMES, counts[0],
        counts[1] == 0 ? "no secret" : "a secret");
    return 0;
}
