/* SPDX-License-Identifier: MIT */
/*
 * Two address spaces against a model that has no ranges, no frames and no page tables: for
 * each page of a window its memory (a cell with a value), what may be done with it, and through
 * which hold. Random operations on both; after each, every page of both windows is as the
 * model says, value, protection and all.
 */
#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE 4096u
#define PAGES 40
#define BASE (0x40200000u - 17 * PAGE) /* two tables of leaves */
#define FRAMES 4
#define FRAME_PAGES 8
#define STEPS 100000
#define CELLS (1u << 18)
#define NONE (-1)

struct page {
    bool there, sealed, wrote;
    unsigned cell;
    uint8_t protection, most;
    int hold; /* frame by whose derived hold it is there, or NONE */
};

static const struct program *const programs[2] = {&alice, &bob};
static struct page model[2][PAGES];
static uint64_t cells[CELLS];
static unsigned cell_count;
static struct {
    uint64_t root, derived, lent; /* alice's, alice's child of it, bob's; 0: none now */
    uint8_t most;                 /* of the derived ones */
    bool sealed;
    unsigned cell;                /* its first page's */
} frames[FRAMES];
static uint64_t into; /* alice's hold of bob's space */
static uint64_t done[16], refused[16];

enum operation { MAP, POPULATE, UNMAP, PROTECT, WRITE, CLONE, COPY, REPLACE, REVOKE, SEAL, CLAIM,
    LIST, OPERATIONS };
static const char *const names[] = {"map", "populate", "unmap", "protect", "write", "clone",
    "copyReplace", "replace", "revoke", "seal", "claim", "mapList"};

static struct thread *thread_of(unsigned who)
{
    return programs[who]->thread;
}

static uint64_t address_of(uint64_t page)
{
    return BASE + page * PAGE;
}

static unsigned new_cells(unsigned count)
{
    unsigned first = cell_count;

    if (first + count > CELLS)
        test_fail(__FILE__, __LINE__, "out of cells");
    cell_count += count;
    return first;
}

static uint8_t may(const struct page *p)
{
    return p->sealed ? p->most & ~PHX_PROT_WRITE : p->most;
}

static void seal_page(struct page *p)
{
    p->wrote |= (p->protection & PHX_PROT_WRITE) != 0;
    p->protection &= (uint8_t)~PHX_PROT_WRITE;
    p->sealed = true;
}

/* --- what is and what should be ------------------------------------------------ */

static void check_page(unsigned who, unsigned i)
{
    const struct page *p = &model[who][i];
    struct space *s = programs[who]->process->space;
    uint64_t pa = space_resolve(s, address_of(i), PHX_PROT_READ);

    for (unsigned how = PHX_PROT_WRITE; how <= PHX_PROT_EXECUTE; how *= 2)
        if ((space_resolve(s, address_of(i), how) != 0) != (p->there && (p->protection & how)))
            test_fail(__FILE__, __LINE__, "who %u page %u: %u of %u, sealed %u wrote %u most %u",
                who, i, how, p->protection, p->sealed, p->wrote, p->most);
    for (unsigned how = PHX_PROT_WRITE; how <= PHX_PROT_EXECUTE; how *= 2)
        CHECK_EQ(space_resolve(s, address_of(i), how) != 0,
            p->there && (p->protection & how) != 0);
    CHECK_EQ(pa != 0, p->there && p->protection != 0);
    if (pa != 0)
        CHECK_EQ(*(const uint64_t *)direct(pa), cells[p->cell]);
    if (test_below(8) == 0) {
        CHECK_EQ(CALL(thread_of(who), SLOT(SPACE), ADDRESS_SPACE_QUERY, address_of(i)),
            p->there ? 0 : -PHX_NOT_FOUND);
        if (p->there)
            CHECK_EQ(WORD(thread_of(who), 1), p->protection);
    }
}

static void check_all(void)
{
    for (unsigned who = 0; who < 2; who++)
        for (unsigned i = 0; i < PAGES; i++)
            check_page(who, i);
}

static bool is_shared(const struct page *p)
{
    unsigned n = 0;

    for (unsigned who = 0; who < 2; who++)
        for (unsigned i = 0; i < PAGES; i++)
            n += model[who][i].there && model[who][i].cell == p->cell;
    for (unsigned f = 0; f < FRAMES; f++)
        n += p->cell - frames[f].cell < FRAME_PAGES;
    return n > 1;
}

