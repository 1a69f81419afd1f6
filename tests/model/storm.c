/* SPDX-License-Identifier: MIT */
/*
 * Processes on several cores that share, split, use, pass on, give back and revoke counted authority
 * at random, and die with what they have. In whatever order that was: each use that somebody made is
 * gone from what is left, each other one has come back, and no row and no page is missing.
 *
 * The init of storm.cue: it starts the workers, each of which tells it how often it used what it
 * was given, and then ends, with rows in its table and a thread in the middle of something.
 */
#include "bytes.h"
#include "user.h"

#ifndef STEPS
#define STEPS 3000 /* of each thread */
#endif
#define WORKERS 4
#define ROUNDS 3
#define ROWS 24
#define MINTED (1UL << 40)

/* --- a worker ------------------------------------------------------------------------------ */

enum op { DERIVE, DUPLICATE, GRANT, COPY, MOVE, SEND, REVOKE, RELEASE, USE, OPS };
static const char *const op_names[OPS] = {
    "derive", "duplicate", "grant", "copy", "move", "send", "revoke", "release", "use"};

typedef uint64_t answers[OPS][PHX_ERROR_COUNT];

struct hand {
    uint64_t random, spent, rows[ROWS], thread;
    answers counts;
    volatile bool done;
};

/* Two that do what they like, and one that takes what others send. */
static struct hand hands[3];
static uint64_t peers[WORKERS];
static volatile bool closing, taking;

static uint64_t draw(struct hand *h, uint64_t below)
{
    h->random = h->random * 6364136223846793005 + 1442695040888963407;
    return (h->random >> 33) % below;
}

static void add(answers sum, answers more)
{
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned e = 0; e < PHX_ERROR_COUNT; e++)
            sum[op][e] += more[op][e];
}

static int64_t answered(struct hand *h, enum op op, int64_t got)
{
    __atomic_add_fetch(&h->counts[op][got < 0 ? -got : 0], 1, __ATOMIC_RELAXED);
    return got;
}

static void let_go(struct hand *h, uint64_t *row)
{
    if (*row && row != &h->rows[0])
        answered(h, RELEASE, phx_release(*row));
    *row = row == &h->rows[0] ? *row : 0;
}

static int64_t use(struct hand *h, uint64_t row)
{
    struct notification_poll_out out;
    int64_t got = answered(h, USE, notification_poll(row, 1, &out));

    h->spent += got >= 0;
    return got;
}

/* To any of the workers, itself too. */
static int64_t pass(struct hand *h, enum op op, uint64_t row)
{
    struct phx_message m = {.deadline = PHX_FOREVER, .send_caps = 1, .caps = {row},
        .cap_modes = {op == MOVE ? PHX_CAP_MOVE : PHX_CAP_COPY}};

    return answered(h, op, phx_send_message(op == SEND ? PHX_OP_SEND(0, 0) : PHX_OP_CALL(0, 0),
                               peers[draw(h, WORKERS)], &m));
}

/* In another's place, which is let go of. What is split off what was split off is lost with
 * that, so only the first hold is. */
static int64_t make(struct hand *h, enum op op, uint64_t from, uint64_t *to)
{
    uint64_t most = NOTIFICATION_M_ALL | CAPABILITY_M_ALL;
    struct capability_duplicate_out twin = {0};
    struct capability_derive_out child = {0};
    struct capability_grant_out granted = {0};
    int64_t got;

    if (op == DERIVE)
        got = capability_derive(from, most, from == h->rows[0] ? draw(h, 50) : 0, &child);
    else if (op == GRANT)
        got = capability_grant(from, RT_PROCESS, most, draw(h, 8) ? 0 : SLOT_CLOCK, &granted);
    else
        got = capability_duplicate(from, &twin);
    answered(h, op, got);
    let_go(h, to);
    *to = got < 0 ? 0 : child.capability + twin.capability + granted.capability;
    return got;
}

