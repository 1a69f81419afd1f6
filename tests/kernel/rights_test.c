/* SPDX-License-Identifier: MIT */
/*
 * That nobody gets more than he has: by deriving and granting, by giving the kernel
 * memory to write to, by threads and rings of others, by addresses that are not his.
 */
#include "attempt.h"

#include <string.h>

#define WIDE (UINT64_C(1) << ARCH_LEAVES_SHIFT)
#define KERNEL_ADDRESS UINT64_C(0xffff900000000000)

static struct thread *t; /* alice's */

static void begin(void)
{
    world_begin();
    t = alice.thread;
}

/* A child of it with these methods. */
static uint64_t only(uint64_t cap, uint64_t methods)
{
    CHECK_EQ(CALL(t, cap, CAPABILITY_DERIVE, methods), 0);
    return WORD(t, 0);
}

/* --- capabilities ------------------------------------------------------------------ */

TEST(rights, a_child_has_no_more_than_its_parent, "however deep it is")
{
    begin();
    uint64_t has = CONSOLE_M_WRITE | CAPABILITY_M_DERIVE | CAPABILITY_M_GRANT;
    uint64_t narrow = only(SLOT(CONSOLE), has), process = grant(&boss, bob.process_id, &alice);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_DERIVE, CONSOLE_M_TAKE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_DERIVE, has | CONSOLE_M_TAKE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_DERIVE, ~UINT64_C(0)), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_GRANT, process, has | CONSOLE_M_TAKE),
        -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_GRANT, process, CONSOLE_M_WRITE), 0);
    CHECK_EQ(CALL(t, narrow, CAPABILITY_DUPLICATE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, only(narrow, CONSOLE_M_WRITE), CAPABILITY_IDENTIFY), -PHX_PERMISSION_DENIED);
    world_end();
}

TEST(rights, the_second_child_is_as_the_first, "made where its parent has a node already")
{
    begin();
    uint64_t has = CLOCK_M_NOW | CAPABILITY_M_DERIVE | CAPABILITY_M_IDENTIFY;
    uint64_t parent = only(SLOT(CLOCK), has), first = only(parent, has), second = only(parent, has);
    CHECK_EQ(CALL(t, parent, CAPABILITY_DERIVE, has | CLOCK_M_REALTIME), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, first, CLOCK_NOW), 0);
    CHECK_EQ(CALL(t, second, CLOCK_NOW), 0);
    CHECK_EQ(CALL(t, second, CLOCK_REALTIME), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, parent, CAPABILITY_DERIVE, has, 2), 0);
    uint64_t counted = WORD(t, 0);
    CHECK_EQ(CALL(t, counted, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 3), 2);
    CHECK_EQ(CALL(t, counted, CLOCK_NOW), 0);
    CHECK_EQ(CALL(t, counted, CLOCK_NOW), 0);
    CHECK_EQ(CALL(t, counted, CLOCK_NOW), -PHX_CONSUMED);
    world_end();
}

TEST(rights, a_process_is_granted_what_it_accepts, "by who holds that right of it")
{
    begin();
    uint64_t process = grant(&boss, bob.process_id, &alice);
    uint64_t seen = only(process, PROCESS_M_ALL & ~PROCESS_M_ACCEPT);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CAPABILITY_GRANT, seen, CLOCK_M_NOW), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CAPABILITY_GRANT, process, CLOCK_M_NOW, PHX_SLOT_COUNT),
        -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CAPABILITY_GRANT, process, CLOCK_M_NOW, UINT64_C(1) << 32 | 13),
        -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CAPABILITY_GRANT, process, CLOCK_M_NOW, SLOT_CLOCK), -PHX_EXISTS);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CAPABILITY_GRANT, process, CLOCK_M_NOW), 0);
    world_end();
}

/* --- threads ------------------------------------------------------------------------ */

