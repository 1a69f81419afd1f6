/* SPDX-License-Identifier: MIT */
/* No authority, no access: what was not handed over is not there, whatever the id. */
#include "native.h"

#include "services.capnp.h"

#define NYX_CLOCK_NOW 241
#define NYX_POWER_SHUTDOWN 255
#define NYX_POWER_REBOOT 254
#define NYX_LOG_WRITE 240
#define INDEXES 65536

static bool is_refusal(int64_t result)
{
    return result == -PHX_PERMISSION_DENIED || result == -PHX_INVALID_CAPABILITY;
}

static int64_t nyx(uint64_t number)
{
    uint64_t words[PHX_WORDS] = {0}, none = 0;

    return phx_syscall(PHX_OP_NYX(number), &none, words);
}

static int64_t call_slot(unsigned slot)
{
    uint64_t words[PHX_WORDS] = {0};

    return phx_invoke(PHX_SLOT_ID(slot), 0, words, 0);
}

/* By number and by well-known row: PermissionDenied, each of them. */
static bool ambient_is_denied(void)
{
    static const unsigned numbers[] = {
        NYX_CLOCK_NOW, NYX_POWER_SHUTDOWN, NYX_POWER_REBOOT, NYX_LOG_WRITE};
    static const unsigned slots[] = {SLOT_CLOCK, SLOT_CONSOLE, SLOT_LOG, SLOT_POWER, SLOT_ENTROPY,
        SLOT_NAMESPACE, SLOT_LAUNCHER, SLOT_BOOT_PACKAGE, SLOT_ACCOUNT};

    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (nyx(numbers[i]) != -PHX_PERMISSION_DENIED)
            return false;
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++)
        if (call_slot(slots[i]) != -PHX_PERMISSION_DENIED)
            return false;
    return true;
}

static bool is_valid(uint64_t id)
{
    struct rt_capability capability;

    for (unsigned i = 0; rt_cap_at(i, &capability); i++)
        if (capability.id == id)
            return true;
    return false;
}

static bool is_refused(uint64_t id)
{
    struct capability_identify_out out;

    return is_valid(id) || is_refusal(capability_identify(id, &out));
}

static bool changed_ids_are_refused(void)
{
    struct rt_capability capability;

    for (unsigned n = 0; rt_cap_at(n, &capability); n++) {
        struct capability_identify_out out;

        if (capability_identify(capability.id, &out) < 0)
            return false;
        for (unsigned i = 0; i < 64; i++)
            for (unsigned k = i; k < 64; k++)
                if (!is_refused(capability.id ^ UINT64_C(1) << i ^ (k == i ? 0 : UINT64_C(1) << k)))
                    return false;
    }
    return true;
}

static bool made_up_ids_are_refused(void)
{
    static const uint64_t generations[] = {
        0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

    for (uint64_t index = 0; index < INDEXES; index++)
        for (unsigned g = 0; g < sizeof generations / sizeof generations[0]; g++)
            if (!is_refused(index | generations[g] << 32))
                return false;
    return true;
}

/* Status: bit 0 ambient, bit 1 changed ids, bit 2 made-up ones were not all refused. */
int role_authority(void)
{
    int wrong = 0;

    wrong |= ambient_is_denied() ? 0 : 1;
    wrong |= changed_ids_are_refused() ? 0 : 2;
    wrong |= made_up_ids_are_refused() ? 0 : 4;
    return wrong;
}

/* Who may call an endpoint has not the server's side of it: mint, asked there, is only
 * a method of what the server serves, with that number. */
static void client_serves_nothing(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0}, second = {0};
    uint64_t words[PHX_WORDS] = {0}, badge = 0;
    int64_t received, returned, minted;

    account_new_endpoint(rt_cap("account"), &endpoint);
    endpoint_mint(
        endpoint.endpoint, IFACE_LAUNCH, LAUNCH_M_ALL & ~ENDPOINT_M_MINT, 7, 0, &client);
    received = phx_receive(client.capability, words, &badge);
    returned = phx_return_receive(client.capability, 0, words, 0, &badge);
    minted = endpoint_mint(client.capability, IFACE_LAUNCH, LAUNCH_M_ALL, 7, 0, &second);
    phx_release(client.capability);
    phx_release(endpoint.endpoint);
    check("client_capability_receives_nothing", received < 0 && returned < 0,
        "receive %ld, return and receive %ld", received, returned);
    check("client_capability_mints_nothing", minted < 0, "%ld", minted);
}

/* Of the processor's own registers, those that are nobody's until they are used. Status:
 * 0 when they have nothing in them. */
int role_peek(void)
{
    uint64_t low, high;

    __asm__ volatile("movq %%xmm3, %0\n\tmovq %%xmm12, %1" : "=r"(low), "=r"(high));
    return low != 0 || high != 0;
}

static void registers_are_not_shown(void)
{
    uint64_t secret = 0x5ec4e75ec4e7, own = 0, status = 0;
    struct proc proc;

    for (unsigned i = 0; i < 5 && status == 0; i++) {
        status = ~UINT64_C(0);
        __asm__ volatile("movq %0, %%xmm3\n\tmovq %0, %%xmm12" ::"r"(secret));
        if (spawn("peek", 0, NULL, 0, &proc))
            status = wait_dead(&proc, NULL);
    }
    __asm__ volatile("movq %%xmm12, %0" : "=r"(own));
    check("registers_of_others_are_not_shown", status == 0 && own == secret, "status %lx, own %lx",
        status, own);
}

void test_authority(void)
{
    struct proc proc;
    uint64_t status = ~UINT64_C(0);

    if (spawn("authority", 0, NULL, 0, &proc))
        for (unsigned tries = 0; tries < 20 && status == ~UINT64_C(0); tries++)
            status = wait_dead(&proc, NULL);
    check("without_a_capability_is_permission_denied", (status & 0x1ff) == 0, "status %lx", status);
    check(
        "one_and_two_bit_changes_of_ids_are_refused", (status & 0x2ff) == 0, "status %lx", status);
    check("all_indexes_with_wrong_generations_are_refused", (status & 0x4ff) == 0, "status %lx",
        status);
    client_serves_nothing();
    registers_are_not_shown();
}
