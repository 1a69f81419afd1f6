/* SPDX-License-Identifier: MIT */
/* One operation of a worker: what kind, and how its parts are put together. */
#include "fuzz.h"

#include "bytes.h"

static void method(struct chance *c)
{
    struct shot s;

    shot_method(c, &s);
    shoot(c, &s);
}

/* An entry in memory. */
static int64_t enter1(const struct phx_entry *entry)
{
    uint64_t address = (uint64_t)entry, words[PHX_WORDS] = {0};

    return phx_syscall(PHX_OP_ENTER1, &address, words);
}

static void method_in_memory(struct chance *c, struct lane *lane)
{
    struct shot s;

    shot_method(c, &s);
    *lane->entry = (struct phx_entry){.op = s.op, .cap = s.cap, .user = 1};
    memcpy(lane->entry->words, s.words, sizeof lane->entry->words);
    enter1(chance_one_in(c, 20) ? (const struct phx_entry *)wild_word(c) : lane->entry);
}

static void nonsense(struct chance *c)
{
    struct shot s = {.op = chance_word(c) >> chance_below(c, 64), .cap = wild_word(c)};

    if (chance_one_in(c, 2)) /* a kind and a number that are, or nearly */
        s.op = PHX_OP(1 + chance_below(c, 2), chance_below(c, 13), chance_below(c, 66),
            chance_below(c, 12));
    for (unsigned i = 0; i < PHX_WORDS; i++)
        s.words[i] = wild_word(c);
    /* Whoever waits for ever is killed, which is dear. */
    if ((s.op & 0xff) == PHX_KIND_TRANSPORT && (s.op >> 8 & 0xff) >= PHX_T_CALL &&
        (s.op >> 8 & 0xff) <= PHX_T_RETURN_RECV && !chance_one_in(c, 8))
        return;
    shoot(c, &s);
}

static void let_go(struct chance *c)
{
    uint64_t cap = known_cap(c, NONE);

    if (cap >> 32 == 1 && (uint32_t)cap < PHX_SLOT_COUNT && !chance_one_in(c, 50))
        return; /* what one begins with is missed for ever */
    phx_release(cap);
    known_forget(cap);
}

/* --- messages --------------------------------------------------------------------- */

static void fill_message(struct chance *c, struct phx_message *m)
{
    memset(m, 0, sizeof *m);
    for (unsigned i = 0; i < PHX_WORDS; i++)
        m->words[i] = chance_word(c);
    m->send_address = buffer_address(c);
    m->recv_address = chance_one_in(c, 3) ? PLAY + chance_below(c, 8) * 4000 : buffer_address(c);
    m->send_length = chance_one_in(c, 2) ? (uint32_t)length_word(c) : 0;
    m->recv_capacity = chance_one_in(c, 3) ? 0 : (uint32_t)length_word(c);
    m->deadline = soon(c);
    m->send_caps = (uint8_t)(chance_one_in(c, 2) ? 0 : chance_below(c, 3));
    if (chance_one_in(c, 20))
        m->send_caps = 6;
    m->accept_caps = (uint8_t)(chance_one_in(c, 4) ? chance_below(c, 6) : 4);
    m->flags = (uint8_t)(chance_one_in(c, 20) ? chance_word(c) : chance_below(c, 4));
    for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++) {
        m->caps[i] = chance_one_in(c, 6) ? m->caps[0] : known_cap(c, NONE);
        m->cap_modes[i] = (uint8_t)(chance_one_in(c, 20) ? 3 : 1 + chance_below(c, 2));
        m->accept[i] = (uint16_t)(chance_one_in(c, 4) ? chance_below(c, 20) : 0);
    }
}

/* What came is known from now on. */
static void take_message(struct chance *c, const struct phx_message *m, int64_t info)
{
    for (unsigned i = 0; info >= 0 && i < PHX_INFO_CAPS(info) && i < PHX_MESSAGE_CAPS; i++) {
        struct capability_identify_out came = {.interface = NONE};

        if (m->caps[i] != 0 && capability_identify(m->caps[i], &came) >= 0)
            known_add(c, m->caps[i], (unsigned)came.interface);
    }
    if (info >= 0 && m->reply != 0)
        known_add(c, m->reply, IFACE_REPLY);
}

static uint64_t message_op(struct chance *c, uint64_t *cap)
{
    uint64_t number = PHX_T_CALL + chance_below(c, 5);
    bool asks = number == PHX_T_CALL || number == PHX_T_SEND;

    *cap = known_cap(c, asks ? IFACE_CLIENT : IFACE_ENDPOINT);
    if (number == PHX_T_RETURN)
        *cap = chance_one_in(c, 2) ? 0 : known_cap(c, IFACE_REPLY);
    if (chance_one_in(c, 30))
        *cap = known_cap(c, NONE);
    return PHX_OP(PHX_KIND_TRANSPORT, number,
        chance_below(c, number == PHX_T_RETURN ? 3 : 6), chance_below(c, 12));
}

