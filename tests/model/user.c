/* SPDX-License-Identifier: MIT */
#define CHECK_GROUP "model"
#include "user.h"

#include "bytes.h"

#define DEAD 3

extern uint32_t crew_begun;
void crew_entry(void);

static struct package package;
static struct proc_image image;
static const char *own_name;

void user_begin(const char *name)
{
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    own_name = name;
    if (problem == NULL)
        problem = package_image(&package, name, &image);
    if (problem != NULL)
        rt_panic("%s: %s", name, problem);
}

bool user_has(const char *name)
{
    struct binary_reader binary;

    return package_binary(&package, name, &binary);
}

void sleep_ms(uint64_t ms)
{
    struct clock_now_out now = {0};

    clock_now(rt_cap("clock"), &now);
    thread_control_sleep(RT_THREAD, now.ns + ms * 1000000);
}

struct proc start_role(
    const char *role, uint64_t account, const struct proc_grant *grants, unsigned count)
{
    struct proc_text arguments[] = {{own_name, strlen(own_name)}, {role, strlen(role)}};
    struct account_new_pool_out pool = {0};
    struct proc_plan plan = {
        .account = account,
        .image = image,
        .grants = grants,
        .grant_count = count,
        .startup = {.arguments = arguments, .argument_count = 2, .program = arguments[0]},
    };
    const char *reason = "";
    struct proc proc;

    must(account_new_pool(account, &pool), "pool");
    plan.pool = pool.pool;
    int64_t err = proc_build(&plan, &proc, &reason);
    if (err < 0)
        rt_panic("%s: %s: %s", role, reason, rt_error_text(err));
    phx_release(pool.pool);
    must(proc_start(&proc), role);
    return proc;
}

uint64_t wait_gone(struct proc *proc)
{
    struct process_status_out out = {0};

    for (;;) {
        must(process_status(proc->process, &out), "status");
        if (out.state == DEAD)
            break;
        sleep_ms(1);
    }
    proc_end(proc, 0);
    return out.status;
}

void crew(const struct order *order, unsigned n, uint64_t *threads)
{
    uint32_t before = crew_begun;

    for (unsigned i = 0; i < n; i++) {
        struct process_new_thread_out made;

        must(process_new_thread(
                 RT_PROCESS, (uint64_t)crew_entry, 0, (uint64_t)order, 0, 0, &made),
            "thread");
        must(thread_start(made.thread), "start");
        if (threads)
            threads[i] = made.thread;
        else
            phx_release(made.thread);
    }
    while (__atomic_load_n(&crew_begun, __ATOMIC_RELAXED) - before < n)
        sleep_ms(1);
    sleep_ms(5);
}

void crew_gone(void)
{
    struct process_status_out out = {.threads = 2};

    while (process_status(RT_PROCESS, &out) >= 0 && out.threads > 1)
        sleep_ms(1);
}
