/* SPDX-License-Identifier: MIT */
/*
 * Generated stubs over a kernel that only writes down what it was asked: words are
 * in their places, and an answer that is none is not handed on.
 */
#define RT_SYS_FAKE 1
#include "kernel.stubs.h"
#include "services.stubs.h"

#include <string.h>

#include "test.h"

/* What was asked last, and what to answer. */
static struct {
    uint64_t op, cap, words[PHX_WORDS];
    unsigned method, count, released;
    struct phx_message message;
    int64_t result;
    uint64_t info, answer[PHX_WORDS], caps[PHX_MESSAGE_CAPS];
} asked;

int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords)
{
    asked.cap = cap;
    asked.method = method;
    asked.count = nwords;
    memcpy(asked.words, words, sizeof(asked.words));
    memcpy(words, asked.answer, sizeof(asked.answer));
    return asked.result < 0 ? asked.result : (int64_t)asked.info;
}

int64_t phx_send_message(uint64_t op, uint64_t cap, struct phx_message *message)
{
    asked.op = op;
    asked.cap = cap;
    asked.message = *message;
    memcpy(message->words, asked.answer, sizeof(asked.answer));
    memcpy(message->caps, asked.caps, sizeof(asked.caps));
    message->info = asked.info;
    return asked.result < 0 ? asked.result : (int64_t)asked.info;
}

int64_t phx_release(uint64_t cap)
{
    asked.released += cap != 0;
    return 0;
}

#define INFO(words, caps, length) \
    ((uint64_t)(words) | (uint64_t)(caps) << 16 | (uint64_t)(length) << 32)

static void answer(int64_t result, uint64_t info)
{
    memset(&asked, 0, sizeof(asked));
    asked.result = result;
    asked.info = info;
    for (unsigned i = 0; i < PHX_WORDS; i++)
        asked.answer[i] = 100 + i;
    for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++)
        asked.caps[i] = 200 + i;
}

TEST(stubs, kernel_methods_go_in_registers, "words in the schema's order")
{
    struct frame_pool_alloc_out out = { 0, 0 };

    answer(0, 0);
    CHECK_EQ(frame_pool_alloc(PHX_SLOT_ID(SLOT_POOL), 7, &out), 0);
    CHECK_EQ(asked.cap, SLOT_POOL | UINT64_C(1) << 32);
    CHECK_EQ(asked.method, FRAME_POOL_ALLOC);
    CHECK_EQ(asked.count, 1);
    CHECK_EQ(asked.words[0], 7);
    CHECK_EQ(asked.words[1], 0);
    CHECK_EQ(out.frame, 100);
    CHECK_EQ(out.physical, 101);
    answer(0, 0);
    CHECK_EQ(address_space_map(1, 2, 3, 4, 5, 6), 0);
    CHECK_EQ(asked.count, 5);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(asked.words[i], 2 + i);
    answer(0, 0);
    CHECK_EQ(capability_derive(9, FRAME_M_INFO, 3, NULL), 0);
    CHECK_EQ(asked.method, CAPABILITY_DERIVE);
    answer(-PHX_OUT_OF_MEMORY, 0);
    CHECK_EQ(frame_pool_alloc(1, 7, &out), -PHX_OUT_OF_MEMORY);
    CHECK_EQ(out.frame, 100);
}

TEST(stubs, paths_and_capabilities_go_in_messages, "with room for what comes back")
{
    struct namespace_open_out out;
    uint64_t file, detail;

    answer(0, INFO(3, 1, 0));
    CHECK_EQ(namespace_open(5, 6, 7, "/f", 2, &file, &out, &detail), 0);
    CHECK_EQ(asked.op, PHX_OP_CALL(NAMESPACE_OPEN, 2));
    CHECK_EQ(asked.message.words[1], 7);
    CHECK(strcmp((const char *)(uintptr_t)asked.message.send_address, "/f") == 0);
    CHECK_EQ(asked.message.send_length, 2);
    CHECK_EQ(asked.message.recv_capacity, 0);
    CHECK_EQ(asked.message.accept_caps, 1);
    CHECK_EQ(asked.message.accept[0], IFACE_FILE);
    CHECK_EQ(asked.message.deadline, PHX_FOREVER);
    CHECK_EQ(file, 200);
    CHECK_EQ(out.inode, 102);
    CHECK_EQ(detail, 0);
    answer(0, INFO(0, 0, 0));
    CHECK_EQ(launch_grant(5, 1, "n", 1, 77, PHX_CAP_MOVE), 0);
    CHECK_EQ(asked.message.send_caps, 1);
    CHECK_EQ(asked.message.caps[0], 77);
    CHECK_EQ(asked.message.cap_modes[0], PHX_CAP_MOVE);
}

