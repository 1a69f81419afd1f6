/* SPDX-License-Identifier: MIT */
/*
 * How fast the TSC and the APIC timer count, and what time it is.
 *
 * Frequencies come from CPUID where it says them. Else both counters are compared with
 * one whose frequency is known: under QEMU and KVM the APIC timer itself, which counts
 * nanoseconds there; on real machines ACPI's timer or the 8254. A comparison takes two
 * readings; each is the tightest of a few, because what an emulator or a system
 * management interrupt takes out of one of them would be an error of the clock. A
 * counter that is missing or stands still costs a bounded time and is not believed.
 *
 * Spec   Intel SDM 2A CPUID 15H, 16H; 3B 18.7.3; ACPI 6.4 4.8.3.3; 8254; MC146818
 */
#include "machine.h"
#include "port.h"

#define READINGS 5
#define SECOND_NS 1000000000UL
/* Longer than any of the windows below at any TSC frequency; then the counter stands. */
#define STANDSTILL_TICKS (1UL << 29)
#define CLOCK_SHIFT 32

struct arch_clock arch_clock;
static uint64_t tsc_hz;

/* A counter of known frequency that counts up (down: its complement) to `mask`. */
struct reference {
    uint32_t (*read)(void);
    uint32_t mask;
    uint32_t hz;
    uint32_t window; /* ticks */
};

static uint32_t read_apic(void)
{
    return ~apic_timer_left();
}

static uint32_t read_pm(void)
{
    return in32(acpi.pm_timer);
}

static uint32_t read_pit(void)
{
    out8(PIT_COMMAND, PIT_LATCH2);
    uint32_t low = in8(PIT_CHANNEL2);

    return ~(low | (uint32_t)in8(PIT_CHANNEL2) << 8);
}

static void start_pit(void)
{
    out8(PIT_GATE, (uint8_t)((in8(PIT_GATE) & ~2) | 1)); /* gate on, speaker off */
    out8(PIT_COMMAND, PIT_CHANNEL2_MODE0);
    out8(PIT_CHANNEL2, 0xff);
    out8(PIT_CHANNEL2, 0xff);
}

struct reading {
    uint64_t tsc;
    uint32_t count, apic;
};

static struct reading read_tight(const struct reference *r)
{
    struct reading best = { 0, 0, 0 };
    uint64_t best_width = ~0UL;

    for (unsigned i = 0; i < READINGS; i++) {
        uint64_t before = arch_tsc();
        uint32_t count = r->read();
        uint64_t width = arch_tsc() - before;

        if (width >= best_width)
            continue;
        best_width = width;
        best = (struct reading){ before + width / 2, count, ~apic_timer_left() };
    }
    return best;
}

/* Both frequencies by comparison; false: the reference does not count. */
static bool compare(const struct reference *r)
{
    apic_timer_start(UINT32_MAX);
    struct reading first = read_tight(r);

    while (((r->read() - first.count) & r->mask) < r->window) {
        if (arch_tsc() - first.tsc > STANDSTILL_TICKS)
            return false;
        arch_pause();
    }
    struct reading last = read_tight(r);
    uint64_t ticks = (last.count - first.count) & r->mask;

    apic_timer_start(0);
    tsc_hz = (last.tsc - first.tsc) * r->hz / ticks;
    if (tsc_hz == 0 || last.apic == first.apic)
        return false;
    apic_timer_set_hz(r->read == read_apic ? r->hz
                                           : (uint64_t)(last.apic - first.apic) * r->hz / ticks);
    return true;
}

/* The first leaf of QEMU's own hypervisor or of KVM, 0: neither. */
static uint32_t hypervisor_leaf(void)
{
    if (!(cpuid(1, 0).ecx >> 31 & 1))
        return 0;
    for (uint32_t leaf = 0x40000000; leaf <= 0x40000100; leaf += 0x100) {
        struct cpuid r = cpuid(leaf, 0);

        if ((r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447) || /* TCGT... */
            (r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x0000004d))   /* KVMK... */
            return leaf;
    }
    return 0;
}

/* Both have an APIC timer of 1 GHz; KVM may know the TSC, too (its timing leaf). */
static bool told_by_hypervisor(uint32_t leaf, const struct reference *apic)
{
    uint32_t tsc_khz = cpuid(leaf, 0).eax >= leaf + 0x10 ? cpuid(leaf + 0x10, 0).eax : 0;

    if (tsc_khz == 0)
        return compare(apic);
    tsc_hz = tsc_khz * 1000UL;
    apic_timer_set_hz(apic->hz);
    return true;
}

