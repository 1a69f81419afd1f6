/* SPDX-License-Identifier: MIT */
/* What devices reach in memory, and what not. */
#include "devices.h"

#include "bytes.h"

#define NEAR 0x100000u /* device addresses; edu has 28 bits of them */
#define FAR 0x400000u
#define LOOK 0x100000000 /* where the rounds look at a page */
#define EDU_MOST 4088    /* bytes at once: with 4096 QEMU ends itself */
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define REASON_WRITE 5
#define REASON_READ (1 << 8 | 6)

/* Two pages: a driver's frame with the domain of its device. */
struct driver {
    struct edu edu;
    uint64_t domain, frame, told, physical;
    uint8_t *memory;
};

static uint64_t new_frame(uint64_t pages, uint64_t *physical)
{
    struct frame_pool_alloc_out out = {0};

    frame_pool_alloc(RT_POOL, pages, &out);
    *physical = out.physical;
    return out.frame;
}

static uint64_t new_domain(uint64_t unconfined)
{
    struct account_new_dma_domain_out out = {0};

    account_new_dma_domain(rt_cap("account"), unconfined, &out);
    return out.domain;
}

/* A table keeps the pages that it grew by. */
static void grow_table(void)
{
    uint64_t rows[80];

    for (unsigned i = 0; i < 80; i++)
        rows[i] = without(rt_cap("clock"), 0);
    for (unsigned i = 0; i < 80; i++)
        phx_release(rows[i]);
}

static bool driver_open(struct driver *d)
{
    d->domain = new_domain(0);
    d->frame = new_frame(2, &d->physical);
    d->memory = rt_window(d->frame, 2, READ_WRITE);
    d->told = notification();
    return edu_open(&d->edu, "config", "registers") && d->memory != NULL;
}

static void driver_close(struct driver *d)
{
    rt_window_close(d->memory, 2);
    edu_close(&d->edu);
    phx_release(d->told);
    phx_release(d->frame);
    phx_release(d->domain);
}

