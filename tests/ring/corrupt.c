/* SPDX-License-Identifier: MIT */
/*
 * Rings that their own processes destroy while the kernel works on them.
 *
 * A scribbler has a ring and two threads: one fills it with operations of every kind and
 * flag, and enters; the other, on another core if there is one, overwrites indices,
 * entries, completions and messages at random moments, and polls. Two of these run, again and
 * again, each under an account of its own. Beside them a neighbour uses a ring as one should,
 * and looks at every result.
 *
 * Only the scribblers are harmed: the neighbour sees nothing wrong, the machine goes on, and
 * when a scribbler's account is destroyed all of it is back, to the page and the row.
 *
 * Runs as the init of corrupt.cue; with a second binary called "soak", for longer.
 */
#include "../model/user.h"

#include "bytes.h"
#include "rt/ring.h"

#define SEED UINT64_C(0x52494e47)
#define QUICK 50000      /* entries that the kernel takes, at least */
#define SOAK 5000000     /* on two cores, and on four */
#define A_LIFE 25000     /* of these in one scribbler */
#define SCRIBBLERS 2
#define PAGES 8
#define SIZE 128
#define HELD 24
#define WINDOW_WAIT_NS UINT64_C(3000000000)

/* What the judge shares with the others. */
struct tally {
    uint64_t taken, rings, refused, deaths; /* atomic: of the scribblers */
    uint64_t rounds, wrong;                 /* atomic: of the neighbour */
    uint32_t over;                          /* atomic */
    uint32_t lives;
};
static struct tally *tally;

static void count(uint64_t *what, uint64_t n) { __atomic_fetch_add(what, n, __ATOMIC_RELAXED); }

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static struct tally *tally_of(uint64_t frame)
{
    struct tally *t = rt_window(frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);

    if (t == NULL)
        rt_panic("no window on the tally");
    return t;
}

/* --- a scribbler ------------------------------------------------------------------------- */

static struct phx_ring *volatile ring; /* or NULL: none just now */
static struct phx_entry *entries;
static uint64_t ring_cap, notification, endpoint, held[HELD];
static struct phx_message messages[4];
static uint32_t over, asked, answered; /* atomic: does the other thread know that there is none? */

static uint64_t recent; /* when the entries of this turn were written */

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(uint64_t *state, uint64_t n) { return (draw(state) >> 16) % n; }

/* Anything that does not end the process or its thread. */
static uint64_t operation(uint64_t *s)
{
    static const uint8_t numbers[] = {
        6, 7, 8, 7, 8, 16, 18, 20, 21, 21, 48, 49, 67, 67, 83, 84, 241, 255};
    static const uint64_t others[] = {PHX_OP_NOP, PHX_OP_NOP, PHX_OP_RECV, PHX_OP_RELEASE,
        PHX_OP_CALL(1UL, 3), PHX_OP_CALL(57UL, 2), PHX_OP_RETURN(0UL, 2), PHX_OP_ENTER1,
        PHX_OP(PHX_KIND_TRANSPORT, PHX_T_SEND, 1UL, 2)};
    uint64_t flags = draw(s) & draw(s) & PHX_ENTRY_FLAGS;
    uint64_t op = below(s, 2) ? PHX_OP_NYX((uint64_t)numbers[below(s, sizeof numbers)])
                              : others[below(s, sizeof others / sizeof *others)];

    if (below(s, 40) == 0)
        flags = draw(s);
    return op | flags << PHX_OP_FLAGS_SHIFT;
}

static uint64_t word(uint64_t *s)
{
    switch (below(s, 6)) {
    case 0: return draw(s);
    case 1: return (uint64_t)&messages[below(s, 4)];
    case 2: return held[below(s, HELD)];
    case 3: return recent + below(s, 200000);
    default: return below(s, 16);
    }
}

