/* SPDX-License-Identifier: MIT */
/*
 * COM1, the one line to the host, and 64 random bits.
 *
 * Output waits for the device. Input, whose interrupt is a driver's, waits in the device's
 * FIFO (and with it the sender, where there is flow control, as in an emulator). The line was
 * set up before the kernel ran (early.c).
 *
 * Spec   PC16550D; Intel SDM 2B RDRAND
 */
#include "machine.h"

static struct {
    unsigned sure; /* bytes that are there for certain */
    bool is_idle;  /* it was: all that is there is taken, with a look at each */
} input;

void arch_serial_write(const void *bytes, size_t length)
{
    uart_write(bytes, length);
}

/*
 * At the trigger level it is known how many bytes are there without a look at each: a
 * port access is what reading costs in an emulator. What is below the level is left
 * until more came or the line is idle, which are interrupts: whoever takes bytes one by
 * one as they come is never done with them. A device that is not there has no cause.
 */
int arch_serial_read(void)
{
    if (input.sure == 0) {
        uint32_t cause = arch_port_in(UART_IIR, 1) & UART_IIR_CAUSE;

        if (cause == UART_IIR_RECEIVE)
            input.sure = UART_TRIGGER;
        else if (cause == UART_IIR_IDLE || input.is_idle)
            input.sure = input.is_idle = arch_port_in(UART_LSR, 1) & UART_LSR_DATA;
    }
    if (input.sure == 0)
        return -1;
    input.sure--;
    return (int)arch_port_in(UART_DATA, 1);
}

/* 0: there is no generator, or it is empty. */
static uint64_t from_cpu(void)
{
    uint64_t value = 0;
    uint8_t ok = 0;

    for (unsigned tries = 0; cpuid(1, 0).ecx >> 30 & 1 && !ok && tries < 10; tries++)
        __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(ok) : : "cc");
    return value;
}

/* The CPU's generator alone is not trusted: how long instructions take is mixed in,
 * and where there is no generator, that is all there is and takes more of them. Each step
 * is a bijection of the state (splitmix64's), so nothing that went in is lost. */
uint64_t arch_random(void)
{
    static uint64_t state;
    uint64_t fresh = from_cpu();
    uint64_t mixed = state ^ fresh;

    for (unsigned i = 0; i < (fresh != 0 ? 4 : 64); i++) {
        mixed = (mixed ^ arch_tsc()) + 0x9e3779b97f4a7c15;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        mixed ^= mixed >> 31;
        (void)cpuid(0, 0); /* serializes: takes a time that varies */
    }
    state = mixed;
    return mixed ^ from_cpu();
}
