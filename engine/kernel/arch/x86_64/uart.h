/* SPDX-License-Identifier: MIT */
/*
 * COM1 by polling, for the kernel and for the 32-bit code that runs before it. A line
 * is set up once only: emptying the FIFOs again would lose what is in them.
 */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "port.h"
#include "regs.h"

/* 115200 baud, 8N1, no interrupts yet. False: there is no COM1. */
static inline bool uart_init(void)
{
    out8(COM1 + UART_SCRATCH, 0x5a);
    if (in8(COM1 + UART_SCRATCH) != 0x5a)
        return false;
    out8(COM1 + UART_IER, 0);
    out8(COM1 + UART_LCR, UART_LCR_DIVISOR);
    out8(COM1 + UART_DATA, 1);
    out8(COM1 + UART_IER, 0);
    out8(COM1 + UART_LCR, UART_LCR_8N1);
    out8(COM1 + UART_FCR, UART_FCR_SETUP);
    out8(COM1 + UART_MCR, UART_MCR_SETUP);
    return true;
}

/* An empty transmitter takes a whole FIFO's worth without being asked again. */
static inline void uart_write(const uint8_t *bytes, size_t length)
{
    while (length != 0) {
        while (!(in8(COM1 + UART_LSR) & UART_LSR_THR_EMPTY))
            __asm__ volatile("pause");
        for (unsigned i = 0; i < UART_FIFO && length != 0; i++, length--)
            out8(COM1 + UART_DATA, *bytes++);
    }
}

#endif
