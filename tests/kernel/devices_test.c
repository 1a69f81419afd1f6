/* SPDX-License-Identifier: MIT */
/*
 * The methods of what exists once, and of whatever interface is new: each works, and under any
 * scarcity it is refused cleanly. A method without a scenario fails the test.
 */
#include "attempt.h"

#include <string.h>

#define FAR 0x40000000u /* no table of its 1 GiB is there yet */

static struct thread *t; /* alice's, in every scenario */

static void now(void)
{
    uint64_t before = now_ns();
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CLOCK), CLOCK_NOW), 0);
    CHECK(WORD(t, 0) > before);
}

static void realtime(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CLOCK), CLOCK_REALTIME), 0);
}

static void calibration(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CLOCK), CLOCK_CALIBRATION), 0);
    CHECK_EQ(WORD(t, 2), 1);
}

static void begin_time(void)
{
    arch_clock.realtime_base = 0;
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CLOCK), CLOCK_BEGIN, 1000), 0);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CLOCK_BEGIN, 2000), -PHX_EXISTS);
    CHECK_EQ(CALL(t, SLOT(CLOCK), CLOCK_CALIBRATION), 0);
    CHECK_EQ(WORD(t, 4), 1000);
}

static void console_write(void)
{
    strcpy(at(&alice, MEMORY), "hello");
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CONSOLE_WRITE, MEMORY, 5), 0);
    CHECK_EQ(WORD(t, 0), 5);
    CHECK(memcmp(arch_host.serial + arch_host.serial_length - 5, "hello", 5) == 0);
}

static void stream(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CONSOLE_STREAM, 1), 0);
    uint64_t output = WORD(t, 0);
    CHECK_EQ(CALL(t, output, CONSOLE_WRITE, MEMORY, 1), 0);
    CHECK_EQ(CALL(t, output, CONSOLE_TAKE, MEMORY, 1), -PHX_PERMISSION_DENIED);
}

static void take(void)
{
    arch_host.input = "input";
    arch_host.input_length = 5;
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CONSOLE_TAKE, MEMORY, 100), 0);
    CHECK_EQ(WORD(t, 0), 5);
    CHECK_EQ(WORD(t, 1), 1);
    CHECK(memcmp(at(&alice, MEMORY), "input", 5) == 0);
}

static void fill(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ENTROPY), ENTROPY_FILL, MEMORY + 100, 64), 0);
}

static void shutdown_machine(void)
{
    expect_off();
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POWER), POWER_SHUTDOWN, 0x142), OFF);
    CHECK_EQ(arch_host.stop_reason, ARCH_HOST_SHUTDOWN);
    CHECK_EQ(arch_host.shutdown_status, 0x42);
}

static void reboot(void)
{
    expect_off();
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POWER), POWER_REBOOT), OFF);
    CHECK_EQ(arch_host.stop_reason, ARCH_HOST_REBOOT);
}

static void boot_frame(void)
{
    strcpy(direct(0x11000), "module");
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, 1, 2), 0);
    uint64_t frame = WORD(t, 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 2, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 2, PHX_PROT_READ), 0);
    CHECK_STR(at(&alice, FAR), "module");
}

static void boot_info(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_INFO), 0);
    CHECK_EQ(WORD(t, 0), kernel.boot->module_size);
}

static void log_line(void)
{
    strcpy(at(&alice, MEMORY), "a line");
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(LOG), LOG_WRITE, MEMORY, 6), 0);
}

static void log_text(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(LOG), LOG_READ, 0, MEMORY, 4096), 0);
    CHECK(WORD(t, 0) <= 4096);
}

static const struct scenario scenarios[] = {
    METHOD(CLOCK, NOW, now),
    METHOD(CLOCK, REALTIME, realtime),
    METHOD(CLOCK, CALIBRATION, calibration),
    METHOD(CLOCK, BEGIN, begin_time),
    METHOD(CONSOLE, WRITE, console_write),
    METHOD(CONSOLE, STREAM, stream),
    METHOD(CONSOLE, TAKE, take),
    METHOD(ENTROPY, FILL, fill),
    METHOD(POWER, SHUTDOWN, shutdown_machine),
    METHOD(POWER, REBOOT, reboot),
    METHOD(BOOT_PACKAGE, FRAME, boot_frame),
    METHOD(BOOT_PACKAGE, INFO, boot_info),
    METHOD(LOG, WRITE, log_line),
    METHOD(LOG, READ, log_text),
};

TEST(devices, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    scenarios_run(
        scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_CLOCK, IFACE_LOG, &t);
}