/* What was sealed while it was written and is nobody else's may have become as it was. */
static void believe_unsealed(unsigned who)
{
    for (unsigned i = 0; i < PAGES; i++) {
        struct page *p = &model[who][i];

        if (p->there && p->sealed && p->wrote && !is_shared(p) &&
            space_resolve(programs[who]->process->space, address_of(i), PHX_PROT_WRITE)) {
            p->protection |= PHX_PROT_WRITE;
            p->sealed = p->wrote = false;
        }
    }
}

/* --- operations: what each should answer, and what then is true -------------------- */

static uint8_t any_protection(void)
{
    static const uint8_t all[] = {PHX_PROT_READ, READ_WRITE, READ_WRITE, PHX_PROT_EXECUTE,
        PHX_PROT_READ | PHX_PROT_EXECUTE};

    return all[test_below(sizeof all)];
}

static bool any_there(unsigned who, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++)
        if (model[who][i].there)
            return true;
    return false;
}

static void show(unsigned who, unsigned at, unsigned cell, uint8_t protection, uint8_t most,
    int hold)
{
    model[who][at] = (struct page){.there = true,
        .cell = cell,
        .protection = protection | PHX_PROT_READ,
        .most = most,
        .hold = hold};
}

/* One of the holds of a frame that `who` has, or 0. */
static uint64_t hold_of(unsigned who, unsigned f, bool derived)
{
    return who == 1 ? frames[f].lent : derived ? frames[f].derived : frames[f].root;
}

static int64_t map_answer(unsigned who, unsigned f, bool derived, unsigned at, unsigned offset,
    unsigned count, uint8_t protection)
{
    uint8_t most = who == 1 || derived ? frames[f].most : 7;

    if (!hold_of(who, f, derived))
        return -PHX_INVALID_CAPABILITY;
    if ((protection | PHX_PROT_READ) & ~most ||
        ((protection & PHX_PROT_WRITE) && frames[f].sealed))
        return -PHX_PERMISSION_DENIED;
    if (offset + count > FRAME_PAGES)
        return -PHX_INVALID_ARGUMENT;
    if (any_there(who, at, count))
        return -PHX_EXISTS;
    for (unsigned i = 0; i < count; i++) {
        show(who, at + i, frames[f].cell + offset + i, protection, most,
            who == 1 || derived ? (int)f : NONE);
        if (frames[f].sealed)
            seal_page(&model[who][at + i]);
    }
    return 0;
}

static int64_t protect_answer(unsigned who, unsigned at, unsigned count, uint8_t protection)
{
    protection |= protection ? PHX_PROT_READ : 0;
    for (unsigned i = at; i < at + count; i++) {
        if (!model[who][i].there)
            return -PHX_NOT_FOUND;
        if (protection & ~may(&model[who][i]))
            return -PHX_PERMISSION_DENIED;
    }
    for (unsigned i = at; i < at + count; i++) {
        model[who][i].protection = protection;
        model[who][i].wrote = false;
    }
    return 0;
}

static int64_t unmap_answer(unsigned who, unsigned at, unsigned count)
{
    for (unsigned i = at; i < at + count; i++)
        model[who][i].there = false;
    return 0;
}

static int64_t copy_answer(unsigned who, unsigned at, uint8_t protection)
{
    struct page *p = &model[who][at];

    if (!p->there)
        return -PHX_NOT_FOUND;
    if (is_shared(p)) {
        unsigned cell = new_cells(1);

        cells[cell] = cells[p->cell];
        show(who, at, cell, protection, 7, NONE);
    } else {
        show(who, at, p->cell, protection, 7, NONE);
    }
    return 0;
}

static int64_t clone_answer(unsigned at, unsigned count)
{
    if (any_there(1, at, count))
        return -PHX_EXISTS;
    for (unsigned i = at; i < at + count; i++) {
        if (!model[0][i].there)
            continue;
        seal_page(&model[0][i]);
        model[1][i] = model[0][i];
    }
    return 0;
}

