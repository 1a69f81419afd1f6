/* SPDX-License-Identifier: MIT */
/*
 * The CMOS clock and the timer: ports and edge interrupts.
 *
 * Spec  MC146818; 8254
 */
#include "devices.h"

#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_A 10
#define RTC_A_64_HZ 0x2a
#define RTC_B 11
#define RTC_B_PERIODIC 0x40
#define RTC_C 12 /* reading it takes the interrupt back */
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_RATE 0x34    /* channel 0, both bytes, mode 2 */
#define PIT_NOTHING 0x30 /* mode 0, and no count: never */
#define PIT_HZ 1193182
#define EDGES_MAX 16

uint64_t port_in(uint64_t ports, uint64_t port)
{
    struct io_port_in_out out = {0};

    io_port_in(ports, port, 1, &out);
    return out.value;
}

void port_out(uint64_t ports, uint64_t port, uint64_t value)
{
    io_port_out(ports, port, 1, value);
}

static uint64_t rtc_read(uint64_t ports, uint64_t index)
{
    port_out(ports, RTC_INDEX, index);
    return port_in(ports, RTC_DATA);
}

static void rtc_write(uint64_t ports, uint64_t index, uint64_t value)
{
    port_out(ports, RTC_INDEX, index);
    port_out(ports, RTC_DATA, value);
}

void pit_start(uint64_t ports, uint64_t hz)
{
    port_out(ports, PIT_COMMAND, hz ? PIT_RATE : PIT_NOTHING);
    for (unsigned i = 0; hz && i < 2; i++)
        port_out(ports, PIT_CHANNEL0, PIT_HZ / hz >> 8 * i & 0xff);
}

static void clock_ticks(uint64_t ports, uint64_t line)
{
    uint64_t told = notification(), start, taken, got = 0;
    struct irq_info_out info = {0};

    check("a_line_is_bound", irq_bind(line, told, 4) == 0, "no");
    check("and_by_one_only", irq_bind(line, told, 4) == -PHX_EXISTS, "twice");
    rtc_write(ports, RTC_A, RTC_A_64_HZ);
    rtc_write(ports, RTC_B, rtc_read(ports, RTC_B) | RTC_B_PERIODIC);
    rtc_read(ports, RTC_C);
    start = now();
    while (got < 32 && wait_ms(told, 500) == 4) {
        rtc_read(ports, RTC_C);
        irq_ack(line);
        got++;
    }
    taken = (now() - start) / MS;
    rtc_write(ports, RTC_B, rtc_read(ports, RTC_B) & ~UINT64_C(RTC_B_PERIODIC));
    irq_info(line, &info);
    say("32 interrupts of the CMOS clock at 64 Hz in %lu ms", taken);
    check("the_cmos_clock_interrupts_64_times_a_second",
        got == 32 && info.count >= 32 && info.lost == 0 && taken > 400 && taken < 8000,
        "%lu told, %lu counted, %lu lost, %lu ms", got, info.count, info.lost, taken);
    phx_release(told);
    check("the_line_is_free_when_nobody_is_told", irq_ack(line) == -PHX_INVALID_STATE, "bound");
}

static void refused_ports(uint64_t ports)
{
    struct io_port_in_out out = {0};
    struct io_port_range_out range = {0};
    uint64_t reader = without(ports, IO_PORT_M_OUT), child;

    check("ports_behind_the_range_are_refused",
        io_port_in(ports, RTC_DATA + 1, 1, &out) == -PHX_PERMISSION_DENIED &&
            io_port_in(ports, RTC_INDEX - 1, 1, &out) == -PHX_PERMISSION_DENIED &&
            io_port_in(ports, RTC_DATA, 2, &out) == -PHX_PERMISSION_DENIED &&
            io_port_out(ports, 0xf4, 1, 0) == -PHX_PERMISSION_DENIED &&
            io_port_in(ports, UINT64_MAX, 4, &out) == -PHX_PERMISSION_DENIED &&
            io_port_in(ports, 0x10000 + RTC_INDEX, 1, &out) == -PHX_PERMISSION_DENIED,
        "one was not");
    check("widths_are_1_2_and_4",
        io_port_in(ports, RTC_INDEX, 0, &out) == -PHX_INVALID_ARGUMENT &&
            io_port_in(ports, RTC_INDEX, 3, &out) == -PHX_INVALID_ARGUMENT &&
            io_port_in(ports, RTC_INDEX, 2, &out) == 0,
        "not so");
    check("a_range_is_only_made_narrower",
        io_port_range(ports, RTC_DATA, 2, &range) == -PHX_PERMISSION_DENIED &&
            io_port_range(ports, RTC_DATA, 0, &range) == -PHX_INVALID_ARGUMENT &&
            io_port_range(ports, RTC_DATA, 1, &range) == 0,
        "not so");
    child = range.io_port;
    check("and_has_what_it_names",
        io_port_in(child, RTC_DATA, 1, &out) == 0 &&
            io_port_in(child, RTC_INDEX, 1, &out) == -PHX_PERMISSION_DENIED,
        "not so");
    check("who_may_only_read_cannot_write",
        io_port_out(reader, RTC_INDEX, 1, 0) == -PHX_PERMISSION_DENIED &&
            io_port_in(reader, RTC_INDEX, 1, &out) == 0,
        "it can");
    capability_revoke(ports, 0);
    check("a_revoked_range_reads_nothing", io_port_in(child, RTC_DATA, 1, &out) == -PHX_REVOKED,
        "it does");
    phx_release(child);
    phx_release(reader);
}