static void write_entry(uint64_t *s, volatile struct phx_entry *e)
{
    e->op = operation(s);
    e->cap = below(s, 3) ? held[below(s, HELD)] : below(s, 2) ? 0 : draw(s);
    for (unsigned i = 0; i < 5; i++)
        e->words[i] = word(s);
    e->user = below(s, 8);
}

static void write_message(uint64_t *s)
{
    volatile struct phx_message *m = &messages[below(s, 4)];

    m->send_address = word(s);
    m->recv_address = below(s, 2) ? (uint64_t)messages : word(s);
    m->send_length = (uint32_t)below(s, 600);
    m->recv_capacity = (uint32_t)below(s, 600);
    m->deadline = below(s, 3) ? recent + below(s, 300000) : 0;
    m->send_caps = (uint8_t)below(s, 3);
    m->accept_caps = (uint8_t)below(s, 5);
    m->cap_modes[0] = (uint8_t)below(s, 3);
    m->caps[0] = held[below(s, HELD)];
    m->words[below(s, PHX_WORDS)] = word(s);
}

/* The other core. */
static void scribble(void *unused)
{
    uint64_t s = SEED ^ now();
    struct ring_poll_out polled;

    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        volatile uint32_t *words = (volatile uint32_t *)ring;

        __atomic_store_n(&answered, __atomic_load_n(&asked, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
        if (words == NULL) {
            thread_control_yield(RT_THREAD);
            continue;
        }
        switch (below(&s, 8)) {
        case 0: words[below(&s, 32)] = (uint32_t)draw(&s); break;
        case 1: words[16 + below(&s, 2)] += (uint32_t)below(&s, 5) - 2; break;
        case 2: words[below(&s, PAGES * 1024)] ^= 1U << below(&s, 32); break;
        case 3: write_message(&s); break;
        case 4:
            if (below(&s, 300) == 0)
                ring_poll(ring_cap, notification, 1UL << 40, &polled);
            break;
        default: write_entry(&s, &entries[below(&s, SIZE)]); break;
        }
        for (uint64_t n = below(&s, 200); n > 0; n--)
            __builtin_ia32_pause();
    }
}

/* All that an entry may name; some of it may be gone by now. */
static void gather(uint64_t *s)
{
    struct account_new_notification_out n = {0};
    struct account_new_endpoint_out e = {0};
    struct endpoint_mint_out client = {0};
    struct capability_derive_out other = {0}, itself = {0};

    account_new_notification(PHX_SLOT_ID(SLOT_ACCOUNT), &n);
    account_new_endpoint(PHX_SLOT_ID(SLOT_ACCOUNT), &e);
    endpoint_mint(e.endpoint, 100, 2 | CAPABILITY_M_ALL, below(s, 4), 0, &client);
    capability_derive(n.notification, NOTIFICATION_M_ALL, 1 + below(s, 9), &other);
    capability_derive(ring_cap, RING_M_ALL, 0, &itself); /* which an entry may let go of */
    notification = n.notification;
    endpoint = e.endpoint;
    for (unsigned i = 0; i < HELD; i += 4) {
        held[i] = notification;
        held[i + 1] = endpoint;
        held[i + 2] = client.capability;
        held[i + 3] = i % 8 ? other.capability : itself.capability;
    }
}

/* One ring, until it is stuck or was used for a while. */
static uint64_t use(uint64_t *s, unsigned turns)
{
    volatile struct phx_ring *r = ring;
    uint64_t all = 0;

    for (unsigned i = 0, stuck = 0; i < turns && stuck < 4; i++) {
        struct ring_enter_out out = {0};
        uint32_t n = (uint32_t)below(s, 100);

        recent = now();
        for (uint32_t k = 0; k < n; k++)
            write_entry(s, &entries[(r->submit_head + k) & (SIZE - 1)]);
        r->submit_tail = r->submit_head + n;
        r->complete_head = r->complete_tail;
        ring_enter(ring_cap, n, below(s, 3), recent + below(s, 150000), &out);
        all += out.submitted;
        stuck = out.submitted || n == 0 ? 0 : stuck + 1;
    }
    return all;
}

static uint64_t live(uint64_t *s)
{
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    uint64_t all = 0;

    if (frame_pool_alloc(RT_POOL, PAGES, &frame) < 0)
        return 0;
    struct phx_ring *shared = rt_window(frame.frame, PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    if (shared != NULL && thread_control_new_ring(RT_THREAD, frame.frame, SIZE, SIZE,
                              below(s, 16) | 1, &made) >= 0) {
        ring_cap = made.ring;
        entries = (struct phx_entry *)(shared + 1);
        gather(s);
        ring = shared;
        all = use(s, 40 + (unsigned)below(s, 80));
        if (below(s, 4) == 0)
            capability_revoke(frame.frame, 1);
        ring = NULL;
        uint32_t question = __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&answered, __ATOMIC_ACQUIRE) != question)
            thread_control_yield(RT_THREAD);
        ring_destroy(made.ring);
        count(&tally->rings, 1);
        for (unsigned i = 0; i < 8; i++)
            phx_release(held[i]);
    }
    phx_release(made.ring);
    if (shared != NULL)
        rt_window_close(shared, PAGES);
    phx_release(frame.frame);
    return all;
}