TEST(rights, a_thread_page_may_be_written, "is a page, and lies where programs do")
{
    begin();
    uint64_t frame = make_frame(&alice, 2), plain, page;
    CHECK_EQ(CALL(t, frame, FRAME_CARVE, 0, 1), 0);
    page = WORD(t, 0);
    plain = only(page, FRAME_M_ALL & ~FRAME_M_MAP_WRITE);
    const struct {
        uint64_t frame, address;
        int64_t answer;
    } cases[] = {{page, 0x7000, 0}, {plain, 0x7000, -PHX_PERMISSION_DENIED},
        {frame, 0x7000, -PHX_INVALID_ARGUMENT}, {page, 0x7008, -PHX_INVALID_ARGUMENT},
        {page, PHX_USER_END, -PHX_INVALID_ARGUMENT}, {SLOT(CLOCK), 0x7000, -PHX_INVALID_ARGUMENT}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t answer = CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 0,
            cases[i].frame, cases[i].address);
        CHECK(cases[i].answer ? answer < 0 : answer == 0);
        if (cases[i].frame != SLOT(CLOCK))
            CHECK_EQ(answer, cases[i].answer);
    }
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, PHX_USER_END, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0, PHX_USER_END + 8),
        -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(rights, registers_are_a_program_s, "whoever writes them")
{
    begin();
    struct phx_registers *r = at(&alice, MEMORY);
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000), 0);
    uint64_t id = WORD(t, 0);
    struct thread *other = CONTAINER(object_of(&alice, id), struct thread, object);
    CHECK_EQ(CALL(t, id, THREAD_REGISTERS, MEMORY, 0), 0);
    CHECK_EQ(r->rip, 0x2000);
    r->rflags = ~UINT64_C(0);
    CHECK_EQ(CALL(t, id, THREAD_REGISTERS, MEMORY, 1), 0);
    CHECK_EQ(other->regs.rflags, arch_user_flags(~UINT64_C(0)));
    r->rip = PHX_USER_END;
    CHECK_EQ(CALL(t, id, THREAD_REGISTERS, MEMORY, 1), -PHX_INVALID_ARGUMENT);
    r->rip = KERNEL_ADDRESS;
    CHECK_EQ(CALL(t, id, THREAD_REGISTERS, MEMORY, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(other->regs.rip, 0x2000);
    world_end();
}

TEST(rights, a_thread_does_not_wait_for_itself, "to end, which it never would")
{
    begin();
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), THREAD_JOIN, PHX_FOREVER), -PHX_DEADLOCK);
    world_end();
}

/* --- rings --------------------------------------------------------------------------- */

static int64_t new_ring(uint64_t frame, uint64_t submissions, uint64_t completions)
{
    int64_t answer =
        CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, submissions, completions, 0);

    if (answer == 0)
        CHECK_EQ(CALL(t, WORD(t, 0), RING_DESTROY), 0);
    return answer;
}

