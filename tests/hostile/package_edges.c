/* SPDX-License-Identifier: MIT */
/*
 * The boot package beyond its end, from the middle of nowhere, with lengths that wrap;
 * its pages to be written, from its frames and from what is derived and carved of them.
 *
 * With  bootPackage
 * Gets  # refused
 */
#include "hostile.h"

#define AT 0x700000000000

static unsigned refused;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

static void writes(uint64_t frame)
{
    struct capability_derive_out derived = {0};
    struct thread_control_new_ring_out ring = {0};
    struct process_new_thread_out made = {0};

    refuse("mapped to write", address_space_map(RT_SPACE, frame, AT, 0, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    MUST(address_space_map(RT_SPACE, frame, AT, 0, 1, PHX_PROT_READ) >= 0, "mapped to read");
    refuse("written later", address_space_protect(RT_SPACE, AT, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    address_space_unmap(RT_SPACE, AT, 1);
    refuse("derived to write", capability_derive(frame, FRAME_M_MAP_WRITE, 0, &derived),
        -PHX_PERMISSION_DENIED);
    refuse("a ring in it", thread_control_new_ring(RT_THREAD, frame, 1, 1, 0, &ring),
        -PHX_PERMISSION_DENIED);
    refuse("a thread page in it", process_new_thread(RT_PROCESS, 0, 0, 0, frame, AT, &made),
        -PHX_PERMISSION_DENIED);
}

int main(void)
{
    struct boot_package_info_out info = {0};
    struct boot_package_frame_out frame = {0};
    struct frame_carve_out carved = {0};
    uint64_t package = rt_cap("bootPackage"), all;

    MUST(boot_package_info(package, &info) >= 0, "info");
    all = (info.bytes + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    const uint64_t bad[][2] = {{0, 0}, {0, all + 1}, {1, all}, {all, 1}, {all + 1, 0},
        {0, UINT64_MAX}, {UINT64_MAX, 1}, {UINT64_MAX, UINT64_MAX}, {1, UINT64_MAX},
        {UINT64_C(1) << 52, 1}, {-all, all}, {UINT64_C(1) << 63, UINT64_C(1) << 63}};

    for (unsigned i = 0; i < COUNT(bad); i++)
        refuse("pages that are not there",
            boot_package_frame(package, bad[i][0], bad[i][1], &frame), -PHX_INVALID_ARGUMENT);
    MUST(boot_package_frame(package, 0, all, &frame) >= 0, "all of it");
    writes(frame.frame);
    MUST(frame_carve(frame.frame, all - 1, 1, &carved) >= 0, "its last page");
    writes(carved.frame);
    refuse("carved beyond it", frame_carve(carved.frame, 1, 1, &carved), -PHX_INVALID_ARGUMENT);
    rt_print("%u refused\n", refused);
    return 0;
}
