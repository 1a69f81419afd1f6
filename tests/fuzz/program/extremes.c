/* SPDX-License-Identifier: MIT */
/* As much, as deep or as little as there can be: what single methods seldom come to. */
#include "fuzz.h"

/* One mapping, cut by protections and gaps, from a frame that may be taken back. */
void cut_up(struct chance *c)
{
    uint64_t pages = 3 + chance_below(c, chance_one_in(c, 12) ? 600 : 12);
    uint64_t at = PLAY + chance_below(c, 40) * PHX_PAGE_SIZE;
    struct frame_pool_alloc_out frame = {0};
    struct frame_carve_out part = {0};

    address_space_unmap(RT_SPACE, at, pages);
    if (frame_pool_alloc(known_cap(c, IFACE_FRAME_POOL), pages, &frame) < 0)
        return;
    frame_carve(frame.frame, chance_below(c, 2), pages - chance_below(c, 3), &part);
    uint64_t from = chance_one_in(c, 2) ? part.frame : frame.frame;
    address_space_map(RT_SPACE, from, at, chance_below(c, 2), pages - 2,
        PHX_PROT_READ | (chance_one_in(c, 3) ? 0 : PHX_PROT_WRITE));
    for (unsigned i = 0; i < 5; i++) {
        uint64_t first = chance_below(c, pages), count = 1 + chance_below(c, pages - first);

        if (chance_one_in(c, 3))
            address_space_unmap(RT_SPACE, at + first * PHX_PAGE_SIZE, count);
        else
            address_space_protect(RT_SPACE, at + first * PHX_PAGE_SIZE, count, chance_below(c, 4));
    }
    if (chance_one_in(c, 2))
        capability_revoke(frame.frame, chance_below(c, 2));
    known_add(c, part.frame, IFACE_FRAME);
    known_add(c, frame.frame, IFACE_FRAME);
}

/* More rows than a table has at first. */
static void hoard(struct chance *c)
{
    static uint64_t ids[700];
    uint64_t cap = PHX_SLOT_ID(SLOT_CLOCK), n = 380 + chance_below(c, 320), have = 0;

    for (; have < n; have++) {
        struct capability_duplicate_out twin = {0};

        if (capability_duplicate(cap, &twin) < 0)
            break;
        ids[have] = twin.capability;
    }
    while (have > 0)
        phx_release(ids[--have]);
}

/* Somebody else's thread, held, looked at, changed and let go. */
static void handle_thread(struct chance *c)
{
    uint64_t thread = known_cap(c, IFACE_THREAD), buffer = buffer_address(c) & ~7UL;

    thread_stop(thread);
    if (thread_registers(thread, buffer, 0) >= 0 && chance_one_in(c, 2)) {
        if (chance_one_in(c, 3))
            ((struct phx_registers *)buffer)->rip = wild_word(c);
        thread_registers(thread, buffer, 1);
    }
    if (chance_one_in(c, 2))
        thread_interrupt(thread, chance_word(c));
    if (!chance_one_in(c, 6))
        thread_start(thread);
}

/* A row that says how many hands are left, asked once more than there are. */
static void use_up(struct chance *c)
{
    struct capability_derive_out child = {0}, grandchild = {0};
    uint64_t cap = known_cap(c, IFACE_NOTIFICATION), uses = 1 + chance_below(c, 3);

    if (capability_derive(cap, NOTIFICATION_M_ALL, uses + 2, &child) < 0)
        return;
    if (capability_derive(
            child.capability, NOTIFICATION_M_ALL, chance_below(c, 5), &grandchild) >= 0 &&
        chance_one_in(c, 2)) {
        notification_signal(grandchild.capability, 1);
        phx_release(chance_one_in(c, 3) ? child.capability : grandchild.capability);
    }
    for (uint64_t i = 0; i <= uses; i++)
        notification_signal(child.capability, chance_word(c));
    known_add(c, child.capability, IFACE_NOTIFICATION);
}

/* As deep as it goes. */
static void derive_deep(struct chance *c)
{
    uint64_t cap = known_cap(c, NONE), first = 0;
    unsigned interface = known_interface(cap);

    for (unsigned i = 0; i < 18; i++) {
        struct capability_derive_out child = {0};

        if (capability_derive(cap, ~UINT64_C(0) >> chance_below(c, 2) * 2, 0, &child) < 0 &&
            capability_derive(cap, CAPABILITY_M_DERIVE | CAPABILITY_M_REVOKE, 0, &child) < 0)
            break;
        cap = child.capability;
        first = first ? first : cap;
        known_add(c, cap, interface);
    }
    if (first && chance_one_in(c, 2))
        capability_revoke(first, chance_below(c, 2));
}

