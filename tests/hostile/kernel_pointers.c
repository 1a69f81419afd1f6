/* SPDX-License-Identifier: MIT */
/*
 * The kernel's addresses, those that are not canonical and those that wrap, as the
 * argument of everything that takes a pointer; and as addresses in a space.
 *
 * With  account,entropy,log
 * Gets  # pointers and # addresses refused
 */
#include "hostile.h"

static unsigned each_space_method_refuses(uint64_t address)
{
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out populated = {0};
    struct address_space_query_out queried = {0};
    struct process_new_thread_out made = {0};
    int64_t results[] = {
        frame_pool_alloc(RT_POOL, 1, &frame) < 0 ? 1 : -PHX_INVALID_ARGUMENT,
        address_space_map(RT_SPACE, frame.frame, address, 0, 1, READ_WRITE),
        address_space_populate(RT_SPACE, RT_POOL, address, 1, READ_WRITE, &populated),
        address_space_unmap(RT_SPACE, address, 1),
        address_space_protect(RT_SPACE, address, 1, PHX_PROT_READ),
        process_new_thread(RT_PROCESS, address, 0, 0, 0, 0, &made),
        process_new_thread(RT_PROCESS, 0, address + (address == USER_END), 0, 0, 0, &made),
        process_new_thread(RT_PROCESS, 0, 0, 0, frame.frame, address, &made),
    };

    for (unsigned i = 0; i < COUNT(results); i++)
        MUST(results[i] == -PHX_INVALID_ARGUMENT, "method %u at 0x%lx: %s", i, address,
            text_of(results[i]));
    MUST(address_space_query(RT_SPACE, address, &queried) == -PHX_NOT_FOUND,
        "something is at 0x%lx", address);
    phx_release(frame.frame);
    return COUNT(results);
}

int main(void)
{
    unsigned pointers = 0, addresses = 0;

    places_begin();
    for (unsigned i = 0; i < nowhere_count; i++) {
        pointers += each_place_refuses(nowhere[i], false);
        pointers += each_place_refuses(nowhere[i] & ~UINT64_C(7), false);
        addresses += each_space_method_refuses(nowhere[i]);
        addresses += each_space_method_refuses(nowhere[i] & ~UINT64_C(4095));
    }
    rt_print("%u pointers and %u addresses refused\n", pointers, addresses);
    return 0;
}
