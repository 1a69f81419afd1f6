/* SPDX-License-Identifier: MIT */
/*
 * COM1, the one line to the host. Output waits for the device, input comes with its
 * interrupt; while that is off, bytes wait in the device's FIFO (and with them the
 * sender, where there is flow control, as in an emulator).
 *
 * Spec   PC16550D
 */
#include "machine.h"
#include "uart.h"

static bool is_present;

void serial_init(void)
{
    is_present = uart_init();
}

void arch_serial_write(const void *bytes, size_t length)
{
    if (is_present)
        uart_write(bytes, length);
}

int arch_serial_read(void)
{
    if (!is_present || !(in8(COM1 + UART_LSR) & UART_LSR_DATA))
        return -1;
    return in8(COM1 + UART_DATA);
}

/* Switching it on raises the line for bytes that wait already. */
void arch_serial_interrupt(bool on)
{
    if (is_present)
        out8(COM1 + UART_IER, on ? UART_IER_RECEIVE : 0);
}