static void message(struct chance *c, struct lane *lane)
{
    struct phx_message *m = lane->message;
    uint64_t cap, op = message_op(c, &cap);

    fill_message(c, m);
    if (chance_one_in(c, 24))
        m = (struct phx_message *)buffer_address(c);
    *lane->entry = (struct phx_entry){.op = op, .cap = cap, .words = {(uint64_t)m}};
    int64_t info = chance_one_in(c, 2) ? enter1(lane->entry) : phx_send_message(op, cap, m);
    if (m == lane->message)
        take_message(c, m, info);
}

/* Whether more than five words may come back. */
static uint64_t wide(struct chance *c)
{
    return chance_one_in(c, 3) ? PHX_OP_WIDE : 0;
}

/* In registers only: the short way, where the other side is there. It waits for ever. */
static void call_in_registers(struct chance *c)
{
    struct shot s = {.op = PHX_OP_CALL(chance_below(c, 8), chance_below(c, 11)) | wide(c),
        .cap = known_cap(c, IFACE_CLIENT)};

    if (chance_one_in(c, 4))
        s.op = PHX_OP_SEND(chance_below(c, 8), chance_below(c, 11));
    for (unsigned i = 0; i < PHX_WORDS; i++)
        s.words[i] = chance_word(c);
    shoot(c, &s);
}

static void serve(struct chance *c)
{
    uint64_t endpoint = known_cap(c, IFACE_ENDPOINT), turns = 1 + chance_below(c, 12);
    struct thread_control_take_reply_out reply = {0};
    struct shot s = {.op = PHX_OP_RECV | wide(c), .cap = endpoint};

    while (turns-- > 0 && shoot(c, &s) >= 0) {
        if (chance_one_in(c, 4) && thread_control_take_reply(RT_THREAD, &reply) >= 0)
            known_add(c, reply.reply, IFACE_REPLY);
        s.cap = chance_one_in(c, 8) ? known_cap(c, NONE) : endpoint;
        s.op = PHX_OP_RETURN_RECV(chance_one_in(c, 5) ? chance_below(c, 30) : 0,
            chance_below(c, 11)) | wide(c);
    }
    if (turns < 12) {
        s.op = PHX_OP_RETURN(0UL, 1UL);
        s.cap = 0;
        shoot(c, &s);
    }
}

/* --- rings --------------------------------------------------------------------------- */

static void ring_new(struct chance *c, struct lane *lane)
{
    uint64_t size = UINT64_C(1) << chance_below(c, 7);
    uint64_t pages = (sizeof(struct phx_ring) + size * 96 + 4095) / 4096;
    uint64_t address = RINGS + lane->number * 0x10000UL;
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    struct frame_carve_out part = {0};

    phx_release(lane->ring_parent);
    lane->ring_parent = 0;
    if (lane->ring != NULL) {
        ring_destroy(lane->ring_cap);
        phx_release(lane->ring_cap);
        address_space_unmap(RT_SPACE, address, 4);
        lane->ring = NULL;
    }
    if (frame_pool_alloc(RT_POOL, pages, &frame) < 0)
        return;
    if (chance_one_in(c, 3) && frame_carve(frame.frame, 0, pages, &part) >= 0) {
        lane->ring_parent = frame.frame; /* by which it is taken back one day */
        frame.frame = part.frame;
    }
    if (address_space_map(RT_SPACE, frame.frame, address, 0, pages,
            PHX_PROT_READ | PHX_PROT_WRITE) >= 0 &&
        thread_control_new_ring(RT_THREAD, frame.frame, size, size,
            chance_one_in(c, 2) ? chance_below(c, 16) : 0, &made) >= 0) {
        lane->ring = (struct phx_ring *)address;
        lane->ring_cap = made.ring;
        known_add(c, made.ring, IFACE_RING);
    }
    if (chance_one_in(c, 2))
        phx_release(frame.frame);
    else
        known_add(c, frame.frame, IFACE_FRAME);
}

