/* SPDX-License-Identifier: MIT */
#include "cap.h"

#include <stdlib.h>
#include <string.h>

#include "../../tests/harness/test.h"

#define TABLES 3
#define OBJECTS 4
#define ROWS 300   /* rows at a time in the model */
#define NODES 2000 /* derivation nodes in the model, ever */
#define COUNTERS 300
#define STALE 200
#define PLENTY 1000000

static uint64_t taken;
static int64_t fail_at = -1;

static void *take(struct memory *m, uint64_t pages)
{
    (void)m;
    if (fail_at >= 0 && fail_at-- == 0)
        return NULL;
    taken += pages;
    void *p = aligned_alloc(4096, pages * 4096);
    memset(p, 0xa5, pages * 4096);
    return p;
}

static void give(struct memory *m, void *first, uint64_t pages)
{
    (void)m;
    taken -= pages;
    free(first);
}

static struct memory memory = {.take = take, .give = give};
static struct account root;
static struct caps caps;
static struct cap_table tables[TABLES];
static struct object objects[OBJECTS];
static unsigned came_rows, gone_rows;

static void counts(const struct hold *row, int by)
{
    CHECK(row->state == HOLD_LIVE && row->object->refs > 0);
    if (by > 0)
        came_rows++;
    else
        gone_rows++;
}

static void last(struct object *object)
{
    CHECK_EQ(object->refs, 0);
}

static void begin(void)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        memory.size[k] = 128;
        memory.align[k] = 16;
    }
    fail_at = -1;
    taken = 0;
    came_rows = gone_rows = 0;
    account_init(&root, NULL, &memory);
    root.object.refs = 1;
    for (unsigned r = 0; r < RESOURCES; r++)
        root.limit[r] = PLENTY;
    caps_init(&caps, last);
    caps.counts = counts;
    memset(objects, 0, sizeof objects);
    for (unsigned i = 0; i < OBJECTS; i++)
        objects[i].watched = 1;
    for (unsigned i = 0; i < TABLES; i++)
        cap_table_init(&tables[i], &caps, &root);
}

static void end(void)
{
    for (unsigned i = 0; i < TABLES; i++)
        while (cap_table_shrink(&tables[i]))
            ;
    CHECK_EQ(came_rows, gone_rows);
    for (unsigned i = 0; i < OBJECTS; i++)
        CHECK_EQ(objects[i].refs, 0);
    CHECK_EQ(caps.root.refs, 1);
    CHECK_EQ(root.used[RESOURCE_HOLDS], 0);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
    CHECK_EQ(taken, 0);
}

/* Live and reserved. */
static uint32_t rows_in_use(const struct cap_table *t)
{
    uint32_t n = 0;

    for (uint32_t page = 0; page < t->pages; page++)
        for (unsigned slot = 0; slot < HOLDS_PER_PAGE; slot++) {
            uint8_t state = cap_page(t, page)[slot].state;

            n += state == HOLD_LIVE || state == HOLD_RESERVED;
        }
    return n;
}

static uint64_t put(unsigned table, unsigned object, uint64_t methods)
{
    uint32_t index;

    CHECK_EQ(cap_reserve(&tables[table], &index), OK);
    return cap_put(&tables[table], index, &objects[object], 70, methods, 5);
}

static uint64_t derive(unsigned from, uint64_t id, unsigned to, uint64_t methods, uint64_t uses)
{
    struct uses *counter;
    uint32_t index;

    CHECK_EQ(cap_reserve(&tables[to], &index), OK);
    struct hold *row = cap_row(&tables[from], id);
    CHECK_EQ(cap_prepare_derive(&tables[from], row, uses, &counter), OK);
    return cap_derive(&tables[to], index, row, methods, row->badge, 70, counter);
}

/* --- a model without links: each row knows all it depends on ------------------- */

struct model_row {
    bool used;
    unsigned table, object, down; /* down 0: none */
    uint64_t id, methods;
    unsigned depth, node[NODE_DEPTH_MAX];
    uint64_t epoch[NODE_DEPTH_MAX];
    int counter; /* -1 none */
};

static struct model_row rows[ROWS];
static uint64_t epochs[NODES];
static unsigned node_count;
static struct {
    int parent;
    uint64_t left, holders;
    bool used;
} counters[COUNTERS];
static struct {
    unsigned table;
    uint64_t id;
} stale[STALE];
static unsigned stale_count;

static bool model_alive(const struct model_row *m)
{
    for (unsigned i = 0; i < m->depth; i++)
        if (epochs[m->node[i]] != m->epoch[i])
            return false;
    return true;
}

