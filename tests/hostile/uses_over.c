/* SPDX-License-Identifier: MIT */
/*
 * Counted capabilities: split into more uses than there are, asked for at the extremes,
 * and used up by two threads at once, one of them through a copy. Never one use more
 * than was given.
 *
 * With  account
 * Gets  1000 uses given, 1000 had, then no uses left
 */
#include "hostile.h"

#define GIVEN 1000

struct user {
    uint64_t cap;
    uint32_t had;
};

static void use_all(void *argument)
{
    struct user *user = argument;
    struct frame_pool_info_out out;

    while (frame_pool_info(user->cap, &out) >= 0)
        user->had++;
}

static void split(uint64_t base)
{
    static const uint64_t too_many[] = {GIVEN + 1, INT64_MAX, UINT64_MAX};
    struct capability_derive_out half = {0}, more = {0};
    int64_t result;

    for (unsigned i = 0; i < COUNT(too_many); i++) {
        result = capability_derive(base, FRAME_POOL_M_INFO, too_many[i], &more);
        MUST(result == -PHX_CONSUMED, "0x%lx uses of %u: %s", too_many[i], GIVEN, text_of(result));
    }
    MUST(capability_derive(base, FRAME_POOL_M_INFO, GIVEN / 2, &half) >= 0, "split");
    result = capability_derive(base, FRAME_POOL_M_INFO, GIVEN / 2 + 1, &more);
    MUST(result == -PHX_CONSUMED, "more than is left: %s", text_of(result));
    phx_release(half.capability); /* which gives them back */
}

static void call_nobody(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};
    int64_t result;

    account_new_endpoint(rt_cap("account"), &endpoint);
    MUST(endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 1, 1, &client) >= 0, "mint");
    phx_release(endpoint.endpoint);
    for (unsigned i = 0; i < 2; i++) {
        result = call(client.capability, 0, 0, 0, 0);
        MUST(result == -PHX_DISCONNECTED, "a call to nobody: %s", text_of(result));
    }
}

int main(void)
{
    struct capability_derive_out base = {0};
    struct capability_duplicate_out copy = {0};
    struct user users[2] = {{0, 0}};
    uint64_t second;
    int64_t result = capability_derive(
        RT_POOL, FRAME_POOL_M_INFO | CAPABILITY_M_DERIVE | CAPABILITY_M_DUPLICATE, GIVEN, &base);

    MUST(result >= 0, "derive: %s", text_of(result));
    split(base.capability);
    MUST(capability_duplicate(base.capability, &copy) >= 0, "duplicate");
    users[0].cap = base.capability;
    users[1].cap = copy.capability;
    second = thread(use_all, &users[1]);
    use_all(&users[0]);
    MUST(joined(second), "the other thread is lost");
    result = frame_pool_info(base.capability, NULL);
    call_nobody();
    rt_print(
        "%u uses given, %u had, then %s\n", GIVEN, users[0].had + users[1].had, text_of(result));
    return 0;
}