/* An account below an account, as far down as it goes. */
static void accounts_deep(struct chance *c)
{
    uint64_t cap = PHX_SLOT_ID(SLOT_ACCOUNT), first = 0;

    for (unsigned i = 0; i < 18; i++) {
        struct account_create_out child = {0};

        if (account_create(cap, 20 - i, 20 - i, 1, 1, &child) < 0)
            break;
        cap = child.account;
        first = first ? first : cap;
        known_add(c, cap, IFACE_ACCOUNT);
    }
    if (first && chance_one_in(c, 2))
        account_destroy(first);
}

/* A mapping that is to be cut twice, where there is room for one more. */
static void cut_tight(struct chance *c)
{
    uint64_t account = PHX_SLOT_ID(SLOT_ACCOUNT), at = PLAY + 0x200000, more = at + 0x100000;
    struct account_balance_out pages = {0};
    struct account_create_out rest = {0};
    struct frame_pool_alloc_out frame = {0};
    unsigned n = 0;

    struct address_space_populate_out own = {0};

    if (frame_pool_alloc(RT_POOL, 8, &frame) < 0)
        return;
    if (chance_one_in(c, 2)) /* a frame that only the mapping has is split with it */
        address_space_populate(RT_SPACE, RT_POOL, at, 8, PHX_PROT_READ, &own);
    else
        address_space_map(RT_SPACE, frame.frame, at, 0, 8, PHX_PROT_READ);
    address_space_map(RT_SPACE, frame.frame, more, 0, 1, PHX_PROT_READ);
    account_balance(account, RESOURCE_PAGES, &pages);
    account_create(account, pages.limit - pages.used - 1, 0, 0, 0, &rest);
    while (n < 90 && address_space_map(RT_SPACE, frame.frame, more + ++n * 0x1000, 0, 1, 1) >= 0)
        continue;
    for (uint64_t room = chance_below(c, 3); room > 0; room--)
        address_space_unmap(RT_SPACE, more + room * 0x1000, 1);
    address_space_protect(RT_SPACE, at + 0x2000, 2, 0);
    address_space_unmap(RT_SPACE, at + 0x4000, 2);
    account_destroy(rest.account);
    phx_release(rest.account);
    phx_release(frame.frame);
    address_space_unmap(RT_SPACE, at, 0x200);
}

/* News for the calling thread itself, in each state that its page can be in. */
static void interrupt_self(struct chance *c, struct lane *lane)
{
    struct thread_control_self_out self = {0};
    struct phx_thread_page *page = lane->page;

    if (page == NULL || thread_control_self(RT_THREAD, &self) < 0)
        return;
    if (chance_one_in(c, 3))
        page->disabled = 1;
    thread_interrupt(self.thread, chance_word(c));
    fuzz_load(PLAY + (80UL << 30));
    page->disabled = 0;
    page->depth = PHX_FRAMES;
    thread_interrupt(self.thread, 1);
    page->depth = 0;
    page->restart_low = (uint64_t)fuzz_again_low;
    page->restart_high = (uint64_t)fuzz_again_high;
    fuzz_again(self.thread);
    page->restart_low = (uint64_t)fuzz_leave;
    page->restart_high = (uint64_t)fuzz_leave_end;
    phx_release(self.thread);
}

/* A call that waits in a ring when what it was made with goes. */
static void queued(struct chance *c, struct lane *lane)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};
    struct ring_enter_out entered = {0};
    struct phx_entry *e = (struct phx_entry *)(lane->ring + 1);

    if (lane->ring == NULL || account_new_endpoint(PHX_SLOT_ID(SLOT_ACCOUNT), &endpoint) < 0)
        return;
    endpoint_mint(endpoint.endpoint, IFACE_CLIENT, ~UINT64_C(0), 0, 1, &client);
    *lane->message = (struct phx_message){.deadline = PHX_FOREVER};
    e[lane->ring->submit_tail++ & (lane->ring->submissions - 1)] = (struct phx_entry){
        .op = PHX_OP_CALL(1UL, 2UL), .cap = client.capability, .words = {(uint64_t)lane->message}};
    ring_enter(lane->ring_cap, 1, 0, 0, &entered);
    switch (chance_below(c, 3)) {
    case 0: capability_revoke(endpoint.endpoint, 0); break;
    case 1: phx_release(client.capability); break;
    default: break;
    }
    *lane->message = (struct phx_message){.recv_address = PLAY + (80UL << 30) * chance_below(c, 2)};
    phx_send_message(PHX_OP_RECV, endpoint.endpoint, lane->message);
    phx_release(client.capability);
    phx_release(endpoint.endpoint);
}

void extreme(struct chance *c, struct lane *lane)
{
    switch (chance_below(c, 11)) {
    case 9:
    case 10: queued(c, lane); break;
    case 0:
    case 1: use_up(c); break;
    case 2: derive_deep(c); break;
    case 3: hoard(c); break;
    case 4: accounts_deep(c); break;
    case 5: cut_tight(c); break;
    case 6: interrupt_self(c, lane); break;
    default: handle_thread(c); break;
    }
}
