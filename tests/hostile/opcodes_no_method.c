/* SPDX-License-Identifier: MIT */
/*
 * Every operation with capabilities of each interface that it can get, none of which has
 * any method left; and with well-known rows that were never granted.
 *
 * With  account,clock,entropy,log
 * Gets  # operations of # interfaces: the capability does not allow this
 */
#include "hostile.h"

static const char *const names[] = {"account", "clock", "entropy", "log", "stdout"};

static uint64_t without_methods(uint64_t cap)
{
    struct capability_derive_out out = {0};
    int64_t result = capability_derive(cap, 0, 0, &out);

    MUST(result >= 0, "derive: %s", text_of(result));
    return out.capability;
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct account_new_notification_out notification = {0};
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_self_out self = {0};
    struct endpoint_mint_out client = {0};
    struct view ring = ring_open(4, 4);
    uint64_t own[] = {RT_PROCESS, RT_THREAD, RT_SPACE, RT_POOL, 0, 0, 0, 0, ring.ring, 0};
    unsigned made = 0, interfaces = 0;

    account_new_endpoint(rt_cap("account"), &endpoint);
    account_new_notification(rt_cap("account"), &notification);
    frame_pool_alloc(RT_POOL, 1, &frame);
    thread_control_self(RT_THREAD, &self);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 0, 0, &client);
    own[4] = endpoint.endpoint;
    own[5] = notification.notification;
    own[6] = frame.frame;
    own[7] = self.thread;
    own[9] = client.capability;
    for (unsigned i = 0; i < COUNT(own); i++, interfaces++)
        made += each_operation(without_methods(own[i]), -PHX_PERMISSION_DENIED, 0, 0);
    for (unsigned i = 0; i < COUNT(names); i++, interfaces++) {
        struct capability_derive_out out = {0};

        /* The shell's are not all to be derived. */
        if (capability_derive(rt_cap(names[i]), 0, 0, &out) >= 0)
            made += each_operation(out.capability, -PHX_PERMISSION_DENIED, 0, 0);
    }
    made +=
        each_operation(PHX_SLOT_ID(SLOT_POWER), -PHX_PERMISSION_DENIED, 0, -PHX_INVALID_CAPABILITY);
    rt_print("%u operations of %u interfaces: %s\n", made, interfaces,
        rt_error_text(PHX_PERMISSION_DENIED));
    return 0;
}