static void model_drop(struct model_row *m)
{
    int c = m->counter;

    m->used = false;
    stale[stale_count++ % STALE].table = m->table;
    stale[(stale_count - 1) % STALE].id = m->id;
    if (c < 0 || --counters[c].holders > 0)
        return;
    int parent = counters[c].parent;
    if (parent >= 0 && counters[parent].used && counters[parent].holders > 0)
        counters[parent].left += counters[c].left;
    counters[c].used = false;
}

static struct model_row *model_free(void)
{
    for (unsigned i = 0; i < ROWS; i++)
        if (!rows[i].used)
            return &rows[i];
    return NULL;
}

/* A row that is there and alive, or NULL. */
static struct model_row *model_any(void)
{
    for (unsigned tries = 0; tries < 50; tries++) {
        struct model_row *m = &rows[test_below(ROWS)];

        if (m->used && model_alive(m))
            return m;
    }
    return NULL;
}

/* The row that was swept first of those that are still in the model. */
static struct model_row *model_swept(void)
{
    struct model_row *first = NULL;

    for (unsigned i = 0; i < ROWS; i++)
        if (rows[i].used && !cap_row(&tables[rows[i].table], rows[i].id) &&
            (!first || (uint32_t)rows[i].id < (uint32_t)first->id))
            first = &rows[i];
    return first;
}

/* Rows that a table swept are gone from the model, too; only dead ones may be. Their
 * order counts: uses come home only to a counter that still has holders. */
static void model_sync(void)
{
    struct model_row *m;

    while ((m = model_swept())) {
        CHECK(!model_alive(m));
        model_drop(m);
    }
}

static void check_row(const struct model_row *m)
{
    struct cap_table *t = &tables[m->table];
    struct hold *row = cap_row(t, m->id), *found;
    unsigned method = (unsigned)test_below(64);
    bool alive = model_alive(m);

    CHECK(row != NULL);
    CHECK_EQ(cap_id(row, cap_index(row)), m->id);
    CHECK(row->object == &objects[m->object]);
    CHECK_EQ(row->methods, m->methods);
    CHECK_EQ(cap_alive(&caps, row), alive);
    CHECK_EQ(node_alive(row->up, row->up_gen), alive);
    CHECK_EQ(row->up->depth, m->depth);
    CHECK_EQ(cap_lookup(t, m->id, method, &found), !alive ? PHX_REVOKED
                                                   : m->methods >> method & 1
                                                       ? OK
                                                       : PHX_PERMISSION_DENIED);
    CHECK_EQ(row->uses != NULL, m->counter >= 0);
    if (m->counter >= 0) {
        CHECK_EQ(row->uses->left, counters[m->counter].left);
        CHECK_EQ(row->uses->holders, counters[m->counter].holders);
    }
}

static void check_model(void)
{
    uint32_t live[TABLES] = {0}, refs[OBJECTS] = {0};

    model_sync();
    for (unsigned i = 0; i < ROWS; i++) {
        if (!rows[i].used)
            continue;
        check_row(&rows[i]);
        live[rows[i].table]++;
        refs[rows[i].object]++;
    }
    for (unsigned i = 0; i < TABLES; i++)
        CHECK_EQ(rows_in_use(&tables[i]), live[i]);
    for (unsigned i = 0; i < OBJECTS; i++)
        CHECK_EQ(objects[i].refs, refs[i]);
    CHECK_EQ(root.used[RESOURCE_HOLDS], live[0] + live[1] + live[2]);
    CHECK_EQ(root.used[RESOURCE_PAGES], taken);
    for (unsigned i = 0; i < STALE && i < stale_count; i++)
        CHECK(cap_row(&tables[stale[i].table], stale[i].id) == NULL);
}

/* --- random operations ------------------------------------------------------------ */

static void do_put(void)
{
    struct model_row *m = model_free();

    if (!m)
        return;
    *m = (struct model_row){.used = true,
        .table = (unsigned)test_below(TABLES),
        .object = (unsigned)test_below(OBJECTS),
        .methods = test_rand(),
        .counter = -1};
    m->id = put(m->table, m->object, m->methods);
}

static int new_counter(int parent, uint64_t n)
{
    for (int i = 0; i < COUNTERS; i++)
        if (!counters[i].used) {
            counters[i].used = true;
            counters[i].parent = parent;
            counters[i].left = n;
            counters[i].holders = 1;
            /* Whoever named an older counter at this place is on its own. */
            for (int k = 0; k < COUNTERS; k++)
                if (counters[k].used && counters[k].parent == i)
                    counters[k].parent = -1;
            return i;
        }
    test_fail(__FILE__, __LINE__, "too few counters");
}