/* Has no port: not by a capability, and not by the instruction. */
int role_ports(void)
{
    struct io_port_in_out out = {0};
    uint32_t value = 0;

    if (io_port_in(rt_cap("reader"), RTC_INDEX, 1, &out) != -PHX_PERMISSION_DENIED)
        return 1;
    if (io_port_in(rt_cap("nothing"), RTC_INDEX, 1, &out) != -PHX_INVALID_CAPABILITY)
        return 2;
    __asm__ volatile("inb $0x71, %b0" : "+a"(value));
    return 3;
}

static void stranger(uint64_t ports)
{
    const struct proc_grant grants[] = {{"reader", ports, IO_PORT_M_OUT, 0}};
    struct proc proc;
    uint64_t status = spawn("ports", grants, 1, &proc) ? wait_dead(&proc) : 0;

    check("a_program_without_a_port_has_no_instruction_for_it_either", status == 11, "status 0x%lx",
        status);
}

static volatile uint64_t work;

/* Nobody acknowledges: 16 edges are let in, and then no more, whatever the timer does. */
static void storm(uint64_t ports, uint64_t line)
{
    uint64_t told = notification(), start, quiet, loud;
    struct irq_info_out info = {0};

    for (start = now(), work = 0; now() - start < 200 * MS; work++)
        continue;
    quiet = work;
    irq_bind(line, told, 1);
    pit_start(ports, 20000);
    for (unsigned i = 0; i < 200 && info.lost < 1; i++) {
        sleep_ms(10);
        irq_info(line, &info);
    }
    for (start = now(), work = 0; now() - start < 200 * MS; work++)
        continue;
    loud = work;
    irq_info(line, &info);
    say("a storm of 20000 interrupts a second: %lu came, %lu coalesced; work %lu where it was %lu",
        info.count, info.coalesced, loud, quiet);
    check("a_storm_that_nobody_looks_after_is_16_interrupts",
        info.count == EDGES_MAX && info.coalesced == EDGES_MAX - 1 && info.lost == 1 &&
            poll(told) == 1 && loud > quiet / 20,
        "%lu, %lu coalesced, %lu lost, work %lu of %lu", info.count, info.coalesced, info.lost,
        loud, quiet);
    irq_ack(line);
    for (unsigned i = 0; i < 200 && info.lost < 2; i++) {
        sleep_ms(10);
        irq_info(line, &info);
    }
    check("after_the_ack_it_is_let_in_again", info.count == 2 * EDGES_MAX && info.lost == 2,
        "%lu, %lu lost", info.count, info.lost);
    pit_start(ports, 0);
    phx_release(told);
}

static void timer_ticks(uint64_t ports, uint64_t line)
{
    uint64_t told = notification(), got = 0, start = now(), taken;
    struct irq_info_out info = {0};

    irq_bind(line, told, 1);
    pit_start(ports, 200);
    while (got < 50 && wait_ms(told, 500) == 1) {
        irq_ack(line);
        got++;
    }
    taken = (now() - start) / MS;
    irq_info(line, &info);
    pit_start(ports, 0);
    say("50 interrupts of the timer at 200 Hz in %lu ms", taken);
    check("the_timer_interrupts_200_times_a_second",
        got == 50 && info.lost == 0 && taken > 150 && taken < 8000, "%lu told, %lu lost, %lu ms",
        got, info.lost, taken);
    phx_release(told);
}

void test_clocks(void)
{
    refused_ports(rt_cap("rtcPorts"));
    stranger(rt_cap("rtcPorts"));
    clock_ticks(rt_cap("rtcPorts"), rt_cap("rtcLine"));
    timer_ticks(rt_cap("pitPorts"), rt_cap("pitLine"));
    storm(rt_cap("pitPorts"), rt_cap("pitLine"));
}
