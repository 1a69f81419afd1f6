/* SPDX-License-Identifier: MIT */
/* What tests look at of accounts. */
#pragma once

#include "account.h"

/* A1, and what of A2 an account shows. */
static inline bool account_ok(const struct account *a)
{
    for (unsigned r = 0; r < RESOURCES; r++) {
        uint64_t children = 0;

        for (struct list *l = a->children.next; l != &a->children; l = l->next)
            children += CONTAINER(l, struct account, sibling)->limit[r];
        if (a->used[r] > a->limit[r] || children > a->used[r])
            return false;
    }
    return true;
}

/* Who pays for an object: its page says so, behind the list that it is in. */
static inline const struct account *object_payer(const void *object)
{
    const char *page = (const char *)((uintptr_t)object & ~(uintptr_t)4095);

    return *(const struct account *const *)(const void *)(page + sizeof(struct list));
}
