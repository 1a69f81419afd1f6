/* SPDX-License-Identifier: MIT */
/* One program: prepared, running, ended. */
#include "launcher.h"

#include "bytes.h"
#include "rt/rt.h"
#include "services.capnp.h"

#define STATE_DEAD 3
#define SIGNAL_KILL 9
#define SIGNALS 63

/* --- grant ------------------------------------------------------------------------ */

static bool is_granted(const struct launch *l, const char *name, unsigned slot)
{
    for (unsigned i = 0; i < l->grant_count; i++)
        if (rt_equal(l->grants[i].name, name) || (slot != 0 && l->grants[i].slot == slot))
            return true;
    return false;
}

static unsigned do_grant(struct rt_call *call, struct launch *l)
{
    uint64_t capability = call->caps[0];
    char *name;

    if (l->state != LAUNCH_PREPARED)
        return PHX_INVALID_STATE;
    if (call->length == 0 || call->length > NAME_MAX || call->words[0] >= PHX_SLOT_COUNT ||
        capability == 0)
        return PHX_INVALID_ARGUMENT;
    name = rt_copy((const char *)call->bytes, call->length);
    if (name == NULL)
        return PHX_OUT_OF_MEMORY;
    if (is_granted(l, name, (unsigned)call->words[0]) ||
        (call->words[0] != 0 && call->words[0] <= SLOT_POOL)) {
        rt_free(name);
        return PHX_EXISTS;
    }
    if ((rt_equal(name, "image") && !has_interface(capability, IFACE_FILE)) ||
        (rt_equal(name, "namespace") && !has_interface(capability, IFACE_NAMESPACE))) {
        rt_free(name);
        return PHX_INVALID_ARGUMENT;
    }
    if (rt_equal(name, "image")) {
        rt_free(name);
        phx_release(l->program);
        l->program = capability;
    } else if (l->grant_count < GRANTS_MAX) {
        l->grants[l->grant_count++] =
            (struct launch_grant){name, capability, (unsigned)call->words[0]};
    } else {
        rt_free(name);
        return PHX_LIMIT_EXCEEDED;
    }
    call->caps[0] = 0; /* kept */
    return PHX_SUCCESS;
}

static void drop_grants(struct launch *l)
{
    for (unsigned i = 0; i < l->grant_count; i++) {
        rt_free(l->grants[i].name);
        phx_release(l->grants[i].capability);
    }
    l->grant_count = 0;
    phx_release(l->program);
    l->program = 0;
}

/* --- start, wait, signal ----------------------------------------------------------- */

static unsigned do_start(struct rt_call *call, struct launch *l)
{
    const char *reason = "";
    int64_t result;

    if (l->state != LAUNCH_PREPARED)
        return PHX_INVALID_STATE;
    result = launch_begin(l, call->bytes, call->length, &reason);
    if (result < 0) {
        call->out_bytes = reason;
        call->out_length = strlen(reason);
        return (unsigned)-result;
    }
    drop_grants(l);
    l->state = LAUNCH_RUNNING;
    call->words[0] = l->pid;
    call->out_words = 1;
    return PHX_SUCCESS;
}

static unsigned do_wait(struct rt_call *call, struct launch *l)
{
    uint64_t reply;

    if (l->state == LAUNCH_ENDED) {
        call->words[0] = l->status;
        call->words[1] = l->fault_address;
        call->out_words = 2;
        return PHX_SUCCESS;
    }
    if (l->state != LAUNCH_RUNNING || l->waiter_count == WAITERS_MAX)
        return PHX_INVALID_STATE;
    reply = rt_defer(call);
    if (reply == 0)
        return PHX_OUT_OF_MEMORY;
    l->waiters[l->waiter_count++] = reply;
    return PHX_SUCCESS;
}

/* 9 ends it, whatever it thinks of that; a native program knows no other signals. A
 * libos gets the number as a pending bit of its first thread. */
static unsigned do_signal(struct rt_call *call, struct launch *l)
{
    uint64_t number = call->words[0];

    if (l->state != LAUNCH_RUNNING)
        return PHX_INVALID_STATE;
    if (number == 0 || number > SIGNALS)
        return PHX_INVALID_ARGUMENT;
    if (l->in_libos && number != SIGNAL_KILL)
        thread_interrupt(l->proc.thread, UINT64_C(1) << number);
    else
        process_exit(l->proc.process, number);
    return PHX_SUCCESS;
}

unsigned launch_handle(struct rt_call *call, struct launch *l)
{
    switch (call->method) {
    case LAUNCH_GRANT:
        return do_grant(call, l);
    case LAUNCH_START:
        return do_start(call, l);
    case LAUNCH_WAIT:
        return do_wait(call, l);
    case LAUNCH_SIGNAL:
        return do_signal(call, l);
    default:
        return PHX_INVALID_SYSCALL;
    }
}

/* --- the end --------------------------------------------------------------------- */

static void forget(struct launch *l)
{
    drop_grants(l);
    rt_free(l->name);
    *l = (struct launch){.state = LAUNCH_FREE};
}

void launch_look(struct launch *l)
{
    struct process_status_out out = {0};

    if (l->state != LAUNCH_RUNNING || process_status(l->proc.process, &out) < 0 ||
        out.state != STATE_DEAD)
        return;
    l->state = LAUNCH_ENDED;
    l->status = out.status;
    l->fault_address = out.fault_address;
    proc_end(&l->proc, 0);
    phx_release(l->pool);
    account_destroy(l->account);
    phx_release(l->account);
    for (unsigned i = 0; i < l->waiter_count; i++)
        rt_answer(l->waiters[i], PHX_SUCCESS, (const uint64_t[]){l->status, l->fault_address}, 2);
    l->waiter_count = 0;
    if (!l->held)
        forget(l);
}

void launch_abandon(struct launch *l)
{
    l->held = false;
    if (l->state == LAUNCH_RUNNING)
        process_exit(l->proc.process, SIGNAL_KILL);
    else
        forget(l);
}
