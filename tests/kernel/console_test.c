/* SPDX-License-Identifier: MIT */
/* Input that comes faster than it is read, and in pieces. */
#include "attempt.h"

#include <string.h>

#define SENT 6000 /* more than the kernel's buffer has room for */
#define FRAME 1000

static char line[SENT + SENT / FRAME * 3];

static char byte_at(unsigned i)
{
    return (char)(i * 7 + i / 256);
}

/* As a launcher sends them. */
static void send_frames(void)
{
    char *at = line;

    for (unsigned i = 0; i < SENT; i += FRAME) {
        const char header[3] = {0, (char)(FRAME & 0xff), FRAME >> 8};

        memcpy(at, header, 3);
        for (unsigned k = 0; k < FRAME; k++)
            at[3 + k] = byte_at(i + k);
        at += 3 + FRAME;
    }
    arch_host.input = line;
    arch_host.input_length = sizeof line;
}

TEST(console, input_that_finds_no_room_waits, "in the device, and comes when some was read")
{
    unsigned got = 0;

    world_begin();
    send_frames();
    kernel_irq(ARCH_IRQ_SERIAL, false);
    CHECK(arch_host.input_length > 0);
    CHECK(!arch_host.serial_interrupt);
    /* An interrupt that was on its way finds the buffer full. */
    kernel_irq(ARCH_IRQ_SERIAL, false);
    CHECK(!arch_host.serial_interrupt);

    while (got < SENT) {
        CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_READ, MEMORY, 300, 0), 0);
        uint64_t n = WORD(alice.thread, 0);
        CHECK(n > 0 && n <= 300);
        for (unsigned i = 0; i < n; i++)
            CHECK_EQ(*((char *)at(&alice, MEMORY) + i), byte_at(got + i));
        got += (unsigned)n;
    }
    CHECK_EQ(got, SENT);
    CHECK(arch_host.serial_interrupt);
    world_end();
}

TEST(console, a_frame_is_read_when_it_is_whole, "so that nobody wakes for its pieces")
{
    world_begin();
    CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_READ, MEMORY, 100, PHX_FOREVER), WAITS);
    arch_host.input = "\0\5\0inp";
    arch_host.input_length = 6;
    kernel_irq(ARCH_IRQ_SERIAL, false);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    arch_host.input = "ut";
    arch_host.input_length = 2;
    kernel_irq(ARCH_IRQ_SERIAL, false);
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(WORD(alice.thread, 0), 5);
    CHECK(memcmp(at(&alice, MEMORY), "input", 5) == 0);
    world_end();
}
