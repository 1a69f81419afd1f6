/* SPDX-License-Identifier: MIT */
/*
 * A ring of zeroes, as full as its indices can say: no entry of it is an operation. Then
 * every operation word that is none for a ring, and entries that would enter, destroy
 * or answer from inside it.
 *
 * Gets  # entries, each completed: no such operation
 *       4 not for a ring
 */
#include "hostile.h"

#define SIZE 64

static unsigned zeroes(const struct view *v)
{
    for (unsigned i = 0; i < SIZE; i++) {
        const struct phx_completion *c = &v->completions[i];

        v->completions[i].result = 1;
        __atomic_store_n(&v->shared->submit_tail, i + 1, __ATOMIC_RELEASE);
        MUST(ring_enter_now(v, UINT64_MAX, 0) == 1, "entry %u is not taken", i);
        MUST(c->result == -PHX_INVALID_SYSCALL && c->user == 0, "entry %u: %s", i,
            text_of(c->result));
    }
    __atomic_store_n(&v->shared->complete_head, SIZE, __ATOMIC_RELEASE);
    return SIZE;
}

static void not_for_a_ring(const struct view *v)
{
    static const uint64_t operations[] = {PHX_OP_CALL(RING_ENTER, 3), PHX_OP_CALL(RING_DESTROY, 0),
        PHX_OP_RETURN_RECV(0, 0), PHX_OP_ENTER1};
    uint64_t message = (uint64_t)pages(1);

    for (unsigned i = 0; i < COUNT(operations); i++) {
        uint32_t at = SIZE + i;
        struct phx_completion *c = &v->completions[at % SIZE];

        v->entries[at % SIZE] =
            (struct phx_entry){.op = operations[i], .cap = v->ring, .words = {message}};
        c->result = 1;
        __atomic_store_n(&v->shared->submit_tail, at + 1, __ATOMIC_RELEASE);
        MUST(ring_enter_now(v, 1, 0) == 1, "operation %u is not taken", i);
        MUST(c->result == -PHX_INVALID_ARGUMENT || c->result == -PHX_INVALID_STATE ||
                 c->result == -PHX_INVALID_SYSCALL,
            "operation %u: %s", i, text_of(c->result));
    }
    rt_print("%u not for a ring\n", (unsigned)COUNT(operations));
}

int main(void)
{
    struct view v = ring_open(SIZE, SIZE);

    rt_print("%u entries, each completed: %s\n", zeroes(&v), rt_error_text(PHX_INVALID_SYSCALL));
    not_for_a_ring(&v);
    return 0;
}
