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

/* The CPU's generator alone is not trusted: how long instructions take is mixed in,
 * and where there is no generator, that is all there is and takes more of them. Each step
 * is a bijection of the state (splitmix64's), so nothing that went in is lost. */
uint64_t arch_random(void)
{
    static uint64_t state;
    bool has_rdrand = cpuid(1, 0).ecx >> 30 & 1;

    for (unsigned i = 0; i < (has_rdrand ? 4 : 64); i++) {
        uint64_t fresh = 0;

        if (has_rdrand)
            __asm__ volatile("rdrand %0" : "=r"(fresh) : : "cc"); /* 0: it is empty */
        state = (state ^ fresh ^ arch_tsc()) + 0x9e3779b97f4a7c15;
        state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
        state = (state ^ state >> 27) * 0x94d049bb133111eb;
        state ^= state >> 31;
        (void)cpuid(0, 0); /* serializes: takes a time that varies */
    }
    return state;
}
