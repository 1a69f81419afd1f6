/* SPDX-License-Identifier: MIT */
/*
 * Two cores, one of which the test moves by hand while the other is in the kernel.
 */
#include "attempt.h"
#include "switch.h"

#define FAR 0x40000000u

static struct thread *second; /* alice's, which core 1 runs */
static unsigned flushes;
static uint64_t taken_before, watched; /* an address of alice's that is being taken away */

/* Core 1 is asked: by now nothing may translate any more, and nothing be given back. */
static void core_1_flushes(unsigned cpu)
{
    struct cpu *asking = arch_host.cpu;

    CHECK_EQ(cpu, 1);
    flushes++;
    if (watched) {
        CHECK_EQ(space_resolve(alice.process->space, watched, PHX_PROT_READ), 0);
        CHECK_EQ(memory_taken(), taken_before);
    }
    arch_host.cpu = &cpus[1];
    kernel_flush_requested();
    arch_host.cpu = asking;
}

/* Core 1 is asked, and has other things to do first. */
static unsigned asked, patience;

static void core_1_is_busy(unsigned cpu)
{
    CHECK_EQ(cpu, 1);
    asked++;
    patience = 3;
}

static void core_1_comes_to_it(void)
{
    if (patience > 0 && --patience == 0)
        core_1_flushes(1);
}

static void wakeup(struct thread *t)
{
    (void)t;
    kernel_wakeup(true);
}

static void core_1_wakes(struct thread *t)
{
    (void)t;
    kernel_lock(arch_host.cpu);
    kernel_exit(arch_host.cpu);
}

static void begin(void)
{
    world_begin();
    second = another_thread(&alice);
    cpu_count = 2;
    arch_host.flush = core_1_flushes;
    watched = 0;
}

static void start_core_1(void)
{
    CHECK_EQ(CALL(boss.thread, SLOT(CLOCK), CLOCK_NOW), 0); /* so that core 0 has not got it */
    arch_host.cpu = &cpus[1];
    run_entry(core_1_wakes, second);
    arch_host.cpu = &cpus[0];
    CHECK(cpus[1].current == second);
    CHECK_EQ(second->state, THREAD_RUNNING);
    CHECK(cpus[1].space == alice.process->space);
}

/* It looks, and lets core 0 have whatever it would run next. */
static void core_1_looks(void)
{
    arch_host.cpu = &cpus[1];
    run_entry(wakeup, cpus[1].current);
    struct thread *next = cpus[1].current;
    cpus[1].current = NULL;
    if (cpus[1].turn)
        object_unref(&cpus[1].turn->object);
    cpus[1].turn = NULL;
    if (next)
        thread_ready(next);
    arch_host.cpu = &cpus[0];
}

static void end(void)
{
    const struct space *space = alice.process->space;

    watched = 0;
    /* What ended on core 1 leaves it at its next look at the kernel. */
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_EXIT, 9), 0);
    settle();
    if (cpus[1].current) {
        CHECK(alice.process->state == PROCESS_DYING);
        core_1_looks();
    }
    settle();
    CHECK(!cpus[1].space || cpus[1].space != space);
    CHECK_EQ(alice.process->state, PROCESS_DEAD);
    cpu_count = 1;
    arch_host.flush = NULL;
    arch_host.pause = NULL;
    world_end();
}

TEST(cores, a_page_is_given_back_after_all_have_flushed, "where another core runs its space")
{
    begin();
    CHECK_EQ(
        CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 3, READ_WRITE), 0);
    start_core_1();
    flushes = 0;
    taken_before = memory_taken();
    watched = FAR;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 3), 0);
    CHECK_EQ(flushes, 1);
    CHECK(memory_taken() < taken_before);
    end();
}

