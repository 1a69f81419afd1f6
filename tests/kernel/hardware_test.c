/* SPDX-License-Identifier: MIT */
/*
 * What drivers have: ports, device memory, interrupt lines, DMA domains. Each method works,
 * and under any scarcity it is refused cleanly; ranges at their boundaries; what is masked,
 * flushed and taken down, and when.
 */
#include "attempt.h"

#include <string.h>

#define FAR 0x40000000u /* no table of its 1 GiB is there yet */
#define REGISTERS 0xfe900u
#define FUNCTION 0x28u
#define LINE 9u
#define EDGES 16

static struct thread *t; /* alice's, in every scenario */

/* The boss's whole, in alice's table; then a part of it. */
static uint64_t whole(unsigned slot)
{
    return grant(&boss, PHX_SLOT_ID(slot), &alice);
}

static uint64_t part(unsigned slot, unsigned method, uint64_t first, uint64_t count)
{
    uint64_t all = whole(slot);

    CHECK_EQ(CALL(alice.thread, all, method, first, count), 0);
    return WORD(alice.thread, 0);
}

#define LINES(first, count) part(BOSS_IRQ, IRQ_RANGE, first, count)
#define PORTS(first, count) part(BOSS_PORTS, IO_PORT_RANGE, first, count)
#define PAGES(first, count) part(BOSS_REGISTERS, DEVICE_MEMORY_RANGE, first, count)
#define FUNCTIONS(first, count) part(BOSS_FUNCTIONS, PCI_FUNCTION_RANGE, first, count)

static uint64_t make_domain(uint64_t unconfined)
{
    arch_host.has_dma_unit = true;
    CHECK_EQ(CALL(alice.thread, SLOT(ACCOUNT), ACCOUNT_NEW_DMA_DOMAIN, unconfined), 0);
    return WORD(alice.thread, 0);
}

static struct space *space_of(uint64_t domain)
{
    return (struct space *)object_of(&alice, domain);
}

/* The entry of a device address, or 0. */
static uint64_t entry(uint64_t domain, uint64_t address)
{
    const pte_t *pte = arch_pte(space_of(domain)->root, address);

    return pte ? *pte : 0;
}

/* --- each method -------------------------------------------------------------- */

static void irq_range_method(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, whole(BOSS_IRQ), IRQ_RANGE, LINE, 1), 0);
}

static void irq_bind_method(void)
{
    uint64_t line = LINES(LINE, 1), n = make_notification(&alice);

    CHECK_EQ(ATTEMPT_CALL(t, line, IRQ_BIND, n, 4), 0);
    kernel_irq(LINE, false);
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~0UL), 0);
    CHECK_EQ(WORD(t, 0), 4);
}

static void irq_ack_method(void)
{
    uint64_t line = LINES(LINE, 1);

    CHECK_EQ(CALL(t, line, IRQ_ACK), -PHX_INVALID_STATE);
    CHECK_EQ(CALL(t, line, IRQ_BIND, make_notification(&alice), 1), 0);
    CHECK_EQ(ATTEMPT_CALL(t, line, IRQ_ACK), 0);
}

static void irq_info_method(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, LINES(LINE, 1), IRQ_INFO), 0);
    CHECK_EQ(WORD(t, 0), 0);
}

static void port_in(void)
{
    uint64_t ports = PORTS(0x70, 2);

    arch_host.ports[0x71] = 0x42;
    CHECK_EQ(ATTEMPT_CALL(t, ports, IO_PORT_IN, 0x71, 1), 0);
    CHECK_EQ(WORD(t, 0), 0x42);
}

static void port_out(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, PORTS(0x70, 2), IO_PORT_OUT, 0x70, 2, 0x12345), 0);
    CHECK_EQ(arch_host.ports[0x70], 0x45);
    CHECK_EQ(arch_host.ports[0x71], 0x23);
    CHECK_EQ(arch_host.ports[0x72], 0);
}

static void port_range(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, whole(BOSS_PORTS), IO_PORT_RANGE, 0x70, 2), 0);
}

