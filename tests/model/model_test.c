/* SPDX-License-Identifier: MIT */
/*
 * Random operations of four programs on the real kernel, against model.h. Each answer must be
 * the one that the model foretells, and after each step the tables must have exactly the rows
 * that the model has: none that it lacks, none lost, none twice, each alive or dead as there,
 * with as many uses left. What was asked under scarcity (a page refused, an account full) may
 * be refused too, and then nothing may have changed.
 *
 * How often each operation had each answer is printed, and must be often.
 *
 *   MODEL_STEPS=1000000 build/host/tests/model/model_test
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "../kernel/attempt.h"

#define PROGRAMS 4
#define LIFE 600 /* steps of a world */

enum op { DERIVE, DUPLICATE, GRANT, MINT, NEW, USE, RELEASE, REVOKE, COPY, MOVE, SEND, QUEUE, DIE, OPS };
static const char *const op_names[OPS] = {"derive", "duplicate", "grant", "mint", "new", "use",
    "release", "revoke", "copy", "move", "send", "queue", "die"};

static struct program programs[PROGRAMS];
static uint64_t process_caps[PROGRAMS][PROGRAMS], infra[PROGRAMS];
static unsigned long counts[OPS][PHX_ERROR_COUNT], deepest;
static int newest[PROGRAMS];
static uint64_t alice_holds, bob_holds; /* the limits, while they are another */
static bool scarce;

/* --- scarcity ------------------------------------------------------------------------ */

/* Now and then the next pages are refused, or nobody may have one more row. */
static void begin_scarcity(void)
{
    unsigned kind = (unsigned)test_below(10);

    scarce = kind < 3;
    if (kind < 2) {
        starve();
        memory_fail((int64_t)test_below(3));
    } else if (kind == 2) {
        alice_holds = alice.account->limit[RESOURCE_HOLDS];
        bob_holds = bob.account->limit[RESOURCE_HOLDS];
        alice.account->limit[RESOURCE_HOLDS] = alice.account->used[RESOURCE_HOLDS];
        bob.account->limit[RESOURCE_HOLDS] = bob.account->used[RESOURCE_HOLDS];
    }
}

static void end_scarcity(void)
{
    memory_fail(-1);
    scarce = false;
    if (alice_holds) {
        alice.account->limit[RESOURCE_HOLDS] = alice_holds;
        bob.account->limit[RESOURCE_HOLDS] = bob_holds;
    }
    alice_holds = 0;
}

/* --- what is expected ---------------------------------------------------------------- */

static int random_row(int process)
{
    int row = NOBODY;
    unsigned n = 0;

    for (int i = 0; i < model_count; i++)
        if (model_rows[i].process == process && test_below(++n) == 0)
            row = i;
    return row;
}

/* Of an interface, or else any; now and then the deepest. */
static int row_with(int process, unsigned interface)
{
    bool deepest_one = test_below(3) == 0;
    int row = NOBODY;
    unsigned n = 0;

    for (int i = 0; i < model_count; i++) {
        if (model_rows[i].process != process || model_rows[i].interface != interface)
            continue;
        if (row == NOBODY || (deepest_one ? model_rows[i].depth > model_rows[row].depth
                                          : test_below(++n) == 0))
            row = i;
    }
    return row != NOBODY ? row : random_row(process);
}

/* The one that was derived last, or the deepest of a few, so that trees grow high. */
static int deep_row(int process)
{
    int best = random_row(process);

    if (newest[process] < model_count && model_rows[newest[process]].process == process &&
        !model_rows[newest[process]].dead && test_below(8))
        return newest[process];
    for (unsigned i = 0; i < 3; i++) {
        int other = random_row(process);

        if (best != NOBODY && model_rows[other].depth > model_rows[best].depth)
            best = other;
    }
    return best;
}

/* An id that names a row, or did, or never will. */
static uint64_t id_of(int row)
{
    return test_below(40) ? model_rows[row].id : model_rows[row].id + (1UL << 32);
}

