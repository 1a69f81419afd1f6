/* SPDX-License-Identifier: MIT */
/*
 * Two cores, one of which the test moves by hand while the other is in the kernel.
 */
#include "attempt.h"

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

TEST(cores, a_thread_is_not_taken_from_under_its_core, "when its process ends")
{
    begin();
    start_core_1();
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_EXIT, 9), 0);
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DYING);
    CHECK_EQ(second->state, THREAD_RUNNING);
    CHECK(arch_host.wakeups[1] > 0);
    core_1_looks();
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DEAD);
    end();
}