static void memory_info(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, PAGES(REGISTERS, 3), DEVICE_MEMORY_INFO), 0);
    CHECK_EQ(WORD(t, 0), (uint64_t)REGISTERS << 12);
    CHECK_EQ(WORD(t, 1), 3);
}

static void memory_range(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, whole(BOSS_REGISTERS), DEVICE_MEMORY_RANGE, REGISTERS, 2), 0);
}

static void function_range(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, whole(BOSS_FUNCTIONS), PCI_FUNCTION_RANGE, FUNCTION, 1), 0);
}

static void domain_map(void)
{
    uint64_t domain = make_domain(0), frame = make_frame(&alice, 600);

    CHECK_EQ(ATTEMPT_CALL(t, domain, DMA_DOMAIN_MAP, frame, FAR, 0, 600, READ_WRITE), 0);
    CHECK_EQ(answer_of(t), 0);
    CHECK(entry(domain, FAR + 599 * 4096UL) != 0);
}

static void domain_unmap(void)
{
    uint64_t domain = make_domain(0), frame = make_frame(&alice, 600);

    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_MAP, frame, FAR, 0, 600, READ_WRITE), 0);
    CHECK_EQ(ATTEMPT_CALL(t, domain, DMA_DOMAIN_UNMAP, FAR + 4096, 598), 0);
    CHECK(entry(domain, FAR) != 0 && entry(domain, FAR + 4096) == 0);
    CHECK(entry(domain, FAR + 598 * 4096UL) == 0 && entry(domain, FAR + 599 * 4096UL) != 0);
}

static void domain_attach(void)
{
    uint64_t domain = make_domain(0), function = FUNCTIONS(FUNCTION, 1);

    CHECK_EQ(ATTEMPT_CALL(t, domain, DMA_DOMAIN_ATTACH, function), 0);
    CHECK_EQ(arch_host.dma_roots[FUNCTION], space_of(domain)->root);
}

static void domain_info(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, make_domain(0), DMA_DOMAIN_INFO), 0);
    CHECK_EQ(WORD(t, 0), 0);
}

static void domain_watch(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, make_domain(0), DMA_DOMAIN_WATCH, make_notification(&alice), 1), 0);
}

static void device_map(void)
{
    uint64_t registers = PAGES(REGISTERS, 300);

    CHECK_EQ(
        ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, registers, FAR, 1, 299, READ_WRITE), 0);
    const pte_t *pte = arch_pte(alice.process->space->root, FAR + 4096);
    CHECK_EQ(arch_pte_pa(*pte), (REGISTERS + 2UL) << 12);
    CHECK(*pte & ARCH_PTE_DEVICE);
}

static const struct scenario scenarios[] = {
    METHOD(IRQ, RANGE, irq_range_method),
    METHOD(IRQ, BIND, irq_bind_method),
    METHOD(IRQ, ACK, irq_ack_method),
    METHOD(IRQ, INFO, irq_info_method),
    METHOD(IO_PORT, IN, port_in),
    METHOD(IO_PORT, OUT, port_out),
    METHOD(IO_PORT, RANGE, port_range),
    METHOD(DEVICE_MEMORY, INFO, memory_info),
    METHOD(DEVICE_MEMORY, RANGE, memory_range),
    METHOD(DMA_DOMAIN, MAP, domain_map),
    METHOD(DMA_DOMAIN, UNMAP, domain_unmap),
    METHOD(DMA_DOMAIN, ATTACH, domain_attach),
    METHOD(DMA_DOMAIN, INFO, domain_info),
    METHOD(DMA_DOMAIN, WATCH, domain_watch),
    METHOD(ADDRESS_SPACE, MAP, device_map),
    METHOD(PCI_FUNCTION, RANGE, function_range),
};

/* --- ranges --------------------------------------------------------------------- */

#define DENIED (-PHX_PERMISSION_DENIED)