/* As far as the row alone decides it. */
static int64_t lookup_answer(int row, uint64_t id, unsigned method)
{
    if (model_rows[row].id != id)
        return -PHX_INVALID_CAPABILITY;
    if (model_rows[row].dead)
        return -PHX_REVOKED;
    return model_rows[row].methods >> method & 1 ? 0 : -PHX_PERMISSION_DENIED;
}

static bool is_right(int64_t got, int64_t wanted)
{
    return got == wanted || (got == -PHX_INVALID_CAPABILITY && wanted == -PHX_REVOKED) ||
           (scarce && (got == -PHX_OUT_OF_MEMORY || got == -PHX_LIMIT_EXCEEDED));
}

/* A word of its registers; the thread that asked is looked at. */
static int64_t answered(enum op op, int64_t got, int64_t wanted)
{
    if (!is_right(got, wanted))
        test_fail(__FILE__, __LINE__, "%s: %ld, not %ld", op_names[op], (long)got, (long)wanted);
    if (got <= 0 && got > -PHX_ERROR_COUNT)
        counts[op][-got]++;
    else
        counts[op][0]++;
    return got;
}

static uint64_t subset(uint64_t methods)
{
    switch (test_below(14)) {
    case 0: return methods & test_rand();
    case 1: return methods | 1UL << test_below(64);
    default: return methods;
    }
}

static uint64_t own(int process, uint64_t id)
{
    return cap_row(&programs[process].process->table, id)->methods;
}

/* --- what is so ------------------------------------------------------------------------ */

/* A dead row is swept whenever its table likes. */
static void swept(int row)
{
    if (model_rows[row].uses != NOBODY)
        model_uses[model_family(model_rows[row].uses)].guessed = true;
    model_leave(row);
}

static void check_uses(const struct model_row *r, const struct hold *row)
{
    CHECK((r->uses == NOBODY) == (row->uses == NULL));
    if (r->uses == NOBODY)
        return;
    struct model_uses *u = &model_uses[r->uses];
    const struct uses *k = row->uses;
    const struct model_uses *all = &model_uses[model_family(r->uses)];
    if (!all->guessed) {
        CHECK_EQ(k->left, u->left);
        CHECK_EQ(k->spent, u->spent);
    }
    CHECK(k->left + k->reserved + k->spent <= all->minted);
    u->left = k->left; /* of those that are guessed, from here on */
    u->spent = k->spent;
}

static struct hold *row_of(int i)
{
    return cap_row(&programs[model_rows[i].process].process->table, model_rows[i].id);
}

static void check_row(int i)
{
    struct model_row *r = &model_rows[i];
    struct hold *row = row_of(i);

    CHECK_EQ(cap_alive(&kernel.caps, row), !r->dead);
    CHECK(row->object == r->object);
    CHECK_EQ(row->methods, r->methods);
    CHECK_EQ(row->badge, r->badge);
    CHECK_EQ(row->interface, r->interface);
    CHECK_EQ(row->up->depth, r->depth);
    deepest = r->depth > deepest ? r->depth : deepest;
    check_uses(r, row);
}

static void check_rows(void)
{
    for (int i = 0; i < model_count; i++) {
        if (model_rows[i].process == NOBODY || row_of(i))
            continue;
        CHECK(model_rows[i].dead); /* else it was lost */
        swept(i);
    }
    for (int i = 0; i < model_count; i++)
        if (model_rows[i].process != NOBODY)
            check_row(i);
}

static uint64_t live_rows(int process)
{
    const struct cap_table *t = &programs[process].process->table;
    uint64_t n = 0;

    for (uint32_t page = 0; page < t->pages; page++)
        for (uint32_t slot = 0; slot < HOLDS_PER_PAGE; slot++)
            n += cap_row_at(t, page << 6 | slot)->state == HOLD_LIVE;
    return n;
}