TEST(cores, a_revoke_ends_after_all_have_flushed, "which use what was mapped through it")
{
    begin();
    uint64_t frame = make_frame(&bob, 2), lent = grant(&bob, frame, &alice);
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, lent, FAR, 0, 2, READ_WRITE), 0);
    start_core_1();
    flushes = 0;
    watched = FAR;
    taken_before = memory_taken();
    CHECK_EQ(CALL(bob.thread, frame, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(flushes, 1);
    end();
}

TEST(cores, a_core_that_is_late_is_waited_for, "before a page is given back")
{
    begin();
    CHECK_EQ(
        CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 3, READ_WRITE), 0);
    start_core_1();
    arch_host.flush = core_1_is_busy;
    arch_host.pause = core_1_comes_to_it;
    flushes = asked = 0;
    taken_before = memory_taken();
    watched = FAR;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 3), 0);
    CHECK_EQ(asked, 1);
    CHECK_EQ(flushes, 1);
    CHECK(memory_taken() < taken_before);
    arch_host.flush = core_1_flushes;
    end();
}

TEST(cores, a_protection_holds_on_all, "when the operation is over")
{
    begin();
    CHECK_EQ(
        CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 3, READ_WRITE), 0);
    start_core_1();
    flushes = 0;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR, 3, PHX_PROT_READ), 0);
    CHECK_EQ(flushes, 1);
    end();
}

static uint64_t flushed; /* a bit for each page behind FAR */

static void note_page(uint64_t address)
{
    if (address >= FAR && address < FAR + 64 * 0x1000)
        flushed |= UINT64_C(1) << (address - FAR) / 0x1000;
}

TEST(cores, a_core_flushes_what_it_takes_away, "each page, or all of them at once")
{
    begin();
    CHECK_EQ(
        CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 60, READ_WRITE),
        0);
    arch_host.page_flush = note_page;
    flushed = 0;
    CHECK_EQ(
        CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 0x1000, 4, PHX_PROT_READ), 0);
    CHECK_EQ(flushed, 0x1e);
    flushed = 0;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 3), 0);
    CHECK_EQ(flushed, 7);
    uint64_t before = arch_host.flushes;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 60), 0);
    CHECK(arch_host.flushes > before || flushed == ~UINT64_C(0) >> 4);
    arch_host.page_flush = NULL;
    end();
}

static void first_use(struct thread *t)
{
    (void)kernel_fault(t, 7, 0, 0);
}

/* `t` runs on that core, and what its extended registers then have is what it left. */
static void check_moved(unsigned core, struct thread *t)
{
    arch_host.cpu = &cpus[core];
    arch_host.fpu_area = NULL;
    switch_enter(&cpus[core], t);
    CHECK(arch_host.fpu_area == t->extended);
    arch_host.fpu_area = NULL;
    switch_leave(&cpus[core], t);
    CHECK(arch_host.fpu_area == t->extended);
}

TEST(cores, extended_state_follows_its_thread, "also back to where it was last seen")
{
    begin();
    start_core_1();
    arch_host.cpu = &cpus[1];
    run_entry(first_use, second);
    CHECK(second->extended && cpus[1].fpu_owner == second);
    switch_leave(&cpus[1], second);
    struct thread *here = cpus[0].current;
    check_moved(0, second);
    check_moved(1, second);
    check_moved(0, second);
    arch_host.cpu = &cpus[0];
    if (here)
        switch_enter(&cpus[0], here);
    cpus[0].current = here;
    arch_host.cpu = &cpus[1];
    switch_enter(&cpus[1], second);
    arch_host.cpu = &cpus[0];
    end();
}

/* As long as others are ready; a deadline would end it earlier. */
TEST(cores, a_slice_has_its_end, "where nothing else would take the core away")
{
    begin();
    cpu_count = 1;
    arch_host.timer = 0;
    cpus[0].timer_armed = 0;
    settle();
    CHECK(cpus[0].current != NULL);
    CHECK(arch_host.timer > 0 && arch_host.timer <= 10000000);
    cpu_count = 2;
    end();
}

/* The lock's holder waits for the flush: it lets go when it is done, or never was. */
static unsigned pauses;

static void holder_waits(void)
{
    if (!cpus[0].flush_wanted || ++pauses > 100)
        __atomic_store_n(&kernel.lock, 0, __ATOMIC_RELEASE);
}

