/* SPDX-License-Identifier: MIT */
/* Operations on as many bytes as they take, and messages with all that fits. */
#include "hard.h"

#include "bytes.h"

static uint8_t bytes[PHX_PAGE_SIZE], longest[PHX_MESSAGE_MAX];
static uint64_t endpoint;

static void one_by_one(void)
{
    struct console_write_out written;
    struct console_take_out got;
    struct log_read_out line = {0};

    phase("as many random bytes as there are at once");
    if (rt_cap("entropy"))
        must(entropy_fill(rt_cap("entropy"), (uint64_t)bytes, 64), "entropy");
    phase("a page written to the console");
    memset(bytes, '\n', sizeof bytes);
    must(console_write(rt_cap("console"), (uint64_t)bytes, sizeof bytes, &written), "write");
    phase("what came in on the line");
    must(console_take(rt_cap("console"), (uint64_t)bytes, sizeof bytes, &got), "take");
    phase("the longest line of the log");
    memset(bytes, 'x', sizeof bytes);
    must(log_write(rt_cap("log"), (uint64_t)bytes, PHX_LOG_LINE), "log");
    phase("the log is read");
    for (unsigned i = 0; i < 100; i++)
        must(log_read(rt_cap("log"), line.next, (uint64_t)bytes, sizeof bytes, &line), "log");
}

/* Takes four capabilities and bytes with each call, and gives as many bytes back. */
static void serve(void *unused)
{
    static struct phx_message m;
    static uint8_t taken[PHX_MESSAGE_MAX];

    (void)unused;
    for (uint64_t op = PHX_OP_RECV;; op = PHX_OP_RETURN_RECV(0, 10)) {
        m.recv_address = m.send_address = (uint64_t)taken;
        m.send_length = PHX_INFO_LENGTH(m.info);
        m.recv_capacity = sizeof taken;
        m.accept_caps = PHX_MESSAGE_CAPS;
        m.send_caps = 0;
        m.deadline = PHX_FOREVER;
        if (phx_send_message(op, endpoint, &m) < 0)
            return;
        for (unsigned i = 0; i < PHX_INFO_CAPS(m.info); i++)
            phx_release(m.caps[i]);
    }
}

static void messages(void)
{
    static struct phx_message m;
    uint64_t n = new_notification(), thread;

    endpoint = new_endpoint();
    uint64_t client = client_of(endpoint, 1);
    must(rt_thread(serve, NULL, &thread), "thread");
    phase("calls with a page, or all that fits, and four capabilities");
    for (unsigned i = 0; i < 100; i++) {
        m = (struct phx_message){
            .send_address = (uint64_t)longest,
            .send_length = i % 4 ? sizeof bytes : sizeof longest,
            .recv_address = (uint64_t)longest,
            .recv_capacity = sizeof longest,
            .send_caps = PHX_MESSAGE_CAPS,
            .deadline = PHX_FOREVER,
        };
        for (unsigned j = 0; j < PHX_MESSAGE_CAPS; j++)
            m.caps[j] = n, m.cap_modes[j] = PHX_CAP_COPY;
        must(phx_send_message(PHX_OP_CALL(0, 10), client, &m), "call");
    }
    phx_release(endpoint);
    phx_release(n);
}

void hard_bytes(void)
{
    one_by_one();
    messages();
}