TEST(hardware, a_range_has_its_first_and_its_last, "and nothing before or behind them")
{
    world_begin();
    t = alice.thread;
    uint64_t ports = PORTS(0x100, 0x10);
    static const struct {
        uint64_t port, width;
        int64_t answer;
    } tries[] = {
        {0x100, 1, 0},
        {0x10f, 1, 0},
        {0x10e, 2, 0},
        {0x10c, 4, 0},
        {0xff, 1, DENIED},
        {0x110, 1, DENIED},
        {0x10f, 2, DENIED},
        {0x10d, 4, DENIED},
        {0xff, 2, DENIED},
        {UINT64_MAX, 2, DENIED},
        {0x10100, 1, DENIED},
        {1UL << 63 | 0x100, 1, DENIED},
        {0x100, 0, -PHX_INVALID_ARGUMENT},
        {0x100, 3, -PHX_INVALID_ARGUMENT},
        {0x100, 8, -PHX_INVALID_ARGUMENT},
        {0x100, UINT64_MAX, -PHX_INVALID_ARGUMENT},
    };
    for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        CHECK_EQ(CALL(t, ports, IO_PORT_IN, tries[i].port, tries[i].width), tries[i].answer);
        CHECK_EQ(CALL(t, ports, IO_PORT_OUT, tries[i].port, tries[i].width, 0), tries[i].answer);
    }
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x100, 0x10), 0);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x10f, 1), 0);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0xff, 1), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x100, 0x11), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x110, 1), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x101, UINT64_MAX), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, UINT64_MAX, 2), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0x100, 0), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(
    hardware, the_kernels_own_is_nobodys, "where a range is made, and where the first hold is used")
{
    world_begin();
    t = alice.thread;
    uint64_t ports = whole(BOSS_PORTS), lines = whole(BOSS_IRQ), pages = whole(BOSS_REGISTERS);
    CHECK_EQ(CALL(t, ports, IO_PORT_OUT, 0x3f8, 1, 0), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_IN, 0x3f7, 2), DENIED);
    CHECK_EQ(CALL(t, ports, IO_PORT_IN, 0x3f7, 1), 0);
    CHECK_EQ(CALL(t, ports, IO_PORT_IN, 0x400, 1), 0);
    CHECK_EQ(CALL(t, ports, IO_PORT_RANGE, 0, 0x10000), DENIED);
    CHECK_EQ(CALL(t, lines, IRQ_RANGE, ARCH_HOST_LINE, 1), DENIED);
    CHECK_EQ(CALL(t, lines, IRQ_RANGE, 23, 2), DENIED);
    CHECK_EQ(CALL(t, lines, IRQ_BIND, make_notification(&alice), 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, lines, IRQ_ACK), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, lines, IRQ_INFO), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, pages, DEVICE_MEMORY_RANGE, 1, 1), DENIED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, pages, FAR, 1, 1, 1), DENIED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, pages, FAR, REGISTERS, 1, 1), 0);
    world_end();
}

/* --- interrupts ------------------------------------------------------------------- */

static bool is_open(unsigned line)
{
    return arch_host.lines_open >> line & 1;
}

static void info_is(uint64_t line, uint64_t count, uint64_t coalesced, uint64_t lost)
{
    CHECK_EQ(CALL(alice.thread, line, IRQ_INFO), 0);
    CHECK_EQ(WORD(alice.thread, 0), count);
    CHECK_EQ(WORD(alice.thread, 1), coalesced);
    CHECK_EQ(WORD(alice.thread, 2), lost);
}

