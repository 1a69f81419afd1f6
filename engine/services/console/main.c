/* SPDX-License-Identifier: MIT */
/*
 * The console's driver: what comes in on the machine's serial line.
 *
 *   needs      endpoint console irq (COM1's line) account
 *   provides   terminal
 *
 * The kernel puts output on the line by itself, in whole frames, among the log's; those
 * that write hold its Console. What comes in it hands over as it is, and here it is
 * decoded, kept until it is read, and told of (input.h). Bytes for which there is no
 * room stay in the device, and their sender is stopped.
 *
 * One thread serves one call after another, a second one the line's interrupts, each with
 * the lock. Who has to wait is kept as a Reply and answered later. Deadlines are the
 * kernel's business: a reader's ends its call, and its Reply answers nobody.
 *
 * What is known here dies with the process: the next one asks the host for the terminal when
 * somebody wants to know it, and what was taken and not read is lost, with the rest of the
 * frame that was under way.
 */
#include "input.h"
#include "rt/rt.h"
#include "rt/serve.h"
#include "services.capnp.h"

#define PIECE 96 /* what a take moves at most */
#define STREAM_CONTROL 3

static uint64_t console, irq, told;
static uint64_t asking; /* the stream that asks the host */

static struct rt_lock lock; /* of all below */
static struct input input;
static bool stopped; /* the line, because there was no room */
static uint64_t watcher, watcher_bits;

/* --- the line --------------------------------------------------------------------- */

/* Nobody hears of it: then nobody watches any more. */
static void tell_watcher(void)
{
    if (watcher == 0 || notification_signal(watcher, watcher_bits) >= 0)
        return;
    phx_release(watcher);
    watcher = 0;
    input.watched = false;
}

/* All that there is. A piece that is not full was the last: the interrupt says when there
 * is more. True: there may be more, but there is no room. */
static bool take_all(void)
{
    uint8_t bytes[PIECE];
    uint32_t room;

    while ((room = input_room(&input)) > 0) {
        struct console_take_out out = {0};

        room = room < PIECE ? room : PIECE;
        if (console_take(console, (uint64_t)bytes, room, &out) < 0)
            return false;
        input_put(&input, bytes, (uint32_t)out.got);
        if (out.got < room)
            return false;
    }
    return true;
}

static void pull(void)
{
    uint64_t events = input.events;

    do {
        stopped = take_all();
        input_serve(&input);
    } while (stopped && input_room(&input) > 0);
    if (input.events != events)
        tell_watcher();
}

static void listen(void *unused)
{
    struct notification_wait_out out;

    (void)unused;
    while (notification_wait(told, 1, PHX_FOREVER, &out) >= 0) {
        rt_lock(&lock);
        irq_ack(irq); /* first: what comes from here on is told of again */
        pull();
        rt_unlock(&lock);
    }
}

/* --- who asks ---------------------------------------------------------------------- */

bool asker_answer(uint64_t reply, const uint8_t *bytes, uint32_t count, uint64_t terminal)
{
    struct phx_message m = {.send_address = (uint64_t)bytes, .send_length = count};
    int64_t result;

    m.words[0] = terminal;
    result = phx_send_message(PHX_OP_RETURN(0UL, bytes == NULL ? 1UL : 0UL), reply, &m);
    phx_release(reply);
    return result >= 0;
}

/* An answer with a capability that is none is refused before anything happens, if there is
 * somebody for whom it could have been. */
bool asker_waits(uint64_t reply)
{
    struct phx_message m = {.send_caps = 1, .cap_modes = {PHX_CAP_MOVE}};

    if (phx_send_message(PHX_OP_RETURN(0UL, 0UL), reply, &m) == -PHX_INVALID_CAPABILITY)
        return true;
    phx_release(reply);
    return false;
}

static unsigned wait(struct rt_call *call, uint64_t most)
{
    uint64_t reply = rt_defer(call);

    if (reply == 0)
        return PHX_LIMIT_EXCEEDED;
    if (!input_wait(&input, reply, most))
        rt_answer(reply, PHX_LIMIT_EXCEEDED, NULL, 0);
    return PHX_SUCCESS;
}

static unsigned read_bytes(struct rt_call *call)
{
    if (call->words[0] == 0)
        return PHX_INVALID_ARGUMENT;
    if (!input_read(&input, 0, call->words[0]))
        return call->words[1] == 0 ? wait(call, call->words[0]) : PHX_WOULD_BLOCK;
    if (stopped)
        pull();
    return PHX_SUCCESS;
}

static unsigned tell_terminal(struct rt_call *call)
{
    if (input_read(&input, 0, 0))
        return PHX_SUCCESS;
    console_write(asking, (uint64_t)&input, 0, &(struct console_write_out){0});
    return wait(call, 0);
}

/* What is no Notification may be anybody's endpoint: signalling it could wait for ever. */
static unsigned watch(struct rt_call *call)
{
    struct capability_identify_out what = {0};

    if (capability_identify(call->caps[0], &what) < 0 || what.interface != IFACE_NOTIFICATION)
        return PHX_INVALID_ARGUMENT;
    phx_release(watcher);
    watcher = call->caps[0];
    watcher_bits = call->words[0];
    call->caps[0] = 0; /* kept */
    input.watched = true;
    if (input.events != 0)
        tell_watcher();
    return PHX_SUCCESS;
}

static unsigned obey(struct rt_call *call)
{
    switch (call->method) {
    case TERMINAL_READ:
        return read_bytes(call);
    case TERMINAL_INFO:
        return tell_terminal(call);
    case TERMINAL_WATCH:
        return watch(call);
    case TERMINAL_EVENTS:
        call->words[0] = input.events;
        call->out_words = 1;
        input.events = 0;
        return PHX_SUCCESS;
    default:
        return PHX_INVALID_SYSCALL;
    }
}

static unsigned handle(struct rt_call *call)
{
    unsigned status;

    rt_lock(&lock);
    status = obey(call);
    rt_unlock(&lock);
    return status;
}

/* --- the beginning ------------------------------------------------------------------- */

static void must(int64_t result, const char *what)
{
    if (result < 0)
        rt_panic("%s: %s", what, rt_error_text(result));
}

int main(void)
{
    struct account_new_notification_out notification = {0};
    struct console_stream_out stream = {0};
    struct console_take_out out = {0};
    uint64_t thread;

    console = rt_cap("console");
    irq = rt_cap("irq");
    must(console_stream(console, STREAM_CONTROL, &stream), "console");
    asking = stream.console;
    must(console_take(console, (uint64_t)&input, 0, &out), "console");
    input_init(&input, out.framed != 0);
    must(account_new_notification(rt_cap("account"), &notification), "account");
    told = notification.notification;
    must(irq_bind(irq, told, 1), "irq");
    pull();
    must(rt_thread(listen, NULL, &thread), "a second thread");
    rt_serve(rt_cap("endpoint"), 1, handle);
}
