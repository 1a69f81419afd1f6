/* SPDX-License-Identifier: MIT */
/*
 * Faults, foreign system calls and news: delivered through the thread page, which
 * its owner may fill with nonsense, or to the keeper, or the process ends.
 */
#include "attempt.h"

#include <string.h>

#define ENTRY 0x3000
#define STACK 0x8000
#define PAGE_ADDRESS 0x7000

static struct thread *t;
static struct phx_thread_page *page;
static unsigned vector;

static void fault(struct thread *thread)
{
    (void)kernel_fault(thread, vector, 6, 0xdead000);
}

static void system_call(struct thread *thread)
{
    (void)kernel_syscall(thread);
}

static uint64_t thread_id;

/* A thread of alice's with a page. */
static void begin(void)
{
    world_begin();
    uint64_t frame = make_frame(&alice, 1), pa = WORD(alice.thread, 1);
    CHECK_EQ(CALL(alice.thread, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 0, frame,
                 PAGE_ADDRESS),
        0);
    thread_id = WORD(alice.thread, 0);
    t = CONTAINER(object_of(&alice, thread_id), struct thread, object);
    page = direct(pa);
    page->entry = ENTRY;
    page->stack = STACK;
    CHECK_EQ(CALL(alice.thread, thread_id, THREAD_START), 0);
    vector = 14;
}

static void check_entered(unsigned depth, uint64_t rip, uint64_t kind)
{
    const struct phx_frame *f = &page->frames[depth];

    CHECK_EQ(page->depth, depth + 1);
    CHECK_EQ(page->disabled, 1);
    CHECK_EQ(f->registers.rip, rip);
    CHECK_EQ(f->kind, kind);
    CHECK_EQ(t->regs.rip, ENTRY);
    CHECK_EQ(t->regs.rdi, PAGE_ADDRESS + PHX_PAGE_FRAMES + depth * PHX_FRAME_SIZE);
    CHECK_EQ(t->regs.rsi, kind);
    CHECK_EQ(t->regs.rdx, PAGE_ADDRESS);
    CHECK_EQ((t->regs.rsp + 8) % 16, 0);
    CHECK_EQ(t->regs.rflags, arch_user_flags(0));
}

TEST(upcall, a_fault_enters_the_libos, "four deep, and each on its stack")
{
    begin();
    for (unsigned depth = 0; depth < PHX_FRAMES; depth++) {
        uint64_t rip = 0x2000 + depth, rsp = t->regs.rsp;
        t->regs.rip = rip;
        t->regs.rflags = arch_user_flags(~UINT64_C(0)); /* DF, AC and TF as well */
        run_entry(fault, t);
        check_entered(depth, rip, PHX_UPCALL_PAGE_FAULT);
        CHECK_EQ(page->frames[depth].address, 0xdead000);
        CHECK_EQ(page->frames[depth].disabled, depth > 0);
        CHECK(depth == 0 ? t->regs.rsp < STACK && t->regs.rsp >= STACK - 16
                         : t->regs.rsp <= rsp - 256 && t->regs.rsp >= rsp - 256 - 24);
    }
    run_entry(fault, t);
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DEAD);
    CHECK_EQ(alice.process->status, 11);
    CHECK_EQ(alice.process->fault_address, 0xdead000);
    world_end();
}

TEST(upcall, a_foreign_system_call_is_reflected, "from outside the libos's range, either end")
{
    const uint64_t outside[] = {0, 0xfff, 0x1000, PHX_USER_END + 1, UINT64_MAX};

    begin();
    for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        page->depth = page->disabled = 0;
        t->regs.rip = outside[i];
        t->regs.rax = PHX_OP_NOP;
        run_entry(system_call, t);
        check_entered(0, outside[i], PHX_UPCALL_SYSCALL);
        CHECK_EQ(page->frames[0].registers.rax, PHX_OP_NOP);
    }
    t->regs.rip = 0x1001;
    t->regs.rax = PHX_OP_NOP;
    run_entry(system_call, t);
    CHECK_EQ(t->regs.rax, 0);
    world_end();
}

TEST(upcall, a_thread_page_of_nonsense_stops_it, "and its keeper is told")
{
    for (unsigned i = 0; i < 4; i++) {
        begin();
        uint64_t n = make_notification(&alice);
        CHECK_EQ(CALL(alice.thread, SLOT(PROCESS), PROCESS_KEEPER, n, 4), 0);
        page->entry = i == 0 ? 0 : i == 1 ? PHX_USER_END : ENTRY;
        page->depth = i == 2 ? PHX_FRAMES : i == 3 ? UINT32_MAX : 0;
        run_entry(fault, t);
        CHECK_EQ(t->state, THREAD_STOPPED);
        CHECK_EQ(CALL(alice.thread, n, NOTIFICATION_POLL, 4), 0);
        CHECK_EQ(WORD(alice.thread, 0), 4);
        page->entry = ENTRY;
        page->depth = 0;
        CHECK_EQ(CALL(alice.thread, thread_id, THREAD_START), 0);
        run_entry(fault, t);
        CHECK_EQ(t->regs.rip, ENTRY);
        world_end();
    }
}

TEST(upcall, a_thread_without_a_page_ends_its_process, "with the signal of what it did")
{
    static const struct {
        uint8_t vector, signal;
    } ends[] = {{0, 8}, {3, 5}, {6, 4}, {13, 11}, {17, 7}};
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        world_begin();
        vector = ends[i].vector;
        run_entry(fault, alice.thread);
        settle();
        CHECK_EQ(alice.process->state, PROCESS_DEAD);
        CHECK_EQ(alice.process->status, ends[i].signal);
        world_end();
    }
}

TEST(upcall, news_waits_while_disabled, "and rewinds what may have missed it")
{
    begin();
    page->disabled = 1;
    CHECK_EQ(CALL(alice.thread, thread_id, THREAD_INTERRUPT, 2), 0);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_YIELD), 0);
    CHECK_EQ(page->pending, 2);
    CHECK_EQ(page->depth, 0);

    page->disabled = 0;
    page->restart_low = 0x1ff0;
    page->restart_high = 0x2001;
    CHECK_EQ(CALL(alice.thread, thread_id, THREAD_INTERRUPT, 4), 0);
    t->regs.rip = 0x2000;
    for (unsigned i = 0; i < 8; i++)
        settle();
    CHECK_EQ(page->pending, 6);
    CHECK_EQ(t->regs.rip, 0x1ff0);

    page->restart_high = 0;
    CHECK_EQ(CALL(alice.thread, thread_id, THREAD_INTERRUPT, 8), 0);
    t->regs.rip = 0x2000;
    for (unsigned i = 0; i < 8; i++)
        settle();
    check_entered(0, 0x2000, PHX_UPCALL_PENDING);
    CHECK_EQ(page->pending, 14);
    world_end();
}

TEST(upcall, extended_state_is_made_at_first_use, "or its lack is an exception")
{
    begin();
    vector = 7;
    starve();
    memory_fail(0);
    t->regs.rip = 0x2000;
    run_entry(fault, t);
    CHECK_EQ(memory_failed(), 1);
    check_entered(0, 0x2000, PHX_UPCALL_EXCEPTION);
    CHECK(!t->extended);
    t->regs.rip = 0x2004;
    run_entry(fault, t);
    CHECK(t->extended != NULL && t->regs.rip == 0x2004);
    run_entry(fault, t); /* a second time it is the processor's own */
    check_entered(1, 0x2004, PHX_UPCALL_EXCEPTION);
    world_end();
}