TEST(stubs, buffers_say_how_long_they_are, "and are never longer than a message")
{
    struct file_read_out out;
    char bytes[8];
    size_t length;

    answer(0, INFO(1, 0, 5));
    CHECK_EQ(file_read(5, 0, 8, bytes, sizeof(bytes), &length, &out, NULL), 0);
    CHECK_EQ(asked.message.recv_address, (uintptr_t)bytes);
    CHECK_EQ(asked.message.recv_capacity, 8);
    CHECK_EQ(length, 5);
    CHECK_EQ(out.size, 100);
    answer(0, INFO(1, 0, 5));
    file_read(5, 0, 8, bytes, SIZE_MAX, &length, &out, NULL);
    CHECK_EQ(asked.message.recv_capacity, PHX_MESSAGE_MAX);
    answer(0, INFO(1, 0, 8) | PHX_INFO_CUT);
    CHECK_EQ(file_read(5, 0, 8, bytes, sizeof(bytes), &length, &out, NULL), -PHX_TOO_BIG);
    answer(0, 0);
    CHECK_EQ(file_write(5, 0, 0, bytes, PHX_MESSAGE_MAX + 1, NULL, NULL), -PHX_TOO_BIG);
    CHECK_EQ(asked.op, 0);
    uint64_t file = 1, detail = 1;
    CHECK_EQ(namespace_open(5, 0, 0, "f", SIZE_MAX, &file, NULL, &detail), -PHX_TOO_BIG);
    CHECK_EQ(file, 0);
    CHECK_EQ(detail, 0);
}

TEST(stubs, failures_carry_their_detail, "unless they never reached the service")
{
    uint64_t file = 1, detail = 9;

    answer(-PHX_NOT_FOUND, INFO(1, 0, 0));
    CHECK_EQ(namespace_open(5, 0, 0, "f", 1, &file, NULL, &detail), -PHX_NOT_FOUND);
    CHECK_EQ(detail, 100);
    CHECK_EQ(file, 0);
    answer(-PHX_REVOKED, 0);
    CHECK_EQ(namespace_open(5, 0, 0, "f", 1, &file, NULL, &detail), -PHX_REVOKED);
    CHECK_EQ(detail, 0);
}

TEST(stubs, an_answer_that_is_none_is_refused, "and what came with it let go of")
{
    struct namespace_open_out out = { 1, 1, 1 };
    struct launch_wait_out ended;
    uint64_t file;

    answer(0, INFO(2, 1, 0));
    CHECK_EQ(namespace_open(5, 0, 0, "f", 1, &file, &out, NULL), -PHX_INVALID_FORMAT);
    CHECK_EQ(asked.released, 1);
    CHECK_EQ(file, 0);
    CHECK_EQ(out.mode, 1);
    answer(0, INFO(3, 0, 0));
    CHECK_EQ(namespace_open(5, 0, 0, "f", 1, &file, &out, NULL), -PHX_INVALID_FORMAT);
    CHECK_EQ(asked.released, 0);
    CHECK_EQ(file, 0);
    answer(0, INFO(3, 1, 0) | UINT64_C(1) << 24);
    CHECK_EQ(namespace_open(5, 0, 0, "f", 1, &file, &out, NULL), -PHX_REVOKED);
    answer(0, INFO(1, 0, 0));
    CHECK_EQ(launch_wait(5, &ended), -PHX_INVALID_FORMAT);
    answer(0, INFO(2, 0, 0));
    CHECK_EQ(launch_wait(5, &ended), 0);
    CHECK_EQ(ended.fault_address, 101);
}
