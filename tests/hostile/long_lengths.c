/* SPDX-License-Identifier: MIT */
/*
 * Lengths that are none, and ranges that wrap, from addresses that are good.
 *
 * With  entropy,log
 * Gets  # lengths, # numbers of pages
 */
#include "hostile.h"

static const uint64_t lengths[] = {4097, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
    0x7fffffffffff, 0x800000000000, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 4095, UINT64_MAX};

/* In pages: more than there are addresses, and such that their bytes wrap. */
static const uint64_t page_counts[] = {(USER_END >> 12) + 1, UINT64_C(1) << 35, UINT64_C(1) << 51,
    UINT64_C(1) << 52, (UINT64_C(1) << 52) + 1, (UINT64_C(1) << 53) + 1, UINT64_C(1) << 63,
    (UINT64_C(1) << 63) + 1, UINT64_MAX >> 12, UINT64_MAX - 1, UINT64_MAX};

static void bad(const char *name, int64_t result, uint64_t length)
{
    MUST(result == -PHX_INVALID_ARGUMENT || result == -PHX_BAD_ADDRESS, "%s, 0x%lx: %s", name,
        length, text_of(result));
}

static void bytes(uint64_t page, uint64_t n)
{
    struct log_read_out out = {0};
    struct phx_message m = {.recv_address = page};
    struct console_write_out written = {0};

    bad("Entropy.fill", call(rt_cap("entropy"), ENTROPY_FILL, page, n, 0), n);
    bad("Log.write", call(rt_cap("log"), LOG_WRITE, page, n, 0), n);
    /* These take as much as they like. */
    MUST(log_read(rt_cap("log"), 0, page, n, &out) >= 0 && out.got <= 4096, "Log.read 0x%lx", n);
    bad("Console.write", console_write(rt_cap("stdout"), page + 4096 - 16, n, &written), n);
    m.send_length = (uint32_t)n;
    if (m.send_length > PHX_MESSAGE_MAX)
        bad("a message", phx_send_message(PHX_OP_CALL(0, 0), 0, &m), n);
}

static void ranges(uint64_t page, uint64_t n)
{
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out populated = {0};
    struct frame_carve_out carved = {0};

    frame_pool_alloc(RT_POOL, 1, &frame);
    bad("unmap", address_space_unmap(RT_SPACE, page, n), n);
    bad("protect", address_space_protect(RT_SPACE, page, n, 1), n);
    bad("populate", address_space_populate(RT_SPACE, RT_POOL, page, n, 1, &populated), n);
    bad("map", address_space_map(RT_SPACE, frame.frame, page + 8192, n, 1, 1), n);
    bad("map, pages", address_space_map(RT_SPACE, frame.frame, page + 8192, 0, n, 1), n);
    bad("map, offset", address_space_map(RT_SPACE, frame.frame, page + 8192, -n, 1, 1), n);
    bad("carve", frame_carve(frame.frame, n, 1, &carved), n);
    bad("carve, both", frame_carve(frame.frame, -n, n, &carved), n);
    phx_release(frame.frame);
}

int main(void)
{
    uint64_t page = (uint64_t)pages(1);

    for (unsigned i = 0; i < COUNT(lengths); i++)
        bytes(page, lengths[i]);
    for (unsigned i = 0; i < COUNT(page_counts); i++)
        ranges(page, page_counts[i]);
    rt_print("%u lengths, %u numbers of pages\n", (unsigned)COUNT(lengths),
        (unsigned)COUNT(page_counts));
    return 0;
}