static int role_scribbler(void)
{
    uint64_t s = SEED + tally->lives * UINT64_C(0x9e3779b97f4a7c15), all = 0, thread = 0;

    must(rt_thread(scribble, NULL, &thread), "thread");
    for (unsigned idle = 0; all < A_LIFE && idle < 50;) {
        uint64_t n = live(&s);

        all += n;
        count(&tally->taken, n);
        idle = n ? 0 : idle + 1; /* its account has nothing left */
    }
    return 0;
}

/* --- the neighbour ------------------------------------------------------------------------ */

/* Each entry once, in order, with its own result. */
static bool round_is_right(struct rt_ring *ends, uint64_t cap, uint64_t pid, uint64_t base)
{
    struct ring_enter_out out = {0};

    for (uint64_t i = 0; i < 16; i++) {
        struct phx_entry *e = rt_ring_entry(ends);

        if (e == NULL)
            return false;
        *e = (struct phx_entry){.op = i % 4 == 0 ? PHX_OP_NYX(83UL) : PHX_OP_NOP, .user = base + i};
        if (i % 3 == 1)
            e->op |= (uint64_t)PHX_ENTRY_CHAIN << PHX_OP_FLAGS_SHIFT;
        if (i == 7)
            e->op |= (uint64_t)PHX_ENTRY_DRAIN << PHX_OP_FLAGS_SHIFT;
    }
    rt_ring_submit(ends);
    if (ring_enter(cap, 16, 16, now() + 10 * WINDOW_WAIT_NS, &out) < 0)
        return false;
    for (uint64_t i = 0; i < 16; i++) {
        const struct phx_completion *c = rt_ring_completion(ends);

        if (c == NULL || c->user != base + i || c->result != 0 ||
            c->words[0] != (i % 4 == 0 ? pid : 0))
            return false;
        rt_ring_seen(ends);
    }
    return rt_ring_completion(ends) == NULL;
}

