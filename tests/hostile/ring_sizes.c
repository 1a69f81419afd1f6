/* SPDX-License-Identifier: MIT */
/*
 * Rings of sizes that are none or do not fit, in frames that are too small or may not be
 * written; a second ring; another thread's ring, entered and destroyed.
 *
 * Gets  # refused
 */
#include "hostile.h"

static unsigned refused;
static struct view v;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

static void another(void *argument)
{
    struct ring_enter_out out = {0};

    (void)argument;
    refuse("another's ring, entered", ring_enter(v.ring, 1, 0, 0, &out), -PHX_INVALID_ARGUMENT);
    refuse("another's ring, destroyed", ring_destroy(v.ring), -PHX_INVALID_STATE);
}

static void sizes(uint64_t frame)
{
    static const uint64_t none[] = {0, 3, 5, 6, 7, 9, 100, 32767, 32769, 65536, 65537, 131072,
        0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x100000004, UINT64_C(1) << 63,
        UINT64_MAX};
    struct thread_control_new_ring_out out = {0};

    for (unsigned i = 0; i < COUNT(none); i++) {
        int64_t result = thread_control_new_ring(RT_THREAD, frame, 4, none[i], 0, &out);

        if (none[i] == 65536) /* a size, of completions */
            refuse("too many", result, -PHX_TOO_BIG);
        else
            refuse("completions", result, -PHX_INVALID_ARGUMENT);
        refuse("submissions", thread_control_new_ring(RT_THREAD, frame, none[i], 4, 0, &out),
            -PHX_INVALID_ARGUMENT);
    }
    for (unsigned bit = 4; bit < 64; bit++)
        refuse("flags", thread_control_new_ring(RT_THREAD, frame, 4, 4, UINT64_C(1) << bit, &out),
            -PHX_INVALID_ARGUMENT);
    refuse("what does not fit", thread_control_new_ring(RT_THREAD, frame, 64, 32, 0, &out),
        -PHX_TOO_BIG);
    refuse("the largest", thread_control_new_ring(RT_THREAD, frame, 32768, 65536, 0, &out),
        -PHX_TOO_BIG);
}

int main(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct capability_derive_out readable = {0};
    struct thread_control_new_ring_out out = {0};

    frame_pool_alloc(RT_POOL, 1, &frame);
    sizes(frame.frame);
    capability_derive(frame.frame, FRAME_M_MAP_READ, 0, &readable);
    refuse("read only", thread_control_new_ring(RT_THREAD, readable.capability, 4, 4, 0, &out),
        -PHX_PERMISSION_DENIED);
    v = ring_open(4, 4);
    refuse("a second ring", thread_control_new_ring(RT_THREAD, frame.frame, 4, 4, 0, &out),
        -PHX_EXISTS);
    MUST(joined(thread(another, NULL)), "the other thread is lost");
    MUST(ring_destroy(v.ring) >= 0, "its own");
    refuse("entered after its end", ring_enter_now(&v, 1, 0), -PHX_INVALID_ARGUMENT);
    rt_print("%u refused\n", refused);
    return 0;
}
