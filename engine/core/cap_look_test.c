/* SPDX-License-Identifier: MIT */
/*
 * What a look at a table sees: nothing where there is no row, and every revoke, at
 * whichever instant another core makes it.
 *
 * The other core is a page that may not be touched: whoever does is interrupted there,
 * and what the other core would do happens then.
 */
#include "cap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../tests/harness/test.h"

static struct caps caps;
static struct object object = {.refs = 1};

/* --- the other core ------------------------------------------------------------ */

static struct node *watched; /* at the front of a page of its own */
static void (*other_core)(void);
static unsigned touched;

static void on_touch(int signal)
{
    (void)signal;
    if (mprotect(watched, 4096, PROT_READ | PROT_WRITE) != 0 || touched++ != 0)
        abort();
    other_core();
}

/* The next touch of the watched node lets the other core do that. */
static void at_touch(void (*what)(void))
{
    struct sigaction action = {.sa_handler = on_touch};

    if (!watched) {
        watched = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(watched != MAP_FAILED);
    }
    CHECK_EQ(sigaction(SIGSEGV, &action, NULL), 0);
    CHECK_EQ(mprotect(watched, 4096, PROT_READ | PROT_WRITE), 0);
    *watched = (struct node){.gen = 7, .parent = &caps.root, .parent_gen = 1, .depth = 1};
    CHECK_EQ(mprotect(watched, 4096, PROT_NONE), 0);
    other_core = what;
    touched = 0;
}

static void begin(void)
{
    caps_init(&caps, NULL);
}

static struct node below; /* a child of the watched node */

static void revokes_below(void)
{
    below.gen++;
    caps.revocations++;
}

TEST(cap_look, a_revoke_during_a_walk_is_seen, "by the next look at the latest")
{
    begin();
    at_touch(revokes_below);
    below = (struct node){.gen = 3, .parent = watched, .parent_gen = 7, .refs = 1, .depth = 2};
    struct hold row = {.object = &object, .up = &below, .up_gen = 3, .state = HOLD_LIVE};
    (void)cap_alive(&caps, &row); /* either answer is right: the link was whole as it was passed */
    CHECK_EQ(touched, 1);
    CHECK(!cap_alive(&caps, &row));
}

static uint64_t counter_then;

static void notes_the_counter(void)
{
    counter_then = caps.revocations;
}

TEST(cap_look, the_generation_moves_first, "so that whoever sees the counter sees the revoke")
{
    begin();
    at_touch(notes_the_counter);
    struct hold row = {.object = &object, .up = &caps.root, .up_gen = 1, .down = watched};
    uint64_t before = caps.revocations;
    cap_revoke_children(&caps, &row);
    CHECK_EQ(touched, 1);
    CHECK_EQ(counter_then, before);
    CHECK_EQ(caps.revocations, before + 1);
    CHECK_EQ(watched->gen, 8);
}

/* --- ids that name nothing --------------------------------------------------------- */

TEST(cap_look, what_lies_behind_a_page_is_no_row, "even where it looks like one")
{
    static _Alignas(4096) uint8_t memory[2 * 4096];
    struct cap_table table = {.caps = &caps, .direct = {memory}, .pages = 1};

    begin();
    for (unsigned i = 0; i < 64; i++)
        *(struct hold *)(void *)(memory + i * sizeof(struct hold)) = (struct hold){
            .object = &object, .methods = ~UINT64_C(0), .generation = 1,
            .up = &caps.root, .up_gen = 1, .state = HOLD_LIVE};
    for (uint32_t slot = 0; slot < 64; slot++) {
        struct hold *row;
        uint64_t id = slot | UINT64_C(1) << 32;
        CHECK_EQ(cap_row(&table, id) != NULL, slot < HOLDS_PER_PAGE);
        CHECK_EQ(cap_lookup(&table, id, 5, &row) == OK, slot < HOLDS_PER_PAGE);
        CHECK(cap_row(&table, id | 64) == NULL); /* of a page that is not there */
        CHECK(cap_row(&table, id | UINT64_C(2) << 32) == NULL);
    }
}
