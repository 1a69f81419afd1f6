/* SPDX-License-Identifier: MIT */
/*
 * What ring.c and rt/ring.h are compiled with to run under Relacy: the same text, as
 * C++, with the words that a ring's two sides share made Relacy's. An index is an
 * atomic, a field of an entry or a completion is memory in which a race is found,
 * and the compiler's atomic builtins go to them. All else, the kernel's private part
 * included, is the tree's own.
 *
 * Include it before anything of the tree.
 */
#ifndef TESTS_RING_RELACY_H
#define TESTS_RING_RELACY_H

/* Standard headers first: Relacy has macros of their names. */
#include <cstdint>
#include <cstring>

#include <relacy/relacy.hpp>

inline rl::memory_order order_of(int order)
{
    switch (order) {
    case __ATOMIC_RELAXED: return rl::mo_relaxed;
    case __ATOMIC_ACQUIRE: return rl::mo_acquire;
    case __ATOMIC_RELEASE: return rl::mo_release;
    default: return rl::mo_seq_cst;
    }
}

/* The four words that one side writes and the other reads; and one that says something
 * of the two sides' loads. */
enum ring_word { SUBMIT_HEAD, COMPLETE_TAIL, SUBMIT_TAIL, COMPLETE_HEAD, RING_WORDS, FLAGS };

/* A planted bug: this word is loaded, or stored, relaxed. RING_WORDS: none. */
inline int weak_word = RING_WORDS;
inline bool weak_store;

template <ring_word which> class shared_word
{
    rl::atomic<uint32_t> word;

public:
    shared_word() { word.store(0, rl::mo_relaxed, $); }
    uint32_t load(int order) const
    {
        bool weak = which == weak_word && !weak_store;

        return word.load(weak ? rl::mo_relaxed : order_of(order), $);
    }
    void store(uint32_t value, int order)
    {
        bool weak = which == weak_word && weak_store;

        word.store(value, weak ? rl::mo_relaxed : order_of(order), $);
    }
    operator uint32_t() const { return word.load(rl::mo_relaxed, $); }
};

/* Ordinary memory. */
template <typename T> class cell
{
    rl::var<T> memory;

public:
    cell() : memory(T()) {}
    cell(T value) : memory(value) {}
    cell(const cell &other) : memory(T(other)) {}
    operator T() const { return memory($); }
    void operator=(T value) { memory($) = value; }
    void operator=(const cell &other) { memory($) = T(other); }
};

/* The three structs of abi.h whose bytes are shared. */
struct phx_ring {
    shared_word<SUBMIT_HEAD> submit_head;
    shared_word<COMPLETE_TAIL> complete_tail;
    uint32_t submissions, completions;
    shared_word<FLAGS> flags;
    shared_word<SUBMIT_TAIL> submit_tail;
    shared_word<COMPLETE_HEAD> complete_head;
};

struct phx_entry {
    cell<uint64_t> op, cap, words[5], user;
};

struct phx_completion {
    cell<uint64_t> user;
    cell<int64_t> result;
    cell<uint64_t> words[2];
};

/* Those words go to Relacy, all others where they always go. */
template <ring_word which> uint32_t atomic_load(const shared_word<which> *word, int order)
{
    return word->load(order);
}
/* An atomic load of what the other side writes plainly is a race like any other. */
template <typename T> T atomic_load(const cell<T> *word, int)
{
    return *word;
}
template <typename T> T atomic_load(const T *word, int order)
{
    return __atomic_load_n(word, order);
}
template <ring_word which, typename V>
void atomic_store(shared_word<which> *word, V value, int order)
{
    word->store(value, order);
}
template <typename T, typename V> void atomic_store(T *word, V value, int order)
{
    __atomic_store_n(word, value, order);
}
#define __atomic_load_n(word, order) atomic_load(word, order)
#define __atomic_store_n(word, value, order) atomic_store(word, value, order)

/* The fences between a store and a load; a planted bug: one of them is not there. */
enum fence_side { KERNEL_FENCE, PROGRAM_FENCE, FENCES };
inline int missing_fence = FENCES;

inline void fence_of(fence_side side, int order)
{
    if (side != missing_fence)
        rl::atomic_thread_fence(order_of(order), $);
}

/* What C has and C++ calls otherwise, or has already. */
#define _Static_assert static_assert
#define _Noreturn [[noreturn]]
#define _Alignas alignas
#define CORE_BYTES_H

#define phx_ring phx_ring_in_memory
#define phx_entry phx_entry_in_memory
#define phx_completion phx_completion_in_memory
#include "phoenix/abi.h"
#undef phx_ring
#undef phx_entry
#undef phx_completion

#endif