TEST(rights, a_ring_lies_in_its_frame, "which its holder may write")
{
    begin();
    uint64_t frame = make_frame(&alice, 1);
    const uint64_t room = PHX_PAGE_SIZE - sizeof(struct phx_ring);
    uint64_t fits = 1;
    while (2 * fits * (sizeof(struct phx_entry) + sizeof(struct phx_completion)) <= room)
        fits *= 2;
    CHECK_EQ(new_ring(frame, fits, fits), 0);
    CHECK_EQ(new_ring(frame, 2 * fits, 2 * fits), -PHX_TOO_BIG);
    CHECK_EQ(new_ring(frame, 32768, 65536), -PHX_TOO_BIG);
    CHECK_EQ(new_ring(frame, 3, 4), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(new_ring(frame, 4, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(new_ring(only(frame, FRAME_M_ALL & ~FRAME_M_MAP_WRITE), 4, 4), -PHX_PERMISSION_DENIED);
    world_end();
}

TEST(rights, a_ring_is_its_thread_s, "to be entered and to be ended")
{
    begin();
    struct thread *other = another_thread(&alice);
    uint64_t frame = make_frame(&alice, 1);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    uint64_t ring = WORD(t, 0);
    CHECK_EQ(CALL(other, ring, RING_ENTER, 0, 0, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(other, ring, RING_DESTROY), -PHX_INVALID_STATE);
    CHECK_EQ(CALL(t, ring, RING_ENTER, 0, 0, 0), 0);
    CHECK_EQ(CALL(t, ring, RING_DESTROY), 0);
    world_end();
}

/* Entries that need a record, many more than there are. */
TEST(rights, a_ring_works_as_long_as_it_is_used, "round after round")
{
    begin();
    uint64_t frame = make_frame(&alice, 1);
    struct phx_ring *r = direct(WORD(t, 1));
    struct phx_entry *entries = (struct phx_entry *)(void *)(r + 1);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    uint64_t ring = WORD(t, 0);
    for (uint32_t round = 0; round < 1000; round++) {
        struct phx_completion *c = (struct phx_completion *)(void *)(entries + 4) + round % 4;
        entries[round % 4] = (struct phx_entry){.op = PHX_OP_NYX(83), .user = round};
        r->submit_tail = round + 1;
        CHECK_EQ(CALL(t, ring, RING_ENTER, 1, 1, 0), 0);
        CHECK_EQ(WORD(t, 0), 1);
        CHECK_EQ(r->complete_tail, round + 1);
        CHECK_EQ(c->user, round);
        CHECK_EQ(c->words[0], alice.process->pid);
        r->complete_head = round + 1;
    }
    world_end();
}

/* --- addresses ------------------------------------------------------------------------- */

static void populate(uint64_t address)
{
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), address, 1, READ_WRITE), 0);
}

/* As the page tables say, whatever was looked up before. */
static void check_found(uint64_t address)
{
    const pte_t *pte = arch_pte(alice.process->space->root, address);
    uint64_t pa = pte && arch_pte_present(*pte) ? arch_pte_pa(*pte) : 0;

    CHECK_EQ(space_resolve(alice.process->space, address, PHX_PROT_READ), pa);
}

/* Also of tables whose numbers end alike, or are twice another's. */
TEST(rights, a_page_is_found_where_it_is, "in whatever order it is asked for")
{
    begin();
    for (uint64_t i = 1; i <= 1024; i *= 2)
        for (uint64_t k = 0; k < 3; k++)
            if (arch_pte(alice.process->space->root, (i + k) * WIDE) == NULL)
                populate((i + k) * WIDE);
    for (unsigned i = 0; i < 40000; i++) {
        uint64_t table = (UINT64_C(1) << test_below(11)) + test_below(4);
        check_found(table * WIDE + test_below(2) * PHX_PAGE_SIZE);
    }
    world_end();
}

/* The entry of a page, with all tables down to it, from pages linked through their first word. */
static pte_t *page_entry(uint64_t root, uint64_t address, uint64_t *tables)
{
    unsigned shift;
    pte_t *entry;

    while (entry = arch_entry(root, address, &shift), shift > PHX_PAGE_SHIFT) {
        uint64_t table = *tables;

        *tables = *(uint64_t *)direct(table);
        memset(direct(table), 0, PHX_PAGE_SIZE);
        arch_table_link(entry, shift, table);
    }
    return entry;
}

TEST(rights, the_kernel_s_addresses_are_no_program_s, "though its page tables have them")
{
    static _Alignas(4096) uint64_t page[512];
    struct space *s;
    uint64_t tables = 0;

    begin();
    s = alice.process->space;
    (void)make_frame(&alice, 4);
    uint64_t pa = WORD(t, 1), secret = pa + 3 * PHX_PAGE_SIZE;
    for (unsigned i = 0; i < 3; i++) {
        *(uint64_t *)direct(pa + i * PHX_PAGE_SIZE) = tables;
        tables = pa + i * PHX_PAGE_SIZE;
    }
    *page_entry(s->root, KERNEL_ADDRESS, &tables) = arch_pte_value(secret, READ_WRITE);
    memset(direct(secret), 0x5a, PHX_PAGE_SIZE);
    CHECK_EQ(space_resolve(s, KERNEL_ADDRESS, PHX_PROT_READ), 0);
    CHECK(user_alias(s, KERNEL_ADDRESS, 8, PHX_PROT_READ) == NULL);
    CHECK_EQ(user_check(s, KERNEL_ADDRESS, 8, PHX_PROT_READ), PHX_BAD_ADDRESS);
    CHECK_EQ(copy_in(s, page, KERNEL_ADDRESS, 8), PHX_BAD_ADDRESS);
    CHECK_EQ(copy_out(s, KERNEL_ADDRESS, page, 8), PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, SLOT(CONSOLE), CONSOLE_WRITE, KERNEL_ADDRESS, 8), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, KERNEL_ADDRESS, 8), -PHX_BAD_ADDRESS);
    CHECK_EQ(*(uint8_t *)direct(secret), 0x5a);
    world_end();
}
