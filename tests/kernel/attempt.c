/* SPDX-License-Identifier: MIT */
#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum scarcity { NONE, MEMORY_RUNS_OUT, PAGES_LIMIT, HOLDS_LIMIT, THREADS_LIMIT, SCARCITIES };

#define TRIES 64

static const struct scenario *running;
static enum scarcity scarcity;
static bool attempted;

/* --- limits ------------------------------------------------------------------ */

static struct account *const *const squeezed[] = {&alice.account, &bob.account};
static uint64_t aside[2];

static unsigned resource(void)
{
    return scarcity == PAGES_LIMIT   ? RESOURCE_PAGES
           : scarcity == HOLDS_LIMIT ? RESOURCE_HOLDS
                                     : RESOURCE_THREADS;
}

/* Leave alice and bob `more` units beyond what they use. */
static void squeeze(uint64_t more)
{
    unsigned r = resource();

    for (unsigned i = 0; i < 2; i++) {
        struct account *a = *squeezed[i];
        uint64_t spare = a->limit[r] - a->used[r];

        aside[i] = spare > more ? spare - more : 0;
        CHECK_EQ(account_transfer(a, &kernel.root, r, aside[i]), OK);
    }
}

static void ease(void)
{
    for (unsigned i = 0; i < 2; i++)
        if (!(*squeezed[i])->object.dead)
            CHECK_EQ(account_transfer(&kernel.root, *squeezed[i], resource(), aside[i]), OK);
}

/* --- one try ------------------------------------------------------------------- */

static const struct kernel_op *current_op(void)
{
    return &kernel_ops[kernel_op_index[running->interface][running->method] - 1];
}

static void check_same(const char *before, const char *after)
{
    const char *a = before, *b = after;

    while (*a && *b) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

        if (n != m || memcmp(a, b, n) != 0)
            break;
        a += n + 1;
        b += m + 1;
    }
    if (*a || *b)
        test_fail(__FILE__, __LINE__, "%s changed (scarcity %d):\n- %.*s\n+ %.*s", running->name,
            (int)scarcity, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

/* Refused for want of something: cleanly? */
static bool was_refused(
    const struct thread *t, int64_t answer, const uint64_t words[5], uint64_t cap)
{
    if (answer != -PHX_OUT_OF_MEMORY && answer != -PHX_LIMIT_EXCEEDED)
        return false;
    CHECK_EQ(answer, scarcity == MEMORY_RUNS_OUT ? -PHX_OUT_OF_MEMORY : -PHX_LIMIT_EXCEEDED);
    if (!running->transport)
        CHECK(current_op()->errors >> -answer & 1);
    CHECK_EQ(t->regs.rdi, cap);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(*thread_word((struct thread *)(uintptr_t)t, i), words[i]);
    return true;
}

/* True: it was let, and `answer` is what it said. */
static bool try_once(unsigned n, struct thread *t, uint64_t op, uint64_t cap,
    const uint64_t words[5], int64_t *answer)
{
    char *before = world_dump();

    starve();
    if (scarcity == MEMORY_RUNS_OUT)
        memory_fail(n);
    else
        squeeze(n);
    *answer = sys(t, op, cap, words);
    if (scarcity == MEMORY_RUNS_OUT) {
        if (!memory_failed())
            memory_fail(-1);
    } else {
        ease();
    }
    if (!was_refused(t, *answer, words, cap)) {
        free(before);
        return true;
    }
    while (account_free_next(&kernel.memory)) /* what was begun, and ends in steps */
        ;
    char *after = world_dump();
    check_same(before, after);
    free(before);
    free(after);
    world_check();
    return false;
}

int64_t attempt(struct thread *t, uint64_t op, uint64_t cap, const uint64_t words[5])
{
    int64_t answer;

    CHECK(!attempted);
    attempted = true;
    if (scarcity == NONE)
        return sys(t, op, cap, words);
    for (unsigned n = 0; n < TRIES; n++)
        if (try_once(n, t, op, cap, words, &answer))
            return answer;
    test_fail(__FILE__, __LINE__, "%s never succeeds", running->name);
}

void scenario_run(const struct scenario *s, struct thread **t)
{
    world_lonely_objects();
    running = s;
    for (scarcity = NONE; scarcity < SCARCITIES; scarcity++) {
        attempted = false;
        world_begin();
        *t = alice.thread;
        if (getenv("TEST_TRACE"))
            printf("# %s, scarcity %d\n", s->name, (int)scarcity);
        s->run();
        CHECK(attempted);
        world_end();
    }
}

void scenarios_run(
    const struct scenario *all, size_t count, unsigned first, unsigned last, struct thread **t)
{
    for (unsigned i = 0; i < KERNEL_OPS; i++) {
        const struct kernel_op *op = &kernel_ops[i];
        unsigned found = 0;

        if (op->interface < first || op->interface > last || (op->flags & KERNEL_OP_MARKER))
            continue;
        for (size_t s = 0; s < count; s++) {
            if (all[s].interface != op->interface || all[s].method != op->method)
                continue;
            found++;
            scenario_run(&all[s], t);
        }
        if (!found)
            test_fail(__FILE__, __LINE__, "no scenario for interface %u, method %u", op->interface,
                op->method);
    }
}

/* --- things to have ---------------------------------------------------------- */

uint64_t make_endpoint(struct program *p)
{
    CHECK_EQ(CALL(p->thread, SLOT(ACCOUNT), ACCOUNT_NEW_ENDPOINT), 0);
    return WORD(p->thread, 0);
}

uint64_t make_notification(struct program *p)
{
    CHECK_EQ(CALL(p->thread, SLOT(ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0);
    return WORD(p->thread, 0);
}

uint64_t make_frame(struct program *p, uint64_t pages)
{
    CHECK_EQ(CALL(p->thread, SLOT(POOL), FRAME_POOL_ALLOC, pages), 0);
    return WORD(p->thread, 0);
}

uint64_t make_client(struct program *p, uint64_t endpoint, uint64_t badge, uint64_t uses)
{
    CHECK_EQ(
        CALL(p->thread, endpoint, ENDPOINT_MINT, SERVED, 0xff | CAPABILITY_M_ALL, badge, uses), 0);
    return WORD(p->thread, 0);
}

void make_service(uint64_t *endpoint, uint64_t *client, uint64_t badge, uint64_t uses)
{
    *endpoint = make_endpoint(&bob);
    uint64_t id = make_client(&bob, *endpoint, badge, uses);
    *client = grant(&bob, id, &alice);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, id), 0);
}

struct phx_message *message_at(const struct program *p, uint64_t address)
{
    struct phx_message *m = at(p, address);

    memset(m, 0, sizeof *m);
    m->deadline = PHX_FOREVER;
    return m;
}

uint64_t entry_for(const struct program *p, uint64_t op, uint64_t cap, uint64_t message)
{
    struct phx_entry *e = at(p, message + 512);

    *e = (struct phx_entry){.op = op, .cap = cap, .words = {message}};
    return message + 512;
}