static void ring_entry(struct chance *c, struct lane *lane, struct phx_entry *e)
{
    struct shot s;
    uint64_t cap;

    switch (chance_below(c, 5)) {
    case 0:
    case 4:
        fill_message(c, lane->message);
        e->op = message_op(c, &cap);
        e->cap = cap;
        e->words[0] = (uint64_t)lane->message;
        break;
    case 1:
        e->op = chance_one_in(c, 2) ? PHX_OP_NOP : PHX_OP_NYX(6UL + chance_below(c, 3));
        e->cap = known_cap(c, IFACE_NOTIFICATION);
        e->words[0] = chance_word(c);
        e->words[1] = soon(c);
        break;
    default:
        shot_method(c, &s);
        e->op = s.op;
        e->cap = s.cap;
        memcpy(e->words, s.words, sizeof e->words);
    }
    e->user = chance_one_in(c, 2) ? chance_word(c) : chance_below(c, 8);
    if (chance_one_in(c, 2))
        return;
    uint64_t flags = chance_word(c) & chance_word(c) & PHX_ENTRY_FLAGS;
    if ((flags & PHX_ENTRY_LINK_TIMEOUT) && !chance_one_in(c, 6))
        *e = (struct phx_entry){.op = PHX_OP_NOP, .words = {soon(c)}, .user = e->user};
    if (chance_one_in(c, 30))
        flags = chance_word(c) >> chance_below(c, 64);
    e->op = (uint32_t)e->op | flags << PHX_OP_FLAGS_SHIFT;
}

static void ring_use(struct chance *c, struct lane *lane)
{
    struct phx_ring *r = lane->ring;
    struct ring_enter_out out = {0};

    if (r == NULL || chance_one_in(c, 60)) {
        ring_new(c, lane);
        return;
    }
    if (lane->ring_parent && chance_one_in(c, 20)) {
        capability_revoke(lane->ring_parent, 0);
        ring_enter(lane->ring_cap, 1, 0, 0, &out);
        ring_new(c, lane);
        return;
    }
    struct phx_entry *entries = (struct phx_entry *)(r + 1);
    uint32_t size = 1, n = (uint32_t)chance_below(c, 12);
    while (size < r->submissions && size < 64)
        size *= 2;
    for (uint32_t i = 0; i < n; i++)
        ring_entry(c, lane, &entries[(r->submit_tail + i) & (size - 1)]);
    r->submit_tail += n;
    if (!chance_one_in(c, 6))
        r->complete_head = r->complete_tail;
    if (chance_one_in(c, 40))
        r->submit_tail = (uint32_t)chance_word(c);
    if (chance_one_in(c, 40))
        r->complete_head = (uint32_t)chance_word(c);
    if (!chance_one_in(c, 8)) /* else the timer takes what it may */
        ring_enter(lane->ring_cap, chance_below(c, n + 2), chance_below(c, 3), soon(c), &out);
}

/* --- what is no system call ------------------------------------------------------------ */

static void fault(struct chance *c)
{
    switch (chance_below(c, 7)) {
    case 0: fuzz_load(buffer_address(c)); break;
    case 1: fuzz_store(PLAY + chance_below(c, 64 * 4096)); break;
    case 2: fuzz_jump(chance_one_in(c, 2) ? PLAY : wild_word(c)); break;
    case 3: fuzz_extended(chance_word(c)); break;
    case 4: ((void (*)(void))(CODE + (uint64_t)fuzz_foreign - (uint64_t)fuzz_child))(); break;
    default: fuzz_trap(chance_word(c)); break;
    }
}

static void compute(struct chance *c)
{
    bool is_extended = chance_one_in(c, 2);

    if (is_extended)
        fuzz_extended(chance_word(c));
    for (uint64_t n = chance_below(c, chance_one_in(c, 20) ? 40000 : 500); n > 0; n--)
        __asm__ volatile("pause");
    if (is_extended)
        fuzz_extended(chance_word(c));
    if (chance_one_in(c, 2))
        thread_control_yield(RT_THREAD);
}

/* Memory that is there to be used, at the beginning of what is played with. */
static void remap(struct chance *c)
{
    struct address_space_populate_out out = {0};

    address_space_unmap(RT_SPACE, PLAY, chance_one_in(c, 4) ? PLAY_PAGES : 8);
    address_space_populate(RT_SPACE, RT_POOL, PLAY, 8, PHX_PROT_READ | PHX_PROT_WRITE, &out);
}

static void any(struct chance *c, struct lane *lane)
{
    switch (chance_below(c, 10)) {
    case 0: message(c, lane); break;
    case 1: ring_new(c, lane); break;
    case 2: cut_up(c); break;
    case 3: child_new(c); break;
    case 4: fuzz_extended(1); break;
    default: method(c); break;
    }
}