static void do_derive(struct model_row *parent)
{
    struct model_row *m = model_free();
    uint64_t n = test_below(3) ? 0 : 1 + test_below(20);
    struct cap_table *from = &tables[parent->table];
    struct hold *row = cap_row(from, parent->id);
    struct uses *counter;
    uint32_t index;

    if (!m || node_count + 1 >= NODES)
        return;
    unsigned to = (unsigned)test_below(TABLES);
    CHECK_EQ(cap_reserve(&tables[to], &index), OK);
    bool enough = !n || parent->counter < 0 || counters[parent->counter].left >= n;
    err_t expected = parent->depth == NODE_DEPTH_MAX ? PHX_DEPTH_EXCEEDED
                     : enough                        ? OK
                                                     : PHX_CONSUMED;
    CHECK_EQ(cap_prepare_derive(from, row, n, &counter), expected);
    if (expected != OK) {
        cap_unreserve(&tables[to], index);
        return;
    }
    if (!parent->down)
        parent->down = ++node_count;
    *m = *parent;
    m->table = to;
    m->down = 0;
    m->methods &= test_rand();
    m->node[m->depth] = parent->down;
    m->epoch[m->depth++] = epochs[parent->down];
    m->id = cap_derive(&tables[to], index, row, m->methods, 5, 70, counter);
    if (n) {
        if (parent->counter >= 0)
            counters[parent->counter].left -= n;
        m->counter = new_counter(parent->counter, n);
    } else if (m->counter >= 0) {
        counters[m->counter].holders++;
    }
}

static void do_copy(struct model_row *from, bool move)
{
    struct model_row *m = move ? from : model_free();
    uint32_t index;

    if (!m)
        return;
    unsigned to = move ? (unsigned)test_below(TABLES) : from->table;
    CHECK_EQ(cap_reserve(&tables[to], &index), OK);
    struct hold *row = cap_row(&tables[from->table], from->id);
    if (move) {
        stale[stale_count % STALE].table = from->table;
        stale[stale_count++ % STALE].id = from->id;
        m->id = cap_move(&tables[from->table], row, &tables[to], index);
        m->table = to;
        return;
    }
    *m = *from;
    m->down = 0;
    m->id = cap_duplicate(&tables[to], index, row);
    if (m->counter >= 0)
        counters[m->counter].holders++;
}

static void do_use(struct model_row *m)
{
    struct uses *u = cap_row(&tables[m->table], m->id)->uses;

    if (!u)
        return;
    bool some = counters[m->counter].left > 0;
    CHECK_EQ(uses_reserve(u), some ? OK : PHX_CONSUMED);
    if (!some)
        return;
    if (test_below(2)) {
        uses_settle(u, true);
        counters[m->counter].left--;
    } else {
        uses_settle(u, false);
    }
    CHECK_EQ(u->reserved, 0);
}

static void do_revoke(struct model_row *m)
{
    cap_revoke_children(&caps, cap_row(&tables[m->table], m->id));
    if (m->down)
        epochs[m->down]++;
}

static void step(void)
{
    struct model_row *m = model_any();
    unsigned what = (unsigned)test_below(100);

    if (!m || what < 10)
        do_put();
    else if (what < 55)
        do_derive(m);
    else if (what < 65)
        do_copy(m, false);
    else if (what < 75)
        do_copy(m, true);
    else if (what < 83)
        do_use(m);
    else if (what < 87)
        do_revoke(m);
    else if (what < 96) {
        cap_release(&tables[m->table], cap_row(&tables[m->table], m->id));
        model_drop(m);
    } else {
        cap_sweep(&tables[test_below(TABLES)], (unsigned)test_below(500));
    }
}

TEST(cap, rows_are_what_a_model_says, "after any derive, copy, move, use, revoke and release")
{
    begin();
    memset(rows, 0, sizeof rows);
    memset(epochs, 0, sizeof epochs);
    memset(counters, 0, sizeof counters);
    node_count = stale_count = 0;
    for (unsigned i = 0; i < 6000 && node_count + 2 < NODES; i++) {
        step();
        check_model();
    }
    CHECK(node_count > 200);
    end();
}

/* --- single truths ------------------------------------------------------------------ */

