/* SPDX-License-Identifier: MIT */
/*
 * launcher: a service that builds and runs processes for whoever holds a Launcher.
 *
 *   needs      endpoint account bootPackage; log for complaints
 *   provides   launcher
 *
 * It adds no authority: a program has what its launch was granted, by capabilities
 * that came in messages, and itself. What it runs in is a child of the launcher's
 * account with half of what is left there, so that there is always room for one
 * more; all of it comes back when the program is dead.
 *
 * One thread serves one call after another. Two more do nothing but turn news of
 * the kernel (a process died, a Launch is held by nobody) into calls of the first.
 */
#include "launcher.h"

#include "bytes.h"
#include "rt/rt.h"
#include "services.capnp.h"

uint64_t launcher_endpoint, launcher_account, launcher_deaths;
struct package launcher_package;
struct launch launches[LAUNCHES_MAX];

static uint64_t gone; /* notification: a Launch's badge is held by nobody */

static uint64_t badge_of(const struct launch *l)
{
    return (uint64_t)(l - launches) + 1;
}

static uint64_t bit_of(const struct launch *l)
{
    return UINT64_C(1) << (l - launches);
}

/* --- create ------------------------------------------------------------------- */

static struct launch *free_place(void)
{
    for (unsigned i = 0; i < LAUNCHES_MAX; i++)
        if (launches[i].state == LAUNCH_FREE && !launches[i].held)
            return &launches[i];
    return NULL;
}

/* A path is looked up when the program starts; a name must be in the boot package. */
static bool is_known(const char *name, size_t length)
{
    struct binary_reader binary;

    for (size_t i = 0; i < length; i++)
        if (name[i] == '/')
            return true;
    return package_binary(&launcher_package, name, &binary);
}

static unsigned create(struct rt_call *call)
{
    struct launch *l = free_place();
    struct endpoint_mint_out launch = {0};
    int64_t result;
    char *name;

    if (call->length == 0 || call->length > NAME_MAX)
        return PHX_INVALID_ARGUMENT;
    if (l == NULL)
        return PHX_TOO_MANY_PROCESSES;
    name = rt_copy((const char *)call->bytes, call->length);
    if (name == NULL)
        return PHX_OUT_OF_MEMORY;
    package_reopen(&launcher_package); /* for a whole traversal limit */
    result = is_known(name, call->length) ? 0 : -PHX_NOT_FOUND;
    if (result >= 0)
        result =
            endpoint_mint(launcher_endpoint, IFACE_LAUNCH, LAUNCH_M_ALL, badge_of(l), 0, &launch);
    if (result >= 0)
        result = endpoint_watch(launcher_endpoint, badge_of(l), gone, bit_of(l));
    if (result < 0) {
        phx_release(launch.capability);
        rt_free(name);
        return (unsigned)-result;
    }
    *l = (struct launch){.state = LAUNCH_PREPARED, .held = true, .name = name};
    call->out_cap = launch.capability;
    return PHX_SUCCESS;
}

/* --- the loop ------------------------------------------------------------------ */

static unsigned handle_launcher(struct rt_call *call)
{
    switch (call->method) {
    case LAUNCHER_CREATE:
        return create(call);
    case LAUNCHER_LIST:
        return list_handle(call);
    case LAUNCHER_ADOPT:
        return adopt_handle(call);
    case LAUNCHER_PROCESS:
        return process_handle(call);
    case LAUNCHER_ACCOUNT:
        return account_handle(call);
    default:
        return PHX_INVALID_SYSCALL;
    }
}

static void look_at_gone(uint64_t bits)
{
    for (unsigned i = 0; i < LAUNCHES_MAX; i++)
        if ((bits >> i & 1) && launches[i].held)
            launch_abandon(&launches[i]);
}

static void look_at_deaths(uint64_t bits)
{
    for (unsigned i = 0; i < LAUNCHES_MAX; i++)
        if (bits >> i & 1)
            launch_look(&launches[i]);
}

static unsigned handle(struct rt_call *call)
{
    if (call->badge == BADGE_LAUNCHER)
        return handle_launcher(call);
    if (call->badge == BADGE_DEATHS)
        look_at_deaths(call->words[0]);
    else if (call->badge == BADGE_GONE)
        look_at_gone(call->words[0]);
    else if (call->badge <= LAUNCHES_MAX)
        return launch_handle(call, &launches[call->badge - 1]);
    return PHX_SUCCESS;
}

/* A notification, and the thread that tells of it under that badge. */
static uint64_t relay(uint64_t badge)
{
    struct account_new_notification_out notification = {0};
    struct endpoint_mint_out self = {0};
    int64_t result = account_new_notification(launcher_account, &notification);

    if (result >= 0)
        result = endpoint_mint(launcher_endpoint, IFACE_LAUNCHER, LAUNCHER_M_LIST, badge, 0, &self);
    if (result >= 0)
        result = rt_relay(notification.notification, self.capability, LAUNCHER_LIST);
    if (result < 0)
        rt_panic("cannot begin: %s", rt_error_text(result));
    return notification.notification;
}

int main(void)
{
    const char *problem = package_open(&launcher_package, rt_cap("bootPackage"));

    if (problem != NULL)
        rt_panic("boot package: %s", problem);
    launcher_endpoint = rt_cap("endpoint");
    launcher_account = rt_cap("account");
    launcher_deaths = relay(BADGE_DEATHS);
    gone = relay(BADGE_GONE);
    rt_serve(launcher_endpoint, 2, handle);
}