static void one_step(struct hand *h)
{
    uint64_t *to = &h->rows[1 + draw(h, ROWS - 1)], *at = &h->rows[draw(h, ROWS)];
    uint64_t from = *at ? *at : h->rows[0];
    int64_t got = 0;

    switch (draw(h, 16)) {
    case 0: case 1: case 2: got = make(h, DERIVE, from, to); break;
    case 3: case 4: got = make(h, DUPLICATE, from, to); break;
    case 5: got = make(h, GRANT, from, to); break;
    case 6: got = pass(h, COPY, from); break;
    case 7:
        if (from != h->rows[0] && (got = pass(h, MOVE, from)) >= 0)
            *at = 0;
        break;
    case 8: got = pass(h, SEND, from); break;
    case 9: got = draw(h, 2) ? answered(h, REVOKE, capability_revoke(from, 0)) : 0; break;
    default: got = use(h, from); break;
    }
    if (got == -PHX_REVOKED || got == -PHX_INVALID_CAPABILITY || got == -PHX_DEPTH_EXCEEDED)
        let_go(h, at);
}

static void work(void *argument)
{
    struct hand *h = argument;

    for (unsigned i = 0; i < STEPS; i++)
        one_step(h);
    h->done = true;
    for (uint64_t i = 0;; i++) { /* until its process ends */
        struct capability_duplicate_out twin = {0};

        if (capability_duplicate(h->rows[0], &twin) >= 0 && i >= 500)
            phx_release(twin.capability);
    }
}

/* What comes takes the place of something, and is used once or more. */
static void take(void *argument)
{
    struct hand *h = argument;
    uint64_t words[PHX_WORDS] = {0}, none = 0;
    struct phx_message m;

    for (;;) {
        m = (struct phx_message){.deadline = PHX_FOREVER, .accept_caps = 1};
        if (phx_send_message(PHX_OP_RECV, rt_cap("serve"), &m) < 0)
            return;
        __atomic_store_n(&taking, true, __ATOMIC_SEQ_CST);
        if (PHX_INFO_CAPS(m.info) == 1 && m.caps[0]) {
            uint64_t *to = &h->rows[1 + draw(h, ROWS - 1)];

            let_go(h, to);
            *to = m.caps[0];
            for (uint64_t n = draw(h, 4); n > 0 && !__atomic_load_n(&closing, __ATOMIC_SEQ_CST); n--)
                use(h, *to);
        }
        __atomic_store_n(&taking, false, __ATOMIC_SEQ_CST);
        if (!(m.info & PHX_INFO_ONE_WAY))
            (void)phx_syscall(PHX_OP_RETURN(0, 0), &none, words);
        none = 0;
    }
}

static int worker(void)
{
    static const char *const names[WORKERS] = {"peer0", "peer1", "peer2", "peer3"};
    static answers sums;
    struct phx_message m = {.deadline = PHX_FOREVER, .send_address = (uint64_t)sums,
        .send_length = sizeof sums};

    for (unsigned i = 0; i < WORKERS; i++)
        peers[i] = rt_cap(names[i]);
    for (unsigned i = 0; i < 3; i++) {
        struct hand *h = &hands[i];

        h->random = rt_cap("tokens") * 77 + rt_cap("report") + i + rt_cap("serve") * 1001;
        h->rows[0] = rt_cap("tokens");
        must(rt_thread(i < 2 ? work : take, h, &h->thread), "thread");
    }
    while (!hands[0].done || !hands[1].done)
        sleep_ms(1);
    __atomic_store_n(&closing, true, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&taking, __ATOMIC_SEQ_CST))
        sleep_ms(1);
    for (unsigned i = 0; i < 3; i++) {
        m.words[0] += hands[i].spent;
        add(sums, hands[i].counts);
    }
    must(phx_send_message(PHX_OP_CALL(0, 1), rt_cap("report"), &m), "report");
    return 0; /* and its threads go on to the last */
}

