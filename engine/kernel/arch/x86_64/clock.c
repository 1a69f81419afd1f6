/* SPDX-License-Identifier: MIT */
/*
 * How fast the TSC and the APIC timer count, and the timer itself.
 *
 * Both are compared with a counter whose frequency is known: under QEMU and KVM the APIC
 * timer itself, which counts nanoseconds there; elsewhere the 8254. A comparison takes two
 * readings; each is the tightest of a few, because what an emulator or a system
 * management interrupt takes out of one of them would be an error of the clock.
 *
 * Spec   Intel SDM 3A 10.5.4; 3B 18.7.3; 8254
 */
#include "machine.h"

#define READINGS 5
#define SECOND_NS 1000000000UL
#define CLOCK_SHIFT 32
/* Looks at a counter, 100 ns each at least: longer than any window, then it stands. */
#define LOOKS_MAX 100000
#define TIMER_NS_MAX (1UL << 31)

struct arch_clock arch_clock;
static uint64_t tsc_hz = SECOND_NS, timer_hz = SECOND_NS; /* where nothing tells */

static uint32_t read_timer(void)
{
    return ~apic[APIC_TIMER_CURRENT];
}

static uint32_t read_pit(void)
{
    arch_port_out(PIT_COMMAND, 1, PIT_LATCH2);
    uint32_t low = arch_port_in(PIT_CHANNEL2, 1);

    return ~(low | arch_port_in(PIT_CHANNEL2, 1) << 8);
}

static bool has_nanosecond_timer(void)
{
    bool is_hypervisor = cpuid(1, 0).ecx >> 31 & 1;
    uint32_t name = cpuid(0x40000000, 0).ebx;

    return is_hypervisor && (name == 0x54474354 || name == 0x4b4d564b); /* TCGT, KVMK */
}

/* What counts up to `mask`, and how long it is watched. */
static const struct reference {
    uint32_t (*read)(void);
    uint32_t mask, hz, window;
} nanoseconds = { read_timer, UINT32_MAX, SECOND_NS, SECOND_NS / 10000 },
  pit = { read_pit, 0xffff, PIT_HZ, PIT_HZ / 100 };

struct reading {
    uint64_t tsc;
    uint32_t count, timer;
};

static struct reading read_tight(const struct reference *r)
{
    struct reading best = { 0, 0, 0 };
    uint64_t best_width = ~0UL;

    for (unsigned i = 0; i < READINGS; i++) {
        uint64_t before = arch_tsc();
        uint32_t count = r->read(), timer = read_timer();
        uint64_t width = arch_tsc() - before;

        if (width < best_width) {
            best_width = width;
            best = (struct reading){ before + width / 2, count, timer };
        }
    }
    return best;
}

static void find_frequencies(const struct reference *r)
{
    apic[APIC_TIMER_INITIAL] = UINT32_MAX;
    struct reading first = read_tight(r);
    unsigned looks = 0;

    while (((r->read() - first.count) & r->mask) < r->window && looks < LOOKS_MAX)
        looks++;
    struct reading last = read_tight(r);
    uint64_t ticks = (last.count - first.count) & r->mask;

    apic[APIC_TIMER_INITIAL] = 0;
    if (ticks < r->window)
        return;
    tsc_hz = (last.tsc - first.tsc) * r->hz / ticks;
    if (r != &nanoseconds)
        timer_hz = (uint64_t)(last.timer - first.timer) * r->hz / ticks;
}

/* --- what the others use ----------------------------------------------------- */

void clock_init(void)
{
    arch_port_out(PIT_GATE, 1, (arch_port_in(PIT_GATE, 1) & ~2u) | 1); /* gate on, speaker off */
    arch_port_out(PIT_COMMAND, 1, PIT_CHANNEL2_MODE0);
    arch_port_out(PIT_CHANNEL2, 1, 0xff);
    arch_port_out(PIT_CHANNEL2, 1, 0xff);
    find_frequencies(has_nanosecond_timer() ? &nanoseconds : &pit);
    arch_clock.tsc_base = arch_tsc();
    arch_clock.multiplier = (SECOND_NS << CLOCK_SHIFT) / tsc_hz;
    arch_clock.shift = CLOCK_SHIFT;
}

void clock_wait_us(unsigned us)
{
    uint64_t start = arch_tsc();

    while (arch_tsc() - start < tsc_hz / 1000000 * us)
        arch_pause();
}

/* The counter has 32 bits: enough for 2 s of a timer below 2 GHz. */
void arch_timer_arm(uint64_t ns)
{
    uint64_t ticks = (ns < TIMER_NS_MAX ? ns : TIMER_NS_MAX) * timer_hz / SECOND_NS;

    apic[APIC_TIMER_INITIAL] = ns != 0 && ticks == 0 ? 1 : (uint32_t)ticks;
}