static uint64_t model_rows_of(int process)
{
    uint64_t n = 0;

    for (int i = 0; i < model_count; i++)
        n += model_rows[i].process == process;
    return n;
}

static void check_all(void)
{
    check_rows();
    for (int p = 0; p < PROGRAMS; p++) /* each that is there was found above, and no other is */
        CHECK_EQ(live_rows(p), model_rows_of(p) + infra[p]);
    world_check();
}

static void count_infra(void)
{
    check_rows();
    for (int p = 0; p < PROGRAMS; p++)
        infra[p] = live_rows(p) - model_rows_of(p);
}

/* --- operations of one program ----------------------------------------------------------- */

/* Uses that come home when a dead row below is swept, which making room for a new one may do
 * before they are counted. */
static uint64_t coming_home(int uses)
{
    uint64_t n = 0;

    for (int i = 0; i < MODEL_ROWS; i++)
        if (model_rows[i].process != NOBODY && model_rows[i].dead && model_rows[i].uses != NOBODY &&
            model_uses[model_rows[i].uses].parent == uses)
            n += model_uses[model_rows[i].uses].left;
    return n;
}

static void do_derive(int p, int row)
{
    struct model_row *r = &model_rows[row];
    uint64_t id = id_of(row), methods = subset(r->methods), n = test_below(3) ? 0 : 1 + test_below(6);
    int64_t wanted = lookup_answer(row, id, CAPABILITY_DERIVE);

    if (wanted == 0 && (methods & ~r->methods))
        wanted = -PHX_PERMISSION_DENIED;
    else if (wanted == 0 && r->depth == NODE_DEPTH_MAX)
        wanted = -PHX_DEPTH_EXCEEDED;
    else if (wanted == 0 && n > 0 && r->uses != NOBODY && n > model_uses[r->uses].left)
        wanted = -PHX_CONSUMED;
    uint64_t home = wanted == -PHX_CONSUMED ? coming_home(r->uses) : 0;
    int64_t got = CALL(programs[p].thread, id, CAPABILITY_DERIVE, methods, n);
    if (got == 0 && wanted == -PHX_CONSUMED && n <= model_uses[r->uses].left + home)
        wanted = 0;
    if (answered(DERIVE, got, wanted) == 0)
        newest[p] = model_derive(row, p, WORD(programs[p].thread, 0), methods, n);
}

static void do_duplicate(int p, int row)
{
    uint64_t id = id_of(row);

    if (answered(DUPLICATE, CALL(programs[p].thread, id, CAPABILITY_DUPLICATE),
            lookup_answer(row, id, CAPABILITY_DUPLICATE)) == 0)
        model_twin(row, WORD(programs[p].thread, 0));
}

static void do_grant(int p, int row)
{
    struct model_row *r = &model_rows[row];
    int to = (int)test_below(PROGRAMS);
    uint64_t id = id_of(row), methods = subset(r->methods);
    uint64_t slot = test_below(12) ? 0 : SLOT_PROCESS; /* which is taken */
    int64_t wanted = lookup_answer(row, id, CAPABILITY_GRANT);

    if (wanted == 0 && (methods & ~r->methods))
        wanted = -PHX_PERMISSION_DENIED;
    else if (wanted == 0 && slot)
        wanted = -PHX_EXISTS;
    else if (wanted == 0 && r->depth == NODE_DEPTH_MAX)
        wanted = -PHX_DEPTH_EXCEEDED;
    if (answered(GRANT, CALL(programs[p].thread, id, CAPABILITY_GRANT, process_caps[p][to], methods,
                            slot), wanted) == 0)
        model_derive(row, to, WORD(programs[p].thread, 0), methods, 0);
}

