/* SPDX-License-Identifier: MIT */
/*
 * Turning the machine off, restarting it, and 64 random bits.
 *
 * The ways down are tried in order: each either ends the machine or does nothing.
 *
 * Spec   ACPI 6.4 4.8.3.2.1, 4.8.3.7, 16.1; QEMU docs/specs, isa-debug-exit
 */
#include "command_line.h"
#include "machine.h"
#include "port.h"

/* SLP_TYP of "soft off" is in AML; these are the values of the machines that are
 * supported: QEMU's chip sets, and its hardware-reduced ACPI. */
#define SLEEP_TYPE_OFF 0
#define SLEEP_TYPE_OFF_REDUCED 5

static uint16_t exit_port;
static bool is_framed; /* the other side of COM1 is a program, not a person */

void power_init(const char *command_line)
{
    exit_port = command_line_exit_port(command_line);
    is_framed = command_line_is_framed(command_line);
}

static void write_register(struct acpi_register r, uint8_t value)
{
    if (r.space == ACPI_PORT)
        out8((uint16_t)r.address, value);
    else if (r.space == ACPI_MEMORY)
        *(volatile uint8_t *)r.address = value;
}

static _Noreturn void stop(void)
{
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

_Noreturn void arch_shutdown(unsigned status)
{
    static const char text[] = "\r\nThis machine can be switched off now.\r\n";
    uint16_t off = SLEEP_TYPE_OFF << PM1_SLP_TYP_SHIFT | PM1_SLP_EN;

    if (exit_port != 0)
        out32(exit_port, status);
    write_register(acpi.sleep_control,
                   SLEEP_TYPE_OFF_REDUCED << SLEEP_CONTROL_TYP_SHIFT | SLEEP_CONTROL_EN);
    if (acpi.pm1a_control != 0)
        out16(acpi.pm1a_control, off);
    if (acpi.pm1b_control != 0)
        out16(acpi.pm1b_control, off);
    clock_wait_us(10000);
    if (!is_framed)
        arch_serial_write(text, sizeof text - 1);
    stop();
}

_Noreturn void arch_reboot(void)
{
    write_register(acpi.reset, acpi.reset_value);
    clock_wait_us(10000);
    out8(RESET_CONTROL, RESET_FULL & ~4);
    out8(RESET_CONTROL, RESET_FULL);
    clock_wait_us(10000);
    out8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
    clock_wait_us(10000);
    stop();
}

/* 0: there is no generator, or it is empty. */
static uint64_t from_cpu(void)
{
    uint64_t value = 0;
    uint8_t ok = 0;

    for (unsigned tries = 0; cpuid(7, 0).ebx >> 18 & 1 && tries < 10; tries++) {
        __asm__ volatile("rdseed %0\n\tsetc %1" : "=r"(value), "=qm"(ok) : : "cc");
        if (ok)
            return value;
    }
    for (unsigned tries = 0; cpuid(1, 0).ecx >> 30 & 1 && tries < 10; tries++) {
        __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(ok) : : "cc");
        if (ok)
            return value;
    }
    return 0;
}

/* The CPU's generator alone is not trusted: how long instructions take is mixed in,
 * and where there is no generator, that is all there is and takes more of them. Each step
 * is a bijection of the state (splitmix64's), so nothing that went in is lost. */
uint64_t arch_random(void)
{
    static uint64_t state;
    uint64_t fresh = from_cpu();
    uint64_t mixed = __atomic_load_n(&state, __ATOMIC_RELAXED) ^ fresh;

    for (unsigned i = 0; i < (fresh != 0 ? 4 : 64); i++) {
        mixed = (mixed ^ arch_tsc()) + 0x9e3779b97f4a7c15;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        mixed ^= mixed >> 31;
        (void)cpuid(0, 0); /* serializes: takes a time that varies */
    }
    __atomic_store_n(&state, mixed, __ATOMIC_RELAXED);
    return mixed ^ from_cpu();
}
