/* SPDX-License-Identifier: MIT */
/*
 * Two cores fight for one thing, again and again: one use, one move, one answer, one claim of
 * a frame, one unit of an account. Each round has exactly one winner.
 *
 * And revocation under fire (fire.c). The init of race.cue. Its threads spin on words of memory,
 * so that both ask at one moment.
 */
#include "bytes.h"
#include "race.h"
#include "rt/layout.h"

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

/* A page that two spaces show since it was cloned: both write it, and give it a memory of its
 * own. Who is first wins a copy; the other one finds that it is alone, and claims the frame. */
#define CLONED (RT_STORE_BASE + 0x100000000)
static struct account_new_process_out sharer;
static uint64_t cloned_physical, cloned_number;

static int64_t claim(unsigned who)
{
    uint64_t space = who ? sharer.space : RT_SPACE;
    struct address_space_query_out out = {0};
    int64_t got = address_space_copy_replace(space, RT_POOL, CLONED, PHX_PROT_READ | PHX_PROT_WRITE);

    address_space_query(space, CLONED, &out);
    return got >= 0 && out.physical != cloned_physical ? 0 : -1;
}

static void prepare_claim(void)
{
    struct address_space_populate_out got;
    struct address_space_query_out out;

    must(address_space_populate(RT_SPACE, RT_POOL, CLONED, 1, PHX_PROT_READ | PHX_PROT_WRITE, &got),
        "populate");
    *(volatile uint64_t *)CLONED = ++cloned_number;
    must(address_space_clone(RT_SPACE, sharer.space, CLONED, 1), "clone");
    must(address_space_query(RT_SPACE, CLONED, &out), "query");
    cloned_physical = out.physical;
}

static void tidy_claim(void)
{
    volatile uint64_t *page = (volatile uint64_t *)CLONED;

    if (*page != cloned_number)
        must(-1, "a claimed page as it was");
    *page = 0; /* it is written again by who has it */
    must(address_space_unmap(RT_SPACE, CLONED, 1), "unmap");
    must(address_space_unmap(sharer.space, CLONED, 1), "unmap");
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
    check(name, wrong == 0 && won[0] * 50 >= rounds && won[1] * 50 >= rounds,
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
    must(account_new_process(rt_cap("account"), 0, PHX_USER_END, &sharer), "process");

    must(rt_thread(keep_moved, NULL, &thread), "thread");
    must(rt_thread(ask, NULL, &thread), "thread");
    must(rt_thread(fighter, NULL, &thread), "thread");
    fight("one_use", ROUNDS, prepare_use, use, tidy_things);
    fight("one_move", ROUNDS, prepare_move, move, nothing);
    fight("one_reply", ROUNDS, prepare_answer, answer, tidy_answer);
    fight("one_unit_of_an_account", ROUNDS, prepare_charge, charge, nothing);
    fight("one_frame_claim", ROUNDS, prepare_claim, claim, tidy_claim);
    arena.act = NULL; /* the fighter goes */
    __atomic_add_fetch(&arena.round, 1, __ATOMIC_RELEASE);
}

int main(void)
{
    races();
    fire();
    check_end();
}