static int role_neighbour(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    struct process_getpid_out pid = {0};
    struct rt_ring ends;

    must(frame_pool_alloc(RT_POOL, 1, &frame), "frame");
    struct phx_ring *shared = rt_window(frame.frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    must(thread_control_new_ring(RT_THREAD, frame.frame, 16, 16, 0, &made), "ring");
    process_getpid(RT_PROCESS, &pid);
    rt_ring_init(&ends, shared);
    for (uint64_t base = 0; !__atomic_load_n(&tally->over, __ATOMIC_ACQUIRE); base += 16) {
        if (!round_is_right(&ends, made.ring, pid.pid, base)) {
            count(&tally->wrong, 1);
            return 1;
        }
        count(&tally->rounds, 1);
        sleep_ms(1);
    }
    return 0;
}

/* --- the judge ------------------------------------------------------------------------------ */

static uint64_t used(unsigned resource)
{
    struct account_balance_out out = {0};

    account_balance(rt_cap("account"), resource, &out);
    return out.used;
}

/* A process with an account of its own, and the tally. */
static struct proc begin(const char *role, uint64_t frame, uint64_t pages, uint64_t *account)
{
    struct account_create_out made = {0};

    must(account_create(rt_cap("account"), pages, 6000, 8, 0, &made), "account");
    *account = made.account;
    const struct proc_grant grants[] = {
        {.name = "clock", .capability = rt_cap("clock"), .methods = ~UINT64_C(0), .slot = SLOT_CLOCK},
        {.name = "account", .capability = made.account, .methods = ~UINT64_C(0),
            .slot = SLOT_ACCOUNT},
        {.name = "tally", .capability = frame, .methods = ~UINT64_C(0)},
    };
    return start_role(role, made.account, grants, sizeof grants / sizeof *grants);
}

static void end(struct proc *proc, uint64_t account)
{
    count(&tally->deaths, wait_gone(proc) != 0);
    account_destroy(account);
    phx_release(account);
}

/* Taking down goes on behind the end of a process. */
static bool is_back(uint64_t pages, uint64_t holds)
{
    for (unsigned ms = 0; ms < 5000; ms += 5) {
        if (used(RESOURCE_PAGES) == pages && used(RESOURCE_HOLDS) == holds)
            return true;
        sleep_ms(5);
    }
    return false;
}

static void judge(uint64_t wanted)
{
    struct frame_pool_alloc_out frame = {0};
    struct proc neighbour, scribblers[SCRIBBLERS];
    uint64_t account, accounts[SCRIBBLERS], began = now();
    bool all_back = true;

    must(frame_pool_alloc(RT_POOL, 1, &frame), "tally");
    tally = tally_of(frame.frame);
    neighbour = begin("neighbour", frame.frame, 300, &account);
    sleep_ms(20);
    uint64_t pages = 0, holds = 0;
    while (tally->taken < wanted && all_back && tally->lives < wanted / 500 + 20) {
        for (unsigned i = 0; i < SCRIBBLERS; i++) {
            tally->lives++;
            scribblers[i] = begin("scribbler", frame.frame, 2500, &accounts[i]);
            sleep_ms(2); /* it has read its number */
        }
        for (unsigned i = 0; i < SCRIBBLERS; i++)
            end(&scribblers[i], accounts[i]);
        if (pages == 0) { /* what the first have made their starter keep is not counted */
            sleep_ms(200);
            pages = used(RESOURCE_PAGES);
            holds = used(RESOURCE_HOLDS);
        }
        all_back = is_back(pages, holds);
    }
    check("only_the_owner_of_a_ring_is_harmed", tally->wrong == 0 && tally->rounds > 0,
        "the neighbour saw %lu wrong rounds of %lu", tally->wrong, tally->rounds);
    check("all_of_a_scribbler_comes_back", all_back, "pages %lu of %lu, holds %lu of %lu",
        used(RESOURCE_PAGES), pages, used(RESOURCE_HOLDS), holds);
    check("enough_entries_were_taken", tally->taken >= wanted, "%lu of %lu", tally->taken, wanted);
    rt_print("# seed %lx: %lu entries of %lu rings in %u lives (%lu ended badly), %lu rounds "
             "beside them, %lu s\n", SEED, tally->taken, tally->rings, tally->lives, tally->deaths,
        tally->rounds, (now() - began) / 1000000000);
    __atomic_store_n(&tally->over, 1, __ATOMIC_RELEASE);
    end(&neighbour, account);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        tally = tally_of(rt_cap("tally"));
        return rt_equal(argv[1], "scribbler") ? role_scribbler() : role_neighbour();
    }
    user_begin("corrupt");
    judge(user_has("soak") ? SOAK : QUICK);
    check_end();
}
