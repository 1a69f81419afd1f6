/* SPDX-License-Identifier: MIT */
#include "rt/serve.h"

#include "bytes.h"
#include "rt/rt.h"

static uint8_t inbox[RT_INBOX] __attribute__((aligned(PHX_PAGE_SIZE))); /* one page is quicker */

static void prepare(struct phx_message *m, unsigned accept_caps)
{
    m->recv_address = (uint64_t)inbox;
    m->recv_capacity = sizeof inbox;
    m->deadline = PHX_FOREVER;
    m->accept_caps = (uint8_t)accept_caps;
}

static void take(struct rt_call *call, const struct phx_message *m, uint64_t info)
{
    memset(call, 0, sizeof *call);
    call->badge = m->badge;
    call->method = PHX_INFO_METHOD(info);
    call->word_count = PHX_INFO_WORDS(info);
    for (unsigned i = 0; i < call->word_count && i < PHX_WORDS; i++)
        call->words[i] = m->words[i];
    call->bytes = inbox;
    call->length = PHX_INFO_LENGTH(info);
    call->cap_count = PHX_INFO_CAPS(info);
    for (unsigned i = 0; i < call->cap_count && i < PHX_MESSAGE_CAPS; i++)
        call->caps[i] = PHX_INFO_LOST(info) >> i & 1 ? 0 : m->caps[i];
}

static void fill(struct phx_message *m, const struct rt_call *call)
{
    memset(m, 0, sizeof *m);
    for (unsigned i = 0; i < call->out_words; i++)
        m->words[i] = call->words[i];
    m->send_address = (uint64_t)call->out_bytes;
    m->send_length = (uint32_t)call->out_length;
    m->caps[0] = call->out_cap;
    m->cap_modes[0] = PHX_CAP_MOVE;
    m->send_caps = call->out_cap != 0;
}

/* Answer and wait for the next call. An answer that its caller does not take (or
 * that cannot be read) becomes an error without anything. */
static int64_t next(uint64_t endpoint, unsigned accept_caps, struct phx_message *m,
    struct rt_call *call, unsigned status)
{
    int64_t info;

    fill(m, call);
    prepare(m, accept_caps);
    info = phx_send_message(PHX_OP_RETURN_RECV(status, (uint64_t)call->out_words), endpoint, m);
    /* A caller that died took nothing; of one that did not the row is gone already. */
    phx_release(call->out_cap);
    for (unsigned tries = 0; info < 0 && tries < 3; tries++) {
        memset(m, 0, sizeof *m);
        prepare(m, accept_caps);
        info = phx_send_message(PHX_OP_RETURN_RECV((uint64_t)PHX_NOT_ACCEPTED, 0UL), endpoint, m);
    }
    return info;
}

_Noreturn void rt_serve(uint64_t endpoint, unsigned accept_caps, rt_handler handler)
{
    static struct phx_message m;
    static struct rt_call call;
    int64_t info;

    prepare(&m, accept_caps);
    info = phx_send_message(PHX_OP_RECV, endpoint, &m);
    while (info >= 0) {
        unsigned status;

        take(&call, &m, (uint64_t)info);
        status = handler(&call);
        for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++)
            phx_release(call.caps[i]);
        info = next(endpoint, accept_caps, &m, &call, status);
    }
    rt_log("no more calls: %s", rt_error_text(info));
    rt_exit(1);
}

uint64_t rt_defer(struct rt_call *call)
{
    struct thread_control_take_reply_out out = {0};

    if (thread_control_take_reply(RT_THREAD, &out) < 0)
        return 0;
    call->deferred = true;
    return out.reply;
}

void rt_answer(uint64_t reply, unsigned status, const uint64_t *words, unsigned count)
{
    uint64_t registers[PHX_WORDS] = {0};
    uint64_t cap = reply;

    for (unsigned i = 0; i < count; i++)
        registers[i] = words[i];
    phx_syscall(PHX_OP_RETURN((uint64_t)status, (uint64_t)count), &cap, registers);
    phx_release(reply);
}