TEST(hardware, a_level_line_is_masked_at_once, "an edge line at its 16th, until the ack")
{
    world_begin();
    t = alice.thread;
    uint64_t line = LINES(LINE, 1), n = make_notification(&alice);
    CHECK(!is_open(LINE));
    for (unsigned level = 0; level < 2; level++) {
        uint64_t most = level ? 1 : EDGES, ends = arch_host.irq_ends;

        arch_host.lines_level = (uint64_t)level << LINE;
        CHECK_EQ(CALL(t, line, IRQ_BIND, n, 1), 0);
        CHECK_EQ(CALL(t, line, IRQ_BIND, n, 1), -PHX_EXISTS);
        for (uint64_t i = 1; i <= most; i++) {
            CHECK(is_open(LINE));
            kernel_irq(LINE, false);
        }
        CHECK(!is_open(LINE));
        kernel_irq(LINE, false); /* that was on its way */
        CHECK_EQ(arch_host.irq_ends, ends + most + 1);
        info_is(line, most, most - 1, !level);
        CHECK_EQ(CALL(t, line, IRQ_ACK), 0);
        CHECK(is_open(LINE));
        kernel_irq(LINE, false);
        info_is(line, most + 1, most - 1, !level);
        CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~0UL), 0);
        CHECK_EQ(WORD(t, 0), 1);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, n), 0);
        CHECK(!is_open(LINE));
        kernel_irq(LINE, false);
        n = make_notification(&alice);
    }
    arch_host.lines_level = 0;
    world_end();
}

TEST(hardware, a_line_ends_with_what_it_was_bound_by,
    "the line's hold or the notification's, revoked")
{
    world_begin();
    t = alice.thread;
    uint64_t all = whole(BOSS_IRQ), n = make_notification(&alice);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(CALL(t, all, IRQ_RANGE, LINE, 1), 0);
        uint64_t line = WORD(t, 0);
        CHECK_EQ(CALL(t, n, CAPABILITY_DERIVE, NOTIFICATION_M_SIGNAL), 0);
        uint64_t teller = WORD(t, 0);
        CHECK_EQ(CALL(t, line, IRQ_BIND, teller, 1), 0);
        CHECK_EQ(CALL(t, LINES(LINE + 1, 1), IRQ_BIND, n, 2), 0);
        CHECK_EQ(CALL(t, i ? n : all, CAPABILITY_REVOKE, 0), 0);
        CHECK(!is_open(LINE) && is_open(LINE + 1));
        kernel_irq(LINE, false);
        CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~0UL), 0);
        CHECK_EQ(WORD(t, 0), 0);
        CHECK_EQ(CALL(t, LINES(LINE, 1), IRQ_BIND, n, 1), 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, teller), 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, n), 0);
        CHECK(!is_open(LINE) && !is_open(LINE + 1));
        n = make_notification(&alice);
    }
    world_end();
}

TEST(hardware, a_line_ends_with_its_process, "and the next can have it")
{
    for (unsigned i = 0; i < 2; i++) {
        world_begin();
        CHECK(!is_open(LINE));
        CHECK_EQ(CALL(alice.thread, LINES(LINE, 1), IRQ_BIND, make_notification(&alice), 1), 0);
        CHECK(is_open(LINE));
        world_end();
    }
    CHECK(!is_open(LINE));
}

/* --- device memory ------------------------------------------------------------------ */

TEST(hardware, registers_are_mapped_as_such, "never executed, no buffer, and gone after a revoke")
{
    world_begin();
    t = alice.thread;
    uint64_t all = whole(BOSS_REGISTERS), space = SLOT(SPACE);
    CHECK_EQ(CALL(t, all, DEVICE_MEMORY_RANGE, REGISTERS, 2), 0);
    uint64_t registers = WORD(t, 0);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP, registers, FAR, 1, 2, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP, registers, FAR, 0, 1, 4), DENIED);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP, SLOT(CLOCK), FAR, 0, 1, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP, registers, FAR, 0, 2, READ_WRITE), 0);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_PROTECT, FAR, 2, PHX_PROT_READ), 0);
    const pte_t *pte = arch_pte(alice.process->space->root, FAR);
    CHECK(*pte & ARCH_PTE_DEVICE && arch_pte_present(*pte) && !(*pte & PTE_W));
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_PROTECT, FAR, 2, PHX_PROT_EXECUTE), DENIED);
    CHECK_EQ(CALL(t, SLOT(LOG), LOG_WRITE, FAR, 1), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, all, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(*pte, 0);
    CHECK_EQ(CALL(t, space, ADDRESS_SPACE_QUERY, FAR), -PHX_NOT_FOUND);
    world_end();
}

