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

static struct {
    unsigned sure; /* bytes that are there for certain */
    bool is_idle;  /* it was: all that is there is taken, with a look at each */
} input;

void serial_init(void)
{
    is_present = uart_init();
}

void arch_serial_write(const void *bytes, size_t length)
{
    if (is_present)
        uart_write(bytes, length);
}

/*
 * At the trigger level it is known how many bytes are there without a look at each: a
 * port access is what reading costs in an emulator. What is below the level is left
 * until more came or the line is idle, which are interrupts: whoever takes bytes one by
 * one as they come is never done with them.
 */
int arch_serial_read(void)
{
    if (!is_present)
        return -1;
    if (input.sure == 0) {
        uint8_t cause = in8(COM1 + UART_IIR) & UART_IIR_CAUSE;

        if (cause == UART_IIR_RECEIVE)
            input.sure = UART_TRIGGER;
        else if (cause == UART_IIR_IDLE)
            input.is_idle = true;
        else if (!input.is_idle)
            return -1;
    }
    if (input.sure == 0) {
        input.is_idle = in8(COM1 + UART_LSR) & UART_LSR_DATA;
        if (!input.is_idle)
            return -1;
        input.sure = 1;
    }
    input.sure--;
    return in8(COM1 + UART_DATA);
}

/* Switching it on raises the line for bytes that wait already. */
void arch_serial_interrupt(bool on)
{
    if (is_present)
        out8(COM1 + UART_IER, on ? UART_IER_RECEIVE : 0);
}
