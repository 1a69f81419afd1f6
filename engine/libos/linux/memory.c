/* SPDX-License-Identifier: MIT */
/*
 * mmap and its relatives. PROT_* are the PHX_PROT_* of the same names.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "kernel.h"
#include "mm.h"
#include "names.h"
#include "user.h"

_Static_assert(PROT_READ == PHX_PROT_READ && PROT_WRITE == PHX_PROT_WRITE &&
                   PROT_EXEC == PHX_PROT_EXECUTE, "abi.h");
#define PROT_KNOWN (PROT_READ | PROT_WRITE | PROT_EXEC)

/* A reservation of addresses may be as large as it likes. */
static bool is_reservation(uint64_t protection, uint64_t flags)
{
    return (protection & PROT_WRITE) == 0 || (flags & MAP_NORESERVE) != 0;
}

/* A file that cannot be lent: its bytes of now, copied. */
static int64_t map_copy(struct mm_request *request, struct file *file, uint64_t offset)
{
    uint32_t protection = request->protection;
    int64_t at, e = 0;
    uint64_t done = 0;

    request->protection = PHX_PROT_READ | PHX_PROT_WRITE;
    at = mm_map(request);
    if (at < 0)
        return at;
    do {
        e = file->ops->read(file, (uint64_t)at + done, request->length - done, offset + done);
        done += e > 0 ? (uint64_t)e : 0;
    } while (e > 0 && done < request->length);
    if (e >= 0)
        e = mm_protect((uint64_t)at, request->length, protection);
    if (e < 0) {
        mm_unmap((uint64_t)at, request->length);
        return e;
    }
    return at;
}

static int64_t map_file(struct mm_request *request, uint64_t number, uint64_t flags,
                        uint64_t offset)
{
    struct file *file = descriptor_get(number);
    int64_t e = -E_BADF;

    if (file == NULL)
        return -E_BADF;
    if (offset % PHX_PAGE_SIZE != 0) {
        e = -E_INVAL;
    } else if ((file->flags & OPENED_READ) == 0) {
        e = -E_ACCES;
    } else if (!names_is(file) || (names_mode(file) & MODE_TYPE) != MODE_REGULAR) {
        e = -E_NODEV;
    } else if ((flags & MAP_TYPE) != MAP_PRIVATE && (request->protection & PROT_WRITE) != 0) {
        /* Writing through a mapping needs a file whose frames are shared. */
        e = (file->flags & OPENED_WRITE) != 0 ? -E_NODEV : -E_ACCES;
    } else {
        request->backing = names_backing(file);
        request->offset = offset;
        e = request->backing != NULL ? mm_map(request) : map_copy(request, file, offset);
    }
    file_unref(file);
    return e;
}

int64_t call_mmap(const struct call *c)
{
    struct mm_request request = {
        .address = c->a,
        .length = c->b,
        .protection = (uint32_t)c->c & PROT_KNOWN,
        .where = MM_ANYWHERE,
    };
    uint64_t type = c->d & MAP_TYPE;

    if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
        return -E_INVAL;
    if ((c->d & MAP_FIXED_NOREPLACE) != 0)
        request.where = MM_FIXED_FREE;
    else if ((c->d & MAP_FIXED) != 0)
        request.where = MM_FIXED;
    if ((c->d & MAP_ANONYMOUS) == 0)
        return map_file(&request, c->e, c->d, c->f);
    if (type != MAP_PRIVATE)
        request.flags = VMA_SHARED;
    if (!is_reservation(c->c, c->d) && !mm_may_take(c->b / PHX_PAGE_SIZE))
        return -E_NOMEM;
    return mm_map(&request);
}

int64_t call_munmap(const struct call *c)
{
    return mm_unmap(c->a, c->b);
}

int64_t call_mprotect(const struct call *c)
{
    return mm_protect(c->a, c->b, (uint32_t)c->c & PROT_KNOWN);
}

