/* SPDX-License-Identifier: MIT */
/*
 * Drivers in ring 3, as a service of a machine of their own: the CMOS clock, the timer
 * and two of QEMU's edu devices, each with the ranges that the manifest grants. One
 * binary plays every part: without an argument it is the first process, which says what
 * it found and turns the machine off.
 */
#define CHECK_GROUP "devices"
#include "devices.h"

#include "bytes.h"
#include "fmt/fmt.h"

#define DEAD 3
#define PATIENCE_MS 3000

static struct package package;
static struct proc_image image;

void say(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    rt_print("  %s\n", text);
}

uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

void sleep_ms(uint64_t ms)
{
    thread_control_sleep(RT_THREAD, now() + ms * MS);
}

uint64_t notification(void)
{
    struct account_new_notification_out out = {0};

    account_new_notification(rt_cap("account"), &out);
    return out.notification;
}

uint64_t wait_ms(uint64_t notification, uint64_t ms)
{
    struct notification_wait_out out = {0};

    return notification_wait(notification, ~UINT64_C(0), now() + ms * MS, &out) < 0 ? 0 : out.bits;
}

uint64_t poll(uint64_t notification)
{
    struct notification_poll_out out = {0};

    notification_poll(notification, ~UINT64_C(0), &out);
    return out.bits;
}

uint64_t without(uint64_t cap, uint64_t methods)
{
    struct capability_identify_out own = {0};
    struct capability_derive_out out = {0};

    capability_identify(cap, &own);
    capability_derive(cap, own.methods & ~methods, 0, &out);
    return out.capability;
}

bool spawn(const char *role, const struct proc_grant *grants, size_t count, struct proc *proc)
{
    const struct proc_text arguments[] = {{"devices", 7}, {role, strlen(role)}};
    struct account_new_pool_out pool = {0};
    struct proc_plan plan = {.account = rt_cap("account"),
        .image = image,
        .grants = grants,
        .grant_count = count,
        .startup = {.arguments = arguments,
            .argument_count = 2,
            .directory = {"/", 1},
            .program = {"devices", 7}}};
    const char *reason;
    int64_t result = account_new_pool(plan.account, &pool);

    plan.pool = pool.pool;
    if (result >= 0)
        result = proc_build(&plan, proc, &reason);
    phx_release(pool.pool);
    return result >= 0 && proc_start(proc) >= 0;
}

uint64_t wait_dead(struct proc *proc)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += 2) {
        struct process_status_out out = {0};

        if (process_status(proc->process, &out) < 0)
            return ~UINT64_C(0);
        if (out.state == DEAD) {
            proc_end(proc, 0);
            return out.status;
        }
        sleep_ms(2);
    }
    return ~UINT64_C(0);
}

struct balance balance_now(void)
{
    struct balance b;

    for (unsigned resource = 0; resource < 3; resource++) {
        struct account_balance_out out = {0};

        account_balance(rt_cap("account"), resource, &out);
        b.used[resource] = out.used;
    }
    return b;
}

bool balance_returns(const struct balance *before)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += 5) {
        struct balance b = balance_now();

        if (memcmp(&b, before, sizeof b) == 0)
            return true;
        sleep_ms(5);
    }
    return false;
}

static int test_all(unsigned rounds, uint64_t seed)
{
    struct account_new_dma_domain_out domain = {0};
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    if (problem == NULL)
        problem = package_image(&package, "devices", &image);
    if (problem != NULL) {
        check("begins", false, "%s", problem);
    } else if (account_new_dma_domain(rt_cap("account"), 0, &domain) < 0) {
        rt_show_capabilities();
        test_no_unit();
    } else {
        phx_release(domain.domain);
        test_clocks();
        test_edu();
        test_dma();
        test_dma_rounds(rounds, seed);
        test_deaths();
    }
    check_end();
}

/* Without arguments, or with `rounds` and how many, and the seed. */
int main(int argc, char **argv)
{
    uint64_t rounds = 12, seed = 3;

    if (argc > 1 && rt_equal(argv[1], "ports"))
        return role_ports();
    if (argc > 1 && rt_equal(argv[1], "driver"))
        return role_driver();
    if (argc > 3 && rt_equal(argv[1], "rounds")) {
        rt_number(argv[2], &rounds);
        rt_number(argv[3], &seed);
    }
    return test_all((unsigned)rounds, seed);
}