/* --- the supervisor -------------------------------------------------------------------------- */

static uint64_t used(unsigned resource)
{
    struct account_balance_out out = {0};

    must(account_balance(rt_cap("account"), resource, &out), "balance");
    return out.used;
}

/* Each worker's endpoint, and a client of it for everybody. */
static void new_peers(uint64_t serve[WORKERS], uint64_t client[WORKERS])
{
    struct account_new_endpoint_out endpoint;
    struct endpoint_mint_out minted;

    for (unsigned i = 0; i < WORKERS; i++) {
        must(account_new_endpoint(rt_cap("account"), &endpoint), "endpoint");
        must(endpoint_mailbox(endpoint.endpoint, 8, 64, 1), "mailbox");
        must(endpoint_mint(endpoint.endpoint, 101, 1 | CAPABILITY_M_ALL, i + 1, 0, &minted), "mint");
        serve[i] = endpoint.endpoint;
        client[i] = minted.capability;
    }
}

static answers counts;

/* What a worker did, and how often it used what it had. */
static uint64_t reported(uint64_t endpoint)
{
    static answers more;
    uint64_t words[PHX_WORDS] = {0}, cap = 0;
    struct phx_message m = {.deadline = PHX_FOREVER, .recv_address = (uint64_t)more,
        .recv_capacity = sizeof more};

    must(phx_send_message(PHX_OP_RECV, endpoint, &m), "receive");
    add(counts, more);
    must(phx_syscall(PHX_OP_RETURN(0, 0), &cap, words), "return");
    return m.words[0];
}

static void storm(unsigned round, uint64_t endpoint, uint64_t client)
{
    struct account_new_notification_out made;
    struct capability_derive_out tokens;
    struct capability_identify_out left;
    struct proc workers[WORKERS];
    uint64_t spent = 0, pages = used(RESOURCE_PAGES), holds = used(RESOURCE_HOLDS);
    uint64_t serve[WORKERS], peer[WORKERS];

    must(account_new_notification(rt_cap("account"), &made), "notification");
    must(capability_derive(made.notification, NOTIFICATION_M_ALL | CAPABILITY_M_ALL,
             MINTED, &tokens),
        "tokens");
    new_peers(serve, peer);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct proc_grant grants[] = {{"tokens", tokens.capability, ~0UL, 0},
            {"report", client, ~0UL, 0}, {"clock", rt_cap("clock"), ~0UL, SLOT_CLOCK},
            {"serve", serve[i], ~0UL, 0}, {"peer0", peer[0], ~0UL, 0}, {"peer1", peer[1], ~0UL, 0},
            {"peer2", peer[2], ~0UL, 0}, {"peer3", peer[3], ~0UL, 0}};

        workers[i] = start_role("worker", rt_cap("account"), grants, 8);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        phx_release(serve[i]); /* whoever calls one that ended hears of it */
        phx_release(peer[i]);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        spent += reported(endpoint);
    for (unsigned i = 0; i < WORKERS; i++)
        (void)wait_gone(&workers[i]);
    must(capability_identify(tokens.capability, &left), "identify");
    rt_print("# %u steps: %lu uses, %lu left of %lu\n", WORKERS * 2 * STEPS, spent, left.uses,
        MINTED);
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

/* Each operation succeeded often. */
static void print_counts(void)
{
    uint64_t least = ~0UL;

    for (unsigned op = 0; op < OPS; op++) {
        rt_print("# %s %lu", op_names[op], counts[op][0]);
        for (int e = 1; e < PHX_ERROR_COUNT; e++)
            if (counts[op][e])
                rt_print("  %s %lu", rt_error_text(-e), counts[op][e]);
        rt_print("\n");
        least = counts[op][0] < least ? counts[op][0] : least;
    }
    check("each_operation_succeeded_a_thousand_times", least >= 1000, "%lu", least);
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
    print_counts();
    check_end();
}