int64_t call_mremap(const struct call *c)
{
    uint64_t to = (c->d & MREMAP_FIXED) != 0 ? c->e : 0;

    if ((c->d & ~UINT64_C(3)) != 0 ||
        ((c->d & MREMAP_FIXED) != 0 && ((c->d & MREMAP_MAYMOVE) == 0 || to == 0)))
        return -E_INVAL;
    return mm_remap(c->a, c->b, c->c, (c->d & MREMAP_MAYMOVE) != 0, to);
}

int64_t call_madvise(const struct call *c)
{
    if (c->a % PHX_PAGE_SIZE != 0)
        return -E_INVAL;
    if (c->c == MADV_REMOVE)
        return -E_OPNOTSUPP;
    return c->c == MADV_DONTNEED ? mm_discard(c->a, c->b) : 0;
}

int64_t call_msync(const struct call *c)
{
    return c->a % PHX_PAGE_SIZE != 0 ? -E_INVAL : 0;
}

int64_t call_mincore(const struct call *c)
{
    uint64_t pages = (c->b + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE, done = 0;
    uint8_t vector[256];

    if (c->a % PHX_PAGE_SIZE != 0)
        return -E_INVAL;
    if (!user_range(c->a, c->b))
        return -E_NOMEM;
    while (done < pages) {
        uint64_t n = pages - done < sizeof(vector) ? pages - done : sizeof(vector);
        int64_t e = mm_resident(c->a + done * PHX_PAGE_SIZE, n, vector);

        if (e == 0)
            e = copy_to_user(c->c + done, vector, n);
        if (e < 0)
            return e;
        done += n;
    }
    return 0;
}

/* --- mbind ------------------------------------------------------------------ */

#define NODES_MAX (PHX_PAGE_SIZE * 8)

/* The nodes of a mask, as bit 0 for the one that there is and bit 1 for any others. */
static int64_t load_nodes(uint64_t address, uint64_t count, unsigned *nodes)
{
    uint64_t word;

    *nodes = 0;
    if (count != 0)
        count--; /* it counts one more than there are */
    if (address == 0)
        count = 0;
    if (count > NODES_MAX)
        return -E_INVAL;
    for (uint64_t i = 0; i < count; i += 64) {
        if (copy_from_user(&word, address + i / 8, 8) < 0)
            return -E_FAULT;
        if (count - i < 64)
            word &= (UINT64_C(1) << (count - i)) - 1;
        *nodes |= (i == 0 && (word & 1) != 0 ? 1u : 0) |
                  ((i == 0 ? word & ~UINT64_C(1) : word) != 0 ? 2u : 0);
    }
    return 0;
}

static bool policy_is_good(uint64_t mode, unsigned nodes)
{
    if (mode == MPOL_DEFAULT || mode == MPOL_LOCAL)
        return nodes == 0;
    if (mode == MPOL_PREFERRED && nodes == 0)
        return true;
    return mode <= MPOL_PREFERRED_MANY && (nodes & 1) != 0;
}

/* All memory is of one node, 0: each policy that can be obeyed is. */
int64_t call_mbind(const struct call *c)
{
    uint64_t length = (c->b + PHX_PAGE_SIZE - 1) & -(uint64_t)PHX_PAGE_SIZE;
    unsigned nodes;
    int64_t e;

    if ((c->f & ~UINT64_C(MPOL_MF_VALID)) != 0 || c->a % PHX_PAGE_SIZE != 0 ||
        (c->c & ~UINT64_C(MPOL_MODE_FLAGS)) > MPOL_PREFERRED_MANY || c->a + length < c->a)
        return -E_INVAL;
    e = load_nodes(c->d, c->e, &nodes);
    if (e < 0)
        return e;
    if (!policy_is_good(c->c & ~UINT64_C(MPOL_MODE_FLAGS), nodes))
        return -E_INVAL;
    if (length == 0)
        return 0;
    return user_range(c->a, length) && mm_is_mapped(c->a, length) ? 0 : -E_FAULT;
}

int64_t call_brk(const struct call *c)
{
    return (int64_t)mm_break(c->a);
}
