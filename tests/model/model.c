/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "../harness/test.h"

struct model_row model_rows[MODEL_ROWS];
struct model_uses model_uses[MODEL_ROWS];
int model_count, model_uses_count;

void model_begin(void)
{
    model_count = model_uses_count = 0;
}

int model_add(const struct model_row *like, int process, uint64_t id, int parent)
{
    int row = model_count++;

    CHECK(row < MODEL_ROWS);
    model_rows[row] = *like;
    model_rows[row].process = process;
    model_rows[row].id = id;
    model_rows[row].parent = parent;
    model_rows[row].depth = parent == NOBODY ? 0 : model_rows[parent].depth + 1;
    if (model_rows[row].uses != NOBODY)
        model_uses[model_rows[row].uses].holders++;
    return row;
}

static int new_uses(int parent, uint64_t n)
{
    model_uses[model_uses_count] =
        (struct model_uses){.left = n, .minted = n, .parent = parent};
    return model_uses_count++;
}

int model_derive(int from, int process, uint64_t id, uint64_t methods, uint64_t n)
{
    struct model_row child = model_rows[from];

    child.methods = methods;
    if (n > 0) {
        child.uses = new_uses(model_rows[from].uses, n);
        if (model_rows[from].uses != NOBODY)
            model_uses[model_rows[from].uses].left -= n;
    }
    return model_add(&child, process, id, from);
}

int model_twin(int of, uint64_t id)
{
    return model_add(&model_rows[of], model_rows[of].process, id, model_rows[of].parent);
}

void model_leave(int row)
{
    int uses = model_rows[row].uses;

    model_rows[row].process = NOBODY;
    if (uses == NOBODY || --model_uses[uses].holders > 0)
        return;
    struct model_uses *u = &model_uses[uses];
    if (u->parent != NOBODY && model_uses[u->parent].holders > 0)
        model_uses[u->parent].left += u->left;
    else
        u->lost += u->left;
    u->left = 0;
}

bool model_is_below(int row, int above)
{
    while (row != NOBODY && row != above)
        row = model_rows[row].parent;
    return row == above;
}

void model_revoke(int row)
{
    for (int i = 0; i < model_count; i++)
        if (i != row && model_is_below(i, row))
            model_rows[i].dead = true;
}

int model_find(int process, uint64_t id)
{
    for (int i = 0; i < model_count; i++)
        if (model_rows[i].process == process && model_rows[i].id == id)
            return i;
    return NOBODY;
}

int model_family(int uses)
{
    while (model_uses[uses].parent != NOBODY)
        uses = model_uses[uses].parent;
    return uses;
}
