/* SPDX-License-Identifier: MIT */
/*
 * System calls as C functions: the operation word, the capability, the words.
 *
 * Everything above this file asks the kernel or a service through one of these;
 * the stubs that capnpc-phoenix makes (kernel.stubs.h, services.stubs.h) are
 * typed faces of phx_invoke and phx_send_message. Words that are not given are not
 * passed on by the kernel: a server sees nothing else of the caller's registers.
 *
 * Results   negative: -enum phx_error. Else 0, or the info word of a message.
 * Spec      phoenix/abi.h
 */
#ifndef RT_SYS_H
#define RT_SYS_H

#include <stdint.h>

#include "phoenix/abi.h"

/* As it is: op in rax, *cap in rdi, ten words; those that PHX_OP_WIDE asks for and those of
 * a kernel method come back, the others stay as they were. */
int64_t phx_syscall(uint64_t op, uint64_t *cap, uint64_t words[PHX_WORDS]);

#ifdef RT_SYS_FAKE /* a test has a kernel of its own */
int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords);
int64_t phx_release(uint64_t cap);
#else

/* Word i, or what the register has just then. */
#define RT_WORD(name, i)                \
    do {                                \
        if (n > (i))                    \
            name = words[i];            \
        else                            \
            __asm__("" : "=r"(name));   \
    } while (0)

/* In registers: op, cap in rdi, the first n of five words out, all five in. */
static inline __attribute__((always_inline)) int64_t rt_registers(
    uint64_t op, uint64_t *cap, uint64_t *words, unsigned n)
{
    register uint64_t rsi __asm__("rsi");
    register uint64_t rdx __asm__("rdx");
    register uint64_t r10 __asm__("r10");
    register uint64_t r8 __asm__("r8");
    register uint64_t r9 __asm__("r9");
    int64_t result;

    RT_WORD(rsi, 0);
    RT_WORD(rdx, 1);
    RT_WORD(r10, 2);
    RT_WORD(r8, 3);
    RT_WORD(r9, 4);
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(*cap), "+r"(rsi), "+r"(rdx), "+r"(r10), "+r"(r8),
                       "+r"(r9)
                     : "0"(op)
                     : "rcx", "r11", "memory");
    words[0] = rsi;
    words[1] = rdx;
    words[2] = r10;
    words[3] = r8;
    words[4] = r9;
    return result;
}

/* CALL a method with the first nwords of words, at most five; the answer's first five
 * replace them. */
static inline __attribute__((always_inline)) int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords)
{
    return rt_registers(PHX_OP_CALL((uint64_t)method, (uint64_t)nwords), &cap, words, nwords);
}

/* Wait to be called, words only: at most five. words and badge are those of the call. */
static inline __attribute__((always_inline)) int64_t phx_receive(uint64_t endpoint, uint64_t *words, uint64_t *badge)
{
    *badge = endpoint;
    return rt_registers(PHX_OP_RECV, badge, words, 0);
}

/* Answer the call being served with nwords words, at most five, then wait for the next. */
static inline __attribute__((always_inline)) int64_t phx_return_receive(
    uint64_t endpoint, unsigned status, uint64_t *words, unsigned nwords, uint64_t *badge)
{
    *badge = endpoint;
    return rt_registers(
        PHX_OP_RETURN_RECV((uint64_t)status, (uint64_t)nwords), badge, words, nwords);
}

/* Let go of a capability; 0 is let go of already. */
static inline __attribute__((always_inline)) int64_t phx_release(uint64_t cap)
{
    int64_t result = 0;

    if (cap)
        __asm__ volatile("syscall"
                         : "=a"(result)
                         : "0"(PHX_OP_RELEASE), "D"(cap)
                         : "rcx", "r11", "memory");
    return result;
}
#endif

/* A transport operation that carries a struct phx_message: CALL, RECV, RETURN, RETURN_RECV. */
int64_t phx_send_message(uint64_t op, uint64_t cap, struct phx_message *message);

#endif
