/* SPDX-License-Identifier: MIT */
/* Chance, and what it makes of the words of a method: sensible mostly, anything at times. */
#include "fuzz.h"

enum word {
    WORD_NONE,
#define WORDS
#include "grammar.inc.c"
#undef WORDS
};

const struct method methods[] = {
#include "grammar.inc.c"
};
const unsigned method_count = sizeof methods / sizeof *methods;

uint8_t buffers[THREADS][8192] __attribute__((aligned(4096)));

/* --- chance (splitmix64) ------------------------------------------------------------ */

uint64_t chance_word(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint64_t chance_below(struct chance *c, uint64_t n)
{
    return chance_word(c) % n;
}

bool chance_one_in(struct chance *c, uint64_t n)
{
    return chance_below(c, n) == 0;
}

struct chance chance_of(uint64_t seed, uint64_t number)
{
    struct chance c = {seed ^ number * 0xd1342543de82ef95};

    chance_word(&c);
    return c;
}

/* --- capabilities --------------------------------------------------------------------- */

#define KNOWN 100
#define STARTED 28 /* it was started with, at most */

static struct {
    uint64_t id;
    unsigned interface;
} known[KNOWN];

/* The first places are those that it was started with. */
void known_add(struct chance *c, uint64_t id, unsigned interface)
{
    unsigned at;

    if (id == 0)
        return;
    for (at = 0; at < KNOWN && known[at].id != 0; at++)
        continue;
    if (at == KNOWN)
        at = STARTED + (unsigned)chance_below(c, KNOWN - STARTED);
    known[at].id = id;
    known[at].interface = interface;
}

void known_forget(uint64_t id)
{
    for (unsigned i = STARTED; i < KNOWN; i++)
        if (known[i].id == id)
            known[i].id = 0;
}

unsigned known_interface(uint64_t id)
{
    for (unsigned i = 0; i < KNOWN; i++)
        if (known[i].id == id)
            return known[i].interface;
    return NONE;
}

uint64_t known_cap(struct chance *c, unsigned interface)
{
    unsigned from = (unsigned)chance_below(c, KNOWN);

    for (unsigned i = 0; i < KNOWN; i++) {
        unsigned at = (from + i) % KNOWN;

        if (known[at].id != 0 && (interface == NONE || known[at].interface == interface))
            return known[at].id;
    }
    return PHX_SLOT_ID(1 + chance_below(c, 15));
}

/* --- words ------------------------------------------------------------------------------ */

uint64_t wild_word(struct chance *c)
{
    static const uint64_t values[] = {
        0, 1, 2, 7, 8, 16, 63, 64, 4095, 4096, 0x8000, PLAY, PLAY + 1, PLAY + 4088, CODE,
        PHX_USER_END - 4096, PHX_USER_END - 1, PHX_USER_END, PHX_USER_END + 4096,
        0x0000800000000000, 0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80000000,
        UINT64_C(1) << 18, (UINT64_C(1) << 18) + 1, UINT64_C(1) << 32, UINT64_C(1) << 52,
        INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 4095, UINT64_MAX - 1, UINT64_MAX,
    };

    switch (chance_below(c, 4)) {
    case 0: return known_cap(c, NONE) + chance_below(c, 2) * (chance_word(c) & 3);
    case 1: return chance_word(c) >> chance_below(c, 64);
    default: return values[chance_below(c, sizeof values / sizeof *values)];
    }
}

static uint64_t page_address(struct chance *c)
{
    if (chance_one_in(c, 24))
        return wild_word(c) & ~4095UL;
    if (chance_one_in(c, 4)) /* a table of its own, and then some */
        return PLAY + (chance_below(c, 64) << 30) + chance_below(c, 4) * PHX_PAGE_SIZE;
    return PLAY + chance_below(c, chance_one_in(c, 3) ? PLAY_PAGES : 24) * PHX_PAGE_SIZE;
}

uint64_t buffer_address(struct chance *c)
{
    uint64_t own = (uint64_t)buffers[chance_below(c, THREADS)];

    if (chance_one_in(c, 24))
        return wild_word(c);
    if (chance_one_in(c, 16))
        return PHX_FIXED(chance_below(c, 6), chance_below(c, 3 * PHX_PAGE_SIZE));
    if (chance_one_in(c, 3))
        return PLAY + chance_below(c, 8 * PHX_PAGE_SIZE);
    return own + chance_below(c, 4096) / (chance_one_in(c, 2) ? 8 : 1) * 8 % 4096;
}

uint64_t soon(struct chance *c)
{
    struct clock_now_out now = {0};

    switch (chance_below(c, 8)) {
    case 0:
    case 1: return 0;
    case 2: return chance_one_in(c, 6) ? PHX_FOREVER : 1;
    default:
        clock_now(PHX_SLOT_ID(SLOT_CLOCK), &now);
        return now.ns + chance_below(c, chance_one_in(c, 4) ? 3000000 : 200000);
    }
}

static uint64_t page_count(struct chance *c)
{
    switch (chance_below(c, 16)) {
    case 0: return chance_below(c, chance_one_in(c, 5) ? 900 : 64);
    case 1:
    case 2: return chance_below(c, 20);
    case 3:
    case 4:
    case 5: return 1 + chance_below(c, 6);
    default: return 1 + chance_below(c, 3);
    }
}

/* A subset of what there is, which a kernel that is asked for more refuses. */
static uint64_t method_set(struct chance *c, uint64_t cap)
{
    struct capability_identify_out own = {0};

    if (chance_one_in(c, 12))
        return chance_word(c);
    capability_identify(cap, &own);
    if (chance_one_in(c, 2))
        return own.methods;
    return own.methods & (chance_word(c) | chance_word(c));
}

static uint64_t power_of_two(struct chance *c)
{
    return UINT64_C(1) << chance_below(c, chance_one_in(c, 8) ? 14 : 7);
}

uint64_t length_word(struct chance *c)
{
    if (chance_one_in(c, 16))
        return 4080 + chance_below(c, 40);
    return chance_below(c, chance_one_in(c, 4) ? 1200 : 100);
}

/* In, or just outside, what the boss hands out of ports, lines, pages and functions. */
static uint64_t range_first(struct chance *c, unsigned interface)
{
    switch (interface) {
    case IFACE_IO_PORT: return FUZZ_PORTS + chance_below(c, 5);
    case IFACE_DEVICE_MEMORY: return FUZZ_REGISTERS + chance_below(c, 3);
    case IFACE_IRQ: return chance_one_in(c, 6) ? chance_below(c, 24)
                                                : FUZZ_LINE * chance_below(c, 2);
    default: return chance_below(c, 4);
    }
}

/* Where a frame is, or behind it; for FramePool.allocAt. */
static uint64_t frame_physical(struct chance *c)
{
    struct frame_info_out out = {0};

    frame_info(known_cap(c, IFACE_FRAME), &out);
    return out.physical + chance_below(c, 9) * PHX_PAGE_SIZE;
}

/* A list of three for AddressSpace.mapList, which the threads write over each other's. */
static uint64_t map_entries(struct chance *c)
{
    static uint64_t list[3][5];

    for (unsigned i = 0; i < 3; i++) {
        list[i][0] = known_cap(c, IFACE_FRAME);
        list[i][1] = page_address(c);
        list[i][3] = page_count(c);
        list[i][4] = 1 + chance_below(c, 2) * 2;
    }
    return chance_one_in(c, 8) ? buffer_address(c) : (uint64_t)list;
}

/* No default: a new name in the schema wants to be thought of. */
static uint64_t sensible(struct chance *c, enum word word, const struct method *m, uint64_t cap)
{
    switch (word) {
    case WORD_NONE: return 0;
    case WORD_address:
        return m->interface == IFACE_ADDRESS_SPACE || m->interface == IFACE_DMA_DOMAIN ? page_address(c) : buffer_address(c);
    case WORD_pageAddress: return CHILD_PAGE;
    case WORD_all: return chance_one_in(c, 3);
    case WORD_amount: return chance_below(c, 20);
    case WORD_argument: return buffer_address(c) & ~7UL;
    case WORD_badge: return chance_below(c, 8);
    case WORD_bits:
    case WORD_mask: return chance_one_in(c, 2) ? chance_word(c) : 1UL << chance_below(c, 64);
    case WORD_capabilities: return chance_below(c, 6);
    case WORD_code:
    case WORD_status: return chance_below(c, 0x8000);
    case WORD_submit:
    case WORD_complete: return chance_below(c, 9);
    case WORD_submissions:
    case WORD_completions: return power_of_two(c);
    case WORD_cursor: return chance_one_in(c, 2) ? 0 : chance_below(c, 200);
    case WORD_deadline: return soon(c);
    case WORD_energy: return chance_below(c, 50);
    case WORD_entry: return CODE;
    case WORD_first: return range_first(c, m->interface);
    case WORD_count: return 1 + chance_below(c, 3);
    case WORD_port: return range_first(c, IFACE_IO_PORT);
    case WORD_width: return chance_one_in(c, 8) ? chance_below(c, 6) : 1UL << chance_below(c, 3);
    case WORD_value: return chance_word(c);
    case WORD_pciFunction: return known_cap(c, IFACE_PCI_FUNCTION);
    case WORD_unconfined: return !chance_one_in(c, 4);
    case WORD_flags: return chance_one_in(c, 8) ? chance_below(c, 18) : 0;
    case WORD_frame:
        if (chance_one_in(c, 6))
            return known_cap(c, IFACE_DEVICE_MEMORY);
        /* fall through */
    case WORD_page: return chance_one_in(c, 12) ? 0 : known_cap(c, IFACE_FRAME);
    case WORD_hold: return known_cap(c, chance_one_in(c, 2) ? IFACE_CLIENT : NONE);
    case WORD_holds: return chance_below(c, 40);
    case WORD_index: return chance_below(c, 6);
    case WORD_interface: return IFACE_CLIENT + chance_below(c, 3);
    case WORD_length: return length_word(c);
    case WORD_libosLow: return chance_one_in(c, 2) ? 0 : CODE + 4096;
    case WORD_libosHigh: return chance_one_in(c, 2) ? PHX_USER_END : CODE + 8192;
    case WORD_messages: return chance_below(c, 10);
    case WORD_methods: return method_set(c, cap);
    case WORD_notification: return known_cap(c, IFACE_NOTIFICATION);
    case WORD_number:
    case WORD_resource: return chance_below(c, 7);
    case WORD_offset: return chance_one_in(c, 3) ? chance_below(c, 8) : 0;
    case WORD_own: return chance_one_in(c, 3);
    case WORD_ns: return chance_below(c, 20000000);
    case WORD_order: return chance_below(c, chance_one_in(c, 8) ? 70 : 3);
    case WORD_pages: return page_count(c);
    case WORD_physical: return frame_physical(c);
    case WORD_entries: return map_entries(c);
    case WORD_into: return known_cap(c, IFACE_ADDRESS_SPACE);
    case WORD_pool: return known_cap(c, IFACE_FRAME_POOL);
    case WORD_position:
        return m->interface == IFACE_TIME_SLICE ? chance_below(c, 65) : chance_below(c, 3) * 1000;
    case WORD_process: return known_cap(c, IFACE_PROCESS);
    case WORD_schedule: return chance_one_in(c, 4) ? 0 : known_cap(c, IFACE_SCHEDULE);
    case WORD_thread: return known_cap(c, IFACE_THREAD);
    case WORD_protection:
        return chance_one_in(c, 6) ? chance_below(c, 9) : 1 + chance_below(c, 2) * 2;
    case WORD_slot: return chance_one_in(c, 3) ? chance_below(c, 17) : 0;
    case WORD_stack: return (uint64_t)buffers[chance_below(c, THREADS)] + 8192;
    case WORD_threads: return chance_below(c, 4);
    case WORD_to: return known_cap(c, IFACE_ACCOUNT);
    case WORD_user: return chance_below(c, 8);
    case WORD_uses: return chance_one_in(c, 2) ? 0 : chance_below(c, 6);
    case WORD_write: return chance_below(c, 2);
    }
    return 0;
}

/* --- operations -------------------------------------------------------------------------- */

/* What ends somebody is rare, so that lives are not short. */
static bool is_too_much(struct chance *c, const struct method *m)
{
    switch (m->interface) {
    case IFACE_PROCESS:
        return (m->method == PROCESS_EXIT && !chance_one_in(c, 20)) ||
               (m->method == PROCESS_REVOKE && !chance_one_in(c, 6));
    case IFACE_ACCOUNT:
        return (m->method == ACCOUNT_DESTROY || m->method == ACCOUNT_RECLAIM) &&
               !chance_one_in(c, 12);
    case IFACE_THREAD_CONTROL: return m->method == THREAD_CONTROL_EXIT && !chance_one_in(c, 20);
    case IFACE_THREAD: return m->method == THREAD_STOP && !chance_one_in(c, 2);
    case IFACE_CONSOLE: return m->method == CONSOLE_WRITE && !chance_one_in(c, 8);
    default: return false;
    }
}

void shot_method(struct chance *c, struct shot *s)
{
    const struct method *m;
    uint64_t kind;

    do
        m = &methods[chance_below(c, method_count)];
    while (is_too_much(c, m));
    s->method = m;
    s->cap = known_cap(c, m->interface == IFACE_CAPABILITY ? NONE : m->interface);
    if (chance_one_in(c, 24))
        s->cap = chance_one_in(c, 2) ? known_cap(c, NONE) : wild_word(c);
    for (unsigned i = 0; i < PHX_WORDS; i++)
        s->words[i] = i < m->words_in ? sensible(c, m->in[i], m, s->cap) : 0;
    if (chance_one_in(c, 12))
        s->words[chance_below(c, 5)] = wild_word(c);
    kind = chance_below(c, 4);
    s->op = PHX_OP_CALL((uint64_t)m->method, (uint64_t)m->words_in);
    if (kind == 0 && m->nyx != NONE) {
        s->op = PHX_OP_NYX((uint64_t)m->nyx);
        if (chance_one_in(c, 2))
            s->cap = 0;
    }
    if (chance_one_in(c, 100))
        s->op ^= UINT64_C(1) << chance_below(c, 64);
}

int64_t shoot(struct chance *c, struct shot *s)
{
    uint64_t cap = s->cap;
    int64_t answer = phx_syscall(s->op, &cap, s->words);
    const struct method *m = s->method;

    if (answer == -PHX_INVALID_CAPABILITY || (answer == -PHX_REVOKED && chance_one_in(c, 4)))
        known_forget(s->cap);
    for (unsigned i = 0; answer >= 0 && m != NULL && i < m->words_out; i++)
        if (m->out[i] != NONE)
            known_add(c, s->words[i],
                m->out[i] != SAME                ? m->out[i]
                : m->interface == IFACE_ENDPOINT ? IFACE_CLIENT
                                                 : known_interface(s->cap));
    return answer;
}
