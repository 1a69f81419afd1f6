/* SPDX-License-Identifier: MIT */
/* Messages between processes: one way, 64 KiB, and a call that would wait for itself. */
#include "native.h"

#include "bytes.h"

#define SERVED 64
#define SLOTS 8
#define SENT 200

static uint8_t bytes[PHX_MESSAGE_MAX];

static uint64_t make_client(uint64_t endpoint, uint64_t badge)
{
    struct endpoint_mint_out out = {0};

    endpoint_mint(endpoint, SERVED, ~UINT64_C(0), badge, 0, &out);
    return out.capability;
}

/* --- one way ----------------------------------------------------------------------- */

/* Numbers, and with every eighth a notification; as often as there is no room, again. */
int role_sender(void)
{
    for (uint64_t i = 0; i < SENT; i++) {
        struct account_new_notification_out made = {0};
        struct phx_message m = {.words = {i}, .cap_modes = {PHX_CAP_MOVE}};
        int64_t result;

        if (i % 8 == 0 && account_new_notification(rt_cap("account"), &made) < 0)
            return 1;
        m.caps[0] = made.notification;
        m.send_caps = made.notification != 0;
        while ((result = phx_send_message(PHX_OP_SEND(3UL, 1UL), rt_cap("service"), &m)) ==
               -PHX_WOULD_BLOCK)
            thread_control_yield(RT_THREAD);
        if (result < 0)
            return 2;
    }
    return 0;
}

/* The first time, what the runtime keeps for later is made as well. */
static void one_way(bool again)
{
    struct balance before = balance_now(), last;
    struct account_new_endpoint_out made = {0};
    uint64_t came = 0, caps = 0, status = 0;
    bool good = true;
    struct proc proc;

    account_new_endpoint(rt_cap("account"), &made);
    endpoint_mailbox(made.endpoint, SLOTS, 0, 1);
    uint64_t client = make_client(made.endpoint, 5);
    const struct proc_grant grants[] = {{"service", client, ~UINT64_C(0), 0},
        {"account", rt_cap("account"), ~UINT64_C(0), 0}};
    if (spawn("sender", 0, grants, 2, &proc)) {
        for (; came < SENT && good; came++) {
            struct phx_message m = {.deadline = PHX_FOREVER, .accept_caps = 1};
            int64_t info = phx_send_message(PHX_OP_RECV, made.endpoint, &m);

            good = info >= 0 && (info & PHX_INFO_ONE_WAY) && PHX_INFO_METHOD(info) == 3 &&
                   m.badge == 5 && m.words[0] == came && !PHX_INFO_LOST(info);
            if (PHX_INFO_CAPS(info) != 0)
                caps += notification_signal(m.caps[0], 1) >= 0;
            phx_release(m.caps[0]);
        }
        status = wait_dead(&proc, NULL);
    }
    phx_release(client);
    phx_release(made.endpoint);
    bool same = balance_returns(&before, &last);
    if (!again)
        return;
    check("one_way_messages_come_in_order_with_their_capabilities",
        good && came == SENT && caps == SENT / 8 && status == 0, "%lu came, %lu with one, %lu",
        came, caps, status);
    check("a_mailbox_gives_all_back", same, "pages %lu of %lu, holds %lu of %lu, threads %lu of %lu",
        last.pages, before.pages, last.holds, before.holds, last.threads, before.threads);
}

/* --- long messages, and calls back ---------------------------------------------------- */

/* Method 0: the same bytes, inverted. Method 1: what a call of "back" answers. */
int role_mirror(void)
{
    struct phx_message m = {.deadline = PHX_FOREVER,
        .recv_address = (uint64_t)bytes,
        .recv_capacity = sizeof bytes};
    int64_t info = phx_send_message(PHX_OP_RECV, rt_cap("endpoint"), &m);

    while (info >= 0) {
        uint64_t words[PHX_WORDS] = {0};

        m.send_address = (uint64_t)bytes;
        m.send_length = (uint32_t)PHX_INFO_LENGTH(info);
        for (uint32_t i = 0; i < m.send_length; i++)
            bytes[i] = (uint8_t)~bytes[i];
        if (PHX_INFO_METHOD(info) == 1)
            m.words[0] = (uint64_t)-phx_invoke(rt_cap("back"), 0, words, 0);
        info = phx_send_message(PHX_OP_RETURN_RECV(0UL, 1UL), rt_cap("endpoint"), &m);
    }
    return 0;
}

static bool mirrored(uint64_t client, uint32_t length)
{
    struct phx_message m = {.deadline = PHX_FOREVER,
        .send_address = (uint64_t)bytes,
        .send_length = length,
        .recv_address = (uint64_t)bytes,
        .recv_capacity = sizeof bytes};
    bool good;

    for (uint32_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 4096);
    good = phx_send_message(PHX_OP_CALL(0UL, 0UL), client, &m) >= 0 &&
           PHX_INFO_LENGTH(m.info) == length;
    for (uint32_t i = 0; i < length && good; i++)
        good = bytes[i] == (uint8_t) ~(i * 7 + i / 4096);
    return good;
}

static void long_and_back(void)
{
    static const uint32_t lengths[] = {1, 64, 4096, 4097, 40000, PHX_MESSAGE_MAX};
    struct account_new_endpoint_out theirs = {0}, own = {0};
    struct phx_message poll = {.deadline = 0};
    unsigned good = 0;
    int64_t result = -1;
    struct proc proc;

    account_new_endpoint(rt_cap("account"), &theirs);
    account_new_endpoint(rt_cap("account"), &own);
    uint64_t client = make_client(theirs.endpoint, 1), back = make_client(own.endpoint, 2);
    const struct proc_grant grants[] = {
        {"endpoint", theirs.endpoint, ~UINT64_C(0), 0}, {"back", back, ~UINT64_C(0), 0}};
    uint64_t words[PHX_WORDS] = {0};
    if (spawn("mirror", 0, grants, 2, &proc)) {
        for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++)
            good += mirrored(client, lengths[i]);
        phx_send_message(PHX_OP_RECV, own.endpoint, &poll); /* it is we who serve there */
        result = phx_invoke(client, 1, words, 0);
        process_exit(proc.process, 9);
        wait_dead(&proc, NULL);
    }
    check("messages_of_64_kib_go_and_come_back", good == sizeof lengths / sizeof *lengths,
        "%u of them", good);
    check("a_call_that_would_wait_for_itself_is_refused",
        result >= 0 && words[0] == PHX_DEADLOCK, "%ld, %ld", result, (int64_t)words[0]);
    phx_release(back);
    phx_release(client);
    phx_release(own.endpoint);
    phx_release(theirs.endpoint);
}

void test_messages(void)
{
    one_way(false);
    one_way(true);
    long_and_back();
}