static void revoke_answer(unsigned f)
{
    for (unsigned who = 0; who < 2; who++)
        for (unsigned i = 0; i < PAGES; i++)
            if (model[who][i].there && model[who][i].hold == (int)f)
                model[who][i].there = false;
}

/* Derive it anew, for alice and for bob, with or without write. */
static void derive(unsigned f)
{
    struct thread *t = thread_of(0);
    uint64_t methods = FRAME_M_ALL | CAPABILITY_M_ALL;

    frames[f].most = test_below(3) ? 7 : 5;
    methods &= frames[f].most == 7 ? ~UINT64_C(0) : ~FRAME_M_MAP_WRITE;
    CHECK_EQ(CALL(t, frames[f].root, CAPABILITY_DERIVE, methods), 0);
    frames[f].derived = WORD(t, 0);
    CHECK_EQ(CALL(t, frames[f].root, CAPABILITY_DERIVE, methods), 0);
    frames[f].lent = grant(&alice, WORD(t, 0), &bob);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, WORD(t, 0)), 0);
}

static void let_go(unsigned f)
{
    if (frames[f].derived)
        CHECK_EQ(SYS(thread_of(0), PHX_OP_RELEASE, frames[f].derived), 0);
    if (frames[f].lent)
        CHECK_EQ(SYS(thread_of(1), PHX_OP_RELEASE, frames[f].lent), 0);
    frames[f].derived = frames[f].lent = 0;
}

static int64_t claim_answer(unsigned f)
{
    for (unsigned who = 0; who < 2; who++)
        for (unsigned i = 0; i < PAGES; i++)
            if (model[who][i].there && model[who][i].cell - frames[f].cell < FRAME_PAGES)
                return -PHX_WOULD_BLOCK;
    if (frames[f].derived || frames[f].lent)
        return -PHX_WOULD_BLOCK;
    frames[f].sealed = false;
    return 0;
}

static void seal_answer(unsigned f)
{
    frames[f].sealed = true;
    for (unsigned who = 0; who < 2; who++)
        for (unsigned i = 0; i < PAGES; i++)
            if (model[who][i].there && model[who][i].cell - frames[f].cell < FRAME_PAGES)
                seal_page(&model[who][i]);
}

static int64_t do_list(unsigned who)
{
    struct address_space_map_in *e = at(programs[who], MEMORY);
    unsigned count = 1 + test_below(9), good = 0;
    int64_t answer = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned from = test_below(PAGES), n = 1 + test_below(3), f = test_below(FRAMES);
        unsigned offset = test_below(FRAME_PAGES);
        bool derived = test_below(2);
        uint8_t how = any_protection();

        n = from + n > PAGES ? PAGES - from : n;
        if (answer == 0)
            answer = map_answer(who, f, derived, from, offset, n, how);
        good += answer == 0;
        e[i] = (struct address_space_map_in){
            hold_of(who, f, derived), address_of(from), offset, n, how};
    }
    int64_t got = CALL(thread_of(who), SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, count);
    CHECK_EQ(got, good ? 0 : answer);
    if (good)
        CHECK_EQ(WORD(thread_of(who), 0), good);
    return got;
}

