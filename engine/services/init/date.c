/* SPDX-License-Identifier: MIT */
/*
 * What day it is, from the clock that a PC keeps while it is off; the kernel is told, once.
 *
 * Where init was not granted `ioPort`, where there is no such clock, or none that holds,
 * the kernel is told that it began in 1970, so that nobody else can tell it later.
 *
 * Spec  MC146818
 */
#include "init.h"

#include "rt/rt.h"

#define RTC_PORTS 0x70 /* which register, and what it has */
#define RTC_STATUS_A 0x0a
#define RTC_UPDATING 0x80
#define SECOND_NS UINT64_C(1000000000)

static uint64_t ports; /* 0: none */

static uint64_t rtc_byte(uint64_t index)
{
    struct io_port_in_out out = {.value = 0xff};

    if (io_port_out(ports, RTC_PORTS, 1, index) == 0)
        io_port_in(ports, RTC_PORTS + 1, 1, &out);
    return out.value;
}

/* A field, which every PC keeps in BCD. */
static uint64_t rtc_field(uint64_t index)
{
    uint64_t value = rtc_byte(index);

    return (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01 of a date after 2000-02-28, in the proleptic Gregorian way. */
static uint64_t days_from_civil(uint64_t year, uint64_t month, uint64_t day)
{
    uint64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* Of a clock of 24 hours, as every PC's is; 0: that is no date, or it went on meanwhile. */
static uint64_t seconds_once(void)
{
    uint64_t second = rtc_field(0), minutes = rtc_field(4) * 60 + rtc_field(2);
    uint64_t year = 2000 + rtc_field(9), month = rtc_field(8), day = rtc_field(7);

    if (month < 1 || month > 12 || day < 1 || day > 31 || rtc_field(0) != second)
        return 0;
    return days_from_civil(year, month, day) * 86400 + minutes * 60 + second;
}

/* Outside of an update; 0: there is no clock, or none that holds. */
static uint64_t seconds_now(void)
{
    for (unsigned tries = 0; tries < 10000; tries++) {
        uint64_t status = rtc_byte(RTC_STATUS_A);
        uint64_t seconds = status & RTC_UPDATING ? 0 : seconds_once();

        if (status == 0xff || seconds != 0)
            return seconds;
    }
    return 0;
}

void tell_date(void)
{
    struct clock_now_out now = {0};
    uint64_t ns;

    ports = rt_cap("ioPort");
    ns = ports != 0 ? seconds_now() * SECOND_NS : 0;
    clock_now(rt_cap("clock"), &now);
    clock_begin(rt_cap("clock"), ns > now.ns ? ns - now.ns : 1);
}