TEST(cores, who_waits_for_the_lock_flushes, "or two cores would wait for each other")
{
    begin();
    uint64_t before = arch_host.flushes;
    pauses = 0;
    __atomic_store_n(&kernel.lock, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&cpus[0].flush_wanted, 1, __ATOMIC_RELEASE);
    arch_host.pause = holder_waits;
    kernel_lock(&cpus[0]);
    kernel_unlock();
    CHECK_EQ(cpus[0].flush_wanted, 0);
    CHECK(arch_host.flushes > before);
    CHECK(pauses <= 1);
    end();
}

TEST(cores, an_idle_core_is_woken, "when a thread is ready, and once")
{
    begin();
    cpus[1].turn_key = UINT32_MAX; /* nobody's */
    cpus[1].resched = 0;
    arch_host.wakeups[1] = 0;
    (void)another_thread(&alice);
    CHECK_EQ(arch_host.wakeups[1], 1);
    CHECK_EQ(cpus[1].resched, 1);
    (void)another_thread(&alice);
    CHECK_EQ(arch_host.wakeups[1], 1);
    end();
}

TEST(cores, a_thread_is_not_taken_from_under_its_core, "when its process ends")
{
    begin();
    start_core_1();
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_EXIT, 9), 0);
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DYING);
    CHECK_EQ(second->state, THREAD_RUNNING);
    CHECK(second->attention);
    CHECK(arch_host.wakeups[1] > 0);
    CHECK_EQ(CALL(boss.thread, alice.space_id, ADDRESS_SPACE_UNMAP, FAR, 1), -PHX_REVOKED);
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_NEW_THREAD, 0x2000, 0x90000),
        -PHX_INVALID_STATE);
    core_1_looks();
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DEAD);
    end();
}

/* --- a ring that another core polls -------------------------------------------------- */

static void time_goes_by(void) { arch_host.tsc += 10000; }

static void system_call(struct thread *t)
{
    (void)kernel_syscall(t);
}

/* Core 0 polls the ring of core 1's thread, and begins what takes steps: they are for core 1
 * to do, and a system call that it makes meanwhile comes behind them. */
TEST(cores, a_system_call_waits_for_the_ring, "whose entry has begun on another core")
{
    begin();
    uint64_t frame = make_frame(&alice, 1), bell = make_notification(&alice);
    CHECK_EQ(CALL(alice.thread, frame, FRAME_INFO), 0);
    struct phx_ring *ring = direct(WORD(alice.thread, 0));
    CHECK_EQ(CALL(second, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4, PHX_RING_SQPOLL), 0);
    uint64_t ring_id = WORD(second, 0);
    start_core_1();
    *(struct phx_entry *)(void *)(ring + 1) =
        (struct phx_entry){.op = PHX_OP_NYX(35), .words = {40}}; /* FramePool.alloc */
    ring->submit_tail = 1;
    uint64_t wakeups = arch_host.wakeups[1];
    arch_host.window = time_goes_by;
    CHECK_EQ(CALL(alice.thread, ring_id, RING_POLL, bell, 1), WAITS); /* others have a turn */
    for (unsigned i = 0; i < 50 && answer_of(alice.thread) == WAITS; i++)
        settle();
    CHECK_EQ(answer_of(alice.thread), 0);
    arch_host.window = NULL;
    CHECK(arch_host.wakeups[1] > wakeups);
    CHECK(second->work.step != NULL);
    CHECK_EQ(ring->complete_tail, 0);

    arch_host.cpu = &cpus[1];
    second->regs.rax = PHX_OP_NYX(83);
    second->regs.rdi = 0;
    second->regs.rip = 0x2000;
    run_entry(system_call, second);
    CHECK_EQ(second->regs.rip, 0x2000 - 2);
    CHECK_EQ(second->regs.rax, PHX_OP_NYX(83));
    for (unsigned i = 0; i < 50 && second->work.step; i++)
        settle();
    CHECK(second->work.step == NULL);
    CHECK_EQ(ring->complete_tail, 1);
    second->regs.rip = 0x2000;
    run_entry(system_call, second);
    CHECK_EQ(second->regs.rax, 0);
    CHECK_EQ(WORD(second, 0), alice.process->pid);
    arch_host.cpu = &cpus[0];
    end();
}
