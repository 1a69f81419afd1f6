/* SPDX-License-Identifier: MIT */
/*
 * Tests from user land, as a service of a machine of their own. One binary plays
 * every part: without an argument it is the first process, which starts itself
 * again in other roles, says what it found, and turns the machine off.
 */
#define CHECK_GROUP "native"
#include "native.h"

#include "bytes.h"

#define DEAD 3
#define PATIENCE_MS 3000

struct package package;
struct proc_image native_image;

void sleep_ms(uint64_t ms)
{
    struct clock_now_out now = {0};

    clock_now(rt_cap("clock"), &now);
    thread_control_sleep(RT_THREAD, now.ns + ms * 1000000);
}

bool spawn(const char *role, uint64_t account, const struct proc_grant *grants, size_t count,
    struct proc *proc)
{
    const struct proc_text arguments[] = {{"native", 6}, {role, strlen(role)}};
    struct account_new_pool_out pool = {0};
    uint64_t payer = account != 0 ? account : rt_cap("account");
    struct proc_plan plan = {.account = payer,
        .image = native_image,
        .grants = grants,
        .grant_count = count,
        .startup = {.arguments = arguments,
            .argument_count = 2,
            .directory = {"/", 1},
            .program = {"native", 6}}};
    const char *reason;
    int64_t result = account_new_pool(payer, &pool);

    plan.pool = pool.pool;
    if (result >= 0)
        result = proc_build(&plan, proc, &reason);
    phx_release(pool.pool);
    if (result >= 0)
        result = proc_start(proc);
    return result >= 0;
}

uint64_t wait_dead(struct proc *proc, uint64_t *fault_address)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += 2) {
        struct process_status_out out = {0};

        if (process_status(proc->process, &out) < 0)
            return ~UINT64_C(0);
        if (out.state == DEAD) {
            if (fault_address != NULL)
                *fault_address = out.fault_address;
            proc_end(proc, 0);
            return out.status;
        }
        sleep_ms(2);
    }
    return ~UINT64_C(0);
}

static uint64_t used(unsigned resource)
{
    struct account_balance_out out = {0};

    account_balance(rt_cap("account"), resource, &out);
    return out.used;
}

struct balance balance_now(void)
{
    return (struct balance){used(RESOURCE_PAGES), used(RESOURCE_HOLDS), used(RESOURCE_THREADS)};
}

bool balance_returns(const struct balance *before, struct balance *last)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += 5) {
        *last = balance_now();
        if (memcmp(last, before, sizeof *last) == 0)
            return true;
        sleep_ms(5);
    }
    return false;
}

static int test_all(void)
{
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    if (problem == NULL)
        problem = package_image(&package, "native", &native_image);
    if (problem != NULL) {
        check("begins", false, "%s", problem);
    } else {
        sleep_ms(1500); /* init has given up the flaky one by then */
        test_runtime();
        test_messages();
        test_restart();
        test_hostile();
        test_services();
        test_authority();
        test_builds();
        test_deaths();
        test_memory();
        test_shared();
        test_reclaim();
        test_rings();
        test_time();
    }
    check_end();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } roles[] = {
        {"authority", role_authority},
        {"peek", role_peek},
        {"caller", role_caller},
        {"server", role_server},
        {"holder", role_holder},
        {"fault", role_fault},
        {"flaky", role_flaky},
        {"wait", role_wait},
        {"brittle", role_brittle},
        {"write-start", role_mischief},
        {"write-text", role_mischief},
        {"run-data", role_mischief},
        {"run-start", role_mischief},
        {"run-stack", role_mischief},
        {"write-last", role_mischief},
        {"run-last", role_mischief},
        {"deep", role_deep},
        {"counter", role_counter},
        {"viewer", role_viewer},
        {"giver", role_giver},
        {"miser", role_miser},
        {"reader", role_reader},
        {"sender", role_sender},
        {"mirror", role_mirror},
    };

    for (unsigned i = 0; argc > 1 && i < sizeof roles / sizeof roles[0]; i++)
        if (rt_equal(argv[1], roles[i].name))
            return roles[i].run();
    return test_all();
}
