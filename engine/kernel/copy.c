/* SPDX-License-Identifier: MIT */
/*
 * User memory. An address from a program is a claim about its own space; it is
 * looked up in the page tables, page by page, and read or written through the
 * kernel's own alias. So a copy never faults, and an absent page is BadAddress.
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
static uint64_t __attribute__((noinline)) registered(const struct space *s, uint64_t address,
                                                     unsigned protection)
{
    const struct mapping *m = mapping_at(s, address);

    if (!m || (m->protection & protection) != protection || !node_alive(m->up, m->up_gen))
        return 0;
    return mapping_pa(m) + (address - m->node.key);
}

static inline uint64_t resolve(struct space *s, uint64_t address, unsigned protection)
{
    if (address >= PHX_USER_END)
        return registered(s, address, protection);
    const pte_t *small = space_pte(s, address);
    pte_t pte = small ? *small : large_part(s, address);

    if (!arch_pte_allows(pte, protection))
        return 0;
    return arch_pte_pa(pte) + (address & (PHX_PAGE_SIZE - 1));
}

void *user_alias(struct space *s, uint64_t address, uint64_t n, unsigned protection)
{
    uint64_t pa = (address & (PHX_PAGE_SIZE - 1)) + n <= PHX_PAGE_SIZE
                      ? resolve(s, address, protection)
                      : 0;

    return pa ? direct(pa) : NULL;
}

static uint64_t piece(uint64_t address, uint64_t n)
{
    uint64_t room = PHX_PAGE_SIZE - (address & (PHX_PAGE_SIZE - 1));

    return n < room ? n : room;
}

/* Page by page: look, and copy into `to` or out of `from`, whichever there is. */
static inline err_t each_page(struct space *s, uint64_t address, uint64_t n,
                              unsigned protection, char *to, const char *from)
{
    for (uint64_t done = 0, part; done < n; done += part) {
        uint64_t pa = resolve(s, address + done, protection);

        part = piece(address + done, n - done);
        if (!pa)
            return PHX_BAD_ADDRESS;
        if (to)
            memcpy(to + done, direct(pa), part);
        if (from)
            memcpy(direct(pa), from + done, part);
    }
    return OK;
}

err_t user_check(struct space *s, uint64_t address, uint64_t n, unsigned protection)
{
    if (n > PHX_USER_END || (address > PHX_USER_END - n && address < PHX_FIXED(0, 0)))
        return PHX_BAD_ADDRESS;
    return each_page(s, address, n, protection, NULL, NULL);
}

err_t copy_in(struct space *s, void *to, uint64_t from, uint64_t n)
{
    return each_page(s, from, n, PHX_PROT_READ, to, NULL);
}

err_t copy_out(struct space *s, uint64_t to, const void *from, uint64_t n)
{
    return each_page(s, to, n, PHX_PROT_WRITE, NULL, from);
}

/* The two sides may be one space, even one page. */
err_t copy_across(struct space *from, uint64_t from_address, struct space *to,
                  uint64_t to_address, uint64_t n, bool *receiver_failed)
{
    *receiver_failed = false;
    while (n > 0) {
        uint64_t source = resolve(from, from_address, PHX_PROT_READ);
        uint64_t target = resolve(to, to_address, PHX_PROT_WRITE);
        uint64_t part = piece(from_address, piece(to_address, n));

        if (!source)
            return PHX_BAD_ADDRESS;
        if (!target) {
            *receiver_failed = true;
            return PHX_BAD_ADDRESS;
        }
        if (part >= 8 && (source ^ target) >> PHX_PAGE_SHIFT)
            bytes_copy(direct(target), direct(source), part);
        else
            memmove(direct(target), direct(source), part);
        from_address += part;
        to_address += part;
        n -= part;
    }
    return OK;
}