TEST(cap, a_chain_is_at_most_16_deep, "and the refusal changes nothing")
{
    begin();
    uint64_t id = put(0, 0, ~UINT64_C(0));
    for (unsigned i = 0; i < NODE_DEPTH_MAX; i++)
        id = derive(0, id, 0, ~UINT64_C(0), 0);
    uint64_t pages = taken;
    struct uses *counter;
    CHECK_EQ(
        cap_prepare_derive(&tables[0], cap_row(&tables[0], id), 3, &counter), PHX_DEPTH_EXCEEDED);
    CHECK(!cap_row(&tables[0], id)->down && !counter);
    CHECK_EQ(taken, pages);
    end();
}

TEST(cap, a_revoke_touches_one_node, "however many rows it kills, and no others")
{
    begin();
    uint64_t id = put(0, 0, ~UINT64_C(0)), sibling = put(0, 0, 1), ids[500];
    for (unsigned i = 0; i < 500; i++)
        ids[i] = derive(i ? 1 : 0, i ? ids[test_below(i) / 8] : id, 1, 1, 0);
    size_t bytes = tables[1].pages * 4096;
    char *before = malloc(bytes);
    for (unsigned p = 0; p < tables[1].pages; p++)
        memcpy(before + p * 4096, cap_row_at(&tables[1], p * 64), 4096);
    cap_revoke_children(&caps, cap_row(&tables[0], id));
    for (unsigned p = 0; p < tables[1].pages; p++)
        CHECK(memcmp(before + p * 4096, cap_row_at(&tables[1], p * 64), 4096) == 0);
    free(before);
    struct hold *row;
    for (unsigned i = 0; i < 500; i++)
        CHECK_EQ(cap_lookup(&tables[1], ids[i], 0, &row), PHX_REVOKED);
    CHECK_EQ(cap_lookup(&tables[0], id, 0, &row), OK);
    CHECK_EQ(cap_lookup(&tables[0], sibling, 0, &row), OK);
    uint64_t later = derive(0, id, 1, 1, 0);
    CHECK_EQ(cap_lookup(&tables[1], later, 0, &row), OK);
    while (!cap_sweep(&tables[1], 64))
        ;
    CHECK_EQ(rows_in_use(&tables[1]), 1);
    end();
}

TEST(cap, a_slot_retires, "before its generation comes round")
{
    begin();
    uint64_t first = put(0, 0, 1);
    uint32_t index = (uint32_t)first;
    cap_row(&tables[0], first)->generation = UINT32_MAX - 2;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t id = index | (uint64_t)(UINT32_MAX - 2 + i) << 32;
        CHECK(cap_row(&tables[0], id) != NULL);
        cap_release(&tables[0], cap_row(&tables[0], id));
        CHECK(cap_row(&tables[0], id) == NULL);
        if (i == 0)
            CHECK_EQ((uint32_t)put(0, 0, 1), index);
    }
    CHECK_EQ(cap_row_at(&tables[0], index)->state, HOLD_RETIRED);
    for (unsigned i = 0; i < 200; i++)
        CHECK((uint32_t)put(0, 0, 1) != index);
    CHECK_EQ(rows_in_use(&tables[0]), 200);
    end();
}

TEST(cap, well_known_slots_are_filled_once, "and an empty one is a matter of permission")
{
    struct hold *row;
    begin();
    CHECK_EQ(cap_lookup(&tables[0], 3 | 1UL << 32, 0, &row), PHX_PERMISSION_DENIED);
    CHECK_EQ(cap_reserve_slot(&tables[0], 0), PHX_INVALID_ARGUMENT);
    CHECK_EQ(cap_reserve_slot(&tables[0], 16), PHX_INVALID_ARGUMENT);
    CHECK_EQ(cap_reserve_slot(&tables[0], 3), OK);
    CHECK_EQ(cap_reserve_slot(&tables[0], 3), PHX_EXISTS);
    cap_unreserve(&tables[0], 3);
    CHECK_EQ(cap_lookup(&tables[0], 3 | 1UL << 32, 0, &row), PHX_PERMISSION_DENIED);
    CHECK_EQ(cap_reserve_slot(&tables[0], 3), OK);
    CHECK_EQ(cap_put(&tables[0], 3, &objects[0], 70, 1, 0), 3 | 1UL << 32);
    CHECK_EQ(cap_lookup(&tables[0], 3 | 1UL << 32, 0, &row), OK);
    cap_release(&tables[0], row);
    CHECK_EQ(cap_reserve_slot(&tables[0], 3), PHX_EXISTS); /* its first id is stale for ever */
    CHECK_EQ(cap_lookup(&tables[0], 0 | 1UL << 32, 0, &row), PHX_INVALID_CAPABILITY);
    CHECK_EQ(cap_lookup(&tables[0], 3 | 2UL << 32, 0, &row), PHX_INVALID_CAPABILITY);
    CHECK_EQ(cap_lookup(&tables[0], ~UINT64_C(0), 0, &row), PHX_INVALID_CAPABILITY);
    end();
}

