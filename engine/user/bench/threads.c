/* SPDX-License-Identifier: MIT */
/* Faults, copy on write, and notifications between two threads. */
#include "bench.h"
#include "rt/layout.h"

static uint8_t upcall_stack[4096] __attribute__((aligned(16)));

PART faults(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->stack = (uint64_t)(upcall_stack + sizeof upcall_stack);
    page->entry = (uint64_t)bench_upcall_entry;
    __asm__ volatile("wrgsbase %0" : : "r"(page));
    bench_report("fault_upcall", MEASURE(200, bench_fault((void *)0x1000)));
}

/* --- a page that is protected ------------------------------------------------ */

const uint64_t bench_unprotect[2] = {PHX_OP_CALL(ADDRESS_SPACE_PROTECT, 3), RT_SPACE};

/* It is written to, and given back by the handler. */
static void protect_and_write(void)
{
    must(address_space_protect(RT_SPACE, RT_STORE_BASE, 1, PHX_PROT_READ), "protect");
    *(volatile uint8_t *)RT_STORE_BASE = 1;
}

PART protection(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;
    struct address_space_populate_out populated;

    must(address_space_populate(
             RT_SPACE, RT_POOL, RT_STORE_BASE, 1, PHX_PROT_READ | PHX_PROT_WRITE, &populated),
        "populate");
    page->entry = (uint64_t)bench_unprotect_entry;
    bench_report("prot1_trap_unprot", MEASURE(100, protect_and_write()));
    page->entry = (uint64_t)bench_upcall_entry;
    must(address_space_unmap(RT_SPACE, RT_STORE_BASE, 1), "unmap");
}

/* --- copy on write --------------------------------------------------------- */

#define PAGES 64

const uint64_t bench_copy[3] = {PHX_OP_CALL(ADDRESS_SPACE_COPY_REPLACE, 3), RT_SPACE, RT_POOL};

static void write_all(void)
{
    for (uint64_t i = 0; i < PAGES; i++)
        *(volatile uint8_t *)(RT_STORE_BASE + i * PHX_PAGE_SIZE) = (uint8_t)i;
}

/* Memory of one operation that was written, and is not in the child. */
static void fresh(uint64_t child)
{
    struct address_space_populate_out populated;

    must(address_space_unmap(child, RT_STORE_BASE, PAGES), "unmap");
    must(address_space_unmap(RT_SPACE, RT_STORE_BASE, PAGES), "unmap");
    must(address_space_populate(RT_SPACE, RT_POOL, RT_STORE_BASE, PAGES,
             PHX_PROT_READ | PHX_PROT_WRITE, &populated),
        "populate");
    if (populated.pages != PAGES)
        rt_panic("populated %lu", populated.pages);
    write_all();
}

static void clone(uint64_t child)
{
    must(address_space_clone(RT_SPACE, child, RT_STORE_BASE, PAGES), "clone");
}

/* A page of what a fork copies, and the first write to each page after it. */
PART copies(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;
    struct account_new_process_out child;

    must(account_new_process(rt_cap("account"), 0, PHX_USER_END, &child), "process");
    fresh(child.space);
    clone(child.space); /* from here on the child has the tables */
    page->entry = (uint64_t)bench_copy_entry;
    bench_report("clone_page", ONCE(fresh(child.space), clone(child.space)) / PAGES);
    bench_report("cow_fault",
        ONCE(
            {
                fresh(child.space);
                clone(child.space);
            },
            write_all()) /
            PAGES);
    page->entry = (uint64_t)bench_upcall_entry;
    must(address_space_unmap(RT_SPACE, RT_STORE_BASE, PAGES), "unmap");
    must(process_exit(child.process, 0), "exit");
    phx_release(child.process);
    phx_release(child.space);
}

/* --- notifications --------------------------------------------------------- */

static uint64_t there, back; /* signalled by this thread, and by the other one */
static volatile uint64_t woken;

static void wait_for(uint64_t notification)
{
    struct notification_wait_out out;

    must(notification_wait(notification, 1, PHX_FOREVER, &out), "wait");
}

static void other(void *unused)
{
    (void)unused;
    for (;;) {
        wait_for(there);
        woken = bench_stamp();
        must(notification_signal(back, 1), "signal");
    }
}

/* From the signal to the first instruction behind the wait of the other, who goes first. */
PART signals(void)
{
    struct account_new_notification_out n;
    struct thread_control_self_out self;
    uint64_t thread, least = ~0UL;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    there = n.notification;
    must(account_new_notification(rt_cap("account"), &n), "notification");
    back = n.notification;
    must(rt_thread(other, NULL, &thread), "thread");
    must(thread_control_self(RT_THREAD, &self), "self");
    must(schedule_add(rt_cap("schedule"), self.thread, 1), "order");
    for (unsigned i = 0; i < 20; i++) {
        uint64_t from = bench_stamp();

        must(notification_signal(there, 1), "signal");
        wait_for(back);
        least = woken - from < least ? woken - from : least;
    }
    bench_report("signal", least);
    must(schedule_add(rt_cap("schedule"), self.thread, 0), "order");
}

void bench_threads(void)
{
    faults();
    protection();
    copies();
    signals();
}
