/* SPDX-License-Identifier: MIT */
/*
 * What `ps` shows: first the processes that init told of, then our own. A cookie is
 * the place in that order from which to look on. And, to whom that was granted, the
 * process or account behind a line, with the methods that look and take and no others.
 */
#include "launcher.h"

#include "bytes.h"
#include "rt/rt.h"
#include "services.capnp.h"

#define STATE_DEAD 3
#define NOT_KNOWN (~UINT64_C(0)) /* it shares an account with others */

struct adopted {
    char *name; /* NULL: the place is free */
    uint64_t process;
    uint64_t account; /* 0: it shares another's */
};

static struct adopted adopted[ADOPTED_MAX];

static void drop(struct adopted *a)
{
    rt_free(a->name);
    phx_release(a->process);
    phx_release(a->account);
    *a = (struct adopted){0};
}

bool has_interface(uint64_t capability, unsigned interface)
{
    struct capability_identify_out out = {0};

    return capability_identify(capability, &out) >= 0 && out.interface == interface;
}

unsigned adopt_handle(struct rt_call *call)
{
    struct process_status_out status;
    struct adopted *place = NULL;

    for (unsigned i = 0; i < ADOPTED_MAX; i++) {
        struct adopted *a = &adopted[i];

        if (a->name != NULL &&
            (process_status(a->process, &status) < 0 || status.state == STATE_DEAD))
            drop(a);
        if (a->name == NULL && place == NULL)
            place = a;
    }
    if (call->length == 0 || call->length > NAME_MAX ||
        !has_interface(call->caps[0], IFACE_PROCESS) ||
        (call->caps[1] != 0 && !has_interface(call->caps[1], IFACE_ACCOUNT)))
        return PHX_INVALID_ARGUMENT;
    if (place == NULL)
        return PHX_OUT_OF_MEMORY;
    place->name = rt_copy((const char *)call->bytes, call->length);
    if (place->name == NULL)
        return PHX_OUT_OF_MEMORY;
    place->process = call->caps[0];
    place->account = call->caps[1];
    call->caps[0] = call->caps[1] = 0; /* kept */
    return PHX_SUCCESS;
}

static uint64_t used(uint64_t account, unsigned resource)
{
    struct account_balance_out balance = {0};

    if (account == 0 || account_balance(account, resource, &balance) < 0)
        return NOT_KNOWN;
    return balance.used;
}

static void answer(struct rt_call *call, uint64_t next, const struct process_status_out *status,
    uint64_t account, const char *name)
{
    call->words[0] = next;
    call->words[1] = status->pid;
    call->words[2] = status->state;
    call->words[3] = status->status;
    call->words[4] = used(account, RESOURCE_PAGES);
    call->words[5] = used(account, RESOURCE_HOLDS);
    call->words[6] = status->threads;
    call->out_words = 7;
    call->out_bytes = name;
    call->out_length = strlen(name);
}

static bool answer_adopted(struct rt_call *call, uint64_t at)
{
    struct process_status_out status;

    if (adopted[at].name == NULL || process_status(adopted[at].process, &status) < 0 ||
        status.state == STATE_DEAD)
        return false;
    answer(call, at + 1, &status, adopted[at].account, adopted[at].name);
    return true;
}

static bool answer_launch(struct rt_call *call, uint64_t at)
{
    const struct launch *l = &launches[at - ADOPTED_MAX];
    struct process_status_out status;

    if (l->state != LAUNCH_RUNNING || process_status(l->proc.process, &status) < 0)
        return false;
    answer(call, at + 1, &status, l->account, l->name);
    return true;
}

unsigned list_handle(struct rt_call *call)
{
    for (uint64_t at = call->words[0]; at < ADOPTED_MAX + LAUNCHES_MAX; at++)
        if (at < ADOPTED_MAX ? answer_adopted(call, at) : answer_launch(call, at))
            return PHX_SUCCESS;
    return PHX_NOT_FOUND;
}

/* --- one of them ------------------------------------------------------------------- */

static bool has_pid(uint64_t process, uint64_t pid)
{
    struct process_status_out status;

    return process_status(process, &status) >= 0 && status.state != STATE_DEAD &&
           status.pid == pid;
}

static bool find(uint64_t pid, uint64_t *process, uint64_t *account)
{
    for (unsigned i = 0; i < ADOPTED_MAX; i++) {
        if (adopted[i].name == NULL || !has_pid(adopted[i].process, pid))
            continue;
        *process = adopted[i].process;
        *account = adopted[i].account;
        return true;
    }
    for (unsigned i = 0; i < LAUNCHES_MAX; i++) {
        if (launches[i].state != LAUNCH_RUNNING || !has_pid(launches[i].proc.process, pid))
            continue;
        *process = launches[i].proc.process;
        *account = launches[i].account;
        return true;
    }
    return false;
}

/* A child with these methods, as far as we have them, that can only be handed on. */
static unsigned answer_with(struct rt_call *call, uint64_t capability, uint64_t methods)
{
    struct capability_identify_out own = {0};
    struct capability_derive_out out = {0};
    int64_t result = -PHX_NOT_FOUND;

    if (capability != 0)
        result = capability_identify(capability, &own);
    if (result >= 0)
        result = capability_derive(capability,
            own.methods & (methods | CAPABILITY_M_IDENTIFY | CAPABILITY_M_TRANSFER), 0, &out);
    if (result < 0)
        return (unsigned)-result;
    call->out_cap = out.capability;
    return PHX_SUCCESS;
}

unsigned process_handle(struct rt_call *call)
{
    uint64_t process, account;

    if (!find(call->words[0], &process, &account))
        return PHX_NOT_FOUND;
    return answer_with(
        call, process, PROCESS_M_STATUS | PROCESS_M_HOLDS | PROCESS_M_REVOKE);
}

unsigned account_handle(struct rt_call *call)
{
    uint64_t process, account;

    if (!find(call->words[0], &process, &account))
        return PHX_NOT_FOUND;
    return answer_with(call, account, ACCOUNT_M_BALANCE | ACCOUNT_M_NEW_TAP);
}