/* --- DMA ------------------------------------------------------------------------------ */

static uint64_t taken_at_flush, flushed;

static void on_flush(unsigned domain)
{
    CHECK(domain != 0);
    taken_at_flush = memory_taken();
    flushed++;
}

TEST(hardware, a_page_is_free_after_the_flush,
    "of a domain too: unmap, revoke, and the domain's end")
{
    world_begin();
    t = alice.thread;
    arch_host.dma_flush = on_flush;
    for (unsigned way = 0; way < 3; way++) {
        uint64_t domain = make_domain(0), frame = make_frame(&alice, 64);
        CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, FUNCTIONS(FUNCTION, 1)), 0);
        CHECK_EQ(CALL(t, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
        uint64_t child = WORD(t, 0);
        CHECK_EQ(CALL(t, domain, DMA_DOMAIN_MAP, child, FAR, 0, 64, READ_WRITE), 0);
        CHECK_EQ(entry(domain, FAR) & 0xfff, 3); /* read and write, and nothing else */
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, child), 0);
        if (way != 1)
            CHECK_EQ(SYS(t, PHX_OP_RELEASE, frame), 0);
        uint64_t before = memory_taken();
        flushed = 0;
        if (way == 0)
            CHECK_EQ(CALL(t, domain, DMA_DOMAIN_UNMAP, FAR, 64), 0);
        else if (way == 1)
            CHECK_EQ(CALL(t, frame, CAPABILITY_REVOKE, 1), 0);
        if (way < 2) {
            CHECK_EQ(flushed, 1);
            CHECK_EQ(taken_at_flush, before);
            CHECK(memory_taken() <= before - 64);
            CHECK_EQ(entry(domain, FAR), 0);
        }
        flushed = 0;
        before = memory_taken();
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, domain), 0);
        CHECK_EQ(arch_host.dma_roots[FUNCTION], ARCH_DMA_BLOCKED); /* before anything else */
        CHECK_EQ(taken_at_flush, before);
        settle();
        CHECK(memory_taken() <= before - (way == 2 ? 64 : 0));
    }
    arch_host.dma_flush = NULL;
    world_end();
}

TEST(hardware, a_function_has_one_domain, "and the domain one function, until either is taken away")
{
    world_begin();
    t = alice.thread;
    uint64_t all = whole(BOSS_FUNCTIONS), domain = make_domain(0), second = make_domain(0);
    CHECK_EQ(CALL(t, all, PCI_FUNCTION_RANGE, FUNCTION, 2), 0);
    uint64_t two = WORD(t, 0);
    CHECK_EQ(CALL(t, two, PCI_FUNCTION_RANGE, FUNCTION, 1), 0);
    uint64_t one = WORD(t, 0);
    CHECK_EQ(CALL(t, two, PCI_FUNCTION_RANGE, FUNCTION + 1, 1), 0);
    uint64_t other = WORD(t, 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, two), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, SLOT(CLOCK)), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, one), 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, other), -PHX_EXISTS);
    CHECK_EQ(CALL(t, second, DMA_DOMAIN_ATTACH, one), -PHX_EXISTS);
    CHECK_EQ(CALL(t, second, DMA_DOMAIN_ATTACH, other), 0);
    CHECK_EQ(CALL(t, all, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(arch_host.dma_roots[FUNCTION], ARCH_DMA_BLOCKED);
    CHECK_EQ(arch_host.dma_roots[FUNCTION + 1], ARCH_DMA_BLOCKED);
    CHECK_EQ(CALL(t, all, PCI_FUNCTION_RANGE, FUNCTION, 1), 0);
    CHECK_EQ(CALL(t, second, DMA_DOMAIN_ATTACH, WORD(t, 0)), 0);
    world_end();
}

TEST(hardware, no_more_functions_are_attached_than_domains_have_numbers, "63")
{
    world_begin();
    t = alice.thread;
    uint64_t domains[64];
    for (unsigned i = 0; i < 64; i++) {
        domains[i] = make_domain(0);
        CHECK_EQ(CALL(t, domains[i], DMA_DOMAIN_ATTACH, FUNCTIONS(i, 1)),
            i < 63 ? 0 : -PHX_OUT_OF_MEMORY);
    }
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, domains[7]), 0);
    CHECK_EQ(CALL(t, domains[63], DMA_DOMAIN_ATTACH, FUNCTIONS(7, 1)), 0);
    world_end();
}

