/* SPDX-License-Identifier: MIT */
/*
 * Random bytes for the program, from a generator of this process's own
 * (chacha/chacha.h). Its key begins with 32 bytes of Entropy, and eight more go in
 * before each request, so that a copy of this process's memory does not tell what
 * comes next, and what came before cannot be computed from it.
 */
#ifndef LIBOS_RANDOM_H
#define LIBOS_RANDOM_H

#include <stdint.h>

/* Fill the program's memory, page by page: how much was filled, or an error if nothing was
 * (-E_PERM: there is no Entropy here; -E_FAULT). */
int64_t random_fill(uint64_t address, uint64_t length);

#endif
