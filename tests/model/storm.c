/* SPDX-License-Identifier: MIT */
/*
 * Processes on several cores that share, split, use, give back and revoke counted authority at
 * random, and die with what they have. In whatever order that was: each use that somebody made is
 * gone from what is left, each other one has come back, and no row and no page is missing.
 *
 * The init of storm.cue: it starts the workers, each of which tells it how often it used what it
 * was given, and then ends, with rows in its table and a thread in the middle of something.
 */
#include "bytes.h"
#include "user.h"

#ifndef STEPS
#define STEPS 8000 /* of each thread */
#endif
#define WORKERS 4
#define ROUNDS 3
#define ROWS 24
#define MINTED (1UL << 40)

/* --- a worker ------------------------------------------------------------------------------ */

struct hand {
    uint64_t random, spent, refused, rows[ROWS];
    volatile bool done;
};

static uint64_t draw(struct hand *h, uint64_t below)
{
    h->random = h->random * 6364136223846793005 + 1442695040888963407;
    return (h->random >> 33) % below;
}

static void one_step(struct hand *h)
{
    uint64_t *to = &h->rows[1 + draw(h, ROWS - 1)], *at = &h->rows[draw(h, ROWS)];
    uint64_t from = *at ? *at : h->rows[0];
    struct capability_derive_out child = {0};
    struct capability_duplicate_out twin = {0};
    struct notification_poll_out out;
    int64_t got;

    switch (draw(h, 8)) {
    case 0:
    case 1: /* in another's place, which is let go of; what is split off what was split off is
             * lost with that, so only the first hold is */
        got = capability_derive(from, NOTIFICATION_M_ALL | CAPABILITY_M_ALL,
            from == h->rows[0] ? draw(h, 50) : 0, &child);
        phx_release(*to);
        *to = got >= 0 ? child.capability : 0;
        break;
    case 2:
        got = capability_duplicate(from, &twin);
        phx_release(*to);
        *to = got >= 0 ? twin.capability : 0;
        break;
    case 3:
        got = draw(h, 4) ? -PHX_WOULD_BLOCK : capability_revoke(from, 0);
        break;
    default:
        got = notification_poll(from, 1, &out);
        h->spent += got >= 0;
        break;
    }
    h->refused += got < 0;
    if (got == -PHX_REVOKED || got == -PHX_INVALID_CAPABILITY) {
        phx_release(*at);
        *at = 0;
    }
}

static void work(void *argument)
{
    struct hand *h = argument;

    for (unsigned i = 0; i < STEPS; i++)
        one_step(h);
    h->done = true;
    while (draw(h, 2) < 2) /* until its process ends */
        (void)capability_duplicate(h->rows[0], &(struct capability_duplicate_out){0});
}

static int worker(void)
{
    static struct hand hands[2];
    uint64_t words[PHX_WORDS] = {0}, thread;

    for (unsigned i = 0; i < 2; i++) {
        hands[i].random = rt_cap("tokens") * 77 + rt_cap("report") + i + (uint64_t)&words;
        hands[i].rows[0] = rt_cap("tokens");
        must(rt_thread(work, &hands[i], &thread), "thread");
    }
    while (!hands[0].done || !hands[1].done)
        sleep_ms(1);
    words[0] = hands[0].spent + hands[1].spent;
    words[1] = hands[0].refused + hands[1].refused;
    must(phx_invoke(rt_cap("report"), 0, words, 2), "report");
    return 0; /* and its threads go on to the last */
}

/* --- the supervisor -------------------------------------------------------------------------- */

static uint64_t used(unsigned resource)
{
    struct account_balance_out out = {0};

    must(account_balance(rt_cap("account"), resource, &out), "balance");
    return out.used;
}

static void storm(unsigned round, uint64_t endpoint, uint64_t client)
{
    struct account_new_notification_out made;
    struct capability_derive_out tokens;
    struct capability_identify_out left;
    struct proc workers[WORKERS];
    uint64_t spent = 0, refused = 0, pages = used(RESOURCE_PAGES), holds = used(RESOURCE_HOLDS);

    must(account_new_notification(rt_cap("account"), &made), "notification");
    must(capability_derive(made.notification, NOTIFICATION_M_ALL | CAPABILITY_M_ALL,
             MINTED, &tokens),
        "tokens");
    struct proc_grant grants[] = {{"tokens", tokens.capability, ~0UL, 0},
        {"report", client, ~0UL, 0}, {"clock", rt_cap("clock"), ~0UL, SLOT_CLOCK}};
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = start_role("worker", rt_cap("account"), grants, 3);
    for (unsigned i = 0; i < WORKERS; i++) {
        uint64_t words[PHX_WORDS] = {0}, badge, cap = 0;

        must(phx_receive(endpoint, words, &badge), "receive");
        spent += words[0];
        refused += words[1];
        must(phx_syscall(PHX_OP_RETURN(0, 0), &cap, words), "return");
    }
    for (unsigned i = 0; i < WORKERS; i++)
        (void)wait_gone(&workers[i]);
    must(capability_identify(tokens.capability, &left), "identify");
    rt_print("# %u steps: %lu uses, %lu refusals, %lu left of %lu\n", WORKERS * 2 * STEPS, spent,
        refused, left.uses, MINTED);
    check("each_use_is_spent_or_has_come_back", left.uses + spent == MINTED && spent > 0,
        "%lu left, %lu spent", left.uses, spent);
    phx_release(tokens.capability);
    phx_release(made.notification);
    for (unsigned ms = 0; ms < 3000 && used(RESOURCE_HOLDS) != holds; ms += 5)
        sleep_ms(5);
    /* A first round leaves pages of tables and objects that are used again. */
    check("no_row_is_missing_after_a_storm",
        round == 0 || (used(RESOURCE_HOLDS) == holds && used(RESOURCE_PAGES) <= pages), "%lu of %lu, %lu of %lu",
        used(RESOURCE_HOLDS), holds, used(RESOURCE_PAGES), pages);
}

int main(int argc, char **argv)
{
    struct account_new_endpoint_out endpoint;
    struct endpoint_mint_out client;

    (void)argv;
    if (argc > 1)
        return worker();
    user_begin("storm");
    must(account_new_endpoint(rt_cap("account"), &endpoint), "endpoint");
    must(endpoint_mint(endpoint.endpoint, 100, 1 | CAPABILITY_M_ALL, 1, 0, &client), "mint");
    for (unsigned i = 0; i < ROUNDS; i++)
        storm(i, endpoint.endpoint, client.capability);
    check_end();
}
