/* SPDX-License-Identifier: MIT */
/*
 * One thread derives, copies and uses; another revokes what it derives from, and its
 * own; a third lets go of ids that are drawn. Each use works or is refused as it must.
 *
 * With  account,clock
 * Gets  # uses, # worked
 */
#include "hostile.h"

#define TIMES 4000

static uint64_t top, ids[32];
static bool over;
static uint32_t uses, worked;

static bool is_refusal(int64_t result)
{
    return result == -PHX_REVOKED || result == -PHX_INVALID_CAPABILITY ||
           result == -PHX_PERMISSION_DENIED || result == -PHX_DEPTH_EXCEEDED ||
           result == -PHX_CONSUMED;
}

static void one(void)
{
    struct capability_derive_out derived = {0};
    uint64_t parent = draw(2) ? top : ids[draw(COUNT(ids))];
    int64_t result = capability_derive(
        parent, CAPABILITY_M_ALL | NOTIFICATION_M_POLL, draw(4) ? 0 : 1 + draw(3), &derived);

    if (result >= 0) {
        uint64_t old =
            __atomic_exchange_n(&ids[draw(COUNT(ids))], derived.capability, __ATOMIC_RELAXED);

        phx_release(old);
        result = notification_poll(ids[draw(COUNT(ids))], 1, NULL);
    }
    MUST(result >= 0 || is_refusal(result), "a use: %s", text_of(result));
    uses++;
    worked += result >= 0;
}

static void revoke(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        capability_revoke(draw(4) ? ids[draw(COUNT(ids))] : top, draw(8) == 0 ? 0 : draw(2));
        /* Not the top itself: it is taken back as a copy. */
        if (capability_identify(top, NULL) < 0)
            return;
        thread_control_yield(RT_THREAD);
    }
}

static void let_go(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        phx_release(ids[draw(COUNT(ids))]);
        thread_control_yield(RT_THREAD);
    }
}

int main(void)
{
    struct account_new_notification_out made = {0};
    struct capability_duplicate_out copy = {0};
    uint64_t threads[2], original;

    account_new_notification(rt_cap("account"), &made);
    original = made.notification;
    capability_duplicate(original, &copy);
    top = copy.capability;
    threads[0] = thread(revoke, NULL);
    threads[1] = thread(let_go, NULL);
    for (unsigned i = 0; i < TIMES; i++) {
        if (capability_identify(top, NULL) < 0 && capability_duplicate(original, &copy) >= 0) {
            top = copy.capability;
            joined(threads[0]);
            threads[0] = thread(revoke, NULL);
        }
        one();
        if (i % 16 == 0)
            thread_control_yield(RT_THREAD);
    }
    over = true;
    MUST(joined(threads[0]) && joined(threads[1]), "a thread is lost");
    MUST(notification_poll(original, 1, NULL) >= 0, "what was copied is gone with its copy");
    rt_print("%u uses, %u worked\n", uses, worked);
    return 0;
}
