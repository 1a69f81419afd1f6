/* SPDX-License-Identifier: MIT */
/*
 * Asks for memory that can be written and executed, in every way there is; then for
 * more than a frame's capability gave.
 *
 * Gets  9 refused
 */
#include "hostile.h"

#define AT 0x700000000000
#define ALL (PHX_PROT_READ | PHX_PROT_WRITE | PHX_PROT_EXECUTE)

static unsigned refused;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

int main(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct capability_derive_out readable = {0};
    struct address_space_populate_out out = {0};
    uint8_t *page = pages(1);

    frame_pool_alloc(RT_POOL, 1, &frame);
    capability_derive(frame.frame, FRAME_M_MAP_READ, 0, &readable);
    refuse("map", address_space_map(RT_SPACE, frame.frame, AT, 0, 1, ALL), -PHX_INVALID_ARGUMENT);
    refuse("map without read", address_space_map(RT_SPACE, frame.frame, AT, 0, 1, ALL & ~1),
        -PHX_INVALID_ARGUMENT);
    refuse("populate", address_space_populate(RT_SPACE, RT_POOL, AT, 1, ALL, &out),
        -PHX_INVALID_ARGUMENT);
    refuse(
        "protect", address_space_protect(RT_SPACE, (uint64_t)page, 1, ALL), -PHX_INVALID_ARGUMENT);
    refuse("unknown protection", address_space_protect(RT_SPACE, (uint64_t)page, 1, 8),
        -PHX_INVALID_ARGUMENT);
    refuse("read only, written",
        address_space_map(RT_SPACE, readable.capability, AT, 0, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    refuse("read only, executed",
        address_space_map(RT_SPACE, readable.capability, AT, 0, 1, PHX_PROT_EXECUTE),
        -PHX_PERMISSION_DENIED);
    MUST(address_space_map(RT_SPACE, readable.capability, AT, 0, 1, PHX_PROT_READ) >= 0,
        "cannot be read either");
    refuse("read only, later written", address_space_protect(RT_SPACE, AT, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    refuse("read only, later executed", address_space_protect(RT_SPACE, AT, 1, PHX_PROT_EXECUTE),
        -PHX_PERMISSION_DENIED);
    rt_print("%u refused\n", refused);
    return 0;
}
