/* SPDX-License-Identifier: MIT */
/*
 * What others may see of a process and take from it: its holds, row by row.
 *
 * Showing changes nothing, and a cursor is an index: rows that come and go between two
 * calls are seen or not, none is seen twice with the same id.
 *
 * Tests  tests/kernel/observe_test.c, tests/boot
 */
#include "thread.h"

#define LOOKED 96 /* slots looked at for one answer */

/* A number for what an address names: equal for equal things. */
#define NUMBER(thing) ((uint64_t)(thing) & ((UINT64_C(1) << 48) - 1))

int op_process_holds(struct invocation *inv, const struct process_holds_in *in,
                     struct process_holds_out *out)
{
    const struct cap_table *t = &((const struct process *)inv->object)->table;
    uint64_t index = in->cursor, count = 0;
    struct phx_hold rows[PHX_HOLDS];

    for (unsigned n = 0; n < LOOKED && count < PHX_HOLDS && index >> 6 < t->pages; n++, index++) {
        struct hold *row = cap_row_at(t, (uint32_t)index);

        if ((index & 63) >= HOLDS_PER_PAGE || row->state != HOLD_LIVE)
            continue;
        rows[count++] = (struct phx_hold){
            .id = cap_id(row, (uint32_t)index),
            .object = NUMBER(row->object),
            .methods = row->methods,
            .badge = row->badge,
            .uses = row->uses ? row->uses->left : ~UINT64_C(0),
            .up = NUMBER(row->up),
            .above = NUMBER(row->up->parent),
            .down = NUMBER(row->down),
            .interface = row->interface,
            .depth = (uint8_t)row->up->depth,
            .dead = !cap_alive(&kernel.caps, row),
        };
    }
    TRY(copy_out(inv->thread->process->space, in->address, rows, count * sizeof rows[0]));
    out->next = index >> 6 < t->pages ? index : 0;
    out->count = count;
    return OK;
}

int op_process_revoke(struct invocation *inv, const struct process_revoke_in *in)
{
    struct cap_table *t = &((struct process *)inv->object)->table;
    struct hold *row = cap_row(t, in->hold);

    if (!row)
        return PHX_NOT_FOUND;
    if (row->methods & CAPABILITY_M_REVOKE)
        return row_revoke(inv, t, row, in->own);
    if (in->own != 1)
        return PHX_PERMISSION_DENIED;
    cap_release(t, row);
    return OK;
}
