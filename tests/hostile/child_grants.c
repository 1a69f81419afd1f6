/* SPDX-License-Identifier: MIT */
/*
 * Grants into a child that has not begun, that runs and that is dead: slots that are
 * none or taken, methods that it has not, processes that do not accept. And threads in
 * a process that is dead.
 *
 * With  account,clock
 * Gets  # refused
 */
#include "hostile.h"

static const uint8_t loops[] = {0xeb, 0xfe};
static unsigned refused;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

static void slots(uint64_t process)
{
    static const uint64_t none[] = {16, 17, 56, 64, 0x100000001, UINT64_MAX, UINT64_C(1) << 63};
    struct capability_grant_out out = {0};

    for (unsigned i = 0; i < COUNT(none); i++)
        refuse("a slot that is none",
            capability_grant(RT_POOL, process, FRAME_POOL_M_INFO, none[i], &out),
            -PHX_INVALID_ARGUMENT);
    MUST(capability_grant(RT_POOL, process, FRAME_POOL_M_INFO, 9, &out) >= 0, "a good slot");
    refuse("a slot that is taken", capability_grant(RT_POOL, process, FRAME_POOL_M_INFO, 9, &out),
        -PHX_EXISTS);
    for (unsigned bit = 4; bit < 56; bit++)
        refuse("a method that it has not",
            capability_grant(RT_POOL, process, UINT64_C(1) << bit, 0, &out),
            -PHX_PERMISSION_DENIED);
}

static void other_processes(uint64_t process)
{
    struct capability_derive_out closed = {0};
    struct capability_grant_out out = {0};

    capability_derive(process, PROCESS_M_ALL & ~PROCESS_M_ACCEPT, 0, &closed);
    refuse("one that does not accept",
        capability_grant(RT_POOL, closed.capability, FRAME_POOL_M_INFO, 0, &out),
        -PHX_PERMISSION_DENIED);
    refuse("a pool", capability_grant(RT_POOL, RT_POOL, FRAME_POOL_M_INFO, 0, &out),
        -PHX_PERMISSION_DENIED);
    refuse("nothing", capability_grant(RT_POOL, 0, FRAME_POOL_M_INFO, 0, &out),
        -PHX_INVALID_CAPABILITY);
}

static void dead(uint64_t account)
{
    struct account_new_process_out process = {0};
    struct process_new_thread_out thread = {0}, before = {0};
    struct capability_grant_out out = {0};
    struct process_status_out status = {0};
    struct address_space_populate_out populated = {0};

    account_new_process(account, 0, USER_END, &process);
    process_new_thread(process.process, CHILD_CODE, 0, 0, 0, 0, &before);
    MUST(process_exit(process.process, 0x1234567890) >= 0, "exit");
    while (status.state != 3)
        process_status(process.process, &status);
    MUST(status.status == 0x7890, "status 0x%lx", status.status);
    refuse("a grant to the dead",
        capability_grant(RT_POOL, process.process, FRAME_POOL_M_INFO, 0, &out), -PHX_INVALID_STATE);
    refuse("a thread of the dead",
        process_new_thread(process.process, CHILD_CODE, 0, 0, 0, 0, &thread), -PHX_INVALID_STATE);
    refuse("its thread, started", thread_start(before.thread), -PHX_INVALID_STATE);
    refuse("memory of the dead",
        address_space_populate(process.space, RT_POOL, CHILD_CODE, 1, READ_WRITE, &populated),
        -PHX_REVOKED);
    phx_release(before.thread);
    phx_release(process.process);
    phx_release(process.space);
}

int main(void)
{
    uint64_t account = budget(400, 200, 20);
    struct account_new_process_out new = {0};
    struct child child;

    MUST(account_new_process(account, 0, USER_END, &new) >= 0, "no process");
    slots(new.process);
    other_processes(new.process);
    MUST(child_start(account, loops, sizeof loops, &child) >= 0, "no child");
    slots(child.process);
    other_processes(child.process);
    dead(account);
    account_destroy(account);
    rt_print("%u refused\n", refused);
    return 0;
}
