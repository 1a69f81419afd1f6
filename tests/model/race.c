/* SPDX-License-Identifier: MIT */
/*
 * Two cores fight for one thing, again and again: one use, one move, one answer, one claim of
 * a frame, one unit of an account. Each round has exactly one winner.
 *
 * And revocation under fire: two threads call through descendants of a capability, one, 1,000
 * and 100,000 of them, while it is revoked. Once that has completed no call succeeds and no
 * page that was mapped through it can be touched; and the revoke takes as long for all.
 *
 * The init of race.cue. Its threads spin on words of memory, so that both ask at one moment.
 */
#include "bytes.h"
#include "rt/layout.h"
#include "user.h"

#ifndef ROUNDS
#define ROUNDS 1000
#endif
#define SERVED 100

/* --- two threads, round by round ------------------------------------------------------- */

static struct {
    volatile uint64_t round, here, begins, done;
    int64_t (*act)(unsigned who);
    int64_t got[2];
    volatile int64_t lead; /* of the other one: turns of a loop that main waits, or, negative, it */
} arena;

static void wait_turns(int64_t n)
{
    while (n-- > 0)
        __asm__ volatile("");
}

/* The other one: it spins until a round begins. */
static void fighter(void *unused)
{
    (void)unused;
    for (uint64_t round = 1;; round++) {
        while (arena.round != round)
            __builtin_ia32_pause();
        if (!arena.act)
            return;
        __atomic_store_n(&arena.here, round, __ATOMIC_RELEASE);
        while (arena.begins != round)
            __asm__ volatile("");
        wait_turns(-arena.lead);
        arena.got[1] = arena.act(1);
        __atomic_store_n(&arena.done, round, __ATOMIC_RELEASE);
    }
}

/* It begins when both are there; who won begins the next a little later, so that they meet. */
static void fight_round(int64_t (*act)(unsigned who))
{
    uint64_t round = arena.round + 1;

    arena.act = act;
    __atomic_store_n(&arena.round, round, __ATOMIC_RELEASE);
    while (arena.here != round)
        __builtin_ia32_pause();
    __atomic_store_n(&arena.begins, round, __ATOMIC_RELEASE);
    wait_turns(arena.lead);
    arena.got[0] = act(0);
    while (arena.done != round)
        __builtin_ia32_pause();
    arena.lead += (arena.got[0] >= 0 ? 1 : -1) * (int64_t)(1 + round % 61);
}

/* --- what is fought for ------------------------------------------------------------------ */

static uint64_t things[2], target, other_account, endpoint, client, replies[2];

static int64_t use(unsigned who)
{
    struct notification_poll_out out;

    return notification_poll(things[who], 1, &out);
}

static void prepare_use(void)
{
    struct capability_derive_out child;
    struct capability_duplicate_out twin;

    must(capability_derive(target, NOTIFICATION_M_ALL | CAPABILITY_M_ALL, 1, &child), "derive");
    must(capability_duplicate(child.capability, &twin), "duplicate");
    things[0] = child.capability;
    things[1] = twin.capability;
}

static void tidy_things(void)
{
    for (unsigned i = 0; i < 2; i++)
        phx_release(things[i]);
}

/* Each has a message of its own with the same capability to move. */
static int64_t move(unsigned who)
{
    static struct phx_message m[2];

    m[who] = (struct phx_message){.deadline = PHX_FOREVER, .send_caps = 1,
        .caps = {things[0]}, .cap_modes = {PHX_CAP_MOVE}};
    return phx_send_message(PHX_OP_CALL(0, 0), client, &m[who]);
}

static void keep_moved(void *unused)
{
    static struct phx_message m;

    (void)unused;
    for (uint64_t op = PHX_OP_RECV;; op = PHX_OP_RETURN_RECV(0, 0)) {
        m = (struct phx_message){.deadline = PHX_FOREVER, .accept_caps = 1};
        if (phx_send_message(op, endpoint, &m) < 0)
            return;
        if (PHX_INFO_CAPS(m.info) == 1)
            phx_release(m.caps[0]);
    }
}

