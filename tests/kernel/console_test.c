/* SPDX-License-Identifier: MIT */
/* What comes in on the line is handed over as it is, and never dropped. */
#include "attempt.h"

#include <string.h>

static const char line[] = "\0\5\0inp\3\377and what is behind it, which is more than one piece has "
                           "room for, so that a second one has to be taken for the rest of it";

static void come(size_t length)
{
    arch_host.input = line;
    arch_host.input_length = length;
}

TEST(console, bytes_are_taken_as_they_came, "in pieces, until there is none")
{
    size_t got = 0;

    world_begin();
    come(sizeof line);
    for (;;) {
        CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_TAKE, MEMORY, 1000), 0);
        uint64_t n = WORD(alice.thread, 0);
        if (n == 0)
            break;
        CHECK(n <= 96 && got + n <= sizeof line);
        CHECK(memcmp(at(&alice, MEMORY), line + got, n) == 0);
        got += n;
    }
    CHECK_EQ(got, sizeof line);
    world_end();
}

TEST(console, no_more_is_taken_than_there_is_room_for, "to the byte")
{
    world_begin();
    come(50);
    memset(at(&alice, MEMORY), 'x', 50);
    CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_TAKE, MEMORY, 7), 0);
    CHECK_EQ(WORD(alice.thread, 0), 7);
    CHECK_EQ(arch_host.input_length, 43);
    CHECK_EQ(*((char *)at(&alice, MEMORY) + 7), 'x');
    CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_TAKE, MEMORY, 0), 0);
    CHECK_EQ(WORD(alice.thread, 0), 0);
    CHECK_EQ(arch_host.input_length, 43);
    world_end();
}

TEST(console, what_cannot_be_handed_over_is_not_taken, "and waits in the device")
{
    world_begin();
    come(50);
    CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_TAKE, 0x1000, 50), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(alice.thread, SLOT(CONSOLE), CONSOLE_TAKE, UINT64_C(0xffff900000000000), 50),
        -PHX_BAD_ADDRESS);
    CHECK_EQ(arch_host.input_length, 50);
    world_end();
}