static void do_mint(int p, int row)
{
    struct model_row *r = &model_rows[row];
    uint64_t id = id_of(row), n = test_below(2) ? 0 : 1 + test_below(9);
    uint64_t badge = test_below(5), methods = 0xff | CAPABILITY_M_ALL;
    int64_t wanted = lookup_answer(row, id, ENDPOINT_MINT);

    if (r->interface != IFACE_ENDPOINT)
        return;
    if (wanted == 0 && r->uses != NOBODY && model_uses[r->uses].left == 0)
        wanted = -PHX_CONSUMED; /* the method itself costs one */
    else if (wanted == 0 && r->depth == NODE_DEPTH_MAX)
        wanted = -PHX_DEPTH_EXCEEDED;
    else if (wanted == 0 && r->uses != NOBODY && n > model_uses[r->uses].left - 1)
        wanted = -PHX_CONSUMED;
    if (answered(MINT, CALL(programs[p].thread, id, ENDPOINT_MINT, SERVED, methods, badge, n),
            wanted) != 0)
        return;
    if (r->uses != NOBODY)
        model_uses[r->uses].left--, model_uses[r->uses].spent++;
    int child = model_derive(row, p, WORD(programs[p].thread, 0), methods, n);
    model_rows[child].badge = badge;
    model_rows[child].interface = SERVED;
}