static void prepare_move(void)
{
    struct capability_duplicate_out twin;

    must(capability_duplicate(target, &twin), "duplicate");
    things[0] = twin.capability;
}

/* One call, of which both have the Reply. */
static int64_t answer(unsigned who)
{
    uint64_t words[PHX_WORDS] = {0}, cap = replies[who];

    return phx_syscall(PHX_OP_RETURN(0, 0), &cap, words);
}

static uint64_t reply_endpoint, asked;

static void ask(void *unused)
{
    uint64_t words[PHX_WORDS] = {0};

    (void)unused;
    while (phx_invoke(asked, 0, words, 1) >= 0)
        ;
}

static void prepare_answer(void)
{
    struct phx_message m = {.deadline = PHX_FOREVER, .flags = PHX_MESSAGE_REPLY};
    struct capability_duplicate_out twin;

    must(phx_send_message(PHX_OP_RECV, reply_endpoint, &m), "receive");
    must(capability_duplicate(m.reply, &twin), "duplicate");
    replies[0] = m.reply;
    replies[1] = twin.capability;
}

static void tidy_answer(void)
{
    phx_release(replies[0]);
    phx_release(replies[1]);
}

/* The account has one unit, and both take it. */
static int64_t charge(unsigned who)
{
    (void)who;
    return account_charge(other_account, RESOURCE_ENERGY, 1);
}

static void prepare_charge(void)
{
    must(account_transfer(rt_cap("account"), other_account, RESOURCE_ENERGY, 1), "transfer");
}

static void nothing(void)
{
}

static void fight(const char *name, unsigned rounds, void (*prepare)(void),
    int64_t (*act)(unsigned), void (*tidy)(void))
{
    unsigned won[2] = {0}, wrong = 0;

    arena.lead = 0;
    for (unsigned i = 0; i < rounds; i++) {
        prepare();
        fight_round(act);
        bool a = arena.got[0] >= 0, b = arena.got[1] >= 0;

        wrong += a == b;
        won[0] += a;
        won[1] += b;
        tidy();
    }
    rt_print("# %s: %u rounds, won %u and %u\n", name, rounds, won[0], won[1]);
    check(name, wrong == 0 && won[0] * 20 >= rounds && won[1] * 20 >= rounds,
        "%u rounds had no winner, or two; won %u and %u", wrong, won[0], won[1]);
}

static void races(void)
{
    struct account_new_notification_out n;
    struct account_new_endpoint_out e;
    struct account_create_out account;
    struct endpoint_mint_out made;
    uint64_t thread;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    must(account_new_endpoint(rt_cap("account"), &e), "endpoint");
    must(endpoint_mint(e.endpoint, SERVED, 1 | CAPABILITY_M_ALL, 1, 0, &made), "mint");
    target = n.notification;
    endpoint = e.endpoint;
    client = made.capability;
    must(account_new_endpoint(rt_cap("account"), &e), "endpoint");
    must(endpoint_mint(e.endpoint, SERVED, 1, 1, 0, &made), "mint");
    reply_endpoint = e.endpoint;
    asked = made.capability;
    must(account_create(rt_cap("account"), 0, 0, 0, 0, &account), "account");
    other_account = account.account;

    must(rt_thread(keep_moved, NULL, &thread), "thread");
    must(rt_thread(ask, NULL, &thread), "thread");
    must(rt_thread(fighter, NULL, &thread), "thread");
    fight("one_use", ROUNDS, prepare_use, use, tidy_things);
    fight("one_move", ROUNDS, prepare_move, move, nothing);
    fight("one_reply", ROUNDS, prepare_answer, answer, tidy_answer);
    fight("one_unit_of_an_account", ROUNDS, prepare_charge, charge, nothing);
    arena.act = NULL; /* the fighter goes */
    __atomic_add_fetch(&arena.round, 1, __ATOMIC_RELEASE);
}

/* --- revocation under fire --------------------------------------------------------------------- */

#define MOST 100000
static uint64_t *below;
static volatile uint64_t fire_cap;
static volatile bool firing;
static volatile uint64_t shots, hits, late;
static volatile bool revoked;
static volatile uint64_t shooters_ended;