TEST(cap, uses_add_up, "over splits, returns and lost holders")
{
    begin();
    uint64_t top = put(0, 0, 1), ten = derive(0, top, 0, 1, 10);
    uint64_t four = derive(0, ten, 1, 1, 4), shared = derive(1, four, 1, 1, 0);
    struct uses *u10 = cap_row(&tables[0], ten)->uses, *u4 = cap_row(&tables[1], four)->uses;
    CHECK(cap_row(&tables[1], shared)->uses == u4);
    CHECK_EQ(u10->left, 6);
    CHECK_EQ(uses_reserve(u4), OK);
    CHECK_EQ(uses_reserve(u4), OK);
    uses_settle(u4, true);
    CHECK_EQ(u4->left + u4->reserved + u4->spent + u4->lost, 4);
    cap_release(&tables[1], cap_row(&tables[1], four));
    CHECK_EQ(u10->left, 6);
    cap_release(&tables[1], cap_row(&tables[1], shared));
    CHECK_EQ(u10->left, 6 + 2); /* one is spent, one still in flight */
    uses_settle(u4, false);
    CHECK_EQ(u10->left, 6 + 3); /* and goes where the others went */
    uint64_t nine = derive(0, ten, 1, 1, 9);
    struct uses *u9 = cap_row(&tables[1], nine)->uses;
    CHECK_EQ(uses_reserve(u9), OK);
    cap_release(&tables[0], cap_row(&tables[0], ten));
    cap_release(&tables[1], cap_row(&tables[1], nine));
    CHECK_EQ(u9->lost, 8);
    CHECK_EQ(uses_reserve(u9), PHX_CONSUMED);
    uses_settle(u9, false); /* lost too, and with it the counter */
    end();
}

/* --- scarcity -------------------------------------------------------------------------- */

/* Rows until the next one needs pages of every kind. */
static void fill(struct cap_table *t, uint32_t pages)
{
    while (t->pages < pages || t->free)
        (void)put(0, 0, 1);
}

TEST(cap, a_refused_reserve_changes_nothing, "at each page that growing needs")
{
    uint32_t fills[] = {0, 1, TABLE_DIRECT, TABLE_DIRECT + 1, TABLE_DIRECT + 512};

    for (unsigned f = 0; f < sizeof fills / sizeof fills[0]; f++) {
        begin();
        if (fills[f])
            fill(&tables[0], fills[f]);
        uint32_t live = rows_in_use(&tables[0]), index = 0;
        int64_t n = -1;
        err_t err;
        do {
            CHECK_EQ(root.used[RESOURCE_HOLDS], live);
            CHECK_EQ(tables[0].pages, fills[f]);
            CHECK_EQ(root.used[RESOURCE_PAGES], taken);
            fail_at = ++n;
            err = cap_reserve(&tables[0], &index);
        } while (err == PHX_OUT_OF_MEMORY);
        CHECK_EQ(err, OK);
        CHECK(n >= 1);
        fail_at = -1;
        cap_unreserve(&tables[0], index);
        root.limit[RESOURCE_HOLDS] = live;
        CHECK_EQ(cap_reserve(&tables[0], &index), PHX_LIMIT_EXCEEDED);
        end();
    }
}

TEST(cap, a_table_that_could_not_grow_goes, "with all that it made for that")
{
    for (int64_t n = 0; n < 2; n++) {
        uint32_t index;
        begin();
        fill(&tables[0], TABLE_DIRECT - 1 + (n == 0)); /* the directory comes a page early */
        fail_at = n;
        CHECK_EQ(cap_reserve(&tables[0], &index), PHX_OUT_OF_MEMORY);
        fail_at = -1;
        end();
    }
}

TEST(cap, a_refused_derive_changes_nothing, "at each of its allocations")
{
    begin();
    uint64_t id = put(0, 0, 1);
    struct hold *row = cap_row(&tables[0], id);
    struct uses *counter;
    for (int64_t n = 0; n < 2; n++) {
        uint64_t pages = taken;
        fail_at = n;
        CHECK_EQ(cap_prepare_derive(&tables[0], row, 5, &counter), PHX_OUT_OF_MEMORY);
        fail_at = -1;
        CHECK(!row->down);
        CHECK_EQ(taken, pages);
        CHECK_EQ(caps.root.refs, 2);
    }
    end();
}
