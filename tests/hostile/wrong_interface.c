/* SPDX-License-Identifier: MIT */
/*
 * Every method number of every interface it can get, and every libnyx number on it; and
 * every argument that is a capability with one of every other interface. What is not the
 * interface's own is refused.
 *
 * With  account,clock,entropy,log
 * Gets  # refused
 */
#include "hostile.h"

static uint64_t held[16];
static unsigned held_count;
static unsigned refused;

static uint64_t interface_of(uint64_t cap)
{
    struct capability_identify_out out = {0};

    capability_identify(cap, &out);
    return out.interface;
}

static uint64_t methods_of(uint64_t cap)
{
    struct capability_identify_out out = {0};

    capability_identify(cap, &out);
    return out.methods;
}

static void gather(struct view *ring)
{
    struct account_new_endpoint_out endpoint = {0};
    struct account_new_notification_out notification = {0};
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_self_out self = {0};
    struct endpoint_mint_out client = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    account_new_notification(rt_cap("account"), &notification);
    frame_pool_alloc(RT_POOL, 1, &frame);
    thread_control_self(RT_THREAD, &self);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 0, 0, &client);
    const uint64_t all[] = {RT_PROCESS, RT_THREAD, RT_SPACE, RT_POOL, endpoint.endpoint,
        notification.notification, frame.frame, self.thread, client.capability, ring->ring,
        rt_cap("account"), rt_cap("clock"), rt_cap("entropy"), rt_cap("log"), rt_cap("stdout")};

    memcpy(held, all, sizeof all);
    held_count = COUNT(all);
}

/* Method numbers that the interface has not, or that are only markers. */
static void method_numbers(void)
{
    static const uint64_t none[PHX_WORDS];

    for (unsigned i = 0; i < held_count; i++)
        for (unsigned method = 0; method < 64; method++) {
            bool has = methods_of(held[i]) >> method & 1;
            bool marker = method == CAPABILITY_TRANSFER;
            int64_t result;

            if (has && !marker)
                continue;
            result = operation(PHX_OP_CALL((uint64_t)method, 0), held[i], none);
            MUST(result == (has ? -PHX_INVALID_SYSCALL : -PHX_PERMISSION_DENIED),
                "method %u of interface %lu: %s", method, interface_of(held[i]), text_of(result));
            refused++;
        }
}

/* Each of these is a method, and where among its words a capability stands. */
static const struct {
    unsigned method, word;
    uint64_t of, wants;
} arguments[] = {
    {CAPABILITY_GRANT, 0, RT_POOL, IFACE_PROCESS},
    {PROCESS_WATCH, 0, RT_PROCESS, IFACE_NOTIFICATION},
    {PROCESS_KEEPER, 0, RT_PROCESS, IFACE_NOTIFICATION},
    {PROCESS_NEW_THREAD, 3, RT_PROCESS, IFACE_FRAME},
    {THREAD_CONTROL_NEW_RING, 0, RT_THREAD, IFACE_FRAME},
    {ADDRESS_SPACE_MAP, 0, RT_SPACE, IFACE_FRAME},
    {ADDRESS_SPACE_POPULATE, 0, RT_SPACE, IFACE_FRAME_POOL},
};

static void argument_interfaces(void)
{
    for (unsigned a = 0; a < COUNT(arguments); a++)
        for (unsigned i = 0; i < held_count; i++) {
            uint64_t words[PHX_WORDS] = {0, 0x700000000000, 1, 1, 1};
            int64_t result;

            if (interface_of(held[i]) == arguments[a].wants ||
                (arguments[a].method == THREAD_CONTROL_NEW_RING))
                continue;
            words[arguments[a].word] = held[i];
            result =
                operation(PHX_OP_CALL((uint64_t)arguments[a].method, 5), arguments[a].of, words);
            MUST(result == -PHX_INVALID_ARGUMENT || result == -PHX_PERMISSION_DENIED,
                "argument %u, interface %lu: %s", a, interface_of(held[i]), text_of(result));
            refused++;
        }
}

/* Receiving and returning on what is no endpoint and no reply. */
static void transport(void)
{
    static const uint64_t none[PHX_WORDS];
    static const uint64_t operations[] = {
        PHX_OP_RECV, PHX_OP_RETURN(0, 0), PHX_OP_RETURN_RECV(0, 0)};

    for (unsigned i = 0; i < held_count; i++)
        for (unsigned k = 0; k < COUNT(operations); k++) {
            int64_t result;

            if (interface_of(held[i]) == IFACE_ENDPOINT && k != 1)
                continue;
            result = operation(operations[k], held[i], none);
            MUST(result == -PHX_INVALID_ARGUMENT || result == -PHX_PERMISSION_DENIED,
                "operation %u on interface %lu: %s", k, interface_of(held[i]), text_of(result));
            refused++;
        }
}

/* A libnyx number wants its own interface, whatever the bits say. */
static void libnyx(void)
{
    static const uint64_t none[PHX_WORDS];
    static const struct {
        uint8_t number;
        uint16_t interface;
    } numbers[] = {{81, 2}, {64, 2}, {83, 2}, {68, 3}, {65, 4}, {66, 4}, {67, 4}, {0, 4}, {32, 5},
        {33, 5}, {34, 5}, {35, 7}, {6, 10}, {7, 10}, {8, 10}, {1, 11}, {9, 11}, {15, 11}, {241, 12},
        {255, 15}, {254, 15}, {240, 17}};

    for (unsigned n = 0; n < COUNT(numbers); n++)
        for (unsigned i = 0; i < held_count; i++) {
            int64_t result;

            if (interface_of(held[i]) == numbers[n].interface)
                continue;
            result = operation(PHX_OP_NYX((uint64_t)numbers[n].number), held[i], none);
            MUST(result == -PHX_INVALID_ARGUMENT || result == -PHX_PERMISSION_DENIED,
                "number %u on interface %lu: %s", numbers[n].number, interface_of(held[i]),
                text_of(result));
            refused++;
        }
}

int main(void)
{
    struct view ring = ring_open(4, 4);

    gather(&ring);
    method_numbers();
    argument_interfaces();
    transport();
    libnyx();
    rt_print("%u refused\n", refused);
    return 0;
}