/* Calls through one of the descendants; after the revoke none may succeed. */
static void shooter(void *unused)
{
    struct notification_poll_out out;

    (void)unused;
    while (firing) {
        bool was_revoked = revoked;
        int64_t got = notification_poll(fire_cap, 1, &out);

        shots++;
        hits += got >= 0;
        late += was_revoked && got >= 0;
    }
    __atomic_add_fetch(&shooters_ended, 1, __ATOMIC_RELEASE);
}

static uint64_t clock_ns(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static void revoke_under_fire(unsigned n)
{
    struct account_new_notification_out made;
    struct capability_derive_out child;
    uint64_t thread, ended = shooters_ended;

    must(account_new_notification(rt_cap("account"), &made), "notification");
    for (unsigned i = 0; i < n; i++) {
        must(capability_derive(made.notification, NOTIFICATION_M_ALL, 0, &child), "derive");
        below[i] = child.capability;
    }
    fire_cap = below[n / 2];
    shots = hits = late = 0;
    revoked = false;
    firing = true;
    for (unsigned i = 0; i < 2; i++)
        must(rt_thread(shooter, NULL, &thread), "thread");
    while (shots < 2000)
        sleep_ms(1);
    uint64_t before = clock_ns();
    must(capability_revoke(made.notification, 0), "revoke");
    uint64_t took = clock_ns() - before;
    __atomic_store_n(&revoked, true, __ATOMIC_SEQ_CST);
    uint64_t so_far = shots;
    while (shots < so_far + 2000)
        sleep_ms(1);
    firing = false;
    while (shooters_ended < ended + 2)
        sleep_ms(1);
    unsigned alive = 0;
    for (unsigned i = 0; i < n; i++) {
        struct notification_poll_out out;

        alive += notification_poll(below[i], 1, &out) >= 0;
        phx_release(below[i]);
    }
    rt_print("# revoke of %u under fire: %lu ns, %lu of %lu shots before hit\n", n, took, hits,
        shots);
    check("nothing_succeeds_after_a_revoke", late == 0 && alive == 0 && hits > 0,
        "%lu late, %u alive, %lu hits", late, alive, hits);
    phx_release(made.notification);
}

/* Mapped through descendants, and looked at by the page tables' own means: query. */
static void no_mapping_remains(void)
{
    struct frame_pool_alloc_out frame;
    struct address_space_query_out out;
    unsigned remain = 0, pages = 500;

    must(frame_pool_alloc(RT_POOL, 1, &frame), "frame");
    for (unsigned i = 0; i < pages; i++) {
        struct capability_derive_out child;

        must(capability_derive(frame.frame, FRAME_M_ALL, 0, &child), "derive");
        must(address_space_map(RT_SPACE, child.capability, RT_STORE_BASE + i * PHX_PAGE_SIZE, 0, 1,
                 PHX_PROT_READ | PHX_PROT_WRITE),
            "map");
        *(volatile uint64_t *)(RT_STORE_BASE + i * PHX_PAGE_SIZE) = i;
        below[i] = child.capability;
    }
    must(capability_revoke(frame.frame, 0), "revoke");
    for (unsigned i = 0; i < pages; i++) {
        struct log_read_out got;
        uint64_t at = RT_STORE_BASE + i * PHX_PAGE_SIZE;

        /* The kernel touches it for us: what is not mapped is a bad address. */
        remain += address_space_query(RT_SPACE, at, &out) >= 0 ||
                  log_read(rt_cap("log"), 0, at, 64, &got) != -PHX_BAD_ADDRESS;
        phx_release(below[i]);
    }
    check("no_mapping_remains_after_a_revoke", remain == 0, "%u of %u", remain, pages);
    phx_release(frame.frame);
}

int main(void)
{
    static const unsigned sizes[] = {1, 1000, MOST};

    races();
    below = rt_alloc(MOST * sizeof *below);
    for (unsigned i = 0; i < 3; i++)
        revoke_under_fire(sizes[i]);
    no_mapping_remains();
    user_end();
}