static bool all_are(const uint8_t *bytes, uint8_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* Faults so far; the last one's address and reason. */
static struct dma_domain_info_out faults_of(uint64_t domain)
{
    struct dma_domain_info_out out = {0};

    dma_domain_info(domain, &out);
    return out;
}

static void blocked(struct driver *d)
{
    memset(d->memory, 0x11, 2 * PHX_PAGE_SIZE);
    edu_transfer(&d->edu, d->physical, 64, true);
    check("a_function_without_a_domain_reaches_nothing", all_are(d->memory, 0x11, 64),
        "it wrote 0x%x", d->memory[0]);
    check("a_function_is_attached_once",
        dma_domain_attach(d->domain, rt_cap("function")) == 0 &&
            dma_domain_attach(d->domain, rt_cap("function")) == -PHX_EXISTS,
        "not so");
    edu_transfer(&d->edu, d->physical, 64, true);
    check("an_empty_domain_reaches_nothing", all_are(d->memory, 0x11, 64), "it wrote 0x%x",
        d->memory[0]);
}

static void copies(struct driver *d)
{
    check("a_frame_is_mapped", dma_domain_map(d->domain, d->frame, NEAR, 0, 2, READ_WRITE) == 0,
        "no");
    check("in_free_addresses_only",
        dma_domain_map(d->domain, d->frame, NEAR, 0, 1, 1) == -PHX_EXISTS &&
            dma_domain_map(d->domain, d->frame, FAR, 0, 1, 4) == -PHX_INVALID_ARGUMENT &&
            dma_domain_map(d->domain, rt_cap("registers"), FAR, 0, 1, 1) == -PHX_INVALID_ARGUMENT,
        "not so");
    for (unsigned i = 0; i < 4096; i++)
        d->memory[i] = (uint8_t)(i * 7 + 1);
    memset(d->memory + 4096, 0, 4096);
    edu_transfer(&d->edu, NEAR, EDU_MOST, false);
    edu_transfer(&d->edu, NEAR + 4096, EDU_MOST, true);
    check("a_page_goes_through_the_device_and_back",
        memcmp(d->memory, d->memory + 4096, EDU_MOST) == 0, "0x%x at its begin", d->memory[4096]);
}

/* One refused transfer: told, counted, and nothing changed. */
static void refused(
    struct driver *d, const char *name, uint64_t address, bool to_memory, uint64_t reason)
{
    struct dma_domain_info_out before = faults_of(d->domain), after;
    uint64_t told;

    poll(d->told);
    edu_transfer(&d->edu, address, 64, to_memory);
    told = wait_ms(d->told, 200);
    after = faults_of(d->domain);
    check(name,
        told == 8 && after.faults == before.faults + 1 && after.address == (address & ~4095UL) &&
            after.reason == reason,
        "told %lu, %lu faults where %lu were, at 0x%lx, reason 0x%lx", told, after.faults,
        before.faults, after.address, after.reason);
}

static void outside(struct driver *d)
{
    uint64_t physical, victim = new_frame(1, &physical);
    uint8_t *bytes = rt_window(victim, 1, READ_WRITE);

    memset(bytes, 0x22, PHX_PAGE_SIZE);
    memset(d->memory, 0x33, PHX_PAGE_SIZE);
    edu_transfer(&d->edu, NEAR, 64, false);
    dma_domain_watch(d->domain, d->told, 8);
    refused(d, "a_write_outside_is_refused_and_told", physical, true, REASON_WRITE);
    check("a_page_outside_is_not_changed", all_are(bytes, 0x22, PHX_PAGE_SIZE), "it is");
    refused(d, "a_read_outside_is_refused_and_told", physical, false, REASON_READ);
    edu_transfer(&d->edu, NEAR + 4096, 64, true);
    check("a_page_outside_is_not_read", all_are(d->memory + 4096, 0, 64), "0x%x",
        d->memory[4096]); /* QEMU's device takes zeroes where it gets nothing */
    rt_window_close(bytes, 1);
    phx_release(victim);
}

static void protected(struct driver *d)
{
    dma_domain_map(d->domain, d->frame, FAR, 0, 1, PHX_PROT_READ);
    memset(d->memory, 0x44, PHX_PAGE_SIZE);
    refused(d, "what_may_be_read_is_not_written", FAR, true, REASON_WRITE);
    check("and_stays_what_it_was", all_are(d->memory, 0x44, PHX_PAGE_SIZE), "it does not");
}

static void unmapped(struct driver *d)
{
    edu_transfer(&d->edu, NEAR + 4096, 64, true); /* the unit knows the address now */
    memset(d->memory, 0x55, 2 * PHX_PAGE_SIZE);
    check("one_page_of_two_is_unmapped", dma_domain_unmap(d->domain, NEAR + 4096, 1) == 0, "no");
    refused(d, "after_unmap_a_transfer_is_refused", NEAR + 4096, true, REASON_WRITE);
    check("after_unmap_the_page_is_not_changed", all_are(d->memory + 4096, 0x55, 4096), "it is");
    edu_transfer(&d->edu, NEAR, 64, true);
    check("the_other_page_is_still_there", !all_are(d->memory, 0x55, 64), "it is not");
}

/* Take the hold away while the device works, and use the page for something else at once. */
static void revoked(struct driver *d)
{
    uint64_t physical, frame = new_frame(1, &physical), taken = without(frame, 0), again[64];
    uint8_t *bytes = NULL;
    unsigned count = 0;

    dma_domain_map(d->domain, taken, 2 * FAR, 0, 1, READ_WRITE);
    edu_transfer(&d->edu, 2 * FAR, 64, true); /* it works, and the unit knows the address */
    poll(d->told);
    edu_begin(&d->edu, 2 * FAR, 64, true);
    capability_revoke(frame, 1);
    phx_release(taken); /* a dead row keeps its frame until it is looked at */
    while (bytes == NULL && count < 64) {
        uint64_t at;

        again[count] = new_frame(1, &at);
        if (at == physical)
            bytes = rt_window(again[count], 1, READ_WRITE);
        count++;
    }
    check("a_revoked_page_is_free_again", bytes != NULL, "not among %u", count);
    if (bytes != NULL) {
        memset(bytes, 0x66, PHX_PAGE_SIZE);
        check("while_the_transfer_runs", edu_read(&d->edu, EDU_DMA_COMMAND) & EDU_DMA_RUN,
            "it is over");
        edu_finish(&d->edu);
        check("its_new_owner_keeps_what_is_in_it", all_are(bytes, 0x66, PHX_PAGE_SIZE),
            "it is 0x%x", bytes[0]);
        check("and_the_transfer_is_reported", wait_ms(d->told, 200) == 8, "it is not");
        rt_window_close(bytes, 1);
    }
    faults_of(d->domain);
    while (count > 0)
        phx_release(again[--count]);
}

/* --- again and again, at any moment of a transfer -------------------------------- */

static uint64_t chance_state;

static uint64_t chance(uint64_t below) /* splitmix64 */
{
    uint64_t z = chance_state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % below;
}

enum taken { LEFT, UNMAPPED, REVOKED, DETACHED, WAYS };

/* The frame whose pages these are, whoever had them before; 0: not to be had. */
static uint64_t frame_at(uint64_t physical, uint64_t *held, unsigned most)
{
    for (unsigned i = 0; i < most; i++) {
        uint64_t at;

        held[i] = new_frame(1, &at);
        if (at == physical)
            return held[i];
    }
    return 0;
}

/* At one place always: windows go on while one is open, and want tables. */
static uint8_t *look_at(uint64_t frame)
{
    return address_space_map(RT_SPACE, frame, LOOK, 0, 1, READ_WRITE) < 0 ? NULL : (uint8_t *)LOOK;
}

/* One transfer, in the middle of which its page is taken away, or not: whether the page
 * has then what it should. */
static bool round_is_good(struct driver *d, enum taken way, uint64_t delay)
{
    uint64_t physical, frame = new_frame(1, &physical), held[64] = {0}, child = without(frame, 0);
    uint8_t *bytes = way == LEFT ? look_at(frame) : NULL;
    bool good;

    if (bytes != NULL)
        memset(bytes, 0xa5, PHX_PAGE_SIZE);
    dma_domain_map(d->domain, child, 2 * FAR, 0, 1, READ_WRITE);
    edu_begin(&d->edu, 2 * FAR, 64, true);
    sleep_ms(delay);
    if (way == REVOKED) {
        capability_revoke(frame, 1);
        phx_release(child); /* a dead row keeps its frame until it is looked at */
    } else if (way == UNMAPPED) {
        dma_domain_unmap(d->domain, 2 * FAR, 1);
        phx_release(child);
        phx_release(frame);
    } else if (way == DETACHED) {
        capability_revoke(rt_cap("function"), 0);
    }
    if (way == REVOKED || way == UNMAPPED)
        frame = frame_at(physical, held, 64);
    if (frame != 0 && way != LEFT) {
        bytes = look_at(frame);
        if (bytes != NULL)
            memset(bytes, 0xa5, PHX_PAGE_SIZE);
    }
    edu_finish(&d->edu);
    good = bytes != NULL &&
           (way == LEFT ? !all_are(bytes, 0xa5, 64) : all_are(bytes, 0xa5, PHX_PAGE_SIZE));
    if (bytes != NULL)
        address_space_unmap(RT_SPACE, LOOK, 1);
    if (way == LEFT || way == DETACHED) {
        dma_domain_unmap(d->domain, 2 * FAR, 1);
        phx_release(frame);
    }
    for (unsigned i = 0; i < 64; i++)
        phx_release(held[i]);
    phx_release(child);
    return good;
}

void test_dma_rounds(unsigned rounds, uint64_t seed)
{
    struct balance before;
    struct driver d;
    unsigned ways[WAYS] = {0}, bad = 0;

    grow_table();
    before = balance_now();
    chance_state = seed;
    driver_open(&d);
    for (unsigned i = 0; i < rounds; i++) {
        enum taken way = (enum taken)chance(WAYS);
        uint64_t child = without(rt_cap("function"), 0);

        dma_domain_attach(d.domain, child); /* it may be */
        bad += !round_is_good(&d, way, chance(80));
        ways[way]++;
        faults_of(d.domain);
        phx_release(child);
    }
    say("%u transfers (seed %lu): %u left alone, %u unmapped, %u revoked, %u detached", rounds,
        seed, ways[LEFT], ways[UNMAPPED], ways[REVOKED], ways[DETACHED]);
    check("no_transfer_ends_in_a_page_that_was_taken_away", bad == 0, "%u do", bad);
    driver_close(&d);
    bool returned = balance_returns(&before);
    struct balance after = balance_now();

    check("the_rounds_give_all_back", returned, "pages %lu of %lu, holds %lu of %lu", after.used[0],
        before.used[0], after.used[1], before.used[1]);
}

/* Whose function is taken away reaches nothing, whatever its domain has. */
static void detached(struct driver *d)
{
    uint64_t function = rt_cap("function"), child = without(function, 0);
    uint64_t domain = new_domain(0);

    phx_release(d->domain);
    d->domain = domain;
    dma_domain_map(domain, d->frame, NEAR, 0, 1, READ_WRITE);
    check(
        "a_dead_domain_lets_its_function_go", dma_domain_attach(domain, child) == 0, "it does not");
    memset(d->memory, 0x77, PHX_PAGE_SIZE);
    capability_revoke(function, 0);
    edu_transfer(&d->edu, NEAR, 64, true);
    check("a_revoked_function_reaches_nothing", all_are(d->memory, 0x77, PHX_PAGE_SIZE), "it does");
    check("and_can_be_attached_again", dma_domain_attach(domain, function) == 0, "it cannot");
    phx_release(child);
}

/* The second device, whose grant says attachUnconfined. */
static void unconfined(struct driver *d)
{
    uint64_t domain = new_domain(1);
    struct capability_identify_out methods = {0};
    struct edu edu;

    capability_identify(d->domain, &methods);
    check("a_confined_domain_does_not_say_unconfined", !(methods.methods & DMA_DOMAIN_M_UNCONFINED),
        "it does");
    capability_identify(domain, &methods);
    check("an_unconfined_domain_says_so", methods.methods & DMA_DOMAIN_M_UNCONFINED, "it does not");
    check("unconfined_only_what_the_manifest_names_so",
        dma_domain_attach(domain, rt_cap("function")) == -PHX_PERMISSION_DENIED &&
            dma_domain_attach(domain, rt_cap("function2")) == 0,
        "not so");
    check("its_mappings_are_where_the_frames_are",
        dma_domain_map(domain, d->frame, NEAR, 0, 1, READ_WRITE) == -PHX_INVALID_ARGUMENT &&
            dma_domain_map(domain, d->frame, d->physical, 0, 1, READ_WRITE) == 0,
        "not so");
    check("the_second_device_is_there", edu_open(&edu, "config2", "registers2"), "it is not");
    memset(d->memory, 0x88, 2 * PHX_PAGE_SIZE);
    edu_transfer(&edu, d->physical, 64, false);
    edu_transfer(&edu, d->physical + 4096, 64, true);
    check("an_unconfined_device_reaches_what_is_not_mapped", all_are(d->memory + 4096, 0x88, 64),
        "0x%x", d->memory[4096]);
    memset(d->memory, 0x99, PHX_PAGE_SIZE);
    phx_release(domain);
    edu_transfer(&edu, d->physical, 64, true);
    check("until_its_domain_is_gone", all_are(d->memory, 0x99, PHX_PAGE_SIZE), "it still does");
    edu_close(&edu);
}

void test_dma(void)
{
    struct balance before;
    struct driver d;

    grow_table();
    before = balance_now();
    check("a_domain_is_made", driver_open(&d), "no");
    blocked(&d);
    copies(&d);
    outside(&d);
    protected(&d);
    unmapped(&d);
    revoked(&d);
    detached(&d);
    unconfined(&d);
    driver_close(&d);
    check("domains_give_all_back", balance_returns(&before), "they do not");
}

void test_no_unit(void)
{
    struct account_new_dma_domain_out out = {0};
    uint64_t physical, frame = new_frame(1, &physical), domain = new_domain(1);

    check("where_nothing_confines_it_is_not_supported",
        account_new_dma_domain(rt_cap("account"), 0, &out) == -PHX_NOT_SUPPORTED, "it is");
    check("where_nothing_confines_a_domain_is_unconfined",
        dma_domain_map(domain, frame, physical, 0, 1, READ_WRITE) == 0 &&
            dma_domain_attach(domain, rt_cap("function")) == -PHX_PERMISSION_DENIED &&
            dma_domain_attach(domain, rt_cap("function2")) == 0,
        "it is not");
    phx_release(domain);
    phx_release(frame);
}