/* What CPUID says; the crystal drives the APIC timer too. */
static bool told_by_cpuid(void)
{
    uint32_t max = cpuid(0, 0).eax;

    if (max < 0x15)
        return false;
    struct cpuid ratio = cpuid(0x15, 0);
    uint64_t crystal = ratio.ecx;

    if (ratio.eax == 0 || ratio.ebx == 0)
        return false;
    if (crystal == 0 && max >= 0x16)
        crystal = (uint64_t)cpuid(0x16, 0).eax * 1000000 * ratio.eax / ratio.ebx;
    if (crystal == 0)
        return false;
    tsc_hz = crystal * ratio.ebx / ratio.eax;
    apic_timer_set_hz(crystal);
    return true;
}

static void find_frequencies(void)
{
    /* 100 us; 10 ms for the slow ones. */
    static const struct reference apic = { read_apic, UINT32_MAX, 1000000000, 100000 };
    static const struct reference pm = { read_pm, 0xffffff, PM_TIMER_HZ, PM_TIMER_HZ / 100 };
    static const struct reference pit = { read_pit, 0xffff, PIT_HZ, PIT_HZ / 100 };

    uint32_t leaf = hypervisor_leaf();

    if (leaf != 0 ? told_by_hypervisor(leaf, &apic) : told_by_cpuid())
        return;
    if (acpi.pm_timer != 0 && compare(&pm))
        return;
    start_pit();
    if (compare(&pit))
        return;
    /* Nothing to compare with: the clock runs, at a speed that nobody knows. */
    tsc_hz = SECOND_NS;
    apic_timer_set_hz(SECOND_NS);
}

/* --- time of day ---------------------------------------------------------- */

static uint8_t rtc_read(uint8_t index)
{
    out8(RTC_INDEX, index);
    return in8(RTC_DATA);
}

struct rtc {
    uint8_t second, minute, hour, day, month, year;
};

static void rtc_read_all(struct rtc *t)
{
    *t = (struct rtc){ rtc_read(0), rtc_read(2), rtc_read(4),
                       rtc_read(7), rtc_read(8), rtc_read(9) };
}

/* Two equal readings outside an update; false: there is no clock, or none that holds. */
static bool rtc_stable(struct rtc *t)
{
    struct rtc again;

    for (unsigned tries = 0; tries < 10000; tries++) {
        uint8_t status = rtc_read(RTC_STATUS_A);

        if (status == 0xff)
            return false;
        if (status & RTC_UPDATING)
            continue;
        rtc_read_all(t);
        rtc_read_all(&again);
        if (__builtin_memcmp(t, &again, sizeof again) == 0)
            return true;
    }
    return false;
}

static unsigned from_bcd(unsigned value)
{
    return (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01 of a date after 2000-02-28, in the proleptic Gregorian way. */
static uint64_t days_from_civil(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return y * 365UL + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static uint64_t rtc_seconds(void)
{
    struct rtc t;

    if (!rtc_stable(&t))
        return 0;
    uint8_t status = rtc_read(RTC_STATUS_B);
    bool pm = t.hour & RTC_PM, is_binary = status & RTC_BINARY;
    unsigned hour, fields[6] = { t.second, t.minute, t.hour & 0x7f, t.day, t.month, t.year };

    for (unsigned i = 0; !is_binary && i < 6; i++)
        fields[i] = from_bcd(fields[i]);
    hour = status & RTC_24_HOURS ? fields[2] : fields[2] % 12 + (pm ? 12 : 0);
    if (fields[3] < 1 || fields[3] > 31 || fields[4] < 1 || fields[4] > 12)
        return 0;
    return ((days_from_civil(2000 + fields[5], fields[4], fields[3]) * 24 + hour) * 60 +
            fields[1]) * 60 + fields[0];
}

/* -------------------------------------------------------------------------- */

void clock_wait_us(unsigned us)
{
    uint64_t start = arch_tsc();

    while (arch_tsc() - start < tsc_hz / 1000000 * us)
        arch_pause();
}

void clock_init(void)
{
    find_frequencies();
    arch_clock.tsc_base = arch_tsc();
    arch_clock.multiplier = (SECOND_NS << CLOCK_SHIFT) / tsc_hz;
    arch_clock.shift = CLOCK_SHIFT;
    arch_clock.realtime_base = rtc_seconds() * SECOND_NS;
}
