/* SPDX-License-Identifier: MIT */
/*
 * User memory. An address from a program is a claim about its own space; it is
 * looked up in the page tables, page by page, and read or written through the
 * kernel's own alias. So a copy never faults, and an absent page is BadAddress. Without a space
 * it is the kernel's own memory that is meant.
 */
#include "space.h"

/* Apart, so that who finds them needs no frame. */
pte_t *__attribute__((noinline)) space_find_leaves(struct space *s, uint64_t address)
{
    pte_t *pte = arch_pte(s->root, address);

    if (pte)
        *space_found(s, address) = (struct leaves){
            .region = address >> ARCH_LEAVES_SHIFT,
            .entries = pte - (address >> PHX_PAGE_SHIFT & (ARCH_LEAVES - 1)),
        };
    return pte;
}

/* The entry that a page has, or would have if the large one that it is in were small. */
static pte_t __attribute__((noinline)) large_part(struct space *s, uint64_t address)
{
    unsigned shift;
    pte_t pte = *arch_entry(s->root, address, &shift);
    uint64_t inside = address & ((1UL << shift) - PHX_PAGE_SIZE);

    return pte ? arch_pte_small(pte + inside) : 0;
}

/* Where a program can have no page: in a registered buffer, or nowhere. */
static void *__attribute__((noinline)) registered(const struct space *s, uint64_t address,
                                                  unsigned protection)
{
    const struct mapping *m = mapping_at(s, address);

    if (!m || (m->protection & protection) != protection || !node_alive(m->up, m->up_gen))
        return NULL;
    return direct(mapping_pa(m) + (address - m->node.key));
}

/* The kernel's alias of a byte and the rest of its page, or NULL. */
static inline char *resolve(struct space *s, uint64_t address, unsigned protection)
{
    if (!s)
        return (char *)address;
    if (address >= PHX_USER_END)
        return registered(s, address, protection);
    const pte_t *small = space_pte(s, address);
    pte_t pte = small ? *small : large_part(s, address);

    if (!arch_pte_allows(pte, protection))
        return NULL;
    return direct(arch_pte_pa(pte) + (address & (PHX_PAGE_SIZE - 1)));
}

void *user_alias(struct space *s, uint64_t address, uint64_t n, unsigned protection)
{
    bool crosses = (address & (PHX_PAGE_SIZE - 1)) + n > PHX_PAGE_SIZE;

    return crosses ? NULL : resolve(s, address, protection);
}

static uint64_t piece(uint64_t address, uint64_t n)
{
    uint64_t room = PHX_PAGE_SIZE - (address & (PHX_PAGE_SIZE - 1));

    return n < room ? n : room;
}

err_t user_check(struct space *s, uint64_t address, uint64_t n, unsigned protection)
{
    if (n > PHX_USER_END || (address > PHX_USER_END - n && address < PHX_FIXED(0, 0)))
        return PHX_BAD_ADDRESS;
    for (uint64_t done = 0; done < n; done += piece(address + done, n - done))
        if (!resolve(s, address + done, protection))
            return PHX_BAD_ADDRESS;
    return OK;
}

/* The two sides may be one space, even one page. */
err_t copy_across(struct space *from, uint64_t from_address, struct space *to,
                  uint64_t to_address, uint64_t n, bool *receiver_failed)
{
    *receiver_failed = false;
    while (n > 0) {
        const char *source = resolve(from, from_address, PHX_PROT_READ);
        char *target = resolve(to, to_address, PHX_PROT_WRITE);
        uint64_t part = piece(from_address, piece(to_address, n));

        if (!source)
            return PHX_BAD_ADDRESS;
        if (!target) {
            *receiver_failed = true;
            return PHX_BAD_ADDRESS;
        }
        memmove(target, source, part);
        from_address += part;
        to_address += part;
        n -= part;
    }
    return OK;
}

err_t copy_in(struct space *s, void *to, uint64_t from, uint64_t n)
{
    bool ignored;

    return copy_across(s, from, NULL, (uint64_t)to, n, &ignored);
}

err_t copy_out(struct space *s, uint64_t to, const void *from, uint64_t n)
{
    bool ignored;

    return copy_across(NULL, (uint64_t)from, s, to, n, &ignored);
}