TEST(hardware, unconfined_must_be_allowed, "and is what the domain's own methods say")
{
    world_begin();
    t = alice.thread;
    uint64_t domain = make_domain(1), function = FUNCTIONS(FUNCTION, 1),
             frame = make_frame(&alice, 2);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_DMA_DOMAIN, 2), -PHX_INVALID_ARGUMENT);
    CHECK(cap_row(&alice.process->table, domain)->methods & DMA_DOMAIN_M_UNCONFINED);
    CHECK(!(cap_row(&alice.process->table, make_domain(0))->methods & DMA_DOMAIN_M_UNCONFINED));
    CHECK_EQ(CALL(t, function, CAPABILITY_DERIVE, PCI_FUNCTION_M_ATTACH), 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, WORD(t, 0)), DENIED);
    CHECK_EQ(CALL(t, function, CAPABILITY_DERIVE, PCI_FUNCTION_M_ATTACH_UNCONFINED), 0);
    uint64_t only = WORD(t, 0);
    CHECK_EQ(CALL(t, make_domain(0), DMA_DOMAIN_ATTACH, only), DENIED);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, only), 0);
    CHECK_EQ(arch_host.dma_roots[FUNCTION], ARCH_DMA_EVERYTHING);
    CHECK_EQ(CALL(t, frame, FRAME_INFO), 0);
    uint64_t at = WORD(t, 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_MAP, frame, at, 1, 1, READ_WRITE), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_MAP, frame, at + 4096, 1, 1, READ_WRITE), 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_MAP, frame, at, 0, 1, 4), -PHX_INVALID_ARGUMENT);
    arch_host.has_dma_unit = false;
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_DMA_DOMAIN, 0), -PHX_NOT_SUPPORTED);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_DMA_DOMAIN, 1), 0);
    world_end();
}

TEST(hardware, a_refused_transfer_is_told_to_its_domain, "once, until somebody asks")
{
    world_begin();
    t = alice.thread;
    uint64_t domain = make_domain(0), other = make_domain(0), n = make_notification(&alice);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_ATTACH, FUNCTIONS(FUNCTION, 1)), 0);
    CHECK_EQ(CALL(t, other, DMA_DOMAIN_ATTACH, FUNCTIONS(FUNCTION + 1, 1)), 0);
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_WATCH, n, 32), 0);
    arch_host.dma_fault = (struct arch_dma_fault){0x5000, FUNCTION, 5};
    kernel_irq(ARCH_IRQ_DMA, false);
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~0UL), 0);
    CHECK_EQ(WORD(t, 0), 32);
    uint64_t sets = arch_host.dma_sets;
    CHECK_EQ(CALL(t, domain, DMA_DOMAIN_INFO), 0);
    CHECK_EQ(WORD(t, 0), 1);
    CHECK_EQ(WORD(t, 1), 0x5000);
    CHECK_EQ(WORD(t, 2), 5);
    CHECK_EQ(arch_host.dma_sets, sets + 1);
    CHECK_EQ(CALL(t, other, DMA_DOMAIN_INFO), 0);
    CHECK_EQ(WORD(t, 0), 0);
    world_end();
}

/* The first to run: it makes the machine a lonely one. */
TEST(hardware, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    size_t count = sizeof scenarios / sizeof scenarios[0];

    scenarios_run(scenarios, count - 1, IFACE_IRQ, IFACE_DMA_DOMAIN, &t);
    scenarios_run(scenarios + count - 1, 1, IFACE_PCI_FUNCTION, IFACE_PCI_FUNCTION, &t);
}