static void do_new(int p)
{
    struct model_row fresh = {.methods = NOTIFICATION_M_ALL, .interface = IFACE_NOTIFICATION,
        .uses = NOBODY};

    if (answered(NEW, CALL(programs[p].thread, SLOT(ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0) != 0)
        return;
    uint64_t id = WORD(programs[p].thread, 0);
    fresh.object = object_of(&programs[p], id);
    fresh.methods = own(p, id);
    model_add(&fresh, p, id, NOBODY);
}

static void do_use(int p, int row)
{
    struct model_row *r = &model_rows[row];
    uint64_t id = id_of(row);
    int64_t wanted = lookup_answer(row, id, NOTIFICATION_POLL);

    if (r->interface != IFACE_NOTIFICATION)
        return;
    if (wanted == 0 && r->uses != NOBODY && model_uses[r->uses].left == 0)
        wanted = -PHX_CONSUMED;
    if (answered(USE, CALL(programs[p].thread, id, NOTIFICATION_POLL, 1), wanted) == 0 &&
        r->uses != NOBODY)
        model_uses[r->uses].left--, model_uses[r->uses].spent++;
}

static void do_release(int p, int row)
{
    uint64_t id = id_of(row);
    int64_t wanted = model_rows[row].id == id ? 0 : -PHX_INVALID_CAPABILITY;
    int64_t got = SYS(programs[p].thread, PHX_OP_RELEASE, id);

    if (model_rows[row].dead && got == -PHX_INVALID_CAPABILITY)
        wanted = got; /* it was swept before */
    if (answered(RELEASE, got, wanted) == 0)
        model_leave(row);
}

static void do_revoke(int p, int row)
{
    uint64_t id = id_of(row), also_own = test_below(12) ? test_below(2) : 2;
    int64_t wanted = lookup_answer(row, id, CAPABILITY_REVOKE);

    if (wanted == 0 && also_own == 2)
        wanted = -PHX_INVALID_ARGUMENT;
    if (answered(REVOKE, CALL(programs[p].thread, id, CAPABILITY_REVOKE, also_own), wanted) != 0)
        return;
    model_revoke(row);
    if (also_own == 1)
        model_leave(row);
}

/* --- messages --------------------------------------------------------------------------------- */

/* Whoever may receive what a row calls: a row of another program, or NOBODY. */
static int receiver_of(int client)
{
    for (int i = 0; i < model_count; i++) {
        const struct model_row *r = &model_rows[i];

        if (r->process != NOBODY && !r->dead && r->object == model_rows[client].object &&
            r->interface == IFACE_ENDPOINT && (r->methods & ENDPOINT_M_RECEIVE) &&
            (r->methods & CAPABILITY_M_IDENTIFY) && r->process != model_rows[client].process)
            return i;
    }
    return NOBODY;
}

static bool has_servers(int client)
{
    for (int i = 0; i < model_count; i++)
        if (model_rows[i].process != NOBODY && model_rows[i].object == model_rows[client].object &&
            model_rows[i].interface == IFACE_ENDPOINT &&
            (model_rows[i].methods & ENDPOINT_M_RECEIVE))
            return true;
    return false;
}

static int64_t receives(int server, unsigned accept, bool waits)
{
    struct program *s = &programs[model_rows[server].process];
    struct phx_message *m = message_at(s, MEMORY + 0x1000);

    m->deadline = waits ? PHX_FOREVER : 0;
    m->accept_caps = (uint8_t)accept;
    m->flags = PHX_MESSAGE_INTERRUPTIBLE;
    return SYS(s->thread, PHX_OP_RECV | PHX_OP_MESSAGE, model_rows[server].id, MEMORY + 0x1000);
}

static struct phx_message *message_with(int p, int cap, uint64_t id, enum op mode)
{
    struct phx_message *m = message_at(&programs[p], MEMORY);

    m->send_caps = cap != NOBODY;
    m->caps[0] = id;
    m->cap_modes[0] = mode == MOVE ? PHX_CAP_MOVE : PHX_CAP_COPY;
    return m;
}

/* The capability came out at the other side under that id. */
static void passed(int cap, int to, uint64_t id, enum op mode)
{
    if (mode == MOVE) {
        model_rows[cap].process = to;
        model_rows[cap].id = id;
    } else {
        model_derive(cap, to, id, model_rows[cap].methods, 0);
    }
}

static int64_t call_answer(int client, uint64_t id)
{
    const struct model_row *r = &model_rows[client];
    int64_t wanted = lookup_answer(client, id, 0);

    if (wanted == 0 && !has_servers(client))
        return -PHX_DISCONNECTED;
    if (wanted == 0 && r->uses != NOBODY && model_uses[r->uses].left == 0)
        return -PHX_CONSUMED;
    return wanted;
}

static int64_t pass_answer(int cap, uint64_t id, enum op mode, unsigned accept)
{
    int64_t wanted =
        lookup_answer(cap, id, mode == MOVE ? CAPABILITY_TRANSFER : CAPABILITY_GRANT);
    if (wanted == 0 && mode == COPY && model_rows[cap].depth == NODE_DEPTH_MAX)
        return -PHX_DEPTH_EXCEEDED;
    return wanted == 0 && accept == 0 ? -PHX_NOT_ACCEPTED : wanted;
}

/* A call with a capability to a server that waits, and its answer. */
static void do_pass(int p, int client, enum op mode)
{
    int cap = deep_row(p), server;
    uint64_t id = id_of(client), cap_id = id_of(cap);
    unsigned accept = test_below(10) != 0;
    struct thread *t = programs[p].thread;

    if (model_rows[client].interface != SERVED || (server = receiver_of(client)) == NOBODY)
        return;
    struct program *s = &programs[model_rows[server].process];
    bool was_scarce = scarce;
    if (receives(server, accept, true) != WAITS)
        return; /* no rows for it */
    check_rows(); /* dead ones that were swept for it gave their uses back */
    int64_t wanted = call_answer(client, id);
    if (wanted == 0)
        wanted = pass_answer(cap, cap_id, mode, accept);
    (void)message_with(p, cap, cap_id, mode);
    int64_t got = SYS(t, PHX_OP_CALL(0, 0) | PHX_OP_MESSAGE, id, MEMORY);
    scarce = was_scarce;
    (void)answered(mode, got == WAITS ? 0 : got, wanted);
    if (got != WAITS) {
        end_scarcity();
        CHECK_EQ(CALL(boss.thread, s->thread_id, THREAD_INTERRUPT, 1), 0);
        CHECK_EQ(answer_of(s->thread), -PHX_INTERRUPTED);
        return;
    }
    const struct phx_message *m = at(s, MEMORY + 0x1000);
    CHECK_EQ(m->badge, model_rows[client].badge);
    if (model_rows[client].uses != NOBODY)
        model_uses[model_rows[client].uses].left--, model_uses[model_rows[client].uses].spent++;
    passed(cap, model_rows[server].process, m->caps[0], mode);
    end_scarcity();
    CHECK_EQ(SYS(s->thread, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(answer_of(t), 0);
}

/* A one-way message, which waits in the mailbox, perhaps while its capability dies. */
static void do_send(int p, int client)
{
    int server, cap = deep_row(p);
    uint64_t id = id_of(client), cap_id = model_rows[cap].id;
    int64_t wanted = call_answer(client, id);

    if (model_rows[client].interface != SERVED || (server = receiver_of(client)) == NOBODY ||
        model_rows[cap].dead)
        return;
    if (wanted == 0)
        wanted = pass_answer(cap, cap_id, COPY, 1);
    if (wanted == 0 && model_rows[cap].interface == IFACE_ENDPOINT)
        wanted = -PHX_NOT_ACCEPTED; /* a server's side is not kept by a message */
    struct program *s = &programs[model_rows[server].process];
    (void)message_with(p, cap, cap_id, COPY);
    int64_t got = SYS(programs[p].thread, PHX_OP_SEND(0, 0) | PHX_OP_MESSAGE, id, MEMORY);
    if (got == -PHX_NOT_SUPPORTED || got == -PHX_WOULD_BLOCK)
        wanted = got;
    if (answered(SEND, got, wanted) != 0)
        return;
    end_scarcity();
    if (model_rows[client].uses != NOBODY)
        model_uses[model_rows[client].uses].left--, model_uses[model_rows[client].uses].spent++;
    bool dies = test_below(3) == 0 && (model_rows[cap].methods & CAPABILITY_M_REVOKE);
    if (dies) {
        CHECK_EQ(CALL(programs[p].thread, cap_id, CAPABILITY_REVOKE, 0), 0);
        model_revoke(cap);
    }
    if (model_rows[server].dead)
        return; /* the revoke took the server too: what it was sent is swept */
    int64_t info = receives(server, 1, false);
    if (model_rows[client].dead) { /* and a message dies with what it was sent through */
        CHECK_EQ(info, -PHX_WOULD_BLOCK);
        if (model_rows[client].uses != NOBODY)
            model_uses[model_family(model_rows[client].uses)].guessed = true;
        return;
    }
    CHECK(info >= 0);
    const struct phx_message *m = at(s, MEMORY + 0x1000);
    CHECK_EQ(PHX_INFO_LOST(m->info), dies ? 1 : 0);
    if (m->caps[0])
        passed(cap, model_rows[server].process, m->caps[0], COPY);
}

/* A call that waits in a queue until its capability is gone, its time is over, it is taken. */
static void do_queue(int p, int client)
{
    uint64_t id = id_of(client);
    int64_t wanted = call_answer(client, id), got;
    int server, above = model_rows[client].parent, uses = model_rows[client].uses;
    struct thread *t = programs[p].thread;

    if (model_rows[client].interface != SERVED || (server = receiver_of(client)) == NOBODY)
        return;
    struct phx_message *m = message_with(p, NOBODY, 0, COPY);
    m->deadline = now_ns() + 1000000;
    got = SYS(t, PHX_OP_CALL(0, 0) | PHX_OP_MESSAGE, id, MEMORY);
    if (got != WAITS) {
        (void)answered(QUEUE, got, wanted);
        return;
    }
    CHECK_EQ(wanted, 0);
    end_scarcity();
    struct program *s = &programs[model_rows[server].process];
    if (test_below(2) && above != NOBODY && model_rows[above].process == model_rows[server].process &&
        !model_rows[above].dead && (model_rows[above].methods & CAPABILITY_M_REVOKE)) {
        CHECK_EQ(CALL(s->thread, model_rows[above].id, CAPABILITY_REVOKE, 0), 0);
        model_revoke(above);
        (void)answered(QUEUE, answer_of(t), -PHX_REVOKED);
    } else if (test_below(2)) {
        pass_time(2000000);
        (void)answered(QUEUE, answer_of(t), -PHX_TIMEOUT);
    } else {
        CHECK(receives(server, 0, false) >= 0);
        CHECK_EQ(SYS(s->thread, PHX_OP_RETURN(0, 0), 0), 0);
        (void)answered(QUEUE, answer_of(t), 0);
        if (uses != NOBODY)
            model_uses[uses].left--, model_uses[uses].spent++;
    }
}

/* --- lives --------------------------------------------------------------------------------------- */

static void lend(int from, int to)
{
    process_caps[to][from] = grant(&boss, programs[from].process_id, &programs[to]);
}

/* A server's endpoint, and a client of it for each program. */
static void begin_program(int p)
{
    struct model_row server = {.methods = ENDPOINT_M_ALL, .interface = IFACE_ENDPOINT,
        .uses = NOBODY};
    uint64_t id = make_endpoint(&programs[p]);

    CHECK_EQ(CALL(programs[p].thread, id, ENDPOINT_MAILBOX, 8, 64, 1), 0);
    server.object = object_of(&programs[p], id);
    server.methods = own(p, id);
    int row = model_add(&server, p, id, NOBODY);
    for (int to = 0; to < PROGRAMS; to++) {
        lend(p, to);
        if (to != p)
            lend(to, p);
        uint64_t uses = to == p ? 0 : 20;
        uint64_t client = make_client(&programs[p], id, (uint64_t)to + 1, uses);
        int c = model_derive(row, p, client, own(p, client), uses);
        model_rows[c].badge = (uint64_t)to + 1;
        model_rows[c].interface = SERVED;
        uint64_t there = grant(&programs[p], client, &programs[to]);
        model_derive(c, to, there, model_rows[c].methods, 0);
    }
}

static void do_die(int p)
{
    struct program gone = programs[p];

    end_scarcity();
    CHECK_EQ(answered(DIE, CALL(boss.thread, gone.process_id, PROCESS_EXIT, 0), 0), 0);
    settle();
    for (int i = 0; i < model_count; i++)
        if (model_rows[i].process == p)
            swept(i);
    programs[p] = world_program(&gone);
    begin_program(p);
    count_infra();
}

static void begin_life(void)
{
    world_begin();
    model_begin();
    programs[0] = alice;
    programs[1] = bob;
    programs[2] = world_program(&alice);
    programs[3] = world_program(&bob);
    for (int p = 0; p < PROGRAMS; p++)
        begin_program(p);
    for (int p = 0; p < PROGRAMS; p++)
        do_new(p);
    count_infra();
}

/* As deep as it goes, and then what is refused there. */
static void climb(int p)
{
    int row = row_with(p, test_below(2) ? IFACE_ENDPOINT : SERVED);

    newest[p] = row;
    for (unsigned i = 0; i <= NODE_DEPTH_MAX && model_rows[row].process == p; i++) {
        do_derive(p, row);
        row = newest[p];
    }
    if (model_rows[row].process != p)
        return;
    do_mint(p, row);
    do_grant(p, row);
    check_rows(); /* dead ones may have been swept, and their slots have others */
    do_pass(p, row_with(p, SERVED), COPY);
    check_rows();
    do_send(p, row_with(p, SERVED));
}

static void step(void)
{
    int p = (int)test_below(PROGRAMS), row = test_below(2) ? deep_row(p) : random_row(p);

    if (row == NOBODY) {
        do_new(p);
        return;
    }
    switch (test_below(34)) {
    case 0: case 1: case 2: case 3: do_derive(p, deep_row(p)); break;
    case 4: do_derive(p, row_with(p, IFACE_ENDPOINT)); break;
    case 5: case 6: do_duplicate(p, row); break;
    case 7: case 8: case 9: do_grant(p, row); break;
    case 10: case 11: do_mint(p, row_with(p, IFACE_ENDPOINT)); break;
    case 12: test_below(8) ? do_new(p) : climb(p); break;
    case 13: case 14: case 15: do_use(p, row_with(p, IFACE_NOTIFICATION)); break;
    case 16: case 17: case 18: do_release(p, random_row(p)); break;
    case 19: do_revoke(p, random_row(p)); break;
    case 20: case 21: case 22: case 23: do_pass(p, row_with(p, SERVED), COPY); break;
    case 24: case 25: case 26: case 27: do_pass(p, row_with(p, SERVED), MOVE); break;
    case 28: case 29: case 30: do_send(p, row_with(p, SERVED)); break;
    default: do_queue(p, row_with(p, SERVED)); break;
    }
}

/* --- the table ------------------------------------------------------------------------------------ */

static const uint8_t listed[OPS][12] = {
    [DERIVE] = {2, 3, 4, 15, 16, 18, 19},
    [DUPLICATE] = {2, 3, 4, 15, 19},
    [GRANT] = {2, 3, 4, 15, 16, 19, 23},
    [MINT] = {2, 3, 4, 15, 16, 18, 19},
    [NEW] = {4, 19},
    [USE] = {2, 3, 15, 18},
    [RELEASE] = {2},
    [REVOKE] = {2, 3, 5, 15},
    [COPY] = {2, 3, 4, 15, 16, 17, 18},
    [MOVE] = {2, 3, 15, 17, 18},
    [SEND] = {2, 3, 4, 15, 16, 17, 18, 19},
    [QUEUE] = {2, 3, 7, 15, 18},
};

static const char *const error_names[PHX_ERROR_COUNT] = {[2] = "InvalidCapability",
    [3] = "PermissionDenied", [4] = "OutOfMemory", [5] = "InvalidArgument", [6] = "WouldBlock",
    [7] = "Timeout", [15] = "Revoked", [16] = "DepthExceeded", [17] = "NotAccepted",
    [18] = "Consumed", [19] = "LimitExceeded", [20] = "Disconnected", [23] = "Exists",
    [25] = "InvalidState", [26] = "NotSupported"};

static void print_counts(unsigned long steps)
{
    printf("# %lu steps; depth %lu; how often each operation had each answer:\n", steps, deepest);
    for (unsigned op = 0; op < OPS; op++) {
        printf("# %-10s %8lu", op_names[op], counts[op][0]);
        for (unsigned e = 1; e < PHX_ERROR_COUNT; e++)
            if (counts[op][e])
                printf("  %s %lu", error_names[e], counts[op][e]);
        printf("\n");
    }
}

/* As often as so many steps allow: of a million, each 1,000 times, and each error ten times. */
static void check_counts(unsigned long steps)
{
    for (unsigned op = 0; op < OPS; op++) {
        CHECK(counts[op][0] >= steps / 1000);
        for (unsigned i = 0; listed[op][i]; i++)
            if (counts[op][listed[op][i]] < steps / 100000)
                test_fail(__FILE__, __LINE__, "%s had too few of error %u", op_names[op],
                    listed[op][i]);
    }
    CHECK(deepest == NODE_DEPTH_MAX || steps < 100000);
}

TEST(model, the_kernel_agrees_with_it, "after each random operation of four programs")
{
    const char *wanted = getenv("MODEL_STEPS");
    unsigned long steps = wanted ? strtoul(wanted, NULL, 0) : 100000;

    for (unsigned long i = 0; i < steps; i++) {
        if (i % LIFE == 0)
            begin_life();
        begin_scarcity();
        if (i % LIFE % 190 == 189)
            do_die((int)test_below(PROGRAMS));
        else
            step();
        end_scarcity();
        check_all();
        if (i % LIFE == LIFE - 1 || i + 1 == steps)
            world_end();
    }
    print_counts(steps);
    check_counts(steps);
}
