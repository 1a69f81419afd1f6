/* SPDX-License-Identifier: MIT */
/*
 * What others may see of a process and take from it: its holds, row by row.
 *
 * Showing changes nothing, and a cursor is an index: rows that come and go between two
 * calls are seen or not, none is seen twice with the same id.
 *
 * Tests  tests/kernel/methods_test.c, tests/boot
 */
#include "thread.h"

#define SHOWN 16  /* rows in one answer */
#define LOOKED 96 /* slots looked at for them */

/* Equal for equal things, and of no use for anything else. */
static uint64_t number_of(const void *thing)
{
    return (uint64_t)thing & ((UINT64_C(1) << 48) - 1);
}

static struct phx_hold show(struct hold *row, uint32_t index)
{
    if (row->state == HOLD_RESERVED)
        return (struct phx_hold){ .id = cap_id(row, index), .state = PHX_HOLD_RESERVED };
    return (struct phx_hold){
        .id = cap_id(row, index),
        .object = number_of(row->object),
        .methods = row->methods,
        .badge = row->badge,
        .uses = row->uses ? row->uses->left : ~UINT64_C(0),
        .up = number_of(row->up),
        .above = number_of(row->up->parent),
        .down = number_of(row->down),
        .interface = row->interface,
        .depth = (uint8_t)row->up->depth,
        .state = cap_alive(&kernel.caps, row) ? PHX_HOLD_LIVE : PHX_HOLD_DEAD,
    };
}

int op_process_holds(struct invocation *inv, const struct process_holds_in *in,
                     struct process_holds_out *out)
{
    const struct cap_table *t = &((const struct process *)inv->object)->table;
    uint64_t index = in->cursor, room = in->length / sizeof(struct phx_hold), count = 0;
    struct phx_hold rows[SHOWN];

    if (room == 0)
        return PHX_INVALID_ARGUMENT;
    if (room > SHOWN)
        room = SHOWN;
    for (unsigned n = 0; n < LOOKED && count < room && index >> 6 < t->pages; n++, index++) {
        struct hold *row = cap_row_at(t, (uint32_t)index);

        if ((index & 63) < HOLDS_PER_PAGE &&
            (row->state == HOLD_LIVE || row->state == HOLD_RESERVED))
            rows[count++] = show(row, (uint32_t)index);
    }
    TRY(copy_out(inv->thread->process->space, in->address, rows, count * sizeof rows[0]));
    out->next = index >> 6 < t->pages ? index : 0;
    out->count = count;
    return OK;
}

int op_process_revoke(struct invocation *inv, const struct process_revoke_in *in)
{
    struct process *p = (struct process *)inv->object;
    struct hold *row = cap_row(&p->table, in->hold);

    if (in->own > 2)
        return PHX_INVALID_ARGUMENT;
    if (p->state >= PROCESS_DYING)
        return PHX_INVALID_STATE;
    if (!row)
        return PHX_NOT_FOUND;
    if (in->own < 2) {
        TRY(cap_lookup(&p->table, in->hold, CAPABILITY_REVOKE, &row));
        return row_revoke(inv, &p->table, row, in->own);
    }
    cap_release(&p->table, row);
    return OK;
}