static int64_t step(enum operation what)
{
    unsigned who = test_below(2), from = test_below(PAGES), f = test_below(FRAMES);
    unsigned count = 1 + test_below(test_below(3) ? 5 : PAGES), offset = test_below(FRAME_PAGES);
    bool derived = test_below(2);
    struct thread *t = thread_of(who);
    uint8_t how = any_protection();
    struct page *p = &model[who][from];
    int64_t wanted = 0, got = 0;

    count = from + count > PAGES ? PAGES - from : count;
    if (getenv("TEST_TRACE"))
        printf("# %s who %u page %u count %u frame %u %s offset %u how %u\n", names[what], who, from,
            count, f, derived ? "derived" : "root", offset, how);
    switch (what) {
    case MAP:
        count = count > FRAME_PAGES ? FRAME_PAGES : count;
        if (!hold_of(who, f, derived))
            return -1;
        wanted = map_answer(who, f, derived, from, offset, count, how);
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, hold_of(who, f, derived), address_of(from),
            offset, count, how);
        break;
    case POPULATE:
        wanted = any_there(who, from, count) ? -PHX_EXISTS : 0;
        for (unsigned i = 0; wanted == 0 && i < count; i++) {
            show(who, from + i, new_cells(1), how, 7, NONE);
            cells[cell_count - 1] = 0;
        }
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), address_of(from), count, how);
        break;
    case UNMAP:
        wanted = unmap_answer(who, from, count);
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, address_of(from), count);
        break;
    case PROTECT:
        how = test_below(6) ? how : 0;
        wanted = protect_answer(who, from, count, how);
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_PROTECT, address_of(from), count, how);
        break;
    case WRITE:
        if (!p->there || !(p->protection & PHX_PROT_WRITE))
            return -1;
        cells[p->cell] = test_rand();
        *(uint64_t *)at(programs[who], address_of(from)) = cells[p->cell];
        break;
    case CLONE:
        t = alice.thread;
        wanted = clone_answer(from, count);
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, address_of(from), count);
        break;
    case COPY:
        how = test_below(3) ? READ_WRITE : how;
        wanted = copy_answer(who, from, how);
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), address_of(from), how);
        believe_unsealed(who);
        break;
    case REPLACE:
        if (!hold_of(who, f, derived))
            return -1;
        wanted = p->there ? 0 : -PHX_NOT_FOUND;
        p->there = false;
        if (wanted == 0) {
            struct page old = *p;
            wanted = map_answer(who, f, derived, from, offset, 1, how);
            *p = wanted == 0 ? *p : old;
            p->there = true;
        } else if (map_answer(who, f, derived, from, offset, 1, how) == -PHX_PERMISSION_DENIED) {
            wanted = -PHX_PERMISSION_DENIED;
        } else {
            p->there = false;
        }
        got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_REPLACE, hold_of(who, f, derived),
            address_of(from), offset, how);
        break;
    case REVOKE:
        let_go(f);
        revoke_answer(f);
        got = CALL(alice.thread, frames[f].root, CAPABILITY_REVOKE, 0);
        if (test_below(4))
            derive(f);
        break;
    case SEAL:
        seal_answer(f);
        got = CALL(alice.thread, frames[f].root, FRAME_SEAL);
        break;
    case CLAIM:
        if (test_below(3) == 0) {
            let_go(f);
            for (unsigned i = 0; i < 2 && test_below(2); i++) {
                unmap_answer(i, 0, PAGES);
                CHECK_EQ(CALL(thread_of(i), SLOT(SPACE), ADDRESS_SPACE_UNMAP, BASE, PAGES), 0);
            }
        }
        wanted = claim_answer(f);
        got = CALL(alice.thread, frames[f].root, FRAME_CLAIM);
        if (!frames[f].derived)
            derive(f);
        break;
    default:
        return do_list(who);
    }
    CHECK_EQ(got, wanted);
    return got;
}

static void begin(void)
{
    world_begin();
    into = grant(&bob, SLOT(SPACE), &alice);
    cell_count = 0;
    for (unsigned f = 0; f < FRAMES; f++) {
        frames[f].root = make_frame(&alice, FRAME_PAGES);
        frames[f].cell = new_cells(FRAME_PAGES);
        frames[f].sealed = false;
        memset(&cells[frames[f].cell], 0, FRAME_PAGES * sizeof cells[0]);
        derive(f);
    }
    memset(model, 0, sizeof model);
}

static enum operation any_operation(void)
{
    static const uint8_t weights[OPERATIONS] = {10, 10, 10, 12, 14, 4, 10, 6, 2, 1, 3, 10};
    unsigned at = test_below(92);

    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (at < weights[i])
            return (enum operation)i;
        at -= weights[i];
    }
    return WRITE;
}

TEST(spaces, random_operations_agree_with_a_model, "in two spaces, page by page, after each")
{
    for (unsigned n = 0; n < STEPS; n++) {
        if (n % 20000 == 0)
            begin();
        enum operation what = any_operation();
        if (step(what) >= 0)
            done[what]++;
        else
            refused[what]++;
        check_all();
        if (n % 500 == 0)
            world_check();
        if (n % 20000 == 19999)
            world_end();
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        printf("# %s: %lu done, %lu refused\n", names[i], done[i], refused[i]);
        CHECK(done[i] > 100);
    }
}
