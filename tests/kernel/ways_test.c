/* SPDX-License-Identifier: MIT */
/*
 * The short way of messages decides as the general one: random conversations of two
 * programs, once asked for by ENTER1, which is always general, and once by the message's
 * address. Every answer, message, buffer and word of registers is the same, after each step.
 */
#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 60
#define CONVERSATIONS 400
#define TEXT (MEMORY_PAGES * PHX_PAGE_SIZE)

static struct step {
    bool server, changes;
    unsigned number; /* what bob would do; alice calls */
    unsigned method, words;
    uint64_t message;
    struct phx_message m;
} steps[STEPS];

static uint64_t endpoint, client;
static uint32_t seen[2][STEPS]; /* what could be seen after each step, as a sum */
static unsigned taken, answered;

static uint64_t address(void)
{
    static const uint64_t places[] = {0x1000, 0x1ff8, 0x2000, 0x2fff, 0x1800, 0x3ff0, 0x4000, 0x5000};

    return MEMORY + (test_rand() % 8 ? 0x1000 + test_rand() % 0x800 : places[test_rand() % 8]);
}

static uint32_t length(void)
{
    static const uint32_t lengths[] = {0, 1, 7, 8, 9, 64, 100, 2000, 4096, 4097, 8191, 65537};

    return lengths[test_rand() % (test_rand() % 4 ? 8 : 12)];
}

static void invent(struct step *s)
{
    s->server = test_rand() % 2;
    s->changes = test_rand() % 16 == 0;
    s->number = test_rand() % 12 == 0   ? PHX_T_RECV
                : test_rand() % 12 == 0 ? PHX_T_RETURN
                                        : PHX_T_RETURN_RECV;
    s->method = test_rand() % 8 ? test_rand() % 4 : test_rand() % 64;
    s->words = test_rand() % (test_rand() % 8 ? 11 : 13);
    s->message = MEMORY + (test_rand() % 8 ? 0 : test_rand() % 2 ? 0xf60 : 0x804);
    s->m = (struct phx_message){
        .send_address = address(),
        .recv_address = address(),
        .send_length = length(),
        .recv_capacity = length(),
        .deadline = test_rand() % 12 ? PHX_FOREVER : UINT64_C(1) << 60,
        .accept_caps = test_rand() % 12 == 0,
        .flags = test_rand() % 12 ? 0 : (uint8_t)(test_rand() % 4),
        .send_caps = test_rand() % 16 == 0,
    };
    s->m.cap_modes[0] = PHX_CAP_COPY;
    s->m.caps[0] = SLOT(CLOCK);
    for (unsigned i = 0; i < PHX_WORDS; i++)
        s->m.words[i] = test_rand();
}

static uint32_t sum_of(uint32_t sum, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum = (sum + ((const uint8_t *)bytes)[i]) * 0x9e3779b1u;
    return sum;
}

static uint32_t look_at(uint32_t sum, const struct program *p)
{
    const struct waiter *w = &p->thread->waiter;
    const uint64_t facts[] = {(uint64_t)answer_of(p->thread), w->state,
        p->account->used[RESOURCE_HOLDS], p->thread->current_call != NULL,
        w->state ? w->rows_reserved : 0u};

    sum = sum_of(sum, facts, sizeof facts);
    for (unsigned i = 0; i < MEMORY_PAGES; i++)
        sum = sum_of(sum, at(p, MEMORY + i * PHX_PAGE_SIZE), PHX_PAGE_SIZE);
    return sum;
}

/* bob's second page is taken from him, or given back. */
static void change(const struct program *p)
{
    pte_t *pte = arch_pte(p->process->space->root, MEMORY + 0x1000);

    *pte = *pte & 1 ? *pte & ~UINT64_C(1) : *pte | 1;
    p->process->space->flushes++;
}

static bool waits(const struct program *p)
{
    return p->thread->waiter.state != WAIT_NONE;
}

/* Whoever can: nobody where both wait. */
static void take(const struct step *s, bool by_address)
{
    struct program *p = s->server ? &bob : &alice;

    if (waits(p))
        p = s->server ? &alice : &bob;
    if (waits(p))
        return;
    unsigned number = p == &alice ? PHX_T_CALL : s->number;
    uint64_t cap = p == &alice ? client : number == PHX_T_RETURN ? 0 : endpoint;
    uint64_t op = PHX_OP(PHX_KIND_TRANSPORT, number, (uint64_t)s->method, (uint64_t)s->words);
    struct phx_entry e = {.op = op, .cap = cap, .words = {s->message}};
    memcpy(at(p, MEMORY + 0x3000), &e, sizeof e);
    for (size_t i = 0; i < sizeof s->m; i++)
        *(uint8_t *)at(p, s->message + i) = ((const uint8_t *)&s->m)[i];
    if (s->changes)
        change(&bob);
    taken++;
    if (by_address)
        (void)SYS(p->thread, op | PHX_OP_MESSAGE, cap, s->message);
    else
        (void)SYS(p->thread, PHX_OP_ENTER1, MEMORY + 0x3000);
    answered += !waits(&alice) || !waits(&bob);
    if (s->changes)
        change(&bob);
}

static void converse(bool by_address)
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    for (unsigned i = 0; i < STEPS; i++) {
        struct phx_entry none = {0};

        take(&steps[i], by_address);
        memcpy(at(&alice, MEMORY + 0x3000), &none, sizeof none);
        memcpy(at(&bob, MEMORY + 0x3000), &none, sizeof none);
        seen[by_address][i] = look_at(look_at(0, &alice), &bob);
    }
    world_check();
    world_end();
}

TEST(ways, decide_alike, "the short one and the general one, step by step")
{
    for (unsigned n = 0; n < CONVERSATIONS; n++) {
        for (unsigned i = 0; i < STEPS; i++)
            invent(&steps[i]);
        converse(false);
        converse(true);
        for (unsigned i = 0; i < STEPS; i++)
            CHECK_EQ(seen[0][i], seen[1][i]);
    }
    printf("# %u operations each way, after %u of them somebody had an answer\n", taken / 2,
        answered / 2);
    CHECK(taken > 30000 && answered > 30000);
}