/* A receiver whose buffer, or message, is gone by the time somebody calls. */
static void receive_nowhere(struct chance *c, struct lane *lane)
{
    uint64_t at = PLAY + 0x300000;
    struct address_space_populate_out out = {0};
    struct ring_enter_out entered = {0};

    if (lane->ring == NULL)
        return;
    struct phx_entry *e = (struct phx_entry *)(lane->ring + 1);
    address_space_unmap(RT_SPACE, at, 1);
    address_space_populate(RT_SPACE, RT_POOL, at, 1, PHX_PROT_READ | PHX_PROT_WRITE, &out);
    struct phx_message *m = chance_one_in(c, 2) ? lane->message : (struct phx_message *)at;

    if (out.pages == 0)
        return;
    *m = (struct phx_message){.recv_address = at, .recv_capacity = 4000,
        .deadline = PHX_FOREVER, .accept_caps = (uint8_t)chance_below(c, 5)};
    e[lane->ring->submit_tail++ & (lane->ring->submissions - 1)] = (struct phx_entry){
        .op = PHX_OP_RECV, .cap = known_cap(c, IFACE_ENDPOINT), .words = {(uint64_t)m}};
    ring_enter(lane->ring_cap, 1, 0, 0, &entered);
    if (!chance_one_in(c, 3))
        address_space_unmap(RT_SPACE, at, 1);
    call_in_registers(c);
}

/* A ring that receives what its own thread sends, from and to the same page. */
static void talk_alone(struct chance *c, struct lane *lane)
{
    static struct phx_message received[THREADS];
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};
    struct ring_enter_out entered = {0};
    uint64_t page = (uint64_t)buffers[lane->number];

    if (lane->ring == NULL || account_new_endpoint(PHX_SLOT_ID(SLOT_ACCOUNT), &endpoint) < 0)
        return;
    endpoint_mint(endpoint.endpoint, IFACE_CLIENT, ~UINT64_C(0), 9, chance_below(c, 3), &client);
    received[lane->number] = (struct phx_message){.recv_address = page, .recv_capacity = 2000,
        .deadline = PHX_FOREVER, .accept_caps = (uint8_t)chance_below(c, 5)};
    struct phx_entry *e = (struct phx_entry *)(lane->ring + 1);
    e[lane->ring->submit_tail++ & (lane->ring->submissions - 1)] = (struct phx_entry){
        .op = PHX_OP_RECV, .cap = endpoint.endpoint, .words = {(uint64_t)&received[lane->number]}};
    ring_enter(lane->ring_cap, 1, 0, 0, &entered);
    fill_message(c, lane->message);
    lane->message->send_address = page + chance_below(c, 64);
    lane->message->send_length = (uint32_t)(1 + chance_below(c, 900));
    phx_send_message(PHX_OP_CALL(chance_below(c, 4), 3UL), client.capability, lane->message);
    phx_send_message(PHX_OP_RETURN(0UL, 2UL), received[lane->number].reply, lane->message);
    known_add(c, client.capability, IFACE_CLIENT);
    known_add(c, endpoint.endpoint, IFACE_ENDPOINT);
}

/* With next to nothing left in the account for a while. */
static void squeeze(struct chance *c, struct lane *lane)
{
    uint64_t account = PHX_SLOT_ID(SLOT_ACCOUNT);
    struct account_balance_out pages = {0}, holds = {0};
    struct account_create_out rest = {0};

    account_balance(account, RESOURCE_PAGES, &pages);
    account_balance(account, RESOURCE_HOLDS, &holds);
    pages.limit -= pages.used + chance_below(c, 5);
    holds.limit -= holds.used + 1 + chance_below(c, chance_one_in(c, 2) ? 4 : 40);
    if (account_create(account, pages.limit, holds.limit, 0, 0, &rest) < 0)
        return;
    for (uint64_t n = 1 + chance_below(c, 20); n > 0; n--)
        any(c, lane);
    account_destroy(rest.account);
    phx_release(rest.account);
}

static void rare(struct chance *c, struct lane *lane)
{
    switch (chance_below(c, 16)) {
    case 0:
    case 1: receive_nowhere(c, lane); break;
    case 2:
    case 3: talk_alone(c, lane); break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: squeeze(c, lane); break;
    default: extreme(c, lane); break;
    }
}

void operation(struct chance *c, struct lane *lane)
{
    unsigned kind = (unsigned)chance_below(c, 100);

    if (kind < 45)
        method(c);
    else if (kind < 48)
        method_in_memory(c, lane);
    else if (kind < 62)
        message(c, lane);
    else if (kind < 68)
        call_in_registers(c);
    else if (kind < 74)
        serve(c);
    else if (kind < 83)
        ring_use(c, lane);
    else if (kind < 86)
        fault(c);
    else if (kind < 88)
        compute(c);
    else if (kind < 90)
        remap(c);
    else if (kind < 91)
        cut_up(c);
    else if (kind < 95)
        rare(c, lane);
    else if (kind < 96)
        let_go(c);
    else if (kind < 98)
        nonsense(c);
    else
        child_new(c);
}
