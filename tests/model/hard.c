/* SPDX-License-Identifier: MIT */
/*
 * Everything that takes long, so that a plugin of the emulator (bench/hold.c) can say for how
 * many instructions the kernel's lock was held meanwhile. Each part is a phase of its own.
 *
 * Runs as the init of hard.cue, with all that there is.
 */
#include "hard.h"

static volatile uint64_t marks[64];
static unsigned phases;

/* bench/stamp.h: a store that the plugin knows. */
void phase(const char *name)
{
    uint64_t one = 1;

    __asm__ volatile(".byte 0x2e\n\tmovnti %1, %0" : "=m"(marks[phases]) : "r"(one) : "memory");
    rt_print("phase %u %s\n", phases++, name);
}

uint64_t new_notification(void)
{
    struct account_new_notification_out out;

    must(account_new_notification(rt_cap("account"), &out), "notification");
    return out.notification;
}

uint64_t new_endpoint(void)
{
    struct account_new_endpoint_out out;

    must(account_new_endpoint(rt_cap("account"), &out), "endpoint");
    return out.endpoint;
}

uint64_t client_of(uint64_t endpoint, uint64_t badge)
{
    struct endpoint_mint_out out;

    must(endpoint_mint(endpoint, 100, 1 | CAPABILITY_M_ALL, badge, 0, &out), "mint");
    return out.capability;
}

uint64_t derive(uint64_t from)
{
    struct capability_identify_out is;
    struct capability_derive_out out;

    must(capability_identify(from, &is), "identify");
    must(capability_derive(from, is.methods, 0, &out), "derive");
    return out.capability;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } roles[] = {
        {"rows", role_rows},
        {"crowd", role_crowd},
        {"mapper", role_mapper},
        {"replies", role_replies},
    };

    for (unsigned i = 0; argc > 1 && i < sizeof roles / sizeof roles[0]; i++)
        if (rt_equal(argv[1], roles[i].name))
            return roles[i].run();
    if (argc > 1)
        return role_ends(argv[1]);
    phase("begins"); /* boot is behind us */
    user_begin("hard");
    hard_rows();
    hard_memory();
    hard_accounts();
    hard_ends();
    hard_waits();
    hard_rings();
    hard_bytes();
    phase("ends");
    check_end();
}
