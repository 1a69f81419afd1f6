/* SPDX-License-Identifier: MIT */
/*
 * What a host sends over the serial line, from inside: a real one would send it at times
 * of its own, and no run would be like another. At each timer interrupt the UART is made
 * to hear itself (loopback, PC16550D 8.6) and given frames, whole ones mostly. Only where
 * a launcher would: with console=framed.
 */
#include "arch/x86_64/machine.h"

#include "kernel.h"
#include "phoenix/framing.h"

#define MCR_LOOPBACK 0x10

static uint64_t state = 1;

static uint64_t chance(uint64_t n)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % n;
}

static unsigned left; /* bytes of the frame that is on its way */

/* A header, and how many bytes come behind it. */
static void begin(uint8_t header[FRAMING_HEADER_SIZE])
{
    static const uint8_t types[] = { FRAMING_STDIN, FRAMING_STDIN, FRAMING_STDIN, FRAMING_STDIN,
                                     FRAMING_CONTROL, FRAMING_TERMINAL };
    uint8_t type = types[chance(sizeof types)];

    left = 1 + (unsigned)chance(chance(8) == 0 ? FRAMING_HOST_MAX : 9);
    if (type == FRAMING_CONTROL)
        left = 4;
    if (type == FRAMING_TERMINAL)
        left = 5;
    if (chance(2000) == 0) {
        type = FRAMING_STDIN_END;
        left = 0;
    }
    if (chance(20) == 0)
        type = (uint8_t)chance(256);
    header[0] = type;
    header[1] = (uint8_t)left;
    header[2] = (uint8_t)(left >> 8);
}

/* As many as its FIFO takes; not while somebody writes to the line, who would hear himself. */
static void send(void)
{
    uint8_t bytes[UART_FIFO];
    size_t length = left != 0 || chance(3) == 0 ? sizeof bytes : 3 + chance(8);

    for (size_t i = 0; i < length;) {
        if (left == 0 && i + FRAMING_HEADER_SIZE > length) {
            length = i;
            break;
        }
        if (left == 0) {
            begin(bytes + i);
            i += FRAMING_HEADER_SIZE;
            continue;
        }
        bytes[i++] = (uint8_t)chance(256);
        left--;
    }
    if (!kernel_trylock())
        return;
    arch_port_out(UART_MCR, 1, UART_MCR_SETUP | MCR_LOOPBACK);
    for (size_t i = 0; i < length; i++)
        arch_port_out(UART_DATA, 1, bytes[i]);
    arch_port_out(UART_MCR, 1, UART_MCR_SETUP);
    kernel_unlock();
}

void __real_kernel_timer(bool from_user);
void __wrap_kernel_timer(bool from_user);
void __wrap_kernel_timer(bool from_user)
{
    if (boot_has_word(boot_info.command_line, "console=framed"))
        send();
    __real_kernel_timer(from_user);
}
